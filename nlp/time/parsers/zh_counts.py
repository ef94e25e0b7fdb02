"""Chinese counts of time from now: 三天内, 两周后, 5个工作日, 过两天, 最近三个月."""

import re
from datetime import datetime, timedelta
from typing import NamedTuple

from nlp.numbers import ZH_DIGIT, ZH_NUMERAL, read_near
from nlp.time.grammar import Meaning, Place, reads
from nlp.time.types import Grain
from nlp.time.window import (
    DAY,
    Scene,
    Window,
    add_months,
    at_midnight,
    day_of,
    midnight,
    month_of,
    quarter_of,
    shifted,
    week_of,
    year_of,
)
from nlp.time.workdays import workdays_after

UNITS = "秒钟?|分钟?|刻钟?|小时|钟头|工作日|交易日|天|日|周|星期|礼拜|季度|年"
QUANTITY = rf"\d{{1,4}}(?:\.\d)?|[{ZH_NUMERAL}]{{1,6}}|半"
# 三月 is March; a length is 三个月, or 半月, 两月, 仨月, which name no month.
ONE = rf"(?:(?:{QUANTITY})\s?[多来]?(?:个?多?半?(?:{UNITS})|个多?半?月)|(?:[半两俩仨]|(?<=[前后近])三)月)[半多]?钟?"
AMOUNT = rf"(?<![\d.第周月]|[{ZH_NUMERAL}])(?<!星期)({ONE}(?:[又零余和]?(?:{ONE})){{0,2}})"
PART = re.compile(rf"({QUANTITY})\s?[多来]?个?多?(半?)({UNITS}|月)(半?)")
MOST_YEARS = 200
"""Beyond that the number is the name of a year."""
NOT_AHEAD = "往|台|端|面|期|景|提(?![交供出])|言|任|沿|进|段|瞻|列|途|辈|线|排|后|夕"


HOURS = {"秒": 1 / 3600, "分": 1 / 60, "刻": 0.25, "小": 1, "钟": 1}
DAYS = {"天": 1, "日": 1, "周": 7, "星": 7, "礼": 7}
MONTHS = {"月": 1, "季": 3, "年": 12}


class Amount(NamedTuple):
    """A length of time; approximate ones keep their upper bound."""

    months: int = 0
    days: float = 0
    hours: float = 0
    workdays: int = 0
    grain: Grain = "day"
    unit: str = "天"
    assumed: str = ""

    @property
    def clocked(self) -> bool:
        return self.grain == "minute"

    def plus(self, value: float, unit: str) -> "Amount":
        """Half a month is 15 days, half a year six months."""
        head = unit[0]
        if unit in ("工作日", "交易日"):
            return self._replace(workdays=self.workdays + int(value), unit=unit)
        if head in MONTHS:
            months = value * MONTHS[head]
            days = self.days + (15 if months % 1 else 0)
            return self._replace(months=self.months + int(months), days=days, unit=unit)
        if head in DAYS:
            return self._replace(days=self.days + value * DAYS[head], unit=unit)
        hours = self.hours + value * HOURS[head]
        return self._replace(hours=hours, grain="minute", unit=unit)


def read_amount(words: str) -> Amount | None:
    total = Amount()
    for quantity, half, unit, tail in PART.findall(words):
        if quantity == "半":
            low = high = 0.5
        elif "." in quantity:
            low = high = float(quantity)
        else:
            near = read_near(quantity)
            if near is None:
                return None
            low, high = near
        spelt_year = len(quantity) == 2 and low == high and set(quantity) <= set(ZH_DIGIT)
        if unit == "年" and (high > MOST_YEARS or spelt_year):
            return None
        note = "约数，取后一个" if low != high else ""
        value = high + (0.5 if half or tail else 0)
        total = total.plus(value, unit)._replace(assumed=note)
    return total


def move(moment: datetime, amount: Amount, sign: int) -> datetime | None:
    """`moment` that much later or earlier."""
    if amount.workdays:
        day = workdays_after(moment.date(), sign * amount.workdays)
        return at_midnight(day) if day else None
    there = add_months(moment, sign * amount.months)
    if there is None:
        return None
    return shifted(there, days=sign * amount.days, hours=sign * amount.hours)


def away(amount: Amount, sign: int) -> Place:
    """The day, or the minute, that far from now."""

    def place(within: Window | None, scene: Scene) -> Window | None:
        if within is not None:
            return None
        exact = amount.clocked or amount.days % 1
        there = move(scene.now if exact else scene.today, amount, sign)
        if there is None:
            return None
        if exact:
            return Window(there, there + timedelta(hours=1), "minute", assumed=amount.assumed)
        return day_of(there).noting(amount.assumed)

    return place


def around(amount: Amount, sign: int) -> Place | None:
    """The calendar week, month or year that far from now, for a finer piece to lie in."""
    head = amount.unit[0]
    if amount.days and head in MONTHS or head not in "周星礼月季年":
        return None

    def place(within: Window | None, scene: Scene) -> Window | None:
        there = move(scene.today, amount, sign) if within is None else None
        if there is None:
            return None
        if head == "年":
            return year_of(there.year)
        return {"月": month_of, "季": quarter_of}.get(head, week_of)(there)

    return place


HELD: dict[str, Grain] = {"月": "month", "季": "quarter", "年": "year"}


def counted(words: str, sign: int) -> Meaning | None:
    amount = read_amount(words)
    if amount is None:
        return None
    hold = around(amount, sign)
    grain: Grain = "minute" if amount.clocked else "day"
    reach = hold and HELD.get(amount.unit[0], "week")
    return Meaning(grain, away(amount, sign), hold, reach)


