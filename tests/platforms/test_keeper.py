"""The keeper of long connections, on a platform that says nothing but ping and pong."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import aiohttp
import pytest
from aiohttp import WSMsgType, web
from aiohttp.test_utils import TestServer
from structlog.testing import capture_logs

from bot.clock import Clock
from bot.events import Event, WasOffline
from bot.platforms.connection import Connection, Timings
from bot.platforms.keeper import Held, Keeper
from bot.platforms.protocol import Now, RateLimited, Unauthorized, Unreachable

NIGHT = datetime(2026, 1, 27, 19, 12, tzinfo=UTC)
FAST = Timings(
    start_seconds=1.0,
    backoff_seconds=0.001,
    backoff_limit_seconds=0.01,
    refused_seconds=0.01,
    tick_seconds=0.005,
    linger_seconds=0.1,
    finish_seconds=0.1,
    send_seconds=0.2,
    close_seconds=0.05,
)
Logs = list[Any]


class Line(Connection):
    """Says what it hears, when it has time."""

    platform = "tin"
    ping_seconds = 30.0
    silence_seconds = 90.0
    missed_pings = 2

    def __init__(
        self, socket: aiohttp.ClientWebSocketResponse, now: Now, timings: Timings, tin: "Tin"
    ) -> None:
        super().__init__(socket, now, timings)
        self._tin = tin

    async def take(self, message: aiohttp.WSMessage) -> None:
        if message.type is not WSMsgType.TEXT:
            return
        if message.data == "faint pong":
            self.alive()
            return
        self.heard()
        match message.data:
            case "leave":
                self.retire("asked to")
            case "kicked":
                self.retire("kicked", pause_seconds=self._tin.pause_seconds)
            case "trip":
                raise KeyError("a fault of ours")
            case "hello":
                self.answer(self._hello())

    async def _hello(self) -> None:
        self._tin.heard.append("hello")
        await self._tin.disk.wait()
        await self.send("hello yourself")

    async def ping(self) -> None:
        await self.send("ping")


@dataclass
class Tin:
    """The platform's server, and the keeper that is connected to it."""

    clock: Clock
    sockets: list[web.WebSocketResponse] = field(default_factory=list)
    requests: list[web.Request] = field(default_factory=list)
    most: int = 0
    """Connections at the same time, at most."""
    openings: int = 0
    silent: bool = False
    faint: bool = False
    """Pongs only prove that the wire is there."""
    rude: bool = False
    """Closes every connection at once."""
    thawed: asyncio.Event = field(default_factory=asyncio.Event)
    """Until then it reads nothing, and answers no closing either."""
    pause_seconds: float = 0.0
    heard: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    disk: asyncio.Event = field(default_factory=asyncio.Event)
    refusals: list[Exception] = field(default_factory=list)
    accepted: list[Event] = field(default_factory=list)
    database: list[Exception] = field(default_factory=list)
    """What saving fails with, once each."""
    url: str = ""
    session: aiohttp.ClientSession | None = None
    timings: Timings = FAST

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        if self.rude:
            await socket.close()
            return socket
        self.sockets.append(socket)
        self.requests.append(request)
        self.most = max(self.most, len(self.sockets))
        try:
            await self.thawed.wait()
            async for message in socket:
                await self._take(socket, str(message.data))
        finally:
            self.sockets.remove(socket)
            self.requests.remove(request)
        return socket

    async def _take(self, socket: web.WebSocketResponse, said: str) -> None:
        self.said.append(said)
        if said == "ping" and not self.silent:
            await socket.send_str("faint pong" if self.faint else "pong")

    async def tell(self, text: str) -> None:
        for socket in self.sockets:
            await socket.send_str(text)

    def cut(self) -> None:
        for request in self.requests:
            assert request.transport is not None
            request.transport.abort()

    async def open(self) -> Line:
        self.openings += 1
        if self.refusals:
            raise self.refusals.pop(0)
        assert self.session is not None
        socket = await self.session.ws_connect(self.url)
        return Line(socket, self.clock, self.timings, self)

    async def accept(self, event: Event) -> bool:
        if self.database:
            raise self.database.pop(0)
        self.accepted.append(event)
        return True

    def keeper(self, *, overlap: bool = True, **more: Any) -> Keeper[Line]:
        return Keeper("tin", self.clock, self.timings, overlap=overlap, **more)

    def passes(self, seconds: float) -> None:
        self.clock.move_to(self.clock() + timedelta(seconds=seconds))


@pytest.fixture
async def tin() -> AsyncIterator[Tin]:
    tin = Tin(Clock(NIGHT, frozen=True))
    tin.disk.set()
    tin.thawed.set()
    app = web.Application()
    app.router.add_get("/", tin.serve)
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        tin.url, tin.session = str(server.make_url("/")), session
        yield tin
        tin.thawed.set()
        for socket in list(tin.sockets):
            await socket.close()


