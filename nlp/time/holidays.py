"""Festivals by name: their day, and the official break around it."""

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial

from nlp.time.lunar import lunar_date, new_year
from nlp.time.workdays import next_workday, official_break

DAY = timedelta(days=1)
DayOfYear = Callable[[int], date | None]


def fixed(month: int, day: int, year: int) -> date | None:
    return date(year, month, day) if 1 < year < 9998 else None


def lunar(month: int, day: int, year: int) -> date | None:
    return lunar_date(year, month, day)


def nth_weekday(month: int, weekday: int, nth: int, year: int) -> date | None:
    """The nth Monday, Tuesday … of a month; -1 is the last one."""
    if not 1 < year < 9998:
        return None
    if nth > 0:
        first = date(year, month, 1)
        there = first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (nth - 1))
        return there if there.month == month else None
    behind = date(year + month // 12, month % 12 + 1, 1)
    back = (behind.weekday() - 1 - weekday) % 7 + 1
    return behind - timedelta(days=back + 7 * (-nth - 1))


def new_years_eve(year: int) -> date | None:
    """The eve of the lunar year that opens in `year`."""
    opening = new_year(year)
    return opening - DAY if opening else None


def qingming(year: int) -> date | None:
    """The fifth solar term; the formula holds for this and the last century."""
    if not 1900 <= year < 2100:
        return None
    offset = 4.81 if year >= 2000 else 5.59
    return date(year, 4, int((year % 100) * 0.2422 + offset) - (year % 100) // 4)


def easter(year: int) -> date | None:
    """The anonymous Gregorian computus."""
    if not 1583 <= year < 9998:
        return None
    century, rest = divmod(year, 100)
    epact = (19 * (year % 19) + century - century // 4 - (8 * century + 13) // 25 + 15) % 30
    epact -= epact // 28 * (1 - epact // 28 * (29 // (epact + 1)) * ((21 - year % 19) // 11))
    weekday = (year + year // 4 + epact + 2 - century + century // 4) % 7
    day = epact - weekday
    month = 3 + (day + 40) // 44
    return date(year, month, day + 28 - 31 * (month // 4)) if rest >= 0 else None


def after_easter(days: int, year: int) -> date | None:
    sunday = easter(year)
    return sunday + timedelta(days=days) if sunday else None


def black_friday(year: int) -> date | None:
    thanksgiving = nth_weekday(11, 3, 4, year)
    return thanksgiving + DAY if thanksgiving else None


OFFICIAL: dict[str, DayOfYear] = {
    "元旦": partial(fixed, 1, 1),
    "春节": new_year,
    "清明": qingming,
    "五一": partial(fixed, 5, 1),
    "端午": partial(lunar, 5, 5),
    "中秋": partial(lunar, 8, 15),
    "国庆": partial(fixed, 10, 1),
}
USUAL_BREAK_DAYS = {"春节": 8, "五一": 5, "国庆": 7}
"""For years whose calendar has not been published."""

FESTIVALS: dict[str, DayOfYear] = {
    **OFFICIAL,
    "除夕": new_years_eve,
    "元宵": partial(lunar, 1, 15),
    "龙抬头": partial(lunar, 2, 2),
    "七夕": partial(lunar, 7, 7),
    "中元": partial(lunar, 7, 15),
    "重阳": partial(lunar, 9, 9),
    "腊八": partial(lunar, 12, 8),
    "情人节": partial(fixed, 2, 14),
    "女生节": partial(fixed, 3, 7),
    "妇女节": partial(fixed, 3, 8),
    "植树节": partial(fixed, 3, 12),
    "消费者日": partial(fixed, 3, 15),
    "愚人节": partial(fixed, 4, 1),
    "青年节": partial(fixed, 5, 4),
    "护士节": partial(fixed, 5, 12),
    "520": partial(fixed, 5, 20),
    "母亲节": partial(nth_weekday, 5, 6, 2),
    "儿童节": partial(fixed, 6, 1),
    "618": partial(fixed, 6, 18),
    "父亲节": partial(nth_weekday, 6, 6, 3),
    "建党节": partial(fixed, 7, 1),
    "建军节": partial(fixed, 8, 1),
    "教师节": partial(fixed, 9, 10),
    "万圣节": partial(fixed, 10, 31),
    "双十一": partial(fixed, 11, 11),
    "感恩节": partial(nth_weekday, 11, 3, 4),
    "黑色星期五": black_friday,
    "双十二": partial(fixed, 12, 12),
    "平安夜": partial(fixed, 12, 24),
    "圣诞": partial(fixed, 12, 25),
    "跨年夜": partial(fixed, 12, 31),
    "独立日": partial(fixed, 7, 4),
    "马丁路德金日": partial(nth_weekday, 1, 0, 3),
    "复活节": easter,
    "复活节星期一": partial(after_easter, 1),
    "圣灵降临节星期一": partial(after_easter, 50),
    "忏悔星期二": partial(after_easter, -47),
}


def break_around(name: str, year: int) -> tuple[date, date] | None:
    """First and last day off for the festival, by the official calendar or by custom."""
    day = FESTIVALS[name](year)
    if day is None:
        return None
    published = official_break(day) if name in OFFICIAL else None
    if published:
        return published
    first = day - DAY if name == "春节" else day
    return first, first + timedelta(days=USUAL_BREAK_DAYS.get(name, 1) - 1)


def opening_day(name: str, year: int) -> date | None:
    """The day that "before the festival" excludes: the break's first, but New Year's Day itself."""
    if name == "春节" or name not in OFFICIAL:
        return FESTIVALS[name](year)
    days_off = break_around(name, year)
    return days_off[0] if days_off else None


def back_to_work(name: str, year: int) -> date | None:
    """The first working day after the festival."""
    days_off = break_around(name, year)
    return next_workday(days_off[1] + DAY) if days_off else None


def coming_break(today: date) -> tuple[str, int]:
    """Name and year of the official holiday that is running or comes next."""
    coming: list[tuple[date, str, int]] = []
    for year in (today.year, today.year + 1):
        for name in OFFICIAL:
            days_off = break_around(name, year)
            if days_off and days_off[1] >= today:
                coming.append((days_off[1], name, year))
    _, name, year = min(coming, default=(today, "元旦", today.year + 1))
    return name, year
