"""Chinese words for weeks, months, quarters and years, their edges and their parts."""

import re
from datetime import timedelta

from nlp.numbers import ZH_DIGIT, ZH_NUMERAL, read_whole
from nlp.time.grammar import Meaning, Place, reads
from nlp.time.parsers.zh_days import LONGEST_MONTH, NUMBER, WEEKDAYS, weeks_said
from nlp.time.types import Grain
from nlp.time.window import (
    DAY,
    WEEK,
    Scene,
    Window,
    add_months,
    day_of,
    month_of,
    months_from,
    quarter_of,
    real_day,
    week_of,
    year_of,
)

YEAR_OFFSETS = {"大前": -3, "前": -2, "去": -1, "上": -1, "今": 0, "本": 0, "当": 0, "这": 0}
YEAR_OFFSETS |= {"明": 1, "次": 1, "来": 1, "下": 1, "后": 2}


def relative(grain: Grain, offset: int) -> Place:
    """The calendar period so many steps from the current one."""

    def place(within: Window | None, scene: Scene) -> Window | None:
        if within is not None:
            if grain == "month" and offset == 0 and within.grain == "year":
                return months_from(within.first.year, scene.today.month, grain)
            return None
        return period(scene, grain, offset)

    return place


def period(scene: Scene, grain: Grain, offset: int) -> Window | None:
    if grain == "year":
        return year_of(scene.today.year + offset)
    step = {"week": week_of, "month": month_of, "quarter": quarter_of}[grain]
    return step(scene.today, offset)


def relative_week_place(weeks: int) -> Place:
    """On a Sunday some count 下周 from the week after the coming one."""

    def place(within: Window | None, scene: Scene) -> Window | None:
        if within is not None:
            return None
        later = scene.other and weeks > 0 and scene.today.weekday() == 6
        return week_of(scene.today, weeks + later)

    return place


@reads(
    r"(?<!每)(上{1,3}|(?<=一下)下|(?<!一)下{1,3}|这|本|当)一?个?(?:周|星期|礼拜)(?=周|星期|礼拜|(?!末|年|围|边|刊|报))"
)
def relative_week(match: re.Match[str]) -> Meaning:
    weeks = weeks_said(match[1]) or 0
    return Meaning("week", relative_week_place(weeks), disputed=weeks > 0)


@reads(r"(上{1,3}|下{1,3}|这|本|当|同)一?个?(月|季度?|半年)(?!球|[刊报])(?=份?)")
def relative_period(match: re.Match[str]) -> Meaning | None:
    offset = match[1].count("下") - match[1].count("上")
    if match[2] == "半年":
        return Meaning("quarter", half_year(offset))
    return Meaning("month" if match[2] == "月" else "quarter", _whole(match[2], offset))


def _whole(unit: str, offset: int) -> Place:
    return relative("month" if unit == "月" else "quarter", offset)


@reads(rf"(大前|前|去|上一?|今|本|明|后|次|来|下一?|当|这一)年度?(?![轻纪龄级货])")
def relative_year(match: re.Match[str]) -> Meaning:
    return Meaning("year", relative("year", YEAR_OFFSETS[match[1].rstrip("一")]))


def in_year(year: int) -> Place:
    def place(within: Window | None, scene: Scene) -> Window | None:
        return year_of(year) if within is None else None

    return place


def full_year(number: int) -> int:
    if number >= 100:
        return number
    return number + (2000 if number < 70 else 1900)


@reads(
    rf"(?<![\d.第]|[{ZH_NUMERAL}])(?:(\d{{4}})\s?年度?|([{ZH_DIGIT}]{{4}}|[二两]千[{ZH_NUMERAL}]{{0,4}})年度?"
    rf"|([九八零〇一二][{ZH_DIGIT}])年度?(?=\D)|(?:(?<=^)|(?<=[\s,，、。:：（(在于从到至自他她我的]))(\d\d)\s?年度?)"
    r"(?!\s?(?:前|后|内|来|多|半|级|龄|以[前后内上下来]|之[前后内]))"
)
def named_year(match: re.Match[str]) -> Meaning | None:
    words = match[1] or match[2] or match[3] or match[4]
    number = read_whole(words)
    if number is None or 100 <= number < 1000:
        return None
    return Meaning("year", in_year(full_year(number)))


