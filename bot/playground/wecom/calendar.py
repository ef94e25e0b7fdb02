"""WeCom's schedules (日程), made by the app for members [D93648, D97787].

The documents name no code for an unknown `schedule_id` or a field that is too long: both are
refused with 40058 here.
"""

import secrets
from collections.abc import Callable
from typing import Any

from aiohttp import web

from bot.platforms.protocol import Now
from bot.playground.wecom.gate import Answer, ApiError, read_json
from bot.playground.world import Member

MOST_A_DAY = 10_000
MOST_ADMINS = 3
MOST_ATTENDEES = 1000
TITLE, TEXT = 128, 1000
BEFORE = (0, 300, 900, 3600, 86400)
EARLIEST, LATEST = -604800, 86399


class Schedules:
    """`kept` holds each schedule as it was written last, by its id."""

    def __init__(self, member: Callable[[str], Member | None], now: Now, agent_id: int) -> None:
        self.kept: dict[str, dict[str, Any]] = {}
        self.most_a_day = MOST_A_DAY
        self._member = member
        self._now = now
        self._agent_id = agent_id
        self._made: dict[str, int] = {}

    def of(self, user: str) -> list[dict[str, Any]]:
        """What a member's calendar shows."""
        return [one for one in self.kept.values() if {"userid": user} in one["attendees"]]

    async def add(self, request: web.Request) -> Answer:
        """The same body twice makes two."""
        _, body = await read_json(request)
        if body.get("agentid") not in (None, self._agent_id):
            raise ApiError(301002, "agentid does not belong to this app")
        schedule = self._checked(body)
        today = f"{self._now():%Y-%m-%d}"
        if self._made.get(today, 0) >= self.most_a_day:
            raise ApiError(45009, "too many schedules a day")
        self._made[today] = self._made.get(today, 0) + 1
        schedule_id = secrets.token_hex(16)
        self.kept[schedule_id] = schedule
        return {"schedule_id": schedule_id}

    async def update(self, request: web.Request) -> Answer:
        """The whole of it: what is not named is empty afterwards."""
        _, body = await read_json(request)
        schedule = self._checked(body)
        schedule_id = self._known(schedule.get("schedule_id"))
        self.kept[schedule_id] = schedule
        return {"schedule_id": schedule_id}

    async def delete(self, request: web.Request) -> Answer:
        _, body = await read_json(request)
        del self.kept[self._known(body.get("schedule_id"))]
        return {}

    def _known(self, schedule_id: Any) -> str:
        if schedule_id not in self.kept:
            raise ApiError(40058, "schedule_id invalid")
        return str(schedule_id)

    def _checked(self, body: dict[str, Any]) -> dict[str, Any]:
        schedule = body.get("schedule")
        if not isinstance(schedule, dict):
            raise ApiError(40058, "schedule missing")
        begins, ends = schedule.get("start_time"), schedule.get("end_time")
        if not isinstance(begins, int) or not isinstance(ends, int) or ends < begins:
            raise ApiError(40058, "start_time or end_time invalid")
        long = len(schedule.get("summary", "")) > TITLE
        if long or len(schedule.get("description", "")) > TEXT:
            raise ApiError(40058, "summary or description too long")
        self._check_people(schedule)
        _check_reminders(schedule.get("reminders", {}))
        return schedule

    def _check_people(self, schedule: dict[str, Any]) -> None:
        admins = schedule.get("admins", [])
        attendees = [one.get("userid", "") for one in schedule.get("attendees", [])]
        if len(admins) > MOST_ADMINS or len(attendees) > MOST_ATTENDEES:
            raise ApiError(40058, "too many admins or attendees")
        if any(self._member(user) is None for user in (*admins, *attendees)):
            raise ApiError(60111, "userid not found")
        if not set(admins) <= set(attendees):
            raise ApiError(40058, "an admin has to attend")


def _check_reminders(reminders: dict[str, Any]) -> None:
    if not reminders.get("is_remind"):
        return
    if reminders.get("remind_before_event_secs", 0) not in BEFORE:
        raise ApiError(40058, "remind_before_event_secs invalid")
    if not all(EARLIEST <= one <= LATEST for one in reminders.get("remind_time_diffs", ())):
        raise ApiError(40058, "remind_time_diffs invalid")
