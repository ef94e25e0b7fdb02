"""A small client of Feishu's long connection: events in, answers out, always one alive.

The protocol is the SDKs' (see `frames.py`). What they lack, and people have suffered from: sockets
that look healthy while nothing comes (larksuite/openclaw-lark#158), a call that hung for days
(larksuite/oapi-sdk-python#169). So silence counts as death, and every call has an end.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from time import perf_counter
from typing import Any

import structlog
from aiohttp import WSMsgType

from bot.platforms.feishu.endpoint import ClientConfig, Opened, read_config
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
from bot.platforms.protocol import Now, PlatformError, RateLimited, Unauthorized

PARTS = 64
UNFINISHED = 100
"""Messages of which parts are missing; the oldest one goes first."""
MESSAGE_BYTES = 1024 * 1024
MISSED_PINGS = 2

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Timings:
    """Real seconds, except those the program's clock measures: silence, jump and parts."""

    start_seconds: float = 3.0
    answer_seconds: float = 2.5
    """Feishu waits for 3 s."""
    backoff_seconds: float = 1.0
    backoff_limit_seconds: float = 60.0
    refused_seconds: float = 120.0
    """Between attempts with credentials that were refused."""
    tick_seconds: float = 5.0
    margin_seconds: float = 30.0
    """Of silence, beyond two ping intervals."""
    jump_seconds: float = 30.0
    linger_seconds: float = 10.0
    parts_seconds: float = 5.0
    """So long the SDKs keep parts."""


Connect = Callable[[], Awaitable[Opened]]
"""Opens a connection. Raises PlatformError."""
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


class Connection:
    """One WebSocket, from its opening until it is closed; `retired` once another is needed."""

    def __init__(self, opened: Opened, receive: Receive, now: Now, timings: Timings) -> None:
        self.retired = asyncio.Event()
        self.opened_at = self.heard_at = self.lost_at = now()
        self.frames = 0
        self.config = opened.config
        self._socket = opened.socket
        self._service = opened.service
        self._receive = receive
        self._now = now
        self._timings = timings
        self._parts = Parts(now, timings.parts_seconds)
        self._answering: set[asyncio.Task[None]] = set()
        self._saving: set[asyncio.Task[dict[str, Any] | None]] = set()

    async def serve(self) -> None:
        """Reads until the server closes, or for a while after the connection was retired."""
        reader = asyncio.create_task(self._read())
        watch = asyncio.create_task(self._watch())
        try:
            await self.retired.wait()
            await asyncio.wait({reader}, timeout=self._timings.linger_seconds)
        finally:
            watch.cancel()
            reader.cancel()
            await asyncio.gather(watch, reader, *self._answering, return_exceptions=True)
            await self._socket.close()

    def retire(self, reason: str, lost_at: datetime) -> None:
        if not self.retired.is_set():
            log.info("feishu.connection_retired", reason=reason)
            self.lost_at = lost_at
            self.retired.set()

    # Hearing -----------------------------------------------------------------------------

    async def _read(self) -> None:
        try:
            async for message in self._socket:
                if message.type is WSMsgType.BINARY:
                    await self._take(message.data)
                else:
                    _ignore(f"a {message.type.name} message")
        finally:
            self.retire("closed", self._now())

    async def _take(self, data: bytes) -> None:
        self.heard_at = self._now()
        self.frames += 1
        try:
            frame = decode(data)
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
            self.config = read_config(json_object(frame.payload), self.config)

    def _take_data(self, frame: Frame) -> None:
        kind = frame.header("type")
        if kind != "event":  # `card` is the callback of old cards, which we never send
            _ignore(f"a frame of type {kind[:40]!r}")
            return
        payload = self._parts.add(frame)
        if payload is None:
            return
        task = asyncio.create_task(self._answer(frame, payload))
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)

    # Answering ---------------------------------------------------------------------------

    async def _answer(self, frame: Frame, payload: bytes) -> None:
        """In time, whatever happens; saving goes on meanwhile and is never broken off."""
        began = perf_counter()
        saving = asyncio.create_task(self._save(payload))
        self._saving.add(saving)
        saving.add_done_callback(self._saving.discard)
        await asyncio.wait({saving}, timeout=self._timings.answer_seconds)
        said = saving.result() if saving.done() else None
        if not saving.done():
            log.warning("feishu.saved_too_late", message_id=frame.header("message_id"))
        took = round((perf_counter() - began) * 1000)
        await self._send(failure(frame) if said is None else answer(frame, 200, said, took))

    async def _save(self, payload: bytes) -> dict[str, Any] | None:
        """None when it has to come again."""
        try:
            return await self._receive(json_object(payload))
        except ValueError as problem:
            _ignore(str(problem))
        except Exception:  # the socket's counterpart of a web server's 500
            log.exception("feishu.frame_failed")
        return None

    async def _send(self, frame: Frame) -> None:
        """On the socket it came from; an answer that is lost is repaired by redelivery."""
        try:
            await self._socket.send_bytes(encode(frame))
        except (ConnectionError, RuntimeError) as problem:
            log.info("feishu.answer_lost", reason=type(problem).__name__)

    # Watching ----------------------------------------------------------------------------

    async def _watch(self) -> None:
        """The first ping goes out at once: its pong tells that somebody is there."""
        pinged_at = last_tick = self._now()
        await self._send(ping(self._service))
        while True:
            await asyncio.sleep(self._timings.tick_seconds)
            now = self._now()
            if abs((now - last_tick).total_seconds()) > self._timings.jump_seconds:
                self.retire("the clock jumped: this machine slept", last_tick)
            if (now - self.heard_at).total_seconds() > self._patience_seconds:
                self.retire("silence", self.heard_at)
            last_tick = now
            if (now - pinged_at).total_seconds() >= self.config.ping_seconds:
                pinged_at = now
                await self._send(ping(self._service))

    @property
    def _patience_seconds(self) -> float:
        return MISSED_PINGS * self.config.ping_seconds + self._timings.margin_seconds


