"""The one clock: it runs or stands still, can be moved on, and never goes back."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.clock import Clock
from tests.bot.conftest import START, later


def test_a_frozen_clock_stands_still_until_it_is_moved() -> None:
    clock = Clock(START, frozen=True)
    assert clock() == clock() == START
    clock.move_to(later(60))
    assert clock() == later(60)


def test_a_running_clock_goes_on_from_where_it_was_put() -> None:
    clock = Clock(START)
    first = clock()
    assert START <= first <= clock() < later(5)
    clock.move_to(later(3600))
    assert later(3600) <= clock() < later(3605)


def test_without_a_start_it_tells_the_real_time() -> None:
    assert abs(Clock()() - datetime.now(UTC)) < timedelta(seconds=5)


def test_it_always_tells_utc() -> None:
    shanghai = datetime.fromisoformat("2026-01-28T10:20:00+08:00")
    for frozen in (True, False):
        clock = Clock(shanghai, frozen=frozen)
        clock.move_to(shanghai + timedelta(days=1))
        assert clock().tzinfo == UTC


@pytest.mark.parametrize("frozen", [True, False])
def test_what_happened_has_happened(frozen: bool) -> None:
    clock = Clock(START, frozen=frozen)
    with pytest.raises(ValueError, match="only moves on"):
        clock.move_to(START - timedelta(hours=1))


def test_whoever_sleeps_by_it_is_woken_by_each_move() -> None:
    clock, woken = Clock(START, frozen=True), []
    clock.on_move(lambda: woken.append(clock()))
    clock.move_to(later(1))
    clock.move_to(later(2))
    assert woken == [later(1), later(2)]
