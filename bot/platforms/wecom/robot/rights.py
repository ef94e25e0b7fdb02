"""Rights to answer that run out: a click's seconds, a message's one reply within the hour."""

import asyncio
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

EDIT_LIFE = timedelta(seconds=4.5)
"""WeCom takes an update for 5 s after the click (D101031, D101463)."""
REPLY_LIFE = timedelta(minutes=59)
"""A `response_url` is good for an hour (D101138)."""
MANY = 1000
MANY_OF_A_CHAT = 20


@dataclass(frozen=True, slots=True)
class Click:
    """Somebody pressed something and may still be shown a new card."""

    until: datetime
    answer: asyncio.Future[Mapping[str, Any]] | None = None
    """Over HTTP: what the callback is answered."""


class Clicks:
    """Each right works once."""

    def __init__(self) -> None:
        self._open: dict[str, Click] = {}

    def add(self, right: str, click: Click) -> None:
        self._open[right] = click
        while len(self._open) > MANY:
            del self._open[next(iter(self._open))]

    def take(self, right: str, now: datetime) -> Click | None:
        click = self._open.pop(right, None)
        return None if click is None or now > click.until else click


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
