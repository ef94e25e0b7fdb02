"""Where a week, month, quarter or year lies."""

from nlp.time.grammar import Place
from nlp.time.types import Grain
from nlp.time.window import (
    Scene,
    Window,
    add_months,
    month_of,
    months_from,
    quarter_of,
    week_of,
    year_of,
)


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


def in_year(year: int) -> Place:
    def place(within: Window | None, scene: Scene) -> Window | None:
        return year_of(year) if within is None else None

    return place


def full_year(number: int) -> int:
    if number >= 100:
        return number
    return number + (2000 if number < 70 else 1900)


def month_in_year(month: int) -> Place:
    def place(within: Window | None, scene: Scene) -> Window | None:
        if within is None:
            return months_from(scene.today.year + scene.skip, month, "month")
        return months_from(within.first.year, month, "month") if within.grain == "year" else None

    return place


def quarter_in_year(quarter: int) -> Place:
    def place(within: Window | None, scene: Scene) -> Window | None:
        if within is None:
            return months_from(scene.today.year + scene.skip, 3 * quarter - 2, "quarter")
        if within.grain != "year":
            return None
        return months_from(within.first.year, 3 * quarter - 2, "quarter")

    return place


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
