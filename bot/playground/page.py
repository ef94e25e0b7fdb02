"""The newcomer's page: four seats, what each one's client shows, and a clock that can be moved."""

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal, Protocol
from zoneinfo import ZoneInfo

from aiohttp import web

from bot.playground.page_requests import (
    HEADERS,
    Click,
    Move,
    NewContact,
    Say,
    answered,
    answering,
)
from bot.playground.world import ExternalContact, Imitation, Shown, World

STATIC = Path(__file__).parent / "static"
SHOWN_PER_SEAT = 200
FURTHEST_MOVE = timedelta(days=366)
TEAM_ZONE = ZoneInfo("Asia/Shanghai")
HEARTBEAT_TICKS = 30

Platform = Literal["wecom", "dingtalk", "feishu"]
Role = Literal["sales", "manager", "delivery", "customer"]
AddContact = Callable[[str, ExternalContact], Awaitable[object]]
"""The customer becomes a WeCom contact of a member (by user id): `WeComServer.add_contact`."""


@dataclass(frozen=True, slots=True)
class Seat:
    """One person to play. The customer's seat has no `member`: it shows every customer's chat."""

    key: str
    title: str
    platform: Platform
    member: str
    name: str
    role: Role


class ClockControls(Protocol):
    """The movable clock, as the page needs it."""

    def now(self) -> datetime: ...

    def advance(self, to: datetime, /) -> Awaitable[None]:
        """Walk to a later moment through every timer on the way."""


