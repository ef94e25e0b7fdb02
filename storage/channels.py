"""Codes that customers scan, and what each is called."""

import secrets
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from storage.models import Channel


def get(db: Session, channel_id: int) -> Channel | None:
    return db.get(Channel, channel_id)


def add(db: Session, name: str, member_ids: Sequence[int], by: int, now: datetime) -> Channel:
    """Not live until the platform has made its code."""
    channel = Channel(
        name=name,
        state=f"yn{secrets.token_hex(6)}",  # no two bots of one enterprise choose the same
        member_ids=list(member_ids),
        created_by=by,
        created_at=now,
    )
    db.add(channel)
    db.flush()
    return channel


def by_state(db: Session, state: str) -> Channel | None:
    """Also one that was stopped: printed codes live on."""
    return db.scalar(select(Channel).where(col(Channel.state) == state)) if state else None


def named(db: Session, name: str) -> Channel | None:
    """The one of that name that was not stopped; the platform may still be making its code."""
    query = select(Channel).where(col(Channel.name) == name, col(Channel.stopped_at).is_(None))
    return db.scalar(query.order_by(col(Channel.id).desc()).limit(1))


def give_up(db: Session, channel_id: int, now: datetime) -> None:
    """Its code was not made."""
    channel = get(db, channel_id)
    if channel is not None:
        channel.stopped_at = now
        db.add(channel)


def live(db: Session) -> Sequence[Channel]:
    query = select(Channel).where(col(Channel.config_id) != "", col(Channel.stopped_at).is_(None))
    return db.scalars(query.order_by(col(Channel.id))).all()
