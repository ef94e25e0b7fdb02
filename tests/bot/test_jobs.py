"""Slow calls: made outside of transactions, answered by an event, whatever happens."""

import asyncio
from collections import deque
from typing import Any

import pytest
import structlog
from sqlmodel import col, select

from bot import events
from bot.clock import Clock
from bot.events import JobFinished
from bot.platforms.protocol import Rejected, Unreachable
from bot.runtime import jobs as job_loop
from bot.runtime.jobs import Jobs
from storage import jobs
from storage.db import Database
from storage.models import Inbox
from tests.bot.conftest import later

RETRY_TIMES = (1, 6, 36, 336)
"""Seconds after the first try."""


class Office:
    """One call that answers what it is given, after what it is told to fail with."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self.db, self.clock = db, clock
        self.called: list[dict[str, str]] = []
        self.faults: deque[Exception] = deque()
        self.rung = 0
        self.loop = Jobs(db, clock, calls={"look.up": self.look_up}, after=self.ring)

    def ring(self) -> None:
        self.rung += 1

    async def look_up(self, data: dict[str, str]) -> dict[str, Any]:
        self.called.append(data)
        if self.faults:
            raise self.faults.popleft()
        return {"name": f"about {data['who']}"}

    async def ask(self, who: str, subject: int = 3, name: str = "look.up") -> None:
        await self.db.write(lambda db: jobs.add(db, name, subject, {"who": who}, self.clock()))

    async def work_at(self, seconds: float) -> None:
        self.clock.move_to(later(seconds))
        with structlog.testing.capture_logs():
            while (await self.loop.step()).worked or self.loop._out:
                await asyncio.gather(*self.loop._out)

    def answers(self) -> list[JobFinished]:
        with self.db.read() as reader:
            rows = reader.exec(select(Inbox).order_by(col(Inbox.id)))
            found = [events.load(row.kind, row.body) for row in rows]
        return [event for event in found if isinstance(event, JobFinished)]


@pytest.fixture
def office(db: Database, clock: Clock) -> Office:
    return Office(db, clock)


async def test_the_answer_of_a_call_is_an_event(office: Office) -> None:
    await office.ask("王总")
    await office.work_at(0)
    (answer,) = office.answers()
    assert (answer.name, answer.subject, answer.data) == ("look.up", 3, {"who": "王总"})
    assert (answer.result, answer.error) == ({"name": "about 王总"}, "")
    assert office.rung == 1


async def test_each_job_is_answered_although_its_row_is_gone(office: Office) -> None:
    for who in ("王总", "李总", "张总"):
        await office.ask(who)
        await office.work_at(0)
    assert [answer.data["who"] for answer in office.answers()] == ["王总", "李总", "张总"]


async def test_a_call_that_fails_is_made_again_later(office: Office) -> None:
    office.faults.extend([Unreachable("no answer"), Unreachable("no answer")])
    await office.ask("王总")
    await office.work_at(0)
    await office.work_at(0.9)
    assert (len(office.called), office.answers()) == (1, [])
    await office.work_at(1)
    await office.work_at(6)
    assert [answer.error for answer in office.answers()] == [""]


async def test_a_call_that_is_refused_is_not_made_again(office: Office) -> None:
    office.faults.append(Rejected("no such customer"))
    await office.ask("王总")
    await office.work_at(0)
    await office.work_at(9999)
    assert len(office.called) == 1
    assert [answer.error for answer in office.answers()] == ["no such customer"]


@pytest.mark.parametrize("fault", [Unreachable("no answer"), ZeroDivisionError("a defect")])
async def test_after_the_last_try_the_answer_says_why(office: Office, fault: Exception) -> None:
    office.faults.extend([fault] * 5)
    await office.ask("王总")
    for seconds in (0, *RETRY_TIMES):
        await office.work_at(seconds)
    (answer,) = office.answers()
    assert answer.error == f"{type(fault).__name__}: {fault}"
    assert (len(office.called), office.faults) == (5, deque())


async def test_a_job_nobody_knows_ends_with_an_answer_too(office: Office) -> None:
    await office.ask("王总", name="carrier.pigeon")
    for seconds in (0, *RETRY_TIMES):
        await office.work_at(seconds)
    assert [answer.error for answer in office.answers()] == ["KeyError: 'carrier.pigeon'"]


async def test_a_call_that_hangs_is_given_up_before_its_lease_ends(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert jobs.LEASE.total_seconds() > job_loop.TIMEOUT
    monkeypatch.setattr(job_loop, "TIMEOUT", 0.005)

    async def hang(_: dict[str, str]) -> dict[str, Any]:
        await asyncio.Event().wait()
        raise AssertionError

    office.loop._calls = {"look.up": hang}
    await office.ask("王总")
    await office.work_at(0)
    with office.db.read() as reader:
        assert jobs.next_due(reader) == later(1)


async def test_a_slow_call_keeps_nobody_waiting(office: Office) -> None:
    hanging = asyncio.Event()

    async def slow_for_some(data: dict[str, str]) -> dict[str, Any]:
        if data["who"] == "slow":
            await hanging.wait()
        return {}

    office.loop._calls = {"look.up": slow_for_some}
    office.loop.start()
    await office.ask("slow")
    await office.ask("quick")
    office.loop.ring()
    while not office.answers():  # noqa: ASYNC110  # it needs some turns of the loop
        await asyncio.sleep(0)
    assert [answer.data["who"] for answer in office.answers()] == ["quick"]
    hanging.set()
    await office.loop.stop()
    assert len(office.answers()) == 2