class Page:
    """The page's routes. `stop` belongs to the application's `on_shutdown`: it ends the streams."""

    def __init__(
        self,
        world: World,
        servers: Mapping[str, Imitation],
        seats: Sequence[Seat],
        clock_controls: ClockControls,
        customer: AddContact,
        *,
        tick_seconds: float = 0.5,
    ) -> None:
        self._world = world
        self._servers = servers
        self._seats = {seat.key: seat for seat in seats}
        self._clock = clock_controls
        self._add_contact = customer
        self._tick_seconds = tick_seconds
        self._moving_to: datetime | None = None
        self._friends: dict[str, dict[str, str]] = {}
        self._stopped = False

    def routes(self) -> Sequence[web.RouteDef]:
        api = "/playground/api"
        return [
            web.get("/", self._file),
            web.get(r"/playground/static/{name:[a-z]+\.(?:js|css|svg)}", self._file),
            web.get(f"{api}/state", self._state),
            web.get(f"{api}/stream", self._stream),
            web.post(f"{api}/say", answering(Say, self._say)),
            web.post(f"{api}/click", answering(Click, self._click)),
            web.post(f"{api}/clock", answering(Move, self._move)),
            web.post(f"{api}/customer", answering(NewContact, self._befriend)),
        ]

    async def stop(self, _app: web.Application) -> None:
        self._stopped = True

    # What the page reads

    async def _file(self, request: web.Request) -> web.StreamResponse:
        path = STATIC / request.match_info.get("name", "index.html")
        if not path.is_file():
            raise web.HTTPNotFound
        return web.FileResponse(path, headers=HEADERS)

    async def _state(self, _request: web.Request) -> web.Response:
        seats = [self._seat_view(seat) for seat in self._seats.values()]
        return answered({"seats": seats, "friends": [*self._friends.values()], **self._now_view()})

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        queue = self._world.watch()
        response = web.StreamResponse(headers={**HEADERS, "Content-Type": "text/event-stream"})
        try:
            await response.prepare(request)
            await self._tell_everything(request, response, queue)
        except ConnectionResetError:
            pass  # the reader has left
        finally:
            self._world.unwatch(queue)
        return response

    async def _tell_everything(
        self, request: web.Request, response: web.StreamResponse, queue: asyncio.Queue[Shown]
    ) -> None:
        told, quiet_ticks = "", 0
        while not (self._stopped or request.transport is None or request.transport.is_closing()):
            clock = _event("clock", self._now_view())
            if clock != told or quiet_ticks >= HEARTBEAT_TICKS:
                await response.write(clock.encode())
                told, quiet_ticks = clock, 0
            try:
                shown = await asyncio.wait_for(queue.get(), self._tick_seconds)
            except TimeoutError:
                quiet_ticks += 1
                continue
            for seat in self._who_sees(shown):
                told_shown = {"seat": seat.key, "message": self._message_view(seat, shown)}
                await response.write(_event("message", told_shown).encode())

    def _now_view(self) -> dict[str, Any]:
        from_bot = [m for m in self._world.messages if m.sender == "bot"]
        moving_to = self._moving_to
        return {
            "now": _local(self._clock.now()),
            "moving_to": _local(moving_to) if moving_to else None,
            "counts": {"sent": len(from_bot), "edited": sum(m.edits for m in from_bot)},
        }

    def _seat_view(self, seat: Seat) -> dict[str, Any]:
        seen = [m for m in self._world.messages if self._sees(seat, m)][-SHOWN_PER_SEAT:]
        return {
            "key": seat.key,
            "title": seat.title,
            "platform": seat.platform,
            "member": seat.member,
            "name": seat.name,
            "role": seat.role,
            "messages": [self._message_view(seat, m) for m in seen],
        }

    def _message_view(self, seat: Seat, shown: Shown) -> dict[str, Any]:
        return {
            "id": shown.id,
            "own": shown.sender == seat.member,
            "to": self._external_name(shown.chat),
            "content": shown.content,
            "payload": shown.payload,
            "at": _local(shown.at),
            "edits": shown.edits,
            "clicked": shown.clicked,
        }

    def _who_sees(self, shown: Shown) -> list[Seat]:
        return [seat for seat in self._seats.values() if self._sees(seat, shown)]

    def _sees(self, seat: Seat, shown: Shown) -> bool:
        if shown.platform != seat.platform:
            return False
        if seat.role == "customer":
            return shown.chat in self._world.externals
        return shown.chat == seat.member

    def _external_name(self, external_id: str) -> str:
        contact = self._world.externals.get(external_id)
        return contact.name if contact else ""

    # What the page does

    async def _say(self, asked: Say) -> dict[str, Any]:
        seat = self._seat(asked.seat)
        if seat.role == "customer":
            raise ValueError("客户写给销售的话，机器人看不到；请由销售转述一句。")
        server = self._servers[seat.platform]
        shown = await server.say(seat.member, asked.text, content=asked.content)
        return {"message": self._message_view(seat, shown)}

    async def _click(self, asked: Click) -> dict[str, Any]:
        seat = self._seat(asked.seat)
        shown = self._world.find(seat.platform, asked.message)
        if shown is None or not self._sees(seat, shown):
            raise ValueError("这个席位上没有这条消息，请刷新页面。")
        server = self._servers[seat.platform]
        answer = await server.click(seat.member, asked.message, asked.interaction)
        return {**answer, "message": self._message_view(seat, shown)}

    async def _move(self, asked: Move) -> dict[str, Any]:
        target = self._target(asked)
        if self._moving_to is not None:
            raise ValueError("时钟正在走，请等它停下来。")
        self._moving_to = target
        try:
            await self._clock.advance(target)
        finally:
            self._moving_to = None
        return self._now_view()

    def _target(self, asked: Move) -> datetime:
        now = self._clock.now()
        if (asked.hours is None) == (asked.to is None):
            raise ValueError("请二选一：hours（1、24 或 72）或 to（如 2026-02-05T09:00）。")
        if asked.to is None:
            return now + timedelta(hours=asked.hours or 0)
        to = asked.to if asked.to.tzinfo else asked.to.replace(tzinfo=TEAM_ZONE)
        if to <= now:
            raise ValueError(f"时间只能往前走，请选比 {_local(now)[:16]} 晚的时刻。")
        if to - now > FURTHEST_MOVE:
            raise ValueError("一次最多走一年，请选近一些的时刻。")
        return to

    async def _befriend(self, asked: NewContact) -> dict[str, Any]:
        seller = next(
            (s for s in self._seats.values() if s.role == "sales" and s.platform == "wecom"), None
        )
        if seller is None:
            raise ValueError("这次销售不在企业微信，客户加不了；请让销售席位用企业微信再试。")
        digest = hashlib.sha256(f"{asked.name}\n{asked.company}".encode()).hexdigest()
        contact = ExternalContact(
            f"wm{digest[:30]}", asked.name, corp_name=asked.company, state=asked.channel
        )
        if contact.id in self._friends:
            raise ValueError(f"{asked.name}已经是{seller.name}的微信好友了，换个称呼再试。")
        await self._add_contact(seller.member, contact)
        friend = {"name": asked.name, "seller": seller.name, "at": _local(self._clock.now())}
        self._friends[contact.id] = friend
        return {"friend": friend}

    def _seat(self, key: str) -> Seat:
        if key not in self._seats:
            raise ValueError(f"没有「{key}」这个席位，可用的是：{'、'.join(self._seats)}。")
        return self._seats[key]


def _local(moment: datetime) -> str:
    return moment.astimezone(TEAM_ZONE).isoformat(timespec="minutes")


def _event(name: str, data: dict[str, Any]) -> str:
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"
