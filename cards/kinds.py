"""What people send besides words, as we call it to them."""

from collections.abc import Mapping

NAMES: Mapping[str, str] = {
    "location": "位置",
    "link": "链接",
    "group": "群名片",
    "forwarded": "合并转发的聊天记录",
    "card": "卡片",
    "task": "任务",
    "vote": "投票",
    "appointment": "日程",
    "call": "会议",
    "money": "红包",
    "unknown": "这种消息",
}
_MOST = 60


def named(kind: str, title: str = "") -> str:
    """位置：世纪大道 8 号."""
    name, title = NAMES[kind], " ".join(title.split())
    return f"{name}：{title if len(title) <= _MOST else f'{title[:_MOST]}…'}" if title else name
