"""English dates with a month: March 5th, 22-23 Feb, in August 2027."""

import re

from nlp.numbers import ORDINAL_WORD, read_english
from nlp.time.grammar import Meaning, reads
from nlp.time.parsers.en_days import free
from nlp.time.places.days import days_in_month, month_and_day
from nlp.time.places.periods import full_year, in_year, month_in_year
from nlp.time.window import Scene, Window, real_day

MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)


DAY_NUMBER = rf"(?:(?:3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th)?|{ORDINAL_WORD})"


TO = r"\s?(?:-|~|to|till|until|thru|through)\s?(?:the\s)?"


def month_number(name: str) -> int:
    return MONTH_NAMES.index(name[:3]) + 1


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


LEADS = (
    "in", "of", "by", "mid", "late", "early", "from", "to", "before", "until", "and", "end",
    "between",
)  # fmt: skip
AFTER_LEAD = "|".join(rf"(?<=\b{lead} )" for lead in LEADS) + r"|(?<=\bmid-)"
FULL_MONTH = "january|february|april|june|july|august|september|october|november|december"


@reads(
    rf"\b(?:(this|next|last)\s)?({FULL_MONTH})\b(?!\s?\d{{1,2}}\b)"
    rf"|\b(?:{AFTER_LEAD}|(?=\w+[/\s](?:19|20)\d\d)|(this|next|last)\s|(?=march in))"
    rf"({MONTH})\b\.?(?!\s?\d{{1,2}}\b)"
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