@asynccontextmanager
async def kept(tin: Tin, **options: Any) -> AsyncIterator[Keeper[Line]]:
    keeper = tin.keeper(**options)
    await keeper.start(tin.open, tin.accept)
    yield keeper
    await keeper.stop()


async def until(condition: Callable[[], object]) -> None:
    """Waits for what another task is about to do."""
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - any condition, of any task
            await asyncio.sleep(0.001)


def has_changed(keeper: Keeper[Line], before: Line | None) -> bool:
    return keeper.live not in (None, before)


def names(logs: Logs) -> list[str]:
    return [entry["event"] for entry in logs]


def reasons(logs: Logs, event: str) -> list[str]:
    return [entry["reason"] for entry in logs if entry["event"] == event]


# A clock put on by hand ----------------------------------------------------------------------


async def test_a_clock_that_is_put_on_by_hand_is_no_sleep(tin: Tin) -> None:
    async with kept(tin) as keeper:
        tin.clock.on_move(keeper.clock_moved)
        first = keeper.live
        for _ in range(3):
            tin.clock.move_to(tin.clock() + timedelta(hours=72))
            await asyncio.sleep(3 * FAST.tick_seconds)
        assert keeper.live is first
        assert (keeper.missed, tin.accepted) == (None, [])


# One after the other -------------------------------------------------------------------------


async def test_a_cut_wire_is_replaced(tin: Tin) -> None:
    async with kept(tin) as keeper:
        first = keeper.live
        await until(lambda: first and first.frames)
        tin.cut()
        await until(lambda: keeper.live not in (None, first))
        assert keeper.missed == (NIGHT, NIGHT)
        assert tin.accepted == []


async def test_with_overlap_the_next_is_open_before_the_old_one_closes(tin: Tin) -> None:
    async with kept(tin):
        (old,) = tin.sockets
        await tin.tell("leave")
        await until(lambda: len(tin.sockets) == 2)
        await old.send_str("hello")
        await until(lambda: "hello yourself" in tin.said)
        await until(lambda: old not in tin.sockets)
        assert len(tin.sockets) == 1


async def test_without_overlap_there_is_never_more_than_one(tin: Tin) -> None:
    async with kept(tin, overlap=False) as keeper:
        for _ in range(5):
            await tin.tell("leave")
            await until(partial(has_changed, keeper, keeper.live))
        tin.cut()
        await until(lambda: tin.openings == 7)
    assert tin.most == 1


async def test_without_overlap_a_peer_that_never_closes_is_left_alone(tin: Tin) -> None:
    tin.thawed.clear()
    async with kept(tin, overlap=False) as keeper:
        first = keeper.live
        assert first is not None
        first.retire("asked to")
        await until(lambda: keeper.live not in (None, first))


async def test_a_pause_that_was_asked_for_is_kept(tin: Tin) -> None:
    tin.pause_seconds = 30.0
    async with kept(tin, overlap=False) as keeper:
        await until(lambda: "ping" in tin.said)
        await tin.tell("kicked")
        await until(lambda: not tin.sockets)
        await asyncio.sleep(0.05)
        assert (tin.openings, keeper.live) == (1, None)
        assert keeper.health[0].startswith("long connection down")


async def test_a_server_that_hangs_up_at_once_is_not_stormed(tin: Tin) -> None:
    tin.timings = replace(FAST, backoff_seconds=0.02, backoff_limit_seconds=0.02)
    tin.rude = True
    async with kept(tin):
        await asyncio.sleep(0.1)
        assert 2 < tin.openings < 15


# Signs of death ------------------------------------------------------------------------------


async def test_silence_counts_as_death_since_the_last_frame(tin: Tin) -> None:
    async with kept(tin) as keeper:
        await until(lambda: keeper.live and keeper.live.frames)
        tin.faint = True
        with capture_logs() as logs:
            for _ in range(7):
                tin.passes(15)
                await asyncio.sleep(0.015)
            await until(lambda: keeper.missed)
    assert reasons(logs, "tin.connection_retired")[0] == "silence"
    assert keeper.missed is not None
    assert keeper.missed[0] == NIGHT


async def test_pings_without_an_answer_count_as_death(tin: Tin) -> None:
    tin.silent = True
    async with kept(tin) as keeper:
        first = keeper.live
        await until(lambda: "ping" in tin.said)
        with capture_logs() as logs:
            for seconds in (29, 1, 29, 1):
                tin.passes(seconds)
                await asyncio.sleep(0.015)
            await until(lambda: keeper.live not in (None, first))
    assert reasons(logs, "tin.connection_retired")[0] == "pings found no answer"
    assert tin.said.count("ping") >= 2
    assert keeper.missed == (NIGHT, NIGHT + timedelta(seconds=60))


