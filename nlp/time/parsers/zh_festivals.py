"""Festivals and lunar dates: 国庆前, 节后第一天, 中秋, 腊月初八."""

import re

from nlp.numbers import ZH_NUMERAL, read_whole
from nlp.time.grammar import Meaning, Place, reads
from nlp.time.holidays import FESTIVALS
from nlp.time.places.festivals import (
    after_coming_break,
    after_festival,
    before_coming_break,
    before_festival,
    during_festival,
    lunar_place,
    yearly,
)

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


@reads(rf"{FESTIVAL}(?:当[天日]|那天)?")
def festival(match: re.Match[str]) -> Meaning:
    return Meaning("day", yearly(FESTIVALS[canonical(match["name"])]), floats=True)


@reads(rf"{FESTIVAL}(?:期间|假期|长假|黄金周|放假)(?![之以]?[前后])")
def festival_break(match: re.Match[str]) -> Meaning:
    place = during_festival(canonical(match["name"]))
    return Meaning("day", place, floats=True, kind="range")


def until_holiday(place: Place, *, floats: bool = True) -> Meaning:
    return Meaning("day", place, floats=floats, kind="deadline", eager=True)


@reads(rf"{FESTIVAL}{BEFORE}")
def festival_eve(match: re.Match[str]) -> Meaning:
    """国庆前."""
    return until_holiday(before_festival(canonical(match["name"])))


@reads(rf"{FESTIVAL}{AFTER}{NTH_WORKDAY}")
def festival_over(match: re.Match[str]) -> Meaning:
    """国庆后, 国庆后第一天."""
    nth = match[match.lastindex] if match.lastindex and match.lastindex > 1 else None
    return Meaning("day", after_festival(canonical(match["name"]), nth), floats=True)


@reads(
    r"(?<![\u4e00-\u9fff])(?:放假|小?长假|假期|节)[之以]?前(?!夕)"
    r"|(?:赶在)?(?:放假|长假|节)前(?![往台端面期景提夕])"
)
def holiday_eve(match: re.Match[str]) -> Meaning:
    """节前."""
    return until_holiday(before_coming_break, floats=False)


@reads(rf"(?:收假|放假|小?长假|假期|节|放完假|过完节)(?:结束)?[之以过]?后{NTH_WORKDAY}|过完节")
def holiday_over(match: re.Match[str]) -> Meaning:
    """节后."""
    return Meaning("day", after_coming_break(match[1]))


@reads(
    r"(?<![\d今明去后前本当半每多来几百学一二两三四五六七八九十])年[之以]?(前|后)(?![夕往台])"
    r"|过完年|过了年"
)
def around_new_year(match: re.Match[str]) -> Meaning:
    """年前, 年后: around the Spring Festival."""
    if match[1] == "前":
        return until_holiday(before_festival("春节"))
    return Meaning("day", after_festival("春节"), floats=True)


LUNAR_MONTHS = {"正": 1, "冬": 11, "腊": 12}


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
