"""Working days by China's official calendar, make-up workdays included."""

from datetime import date, timedelta

from chinese_calendar import constants

DAY = timedelta(days=1)
LONGEST_COUNT = 2000


def is_workday(day: date) -> bool:
    """Monday to Friday where the official calendar has not been published yet."""
    if day in constants.holidays:
        return False
    return day.weekday() < 5 or day in constants.workdays


def workdays_after(day: date, count: int) -> date | None:
    """The `count`-th working day after `day`; negative counts backwards."""
    if not 0 < abs(count) <= LONGEST_COUNT:
        return day if count == 0 else None
    step = DAY if count > 0 else -DAY
    while count:
        day += step
        if is_workday(day):
            count -= 1 if count > 0 else -1
    return day


def next_workday(day: date) -> date:
    """`day` itself when it is a working day, else the first one after it."""
    while not is_workday(day):
        day += DAY
    return day


def official_break(day: date) -> tuple[date, date] | None:
    """First and last day of the official holiday that `day` belongs to."""
    if day not in constants.holidays:
        return None
    first = last = day
    while first - DAY in constants.holidays:
        first -= DAY
    while last + DAY in constants.holidays:
        last += DAY
    return first, last
