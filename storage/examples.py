"""What people put right, kept as examples to learn words from; the oldest make room."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from sqlalchemy import delete, select
from sqlmodel import Session, col

from storage.models import Example, FollowUp, Person, Role

KEPT = 5_000
"""Examples that are kept at most."""
NOTES = 5_000
SAID_AGAIN = timedelta(minutes=30)
"""Who takes a note back and says another one so soon means the same."""


def add(
    db: Session,
    note: FollowUp,
    kind: str,
    *,
    person_id: int,
    at: datetime,
    was: str = "",
    became: str = "",
    words: str = "",
) -> None:
    example = Example(
        followup_id=note.id or 0,
        person_id=person_id,
        kind=kind,
        text=note.text,
        was=was,
        became=became,
        words=words,
        at=at,
    )
    db.add(example)
    db.flush()
    db.execute(delete(Example).where(col(Example.id) <= (example.id or 0) - KEPT))


def everything(db: Session) -> Sequence[Example]:
    """The oldest first."""
    return db.scalars(select(Example).order_by(col(Example.id))).all()


def notes(db: Session) -> Sequence[tuple[FollowUp, Role]]:
    """The latest notes that hold words, the oldest of them first, with their writers' roles."""
    query = (
        select(FollowUp, col(Person.role))
        .join(Person, col(FollowUp.author_id) == col(Person.id))
        .where(col(FollowUp.text) != "")
        .order_by(col(FollowUp.id).desc())
        .limit(NOTES)
    )
    return [(note, Role(role)) for note, role in reversed(db.execute(query).all())]


def retold(notes: Sequence[FollowUp]) -> Sequence[tuple[FollowUp, FollowUp]]:
    """Notes that were taken back, each with the one its writer said instead."""
    ordered = sorted(notes, key=lambda note: (note.author_id, note.id or 0))
    return [
        (old, new)
        for old, new in pairwise(ordered)
        if old.author_id == new.author_id
        and old.state == "undone" != new.state
        and new.at - old.at <= SAID_AGAIN
    ]
