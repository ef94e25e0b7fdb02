"""Days and moments around today, as a company in East China counts them."""

from datetime import date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Shanghai")
OPENS_MINUTE, CLOSES_MINUTE = 9 * 60, 17 * 60


def workday(day: date, steps: int) -> date:
    """The weekday so many weekdays after a day, or before it where `steps` is negative."""
    way = timedelta(days=1 if steps >= 0 else -1)
    left = abs(steps)
    while left:
        day += way
        left -= day.weekday() < 5
    return day


def during(day: date, rng: Random) -> datetime:
    """Some moment of that day's office hours."""
    minutes = rng.randrange(OPENS_MINUTE, CLOSES_MINUTE)
    return midnight(day) + timedelta(minutes=minutes)


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(), ZONE)


def spoken(day: date) -> str:
    return f"{day.month}月{day.day}日"
