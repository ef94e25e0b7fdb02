"""Keeps one long connection of a platform alive, for ever, and knows when nobody was connected.

    keeper = Keeper("wecom", now, timings, overlap=False)
    await keeper.start(open_line, accept)   # open_line() -> Line, raises PlatformError
    keeper.live                             # the connection to send on, or None
    await keeper.stop()

`open_line` returns once the platform takes the connection for open (WeCom: has answered the
subscription). With `overlap` the next connection opens before the old one closes, so that nothing
falls between them; without, the old one is closed first, for platforms that allow one alone.
A connection may ask for a pause before the next: `retire("kicked", pause_seconds=60)`.

Among several processes `hold` decides which one connects: a context that is entered when this
process alone holds the name, and left when its connection is closed. See `Held`.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, Protocol, TypeVar

import structlog

from bot.events import WasOffline
from bot.platforms.connection import Connection, Timings
from bot.platforms.protocol import Accept, Now, PlatformError, RateLimited, Unauthorized

DOUBLINGS = 20

log = structlog.get_logger()

C = TypeVar("C", bound=Connection)
Open = Callable[[], Awaitable[C]]
"""Opens a connection. Raises PlatformError."""


@dataclass(slots=True)
class Held:
    """The right to be the only process that is connected under a name."""

    seen_at: datetime | None = None
    """When anybody was last connected under it, as far as is known. Whoever gives the right asks
    `connected_at` from time to time, and keeps the answer for the next holder."""
    connected_at: Callable[[], datetime | None] = lambda: None
    lost: asyncio.Event = field(default_factory=asyncio.Event)
    """Set while there is still time to close, when the right cannot be kept."""


class Hold(Protocol):
    """Waits until this process alone holds a name; calls `waits` whenever it asked in vain."""

    def __call__(
        self, name: str, *, waits: Callable[[], None]
    ) -> AbstractAsyncContextManager[Held]: ...


@asynccontextmanager
async def alone(name: str, *, waits: Callable[[], None]) -> AsyncIterator[Held]:
    """Where there is one process, and nothing is remembered between its runs."""
    yield Held()


class Keeper(Generic[C]):
    """One for each account of a platform; `name` is the platform's."""

    def __init__(
        self, name: str, now: Now, timings: Timings, *, overlap: bool = True, hold: Hold = alone
    ) -> None:
        self.current: C | None = None
        """The latest connection, alive or not."""
        self.refusal = ""
        """Why the last attempt failed; empty when it did not."""
        self.missed: tuple[datetime, datetime] | None = None
        """From when to when nobody was connected, the last time."""
        self._name = name
        self._now = now
        self._timings = timings
        self._overlap = overlap
        self._hold = hold
        self.is_holding = False
        """This process is the one that connects."""
        self._started = asyncio.Event()
        self._attempts = 0
        self._lost_at: datetime | None = None
        self._limit_seconds = timings.backoff_limit_seconds
        self._running: asyncio.Task[None] | None = None
        self._serving: set[asyncio.Task[None]] = set()
        self._telling: set[asyncio.Task[None]] = set()
        self._jitter = random.SystemRandom()

    @property
    def live(self) -> C | None:
        """The connection, unless there is none at the moment."""
        current = self.current
        return None if current is None or current.retired.is_set() else current

    def clock_moved(self) -> None:
        """See `WatchesALine`."""
        if self.live is not None:
            self.live.clock_moved()

    @property
    def health(self) -> list[str]:
        """For operators."""
        live = self.live
        if live is not None:
            told = [
                f"long connection since {live.opened_at:%m-%d %H:%M}",
                f"last frame {live.heard_at:%H:%M:%S}",
            ]
        elif self._running is not None and not self.is_holding:
            told = ["standing by: another process holds the long connection"]
        else:
            told = [f"long connection down: {self.refusal or 'connecting'}"]
        if self.missed:
            told.append("offline {:%m-%d %H:%M:%S} to {:%m-%d %H:%M:%S}".format(*self.missed))
        return told

    async def start(self, connect: Open[C], accept: Accept) -> None:
        """Returns when connected, when another process is to connect, or after a few seconds: it
        goes on trying."""
        self._running = asyncio.create_task(self._run(connect, accept), name=f"{self._name} line")
        try:
            async with asyncio.timeout(self._timings.start_seconds):
                await self._started.wait()
        except TimeoutError:
            log.warning(f"{self._name}.started_unconnected", reason="; ".join(self.health))

    async def stop(self) -> None:
        """What was heard is still answered before the connection closes."""
        if self._running is None:
            return
        for task in (self._running, *self._telling):
            task.cancel()
        await asyncio.gather(self._running, *self._telling, return_exceptions=True)
        self._running = None

    # Holding -------------------------------------------------------------------------------

    async def _run(self, connect: Open[C], accept: Accept) -> None:
        while True:
            async with self._hold(self._name, waits=self._stand_by) as held:
                held.connected_at = self._connected_at
                self.is_holding = True
                self._lost_at = _latest(self._lost_at, held.seen_at)
                try:
                    await self._keep_until(held.lost, connect, accept)
                finally:
                    self.is_holding = False
            log.warning(f"{self._name}.handed_over", reason="the lease could not be renewed")

    def _stand_by(self) -> None:
        if not self._started.is_set():
            log.info(f"{self._name}.stands_by", reason="another process holds the connection")
            self._started.set()

    async def _keep_until(self, lost: asyncio.Event, connect: Open[C], accept: Accept) -> None:
        keeping = asyncio.create_task(self._keep(connect, accept))
        losing = asyncio.create_task(lost.wait())
        try:
            await asyncio.wait({keeping, losing}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            keeping.cancel()
            losing.cancel()
            await asyncio.gather(keeping, losing, return_exceptions=True)
            await self._close_all()

    async def _close_all(self) -> None:
        live, now = self.live, self._now()
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)
        if live is not None:
            await live.close()  # one that was cancelled before it began to serve
            self._lost_at = now

    def _connected_at(self) -> datetime | None:
        current = self.current
        if current is None:
            return None
        return current.lost_at if current.retired.is_set() else current.seen_at

    # Keeping -------------------------------------------------------------------------------

    async def _keep(self, connect: Open[C], accept: Accept) -> None:
        while True:
            try:
                await self._keep_one(await connect(), accept)
            except PlatformError as problem:
                await self._back_off(problem)
            except Exception as fault:  # a fault of ours must not end the keeping
                log.exception(f"{self._name}.connect_fault")
                await self._back_off(fault)

    async def _keep_one(self, connection: C, accept: Accept) -> None:
        serving = self._serve(connection)
        self.current, self.refusal = connection, ""
        self._started.set()
        self._note_missed(connection.opened_at, accept)
        await connection.retired.wait()
        if not self._overlap:
            await asyncio.wait({serving})
        self._lost_at = connection.lost_at
        self._limit_seconds = min(
            self._timings.backoff_limit_seconds, connection.backoff_limit_seconds
        )
        self._attempts = 0 if connection.frames else self._attempts + 1
        delay = self._delay() if self._attempts else 0.0
        await asyncio.sleep(max(delay, connection.pause_seconds))

    def _serve(self, connection: C) -> asyncio.Task[None]:
        if not self._overlap:
            connection.linger_seconds = 0.0
        task = asyncio.create_task(connection.serve())
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)
        return task

    async def _back_off(self, problem: Exception) -> None:
        self._attempts += 1
        self._lost_at = self._lost_at or self._now()
        self.refusal = str(problem) or type(problem).__name__
        delay = self._delay()
        if isinstance(problem, Unauthorized):
            log.error(f"{self._name}.credentials_refused", reason=self.refusal)
            delay = self._timings.refused_seconds
        elif isinstance(problem, RateLimited):
            delay = max(delay, problem.retry_after)
        log.warning(
            f"{self._name}.not_connected", reason=self.refusal, retry_seconds=round(delay, 1)
        )
        await asyncio.sleep(delay)

    def _delay(self) -> float:
        """Doubles up to a limit, never gives up: a bot that did would be silent for good."""
        grown = self._timings.backoff_seconds * 2.0 ** min(self._attempts - 1, DOUBLINGS)
        return min(grown, self._limit_seconds) * self._jitter.uniform(0.5, 1.0)

    # Missed time ---------------------------------------------------------------------------

    def _note_missed(self, until: datetime, accept: Accept) -> None:
        lost_at, self._lost_at = self._lost_at, None
        if lost_at is None:
            log.info(f"{self._name}.connected")
            return
        since = min(lost_at, until)
        self.missed = (since, until)
        seconds = (until - since).total_seconds()
        log.warning(
            f"{self._name}.was_offline",
            since=since.isoformat(),
            until=until.isoformat(),
            seconds=round(seconds),
        )
        if seconds > self._timings.offline_seconds:
            key = f"offline:{self._name}:{since.isoformat()}"
            self._tell(WasOffline(key, until, self._name, since), accept)

    def _tell(self, event: WasOffline, accept: Accept) -> None:
        task = asyncio.create_task(self._tell_until_saved(event, accept))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def _tell_until_saved(self, event: WasOffline, accept: Accept) -> None:
        """A database that was away together with the platform comes back."""
        saved = False
        while not saved:
            try:
                await accept(event)
                saved = True
            except Exception:  # a fault of the database must not hide the outage
                log.exception(f"{self._name}.outage_not_told")
                await asyncio.sleep(self._timings.backoff_limit_seconds)


def _latest(one: datetime | None, other: datetime | None) -> datetime | None:
    return max((each for each in (one, other) if each is not None), default=None)
