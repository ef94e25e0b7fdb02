"""Logged touches: the words, and what was understood of them."""

from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from storage.models import FollowUp


def get(db: Session, followup_id: int) -> FollowUp | None:
    return db.get(FollowUp, followup_id)


def add(db: Session, followup: FollowUp) -> FollowUp:
    db.add(followup)
    db.flush()
    return followup


def latest_of(db: Session, author_id: int) -> FollowUp | None:
    """The last note of a colleague that was not undone."""
    query = select(FollowUp).where(
        col(FollowUp.author_id) == author_id, col(FollowUp.state) != "undone"
    )
    return db.scalar(query.order_by(col(FollowUp.id).desc()).limit(1))


def awaiting_words(db: Session, author_id: int, since: datetime) -> FollowUp | None:
    """A follow-up whose tags were ticked lately and whose sentence is still to come."""
    query = select(FollowUp).where(
        col(FollowUp.author_id) == author_id,
        col(FollowUp.state) == "wordless",
        col(FollowUp.at) >= since,
    )
    return db.scalar(query.order_by(col(FollowUp.id).desc()).limit(1))


def asking(db: Session, author_id: int) -> FollowUp | None:
    """The last note whose lead its writer was asked about."""
    query = select(FollowUp).where(
        col(FollowUp.author_id) == author_id, col(FollowUp.state) == "asking"
    )
    return db.scalar(query.order_by(col(FollowUp.id).desc()).limit(1))
