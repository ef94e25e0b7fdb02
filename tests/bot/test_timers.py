"""Moments that have come become events, each exactly once."""

from datetime import timedelta

import pytest
from sqlmodel import Session, col, select

from bot import events
from bot.clock import Clock
from bot.events import TimerFired
from bot.runtime.timers import Timers
from storage import timers
from storage.db import Database
from storage.models import Inbox
from tests.bot.conftest import START, later


@pytest.fixture
def rung() -> list[bool]:
    return []


@pytest.fixture
def loop(db: Database, clock: Clock, rung: list[bool]) -> Timers:
    return Timers(db, clock, after=lambda: rung.append(True))


async def wake(loop: Timers, seconds: float, subject: int = 7, **data: str) -> None:
    await loop.db.write(lambda db: timers.set(db, "late", subject, later(seconds), data))


def fired(db: Database) -> list[TimerFired]:
    with db.read() as reader:
        rows = reader.exec(select(Inbox).order_by(col(Inbox.id)))
        found = [events.load(row.kind, row.body) for row in rows]
    return [event for event in found if isinstance(event, TimerFired)]


async def test_a_timer_fires_at_its_moment_with_what_it_carries(
    loop: Timers, clock: Clock, rung: list[bool]
) -> None:
    await wake(loop, 60, round="2")
    assert await loop.step() == (False, later(60))
    clock.move_to(later(60))
    assert (await loop.step()).worked
    (event,) = fired(loop.db)
    assert (event.name, event.subject, event.at) == ("late", 7, later(60))
    assert event.data == {"round": "2"}
    assert rung == [True]


async def test_a_timer_fires_once(loop: Timers, clock: Clock) -> None:
    await wake(loop, 0)
    await loop.step()
    clock.move_to(later(9999))
    assert await loop.step() == (False, None)
    assert len(fired(loop.db)) == 1


async def test_a_timer_set_again_after_it_has_fired_fires_again(loop: Timers, clock: Clock) -> None:
    for seconds in (10, 20, 30):
        await wake(loop, seconds)
        clock.move_to(later(seconds))
        await loop.step()
    assert [event.at for event in fired(loop.db)] == [later(10), later(20), later(30)]


async def test_a_moment_that_was_slept_through_is_told_as_it_was_asked_for(
    loop: Timers, clock: Clock
) -> None:
    await wake(loop, 60)
    clock.move_to(START + timedelta(days=3))
    await loop.step()
    assert [event.at for event in fired(loop.db)] == [later(60)]


async def test_timers_fire_in_the_order_of_their_moments(loop: Timers, clock: Clock) -> None:
    for subject, seconds in [(1, 30), (2, 10), (3, 20)]:
        await wake(loop, seconds, subject)
    clock.move_to(later(60))
    await loop.step()
    assert [event.subject for event in fired(loop.db)] == [2, 3, 1]


async def test_a_crash_between_firing_and_saving_fires_it_next_time(
    loop: Timers, monkeypatch: pytest.MonkeyPatch
) -> None:
    await wake(loop, 0)
    delete = Session.delete

    def crash(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Session, "delete", crash)
    with pytest.raises(ZeroDivisionError):
        await loop.step()
    assert fired(loop.db) == []
    monkeypatch.setattr(Session, "delete", delete)
    await loop.step()
    assert len(fired(loop.db)) == 1
