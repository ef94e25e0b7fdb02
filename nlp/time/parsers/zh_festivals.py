"""Festivals and lunar dates: 国庆前, 节后第一天, 中秋, 腊月初八."""

import re
from collections.abc import Callable
from datetime import date

from nlp.numbers import ZH_NUMERAL, read_whole
from nlp.time.grammar import Meaning, Place, reads
from nlp.time.holidays import (
    FESTIVALS,
    back_to_work,
    break_around,
    coming_break,
    new_years_eve,
    opening_day,
)
from nlp.time.lunar import lunar_date, month_span
from nlp.time.window import DAY, Scene, Window, at_midnight, day_of
from nlp.time.workdays import workdays_after

ALIASES = {
    "阳历新年": "元旦",
    "新年": "元旦",
    "过年": "春节",
    "过大年": "春节",
    "大年初一": "春节",
    "劳动节": "五一",
    "五一劳动节": "五一",
    "十一": "国庆",
    "大年三十": "除夕",
    "年三十": "除夕",
    "大年夜": "除夕",
    "年夜": "除夕",
    "元宵": "元宵",
    "圣瓦伦丁节": "情人节",
    "三八节": "妇女节",
    "三八妇女节": "妇女节",
    "315": "消费者日",
    "六一": "儿童节",
    "八一": "建军节",
    "光棍节": "双十一",
    "双11": "双十一",
    "双12": "双十二",
    "黑五": "黑色星期五",
    "跨年": "跨年夜",
}
SHORT = ("五一", "十一", "六一", "八一", "618", "520", "315", "过年", "跨年", "年夜")
"""Names that are other words too, unless 节, 前, 后 … follows."""
NAMES = "|".join(
    sorted((name for name in (*FESTIVALS, *ALIASES) if name not in SHORT), key=len, reverse=True)
)
FESTIVAL = (
    rf"(?P<name>(?:{NAMES})节?|(?<![\d周第期拜]|[{ZH_NUMERAL}])(?:{'|'.join(SHORT)})"
    r"(?=节|[之以]?[前后]|期间|假|长假|黄金周|回来|放假|当天|那天|大促|活动|$)节?)"
)
COUNT = r"[一二两三四五六七八九十\d]{1,3}[天周个]"
BEFORE = rf"(?:假期?|放假|大促|活动)?[之以]?前(?![往台端面期景提夕后]|{COUNT})"
AFTER = rf"(?:假期?|放假|长假|大促|活动)?(?:结束)?[之以过]?后(?!半|{COUNT})"
NTH_WORKDAY = r"(?:的?(?:上班)?第([一二三四五1-5])个?(?:天|工作日)|首日|上班后?|复工后?|开工后?)?"


def canonical(words: str) -> str:
    if words in ALIASES:
        return ALIASES[words]
    return words if words in FESTIVALS else ALIASES.get(words.removesuffix("节"), words[:-1])


def yearly(day_in: Callable[[int], date | None], *, excluded: bool = True) -> Place:
    """The day in the year named before, or in the coming one."""

    def place(within: Window | None, scene: Scene) -> Window | None:
        if within is not None and within.grain != "year":
            return None
        year = within.first.year if within else scene.today.year + scene.skip
        if within and day_in is new_years_eve:
            year = eve_year(year, scene)
        day = day_in(year)
        return day_of(at_midnight(day))._replace(excluded=excluded) if day else None

    return place


def eve_year(named: int, scene: Scene) -> int:
    """The eve of 2025 closes that lunar year, early in 2026, unless this year's is still ahead."""
    eve = new_years_eve(named)
    ahead = named == scene.today.year and eve is not None and at_midnight(eve) >= scene.today
    return named if ahead else named + 1


@reads(rf"{FESTIVAL}(?:当[天日]|那天)?")
def festival(match: re.Match[str]) -> Meaning:
    return Meaning("day", yearly(FESTIVALS[canonical(match["name"])]), floats=True)


@reads(rf"{FESTIVAL}(?:期间|假期|长假|黄金周|放假)(?![之以]?[前后])")
def festival_break(match: re.Match[str]) -> Meaning:
    name = canonical(match["name"])

    def place(within: Window | None, scene: Scene) -> Window | None:
        if within is not None and within.grain != "year":
            return None
        days = break_around(name, within.first.year if within else scene.today.year + scene.skip)
        if days is None:
            return None
        return Window(
            at_midnight(days[0]), at_midnight(days[1]) + DAY, "day", "range", excluded=True
        )

    return Meaning("day", place, floats=True, kind="range")


def before_day(day: date, scene: Scene) -> Window:
    return Window(scene.today, at_midnight(day), "day", "deadline", "节前不含放假当天")


@reads(rf"{FESTIVAL}{BEFORE}")
def before_festival(match: re.Match[str]) -> Meaning:
    name = canonical(match["name"])

    def place(within: Window | None, scene: Scene) -> Window | None:
        if within is not None and within.grain != "year":
            return None
        day = opening_day(name, within.first.year if within else scene.today.year + scene.skip)
        return before_day(day, scene) if day else None

    return Meaning("day", place, floats=True, kind="deadline", eager=True)


def nth_after(first: date | None, nth: str | None) -> Window | None:
    """The nth working day, the first one being `first`."""
    if first is None:
        return None
    later = (read_whole(nth) or 1) - 1 if nth else 0
    day = workdays_after(first, later) if later else first
    return day_of(at_midnight(day)).noting("节后取首个工作日") if day else None


