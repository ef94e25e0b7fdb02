"""Slow calls that wait to be made."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlmodel import Session, col

from storage.models import Job

RETRIES = (timedelta(seconds=1), timedelta(seconds=5), timedelta(seconds=30), timedelta(minutes=5))
LEASE = timedelta(seconds=60)


def add(db: Session, name: str, subject: int, data: dict[str, str], now: datetime) -> None:
    db.add(Job(name=name, subject=subject, data=data, due=now))


def claim(db: Session, now: datetime, token: str, limit: int) -> Sequence[Job]:
    """Take jobs whose time has come; `due` is the end of the lease until they are answered."""
    query = select(Job).where(col(Job.due) <= now).order_by(col(Job.due), col(Job.id))
    rows = db.scalars(query.limit(limit).with_for_update(skip_locked=True)).all()
    for row in rows:
        row.token, row.due, row.attempts = token, now + LEASE, row.attempts + 1
        db.add(row)
    db.flush()
    return rows


def retry(db: Session, job_id: int, token: str, now: datetime, error: str) -> bool:
    """Try again later; False when the job has had its last try."""
    row = _held(db, job_id, token)
    if row is None:
        return True
    if row.attempts > len(RETRIES):
        return False
    row.due, row.error, row.token = now + RETRIES[row.attempts - 1], error, ""
    db.add(row)
    return True


def finish(db: Session, job_id: int, token: str) -> bool:
    """The job is answered; False when somebody else has taken it meanwhile."""
    row = _held(db, job_id, token)
    if row is not None:
        db.delete(row)
    return row is not None


def _held(db: Session, job_id: int, token: str) -> Job | None:
    row = db.get(Job, job_id)
    return row if row is not None and row.token == token else None


def waits(db: Session, name: str, subject: int) -> bool:
    """Whether such a call is still to be answered."""
    query = select(col(Job.id)).where(col(Job.name) == name, col(Job.subject) == subject)
    return db.scalar(query.limit(1)) is not None


def drop(db: Session, name: str, subject: int) -> None:
    """Nobody wants the answer any more; one that comes all the same is not taken."""
    db.execute(delete(Job).where(col(Job.name) == name, col(Job.subject) == subject))


def release(db: Session, now: datetime) -> None:
    """Give up all leases: nobody else runs, and whoever held them is gone."""
    db.execute(update(Job).where(col(Job.token) != "").values(token="", due=now))


def in_flight(db: Session) -> bool:
    """Whether a call is being made at this moment."""
    return db.scalar(select(col(Job.id)).where(col(Job.token) != "").limit(1)) is not None


def next_due(db: Session) -> datetime | None:
    return db.scalar(select(func.min(Job.due)))
