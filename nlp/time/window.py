"""Stretches of local time and the calendar arithmetic on them."""

from calendar import monthrange
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from nlp.time.types import Grain, Kind

DAY = timedelta(days=1)
WEEK = timedelta(days=7)

RANK: dict[Grain, int] = {
    "minute": 0,
    "hour": 1,
    "part_of_day": 2,
    "day": 3,
    "week": 4,
    "month": 5,
    "quarter": 6,
    "year": 7,
}
MONTHS: dict[Grain, int] = {"month": 1, "quarter": 3, "year": 12}


class Window(NamedTuple):
    """Local time without a zone; `end` is exclusive. One side may be open, never both."""

    start: datetime | None
    end: datetime | None
    grain: Grain
    kind: Kind = "point"
    assumed: str = ""
    excluded: bool = False
    """Whether "before" it leaves it out, as for holidays and periods."""

    @property
    def first(self) -> datetime:
        """Where a closed window opens."""
        if self.start is None:
            raise ValueError(f"{self} opens nowhere: ask for start where it may be missing")
        return self.start

    @property
    def last(self) -> datetime:
        """Where a closed window ends, exclusive."""
        if self.end is None:
            raise ValueError(f"{self} ends nowhere: ask for end where it may be missing")
        return self.end

    def noting(self, assumed: str) -> "Window":
        notes = [note for note in (self.assumed, assumed) if note]
        return self._replace(assumed="；".join(dict.fromkeys(notes)))


class Scene(NamedTuple):
    """What a reading may look at: the clock, and which of several readings is wanted."""

    now: datetime
    other: bool = False
    """Take the second reading where people differ."""
    skip: int = 0
    """How many recurrences to pass over: the first 15th, Wednesday or March may be past."""

    @property
    def today(self) -> datetime:
        return midnight(self.now)


def midnight(moment: datetime) -> datetime:
    return datetime(moment.year, moment.month, moment.day)


def at_midnight(day: date) -> datetime:
    return datetime.combine(day, time())


def add_months(moment: datetime, months: int) -> datetime | None:
    """The same day so many months on; the last day where the month is too short."""
    index = moment.year * 12 + moment.month - 1 + months
    year, month = index // 12, index % 12 + 1
    if not 1 < year < 9999:
        return None
    return moment.replace(year=year, month=month, day=min(moment.day, monthrange(year, month)[1]))


def shifted(moment: datetime, **amount: float) -> datetime | None:
    """`moment` plus a timedelta, or None beyond the calendar."""
    try:
        there = moment + timedelta(**amount)
    except OverflowError:
        return None
    return there if 1 < there.year < 9998 else None


def day_of(moment: datetime) -> Window:
    start = midnight(moment)
    return Window(start, start + DAY, "day")


def real_day(year: int, month: int, day: int) -> Window | None:
    """The day, or None if there is no such day."""
    try:
        start = datetime(year, month, day)
    except ValueError:
        return None
    return Window(start, start + DAY, "day") if 1 < year < 9998 else None


def week_of(moment: datetime, weeks: int = 0) -> Window | None:
    """The Monday-to-Sunday week `weeks` after the one of `moment`."""
    monday = shifted(midnight(moment), days=7 * weeks - moment.weekday())
    return Window(monday, monday + WEEK, "week", excluded=True) if monday else None


def months_from(year: int, month: int, grain: Grain) -> Window | None:
    """The month, quarter or year that opens with the given month."""
    if not (1 < year < 9998 and 1 <= month <= 12):
        return None
    start = datetime(year, month, 1)
    end = add_months(start, MONTHS[grain])
    return Window(start, end, grain, excluded=True) if end else None


def month_of(moment: datetime, months: int = 0) -> Window | None:
    there = add_months(moment.replace(day=1), months)
    return months_from(there.year, there.month, "month") if there else None


def year_of(year: int) -> Window | None:
    return months_from(year, 1, "year")


def quarter_of(moment: datetime, quarters: int = 0) -> Window | None:
    there = add_months(moment.replace(day=1), 3 * quarters)
    return months_from(there.year, (there.month - 1) // 3 * 3 + 1, "quarter") if there else None
