"""Slow calls about calendars: put an event there, move it, take it away, ask who is busy."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from bot.platforms.protocol import (
    Calendar,
    CalendarEvent,
    KeepsCalendar,
    Platform,
    RateLimited,
    Rejected,
    TellsBusy,
    Unauthorized,
)
from bot.runtime.jobs import Call

WRITE, BUSY = "calendar.write", "calendar.busy"
LONGEST_WAIT_SECONDS = 300.0
"""Who has tapped a button is told of a limit that lasts longer."""

IsLow = Callable[[str], bool]
"""Whether little is left of a platform's month."""


def calendar_calls(platforms: Mapping[str, Platform], is_low: IsLow) -> dict[str, Call]:
    """By name and platform ("calendar.busy:feishu"), for those platforms that can."""
    calls: dict[str, Call] = {}
    for name, platform in platforms.items():
        if not isinstance(platform, KeepsCalendar):
            continue
        calls[f"{WRITE}:{name}"] = partial(_write, platform.calendar)
        if isinstance(platform.calendar, TellsBusy):
            calls[f"{BUSY}:{name}"] = partial(_ask, platform.calendar, partial(is_low, name))
    return calls


async def _write(calendar: Calendar, data: dict[str, str]) -> dict[str, Any]:
    """Somebody waits: what only an administrator can mend is told at once, not tried again."""
    try:
        return {"event": await _change(calendar, data)}
    except Unauthorized as refusal:
        raise Rejected(str(refusal), code="unauthorized") from None
    except RateLimited as limit:
        if limit.retry_after <= LONGEST_WAIT_SECONDS:
            raise
        raise Rejected(str(limit), code="limit") from None


async def _change(calendar: Calendar, data: dict[str, str]) -> str:
    who, event_id = data["address"], data["event"]
    if data["do"] == "remove":
        await calendar.remove(who, event_id)
        return ""
    event = CalendarEvent(
        data["title"],
        data["text"],
        datetime.fromisoformat(data["begins"]),
        datetime.fromisoformat(data["ends"]),
    )
    if data["do"] == "add":
        return await calendar.add(who, event, key=data["key"])
    await calendar.move(who, event_id, event)
    return event_id


async def _ask(
    calendar: TellsBusy, is_low: Callable[[], bool], data: dict[str, str]
) -> dict[str, Any]:
    """Nobody waits for it: with little left of the month it is not asked."""
    if await asyncio.to_thread(is_low):
        return {"busy": []}
    begins, ends = (datetime.fromisoformat(data[name]) for name in ("begins", "ends"))
    try:
        found = await calendar.busy(data["address"], begins, ends)
    except Unauthorized as refusal:
        raise Rejected(str(refusal), code="unauthorized") from None
    return {"busy": [[start.isoformat(), end.isoformat()] for start, end in found]}
