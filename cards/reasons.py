"""Small print: from which words something was read, and how something was counted."""

from collections.abc import Sequence
from datetime import date, datetime

from cards import words


def read_as(text: str, said: str, assumed: str) -> str:
    """“下周三前”→ 不晚于2月4日 周三；不含当天."""
    parts = [part for part in (said, assumed) if part]
    return f"“{text}”→ {'；'.join(parts)}" if parts else f"“{text}”"


def either(one: str, other: str) -> str:
    return f"{one}，或 {other}"


def spoken() -> str:
    return "听语音写下的：听错了就撤回，再说一遍"


def stage(text: str) -> str:
    return f"阶段：“{text}”"


def amount(text: str) -> str:
    return f"金额：“{text}”"


def amount_corrected() -> str:
    return "金额：按更正"


def adopted() -> str:
    return "含模型建议，已由你采纳"


def by_model(what: str) -> str:
    """Of a line of a history."""
    return f"{what}（模型建议，已采纳）"


def next_contact(why: str) -> str:
    return f"下次联系：{why}"


def closing(why: str) -> str:
    return f"签单：{why}"


def agreed(day: date | None, rep: str) -> str:
    """Why a promise is due on delivery's day."""
    return f"{words.day(day)}：交付最早，{rep}已接受"


def silence(since: datetime, hours: int) -> str:
    """How the hours of silence were counted; `since` is local."""
    counted = "自然小时；约好下次联系就暂停"
    return f"上次跟进 {words.moment(since)}，已满 {hours} 小时（{counted}）"


def happened(who: str | None, what: str) -> str:
    """One line of a history; nobody is the clock."""
    return f"{who or '时钟'}：{what}"


def seen_by(labels: Sequence[str]) -> str:
    return "、".join(labels) + "，及上级主管和管理员"