class Stream:
    """Keeps one connection alive, for ever."""

    def __init__(self, connect: Connect, now: Now, timings: Timings) -> None:
        self.connected = asyncio.Event()
        self.current: Connection | None = None
        self.refusal = ""
        """Why the last attempt failed; empty when it did not."""
        self.missed: tuple[datetime, datetime] | None = None
        """From when to when nobody was connected, the last time."""
        self._connect = connect
        self._now = now
        self._timings = timings
        self._config = ClientConfig()
        self._attempts = 0
        self._lost_at: datetime | None = None
        self._serving: set[asyncio.Task[None]] = set()
        self._jitter = random.SystemRandom()

    async def run(self, receive: Receive) -> None:
        try:
            while True:
                await self._keep_one(receive)
        finally:
            for task in self._serving:
                task.cancel()
            await asyncio.gather(*self._serving, return_exceptions=True)

    async def _keep_one(self, receive: Receive) -> None:
        try:
            opened = await self._connect()
        except PlatformError as problem:
            await self._back_off(problem)
            return
        connection = Connection(opened, receive, self._now, self._timings)
        self._started(connection)
        await connection.retired.wait()
        self._config, self._lost_at = connection.config, connection.lost_at
        self._attempts = 0 if connection.frames else self._attempts + 1
        if self._attempts:
            await asyncio.sleep(self._delay())

    def _started(self, connection: Connection) -> None:
        self.current, self.refusal = connection, ""
        self.connected.set()
        self._tell_missed(connection.opened_at)
        task = asyncio.create_task(connection.serve())
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    def _tell_missed(self, until: datetime) -> None:
        since, self._lost_at = self._lost_at, None
        if since is None:
            log.info("feishu.connected")
            return
        self.missed = (since, until)
        seconds = round((until - since).total_seconds())
        log.warning(
            "feishu.was_offline", since=since.isoformat(), until=until.isoformat(), seconds=seconds
        )

    async def _back_off(self, problem: PlatformError) -> None:
        self._attempts += 1
        self._lost_at = self._lost_at or self._now()
        self.refusal = str(problem)
        delay = self._delay()
        if isinstance(problem, Unauthorized):
            log.error("feishu.credentials_refused", reason=str(problem))
            delay = self._timings.refused_seconds
        elif isinstance(problem, RateLimited):
            delay = max(delay, problem.retry_after)
        log.warning("feishu.not_connected", reason=str(problem), retry_seconds=round(delay, 1))
        await asyncio.sleep(delay)

    def _delay(self) -> float:
        """Doubles up to a limit, never gives up. The server's interval is the limit when shorter;
        its count of attempts is not followed: a bot that gave up would be silent for good."""
        grown = self._timings.backoff_seconds * 2.0 ** min(self._attempts - 1, 20)
        limit = min(self._timings.backoff_limit_seconds, self._config.reconnect_seconds)
        return min(grown, limit) * self._jitter.uniform(0.5, 1.0)


def _ignore(reason: str) -> None:
    log.warning("feishu.frame_ignored", reason=reason)


def _count(frame: Frame, name: str, missing: int) -> int:
    text = frame.header(name)
    if not text:
        return missing
    if not (text.isascii() and text.isdigit() and len(text) < 5):
        raise ValueError(f"{name} is {text[:40]!r}")
    return int(text)
