"""English words for weeks, months, quarters and years, their edges, and festivals."""

import re
from datetime import timedelta

from nlp.numbers import read_english
from nlp.time.grammar import Meaning, Place, reads
from nlp.time.holidays import FESTIVALS
from nlp.time.parsers.en_days import NTH, free
from nlp.time.places.edges import edge_of
from nlp.time.places.festivals import (
    after_coming_break,
    after_festival,
    before_coming_break,
    yearly,
)
from nlp.time.places.periods import (
    full_year,
    half_year,
    period,
    quarter_in_year,
    relative,
    relative_week_place,
)
from nlp.time.types import Grain
from nlp.time.window import DAY, Scene, Window, months_from

OFFSETS = {"next": 1, "coming": 1, "following": 1, "upcoming": 1, "last": -1, "past": -1}
OFFSETS |= {"previous": -1, "this": 0, "current": 0, "the": 0, "same": 0, "that": 0}
UNITS: dict[str, Grain] = {"wk": "week", "qtr": "quarter", "yr": "year"}
UNITS |= {"week": "week", "month": "month", "quarter": "quarter", "year": "year"}


def unit_grain(word: str) -> Grain:
    return UNITS[word]


@reads(
    r"\b(?:the )?(this|next|last|past|previous|coming|following|current|same|that)\s(?:whole )?"
    r"(week|month|quarter|qtr|year|yr)\b(?!-?end|ly)(?:'s\b)?"
)
def relative_period_en(match: re.Match[str]) -> Meaning:
    offset, grain = OFFSETS[match[1]], unit_grain(match[2])
    if grain == "week":
        place = relative_week_place(offset)
        return free(Meaning("week", place, disputed=offset > 0))
    return free(Meaning(grain, relative(grain, offset)))


@reads(
    r"(?:(?<=\bof )|(?<=\bin ))the (week|month|quarter|year)\b"
    r"|(?:(?<=\bof )|(?<=\bof around ))(week|month|quarter|year)\b"
)
def the_period(match: re.Match[str]) -> Meaning:
    """The container in "the end of the month"."""
    grain = unit_grain(match[1] or match[2])
    return free(Meaning(grain, relative(grain, 0)))


@reads(
    r"\blater this (week|month|year)\b"
    r"|\b(?:the )?(?:rest|remaining|remainder) of the (week|month|year)\b"
)
def later_this(match: re.Match[str]) -> Meaning:
    grain = unit_grain(match[1] or match[2])

    def place(within: Window | None, scene: Scene) -> Window | None:
        whole = period(scene, grain, 0) if within is None else None
        return Window(scene.today, whole.end, "day", "range") if whole else None

    return free(Meaning("day", place))


@reads(rf"\b(?:the )?({NTH}) (?:quarter|qtr)\b|\b(\d\d)q([1-4])\b|\bquarter ([1-4])\b")
def quarter_en(match: re.Match[str]) -> Meaning | None:
    quarter = read_english(match[1] or match[3] or match[4])
    if quarter is None or not 1 <= quarter <= 4:
        return None
    if not match[2]:
        return free(Meaning("quarter", quarter_in_year(quarter), floats=True))
    year = full_year(int(match[2]))

    def place(within: Window | None, scene: Scene) -> Window | None:
        return months_from(year, 3 * quarter - 2, "quarter") if within is None else None

    return free(Meaning("quarter", place))


@reads(r"(?<![a-z\d])(?:the )?(h1|h2|(?:first|second) half)\b")
def half_en(match: re.Match[str]) -> Meaning:
    second = match[1] in ("h2", "second half")
    return free(Meaning("quarter", half_year(int(second)), floats=True))


EDGES = {"early": "初", "beginning": "初", "start": "初", "mid": "中", "middle": "中"}
EDGES |= {"end": "底", "late": "下旬"}


@reads(
    r"\b(?:the )?(?:(early|mid|late)(?:[\s-](?:in )?)"
    r"(?!morning|evening|afternoon|night|hours|today|tomorrow)"
    r"|(beginning|start|middle|end) of (?:around )?"
    r"(?!(?:the )?(?:day|today|tomorrow|business|sunday)))"
)
def edge_en(match: re.Match[str]) -> Meaning:
    """Needs the period it is the edge of: early next week, mid-March, the end of the month."""
    edge = EDGES[match[1] or match[2]]

    def place(within: Window | None, scene: Scene) -> Window | None:
        if within is None:
            return None
        if edge == "下旬" and within.grain != "month":
            return edge_of("月", "底")(within, scene)
        return edge_of("月", edge)(within, scene)

    return free(Meaning("day", place, needy=True))


