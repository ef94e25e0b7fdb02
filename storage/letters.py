"""Words on a promise that a member confirms before they reach the customer."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from storage.models import LIVE_LETTERS, Letter, LetterState


def get(db: Session, letter_id: int) -> Letter | None:
    return db.get(Letter, letter_id)


def add(
    db: Session, promise_id: int, *, member: str, external_id: str, text: str, at: datetime
) -> Letter:
    """Raises IntegrityError when another one of the promise is being added elsewhere."""
    letter = Letter(
        promise_id=promise_id,
        number=len(of_promise(db, promise_id)) + 1,
        member=member,
        external_id=external_id,
        text=text,
        created_at=at,
    )
    db.add(letter)
    db.flush()
    return letter


def of_promise(db: Session, promise_id: int) -> Sequence[Letter]:
    """The latest first."""
    query = select(Letter).where(col(Letter.promise_id) == promise_id)
    return db.scalars(query.order_by(col(Letter.number).desc())).all()


def live(db: Session, promise_id: int) -> list[Letter]:
    return [letter for letter in of_promise(db, promise_id) if letter.state in LIVE_LETTERS]


def last_sent(db: Session, promise_id: int) -> Letter | None:
    found = of_promise(db, promise_id)
    return next((letter for letter in found if letter.state == LetterState.SENT), None)
