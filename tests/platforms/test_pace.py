"""Limits are kept by counting: per app, person, chat and message."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.platforms.dingtalk.limits import LIMITS as DINGTALK
from bot.platforms.feishu.limits import LIMITS as FEISHU
from bot.platforms.pace import MANY_KEYS, Limit, Pace
from bot.platforms.protocol import RateLimited
from bot.platforms.wecom.limits import LIMITS as WECOM

NOW = datetime(2026, 1, 28, 2, 0, tzinfo=UTC)


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


@pytest.fixture
def pace() -> Pace:
    return Pace((Limit("api", 3, timedelta(seconds=10), "a"), Limit("chat", 2, timedelta(1), "b")))


def test_a_full_window_tells_when_it_has_room_again(pace: Pace) -> None:
    for second in range(3):
        pace.take(later(second), api="send", chat=f"c{second}")
    with pytest.raises(RateLimited, match=r"3 calls in 0:00:10 to api send \(a\)") as refused:
        pace.take(later(4), api="send", chat="c9")
    assert refused.value.retry_after == 6
    pace.take(later(10), api="send", chat="c9")


def test_keys_do_not_share_their_windows(pace: Pace) -> None:
    for _ in range(3):
        pace.take(NOW, api="send")
    pace.take(NOW, api="update")


def test_a_refused_call_takes_nothing(pace: Pace) -> None:
    pace.take(NOW, count=2, chat="c")
    for _ in range(5):
        with pytest.raises(RateLimited):
            pace.take(NOW, api="send", chat="c")
    pace.take(NOW, count=3, api="send")


def test_calls_that_belong_together_get_room_together(pace: Pace) -> None:
    pace.take(NOW, count=2, api="send")
    with pytest.raises(RateLimited) as refused:
        pace.take(later(1), count=2, api="send")
    assert refused.value.retry_after == 9


def test_what_never_fits_passes_when_the_window_is_free(pace: Pace) -> None:
    pace.take(NOW, count=9, api="send")
    with pytest.raises(RateLimited):
        pace.take(later(9), api="send")
    pace.take(later(10), count=9, api="send")


def test_without_limits_nothing_is_held_back() -> None:
    calm = Pace(())
    for _ in range(100):
        calm.take(NOW, api="send", chat="c")


def test_those_who_are_silent_are_forgotten(pace: Pace) -> None:
    for number in range(MANY_KEYS):
        pace.take(NOW, chat=str(number))
    pace.take(later(86400), chat="new")
    assert len(pace._taken) == 1


@pytest.mark.parametrize("limit", [*WECOM, *DINGTALK, *FEISHU])
def test_every_limit_says_where_it_comes_from(limit: Limit) -> None:
    assert limit.source
    assert limit.count > 0