@reads(
    rf"{AMOUNT}(?:以|之|过)?后(?!半|续|面|台|悔)|(?:再?过|再等)了?\s?{AMOUNT}(?:[以之]?后)?(?!节|程|去)"
)
def time_after(match: re.Match[str]) -> Meaning | None:
    return counted(match[1] or match[2], 1)


@reads(rf"{AMOUNT}(?:以|之)?前(?!{NOT_AHEAD})")
def time_ago(match: re.Match[str]) -> Meaning | None:
    if match[1].endswith("日"):
        return None
    return counted(match[1], -1)


def until(amount: Amount) -> Place:
    def place(within: Window | None, scene: Scene) -> Window | None:
        if within is not None and within.grain != "day":
            return None
        if amount.clocked:
            end = move(scene.now, amount, 1)
            return end and Window(scene.now, end, "minute", "deadline", amount.assumed)
        start = within.first if within else scene.today
        end = move(start, amount, 1)
        if end is None:
            return None
        end = midnight(end) + DAY
        return Window(start, end, "day", "deadline", amount.assumed)

    return place


def _names_no_length(words: str) -> bool:
    """3年交, 3日交: not "within"."""
    return words[-1] in "年月" or (words[-1] == "日" and not words.endswith(("工作日", "交易日")))


SINCE_EVENT = re.compile(r"(?:后|起|[完毕到][\u4e00-\u9fff]{0,5}|之日|自)\s?$")
PROMISED = "交|到货|发货|出货|寄|搞定|完成|给|出|送"


@reads(
    rf"(?:还要|还需要?|还得|还有|还剩|需要|在)?\s?{AMOUNT}(?:以内|之内|内|里面|里(?![程头]))"
    rf"|(?:还要|还需要?|还得|还剩|需要)\s?{AMOUNT}(?![前后])"
    rf"|{AMOUNT}(?=(?:就|才|可以|能|就能|左右)?(?:{PROMISED}))"
)
def time_within(match: re.Match[str]) -> Meaning | None:
    words = match[1] or match[2] or match[3]
    amount = read_amount(words)
    if amount is None or (not match[1] and _names_no_length(words)):
        return None
    before = match.string[max(0, match.start() - 8) : match.start()]
    if SINCE_EVENT.search(before):
        return Meaning("day", no_date, kind="duration")
    return Meaning("minute" if amount.clocked else "day", until(amount), beside=True)


def no_date(within: Window | None, scene: Scene) -> Window | None:
    return None


def rolling(amount: Amount, sign: int) -> Place:
    """The stretch of that length that ends, or opens, now."""

    def place(within: Window | None, scene: Scene) -> Window | None:
        if within is not None:
            return None
        here = scene.now if amount.clocked else scene.today
        if amount.unit == "季度":
            return whole_quarters(scene, amount, sign)
        there = move(here, amount, sign)
        if there is None:
            return None
        return Window(min(here, there), max(here, there), amount.grain, "range")

    return place


def whole_quarters(scene: Scene, amount: Amount, sign: int) -> Window | None:
    count = amount.months // 3
    first = quarter_of(scene.today, 1 if sign > 0 else -count)
    last = quarter_of(scene.today, count if sign > 0 else -1)
    return Window(first.start, last.end, "day", "range") if first and last else None


PAST = "最近|近|过去|此前|之前|前|上|这"
FUTURE = "未来|今后|接下来|往后|此后|后|下"


@reads(
    rf"(?<![以之提目今年月季日号向而])(?:({PAST})|({FUTURE}))的?这?\s?{AMOUNT}(?:以?来|[之以]?内|里|间)?(?![前后])"
)
def rolling_span(match: re.Match[str]) -> Meaning | None:
    amount = read_amount(match[3])
    if amount is None or _follows_an_event(match):
        return None
    return Meaning("day", rolling(amount, -1 if match[1] else 1), kind="range")


def _follows_an_event(match: re.Match[str]) -> bool:
    """In 验收后三天内 the 后 belongs to what is before it."""
    before = match.string[max(0, match.start() - 1) : match.start()]
    return match[2] == "后" and "\u4e00" <= before <= "\u9fff" and before not in "在这的"


@reads(rf"{AMOUNT}以来")
def time_since(match: re.Match[str]) -> Meaning | None:
    amount = read_amount(match[1])
    if amount is None:
        return None

    def place(within: Window | None, scene: Scene) -> Window | None:
        start = move(scene.today, amount, -1) if within is None else None
        return start and Window(start, scene.today + DAY, "day", "range")

    return Meaning("day", place, kind="range")


@reads(rf"{AMOUNT}(?:以[上下]|左右|时间)?")
def bare_amount(match: re.Match[str]) -> Meaning | None:
    """账期60天: a length, not a date."""
    return Meaning("day", no_date, kind="duration") if read_amount(match[1]) else None


@reads(r"这(?:一两|两|二|两三)[天日](?:内|之内|里)?(?!前|后)")
def these_days(match: re.Match[str]) -> Meaning:
    def place(within: Window | None, scene: Scene) -> Window | None:
        return Window(scene.today, scene.today + 3 * DAY, "day", "range", "按今天起三天内")

    return Meaning("day", place, kind="range")


@reads(rf"(?<=[节日号天末])[之的]?([前后])({QUANTITY})个?(天|日|周|星期|礼拜)(?!内)")
def moved_day(match: re.Match[str]) -> Meaning | None:
    """教师节前一天: counted from the day named before it."""
    amount = read_amount(match[2] + match[3])
    if amount is None:
        return None
    sign = 1 if match[1] == "后" else -1

    def place(within: Window | None, scene: Scene) -> Window | None:
        if within is None or within.grain != "day":
            return None
        there = move(within.first, amount, sign)
        return day_of(there) if there else None

    return Meaning("day", place, beside=True)