@pytest.mark.parametrize("hours", [8, -8])
async def test_a_clock_that_jumped_either_way_means_a_new_connection(tin: Tin, hours: int) -> None:
    shift = timedelta()
    keeper: Keeper[Line] = Keeper("tin", lambda: NIGHT + shift, FAST)

    async def connect() -> Line:
        line = await tin.open()
        return Line(line._socket, lambda: NIGHT + shift, FAST, tin)

    await keeper.start(connect, tin.accept)
    first = keeper.live
    with capture_logs() as logs:
        shift = timedelta(hours=hours)
        await until(lambda: keeper.live not in (None, first))
    assert "the clock jumped" in reasons(logs, "tin.connection_retired")[0]
    assert keeper.missed is not None
    await keeper.stop()
    since, back = keeper.missed
    assert (back - since).total_seconds() == max(hours, 0) * 3600


async def test_a_fault_of_ours_is_told_and_the_connection_replaced(tin: Tin) -> None:
    async with kept(tin) as keeper:
        first = keeper.live
        with capture_logs() as logs:
            await tin.tell("trip")
            await until(lambda: keeper.live not in (None, first))
    assert "tin.connection_fault" in names(logs)


# Trying again --------------------------------------------------------------------------------


async def test_it_tries_without_end_and_longer_from_time_to_time(tin: Tin) -> None:
    tin.timings = replace(FAST, backoff_seconds=0.0001, backoff_limit_seconds=0.001)
    tin.refusals = [Unreachable("nobody there") for _ in range(60)]
    with capture_logs() as logs:
        async with kept(tin) as keeper:
            await until(lambda: keeper.live)
    assert names(logs).count("tin.not_connected") == 60
    assert keeper.refusal == ""


async def test_the_delay_doubles_up_to_the_limit_with_jitter(tin: Tin) -> None:
    keeper: Keeper[Line] = Keeper("tin", tin.clock, Timings())
    for attempts, most in [(1, 1), (2, 2), (5, 16), (7, 60), (10_000, 60)]:
        keeper._attempts = attempts
        delays = [keeper._delay() for _ in range(50)]
        assert most / 2 <= min(delays) < max(delays) <= most


async def test_a_refusal_is_shown_and_alarms_when_it_is_about_credentials(tin: Tin) -> None:
    tin.refusals = [Unauthorized("wrong secret"), KeyError("a fault of ours")]
    tin.timings = replace(FAST, refused_seconds=0.05)
    keeper = tin.keeper()
    with capture_logs() as logs:
        starting = asyncio.create_task(keeper.start(tin.open, tin.accept))
        await until(lambda: keeper.refusal)
        assert keeper.health == ["long connection down: wrong secret"]
        await starting
    await keeper.stop()
    assert reasons(logs, "tin.credentials_refused") == ["wrong secret"]
    assert "tin.connect_fault" in names(logs)


async def test_a_platform_that_says_when_to_come_back_is_obeyed(tin: Tin) -> None:
    tin.refusals = [RateLimited("too many", 30.0)]
    tin.timings = replace(FAST, start_seconds=0.03)
    with capture_logs() as logs:
        async with kept(tin):
            assert tin.openings == 1
    (entry,) = [entry for entry in logs if entry["event"] == "tin.not_connected"]
    assert entry["retry_seconds"] == 30.0
    assert "tin.started_unconnected" in names(logs)


# Stopping ------------------------------------------------------------------------------------


async def test_what_was_heard_is_answered_before_it_stops(tin: Tin) -> None:
    tin.disk.clear()
    keeper = tin.keeper()
    await keeper.start(tin.open, tin.accept)
    await tin.tell("hello")
    await until(lambda: tin.heard)
    stopping = asyncio.create_task(keeper.stop())
    await asyncio.sleep(0.01)
    tin.disk.set()
    await stopping
    await until(lambda: "hello yourself" in tin.said)
    await until(lambda: not tin.sockets)


async def test_an_answer_that_never_comes_does_not_hold_it_up(tin: Tin) -> None:
    tin.disk.clear()
    keeper = tin.keeper()
    await keeper.start(tin.open, tin.accept)
    await tin.tell("hello")
    await until(lambda: tin.heard)
    async with asyncio.timeout(1):
        await keeper.stop()
    await until(lambda: not tin.sockets)


async def test_it_may_be_stopped_before_it_has_begun(tin: Tin) -> None:
    keeper = tin.keeper()
    await keeper.stop()
    assert keeper.health == ["long connection down: connecting"]


