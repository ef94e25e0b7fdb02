"""How days, moments and sums are written for people."""

from datetime import date, datetime

WEEKDAYS = "一二三四五六日"
WAN = 10_000
YI = 100_000_000


def day(value: date | None, *, estimated: bool = False) -> str:
    """2月4日 周三; 估 marks a day nobody stated, 未定 a missing one."""
    if value is None:
        return "未定"
    written = f"{value.month}月{value.day}日 周{WEEKDAYS[value.weekday()]}"
    return f"{written}（估）" if estimated else written


def due(plan: date | None, latest: date | None) -> str:
    """计划2月3日 周二，最晚2月4日 周三."""
    if latest is None:
        return "没说定时间"
    if plan is None or plan == latest:
        return day(latest)
    return f"计划{day(plan)}，最晚{day(latest)}"


def moment(value: datetime) -> str:
    """2月4日 周三 10:20, in the zone the value is in."""
    return f"{day(value.date())} {value:%H:%M}"


def money(yuan: int) -> str:
    """12万, 6.8万, 1.2亿, 9500元."""
    for unit, word in ((YI, "亿"), (WAN, "万")):
        if yuan >= unit:
            return f"{yuan / unit:.2f}".rstrip("0").rstrip(".") + word
    return f"{yuan}元"


def short(text: str, limit: int) -> str:
    """The first `limit` characters, with an ellipsis when something was left out."""
    return text if len(text) <= limit else text[: limit - 1] + "…"
