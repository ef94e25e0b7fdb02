"""Outbox rows on their way: claimed under a lease, tried, and settled with a reason.

Every function that changes a claimed row wants the claim's token; when somebody else has taken
the row meanwhile it changes nothing, so a late finisher cannot undo what came after.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import Select, and_, bindparam, exists, func, select, update
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from storage.models import Outbox, ShownCard
from storage.outbox import Draft, new_card

T = TypeVar("T")

LEASE = timedelta(seconds=30)
RETRIES = tuple(timedelta(seconds=s) for s in (1, 4, 15, 60, 300, 900, 1800))
LONGEST_WAIT = timedelta(days=1)
"""How long a platform that takes nothing at present is waited for."""


_EARLIER = aliased(Outbox)
_IS_FIRST = ~exists().where(
    and_(
        col(_EARLIER.address) == col(Outbox.address),
        col(_EARLIER.state) == "queued",
        col(_EARLIER.id) < col(Outbox.id),
    )
)
_IS_GREETING = col(Outbox.action) == "welcome"
_READY = (
    select(Outbox)
    .where(col(Outbox.state) == "queued", col(Outbox.due) <= bindparam("now"), _IS_FIRST)
    .order_by(_IS_GREETING.desc(), col(Outbox.id))
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True)
)
_GREETINGS = _READY.where(_IS_GREETING)
_NEXT_DUE = select(func.min(Outbox.due)).where(col(Outbox.state) == "queued", _IS_FIRST)


def claim(
    db: Session,
    now: datetime,
    token: str,
    limit: int,
    *,
    greetings_only: bool = False,
    elsewhere: Sequence[str] = (),
) -> Sequence[tuple[Outbox, ShownCard]]:
    """Take the first waiting row of each address whose time has come, under a lease; greetings
    first, because they are worthless after 20 s. Addresses that begin as one of `elsewhere` are
    left to other processes.

    `attempts` counts before sending, so a row with a count above one may have got through.
    """
    ready = _without(_GREETINGS if greetings_only else _READY, elsewhere)
    rows = db.scalars(ready, {"now": now, "limit": limit}).all()
    for row in rows:
        row.token, row.due, row.attempts = token, now + LEASE, row.attempts + 1
        db.add(row)
    db.flush()
    return [(row, _card(db, row)) for row in rows]


def next_due(db: Session, *, elsewhere: Sequence[str] = ()) -> datetime | None:
    """When there is something to send. Rows behind the first one of their address wait for it."""
    return db.scalar(_without(_NEXT_DUE, elsewhere))


def _without(query: Select[T], elsewhere: Sequence[str]) -> Select[T]:
    for beginning in elsewhere:
        query = query.where(~col(Outbox.address).startswith(beginning, autoescape=True))
    return query


def in_flight(db: Session) -> bool:
    """Whether something is being sent at this moment."""
    held = select(col(Outbox.id)).where(col(Outbox.state) == "queued", col(Outbox.token) != "")
    return db.scalar(held.limit(1)) is not None


def release(db: Session, now: datetime) -> None:
    """Give up all leases: nobody else runs, and whoever held them is gone."""
    held = update(Outbox).where(col(Outbox.state) == "queued", col(Outbox.token) != "")
    db.execute(held.values(token="", due=now))


def refused(db: Session, limit: int = 50) -> Sequence[Outbox]:
    """What could not be delivered, newest first: for the health board."""
    query = select(Outbox).where(col(Outbox.state).in_(("refused", "expired")))
    return db.scalars(query.order_by(col(Outbox.id).desc()).limit(limit)).all()


def count_refused(db: Session, since: datetime, *, address: str, person_id: int | None) -> int:
    """How much could not be delivered to somebody since then, at whichever address."""
    whose = col(ShownCard.person_id) == person_id if person_id else col(Outbox.address) == address
    query = (
        select(func.count())
        .select_from(Outbox)
        .join(ShownCard, col(ShownCard.id) == col(Outbox.card_id))
        .where(col(Outbox.state) == "refused", col(Outbox.settled_at) >= since, whose)
    )
    return db.scalar(query) or 0


# What became of a try --------------------------------------------------------------------


def delivered(
    db: Session, row_id: int, token: str, now: datetime, message_id: str, code: str, note: str
) -> None:
    """Write the receipt: the platform's id and the right to edit belong to the card from now on."""
    row = _held(db, row_id, token)
    if row is None:
        return
    card = _card(db, row)
    used = 1 if row.action == "edit" else 0
    card.message_id = message_id or card.message_id
    card.edit_codes = [*card.edit_codes[used:], *([code] if code else [])]
    db.add(card)
    _settle(db, row, now, "delivered", note="; ".join(filter(None, (row.note, note))))


