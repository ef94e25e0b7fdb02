"""Logged touches: the words, and what was understood of them."""

from collections.abc import Sequence

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


def of_lead(db: Session, lead_id: int) -> Sequence[FollowUp]:
    """A lead's history, newest first."""
    query = select(FollowUp).where(
        col(FollowUp.lead_id) == lead_id, col(FollowUp.state) != "undone"
    )
    return db.scalars(query.order_by(col(FollowUp.id).desc())).all()
