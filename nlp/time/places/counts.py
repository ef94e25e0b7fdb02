"""Lengths of time, and where they lead from now."""

from datetime import datetime, timedelta
from typing import NamedTuple

from nlp.time.grammar import Place
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

HOURS = {"秒": 1 / 3600, "分": 1 / 60, "刻": 0.25, "小": 1, "钟": 1}


DAYS = {"天": 1, "日": 1, "自": 1, "周": 7, "星": 7, "礼": 7}


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
    if (amount.days and head in MONTHS) or head not in "周星礼月季年":
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


def until(amount: Amount) -> Place:
    def place(within: Window | None, scene: Scene) -> Window | None:
        if within is not None and within.grain != "day":
            return None
        if amount.clocked:
            end = move(scene.now, amount, 1)
            return Window(scene.now, end, "minute", "deadline", amount.assumed) if end else None
        start = within.first if within else scene.today
        end = move(start, amount, 1)
        if end is None:
            return None
        end = midnight(end) + DAY
        return Window(start, end, "day", "deadline", amount.assumed)

    return place


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
