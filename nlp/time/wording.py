"""Say in Chinese what an expression states, for the person who asks why."""

from datetime import date, datetime, timedelta

from nlp.time.types import Kind
from nlp.time.window import RANK, Window

WEEKDAYS = "一二三四五六日"
INSTANT = timedelta(microseconds=1)


def day_words(moment: date) -> str:
    return f"{moment.month}月{moment.day}日 周{WEEKDAYS[moment.weekday()]}"


def moment_words(moment: datetime) -> str:
    return f"{day_words(moment)} {moment.hour:02}:{moment.minute:02}"


SILENT = {"vague": "没有说定时间", "duration": "一段时长，不是日期", "recurring": "每到此时重复"}


def said(window: Window | None, kind: Kind) -> str:
    if window is None:
        return SILENT.get(kind, "")
    clocked = RANK[window.grain] < RANK["day"]
    words = moment_words if clocked else day_words
    if window.end is None:
        return f"{words(window.first)}起"
    last = words(window.end if clocked else window.end - INSTANT)
    if kind == "deadline" or window.start is None:
        return f"不晚于{last}"
    if clocked or window.end - window.start <= timedelta(days=1):
        return words(window.start)
    return f"{words(window.start)}到{last}"
