"""What stands for promises in people's own lists of tasks."""

import secrets
from datetime import datetime

from sqlalchemy import or_, select
from sqlmodel import Session, col

from storage.models import MirroredTask


def of(db: Session, promise_id: int) -> MirroredTask | None:
    return db.get(MirroredTask, promise_id)


def called(db: Session, name: str) -> MirroredTask | None:
    """By the platform's name and its id or our key: "feishu:<guid>", "dingtalk:<key>"."""
    platform, _, key = name.partition(":")
    ours = (col(MirroredTask.key) == key) & col(MirroredTask.address).startswith(f"{platform}:")
    return db.scalar(select(MirroredTask).where(or_(col(MirroredTask.task) == name, ours)))


def add(
    db: Session,
    promise_id: int,
    *,
    person_id: int,
    address: str,
    title: str,
    due: datetime | None,
) -> MirroredTask:
    """In place of the one before, with a key that was never used."""
    row = of(db, promise_id)
    if row is not None:
        drop(db, row)
    row = MirroredTask(
        promise_id=promise_id,
        key=secrets.token_hex(16),
        person_id=person_id,
        address=address,
        title=title,
        due=due,
    )
    db.add(row)
    db.flush()
    return row


def drop(db: Session, row: MirroredTask) -> None:
    db.delete(row)
    db.flush()
