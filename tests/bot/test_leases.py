"""Leases of several processes on one database: held, kept, lost in time, taken over."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import pytest
from sqlalchemy.exc import OperationalError
from sqlmodel import Session
from structlog.testing import capture_logs

from bot.clock import Clock
from bot.platforms.keeper import Held
from bot.runtime.leases import SLOW, Leases, Terms
from storage import leases
from storage.db import Database
from storage.models import Lease
from tests.bot.conftest import START

FAST = Terms(renew_seconds=0.005, write_seconds=1.0, retry_seconds=0.005)


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - any condition, of any task
            await asyncio.sleep(0.001)


class Process:
    """Asks for the lease, and has it until told to leave."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self.held: Held | None = None
        self._leases = Leases(db, clock, terms=FAST)
        self._task = asyncio.create_task(self._live())

    async def _live(self) -> None:
        async with self._leases.hold("feishu") as held:
            self.held = held
            await held.lost.wait()

    async def leave(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


class Broken(Database):
    """A database that can be made to fail, with every writing or with none."""

    fault: Exception | None = None

    async def write(self, work, *, urgent=False):  # type: ignore[no-untyped-def]
        if self.fault is not None:
            raise self.fault
        return await super().write(work, urgent=urgent)


def row(db: Database) -> Lease:
    with db.read() as session:
        return session.get_one(Lease, "feishu")


@pytest.fixture
async def other(db: Database) -> AsyncIterator[Broken]:
    """A second process's way to the same database."""
    second = Broken(db.engine)
    second.open()
    yield second
    second.close()


async def test_the_second_waits_until_the_first_leaves(db: Database, clock: Clock) -> None:
    first = Process(db, clock)
    await until(lambda: first.held)
    second = Process(db, clock)
    await asyncio.sleep(0.03)
    assert second.held is None
    await first.leave()
    await until(lambda: second.held)
    assert row(db).fence == 2
    await second.leave()


async def test_a_holder_keeps_it_as_long_as_it_lives(db: Database, clock: Clock) -> None:
    first = Process(db, clock)
    await until(lambda: first.held)
    second = Process(db, clock)
    for _ in range(6):
        clock.move_to(clock() + timedelta(seconds=6))
        await until(lambda: row(db).until == clock() + timedelta(seconds=15))
    assert second.held is None
    for process in (second, first):
        await process.leave()


async def test_a_dead_holder_is_followed_when_its_lease_runs_out(
    db: Database, other: Broken, clock: Clock
) -> None:
    dead = Process(other, clock)
    await until(lambda: dead.held)
    other.fault = OperationalError("", None, Exception("gone"))
    second = Process(db, clock)
    clock.move_to(START + timedelta(seconds=14))
    await asyncio.sleep(0.03)
    assert second.held is None
    clock.move_to(START + timedelta(seconds=15))
    await until(lambda: second.held)
    for process in (second, dead):
        await process.leave()


@pytest.mark.parametrize(
    "fault", [OperationalError("", None, Exception("gone")), RuntimeError("closed"), TimeoutError()]
)
async def test_who_cannot_renew_gives_up_before_the_lease_runs_out(
    db: Database, other: Broken, clock: Clock, fault: Exception
) -> None:
    process = Process(other, clock)
    await until(lambda: process.held)
    other.fault = fault
    held = process.held
    assert held is not None
    clock.move_to(START + timedelta(seconds=6))
    await asyncio.sleep(0.03)
    assert not held.lost.is_set()
    with capture_logs() as logs:
        clock.move_to(START + timedelta(seconds=7))
        await until(held.lost.is_set)
    lost = [entry["reason"] for entry in logs if entry["event"] == "lease.lost"]
    assert lost == ["no answer from the database"]
    await process.leave()


async def test_who_slept_while_another_took_it_loses_it_at_once(db: Database, clock: Clock) -> None:
    process = Process(db, clock)
    await until(lambda: process.held)
    assert process.held is not None

    def steal(session: Session) -> None:
        later = clock() + timedelta(hours=1)
        assert leases.take(session, "feishu", "thief", later, later + timedelta(seconds=15))

    with capture_logs() as logs:
        await db.write(steal)
        await until(process.held.lost.is_set)
    assert "taken by another" in [entry.get("reason") for entry in logs]
    await process.leave()
    assert row(db).holder == "thief"


async def test_a_clock_that_jumps_loses_nothing_while_nobody_else_asks(
    db: Database, clock: Clock
) -> None:
    process = Process(db, clock)
    await until(lambda: process.held)
    clock.move_to(clock() + timedelta(hours=72))
    await until(lambda: row(db).until > clock())
    assert process.held is not None
    assert not process.held.lost.is_set()
    assert row(db).fence == 1
    await process.leave()


async def test_the_last_sign_of_a_connection_is_kept_for_the_next(
    db: Database, clock: Clock
) -> None:
    first = Process(db, clock)
    await until(lambda: first.held)
    assert first.held is not None
    assert first.held.seen_at is None
    first.held.connected_at = lambda: START - timedelta(seconds=2)
    await until(lambda: row(db).seen_at == START - timedelta(seconds=2))
    first.held.connected_at = lambda: START - timedelta(seconds=1)
    await first.leave()
    second = Process(db, clock)
    await until(lambda: second.held)
    assert second.held is not None
    assert second.held.seen_at == START - timedelta(seconds=1)
    await second.leave()


async def test_who_leaves_while_waiting_leaves_nothing_behind(db: Database, clock: Clock) -> None:
    waiting = Process(db, clock)
    await asyncio.sleep(0)
    await waiting.leave()
    next_one = Process(db, clock)
    await until(lambda: next_one.held)
    await next_one.leave()


@pytest.mark.parametrize("terms", [Terms(), SLOW])
def test_there_is_time_to_try_and_to_close_before_a_lease_runs_out(terms: Terms) -> None:
    """A keeper finishes its answers for 3 s and closes in 2 s at most."""
    last_try = terms.write_seconds
    assert last_try + 3.0 + 2.0 < terms.margin_seconds
    assert 2 * (terms.renew_seconds + terms.write_seconds) <= terms.lease_seconds
