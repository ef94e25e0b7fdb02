"""What administrators hear of messages that reached nobody."""

from cards.model import Card, Field

IMS = {"wecom": "企业微信", "dingtalk": "钉钉", "feishu": "飞书"}
REMEDY, OTHERWISE = "处理：", "核对这个账号还在不在、看不看得见应用；或请本人换一个 IM 发“绑定”。"
LONGEST = 160


def unreached_card(name: str, address: str, count: int, reason: str) -> Card:
    """`reason` is the platform's last word, with its remedy where one is known."""
    platform, _, account = address.partition(":")
    told, _, remedy = reason.partition(REMEDY)
    where = f"{IMS.get(platform, platform)} {account}"
    return Card(
        title=f"消息没送到：{name or where}",
        tone="warn",
        text=f"{count} 条消息没送到，各个渠道都试过了，最后试的是{where}。",
        fields=(
            Field("原因", told.strip("。 ")[:LONGEST]),
            Field("处理", remedy.strip()[:LONGEST] or OTHERWISE),
        ),
        notes=("同一个人一天只提醒一次。",),
    )
