"""The imitated company's calendars [创建日程, 修改日程, 删除日程, 查询闲忙状态]."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from bot.platforms.protocol import Now
from bot.playground.dingtalk.directory import union_id
from bot.playground.dingtalk.limits import Refusal
from bot.playground.world import World

EVENT_SCOPE = "Calendar.Event.Write"
BUSY_SCOPE = "Calendar.EventSchedule.Read"
TITLE, TEXT = 2048, 5000
MOST_ASKED = 20
KEY_LIFE = timedelta(days=1)


@dataclass(slots=True)
class Event:
    id: str
    owner: str
    """Whose primary calendar it is in, by unionId."""
    body: dict[str, Any]

    @property
    def hours(self) -> tuple[datetime, datetime]:
        return _moment(self.body, "start"), _moment(self.body, "end")


class Calendars:
    def __init__(self, world: World, now: Now) -> None:
        self.events: dict[str, Event] = {}
        self._world = world
        self._now = now
        self._keys: dict[str, tuple[str, datetime]] = {}

    def of(self, user: str) -> list[dict[str, Any]]:
        """What a member's calendar shows."""
        return [one.body for one in self.events.values() if one.owner == union_id(user)]

    def block(self, user: str, begins: str, ends: str) -> None:
        """Something of the member's own."""
        body = {"summary": "周会", "start": {"dateTime": begins}, "end": {"dateTime": ends}}
        self._keep(union_id(user), body)

    async def create(self, request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        owner = self._owner(request)
        key = request.headers.get("x-client-token", "")
        known, until = self._keys.get(key, ("", self._now()))
        if known in self.events and self._now() < until:
            return web.json_response({"id": known, **self.events[known].body})
        _check(body)
        event = self._keep(owner, body)
        if key:
            self._keys[key] = (event.id, self._now() + KEY_LIFE)
        return web.json_response({"id": event.id, **body})

    async def update(self, request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        """What is not named stays."""
        event = self._event(request)
        changed = event.body | {name: value for name, value in body.items() if name != "id"}
        _check(changed)
        event.body = changed
        return web.json_response({"id": event.id, **changed})

    async def delete(self, request: web.Request, _: dict[str, Any]) -> web.StreamResponse:
        del self.events[self._event(request).id]
        return web.json_response({})

    async def busy(self, request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        self._owner(request)
        asked = body.get("userIds") or []
        if not 1 <= len(asked) <= MOST_ASKED:
            raise Refusal("invalidParameter.userIds", "1 到 20 人")
        begins, ends = (datetime.fromisoformat(body[name]) for name in ("startTime", "endTime"))
        told = [
            {"userId": user, "scheduleItems": self._items(user, begins, ends)} for user in asked
        ]
        return web.json_response({"scheduleInformation": told})

    def _items(self, union: str, begins: datetime, ends: datetime) -> list[dict[str, Any]]:
        return [
            {"status": "BUSY", "start": one.body["start"], "end": one.body["end"]}
            for one in self.events.values()
            if one.owner == union and one.hours[0] < ends and one.hours[1] > begins
        ]

    def _keep(self, owner: str, body: dict[str, Any]) -> Event:
        event = Event(secrets.token_urlsafe(16), owner, body)
        self.events[event.id] = event
        return event

    def _owner(self, request: web.Request) -> str:
        wanted = request.match_info["union"]
        if wanted not in map(union_id, self._world.members.get("dingtalk", {})):
            raise Refusal("invalidParameter.userId", "userId 不存在")
        return wanted

    def _event(self, request: web.Request) -> Event:
        event = self.events.get(request.match_info["event"])
        if event is None or event.owner != self._owner(request):
            raise Refusal("eventNotExist", "日程不存在", status=404)
        return event


def _check(body: dict[str, Any]) -> None:
    if (
        not 0 < len(str(body.get("summary", ""))) <= TITLE
        or len(body.get("description", "")) > TEXT
    ):
        raise Refusal("invalidParameter.summary", "标题或描述太长")
    if _moment(body, "start") >= _moment(body, "end"):
        raise Refusal("invalidParameter.time", "结束时间要晚于开始时间")
    if not all(body[name].get("timeZone") for name in ("start", "end")):
        raise Refusal("invalidParameter.timeZone", "非全天日程必须有时区")


def _moment(body: dict[str, Any], name: str) -> datetime:
    try:
        return datetime.fromisoformat(body[name]["dateTime"])
    except (KeyError, TypeError, ValueError):
        raise Refusal("invalidParameter.time", f"{name}.dateTime 不是 ISO-8601") from None