def settle(db: Session, row_id: int, token: str, now: datetime, state: str, error: str) -> bool:
    """Close a row as refused or expired; False when somebody else has taken it meanwhile."""
    row = _held(db, row_id, token)
    if row is not None:
        _settle(db, row, now, state, error=error, note=row.note)
    return row is not None


def retry(db: Session, row_id: int, token: str, now: datetime, error: str) -> bool:
    """Try again later; False when the row has had its last try."""
    row = _held(db, row_id, token)
    if row is None:
        return True
    if row.attempts > len(RETRIES):
        return False
    row.due, row.token, row.error = now + RETRIES[row.attempts - 1], "", error
    db.add(row)
    return True


def postpone(
    db: Session, row_id: int, token: str, now: datetime, error: str, wait: timedelta
) -> bool:
    """The platform took nothing, so the try does not count; False when it had its day."""
    row = _held(db, row_id, token)
    if row is None:
        return True
    if now + wait > row.created_at + LONGEST_WAIT:
        return False
    row.due, row.token, row.error, row.attempts = now + wait, "", error, row.attempts - 1
    db.add(row)
    return True


def drop_code(db: Session, row_id: int, token: str, now: datetime) -> bool:
    """The oldest right to edit was refused; True when there is another one to try with."""
    row = _held(db, row_id, token)
    if row is None:
        return True
    card = _card(db, row)
    card.edit_codes = card.edit_codes[1:]
    db.add(card)
    if not card.edit_codes:
        return False
    _start_over(db, row, now)
    return True


def send_anew(db: Session, row_id: int, token: str, now: datetime, reason: str) -> None:
    """The card can no longer be edited: its matter continues on a new one."""
    row = _held(db, row_id, token)
    if row is not None:
        _continue_on_new_card(db, row, now, reason)


def say_plainly(db: Session, row_id: int, token: str, now: datetime, reason: str) -> None:
    """The platform refused the card itself: its text goes instead, as a new message."""
    row = _held(db, row_id, token)
    if row is not None:
        row.plain = True
        _continue_on_new_card(db, row, now, reason)


def move(db: Session, row_id: int, token: str, now: datetime, address: str, reason: str) -> None:
    """Try another channel of the same person, where the card may be shown as it was meant."""
    row = _held(db, row_id, token)
    if row is not None:
        row.tried, row.address, row.plain = [*row.tried, row.address], address, False
        _continue_on_new_card(db, row, now, reason)


def _continue_on_new_card(db: Session, row: Outbox, now: datetime, reason: str) -> None:
    """What else waits for the old card follows to the new one."""
    old = _card(db, row)
    draft = Draft(row.address, row.body, old.slot, old.subject, person_id=old.person_id)
    new = new_card(db, draft, now)
    old.slot = ""
    db.add(old)
    waiting = update(Outbox).where(
        col(Outbox.card_id) == old.id,
        col(Outbox.state).in_(("queued", "held")),
        col(Outbox.id) != row.id,
    )
    db.execute(waiting.values(card_id=new.id, address=new.address, action="edit"))
    row.card_id, row.action, row.note, row.error = new.id, "send", reason, reason
    _start_over(db, row, now)


def _start_over(db: Session, row: Outbox, now: datetime) -> None:
    row.attempts, row.due, row.token = 0, now, ""
    db.add(row)


def _settle(
    db: Session, row: Outbox, now: datetime, state: str, *, error: str = "", note: str = ""
) -> None:
    row.state, row.error, row.note, row.settled_at, row.token = state, error, note, now, ""
    db.add(row)


def _held(db: Session, row_id: int, token: str) -> Outbox | None:
    row = db.get(Outbox, row_id)
    return row if row is not None and row.state == "queued" and row.token == token else None


def _card(db: Session, row: Outbox) -> ShownCard:
    card = db.get(ShownCard, row.card_id)
    if card is None:
        raise LookupError(f"outbox row {row.id} names card {row.card_id}, which does not exist")
    return card
