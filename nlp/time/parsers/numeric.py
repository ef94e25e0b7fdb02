"""Dates in digits: 2026-03-15, 3/15, 8.5, 20260315."""

import re

from nlp.time.grammar import Meaning, reads
from nlp.time.places.days import fixed_day, month_and_day
from nlp.time.places.periods import full_year
from nlp.time.window import Scene, Window, months_from, real_day


@reads(
    r"(?<![\d.:/-])((?:19|20)\d\d)([-/. ])(\d{1,2})\2(\d{1,2})日?(?!\d|[-/.]\d)"
    r"|(?<![\d.])(20\d\d|19\d\d)(0[1-9]|1[0-2])([0-2]\d|3[01])(?!\d|\.\d)"
)
def year_month_day(match: re.Match[str]) -> Meaning | None:
    year, month, day = match.group(1, 3, 4) if match[1] else match.group(5, 6, 7)
    return fixed_day(int(year), int(month), int(day))


@reads(r"(?<![\d.:/])(?<!\D-)(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d\d)(?!\d|[/.]\d|\s?%)")
def day_month_year(match: re.Match[str]) -> Meaning | None:
    first, second, year = int(match[1]), int(match[3]), full_year(int(match[4]))
    if match[2] == "." and len(match[4]) < 4:
        return None
    month, day = (first, second) if first <= 12 else (second, first)
    return fixed_day(year, month, day)


@reads(
    r"(?<![\d.:/])(?<!\D-)((?:19|20)\d\d)[-/.](0?[1-9]|1[0-2])(?!\d|[/.]\d|-(?!\d{4})\d)"
    r"|(?<![\d.:/-])(0?[1-9]|1[0-2])/((?:19|20)\d\d)(?!\d)"
)
def year_month(match: re.Match[str]) -> Meaning:
    year, month = (match[1], match[2]) if match[1] else (match[4], match[3])

    def place(within: Window | None, scene: Scene) -> Window | None:
        return months_from(int(year), int(month), "month") if within is None else None

    return Meaning("month", place, loose=True)


UNIT = r"[万元折%米亿倍个台分吨度寸英毫厘公块级版天年月克升平点成套件]|小时"
SHARE_BEFORE = re.compile(r"[率占约了]\s?$")
"""完成率3/4 is a fraction."""
MONTH_NUMBER = r"(0?[1-9]|1[0-2])"
DAY_NUMBER = r"(0?[1-9]|[12]\d|3[01])"


@reads(
    rf"(?<![\d.:/*#a-z]){MONTH_NUMBER}/{DAY_NUMBER}(?![\d/:a-z]|\.\d|\s?(?:{UNIT}|以上|以下|完成|的[^号]))"
)
def slashed(match: re.Match[str]) -> Meaning | None:
    if SHARE_BEFORE.search(match.string, max(0, match.start() - 2), match.start()):
        return None
    return month_day_meaning(match)


DOT_BEFORE = re.compile(
    r"(?:改[为到成]|[推延挪换]到|年|原|于|在|定|自|从|到|至|^|[(（,，]|截止)\s?$"
)
DOT_BEHIND = re.compile(
    r"\s?(?:[日号]|[之以]?[前后]|[到至~]|交|发|寄|签|[上下]|[早晚]|开|出|完|来|去|[(（]?周|有)"
)


@reads(rf"(?<![\d.:/*#a-z-]){MONTH_NUMBER}[.·]{DAY_NUMBER}[日号]?(?![\d/.:a-z]|\s?(?:{UNIT}))")
def dotted(match: re.Match[str]) -> Meaning | None:
    """8.5 is a date only in a place where dates stand."""
    before = match.string[max(0, match.start() - 3) : match.start()]
    alone = match[0] == match.string.strip()
    named = bool(DOT_BEFORE.search(before)) and match.start() > 0
    if not (alone or named or DOT_BEHIND.match(match.string, match.end())):
        return None
    if alone and len(match[0]) < 4:
        return None
    return month_day_meaning(match)


@reads(r"(?<![\d.:/*#a-z-])(0[1-9]|1[0-2])-([0-2]\d|3[01])(?=$|\s+\d{1,2}:|\s?[到至~])")
def dashed(match: re.Match[str]) -> Meaning | None:
    return month_day_meaning(match)


def month_day_meaning(match: re.Match[str]) -> Meaning | None:
    month, day = int(match[1]), int(match[2])
    if real_day(2024, month, day) is None:
        return None
    return Meaning("day", month_and_day(month, day), floats=True, loose=True)
