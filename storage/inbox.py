"""What reached us: saved once, handled in order, never deleted."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import and_, bindparam, exists, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from storage.models import Inbox

RETRIES = (
    timedelta(seconds=0.5),
    timedelta(seconds=2),
    timedelta(seconds=10),
    timedelta(seconds=60),
)
"""Waits before the next tries of a failed event; after the last one it is parked."""


_TABLE = Inbox.metadata.tables["inbox"]
_ADD = {
    name: flavour.insert(_TABLE)
    .on_conflict_do_nothing(index_elements=["key"])
    .returning(_TABLE.c.id)
    for name, flavour in (("sqlite", sqlite), ("postgresql", postgresql))
}
_EARLIER = aliased(Inbox)
_IS_FIRST = ~exists().where(
    and_(
        col(_EARLIER.lane) == col(Inbox.lane),
        col(_EARLIER.state) == "new",
        col(_EARLIER.id) < col(Inbox.id),
    )
)
_READY = (
    select(Inbox)
    .where(col(Inbox.state) == "new", col(Inbox.due) <= bindparam("now"), _IS_FIRST)
    .order_by(col(Inbox.id))
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True)
)
_READY_ONE = (
    select(Inbox)
    .where(col(Inbox.key) == bindparam("wanted"))
    .where(col(Inbox.state) == "new", col(Inbox.due) <= bindparam("now"), _IS_FIRST)
    .with_for_update(skip_locked=True)
)
_NEXT_DUE = select(func.min(Inbox.due)).where(col(Inbox.state) == "new", _IS_FIRST)
# Statements of the hot path are built once: building costs more than asking.


def add(db: Session, *, key: str, kind: str, body: str, lane: str, at: datetime) -> bool:
    """Save an event; False when its key is already known."""
    row = {
        "key": key,
        "kind": kind,
        "body": body,
        "lane": lane,
        "received_at": at,
        "due": at,
        "state": "new",
        "attempts": 0,
        "error": "",
    }
    statement = _ADD[db.get_bind().dialect.name]
    return db.connection().execute(statement, row).scalar() is not None


def get(db: Session, inbox_id: int) -> Inbox | None:
    return db.get(Inbox, inbox_id)


def by_key(db: Session, key: str) -> Inbox | None:
    return db.scalar(select(Inbox).where(col(Inbox.key) == key))


def ready(db: Session, now: datetime, limit: int) -> Sequence[Inbox]:
    """The first unhandled event of each lane whose time has come, oldest first.

    A lane waits behind its first event while that one is being retried.
    """
    return db.scalars(_READY, {"now": now, "limit": limit}).all()


def ready_one(db: Session, now: datetime, key: str) -> Inbox | None:
    """That event, if it is ready in the same sense."""
    return db.scalar(_READY_ONE, {"now": now, "wanted": key})


def next_due(db: Session) -> datetime | None:
    """When there is something to handle. Events behind the first one of their lane wait for it."""
    return db.scalar(_NEXT_DUE)


def done(db: Session, row: Inbox, now: datetime) -> None:
    row.state, row.handled_at, row.error = "done", now, ""
    db.add(row)


def failed(db: Session, row: Inbox, now: datetime, error: str) -> bool:
    """Keep the traceback and try again later; True when the event was parked instead."""
    row.error = error
    row.attempts += 1
    if row.attempts > len(RETRIES):
        row.state, row.handled_at = "parked", now
    else:
        row.due = now + RETRIES[row.attempts - 1]
    db.add(row)
    return row.state == "parked"


def parked(db: Session) -> Sequence[Inbox]:
    """Events that were given up, oldest first."""
    query = select(Inbox).where(col(Inbox.state) == "parked").order_by(col(Inbox.id))
    return db.scalars(query).all()


def troubled(db: Session) -> Sequence[Inbox]:
    """Events that were parked or wait for another try, oldest first."""
    query = select(Inbox).where(col(Inbox.state) != "done", col(Inbox.error) != "")
    return db.scalars(query.order_by(col(Inbox.id))).all()


def run_again(db: Session, ids: Sequence[int], now: datetime) -> int:
    """Put parked events back in line; returns how many."""
    again = update(Inbox).where(col(Inbox.id).in_(ids), col(Inbox.state) == "parked")
    changed = db.execute(again.values(state="new", attempts=0, due=now))
    return int(changed.rowcount)  # type: ignore[attr-defined]
