"""Dates in languages we have no grammar for, read by dateparser."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from importlib import import_module

from nlp.time.types import TimeSpan

FOREIGN_LETTERS = re.compile(r"[\u00e0-\u00ff\u0400-\u04ff\u3040-\u30ff\uac00-\ud7af]")
"""Accented Latin, Cyrillic, kana, hangul."""
LANGUAGES = ["ja", "ko", "ru", "fr", "de", "es"]
LONGEST_TEXT = 200

Search = Callable[..., list[tuple[str, datetime]] | None]


@cache
def search_dates() -> Search:
    """Imported on first use: it takes half a second, and few notes need it."""
    search: Search = import_module("dateparser.search").search_dates
    return search


def find_foreign(text: str, now: datetime) -> list[TimeSpan]:
    """Days only; nothing when the text is in a script that our own grammars read."""
    if len(text) > LONGEST_TEXT or not FOREIGN_LETTERS.search(text):
        return []
    settings = {"RELATIVE_BASE": now.replace(tzinfo=None), "PREFER_DATES_FROM": "future"}
    try:
        found = search_dates()(text, languages=LANGUAGES, settings=settings) or []
    except (ValueError, OverflowError):
        return []
    spans = (day_span(text, words, there, now) for words, there in found)
    return [span for span in spans if span is not None]


def day_span(text: str, words: str, there: datetime, now: datetime) -> TimeSpan | None:
    begin = text.find(words)
    if begin < 0 or not 1 < there.year < 9998:
        return None
    start = there.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=now.tzinfo)
    plan = start.date() if start.date() >= now.date() else None
    return TimeSpan(
        text=words,
        begin=begin,
        finish=begin + len(words),
        start=start,
        end=start + timedelta(days=1),
        grain="day",
        kind="point",
        rule="dateparser",
        said=f"{start.year}年{start.month}月{start.day}日",
        assumed="外语，只读出日期",
        plan=plan,
        confidence=0.5,
    )
