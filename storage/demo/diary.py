"""Three months of sentences to the bot: collected in any order, lived through in the right one."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from random import Random
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from storage import facts, inbox
from storage.demo.days import during, workday
from storage.models import Inbox, Lead, Person, Promise


@dataclass(frozen=True, slots=True)
class Told:
    """A sentence that reached the bot; all it changes is recorded with it as the origin."""

    db: Session
    at: datetime
    by: Person
    words: str
    inbox_id: int

    @property
    def chat(self) -> str:
        return _address(self.by)

    def fact(
        self, type: str, *, lead: Lead | None = None, promise: Promise | None = None, **data: Any
    ) -> None:
        facts.record(
            self.db,
            type,
            at=self.at,
            inbox_id=self.inbox_id,
            person=self.by,
            lead=lead,
            promise=promise,
            words=self.words,
            **data,
        )


Change = Callable[[Told], None]


@dataclass(frozen=True, slots=True)
class Entry:
    at: datetime
    by: Person
    words: str
    change: Change


@dataclass
class Diary:
    today: date
    rng: Random
    entries: list[Entry] = field(default_factory=list)

    def day(self, steps: int) -> date:
        """So many working days after today, or before it."""
        return workday(self.today, steps)

    def moment(self, day: date) -> datetime:
        return during(day, self.rng)

    def add(self, at: datetime, by: Person, words: str, change: Change) -> None:
        self.entries.append(Entry(at, by, words, change))

    def live(self, db: Session) -> None:
        """Save every sentence in the inbox as handled, then let each change what it changes."""
        entries = sorted(self.entries, key=lambda entry: entry.at)
        with db.no_autoflush:
            for entry, row in zip(entries, _receive(db, entries), strict=True):
                entry.change(Told(db, entry.at, entry.by, entry.words, row.id or 0))


def _receive(db: Session, entries: list[Entry]) -> list[Inbox]:
    for number, entry in enumerate(entries, start=1):
        key, chat = f"history:{number}", _address(entry.by)
        inbox.add(
            db,
            key=key,
            kind="MessageReceived",
            body=_body(key, entry),
            lane=chat,
            at=entry.at,
        )
    found = db.scalars(select(Inbox).where(col(Inbox.key).startswith("history:")))
    rows = {row.key: row for row in found}
    in_order = [rows[f"history:{number}"] for number in range(1, len(entries) + 1)]
    for entry, row in zip(entries, in_order, strict=True):
        inbox.done(db, row, entry.at)
    db.flush()
    return in_order


def _body(key: str, entry: Entry) -> str:
    """The message in the form in which the runtime stores messages."""
    chat = _address(entry.by)
    at = entry.at.astimezone(UTC).isoformat()
    message = {"key": key, "at": at, "sender": chat, "chat": chat, "text": entry.words}
    return json.dumps(message, ensure_ascii=False)


def _address(person: Person) -> str:
    """No IM's address: nothing is ever sent into the past."""
    return f"history:{person.id}"
