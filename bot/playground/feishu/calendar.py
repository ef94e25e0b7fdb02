"""The imitated tenant's calendars: the app's own, whom it invites, and who is busy.

Facts: open.feishu.cn, "创建日程", "更新日程", "删除日程", "添加日程参与人", "查询主日历信息",
"查询主日历日程忙闲信息".
"""

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

from bot.playground.feishu import errors
from bot.playground.feishu.directory import Directory
from bot.playground.feishu.errors import ApiError
from bot.playground.feishu.gate import BUSY_SCOPE, CALENDAR_SCOPES, Gate, json_body

MOST_INVITED = 1000
LONGEST_SPAN = timedelta(days=90)
KEY_LETTERS = range(32, 129)
TITLE, TEXT = 1000, 40960


@dataclass(slots=True)
class Event:
    id: str
    body: dict[str, Any]
    invited: list[str] = field(default_factory=list)
    has_meeting: bool = False
    """A video conference, which comes with the first guest unless it was declined."""


class Calendars:
    def __init__(self, directory: Directory, gate: Gate) -> None:
        self.own = f"feishu.cn_{secrets.token_hex(8)}@group.calendar.feishu.cn"
        self.events: dict[str, Event] = {}
        self.blocked: list[tuple[str, datetime, datetime]] = []
        """Of members' own: who, from when to when."""
        self._directory = directory
        self._gate = gate
        self._keys: dict[str, str] = {}
        self._deleted: set[str] = set()

    def routes(self) -> list[web.RouteDef]:
        events, one = "calendar/v4/calendars/{calendar}/events", "/{event}"
        route = self._gate.route
        return [
            route("POST", "calendar/v4/calendars/primary", "own calendar", self._primary),
            route("POST", events, "add event", self._create),
            route("PATCH", events + one, "change event", self._patch),
            route("DELETE", events + one, "delete event", self._delete),
            route("POST", f"{events}{one}/attendees", "invite", self._invite),
            route("POST", "calendar/v4/freebusy/list", "busy", self._busy),
        ]

    def of(self, user: str) -> list[dict[str, Any]]:
        """What a member's calendar shows."""
        return [event.body for event in self.events.values() if user in event.invited]

    async def _primary(self, _: web.Request) -> web.Response:
        calendar = {"calendar_id": self.own, "type": "primary", "role": "owner"}
        return _ok({"calendars": [{"calendar": calendar}]})

    async def _create(self, request: web.Request) -> web.Response:
        self._check(request, "create")
        body, key = await json_body(request), request.query.get("idempotency_key", "")
        if key and len(key) not in KEY_LETTERS:
            raise errors.bad_field("idempotency_key", "has 32 to 128 characters")
        _check_body(body)
        event = self.events.get(self._keys.get(key, "")) if key else None
        if event is None:
            event = Event(f"{secrets.token_hex(12)}_0", body)
            self.events[event.id] = event
            self._keys[key] = event.id
        return _ok({"event": {"event_id": event.id, **event.body}})

    async def _patch(self, request: web.Request) -> web.Response:
        self._check(request, "update")
        event, body = self._event(request), await json_body(request)
        changed = event.body | {name: value for name, value in body.items() if value is not None}
        _check_body(changed)
        event.body = changed
        return _ok({"event": {"event_id": event.id, **changed}})

    async def _delete(self, request: web.Request) -> web.Response:
        self._check(request, "delete")
        event = self._event(request)
        del self.events[event.id]
        self._deleted.add(event.id)
        return _ok({})

    async def _invite(self, request: web.Request) -> web.Response:
        self._check(request, "update")
        event, body = self._event(request), await json_body(request)
        listed = body.get("attendees") or []
        if not 1 <= len(listed) <= MOST_INVITED:
            raise errors.bad_field("attendees", "has 1 to 1000 entries")
        kind = request.query.get("user_id_type", "open_id")
        for one in listed:
            if one.get("type") != "user":
                raise errors.bad_field("attendees.type", "is not imitated")
            user = self._directory.chat(kind, str(one.get("user_id", "")))
            if user not in event.invited:
                event.invited.append(user)
        event.has_meeting = (event.body.get("vchat") or {}).get("vc_type") != "no_meeting"
        return _ok({"attendees": listed})

    async def _busy(self, request: web.Request) -> web.Response:
        self._gate.need_scope(BUSY_SCOPE)
        body = await json_body(request)
        begins, ends = (_rfc3339(body, name) for name in ("time_min", "time_max"))
        if not timedelta() < ends - begins <= LONGEST_SPAN:
            raise errors.bad_field("time_max", "is at most 90 days after time_min")
        kind = request.query.get("user_id_type", "open_id")
        user = self._directory.chat(kind, str(body.get("user_id", "")))
        spans = [(start, end) for who, start, end in self.blocked if who == user]
        spans += [_hours(event.body) for event in self.events.values() if user in event.invited]
        found = [
            {"start_time": start.isoformat(), "end_time": end.isoformat()}
            for start, end in spans
            if start < ends and end > begins
        ]
        return _ok({"freebusy_list": found})

    def _check(self, request: web.Request, act: str) -> None:
        self._gate.need_scope(CALENDAR_SCOPES[act])
        if request.match_info["calendar"] != self.own:
            raise ApiError(191000, "calendar not found", status=404)

    def _event(self, request: web.Request) -> Event:
        wanted = request.match_info["event"]
        if wanted in self._deleted:
            raise ApiError(193003, "event is deleted", status=403)
        if wanted not in self.events:
            raise ApiError(193001, "event not found", status=404)
        return self.events[wanted]


def _check_body(body: dict[str, Any]) -> None:
    if len(body.get("summary", "")) > TITLE or len(body.get("description", "")) > TEXT:
        raise ApiError(190002, "invalid parameters in request")
    begins, ends = _hours(body)
    if begins >= ends:
        raise ApiError(190002, "invalid parameters in request: end_time")


def _hours(body: dict[str, Any]) -> tuple[datetime, datetime]:
    """In seconds, as text."""
    found = []
    for name in ("start_time", "end_time"):
        told = (body.get(name) or {}).get("timestamp")
        if not isinstance(told, str) or not told.isdigit() or len(told) > len("1760014800"):
            raise ApiError(190002, f"invalid parameters in request: {name}")
        found.append(datetime.fromtimestamp(int(told), UTC))
    return found[0], found[1]


def _rfc3339(body: dict[str, Any], name: str) -> datetime:
    try:
        moment = datetime.fromisoformat(str(body.get(name)))
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise errors.bad_field(name, "is not RFC 3339")
    return moment


def _ok(data: dict[str, Any]) -> web.Response:
    return web.json_response({"code": 0, "msg": "success", "data": data})
