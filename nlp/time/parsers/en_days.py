"""English words for days: tomorrow, next Wednesday, March 5th, the 22nd."""

import re
from datetime import timedelta

from nlp.numbers import CARDINAL_WORD, ORDINAL_WORD, read_english
from nlp.time.grammar import Meaning, Place, reads
from nlp.time.parsers.numeric import month_and_day
from nlp.time.parsers.zh_clock import PARTS, part_of
from nlp.time.parsers.zh_days import days_in_month, in_month, in_week, offset_day
from nlp.time.parsers.zh_periods import full_year, in_year, month_in_year, nth_of
from nlp.time.window import (
    DAY,
    WEEK,
    Scene,
    Window,
    day_of,
    real_day,
    week_of,
)

DAY_NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WEEKDAY = (
    r"(?:mon(?:day)?|tue(?:s|sday)?|wed(?:nesday)|thu(?:rs?|rsday)?|fri(?:day)?"
    r"|sat(?:urday)|sun(?:day)|(?:wed|sat|sun)(?=\.|$|,|\s(?:morning|at\b|\d)))"
)
MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
DAY_NUMBER = rf"(?:(?:3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th)?|{ORDINAL_WORD})"
NTH = rf"(?:\d{{1,2}}(?:st|nd|rd|th)|{ORDINAL_WORD})"
TO = r"\s?(?:-|~|to|till|until|thru|through)\s?(?:the\s)?"


def month_number(name: str) -> int:
    return MONTH_NAMES.index(name[:3]) + 1


def free(meaning: Meaning) -> Meaning:
    """English puts the hour before the day as gladly as behind it."""
    return meaning._replace(loose=True)


RELATIVE = {"today": 0, "tomorrow": 1, "tmr": 1, "tmrw": 1, "yesterday": -1}


@reads(
    r"\b(?:(the day|\d{1,2} days?|an? (?:day|week)|\d weeks?) (after|before|from) )?"
    r"(today|tomorrow|tmrw?|yesterday)\b"
)
def relative_day_en(match: re.Match[str]) -> Meaning | None:
    days = RELATIVE[match[3]]
    if match[1]:
        count = 1 if match[1].startswith("the") else read_english(match[1].split()[0]) or 1
        weeks = "week" in match[1]
        days += count * (7 if weeks else 1) * (-1 if match[2] == "before" else 1)
    return free(Meaning("day", offset_day(days)))


def night(days: int) -> Place:
    def place(within: Window | None, scene: Scene) -> Window | None:
        if within is not None:
            return within if within.grain == "day" else None
        return part_of(day_of(scene.today + timedelta(days=days)), PARTS["晚"])

    return place


@reads(r"\b(tonight|tonite|last night|this evening)\b")
def tonight(match: re.Match[str]) -> Meaning:
    return free(Meaning("part_of_day", night(-1 if match[1] == "last night" else 0)))


WEEK_OFFSETS = {"this": 0, "next": 1, "following": 1, "last": -1, "previous": -1, "past": -1}


@reads(
    rf"\b(?:(this past|the following|this|next|last|previous|past|following|coming|on)\s)?"
    rf"({WEEKDAY})\b(?:\.(?=,|\s[a-z\d]|$)(?<!day\.))?(\safter next)?(?!s)"
)
def weekday_en(match: re.Match[str]) -> Meaning:
    word = (match[1] or "").removeprefix("the ")
    index = str(DAY_NAMES.index(match[2][:3]) + 1)
    weeks = WEEK_OFFSETS.get("last" if word == "this past" else word)
    if word == "this past":
        return free(Meaning("day", _most_recent(int(index) - 1), beside=True))
    if match[3]:
        weeks = 1
    place = in_week(weeks, index)
    return free(Meaning("day", place, floats=weeks is None, beside=True, disputed=True))


def _most_recent(weekday: int) -> Place:
    def place(within: Window | None, scene: Scene) -> Window | None:
        back = (scene.today.weekday() - weekday - 1) % 7 + 1
        return day_of(scene.today - timedelta(days=back)) if within is None else None

    return place


@reads(rf"\b(\d|{CARDINAL_WORD}) ({WEEKDAY})s? (ago|from now)\b")
def weekdays_away(match: re.Match[str]) -> Meaning | None:
    count = read_english(match[1])
    weekday = DAY_NAMES.index(match[2][:3])
    if not count:
        return None

    def place(within: Window | None, scene: Scene) -> Window | None:
        ahead = (weekday - scene.today.weekday() - 1) % 7 + 1
        first = scene.today + timedelta(days=ahead if match[3] == "from now" else ahead - 7)
        if match[3] == "ago":
            first -= WEEK if first == scene.today else timedelta()
            return day_of(first - WEEK * (count - 1))
        return day_of(first + WEEK * (count - 1))

    return free(Meaning("day", place))


@reads(r"\b(?:(this|that|next|last|coming|the)\s)?week-?end\b(?!s)")
def weekend(match: re.Match[str]) -> Meaning:
    weeks = {"next": 1, "last": -1}.get(match[1] or "", 0)
    return free(Meaning("day", in_week(weeks, "末")))


