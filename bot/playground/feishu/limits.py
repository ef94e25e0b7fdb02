"""How often is too often: sliding windows over the playground's own clock."""

from collections import defaultdict, deque
from datetime import datetime, timedelta

from bot.playground.feishu.errors import TOO_FAST, TOO_FREQUENT, ApiError


class Window:
    """At most `limit` calls of one key within `seconds`."""

    def __init__(self, limit: int, seconds: float) -> None:
        self._limit = limit
        self._span = timedelta(seconds=seconds)
        self._calls: dict[str, deque[datetime]] = defaultdict(deque)

    def enter(self, key: str, now: datetime) -> float:
        """0 when the call may pass (and counts), else the seconds until one may."""
        calls = self._calls[key]
        while calls and calls[0] + self._span <= now:
            calls.popleft()
        if len(calls) >= self._limit:
            return (calls[0] + self._span - now).total_seconds()
        calls.append(now)
        return 0.0


class Limits:
    """The message calls' limits; switched off where a clock stands still."""

    def __init__(self, *, enabled: bool) -> None:
        self._enabled = enabled
        self._api = (Window(50, 1), Window(1000, 60))
        self._chat = Window(5, 1)
        self._message = Window(5, 1)
        self._task = Window(10, 1)

    def call(self, api: str, now: datetime) -> None:
        """50/s and 1000/min for each API. Raises ApiError (HTTP 429)."""
        for window in self._api if self._enabled else ():
            if wait := window.enter(api, now):
                raise ApiError(
                    TOO_FAST, "request trigger frequency limit", status=429, retry_after=wait
                )

    def send(self, chat: str, now: datetime) -> None:
        """5/s to one person or group. Raises ApiError."""
        if self._enabled and self._chat.enter(chat, now):
            raise ApiError(TOO_FREQUENT, "The message is sent too frequently to this receiver")

    def task(self, api: str, now: datetime) -> None:
        """10/s for each call about tasks. Raises ApiError."""
        if self._enabled and (wait := self._task.enter(api, now)):
            raise ApiError(
                TOO_FAST, "request trigger frequency limit", status=429, retry_after=wait
            )

    def edit(self, message_id: str, now: datetime) -> None:
        """5/s for one message. Raises ApiError."""
        if self._enabled and self._message.enter(message_id, now):
            raise ApiError(TOO_FREQUENT, "This message is edited too frequently")
