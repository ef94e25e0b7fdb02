"""What people put right, kept as examples to learn words from; the oldest make room."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlmodel import Session, col

from storage.models import Example, FollowUp

KEPT = 5_000
"""Examples that are kept at most."""


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
