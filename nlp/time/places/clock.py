"""Where an hour or a part of the day lies."""

from datetime import datetime, timedelta

from nlp.time.grammar import Meaning, Place
from nlp.time.types import Grain
from nlp.time.window import DAY, Scene, Window, midnight

HOUR = timedelta(hours=1)


PARTS: dict[str, tuple[int, int]] = {
    "凌晨": (0, 6),
    "拂晓": (4, 7),
    "黎明": (4, 7),
    "清晨": (6, 9),
    "早": (6, 9),
    "上午": (8, 12),
    "中午": (11, 13),
    "下午": (12, 18),
    "傍晚": (17, 19),
    "晚": (18, 24),
    "夜": (18, 24),
    "深夜": (22, 24),
    "白天": (8, 18),
}


LAST_OFFICE_HOUR_SAID_SMALL = 6
"""一点 to 六点 alone are in the afternoon; 七点 onwards are taken as they stand."""


def part_of(day: Window, hours: tuple[int, int]) -> Window:
    start, end = (day.first + timedelta(hours=hour) for hour in hours)
    return Window(start, end, "part_of_day")


def in_day(hours: tuple[int, int]) -> Place:
    def place(within: Window | None, scene: Scene) -> Window | None:
        if within is None:
            day = Window(scene.today, scene.today + DAY, "day")
            return part_of(day, hours)
        return part_of(within, hours) if within.grain == "day" else within

    return place


def moment_in_part(part: Window, hour: int, minute: int) -> datetime:
    """下午三点 is 15:00, 晚上十二点 the midnight that follows, 半夜一点 the early hours."""
    opens = part.first.hour
    if opens >= 22 and 1 <= hour <= 5:
        pass
    elif opens >= 18 and hour in (0, 12, 24):
        hour = 24
    elif opens >= 18 and 1 <= hour <= 4:
        hour += 24
    elif (opens >= 11 and hour < 9) or (opens >= 12 and hour < 12):
        hour += 12
    elif opens == 0 and hour == 12:
        hour = 0
    return midnight(part.first) + timedelta(hours=hour, minutes=minute)


def office_hour(hour: int, *, exact: bool, scene: Scene) -> int:
    """三点 is 15:00; the other reading is twelve hours away."""
    if exact or not 1 <= hour <= 12:
        return hour
    if 1 <= hour <= LAST_OFFICE_HOUR_SAID_SMALL:
        return hour if scene.other else hour + 12
    return (hour + 12) % 24 if scene.other and hour != 12 else hour


def on_clock(hour: int, minute: int, *, exact: bool, formal: bool, shown: bool) -> Place:
    grain: Grain = "minute" if shown else "hour"

    def place(within: Window | None, scene: Scene) -> Window | None:
        if within is not None and within.grain == "part_of_day" and not exact:
            start = moment_in_part(within, hour, minute)
            return Window(start, start + HOUR, grain)
        if within is not None and within.grain not in ("day", "part_of_day"):
            return within
        there = office_hour(hour, exact=exact or formal, scene=scene)
        day = midnight(within.first) if within else scene.today + scene.skip * DAY
        start = day + timedelta(hours=there, minutes=minute)
        note = "没说上午下午，按办公时间" if there != hour else ""
        return Window(start, start + HOUR, grain, assumed=note)

    return place


def clock_time(
    hour: int, minute: int, *, exact: bool = False, formal: bool = False, shown: bool = False
) -> Meaning:
    """`exact`: on the 24-hour clock. `formal`: 3时, so too unless a part of day was said.

    `shown`: minutes were said.
    """
    exact = exact or hour > 12
    return Meaning(
        "minute" if shown else "hour",
        on_clock(hour, minute, exact=exact, formal=formal, shown=shown),
        floats=True,
        disputed=not (exact or formal),
    )
