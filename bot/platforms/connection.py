"""One WebSocket of a platform that pushes to us, watched from its opening until it is closed.

A platform subclasses `Connection` with what is its own; a `Keeper` (`keeper.py`) keeps one alive:

    class Line(Connection):
        platform = "wecom"                        # begins the names of the log's events

        async def take(self, message):            # each message that is no closing
            self.heard()                          # the platform spoke; `alive()` for a mere pong
            self.answer(self._store(message))     # work that is finished before the wire is closed

        async def ping(self):                     # at once, then every `ping_seconds`
            await self.send(PING)

`retire(reason)` asks for the next connection. The old one is still read for `linger_seconds`,
because some platforms answer or deliver there for a while.
"""

import asyncio
import contextlib
from abc import ABC, abstractmethod
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

import aiohttp
import structlog
from aiohttp import WSMsgType

from bot.platforms.protocol import Now

CLOSINGS = (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Timings:
    """Real seconds, except those the program's clock measures: jump and offline (and a
    connection's `ping_seconds` and `silence_seconds`)."""

    start_seconds: float = 3.0
    """How long a start waits for the connection; the keeper goes on trying."""
    backoff_seconds: float = 1.0
    backoff_limit_seconds: float = 60.0
    refused_seconds: float = 120.0
    """Between attempts with credentials that were refused."""
    tick_seconds: float = 5.0
    jump_seconds: float = 30.0
    linger_seconds: float = 10.0
    finish_seconds: float = 3.0
    """For answers that are under way when a connection closes."""
    send_seconds: float = 5.0
    close_seconds: float = 2.0
    offline_seconds: float = 60.0
    """Being away for longer is told to administrators."""


class Connection(ABC):
    """`retired` once another connection is needed."""

    platform: ClassVar[str]
    ping_seconds: float = 30.0
    silence_seconds: float = 90.0
    """Without a frame for longer, the connection is dead, however healthy it looks."""
    missed_pings: int = 2
    """So many pings in a row without an answer mean death as well."""
    backoff_limit_seconds: float = float("inf")
    """A shorter limit that the server asked for."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, now: Now, timings: Timings) -> None:
        self.retired = asyncio.Event()
        self.opened_at = self.heard_at = self.alive_at = self.seen_at = self.lost_at = now()
        """Opened; last frame; last sign of the peer, pongs included; last look at a connection
        that is not retired; since when nothing comes any more."""
        self.frames = 0
        self.pause_seconds = 0.0
        """Before the next connection, if whoever retired this one asked for a pause."""
        self.linger_seconds = timings.linger_seconds
        self._socket = socket
        self._now = now
        self._timings = timings
        self._unanswered = 0
        self._answering: set[asyncio.Task[None]] = set()

    # What a platform adds ------------------------------------------------------------------

    @abstractmethod
    async def take(self, message: aiohttp.WSMessage) -> None:
        """One message of any type but a closing. What is wrong with it is logged, not raised."""

    @abstractmethod
    async def ping(self) -> None:
        """Ask for a sign of life, by `send` or a WebSocket ping."""

    # What it may use -----------------------------------------------------------------------

    def heard(self) -> None:
        """A frame came: things are as they should be."""
        self.heard_at = self._now()
        self.frames += 1
        self.alive()

    def alive(self) -> None:
        """The peer gave a sign that only proves that the wire is there."""
        self.alive_at = self._now()
        self._unanswered = 0

    def clock_moved(self) -> None:
        """Put on by hand: what was seen a moment ago still was."""
        self.seen_at = self.heard_at = self.alive_at = self._now()

    def answer(self, work: Coroutine[Any, Any, None]) -> None:
        """Work beside the reading; closing waits for it."""
        task = asyncio.create_task(work)
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)

    async def send(self, data: str | bytes) -> bool:
        """False when it was lost with the connection: whoever needs it says it again."""
        try:
            async with asyncio.timeout(self._timings.send_seconds):
                if isinstance(data, str):
                    await self._socket.send_str(data)
                else:
                    await self._socket.send_bytes(data)
        except (ConnectionError, RuntimeError) as problem:
            log.info(f"{self.platform}.answer_lost", reason=type(problem).__name__)
            return False
        except TimeoutError:
            self.retire("nothing can be sent", self.alive_at)
            return False
        return True

    def retire(
        self, reason: str, lost_at: datetime | None = None, *, pause_seconds: float = 0.0
    ) -> None:
        """Another connection is needed, after a pause where one is asked for. Only the first
        reason counts."""
        if self.retired.is_set():
            return
        log.info(f"{self.platform}.connection_retired", reason=reason)
        self.lost_at = lost_at or self._now()
        self.pause_seconds = pause_seconds
        self.retired.set()

    # Serving -------------------------------------------------------------------------------

    async def serve(self) -> None:
        """Reads until the server closes, or for a while after the connection was retired; then
        finishes its answers and closes."""
        reader = asyncio.create_task(self._guard(self._read()))
        watch = asyncio.create_task(self._guard(self._watch()))
        try:
            await self.retired.wait()
            await asyncio.wait({reader}, timeout=self.linger_seconds)
        finally:
            watch.cancel()
            reader.cancel()
            await asyncio.gather(watch, reader, return_exceptions=True)
            await self._finish()
            await self.close()

    async def _guard(self, work: Coroutine[Any, Any, None]) -> None:
        """Whatever ends the reading or the watching ends the connection."""
        try:
            await work
        except Exception:  # a fault of ours must not leave a connection that nobody minds
            log.exception(f"{self.platform}.connection_fault")
        finally:
            self.retire("closed")

    async def _read(self) -> None:
        while not self._socket.closed:
            message = await self._socket.receive()
            if message.type in CLOSINGS:
                return
            await self.take(message)

    async def _watch(self) -> None:
        """The first ping goes out at once: its answer tells that somebody is there."""
        pinged_at = self._now()
        await self._ping()
        while not self.retired.is_set():
            await asyncio.sleep(self._timings.tick_seconds)
            now = self._now()
            if abs((now - self.seen_at).total_seconds()) > self._timings.jump_seconds:
                self.retire("the clock jumped: this machine slept", min(now, self.seen_at))
            elif (now - self.heard_at).total_seconds() > self.silence_seconds:
                self.retire("silence", self.heard_at)
            elif (now - pinged_at).total_seconds() >= self.ping_seconds:
                pinged_at = now
                await self._ping()
            if not self.retired.is_set():
                self.seen_at = now

    async def _ping(self) -> None:
        if self._unanswered >= self.missed_pings:
            self.retire("pings found no answer", self.alive_at)
            return
        self._unanswered += 1
        try:
            async with asyncio.timeout(self._timings.send_seconds):
                await self.ping()
        except (ConnectionError, RuntimeError, TimeoutError):
            self.retire("the ping failed", self.alive_at)

    async def _finish(self) -> None:
        if self._answering:
            _, late = await asyncio.wait(self._answering, timeout=self._timings.finish_seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def close(self) -> None:
        """A peer that does not answer the closing is left alone."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._timings.close_seconds):
                await self._socket.close()