SHORT_EDGES = {"eom": ("月", "底"), "eoy": ("年", "底"), "eow": ("周", "底"), "eoq": ("季", "底")}


@reads(r"\b(?:(eom|eoy|eow|eoq|bom)|(month|year|quarter)[- ]end)\b")
def short_edge(match: re.Match[str]) -> Meaning:
    if match[1] == "bom":
        return free(Meaning("day", _first_third))
    unit, edge = SHORT_EDGES[match[1] or f"eo{match[2][0]}"]
    return free(Meaning("day", edge_of(unit, edge), floats=True))


def _first_third(within: Window | None, scene: Scene) -> Window | None:
    month = within or period(scene, "month", 0)
    return month and Window(month.start, month.first + timedelta(days=10), "day")


@reads(r"\ball week\b")
def all_week(match: re.Match[str]) -> Meaning:
    def place(within: Window | None, scene: Scene) -> Window | None:
        week = period(scene, "week", 0)
        return week and Window(week.start, week.last - DAY, "day", "range")

    return free(Meaning("day", place))


ENGLISH_FESTIVALS = {
    "new year's day": "元旦",
    "new years day": "元旦",
    "new year's eve": "跨年夜",
    "new years eve": "跨年夜",
    "spring festival": "春节",
    "chinese new year": "春节",
    "lunar new year": "春节",
    "cny": "春节",
    "qingming": "清明",
    "labour day": "五一",
    "may day": "五一",
    "dragon boat festival": "端午",
    "mid-autumn festival": "中秋",
    "mid-autumn": "中秋",
    "national day": "国庆",
    "golden week": "国庆",
    "valentine's day": "情人节",
    "valentines day": "情人节",
    "mother's day": "母亲节",
    "father's day": "父亲节",
    "independence day": "独立日",
    "halloween": "万圣节",
    "singles' day": "双十一",
    "singles day": "双十一",
    "thanksgiving day": "感恩节",
    "thanksgiving": "感恩节",
    "black friday": "黑色星期五",
    "christmas eve": "平安夜",
    "christmas day": "圣诞",
    "christmas": "圣诞",
    "xmas": "圣诞",
    "easter monday": "复活节星期一",
    "easter": "复活节",
    "martin luther king's day": "马丁路德金日",
    "martin luther kings day": "马丁路德金日",
    "martin luther king day": "马丁路德金日",
    "mlk day": "马丁路德金日",
    "civil rights day": "马丁路德金日",
    "pancake day": "忏悔星期二",
    "monday of the holy spirit": "圣灵降临节星期一",
}
AMOUNT_BEHIND = re.compile(r"\s?\d")
"""CNY is a currency too."""
FESTIVAL_NAMES = "|".join(sorted(ENGLISH_FESTIVALS, key=len, reverse=True))


@reads(rf"\b(?:(this|next|last)\s)?({FESTIVAL_NAMES})\b")
def festival_en(match: re.Match[str]) -> Meaning | None:
    if match[2] == "cny" and AMOUNT_BEHIND.match(match.string, match.end()):
        return None
    name = ENGLISH_FESTIVALS[match[2]]
    if match[1] == "last":
        return free(Meaning("day", _last_festival(name)))
    return free(Meaning("day", yearly(FESTIVALS[name]), floats=True))


def _last_festival(name: str) -> Place:
    def place(within: Window | None, scene: Scene) -> Window | None:
        day = FESTIVALS[name](scene.today.year)
        back = 0 if day is not None and day < scene.today.date() else -1
        return yearly(FESTIVALS[name])(within, scene._replace(skip=back))

    return place


@reads(rf"\bafter (?:the )?({FESTIVAL_NAMES})(?: holidays?| break)?\b")
def festival_over_en(match: re.Match[str]) -> Meaning:
    return free(Meaning("day", after_festival(ENGLISH_FESTIVALS[match[1]]), floats=True))


@reads(r"\b(before|after) the (?:holidays?|break)\b")
def holiday_en(match: re.Match[str]) -> Meaning:
    if match[1] == "after":
        return free(Meaning("day", after_coming_break()))
    return free(Meaning("day", before_coming_break, kind="deadline", eager=True))
