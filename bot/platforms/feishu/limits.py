"""How much Feishu takes of one app."""

from datetime import timedelta

from bot.platforms.pace import Limit

LIMITS = (
    Limit("api", 50, timedelta(seconds=1), "频控策略: per API, app and tenant"),
    Limit("api", 1000, timedelta(minutes=1), "频控策略: per API, app and tenant"),
    Limit("chat", 5, timedelta(seconds=1), "发送消息: to one person, or one group by all its bots"),
    Limit("task", 10, timedelta(seconds=1), "创建任务, 更新任务: per app"),
    Limit("message", 5, timedelta(seconds=1), "更新已发送的消息卡片: of one message"),
)
