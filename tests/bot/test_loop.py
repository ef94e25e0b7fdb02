"""Loops work while there is work, sleep until the next moment or a bell, and survive faults."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime

import pytest
import structlog

from bot.clock import Clock
from bot.runtime import loop
from bot.runtime.loop import Errands, Loop, Round
from tests.bot.conftest import START, later


class Counter(Loop):
    """Works off what it has, and knows one moment at which there will be more."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.todo, self.done, self.looks = 0, 0, 0
        self.alarm: datetime | None = later(3600)
        self.fault: Exception | None = None

    async def step(self) -> Round:
        self.looks += 1
        if self.fault is not None:
            fault, self.fault = self.fault, None
            raise fault
        if self.alarm is not None and self.now() >= self.alarm:
            self.todo, self.alarm = self.todo + 1, None
        if not self.todo:
            return Round(worked=False, due=self.alarm)
        self.todo, self.done = self.todo - 1, self.done + 1
        return Round(worked=True)


async def until_idle(counter: Loop) -> None:
    async with asyncio.timeout(5):
        while not counter.is_idle:  # noqa: ASYNC110  # it needs some turns of the loop
            await asyncio.sleep(0)


@pytest.fixture
async def counter(clock: Clock) -> AsyncIterator[Counter]:
    counter = Counter(clock)
    clock.on_move(counter.ring)
    counter.start()
    await until_idle(counter)
    yield counter
    await counter.stop()


async def test_a_bell_wakes_it_and_all_is_worked_off(counter: Counter) -> None:
    counter.todo = 3
    counter.ring()
    assert not counter.is_idle
    await until_idle(counter)
    assert (counter.done, counter.looks) == (3, 5)


async def test_without_a_bell_it_does_not_look(counter: Counter) -> None:
    looks = counter.looks
    for _ in range(50):
        await asyncio.sleep(0)
    assert counter.looks == looks


async def test_a_moved_clock_is_noticed(counter: Counter, clock: Clock) -> None:
    clock.move_to(later(3600))
    await until_idle(counter)
    assert counter.done == 1


async def test_it_wakes_by_itself_at_the_next_moment() -> None:
    counter = Counter(Clock(START))  # this clock runs
    counter.alarm = later(0.02)
    counter.start()
    async with asyncio.timeout(5):
        while not counter.done:  # noqa: ASYNC110  # nobody rings
            await asyncio.sleep(0.001)
    await counter.stop()
    assert counter.looks <= 5


async def test_a_fault_is_logged_and_does_not_end_it(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "PAUSE_AFTER_FAULT", 0)
    counter.fault, counter.todo = OSError("disk full"), 1
    with structlog.testing.capture_logs() as logs:
        counter.ring()
        await until_idle(counter)
    assert [(line["event"], line["loop"]) for line in logs] == [("loop.fault", "Counter")]
    assert counter.done == 1


async def test_a_loop_that_never_started_can_be_stopped(clock: Clock) -> None:
    await Counter(clock).stop()


class Messengers(Errands):
    async def step(self) -> Round:
        return Round(worked=False)


async def test_a_loop_is_not_idle_while_somebody_is_out(clock: Clock) -> None:
    messengers, back = Messengers(clock, at_once=2), asyncio.Event()

    async def wait() -> None:
        await back.wait()

    messengers.start()
    await until_idle(messengers)
    messengers.set_out(wait())
    assert (messengers.is_idle, messengers.free) == (False, 1)
    back.set()
    await until_idle(messengers)
    assert messengers.free == 2
    await messengers.stop()


async def test_an_errand_that_fails_is_logged_and_its_place_is_free_again(clock: Clock) -> None:
    messengers = Messengers(clock, at_once=1)

    async def stumble() -> None:
        raise OSError("disk full")

    with structlog.testing.capture_logs() as logs:
        messengers.set_out(stumble())
        await asyncio.wait(messengers._out)
        await asyncio.sleep(0)
    assert [line["event"] for line in logs] == ["errand.fault"]
    assert messengers.free == 1
