"""Say in Chinese what an expression states, for the person who asks why."""

from datetime import datetime, timedelta

from nlp.time.types import Kind
from nlp.time.window import RANK, Window

WEEKDAYS = "一二三四五六日"
INSTANT = timedelta(microseconds=1)


def day_words(moment: datetime) -> str:
    return f"{moment.year}年{moment.month}月{moment.day}日周{WEEKDAYS[moment.weekday()]}"


def moment_words(moment: datetime) -> str:
    return f"{day_words(moment)}{moment:%H:%M}"


def said(window: Window | None, kind: Kind) -> str:
    if kind == "vague":
        return "没有说定时间"
    if kind == "duration":
        return "一段时长，不是日期"
    if window is None:
        return "每到此时重复"
    clocked = RANK[window.grain] < RANK["day"]
    words = moment_words if clocked else day_words
    if kind == "deadline" and window.end:
        return f"不晚于{words(window.end if clocked else window.end - INSTANT)}"
    if window.end is None:
        return f"{words(window.first)}起"
    if window.start is None:
        return f"{words(window.end)}之前"
    if clocked or window.end - window.start <= timedelta(days=1):
        return words(window.start)
    return f"{words(window.start)}至{words(window.end - INSTANT)}"
