"""Where a day lies: in a week, in a month, in a year, or so many days from now."""

from datetime import timedelta

from nlp.time.grammar import Meaning, Place
from nlp.time.window import DAY, Scene, Window, add_months, day_of, month_of, real_day, week_of

WEEKDAYS = {day: index for index, day in enumerate("一二三四五六日")} | {"天": 6}


WEEKDAYS |= {str(index + 1): index for index in range(7)}


def offset_day(days: int) -> Place:
    def place(within: Window | None, scene: Scene) -> Window | None:
        return day_of(scene.today + timedelta(days=days)) if within is None else None

    return place


def weekday_window(monday: Window | None, weekday: str) -> Window | None:
    """One day of a week, or its end: 末, 六日."""
    if monday is None:
        return None
    if weekday in ("末", "六日", "六天"):
        saturday = monday.first + timedelta(days=5)
        return Window(saturday, saturday + 2 * DAY, "day", excluded=True)
    return day_of(monday.first + timedelta(days=WEEKDAYS[weekday]))


def falls_on(date: Window, weekday: str) -> bool:
    named = WEEKDAYS.get(weekday)
    return date.first.weekday() == named if named is not None else date.first.weekday() >= 5


def agrees(date: Window, weekday: str) -> Window:
    return date if falls_on(date, weekday) else date.noting("日期与星期不符")


def weekday_near(date: Window, weeks: int | None, weekday: str, scene: Scene) -> Window:
    """The day that the weekday names where the date is another one: of the week that is named, else
    the nearest to the date that has not passed."""
    if falls_on(date, weekday):
        return date
    if weeks is not None:
        return weekday_window(week_of(scene.today, weeks), weekday) or date
    around = [weekday_window(week_of(date.first, near), weekday) for near in (-1, 0, 1)]
    ahead = [window for window in around if window and window.last > scene.today]
    return min(ahead, key=lambda window: abs(window.first - date.first), default=date)


def in_week(weeks: int | None, weekday: str) -> Place:
    def place(within: Window | None, scene: Scene) -> Window | None:
        if within is not None and within.grain == "day":
            if scene.other:
                return weekday_near(within, weeks, weekday, scene)
            return agrees(within, weekday)
        if within is not None:
            named = within.grain == "week" and weeks is None
            return weekday_window(within, weekday) if named else None
        shift = scene.skip if weeks is None else weeks
        window = weekday_window(week_of(scene.today, shift), weekday)
        if scene.other and window is not None:
            return _other_week(window, weeks, scene)
        return window

    return place


def _other_week(window: Window, weeks: int | None, scene: Scene) -> Window:
    """On a Sunday some count 下周 from the day after next week; 这周一 may be the coming one."""
    later = Window(window.first + timedelta(days=7), window.last + timedelta(days=7), "day")
    sunday = scene.today.weekday() == 6 and weeks is not None and weeks > 0
    past = weeks == 0 and window.last <= scene.today
    today = weeks is None and window.first == scene.today
    return later if sunday or past or today else window


def in_month(day: int) -> Place:
    def place(within: Window | None, scene: Scene) -> Window | None:
        if within is None:
            there = add_months(scene.today.replace(day=1), scene.skip)
            within = month_of(there) if there else None
        if within is None or within.grain != "month":
            return None
        return real_day(within.first.year, within.first.month, day)

    return place


LONGEST_MONTH = {2: 29, 4: 30, 6: 30, 9: 30, 11: 30}


def days_in_month(first: int, last: int) -> Place:
    def place(within: Window | None, scene: Scene) -> Window | None:
        opening, closing = in_month(first)(within, scene), in_month(last)(within, scene)
        if opening is None or closing is None:
            return None
        return Window(opening.first, closing.last, "day", "range")

    return place


def fixed_day(year: int, month: int, day: int) -> Meaning | None:
    window = real_day(year, month, day)
    if window is None:
        return None

    def place(within: Window | None, scene: Scene) -> Window | None:
        return window if within is None else None

    return Meaning("day", place, loose=True)


def month_and_day(month: int, day: int) -> Place:
    def place(within: Window | None, scene: Scene) -> Window | None:
        if within is not None and within.grain != "year":
            return None
        year = within.first.year if within else scene.today.year + scene.skip
        return real_day(year, month, day)

    return place
