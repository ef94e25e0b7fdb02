"""Events in colleagues' own calendars (日程) [创建日程, 修改日程, 删除日程, 查询闲忙状态]."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from bot.platforms.dingtalk.client import DingTalkClient
from bot.platforms.dingtalk.unions import Unions
from bot.platforms.pace import Pace
from bot.platforms.protocol import CalendarEvent, Now, Rejected

ZONE = "Asia/Shanghai"
"""Offsets stand in the times; the calendar wants a name beside them."""
BUSY = ("busy", "tentative")


class DingTalkCalendar:
    """Implements `Calendar` and `TellsBusy`. People are `unionId`s there."""

    def __init__(self, client: DingTalkClient, unions: Unions, now: Now, pace: Pace) -> None:
        self._client = client
        self._now = now
        self._pace = pace
        self._unions = unions

    async def add(self, who: str, event: CalendarEvent, *, key: str) -> str:
        """The key is good for a day."""
        path = await self._events(who)
        made = await self._call("add", "POST", path, _body(event), key=key)
        if not made.get("id"):
            raise Rejected("dingtalk made an event without an id", code="calendar")
        return str(made["id"])

    async def move(self, who: str, event_id: str, event: CalendarEvent) -> None:
        path = await self._events(who)
        body = _body(event) | {"id": event_id}
        await self._call("move", "PUT", f"{path}/{quote(event_id, safe='')}", body)

    async def remove(self, who: str, event_id: str) -> None:
        path = await self._events(who)
        await self._call("remove", "DELETE", f"{path}/{quote(event_id, safe='')}", {})

    async def busy(
        self, who: str, begins: datetime, ends: datetime
    ) -> Sequence[tuple[datetime, datetime]]:
        union = await self._unions.of(_user(who))
        path = f"/v1.0/calendar/users/{quote(union, safe='')}/querySchedule"
        body = {
            "userIds": [union],
            "startTime": begins.isoformat(timespec="seconds"),
            "endTime": ends.isoformat(timespec="seconds"),
        }
        told = await self._call("busy", "POST", path, body)
        found = [
            _ends(item)
            for person in told.get("scheduleInformation") or ()
            for item in person.get("scheduleItems") or ()
            if str(item.get("status", "")).lower() in BUSY
        ]
        return [(start, end) for start, end in found if start < ends and end > begins]

    async def _events(self, who: str) -> str:
        union = await self._unions.of(_user(who))
        return f"/v1.0/calendar/users/{quote(union, safe='')}/calendars/primary/events"

    async def _call(
        self, name: str, method: str, path: str, body: dict[str, Any], *, key: str = ""
    ) -> dict[str, Any]:
        self._pace.take(self._now(), api=f"calendar {name}")
        return await self._client.call(method, path, body, key=key)


def _user(address: str) -> str:
    return address.removeprefix("dingtalk:")


def _body(event: CalendarEvent) -> dict[str, Any]:
    return {
        "summary": event.title,
        "description": event.text,
        "start": _moment(event.begins),
        "end": _moment(event.ends),
        "reminders": [{"method": "dingtalk", "minutes": event.remind_minutes}],
    }


def _moment(value: datetime) -> dict[str, str]:
    return {"dateTime": value.isoformat(timespec="seconds"), "timeZone": ZONE}


def _ends(item: dict[str, Any]) -> tuple[datetime, datetime]:
    start, end = (datetime.fromisoformat(str(item[name]["dateTime"])) for name in ("start", "end"))
    return start, end
