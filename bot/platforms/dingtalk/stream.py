"""A small client of DingTalk's Stream mode: frames in, answers out, always one connection alive.

The protocol is open-dingtalk/developerpedia, stream/protocol. What it does not say and others
learnt: after `disconnect` the server delivers nothing more on that socket, and sockets may look
healthy while nothing comes. So the next connection opens before the old one closes, and silence
counts as death.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import aiohttp
import structlog
from aiohttp import WSMsgType

from bot.platforms.dingtalk.frames import Frame, Receive, answer, answer_to, read_frame
from bot.platforms.protocol import Now, PlatformError, RateLimited, Unauthorized

FRAME_CHARACTERS = 256 * 1024

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Timings:
    """Real seconds, except those the program's clock measures: silence and jump."""

    http_seconds: float = 10.0
    start_seconds: float = 3.0
    backoff_seconds: float = 1.0
    backoff_limit_seconds: float = 60.0
    tick_seconds: float = 5.0
    ping_seconds: float = 25.0
    silence_seconds: float = 90.0
    jump_seconds: float = 30.0
    linger_seconds: float = 10.0


Connect = Callable[[], Awaitable[aiohttp.ClientWebSocketResponse]]
"""Opens a connection. Raises PlatformError."""


class Connection:
    """One WebSocket, from its opening until it is closed; `retired` once another is needed."""

    def __init__(
        self,
        socket: aiohttp.ClientWebSocketResponse,
        receive: Receive,
        now: Now,
        timings: Timings,
    ) -> None:
        self.retired = asyncio.Event()
        self.opened_at = self.heard_at = now()
        self.frames = 0
        self._socket = socket
        self._receive = receive
        self._now = now
        self._timings = timings
        self._pong_due = False
        self._answering: set[asyncio.Task[None]] = set()

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

    def retire(self, reason: str) -> None:
        if not self.retired.is_set():
            log.info("dingtalk.connection_retired", reason=reason)
            self.retired.set()

    async def _read(self) -> None:
        try:
            while not self._socket.closed:
                message = await self._socket.receive()
                if message.type in (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED):
                    return
                await self._take(message)
        finally:
            self.retire("closed")

    async def _take(self, message: aiohttp.WSMessage) -> None:
        if message.type is WSMsgType.PONG:  # only proves that the wire is there
            self._pong_due = False
            return
        self.heard_at = self._now()
        if message.type is WSMsgType.PING:
            await self._socket.pong(message.data)
        elif message.type is WSMsgType.TEXT:
            await self._take_text(message.data)
        else:
            log.warning("dingtalk.frame_ignored", reason=f"a {message.type.name} frame")

    async def _take_text(self, raw: str) -> None:
        self.frames += 1
        if len(raw) > FRAME_CHARACTERS:
            log.warning("dingtalk.frame_ignored", reason=f"{len(raw)} characters are too many")
            return
        try:
            frame = read_frame(raw)
        except ValueError as problem:
            log.warning("dingtalk.frame_ignored", reason=str(problem))
            return
        await self._take_frame(frame)

    async def _take_frame(self, frame: Frame) -> None:
        if frame.type == "SYSTEM":
            await self._take_system(frame)
        elif frame.type not in ("CALLBACK", "EVENT"):
            log.warning("dingtalk.frame_ignored", reason=f"unknown type {frame.type[:40]!r}")
        elif not frame.message_id:
            log.warning("dingtalk.frame_ignored", reason="no messageId", topic=frame.topic)
        else:
            task = asyncio.create_task(self._answer(frame))
            self._answering.add(task)
            task.add_done_callback(self._answering.discard)

    async def _take_system(self, frame: Frame) -> None:
        if frame.topic == "ping":
            await self._send(answer(frame, 200, "OK", frame.data))
        elif frame.topic == "disconnect":
            self.retire("the server asked to")

    async def _answer(self, frame: Frame) -> None:
        await self._send(await answer_to(frame, self._receive))

    async def _send(self, text: str) -> None:
        """On the socket the frame came from; a lost answer is repaired by redelivery."""
        try:
            await self._socket.send_str(text)
        except (ConnectionError, RuntimeError) as problem:
            log.info("dingtalk.answer_lost", reason=type(problem).__name__)

    async def _watch(self) -> None:
        pinged_at = last_tick = self._now()
        while True:
            await asyncio.sleep(self._timings.tick_seconds)
            now = self._now()
            if (now - last_tick).total_seconds() > self._timings.jump_seconds:
                self.retire("the clock jumped: this machine slept")
            if (now - self.heard_at).total_seconds() > self._timings.silence_seconds:
                self.retire("silence")
            last_tick = now
            if (now - pinged_at).total_seconds() >= self._timings.ping_seconds:
                pinged_at = now
                await self._ping()

    async def _ping(self) -> None:
        if self._pong_due:
            self.retire("the last ping found no answer")
        self._pong_due = True
        try:
            await self._socket.ping()
        except (ConnectionError, RuntimeError):
            self.retire("the ping failed")


class Stream:
    """Keeps one connection alive, for ever."""

    def __init__(self, connect: Connect, now: Now, timings: Timings) -> None:
        self.connected = asyncio.Event()
        self.current: Connection | None = None
        self.refusal = ""
        """Why the last attempt failed; empty when it did not."""
        self._connect = connect
        self._now = now
        self._timings = timings
        self._attempts = 0
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
            socket = await self._connect()
        except PlatformError as problem:
            await self._back_off(problem)
            return
        connection = Connection(socket, receive, self._now, self._timings)
        self._started(connection)
        await connection.retired.wait()
        self._attempts = 0 if connection.frames else self._attempts + 1
        if self._attempts:
            await asyncio.sleep(self._delay())

    def _started(self, connection: Connection) -> None:
        self.current, self.refusal = connection, ""
        self.connected.set()
        task = asyncio.create_task(connection.serve())
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def _back_off(self, problem: PlatformError) -> None:
        self._attempts += 1
        self.refusal = str(problem)
        delay = self._delay()
        if isinstance(problem, Unauthorized):
            log.error("dingtalk.credentials_refused", reason=str(problem))
            delay = self._timings.backoff_limit_seconds
        elif isinstance(problem, RateLimited):
            delay = max(delay, problem.retry_after)
        log.warning("dingtalk.not_connected", reason=str(problem), retry_seconds=round(delay, 1))
        await asyncio.sleep(delay)

    def _delay(self) -> float:
        grown = self._timings.backoff_seconds * 2.0 ** min(self._attempts - 1, 20)
        return min(grown, self._timings.backoff_limit_seconds) * self._jitter.uniform(0.5, 1.0)
