"""Feishu's side of the long connection: the address, the sockets, frames and their answers.

Facts: open.feishu.cn, "使用长连接接收事件" (3 s, 50 connections, one random client hears); the rest
from the SDKs' sources (larksuite/oapi-sdk-python, `ws/`).
"""

import asyncio
import base64
import json
import random
import secrets
from collections import deque
from typing import Any

from aiohttp import WSMsgType, web

from bot.playground.feishu.gate import Gate, json_body
from bot.playground.feishu.push import NO_ANSWER_IN_TIME, NO_CONNECTION
from bot.playground.feishu.wire import Frame, read, write

BASE = "/playground/feishu"
CONNECTIONS = 50
AUTH_FAILED, NO_CREDENTIAL, TOO_MANY = 514, 1000040344, 1000040350
CONTROL, DATA = 0, 1
REMEMBERED = 1000


class Line:
    """One connected client: what it was asked and has not answered yet."""

    def __init__(self, socket: web.WebSocketResponse, request: web.Request, service: int) -> None:
        self.socket = socket
        self.service = service
        self.pings = 0
        self._request = request
        self._waiting: dict[str, tuple[Frame, asyncio.Future[dict[str, Any]]]] = {}

    async def ask(self, frames: list[Frame], *, seconds: float) -> dict[str, Any]:
        """The JSON that came back for a message. Raises TimeoutError or ConnectionError."""
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        message_id = frames[0].named["message_id"]
        self._waiting[message_id] = (frames[-1], answer)
        try:
            for frame in frames:
                await self.socket.send_bytes(write(frame))
            async with asyncio.timeout(seconds):
                return await answer
        finally:
            answer.cancel()

    def take(self, frame: Frame) -> str:
        """What is wrong with an answer, if anything. One that comes late is not wrong."""
        sent, answer = self._waiting.pop(frame.named.get("message_id", ""), (None, None))
        if sent is None or answer is None:
            return "an answer to nothing"
        if frame.numbers != sent.numbers or frame.headers[: len(sent.headers)] != sent.headers:
            return f"an answer is the frame that was sent, this is not: {frame}"
        said = json.loads(frame.payload)
        if said.get("code") == 200 and "biz_rt" not in frame.named:
            return "an answer without biz_rt"
        if not answer.done():
            answer.set_result(said)
        return ""

    def cut(self) -> None:
        """The wire breaks without a word."""
        if self._request.transport is not None:
            self._request.transport.abort()

    def give_up(self) -> None:
        for _, answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(ConnectionError("the client is gone"))


