"""Chinese words for the edges and parts of periods: 月底, 上旬, 八月第二周, 前三季度."""

import re
from datetime import timedelta

from nlp.numbers import read_whole
from nlp.time.grammar import Meaning, reads
from nlp.time.parsers.zh_days import NUMBER
from nlp.time.places.days import WEEKDAYS
from nlp.time.places.edges import LAST_DAY, edge_of, leading, nth_of, nth_week
from nlp.time.places.periods import relative
from nlp.time.types import Grain
from nlp.time.window import WEEK, Scene, Window, day_of, month_of, real_day


@reads(r"([上下前后])半个?月(?![前后内])")
def half_of_month(match: re.Match[str]) -> Meaning:
    second = match[1] in "下后"

    def place(within: Window | None, scene: Scene) -> Window | None:
        month = within or month_of(scene.today, scene.skip)
        if month is None or month.grain != "month":
            return None
        middle = month.first + timedelta(days=15)
        span = (middle, month.last) if second else (month.first, middle)
        return Window(*span, "week", excluded=True)

    return Meaning("week", place, floats=True)


@reads(
    r"(?<![\d一二两三四五六七八九十半几])(?:个)?(月|年|周|季度?)的?(底|末|初|尾|头|中旬|上旬|下旬|中(?![午国心标秋间])|伊始)"
    r"(?![级次])"
)
def bare_edge(match: re.Match[str]) -> Meaning | None:
    """月底, 年初, 季度末: of the current period, or of the one named just before."""
    if match[1] == "周" and match[2] in LAST_DAY:
        return None
    if match[1] != "月" and match[2].endswith("旬"):
        return None
    return Meaning("day", edge_of(match[1][0], match[2]), floats=True)


@reads(r"(?<=[月年周度季份])的?(底|末|初|尾|头|中旬|上旬|下旬|中(?![午国心标秋间])|伊始)(?![级次])")
def edge_of_named(match: re.Match[str]) -> Meaning:
    edge = match[1]

    def place(within: Window | None, scene: Scene) -> Window | None:
        return edge_of("月", edge)(within, scene) if within is not None else None

    return Meaning("day", place)


@reads(r"(?<![上中下一二三\d每])(上旬|中旬|下旬)")
def bare_third(match: re.Match[str]) -> Meaning:
    return Meaning("day", edge_of("月", match[1]), floats=True)


@reads(r"(?<![\d一二两三四五六七八九十百半几个多本这上下今明])(年|月|周|季度)(?=[之以]?内)")
def rest_of_period(match: re.Match[str]) -> Meaning:
    """年内, 月内: what is left of the current one."""
    grains: dict[str, Grain] = {"年": "year", "月": "month", "周": "week", "季": "quarter"}
    grain = grains[match[1][0]]
    return Meaning(grain, relative(grain, 0))


@reads(rf"第({NUMBER})个?(?:周|星期|礼拜)(?![一二三四五六日天了次])")
def numbered_week(match: re.Match[str]) -> Meaning | None:
    nth = read_whole(match[1])
    return Meaning("week", nth_week(nth)) if nth and nth <= 53 else None


@reads(rf"(?:第({NUMBER})|最后一)个?(?:周|星期|礼拜)([一二三四五六日天])")
def numbered_weekday(match: re.Match[str]) -> Meaning | None:
    nth = read_whole(match[1]) if match[1] else -1
    weekday = WEEKDAYS[match[2]]

    def place(within: Window | None, scene: Scene) -> Window | None:
        if within is None or within.grain not in ("month", "year") or not nth:
            return None
        first = within.first + timedelta(days=(weekday - within.first.weekday()) % 7)
        last = within.last - timedelta(days=(within.last.weekday() - 1 - weekday) % 7 + 1)
        there = first + WEEK * (nth - 1) if nth > 0 else last
        return day_of(there) if within.first <= there < within.last else None

    return Meaning("day", place)


@reads(rf"(?:第({NUMBER})|最后一|(首))个?(天|月|季度)(?![的]?[前后])")
def numbered_part(match: re.Match[str]) -> Meaning | None:
    nth = read_whole(match[1]) if match[1] else (1 if match[2] else -1)
    if not nth or nth > 366:
        return None
    grain: Grain = {"天": "day", "月": "month"}.get(match[3], "quarter")  # type: ignore[assignment]
    return Meaning(grain, nth_of(nth, match[3]))


@reads(rf"(?<=[年月度份的])的?(前|后)({NUMBER})个?(天|日|月|季度)")
def leading_part(match: re.Match[str]) -> Meaning | None:
    count = read_whole(match[2])
    if not count or count > 366:
        return None
    return Meaning("day", leading(count, match[3], front=match[1] == "前"))


SEASONS = {
    "春": ((3, 20), (6, 21)),
    "夏": ((6, 21), (9, 23)),
    "秋": ((9, 23), (12, 21)),
    "冬": ((12, 21), (3, 20)),
    "暑": ((7, 1), (9, 1)),
}


@reads(r"(?<=年)的?(?:([春夏秋冬])(?:季|天)?|(暑)假)(?!节|运|游|装)")
def season(match: re.Match[str]) -> Meaning:
    opening, closing = SEASONS[match[1] or match[2]]

    def place(within: Window | None, scene: Scene) -> Window | None:
        if within is None or within.grain != "year":
            return None
        year = within.first.year
        start, end = real_day(year, *opening), real_day(year + (closing < opening), *closing)
        return Window(start.start, end.start, "quarter", excluded=True) if start and end else None

    return Meaning("quarter", place)
