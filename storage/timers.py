"""Moments to be woken at; one per name and subject."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from storage.models import Timer

_READY = (
    select(Timer)
    .where(col(Timer.due) <= bindparam("now"))
    .order_by(col(Timer.due), col(Timer.id))
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True)
)
_NEXT_DUE = select(func.min(Timer.due))


def set(  # the module name is the noun: timers.set(...)
    db: Session, name: str, subject: int, due: datetime, data: dict[str, str] | None = None
) -> None:
    """Wake at `due`; an earlier wish for the same name and subject is replaced."""
    flavour = postgresql if db.get_bind().dialect.name == "postgresql" else sqlite
    wish = {"due": due, "data": data or {}}
    row = flavour.insert(Timer).values(name=name, subject=subject, **wish)
    db.execute(row.on_conflict_do_update(index_elements=["name", "subject"], set_=wish))


def find(db: Session, name: str, subject: int) -> Timer | None:
    """The wish that waits."""
    query = select(Timer).where(col(Timer.name) == name, col(Timer.subject) == subject)
    return db.scalars(query.execution_options(populate_existing=True)).one_or_none()


def drop(db: Session, name: str, subject: int) -> None:
    db.execute(delete(Timer).where(col(Timer.name) == name, col(Timer.subject) == subject))


def due(db: Session, now: datetime, limit: int) -> Sequence[Timer]:
    return db.scalars(_READY, {"now": now, "limit": limit}).all()


def next_due(db: Session) -> datetime | None:
    return db.scalar(_NEXT_DUE)
