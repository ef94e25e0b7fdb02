"""A runtime of one's own: a database, a clock that stands still, and an IM made of a dictionary."""

import shutil
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from cryptography.fernet import Fernet

from bot.clock import Clock
from bot.events import MessageReceived
from bot.platforms.protocol import Accept, EditRefused, PlatformError, Rejected, Sent
from cards.model import Card
from storage.columns import Sealed
from storage.db import Database, connect
from storage.models import Inbox

START = datetime(2026, 1, 28, 2, 20, tzinfo=UTC)
LI = "im:li"


@dataclass
class Dictionary:
    """An IM that honours idempotency keys and lets a card be edited by its message id.

    `faults` are raised one by one, each instead of what would have happened; `lost_answers` are
    raised after it has happened.
    """

    name: str = "im"
    faults: deque[Exception] = field(default_factory=deque)
    lost_answers: deque[PlatformError] = field(default_factory=deque)
    calls: list[str] = field(default_factory=list)
    shown: dict[str, Card] = field(default_factory=dict)
    greeted: list[str] = field(default_factory=list)
    refuses_cards: bool = False
    strangers: set[str] = field(default_factory=set)

    def routes(self, accept: Accept) -> Sequence[web.RouteDef]:
        return ()

    async def start(self, accept: Accept) -> None: ...

    async def stop(self) -> None: ...

    async def send(self, to: str, card: Card, *, card_id: str) -> Sent:
        self._fail("send", to)
        if to in self.strangers:
            raise Rejected(f"{to} is not here")
        if self.refuses_cards and not card.is_plain:
            raise Rejected("no cards today")
        self.shown.setdefault(card_id, card)
        self._lose_answer()
        return Sent(f"m-{card_id}", note="by dictionary")

    async def edit(self, to: str, sent: Sent, card: Card, *, card_id: str) -> Sent:
        self._fail("edit", to)
        if card_id not in self.shown:
            raise EditRefused("there is no such card")
        self.shown[card_id] = card
        self._lose_answer()
        return Sent(sent.message_id)

    async def welcome(self, code: str, text: str) -> None:
        self._fail("welcome", code)
        self.greeted.append(text)

    async def contact(self, external_id: str) -> dict[str, Any]:
        return {}

    async def fetch(self, media: str, *, limit: int = 0) -> tuple[bytes, str]:
        return b"", "text/plain"

    @property
    def health(self) -> str:
        return "in memory"

    @property
    def texts(self) -> list[str]:
        return [card.text or card.title for card in self.shown.values()]

    def _fail(self, call: str, to: str) -> None:
        self.calls.append(f"{call} {to}")
        if self.faults:
            raise self.faults.popleft()

    def _lose_answer(self) -> None:
        if self.lost_answers:
            raise self.lost_answers.popleft()


@pytest.fixture(autouse=True)
def _unlocked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Personal data can be read, with a key that is forgotten after the test."""
    monkeypatch.setattr(Sealed, "_box", Fernet(Fernet.generate_key()))


@pytest.fixture
def im() -> Dictionary:
    return Dictionary()


@pytest.fixture
def clock() -> Clock:
    return Clock(START, frozen=True)


@pytest.fixture(scope="session")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with all tables and nothing in them."""
    file = tmp_path_factory.mktemp("tables") / "yinuo.db"
    engine = connect(f"sqlite:///{file}", durable=False)
    Inbox.metadata.create_all(engine)
    engine.dispose()
    return file


@pytest.fixture
def db(tables: Path, tmp_path: Path) -> Iterator[Database]:
    file = shutil.copy(tables, tmp_path / "yinuo.db")
    database = Database(connect(f"sqlite:///{file}", durable=False))
    database.open()
    yield database
    database.close()


def said(text: str, sender: str = LI, key: str = "") -> MessageReceived:
    """A message as a platform would report it."""
    return MessageReceived(key or f"im:{sender}:{text}", START, sender, sender, text)


def later(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)
