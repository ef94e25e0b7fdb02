"""The imitated Stream gateway: tickets, WebSockets, frames and their answers."""

import asyncio
import json
import random
import secrets
import uuid
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from aiohttp import WSMsgType, web

from bot.platforms.protocol import Now
from bot.playground.dingtalk.limits import Refusal
from bot.playground.dingtalk.line import Answer, Line

TICKET_LIFE = timedelta(seconds=90)
REMEMBERED = 1000


@dataclass(frozen=True, slots=True)
class Pace:
    """Real seconds of the gateway's own habits."""

    ping_seconds: float = 25.0
    click_seconds: float = 2.0
    event_seconds: float = 3.0
    message_seconds: float = 2.0
    repeat_seconds: tuple[float, ...] = (10.0, 30.0)
    close_seconds: float = 10.0


@dataclass(frozen=True, slots=True)
class Ticket:
    until: datetime
    topics: frozenset[tuple[str, str]]


class Gateway:
    def __init__(self, client_id: str, client_secret: str, now: Now, pace: Pace) -> None:
        self.lines: list[Line] = []
        self.complaints: deque[str] = deque(maxlen=REMEMBERED)
        """What clients did wrong; empty after a good test."""
        self.sent: deque[dict[str, Any]] = deque(maxlen=REMEMBERED)
        self.heard: deque[str] = deque(maxlen=REMEMBERED)
        self.silent = False
        """Connected, healthy to look at, and nothing comes."""
        self.endpoint = ""
        """Another address for the tickets than this server's own."""
        self.pace = pace
        self._client_id = client_id
        self._client_secret = client_secret
        self._now = now
        self._tickets: dict[str, Ticket] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    # Connecting --------------------------------------------------------------------------

    async def open(self, request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        given = (body.get("clientId"), body.get("clientSecret"))
        if given != (self._client_id, self._client_secret):
            raise Refusal("invalidClientIdOrSecret", "无效的clientId或者clientSecret")
        ticket = str(uuid.uuid4())
        topics = frozenset(_subscriptions(body.get("subscriptions")))
        self._tickets[ticket] = Ticket(self._now() + TICKET_LIFE, topics)
        scheme = "wss" if request.scheme == "https" else "ws"
        own = f"{scheme}://{request.host}/playground/dingtalk/connect"
        endpoint = self.endpoint or own
        if "application/json" not in request.headers.get("Accept", ""):
            xml = f"<result><endpoint>{endpoint}</endpoint><ticket>{ticket}</ticket></result>"
            return web.Response(text=xml, content_type="application/xml")
        return web.json_response({"endpoint": endpoint, "ticket": ticket})

    async def connect(self, request: web.Request) -> web.StreamResponse:
        ticket = self._tickets.pop(request.query.get("ticket", ""), None)
        if ticket is None or self._now() > ticket.until:
            return web.Response(status=401, text="ticket is invalid")
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        line = Line(str(uuid.uuid4()), ticket.topics, socket, request)
        self.lines.append(line)
        pinging = asyncio.create_task(self._keep_pinging(line))
        try:
            await self._read(line)
        finally:
            pinging.cancel()
            self.lines.remove(line)
            line.give_up()
        return socket

    async def _read(self, line: Line) -> None:
        async for message in line.socket:
            if message.type is WSMsgType.TEXT:
                self._take(line, message.data)
            else:
                self.complaints.append(f"a {message.type.name} message")

    def _take(self, line: Line, raw: str) -> None:
        self.heard.append(raw)
        if complaint := line.take(raw):
            self.complaints.append(complaint)

    async def _keep_pinging(self, line: Line) -> None:
        while True:
            await asyncio.sleep(self.pace.ping_seconds)
            await self.ping(line)

    # Sending -----------------------------------------------------------------------------

    async def deliver(
        self,
        topic: str,
        body: Mapping[str, Any],
        *,
        kind: str = "CALLBACK",
        seconds: float,
        headers: Mapping[str, str] | None = None,
    ) -> Answer | None:
        """To one of the connected clients at random; None without an answer in time."""
        hearing = [line for line in self.lines if line.hears(kind, topic)]
        if not hearing:
            return None
        line = random.choice(hearing)  # noqa: S311 - which replica hears is no secret
        return await self._ask(line, kind, topic, body, headers or {}, seconds)

    async def ping(self, line: Line) -> Answer | None:
        body = {"opaque": secrets.token_hex(8)}
        answer = await self._ask(line, "SYSTEM", "ping", body, {}, self.pace.event_seconds)
        if answer is not None and answer.data != body:
            self.complaints.append(f"a ping was answered with {answer.data!r}")
        return answer

    async def emit(self, event_type: str, body: Mapping[str, Any]) -> int:
        """An event, repeated while unanswered or told LATER; how often it was delivered."""
        headers = {
            "eventType": event_type,
            "eventId": secrets.token_hex(16),
            "eventBornTime": self._milliseconds(),
        }
        delivered = 0
        for pause in (0.0, *self.pace.repeat_seconds):
            await asyncio.sleep(pause)
            delivered += 1
            answer = await self.deliver(
                "*", body, kind="EVENT", seconds=self.pace.event_seconds, headers=headers
            )
            if answer is not None and answer.code == 200 and not _later(answer.data):
                break
        return delivered

    async def _ask(
        self,
        line: Line,
        kind: str,
        topic: str,
        body: Mapping[str, Any],
        more: Mapping[str, str],
        seconds: float,
    ) -> Answer | None:
        if self.silent:
            return None
        more = {"messageId": secrets.token_hex(12), **more}
        frame = self._frame(line, kind, topic, body, more)
        self.sent.append(frame)
        return await line.ask(frame, seconds=seconds)

    def _frame(
        self,
        line: Line,
        kind: str,
        topic: str,
        body: Mapping[str, Any],
        more: Mapping[str, str],
    ) -> dict[str, Any]:
        headers = {
            "appId": self._client_id,
            "connectionId": line.id,
            "contentType": "application/json",
            "time": self._milliseconds(),
            "topic": topic,
            **more,
        }
        data = json.dumps(body, ensure_ascii=False)
        return {"specVersion": "1.0", "type": kind, "headers": headers, "data": data}

    def _milliseconds(self) -> str:
        return str(int(self._now().timestamp() * 1000))

    # Trouble -----------------------------------------------------------------------------

    async def send_raw(self, text: str) -> None:
        """Anything at all, to every client."""
        for line in list(self.lines):
            await line.socket.send_str(text)

    async def disconnect(self) -> None:
        """Asks every client to leave; delivers nothing more to them and closes a while later."""
        headers = {"contentType": "application/json", "topic": "disconnect"}
        data = json.dumps({"reason": "connection is expired"})
        frame = {"specVersion": "1.0", "type": "SYSTEM", "headers": headers, "data": data}
        for line in list(self.lines):
            line.leaving = True
            await line.socket.send_json(frame)
            task = asyncio.create_task(self._close_later(line))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _close_later(self, line: Line) -> None:
        await asyncio.sleep(self.pace.close_seconds)
        await line.socket.close()

    def cut(self) -> None:
        """The wires break without a word."""
        for line in self.lines:
            line.cut()

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for line in list(self.lines):
            await line.socket.close()


def _subscriptions(listed: Any) -> Iterable[tuple[str, str]]:
    for one in listed if isinstance(listed, list) else []:
        if one.get("type") == "EVENT" and one.get("topic") != "*":
            raise Refusal("invalidParameter.subscriptions", "EVENT 只接受 *")
        yield one.get("type", ""), one.get("topic", "")


def _later(data: Any) -> bool:
    return isinstance(data, dict) and data.get("status") == "LATER"