@reads(
    r"(?<![\d.:-])((?:19|20)\d\d)(?=\s?(?:到|至|-|~|to|through|till|until)\s?(?:19|20)\d\d(?!\d|年|[.:/-]\d))"
    r"|(?:(?<=\d{4}[到至~-])|(?<=to )|(?<=through )|(?<=till ))((?:19|20)\d\d)(?![\d年.:/-])"
    r"|^((?:19|20)\d\d)$"
)
def bare_year(match: re.Match[str]) -> Meaning:
    """The years of 2016到2018."""
    return Meaning("year", in_year(int(match[1] or match[2] or match[3])))


@reads(
    rf"(?<![\d.]|[{ZH_NUMERAL}])(\d{{4}}|\d\d(?=年(?:\d|[{ZH_NUMERAL}]{{1,2}}月|第|[一二三四]季|以[前后]|底|末|初))"
    rf"|[{ZH_DIGIT}]{{4}}|\d\d(?=\s年))\s?年度?"
)
def dated_year(match: re.Match[str]) -> Meaning | None:
    """Years that stay years before 前 and 以后: four digits, or two with a month behind."""
    number = read_whole(match[1])
    if number is None or (number >= 100 and not 1000 < number < 3000):
        return None
    return Meaning("year", in_year(full_year(number)))


def month_in_year(month: int) -> Place:
    def place(within: Window | None, scene: Scene) -> Window | None:
        if within is None:
            return months_from(scene.today.year + scene.skip, month, "month")
        return months_from(within.first.year, month, "month") if within.grain == "year" else None

    return place


@reads(rf"(?<![\d.第]|[{ZH_NUMERAL}])({NUMBER})(?=[到至~-]{NUMBER}月)")
def opening_month(match: re.Match[str]) -> Meaning | None:
    """The first month of 3到5月."""
    month = read_whole(match[1])
    if month is None or not 1 <= month <= 12:
        return None
    return Meaning("month", month_in_year(month), floats=True)


@reads(r"今明两(年|天|日)")
def this_and_next(match: re.Match[str]) -> Meaning:
    def place(within: Window | None, scene: Scene) -> Window | None:
        if match[1] != "年":
            return Window(scene.today, scene.today + 2 * DAY, "day", "range")
        first, last = year_of(scene.today.year), year_of(scene.today.year + 1)
        return Window(first.start, last.end, "day", "range") if first and last else None

    return Meaning("day", place, kind="range")


@reads(
    rf"(?<![\d.第个]|[{ZH_NUMERAL}])({NUMBER})\s?月份?"
    rf"(?:(?=\s?的?\s?({NUMBER})(?:[号日]|\b|(?![\d{ZH_NUMERAL}个天月年]))))?(?![子饼球])"
)
def named_month(match: re.Match[str]) -> Meaning | None:
    month = read_whole(match[1])
    if month is None or not 1 <= month <= 12 or match[1][0] in "两俩仨":
        return None
    day = read_whole(match[2]) if match[2] else 1
    longest = LONGEST_MONTH.get(month, 31)
    if day is None or not 1 <= day <= longest:
        return None
    return Meaning("month", month_in_year(month), floats=True)


QUARTERS = {"一": 1, "二": 2, "三": 3, "四": 4, "首": 1, "1": 1, "2": 2, "3": 3, "4": 4, "末": 4}


def quarter_in_year(quarter: int) -> Place:
    def place(within: Window | None, scene: Scene) -> Window | None:
        if within is None:
            return months_from(scene.today.year + scene.skip, 3 * quarter - 2, "quarter")
        if within.grain != "year":
            return None
        return months_from(within.first.year, 3 * quarter - 2, "quarter")

    return place


@reads(r"(?:第?([一二三四1-4])个?|首|(最后一)个?)季度?(?![前后内])")
def named_quarter(match: re.Match[str]) -> Meaning:
    word = match[1] or ("末" if match[2] else "首")
    return Meaning("quarter", quarter_in_year(QUARTERS[word]), floats="个" not in match[0])


@reads(r"(?<![a-z\d])q([1-4])(?![\da-z])")
def short_quarter(match: re.Match[str]) -> Meaning:
    return Meaning("quarter", quarter_in_year(int(match[1])), floats=True, loose=True)


def half_year(index: int) -> Place:
    """Index 0 is January to June, 1 July to December; -1 and 1 also read as last and next."""

    def place(within: Window | None, scene: Scene) -> Window | None:
        if within is not None and within.grain != "year":
            return None
        year = within.first.year if within else scene.today.year + scene.skip
        opening = months_from(year, 7 if index > 0 else 1, "quarter")
        end = add_months(opening.first, 6) if opening else None
        return opening._replace(end=end) if opening and end else None

    return place


