"""Events of the app's own calendar, which colleagues are invited to [创建日程, 添加日程参与人,
更新日程, 删除日程, 查询主日历日程忙闲信息].

Reminders hold for the app alone: whoever is invited is reminded as he has set for himself.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bot.platforms.feishu.client import FeishuClient, id_type
from bot.platforms.pace import Pace
from bot.platforms.protocol import CalendarEvent, Now, Rejected

V4 = "/open-apis/calendar/v4"
ZONE = "Asia/Shanghai"
GONE = ("193001", "193003")
"""No such event; it was deleted."""


class FeishuCalendar:
    """Implements `Calendar` and `TellsBusy`."""

    def __init__(self, client: FeishuClient, now: Now, pace: Pace) -> None:
        self._client = client
        self._now = now
        self._pace = pace
        self._own = ""
        self._finding_own = asyncio.Lock()

    async def add(self, who: str, event: CalendarEvent, *, key: str) -> str:
        """Nobody sees an event before he is invited: the two belong together."""
        path = await self._events()
        made = await self._call("POST", path, _body(event), idempotency_key=key)
        event_id = str((made.get("event") or {}).get("event_id", ""))
        if not event_id:
            raise Rejected("feishu made an event without an id", code="calendar")
        person = who.removeprefix("feishu:")
        invited = {"type": "user", "user_id": person}
        await self._call(
            "POST",
            f"{path}/{event_id}/attendees",
            {"attendees": [invited], "need_notification": False},
            user_id_type=id_type(person),
        )
        return event_id

    async def move(self, who: str, event_id: str, event: CalendarEvent) -> None:
        body = _body(event) | {"need_notification": False}
        await self._call("PATCH", f"{await self._events()}/{event_id}", body)

    async def remove(self, who: str, event_id: str) -> None:
        path = f"{await self._events()}/{event_id}"
        try:
            await self._call("DELETE", path, None, need_notification="false")
        except Rejected as refusal:
            if refusal.code not in GONE:
                raise

    async def busy(
        self, who: str, begins: datetime, ends: datetime
    ) -> Sequence[tuple[datetime, datetime]]:
        person = who.removeprefix("feishu:")
        body = {
            "time_min": begins.isoformat(timespec="seconds"),
            "time_max": ends.isoformat(timespec="seconds"),
            "user_id": person,
        }
        path = f"{V4}/freebusy/list"
        told = await self._call("POST", path, body, user_id_type=id_type(person))
        found = [_ends(one) for one in told.get("freebusy_list") or ()]
        return [(start, end) for start, end in found if start < ends and end > begins]

    async def _events(self) -> str:
        """Below the app's own calendar, which is found once."""
        async with self._finding_own:
            if not self._own:
                told = await self._call("POST", f"{V4}/calendars/primary", {})
                first: dict[str, Any] = next(iter(told.get("calendars") or ()), {})
                self._own = str((first.get("calendar") or {}).get("calendar_id", ""))
        if not self._own:
            raise Rejected("feishu tells no calendar of the app", code="calendar")
        return f"{V4}/calendars/{self._own}/events"

    async def _call(
        self, method: str, path: str, body: dict[str, Any] | None, **params: str
    ) -> dict[str, Any]:
        self._pace.take(self._now(), api=f"{method} {path.partition('/events/')[0]}")
        return await self._client.call(method, path, params=params, body=body)


def _body(event: CalendarEvent) -> dict[str, Any]:
    """Without `no_meeting` the first guest would get a video conference."""
    return {
        "summary": event.title,
        "description": event.text,
        "start_time": _moment(event.begins),
        "end_time": _moment(event.ends),
        "vchat": {"vc_type": "no_meeting"},
        "free_busy_status": "busy",
        "attendee_ability": "can_see_others",
        "reminders": [{"minutes": event.remind_minutes}],
    }


def _moment(value: datetime) -> dict[str, str]:
    return {"timestamp": str(int(value.timestamp())), "timezone": ZONE}


def _ends(one: dict[str, Any]) -> tuple[datetime, datetime]:
    start, end = (datetime.fromisoformat(str(one[name])) for name in ("start_time", "end_time"))
    return start, end
