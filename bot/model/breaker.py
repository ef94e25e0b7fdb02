"""Leave a service alone that has failed several times in a row, then try it with one call."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import structlog

from bot.platforms.protocol import Now, RateLimited, Unreachable

log = structlog.get_logger()
FAILURES = 3
"""In a row, until the circuit opens."""
PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(days=1)


class Breaker:
    """Closed: calls pass. Open: none does. Half open, after the pause: one does, and decides."""

    def __init__(self, now: Now, *, failures: int = FAILURES, pause: timedelta = PAUSE) -> None:
        self._now = now
        self._limit = failures
        self._pause = pause
        self._failures = 0
        self._closed_again: datetime | None = None
        self._probing = False

    def check(self) -> None:
        """Raises Unreachable while no call may pass."""
        if self._closed_again is None:
            return
        if self._now() < self._closed_again:
            raise Unreachable(f"the circuit is open until {self._closed_again:%H:%M:%S} UTC")
        if self._probing:
            raise Unreachable("the circuit is half open, and another call is trying it")

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """One call; how it ends is remembered. Raises Unreachable instead of making it."""
        self.check()
        self._probing = self._closed_again is not None
        try:
            yield
        except RateLimited as limit:
            self._open(min(timedelta(seconds=limit.retry_after), LONGEST_PAUSE))
            raise
        except BaseException:
            self._failures += 1
            if self._probing or self._failures >= self._limit:
                self._open(self._pause)
            raise
        else:
            if self._closed_again is not None:
                log.info("circuit.closed")
            self._failures, self._closed_again = 0, None
        finally:
            self._probing = False

    def _open(self, pause: timedelta) -> None:
        self._closed_again = self._now() + pause
        log.warning("circuit.opened", failures=self._failures, seconds=pause.total_seconds())
