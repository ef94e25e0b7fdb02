"""English counts inside a period: the third Tuesday of May, the last week of 2027."""

import re
from datetime import timedelta

from nlp.numbers import read_english
from nlp.time.grammar import Meaning, Place, reads
from nlp.time.parsers.en_days import DAY_NAMES, NTH, WEEKDAY, free
from nlp.time.places.edges import nth_of
from nlp.time.places.periods import in_year
from nlp.time.window import DAY, WEEK, Scene, Window, day_of, week_of


@reads(
    rf"\b(?:the )?({NTH}|last|(?:{NTH}) last) ({WEEKDAY}|week|day|month|quarter)\b (?=(?:of|in) )"
)
def nth_of_period(match: re.Match[str]) -> Meaning | None:
    """The third Tuesday of September, the last week of 2019."""
    from_end = match[1].endswith("last")
    nth = 1 if match[1] == "last" else read_english(match[1].removesuffix(" last"))
    if not nth:
        return None
    unit = match[2]
    if unit == "week":
        return free(Meaning("week", nth_week_en(nth, from_end=from_end)))
    if unit in ("day", "month", "quarter"):
        zh_unit = {"day": "天", "month": "月", "quarter": "季度"}[unit]
        grain = Meaning("day", nth_of(-nth if from_end else nth, zh_unit))
        return free(grain._replace(grain=unit))  # type: ignore[arg-type]
    weekday = DAY_NAMES.index(unit[:3])
    return free(Meaning("day", nth_weekday_en(nth, weekday, from_end=from_end)))


def nth_weekday_en(nth: int, weekday: int, *, from_end: bool) -> Place:
    def place(within: Window | None, scene: Scene) -> Window | None:
        if within is None or within.grain not in ("month", "year"):
            return None
        there = within.first + timedelta(days=(weekday - within.first.weekday()) % 7)
        there += WEEK * (nth - 1)
        if from_end:
            there = within.last - timedelta(days=(within.last.weekday() - 1 - weekday) % 7 + 1)
            there -= WEEK * (nth - 1)
        return day_of(there) if within.first <= there < within.last else None

    return place


def nth_week_en(nth: int, *, from_end: bool) -> Place:
    """Counted from the week that holds most of the first days, or back from the last whole one."""

    def place(within: Window | None, scene: Scene) -> Window | None:
        if within is None:
            return None
        if not from_end:
            first = week_of(within.first + 3 * DAY)
            return week_of(first.first, nth - 1) if first else None
        last = week_of(within.last - WEEK)
        return week_of(last.first, 1 - nth) if last else None

    return place


@reads(r"\b(?:the )?week (\d{1,2})\b(?!:)")
def week_number(match: re.Match[str]) -> Meaning | None:
    nth = int(match[1])

    def place(within: Window | None, scene: Scene) -> Window | None:
        return nth_week_en(nth, from_end=False)(
            within or in_year(scene.today.year)(None, scene), scene
        )

    return free(Meaning("week", place)) if 1 <= nth <= 53 else None
