"""Logged touches: the words, and what was understood of them."""

import json
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from storage import promises
from storage.models import FollowUp, Lead


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


def of_message(db: Session, inbox_id: int) -> FollowUp | None:
    """The note that a message became."""
    query = select(FollowUp).where(col(FollowUp.inbox_id) == inbox_id)
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


def mark(db: Session, note: FollowUp) -> str:
    """Another one as soon as the note or anything that came of it was corrected or acted upon, or
    its lead was followed up again."""
    lead = db.get(Lead, note.lead_id) if note.lead_id else None
    owed = [
        (p.id, p.state, p.version, p.what, p.owner_id)
        for p in promises.of_followup(db, note.id or 0)
    ]
    about = (lead.id, lead.owner_id, lead.silence_round) if lead else ()
    stands = (note.state, note.tags, note.stage, note.why, about, owed)
    return sha256(json.dumps(stands, sort_keys=True).encode()).hexdigest()[:16]


def proposal(db: Session, note: FollowUp) -> dict[str, Any]:
    """What a model would add, while all is as it was when the model was asked; else nothing."""
    kept = note.proposal
    return kept if kept and kept["mark"] == mark(db, note) else {}