class Lines:
    """All clients of one app."""

    def __init__(self, gate: Gate) -> None:
        self.lines: list[Line] = []
        self.complaints: deque[str] = deque(maxlen=REMEMBERED)
        """What clients did wrong; empty after a good test."""
        self.config = {
            "ReconnectCount": -1,
            "ReconnectInterval": 120,
            "ReconnectNonce": 30,
            "PingInterval": 120,
        }
        self.silent = False
        """Connected, healthy to look at, and nothing comes."""
        self.part_bytes = 0
        """Longer payloads come in parts, last part first; 0: never."""
        self.refusals: deque[int] = deque()
        """Codes that the next requests for an address are answered with."""
        self._gate = gate
        self._tickets: dict[str, int] = {}

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post(f"{BASE}/callback/ws/endpoint", self._give_address),
            web.get(f"{BASE}/ws/v2", self._connect),
        ]

    async def deliver(self, payload: dict[str, Any], *, seconds: float) -> tuple[int, bytes]:
        """As `Pusher.post`: the code of the answer, and what was said to a callback."""
        alive = [line for line in self.lines if not line.socket.closed]
        if not alive:
            return NO_CONNECTION, b""
        if self.silent:
            return NO_ANSWER_IN_TIME, b""
        line = random.choice(alive)  # noqa: S311 - which client hears is no secret
        try:
            said = await line.ask(self._frames(line, payload), seconds=seconds)
        except TimeoutError:
            return NO_ANSWER_IN_TIME, b""
        except ConnectionError:
            return NO_CONNECTION, b""
        return int(said["code"]), base64.b64decode(said.get("data", ""))

    async def send_raw(self, data: bytes) -> None:
        """Anything at all, to every client."""
        for line in self.lines:
            await line.socket.send_bytes(data)

    def cut(self) -> None:
        for line in self.lines:
            line.cut()

    async def stop(self) -> None:
        for line in list(self.lines):
            await line.socket.close()

    async def _give_address(self, request: web.Request) -> web.Response:
        body = await json_body(request)
        code = self.refusals.popleft() if self.refusals else self._objection(body)
        if code:
            return web.json_response({"code": code, "msg": "injected or refused"})
        ticket, service = secrets.token_hex(16), secrets.randbelow(2**25) + 1
        self._tickets[ticket] = service
        scheme = "wss" if request.scheme == "https" else "ws"
        path = request.path.removesuffix("/callback/ws/endpoint") + "/ws/v2"
        query = f"device_id={secrets.randbelow(10**18)}&service_id={service}&ticket={ticket}"
        url = f"{scheme}://{request.host}{path}?fpid=493&aid=552564&{query}"
        return web.json_response(
            {"code": 0, "msg": "", "data": {"URL": url, "ClientConfig": self.config}}
        )

    def _objection(self, body: dict[str, Any]) -> int:
        given = (body.get("AppID"), body.get("AppSecret"))
        if not all(given):
            return NO_CREDENTIAL
        return 0 if given == (self._gate.app_id, self._gate.app_secret) else AUTH_FAILED

    async def _connect(self, request: web.Request) -> web.StreamResponse:
        service = self._tickets.pop(request.query.get("ticket", ""), None)
        if service is None:
            return _refused(AUTH_FAILED, AUTH_FAILED, "ticket is invalid")
        if len(self.lines) >= CONNECTIONS:
            return _refused(AUTH_FAILED, TOO_MANY, "too many connections")
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        line = Line(socket, request, service)
        self.lines.append(line)
        try:
            async for message in socket:
                await self._take(line, message.type, message.data)
        finally:
            self.lines.remove(line)
            line.give_up()
        return socket

    async def _take(self, line: Line, kind: WSMsgType, data: Any) -> None:
        if kind is not WSMsgType.BINARY:
            self.complaints.append(f"a {kind.name} message")
            return
        try:
            frame = read(data)
            complaint = await self._pong(line, frame) if not frame.method else line.take(frame)
        except (ValueError, KeyError) as problem:
            complaint = f"not a frame: {problem!r}"
        if complaint:
            self.complaints.append(complaint)

    async def _pong(self, line: Line, frame: Frame) -> str:
        line.pings += 1
        if frame.named != {"type": "ping"} or frame.numbers != (0, 0, line.service, CONTROL):
            return f"not a ping: {frame}"
        if not self.silent:
            payload = json.dumps(self.config).encode()
            await line.socket.send_bytes(
                write(Frame((0, 0, line.service, CONTROL), (("type", "pong"),), payload))
            )
        return ""

    def _frames(self, line: Line, payload: dict[str, Any]) -> list[Frame]:
        data = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
        size = self.part_bytes or len(data)
        parts = [data[at : at + size] for at in range(0, len(data), size)]
        message_id, trace_id = secrets.token_hex(16), secrets.token_hex(16)
        numbers = (secrets.randbelow(2**40), secrets.randbelow(2**63), line.service, DATA)
        frames = [
            Frame(
                numbers,
                (
                    ("type", "event"),
                    ("message_id", message_id),
                    ("sum", str(len(parts))),
                    ("seq", str(number)),
                    ("trace_id", trace_id),
                ),
                part,
            )
            for number, part in enumerate(parts)
        ]
        return frames[::-1]


def _refused(status: int, code: int, text: str) -> web.Response:
    headers = {
        "handshake-status": str(status),
        "handshake-msg": text,
        "handshake-autherrcode": str(code),
    }
    return web.Response(status=403, headers=headers)
