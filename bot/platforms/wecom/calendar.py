"""Events in members' calendars (日程), which belong to the app [D93648, D97787].

There is no key against doubles and no call that tells when somebody is busy.
"""

from typing import Any

import structlog

from bot.platforms.pace import Pace
from bot.platforms.protocol import CalendarEvent, Now, Rejected, Unauthorized, Unreachable
from bot.platforms.wecom.client import Client
from bot.platforms.wecom.desk import user_of

log = structlog.get_logger()

FORBIDDEN = "48002"
NOT_GRANTED = "48002。处理：请管理员到管理后台 → 协作 → 日程 → 可调用接口的应用，加上本应用"
"""Short, because it stands on a card."""
UNCLEAR = "企业微信没回音，可能已经加上。处理：先看一眼日历，没有再点一次"


class WeComCalendar:
    """Implements `Calendar`."""

    def __init__(self, client: Client, agent_id: int, now: Now, pace: Pace) -> None:
        self._client = client
        self._agent_id = agent_id
        self._now = now
        self._pace = pace

    async def add(self, who: str, event: CalendarEvent, *, key: str) -> str:
        body = {"schedule": _schedule(who, event), "agentid": self._agent_id}
        try:
            made = await self._post("add", body)
        except Unreachable as silence:
            log.warning("wecom.schedule_unclear", reason=str(silence))
            raise Rejected(UNCLEAR, code="unclear") from None
        return str(made.get("schedule_id", ""))

    async def move(self, who: str, event_id: str, event: CalendarEvent) -> None:
        """What is not named is emptied."""
        await self._post("update", {"schedule": {"schedule_id": event_id, **_schedule(who, event)}})

    async def remove(self, who: str, event_id: str) -> None:
        """The documents name no code for one that is gone: a refusal is told."""
        await self._post("del", {"schedule_id": event_id})

    async def _post(self, name: str, body: dict[str, Any]) -> dict[str, Any]:
        path = f"oa/schedule/{name}"
        self._pace.take(self._now(), api=path)
        try:
            return await self._client.post(path, body)
        except Unauthorized as refusal:
            if FORBIDDEN not in str(refusal):
                raise
            raise Unauthorized(NOT_GRANTED) from None


def _schedule(who: str, event: CalendarEvent) -> dict[str, Any]:
    user, offset = user_of(who), event.begins.utcoffset()
    seconds = event.remind_minutes * 60
    return {
        "admins": [user],
        "attendees": [{"userid": user}],
        "summary": event.title,
        "description": event.text,
        "start_time": int(event.begins.timestamp()),
        "end_time": int(event.ends.timestamp()),
        "is_whole_day": 0,
        "reminders": {
            "is_remind": 1,
            "is_repeat": 0,
            "remind_before_event_secs": seconds,
            "remind_time_diffs": [-seconds],
            "timezone": int(offset.total_seconds() // 3600) if offset is not None else 8,
        },
    }
