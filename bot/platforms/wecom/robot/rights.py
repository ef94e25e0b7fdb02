"""Rights to answer that run out: a click's seconds, a visitor's, a message's one reply."""

import asyncio
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

QUICK_LIFE = timedelta(seconds=4.5)
"""WeCom takes an update for 5 s after the click, a welcome for 5 s after the visitor came
(D101031, D101463)."""
REPLY_LIFE = timedelta(minutes=59)
"""A `response_url` is good for an hour (D101138)."""
MANY = 1000
MANY_OF_A_CHAT = 20


@dataclass(frozen=True, slots=True)
class Right:
    """Somebody pressed something and may still be shown a new card, or came in and be greeted."""

    until: datetime
    req_id: str = ""
    """Of the long connection."""
    answer: asyncio.Future[Mapping[str, Any]] | None = None
    """Over HTTP: what the callback is answered."""


class Rights:
    """Each works once."""

    def __init__(self) -> None:
        self._open: dict[str, Right] = {}

    def add(self, name: str, right: Right) -> bool:
        """False when there is one of that name: a callback that was sent twice."""
        if name in self._open:
            return False
        self._open[name] = right
        while len(self._open) > MANY:
            del self._open[next(iter(self._open))]
        return True

    def take(self, name: str, now: datetime) -> Right | None:
        right = self._open.pop(name, None)
        return None if right is None or now > right.until else right


@dataclass(slots=True)
class Replies:
    """Unused `response_url`s of each conversation, the oldest first."""

    _urls: dict[str, deque[tuple[str, datetime]]] = field(default_factory=dict)

    def add(self, chat: str, url: str, now: datetime) -> None:
        urls = self._urls.pop(chat, None) or deque(maxlen=MANY_OF_A_CHAT)
        urls.append((url, now + REPLY_LIFE))
        self._urls[chat] = urls
        while len(self._urls) > MANY:
            del self._urls[next(iter(self._urls))]

    def take(self, chat: str, count: int, now: datetime) -> list[str]:
        """So many, or none at all when there are not enough."""
        urls = self._urls.get(chat, deque())
        while urls and now > urls[0][1]:
            urls.popleft()
        return [urls.popleft()[0] for _ in range(count)] if len(urls) >= count else []
