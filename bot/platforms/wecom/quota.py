"""Keep inside WeCom's limit per member, beyond which messages vanish without an error (D90236)."""

from collections import deque
from datetime import datetime, timedelta

from bot.platforms.protocol import RateLimited

PER_MINUTE = 30
PER_HOUR = 1000
_WINDOWS = ((PER_MINUTE, timedelta(minutes=1)), (PER_HOUR, timedelta(hours=1)))


class Quota:
    """Remembers what each member was sent during the last hour."""

    def __init__(self) -> None:
        self._sent: dict[str, deque[datetime]] = {}

    def take(self, user: str, now: datetime) -> None:
        """Raises RateLimited when one more message would be dropped."""
        sent = self._sent.setdefault(user.lower(), deque(maxlen=PER_HOUR))
        for count, window in _WINDOWS:
            if len(sent) >= count and now - sent[-count] < window:
                wait_seconds = (sent[-count] + window - now).total_seconds()
                raise RateLimited(f"{count} messages to one member in {window}", wait_seconds)
        sent.append(now)
