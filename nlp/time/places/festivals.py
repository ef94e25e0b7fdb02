"""Where a festival lies, what is before it, and the working day after it."""

from collections.abc import Callable
from datetime import date

from nlp.numbers import read_whole
from nlp.time.grammar import Place
from nlp.time.holidays import back_to_work, break_around, coming_break, new_years_eve, opening_day
from nlp.time.lunar import lunar_date, month_span
from nlp.time.window import DAY, Scene, Window, at_midnight, day_of
from nlp.time.workdays import workdays_after


def yearly(day_in: Callable[[int], date | None], *, excluded: bool = True) -> Place:
    """The day in the year named before, or in the coming one."""

    def place(within: Window | None, scene: Scene) -> Window | None:
        if within is not None and within.grain != "year":
            return None
        year = within.first.year if within else scene.today.year + scene.skip
        if within and day_in is new_years_eve:
            year = eve_year(year, scene)
        day = day_in(year)
        return day_of(at_midnight(day))._replace(excluded=excluded) if day else None

    return place


def eve_year(named: int, scene: Scene) -> int:
    """The eve of 2025 closes that lunar year, early in 2026, unless this year's is still ahead."""
    eve = new_years_eve(named)
    ahead = named == scene.today.year and eve is not None and at_midnight(eve) >= scene.today
    return named if ahead else named + 1


def before_day(day: date, scene: Scene) -> Window:
    return Window(
        scene.today, at_midnight(day), "day", "deadline", "节前不含放假当天", excluded=True
    )


def nth_after(first: date | None, nth: str | None) -> Window | None:
    """The nth working day, the first one being `first`."""
    if first is None:
        return None
    later = (read_whole(nth) or 1) - 1 if nth else 0
    day = workdays_after(first, later) if later else first
    return day_of(at_midnight(day)).noting("节后取首个工作日") if day else None


def lunar_place(month: int, day: int | None, *, leap: bool) -> Place:
    def place(within: Window | None, scene: Scene) -> Window | None:
        if within is not None and within.grain != "year":
            return None
        # The twelfth month mostly falls in the January after its year, so one year earlier
        # is tried first; a named year is taken as the lunar one.
        year = within.first.year if within else scene.today.year + scene.skip - (month > 10)
        if day is not None:
            there = lunar_date(year, month, day)
            return day_of(at_midnight(there)) if there else None
        span = month_span(year, month, leap=leap)
        if span is None:
            return None
        opening = at_midnight(span[0])
        return Window(opening, opening + span[1] * DAY, "day", "range", excluded=True)

    return place


def in_year_of(within: Window | None, scene: Scene) -> int | None:
    """The year named before, else the current one or one of those that follow."""
    if within is None:
        return scene.today.year + scene.skip
    return within.first.year if within.grain == "year" else None


def before_festival(name: str) -> Place:
    """Until the day before the festival's break; New Year's Day itself for 春节."""

    def place(within: Window | None, scene: Scene) -> Window | None:
        year = in_year_of(within, scene)
        day = opening_day(name, year) if year else None
        return before_day(day, scene) if day else None

    return place


def after_festival(name: str, nth: str | None = None) -> Place:
    """The first, or nth, working day after the festival's break."""

    def place(within: Window | None, scene: Scene) -> Window | None:
        year = in_year_of(within, scene)
        return nth_after(back_to_work(name, year), nth) if year else None

    return place


def during_festival(name: str) -> Place:
    """The whole break."""

    def place(within: Window | None, scene: Scene) -> Window | None:
        year = in_year_of(within, scene)
        days = break_around(name, year) if year else None
        if days is None:
            return None
        start, end = at_midnight(days[0]), at_midnight(days[1]) + DAY
        return Window(start, end, "day", "range", excluded=True)

    return place


def before_coming_break(within: Window | None, scene: Scene) -> Window | None:
    """Before the official holiday that comes next."""
    if within is not None:
        return None
    day = opening_day(*coming_break(scene.today.date()))
    return before_day(day, scene) if day and at_midnight(day) > scene.today else None


def after_coming_break(nth: str | None = None) -> Place:
    """A working day after the holiday that is running or comes next."""

    def place(within: Window | None, scene: Scene) -> Window | None:
        if within is not None:
            return None
        return nth_after(back_to_work(*coming_break(scene.today.date())), nth)

    return place