@reads(
    rf"(?<![\d.:/-])\b(?:the )?((?:3[01]|[12]\d|[1-9])(?:st|nd|rd|th)|(?<=the ){ORDINAL_WORD})\b"
    rf"(?!\s(?:quarter|qtr|floor|week|day|of\b|last|{WEEKDAY}|version|order|time|party|gen|q))"
)
def ordinal_day(match: re.Match[str]) -> Meaning | None:
    day = read_english(match[1])
    if day is None or not 1 <= day <= 31:
        return None
    return free(Meaning("day", in_month(day), floats=True))


@reads(r"(?<![\d.:/-])\b(?:the )?(\d{1,2})(?:st|nd|rd|th)? of (?=(?:this|next|last|the) month)")
def day_of_month_en(match: re.Match[str]) -> Meaning | None:
    day = int(match[1])
    return free(Meaning("day", in_month(day), floats=True)) if 1 <= day <= 31 else None


def named_day(month: str, day_words: str) -> Meaning | None:
    number, day = month_number(month), read_english(day_words)
    if day is None or real_day(2024, number, day) is None:
        return None
    return free(Meaning("day", month_and_day(number, day), floats=True))


@reads(
    rf"\b({MONTH})\b\.?[\s/-]?(?:the\s)?({DAY_NUMBER})\b(?![:.]\d|\d|\s?[ap]\.?m\b|%|/\d|\s?-\s?\d{{1,2}}\b(?!:))"
)
def month_day(match: re.Match[str]) -> Meaning | None:
    return named_day(match[1], match[2])


@reads(rf"(?<![\d.:/-])\b(?:the\s)?({DAY_NUMBER})(?:\sof\s|[\s/-]?)({MONTH})\b\.?")
def day_month(match: re.Match[str]) -> Meaning | None:
    return named_day(match[2], match[1])


def named_days(month: str, first_words: str, last_words: str) -> Meaning | None:
    first, last = read_english(first_words), read_english(last_words)
    number = month_number(month)
    if first is None or last is None or first >= last or real_day(2024, number, last) is None:
        return None
    inside = days_in_month(first, last)

    def place(within: Window | None, scene: Scene) -> Window | None:
        span = month_in_year(number)(within, scene)
        return span and inside(span, scene)

    return free(Meaning("day", place, floats=True))


@reads(
    rf"\b({MONTH})\b\.?\s(?:the\s)?({DAY_NUMBER}){TO}({DAY_NUMBER})\b(?![:/-]|\s?[ap]m)(?!\s(?:{MONTH}))"
)
def month_days(match: re.Match[str]) -> Meaning | None:
    return named_days(*match.group(1, 2, 3))


@reads(rf"(?<![\d.:/-])\b(?:the\s)?({DAY_NUMBER}){TO}({DAY_NUMBER})(?:\sof)?\s({MONTH})\b\.?")
def days_month(match: re.Match[str]) -> Meaning | None:
    return named_days(*match.group(3, 1, 2))


@reads(
    rf"(?<![\d.:/-])((?:19|20)\d\d)[-/\s]({MONTH})\.?[-/\s]({DAY_NUMBER})\b"
    rf"|(?<![\d.:/-])(\d{{1,2}})[-/]({MONTH})[-/]((?:19|20)\d\d|\d\d)\b"
    rf"|\b({MONTH})[-/]((?:19|20)\d\d)[-/](\d{{1,2}})\b"
)
def written_date(match: re.Match[str]) -> Meaning | None:
    year, month, day = next(
        group
        for group in (match.group(1, 2, 3), match.group(6, 5, 4), match.group(8, 7, 9))
        if group[0]
    )
    window = real_day(full_year(int(year)), month_number(month), read_english(day) or 0)

    def place(within: Window | None, scene: Scene) -> Window | None:
        return window if within is None else None

    return free(Meaning("day", place)) if window else None


FULL_MONTH = "january|february|april|june|july|august|september|october|november|december"


@reads(
    rf"\b(?:(this|next|last)\s)?({FULL_MONTH})\b(?!\s?\d{{1,2}}\b)"
    rf"|\b(?:(?<=\bin )|(?<=\bof )|(?<=\bby )|(?<=\bmid )|(?<=\bmid-)|(?<=\blate )|(?<=\bearly )|(?<=\bfrom )|(?<=\bto )"
    rf"|(?<=\bbefore )|(?<=\buntil )|(?<=\band )|(?<=\bend )|(?<=\bbetween )|(?=\w+[/\s](?:19|20)\d\d)|(this|next|last)\s|(?=march in))({MONTH})\b\.?(?!\s?\d{{1,2}}\b)"
)
def month_en(match: re.Match[str]) -> Meaning:
    """ "may" and "march" alone are verbs, "mar" is nothing."""
    word, name = (match[1], match[2]) if match[2] else (match[3], match[4])
    month = month_number(name)
    if word != "last":
        return free(Meaning("month", month_in_year(month), floats=True))

    def place(within: Window | None, scene: Scene) -> Window | None:
        year = scene.today.year - (scene.today.month <= month)
        return month_in_year(month)(within or in_year(year)(None, scene), scene)

    return free(Meaning("month", place))


@reads(r"(?<![\d$.:/-])\b((?:19|20)\d\d)\b(?![-/:.]\d|\s?%)")
def year_en(match: re.Match[str]) -> Meaning:
    """2014 counts as a year beside a date, or behind "in", "of", "since" …"""
    return free(Meaning("year", in_year(int(match[1])), needy=True))


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
