"""Keep inside a platform's limits by counting, instead of learning of them by being refused."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.platforms.protocol import RateLimited

MANY_KEYS = 10_000
"""Beyond this many, keys that have been idle for their whole window are forgotten."""


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `count` calls of one key within any `window`."""

    per: str
    """What a key stands for: "api" (of one app), "person", "chat", "message"."""
    count: int
    window: timedelta
    source: str
    """The platform's page that says so."""


class Pace:
    """Sliding windows of one app's calls, in this process. No limits: nothing is held back."""

    def __init__(self, limits: Sequence[Limit]) -> None:
        self._limits = limits
        self._taken: dict[tuple[Limit, str], deque[datetime]] = {}

    def take(self, now: datetime, *, count: int = 1, **keys: str) -> None:
        """Room for `count` calls of all these keys. Raises RateLimited, and takes nothing, when
        one of them has none; what never fits at once passes when the whole window is free."""
        wanted = [(limit, keys[limit.per]) for limit in self._limits if limit.per in keys]
        waits = [(self._wait(key, count, now), key) for key in wanted]
        wait, (limit, name) = max(waits, key=lambda one: one[0], default=(0.0, (None, "")))
        if limit is not None and wait > 0:
            text = f"{limit.count} calls in {limit.window} to {limit.per} {name} ({limit.source})"
            raise RateLimited(text, wait)
        for key in wanted:
            self._taken[key].extend([now] * min(count, key[0].count))
        self._forget_idle(now)

    def _wait(self, key: tuple[Limit, str], count: int, now: datetime) -> float:
        """Seconds until there is room."""
        limit, _ = key
        taken = self._taken.setdefault(key, deque())
        while taken and taken[0] + limit.window <= now:
            taken.popleft()
        too_many = len(taken) + min(count, limit.count) - limit.count
        if too_many <= 0:
            return 0.0
        return (taken[too_many - 1] + limit.window - now).total_seconds()

    def _forget_idle(self, now: datetime) -> None:
        if len(self._taken) > MANY_KEYS:
            self._taken = {
                key: taken
                for key, taken in self._taken.items()
                if taken and taken[-1] + key[0].window > now
            }