# Missed time ---------------------------------------------------------------------------------


async def away(tin: Tin, keeper: Keeper[Line], seconds: float) -> None:
    """The wire breaks, and the platform is out of reach for a while."""
    before = keeper.live
    tin.refusals = [Unreachable("nobody there") for _ in range(1000)]
    tin.cut()
    await until(lambda: keeper.refusal)
    tin.passes(seconds)
    tin.refusals.clear()
    await until(lambda: keeper.live not in (None, before))


async def test_an_outage_is_told_once_from_when_to_when(tin: Tin) -> None:
    async with kept(tin) as keeper:
        await until(lambda: keeper.live and keeper.live.frames)
        await away(tin, keeper, 8 * 60)
        await until(lambda: tin.accepted)
        assert keeper.missed == (NIGHT, NIGHT + timedelta(minutes=8))
        assert keeper.health[-1] == "offline 01-27 19:12:00 to 01-27 19:20:00"
    (event,) = tin.accepted
    assert event == WasOffline(
        "offline:tin:2026-01-27T19:12:00+00:00", NIGHT + timedelta(minutes=8), "tin", NIGHT
    )


async def test_a_short_outage_is_logged_and_not_told(tin: Tin) -> None:
    async with kept(tin) as keeper:
        await until(lambda: keeper.live and keeper.live.frames)
        with capture_logs() as logs:
            await away(tin, keeper, 60)
    assert "tin.was_offline" in names(logs)
    assert tin.accepted == []


async def test_an_outage_is_told_when_the_database_is_back(tin: Tin) -> None:
    tin.database = [OSError("disk full"), OSError("disk full")]
    async with kept(tin) as keeper:
        await until(lambda: keeper.live and keeper.live.frames)
        with capture_logs() as logs:
            await away(tin, keeper, 3600)
            await until(lambda: tin.accepted)
    assert names(logs).count("tin.outage_not_told") == 2
    assert len(tin.accepted) == 1


# Among several processes ---------------------------------------------------------------------


@dataclass
class Right:
    """The one right to be connected, as whoever hands it out sees it."""

    held: Held = field(default_factory=Held)
    free: asyncio.Event = field(default_factory=asyncio.Event)
    names: list[str] = field(default_factory=list)
    returned: int = 0

    @asynccontextmanager
    async def hold(self, name: str, *, waits: Callable[[], None]) -> AsyncIterator[Held]:
        self.names.append(name)
        if not self.free.is_set():
            waits()
        await self.free.wait()
        try:
            yield self.held
        finally:
            self.returned += 1


async def test_who_does_not_hold_the_right_stands_by(tin: Tin) -> None:
    right = Right()
    async with kept(tin, hold=right.hold) as keeper:
        assert (tin.openings, right.names) == (0, ["tin"])
        assert "standing by" in keeper.health[0]
        right.free.set()
        await until(lambda: tin.sockets)
    assert (tin.openings, right.returned) == (1, 1)


async def test_who_stands_by_has_started_at_once(tin: Tin) -> None:
    right = Right()
    tin.timings = replace(FAST, start_seconds=3600)
    with capture_logs() as logs:
        async with asyncio.timeout(5), kept(tin, hold=right.hold) as keeper:
            assert not keeper.is_holding
    assert names(logs) == ["tin.stands_by"]


async def test_who_loses_the_right_closes_and_waits_for_it_again(tin: Tin) -> None:
    right = Right()
    right.free.set()
    async with kept(tin, hold=right.hold) as keeper:
        await until(lambda: keeper.live and keeper.live.frames)
        right.free.clear()
        lost, right.held = right.held, Held()
        lost.lost.set()
        await until(lambda: right.returned)
        assert keeper.live is None
        await until(lambda: not tin.sockets)
        assert lost.connected_at() == NIGHT
        tin.passes(600)
        right.free.set()
        await until(lambda: keeper.missed)
        assert keeper.missed == (NIGHT, NIGHT + timedelta(minutes=10))


async def test_the_time_before_the_start_counts_when_it_is_known(tin: Tin) -> None:
    right = Right(Held(seen_at=NIGHT - timedelta(hours=2)))
    right.free.set()
    async with kept(tin, hold=right.hold) as keeper:
        await until(lambda: tin.accepted)
        assert keeper.missed == (NIGHT - timedelta(hours=2), NIGHT)


async def test_a_clock_that_was_put_back_before_the_start_tells_nothing(tin: Tin) -> None:
    right = Right(Held(seen_at=NIGHT + timedelta(hours=72)))
    right.free.set()
    async with kept(tin, hold=right.hold) as keeper:
        await until(lambda: keeper.live and keeper.live.frames)
    assert tin.accepted == []