@reads(r"([上下前后])个?半年(?![前后内])")
def half_of_year(match: re.Match[str]) -> Meaning:
    return Meaning("quarter", half_year(int(match[1] in "下后")), floats=True)


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


EdgeDays = tuple[int, int | None]
MONTH_EDGES: dict[str, EdgeDays] = {
    "初": (1, 5),
    "头": (1, 5),
    "中": (15, 15),
    "上旬": (1, 10),
    "中旬": (11, 20),
    "下旬": (21, None),
}
LAST_DAY = ("底", "末", "尾")


def last_day(period_window: Window) -> Window:
    return day_of(period_window.last - DAY)


def month_edge(month: Window, edge: str) -> Window:
    if edge in LAST_DAY:
        return last_day(month)
    first, last = MONTH_EDGES[edge]
    start = month.first + timedelta(days=first - 1)
    end = month.first + timedelta(days=last) if last else month.last
    return Window(start, end, "day", excluded=first != last)


def year_edge(year: Window, edge: str) -> Window | None:
    if edge in LAST_DAY:
        return last_day(year)
    return months_from(year.first.year, 6 if edge == "中" else 1, "month")


def quarter_edge(quarter: Window, edge: str) -> Window | None:
    if edge in LAST_DAY:
        return last_day(quarter)
    return month_of(quarter.first, 1 if edge == "中" else 0)


def week_edge(week: Window, edge: str) -> Window:
    days = {"初": (0, 2), "头": (0, 2), "中": (2, 3)}.get(edge, (4, 5))
    return Window(
        week.first + timedelta(days=days[0]),
        week.first + timedelta(days=days[1]),
        "day",
        excluded=edge in "初头",
    )


def edge_of(unit: str, edge: str) -> Place:
    grain: Grain = {"月": "month", "年": "year", "周": "week", "季": "quarter"}[unit]

    def place(within: Window | None, scene: Scene) -> Window | None:
        if within is None:
            within = period(scene, grain, scene.skip)
        if within is None:
            return None
        if within.grain == "month" and edge != "伊始":
            return month_edge(within, edge)
        if within.grain == "week":
            return week_edge(within, edge)
        edges = {"year": year_edge, "quarter": quarter_edge}.get(within.grain)
        return edges(within, edge) if edges else None

    return place


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


def nth_week(nth: int) -> Place:
    """By ISO in a year; in a month the first week is the one of its first Monday."""

    def place(within: Window | None, scene: Scene) -> Window | None:
        within = within or year_of(scene.today.year)
        if within is None or within.grain not in ("year", "month"):
            return None
        fourth = within.first + timedelta(days=3)
        first = week_of(fourth) if within.grain == "year" else week_of(within.first + 6 * DAY)
        return week_of(first.first, nth - 1) if first else None

    return place


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


def nth_of(nth: int, unit: str) -> Place:
    """The nth day, month or quarter of the period named before; -1 is the last."""

    def place(within: Window | None, scene: Scene) -> Window | None:
        if within is None:
            return None
        if unit == "天":
            there = within.first + timedelta(days=nth - 1) if nth > 0 else within.last - DAY
            return day_of(there) if within.first <= there < within.last else None
        step = 1 if unit == "月" else 3
        months = step * (nth - 1) if nth > 0 else -step
        there_or_none = add_months(within.first if nth > 0 else within.last, months)
        if there_or_none is None or not within.first <= there_or_none < within.last:
            return None
        return months_from(
            there_or_none.year, there_or_none.month, "month" if unit == "月" else "quarter"
        )

    return place


@reads(rf"(?:第({NUMBER})|最后一|(首))个?(天|月|季度)(?![的]?[前后])")
def numbered_part(match: re.Match[str]) -> Meaning | None:
    nth = read_whole(match[1]) if match[1] else (1 if match[2] else -1)
    if not nth or nth > 366:
        return None
    grain: Grain = {"天": "day", "月": "month"}.get(match[3], "quarter")  # type: ignore[assignment]
    return Meaning(grain, nth_of(nth, match[3]))


def leading(count: int, unit: str, *, front: bool) -> Place:
    """今年前三季度, 4月前4天, 去年后两个月: from the edge of the period named before."""

    def place(within: Window | None, scene: Scene) -> Window | None:
        if within is None:
            return None
        if unit in "天日":
            step = timedelta(days=count)
            start = within.first if front else within.last - step
            return Window(start, start + step, "day", "range")
        months = count * {"季度": 3}.get(unit, 1)
        edge = within.first if front else within.last
        other = add_months(edge, months if front else -months)
        if other is None:
            return None
        return Window(min(edge, other), max(edge, other), "day", "range")

    return place


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
