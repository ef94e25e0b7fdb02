"""The imitated long connection of a robot: one subscriber, callbacks, answers in time (D101463).

Codes of a wrong bot id (93019) and a wrong secret (853000) are those that users report; the answer
to a command before the subscription (40058) is decided here.
"""

import asyncio
import json
import secrets
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from aiohttp import WSMsgType, web

from bot.platforms.protocol import Now
from bot.playground.wecom.gate import ApiError
from bot.playground.wecom.robot.talk import Talk

PATH = "/playground/wecom/robot/connect"
TAKEN_SECONDS = 3.0
"""How long a client may need to read what it is sent."""
ANSWER_LIFE = timedelta(hours=24)
QUICK_LIFE = timedelta(seconds=5)
REMEMBERED = 1000

Kind = Literal["message", "enter", "click"]
_ANSWERS: Mapping[str, Kind] = {
    "aibot_respond_msg": "message",
    "aibot_respond_welcome_msg": "enter",
    "aibot_respond_update_msg": "click",
}
MAY_SAY: Mapping[str, set[str]] = {
    "message": {"stream", "stream_with_template_card", "template_card", "markdown"},
    "enter": {"text", "template_card"},
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A callback that may be answered; `task_id` of the card that was clicked."""

    kind: Kind
    chat: str
    until: datetime
    task_id: str = ""


@dataclass(slots=True, eq=False)
class Line:
    socket: web.WebSocketResponse
    request: web.Request
    subscribed: bool = False
    pings: int = 0
    silent: bool = False
    pongs: dict[bytes, asyncio.Event] = field(default_factory=dict)


class Gateway:
    def __init__(self, bot_id: str, secret: str, talk: Talk, now: Now) -> None:
        self.live: Line | None = None
        """The one that is subscribed."""
        self.lines: list[Line] = []
        self.complaints: deque[str] = deque(maxlen=REMEMBERED)
        """What clients did wrong; empty after a good test."""
        self.commands: Counter[str] = Counter()
        self.kicked = 0
        self.losing: set[str] = set()
        """Commands that take effect and are never answered."""
        self._bot_id = bot_id
        self._secret = secret
        self._talk = talk
        self._now = now
        self._asked: dict[str, Asked] = {}
        self._faults: deque[tuple[int, str]] = deque()

    def fail(self, code: int, *, times: int = 1, cmd: str = "") -> None:
        """Refuse the next commands (of that name)."""
        self._faults.extend([(code, cmd)] * times)

    # Connecting --------------------------------------------------------------------------

    async def connect(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(autoping=False)
        await socket.prepare(request)
        line = Line(socket, request)
        self.lines.append(line)
        try:
            async for message in socket:
                await self._read(line, message.type, message.data)
        finally:
            self.lines.remove(line)
            if self.live is line:
                self.live = None
        return socket

    async def _read(self, line: Line, kind: WSMsgType, data: Any) -> None:
        if kind is WSMsgType.PONG:
            if bytes(data) in line.pongs:
                line.pongs[bytes(data)].set()
        elif kind is WSMsgType.PING:
            await line.socket.pong(data)
        elif kind is WSMsgType.TEXT and not line.silent:
            await self._take(line, data)

    async def _take(self, line: Line, raw: str) -> None:
        try:
            frame = json.loads(raw)
            cmd, req_id = str(frame["cmd"]), str(frame["headers"]["req_id"])
            body = frame.get("body") or {}
        except (ValueError, KeyError, TypeError):
            self.complaints.append(f"not a frame: {raw[:200]}")
            return
        self.commands[cmd] += 1
        try:
            self._check_fault(cmd)
            await self._do(line, cmd, req_id, body)
            answer = {"errcode": 0, "errmsg": "ok"}
        except ApiError as problem:
            answer = {"errcode": problem.code, "errmsg": f"{problem.text}, hint: [playground]"}
        if cmd not in self.losing:
            await _send(line, {"headers": {"req_id": req_id}, **answer})

    def _check_fault(self, cmd: str) -> None:
        for index, (code, wanted) in enumerate(self._faults):
            if wanted in ("", cmd):
                del self._faults[index]
                raise ApiError(code, "fault on request")

    async def _do(self, line: Line, cmd: str, req_id: str, body: dict[str, Any]) -> None:
        if cmd == "aibot_subscribe":
            await self._subscribe(line, body)
        elif not line.subscribed:
            self.complaints.append(f"{cmd} before the subscription")
            raise ApiError(40058, "not subscribed")
        elif cmd == "ping":
            line.pings += 1
        elif cmd == "aibot_send_msg":
            self._talk.push(str(body.get("chatid", "")), body)
        elif cmd in _ANSWERS:
            self._answer(cmd, req_id, body)
        else:
            raise ApiError(40058, f"unknown command {cmd}")

    async def _subscribe(self, line: Line, body: dict[str, Any]) -> None:
        if body.get("bot_id") != self._bot_id:
            raise ApiError(93019, "invalid bot_id")
        if body.get("secret") != self._secret:
            raise ApiError(853000, "signature is incorrect")
        older, self.live = self.live, line
        line.subscribed = True
        if older is not None and older is not line:
            await self._kick(older)

    async def _kick(self, older: Line) -> None:
        """Its socket stays half open: nothing more is taken from it."""
        self.kicked += 1
        older.subscribed = False
        body = self.head() | {"msgtype": "event", "event": {"eventtype": "disconnected_event"}}
        await _send(older, _callback("aibot_event_callback", secrets.token_hex(8), body))

    # Asking ------------------------------------------------------------------------------

    def head(self) -> dict[str, Any]:
        """What every callback begins with."""
        return {
            "msgid": f"CAIQ{secrets.token_hex(12)}",
            "create_time": int(self._now().timestamp()),
            "aibotid": self._bot_id,
        }

    async def deliver(self, kind: Kind, chat: str, body: dict[str, Any], task_id: str = "") -> bool:
        """To the subscriber, once: what nobody hears is lost. True when it was read."""
        line = self.live
        if line is None or line.silent:
            return False
        req_id = secrets.token_hex(16)
        life = ANSWER_LIFE if kind == "message" else QUICK_LIFE
        self._asked[req_id] = Asked(kind, chat, self._now() + life, task_id)
        cmd = "aibot_msg_callback" if kind == "message" else "aibot_event_callback"
        return await _send(line, _callback(cmd, req_id, body)) and await self._is_read(line)

    async def _is_read(self, line: Line) -> bool:
        """Frames are read one after the other: a pong tells that all before it were."""
        token = secrets.token_bytes(8)
        read = line.pongs[token] = asyncio.Event()
        try:
            await line.socket.ping(token)
            async with asyncio.timeout(TAKEN_SECONDS):
                await read.wait()
        except (TimeoutError, ConnectionError, RuntimeError):
            return False
        finally:
            del line.pongs[token]
        return True

    def _answer(self, cmd: str, req_id: str, body: dict[str, Any]) -> None:
        asked = self._asked.get(req_id)
        if asked is None or asked.kind != _ANSWERS[cmd] or self._now() > asked.until:
            raise ApiError(846605, "invalid req_id")
        if asked.kind == "click":
            self._talk.update(asked.task_id, body)
        else:
            self._talk.say(asked.chat, body, MAY_SAY[asked.kind])
        if asked.kind != "message":
            del self._asked[req_id]

    # Trouble -----------------------------------------------------------------------------

    async def send_raw(self, text: str) -> None:
        """Anything at all, to every client."""
        for line in list(self.lines):
            await line.socket.send_str(text)

    def fall_silent(self) -> None:
        """Sockets that look healthy, and nothing comes."""
        for line in self.lines:
            line.silent = True

    def cut(self) -> None:
        """The wires break without a word."""
        for line in self.lines:
            if line.request.transport is not None:
                line.request.transport.abort()

    async def stop(self) -> None:
        for line in list(self.lines):
            await line.socket.close()


def _callback(cmd: str, req_id: str, body: dict[str, Any]) -> dict[str, Any]:
    return {"cmd": cmd, "headers": {"req_id": req_id}, "body": body}


async def _send(line: Line, frame: dict[str, Any]) -> bool:
    try:
        await line.socket.send_str(json.dumps(frame, ensure_ascii=False))
    except (ConnectionError, RuntimeError):
        return False
    return True
