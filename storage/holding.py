"""Notices kept back while a month's allowance is low: several of one chat become one message."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime, time, timedelta

from sqlalchemy import func, select
from sqlmodel import Session, col

from storage import outbox
from storage.models import Inbox, Outbox, ShownCard
from storage.outbox import Draft
from storage.quotas import CHINA

ROUNDS = (time(9), time(14), time(17))
"""When held notices go out, in China time."""
NOTICES = ("TimerFired",)
"""Kinds of events that nobody waits for an answer to."""


def is_notice(db: Session, row: Outbox) -> bool:
    """Whether a clock is behind it: answers, and cards that a click changes, are none. What was
    held once is not held again."""
    if row.held_at is not None or row.inbox_id is None:
        return False
    kind = db.scalar(select(col(Inbox.kind)).where(col(Inbox.id) == row.inbox_id))
    return kind in NOTICES


def next_round(now: datetime) -> datetime:
    here = now.astimezone(CHINA)
    days = (here.date(), here.date() + timedelta(days=1))
    rounds = (datetime.combine(day, at, CHINA) for day in days for at in ROUNDS)
    return next(moment for moment in rounds if moment > here)


def hold(db: Session, row: Outbox, now: datetime) -> None:
    """Out of the line, so that answers at the same address do not wait behind it."""
    row.state, row.held_at, row.due, row.token = "held", now, next_round(now), ""
    row.attempts = 0
    db.add(row)
    db.flush()


def next_due(db: Session) -> datetime | None:
    return db.scalar(select(func.min(col(Outbox.due))).where(col(Outbox.state) == "held"))


def bring_back(db: Session, now: datetime, merge: Callable[[Sequence[str]], str]) -> None:
    """Put back in line what has waited long enough. `merge` makes one body of several."""
    query = select(Outbox).where(col(Outbox.state) == "held", col(Outbox.due) <= now)
    chats: defaultdict[str, list[Outbox]] = defaultdict(list)
    for row in db.scalars(query.order_by(col(Outbox.id)).with_for_update(skip_locked=True)):
        chats[row.address].append(row)
    for rows in chats.values():
        if len(rows) == 1:
            rows[0].state, rows[0].due = "queued", now
            db.add(rows[0])
        else:
            _send_as_one(db, rows, now, merge)
    db.flush()


def _send_as_one(
    db: Session, rows: Sequence[Outbox], now: datetime, merge: Callable[[Sequence[str]], str]
) -> None:
    card = db.get(ShownCard, rows[0].card_id)
    draft = Draft(
        rows[0].address,
        merge([row.body for row in rows]),
        person_id=card.person_id if card else None,
    )
    shown = outbox.put(db, draft, now)
    for row in rows:
        row.state, row.settled_at = "merged", now
        row.note = f"额度将尽，与同一会话的其他提醒合并为 {shown.id if shown else ''}"
        db.add(row)
