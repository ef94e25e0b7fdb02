"""Where the edges and the numbered parts of a period lie: 月底, 第二周, the first three days."""

from datetime import timedelta

from nlp.time.grammar import Place
from nlp.time.places.periods import period
from nlp.time.types import Grain
from nlp.time.window import (
    DAY,
    Scene,
    Window,
    add_months,
    day_of,
    month_of,
    months_from,
    week_of,
    year_of,
)

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


EDGED: dict[str, Grain] = {"月": "month", "年": "year", "周": "week", "季": "quarter"}


def edge_of(unit: str, edge: str) -> Place:
    grain = EDGED[unit]

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
