"""A service that fails is left alone for a while, then tried with one call."""

from collections.abc import Callable

import pytest

from bot.clock import Clock
from bot.model.breaker import Breaker
from bot.platforms.protocol import RateLimited, Unreachable
from tests.bot.conftest import later

pytestmark = pytest.mark.usefixtures("quiet_logs")


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker(clock)


def fail(breaker: Breaker, problem: BaseException | None = None) -> None:
    problem = problem or ValueError("no")
    with pytest.raises(type(problem)), breaker.attempt():
        raise problem


def succeed(breaker: Breaker) -> None:
    with breaker.attempt():
        pass


def is_open(breaker: Breaker) -> bool:
    try:
        breaker.check()
    except Unreachable:
        return True
    return False


def test_it_opens_after_three_failures_in_a_row(breaker: Breaker) -> None:
    fail(breaker)
    fail(breaker)
    succeed(breaker)
    fail(breaker)
    fail(breaker)
    assert not is_open(breaker)
    fail(breaker)
    assert is_open(breaker)
    with pytest.raises(Unreachable), breaker.attempt():
        raise AssertionError("no call is made")


def open_it(breaker: Breaker, clock: Clock) -> None:
    for _ in range(3):
        fail(breaker)
    clock.move_to(later(60))


def test_after_the_pause_one_call_decides(breaker: Breaker, clock: Clock) -> None:
    open_it(breaker, clock)
    with breaker.attempt():
        assert is_open(breaker), "only one call may try"
    assert not is_open(breaker)
    fail(breaker)
    assert not is_open(breaker), "a fresh count"


def test_a_failed_probe_opens_it_again_at_once(breaker: Breaker, clock: Clock) -> None:
    open_it(breaker, clock)
    fail(breaker)
    clock.move_to(later(119))
    assert is_open(breaker)
    clock.move_to(later(120))
    succeed(breaker)
    assert not is_open(breaker)


@pytest.mark.parametrize("problem", [KeyboardInterrupt(), GeneratorExit()])
def test_a_probe_that_is_cut_off_lets_the_next_one_try(
    breaker: Breaker, clock: Clock, problem: BaseException
) -> None:
    open_it(breaker, clock)
    fail(breaker, problem)
    clock.move_to(later(120))
    succeed(breaker)


@pytest.mark.parametrize(("asked", "kept"), [(20, 20), (9e9, 86400)])
def test_a_limit_is_kept_as_long_as_the_service_asks_but_no_longer_than_a_day(
    breaker: Breaker, clock: Clock, asked: float, kept: int
) -> None:
    fail(breaker, RateLimited("slowly", asked))
    move: Callable[[float], None] = lambda seconds: clock.move_to(later(seconds))  # noqa: E731
    move(kept - 1)
    assert is_open(breaker)
    move(kept)
    assert not is_open(breaker)
