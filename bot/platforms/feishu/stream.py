"""Feishu's long connection: events in, answers out. A `Keeper` keeps one alive.

The protocol is the SDKs' (see `frames.py`). What they lack, and people have suffered from: sockets
that look healthy while nothing comes (larksuite/openclaw-lark#158), a call that hung for days
(larksuite/oapi-sdk-python#169). So silence counts as death, and every call has an end.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from time import perf_counter
from typing import Any

import aiohttp
import structlog
from aiohttp import WSMsgType

from bot.platforms import connection
from bot.platforms.connection import Connection
from bot.platforms.feishu.endpoint import Opened, read_config
from bot.platforms.feishu.frames import (
    CONTROL,
    DATA,
    Frame,
    answer,
    decode,
    encode,
    failure,
    json_object,
    ping,
)
from bot.platforms.protocol import Now

PARTS = 64
UNFINISHED = 100
"""Messages of which parts are missing; the oldest one goes first."""
MESSAGE_BYTES = 1024 * 1024
SILENT_PINGS = 2

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Timings(connection.Timings):
    """Beside the keeper's: real seconds, except for the parts."""

    answer_seconds: float = 2.5
    """Feishu waits for 3 s."""
    margin_seconds: float = 30.0
    """Of silence, beyond two ping intervals."""
    parts_seconds: float = 5.0
    """So long the SDKs keep parts."""


Receive = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]
"""Stores a payload and says what the client is shown; returns when it is safely stored."""


@dataclass(slots=True)
class _Unfinished:
    since: datetime
    count: int
    parts: dict[int, bytes] = field(default_factory=dict)


class Parts:
    """Puts messages together that come in several frames, in any order."""

    def __init__(self, now: Now, keep_seconds: float) -> None:
        self._now = now
        self._keep_seconds = keep_seconds
        self._waiting: dict[str, _Unfinished] = {}

    def add(self, frame: Frame) -> bytes | None:
        """The whole payload, once it is there. Raises ValueError."""
        count, number = _count(frame, "sum", 1), _count(frame, "seq", 0)
        payload = frame.payload or b""
        if count <= 1:
            return payload
        if count > PARTS or number >= count:
            raise ValueError(f"part {number} of {count}")
        self._forget_old()
        name = frame.header("message_id")
        whole = self._waiting.setdefault(name, _Unfinished(self._now(), count))
        if whole.count != count:
            raise ValueError(f"part of {count}, and another part of {whole.count}")
        whole.parts[number] = payload
        if sum(map(len, whole.parts.values())) > MESSAGE_BYTES:
            del self._waiting[name]
            raise ValueError(f"more than {MESSAGE_BYTES} bytes")
        if len(whole.parts) < whole.count:
            return None
        del self._waiting[name]
        return b"".join(whole.parts[step] for step in sorted(whole.parts))

    def _forget_old(self) -> None:
        now = self._now()
        ages = {name: (now - one.since).total_seconds() for name, one in self._waiting.items()}
        crowd = list(ages)[: max(0, len(ages) - UNFINISHED + 1)]
        for name, age in ages.items():
            if age > self._keep_seconds or name in crowd:
                log.warning("feishu.parts_lost", message_id=name)
                del self._waiting[name]


class Line(Connection):
    """One WebSocket to Feishu."""

    platform = "feishu"

    def __init__(self, opened: Opened, receive: Receive, now: Now, timings: Timings) -> None:
        super().__init__(opened.socket, now, timings)
        self._config = opened.config
        self._service = opened.service
        self._receive = receive
        self._margin_seconds = timings.margin_seconds
        self._answer_seconds = timings.answer_seconds
        self._parts = Parts(now, timings.parts_seconds)
        self._saving: set[asyncio.Task[dict[str, Any] | None]] = set()
        self._follow({})

    async def ping(self) -> None:
        await self.send(encode(ping(self._service)))

    def _follow(self, config: Mapping[str, Any]) -> None:
        """The server's intervals. Its count of attempts is not followed: a bot that gave up would
        be silent for good."""
        self._config = read_config(config, self._config)
        self.ping_seconds = self._config.ping_seconds
        self.silence_seconds = SILENT_PINGS * self.ping_seconds + self._margin_seconds
        self.backoff_limit_seconds = self._config.reconnect_seconds

    # Hearing -----------------------------------------------------------------------------

    async def take(self, message: aiohttp.WSMessage) -> None:
        if message.type is not WSMsgType.BINARY:
            _ignore(f"a {message.type.name} message")
            return
        self.heard()
        try:
            frame = decode(message.data)
            if frame.method == CONTROL:
                self._take_control(frame)
            elif frame.method == DATA:
                self._take_data(frame)
            else:
                _ignore(f"unknown method {frame.method}")
        except ValueError as problem:
            _ignore(str(problem))

    def _take_control(self, frame: Frame) -> None:
        if frame.header("type") == "pong" and frame.payload:
            self._follow(json_object(frame.payload))

    def _take_data(self, frame: Frame) -> None:
        kind = frame.header("type")
        if kind != "event":  # `card` is the callback of old cards, which we never send
            _ignore(f"a frame of type {kind[:40]!r}")
            return
        payload = self._parts.add(frame)
        if payload is None:
            return
        self.answer(self._answer(frame, payload))

    # Answering ---------------------------------------------------------------------------

    async def _answer(self, frame: Frame, payload: bytes) -> None:
        """In time, whatever happens; saving goes on meanwhile and is never broken off."""
        began = perf_counter()
        saving = asyncio.create_task(self._save(payload))
        self._saving.add(saving)
        saving.add_done_callback(self._saving.discard)
        await asyncio.wait({saving}, timeout=self._answer_seconds)
        said = saving.result() if saving.done() else None
        if not saving.done():
            log.warning("feishu.saved_too_late", message_id=frame.header("message_id"))
        took = round((perf_counter() - began) * 1000)
        reply = failure(frame) if said is None else answer(frame, 200, said, took)
        await self.send(encode(reply))  # one that is lost is repaired by redelivery

    async def _save(self, payload: bytes) -> dict[str, Any] | None:
        """None when it has to come again."""
        try:
            return await self._receive(json_object(payload))
        except ValueError as problem:
            _ignore(str(problem))
        except Exception:  # the socket's counterpart of a web server's 500
            log.exception("feishu.frame_failed")
        return None


def _ignore(reason: str) -> None:
    log.warning("feishu.frame_ignored", reason=reason)


def _count(frame: Frame, name: str, missing: int) -> int:
    text = frame.header(name)
    if not text:
        return missing
    if not (text.isascii() and text.isdigit() and len(text) < 5):
        raise ValueError(f"{name} is {text[:40]!r}")
    return int(text)