@reads(rf"{FESTIVAL}{AFTER}{NTH_WORKDAY}")
def after_festival(match: re.Match[str]) -> Meaning:
    name = canonical(match["name"])
    nth = match[match.lastindex] if match.lastindex and match.lastindex > 1 else None

    def place(within: Window | None, scene: Scene) -> Window | None:
        if within is not None and within.grain != "year":
            return None
        year = within.first.year if within else scene.today.year + scene.skip
        return nth_after(back_to_work(name, year), nth)

    return Meaning("day", place, floats=True)


@reads(
    r"(?<![\u4e00-\u9fff])(?:放假|小?长假|假期|节)[之以]?前(?!夕)"
    r"|(?:赶在)?(?:放假|长假|节)前(?![往台端面期景提夕])"
)
def before_break(match: re.Match[str]) -> Meaning:
    """节前: before the official holiday that comes next."""

    def place(within: Window | None, scene: Scene) -> Window | None:
        if within is not None:
            return None
        name, year = coming_break(scene.today.date())
        day = opening_day(name, year)
        if day is not None and at_midnight(day) <= scene.today:
            return None
        return before_day(day, scene) if day else None

    return Meaning("day", place, kind="deadline", eager=True)


@reads(rf"(?:收假|放假|小?长假|假期|节|放完假|过完节)(?:结束)?(?:之|以|过)?后{NTH_WORKDAY}|过完节")
def after_break(match: re.Match[str]) -> Meaning:
    """节后: the first working day after the holiday that is running or comes next."""
    nth = match[1]

    def place(within: Window | None, scene: Scene) -> Window | None:
        if within is not None:
            return None
        name, year = coming_break(scene.today.date())
        return nth_after(back_to_work(name, year), nth)

    return Meaning("day", place)


@reads(
    r"(?<![\d今明去后前本当半每多来几百学一二两三四五六七八九十])年[之以]?(前|后)(?![夕往台年])"
    r"|过完年|过了年"
)
def around_new_year(match: re.Match[str]) -> Meaning:
    """年前, 年后: around the Spring Festival."""
    if match[1] == "前":
        return Meaning("day", _before_spring_festival, floats=True, kind="deadline", eager=True)
    return Meaning("day", _after_spring_festival, floats=True)


def _before_spring_festival(within: Window | None, scene: Scene) -> Window | None:
    day = opening_day("春节", scene.today.year + scene.skip) if within is None else None
    return before_day(day, scene) if day else None


def _after_spring_festival(within: Window | None, scene: Scene) -> Window | None:
    if within is not None:
        return None
    return nth_after(back_to_work("春节", scene.today.year + scene.skip), None)


LUNAR_MONTHS = {"正": 1, "冬": 11, "腊": 12}


def lunar_place(month: int, day: int | None, *, leap: bool) -> Place:
    def place(within: Window | None, scene: Scene) -> Window | None:
        if within is not None and within.grain != "year":
            return None
        # The twelfth month mostly falls in the January after its year, so one year earlier
        # is tried first; a named year is taken as the lunar one.
        year = within.first.year if within else scene.today.year + scene.skip - (month > 10)
        if day is not None:
            there = lunar_date(year, month, day)
            return day_of(at_midnight(there)) if there else None
        span = month_span(year, month, leap=leap)
        if span is None:
            return None
        opening = at_midnight(span[0])
        return Window(opening, opening + span[1] * DAY, "day", "range", excluded=True)

    return place


LUNAR_MONTH = r"[正冬腊]|十?[一二三四五六七八九十]|\d{1,2}"
LUNAR_DAY = (
    rf"初[一二三四五六七八九十\d]|廿[一二三四五六七八九]?|[{ZH_NUMERAL}]{{1,3}}|\d{{1,2}}(?!\d)"
)


@reads(
    rf"[农阴旧]历的?(闰?)({LUNAR_MONTH})月({LUNAR_DAY})?[日号]?"
    rf"|(闰?)([正冬腊])月({LUNAR_DAY})?[日号]?(?!\d)"
    rf"|(闰)({LUNAR_MONTH})月({LUNAR_DAY})?[日号]?"
    rf"|()({LUNAR_MONTH})月(初[一二三四五六七八九十]|廿[一二三四五六七八九]?)(?![日号])"
)
def lunar(match: re.Match[str]) -> Meaning | None:
    offset = next(index for index in (1, 4, 7, 10) if match[index + 1])
    leap, month_words, day_words = (match[offset + index] for index in range(3))
    month = LUNAR_MONTHS.get(month_words) or read_whole(month_words)
    day = read_whole(day_words.removeprefix("初")) if day_words else None
    if month is None or not 1 <= month <= 12 or (day is not None and not 1 <= day <= 30):
        return None
    return Meaning("day", lunar_place(month, day, leap=bool(leap)), floats=True)


@reads(r"(?:大年|正月)初([一二三四五六七八九十])|(?<![\u4e00-\u9fff])年初([一二三四五六七八九十])")
def new_year_day(match: re.Match[str]) -> Meaning | None:
    day = read_whole(match[1] or match[2])
    return Meaning("day", lunar_place(1, day, leap=False), floats=True) if day else None
