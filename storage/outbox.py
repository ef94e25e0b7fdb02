"""What is to be said, and what became of it."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import and_, exists, func, select, update
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from storage.models import Outbox, ShownCard

LEASE = timedelta(seconds=30)
RETRIES = tuple(timedelta(seconds=s) for s in (1, 4, 15, 60, 300, 900, 1800))
ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Draft:
    """A card on its way into the outbox; `body` is its JSON text."""

    address: str
    body: str
    slot: str = ""
    subject: str = ""
    once: str = ""
    person_id: int | None = None
    inbox_id: int | None = None
    expires_at: datetime | None = None


def put(db: Session, draft: Draft, now: datetime) -> ShownCard | None:
    """Queue a card. The live card of its slot is edited, and an edit that still waits is
    replaced by the newer one; without a live card it is sent. None when `once` is used up."""
    if draft.once and db.scalar(select(col(Outbox.id)).where(col(Outbox.once) == draft.once)):
        return None
    card = _live(db, draft.address, draft.slot) if draft.slot else None
    waiting = _waiting(db, card.id) if card else None
    if waiting is not None:
        waiting.body = draft.body
        db.add(waiting)
    else:
        action = "edit" if card else "send"
        card = card or new_card(db, draft, now)
        db.add(_row(draft, card.id, action, now))
    db.flush()
    return card


def edit(db: Session, card_id: str, draft: Draft, now: datetime) -> None:
    """Edit one known card; without it (a typed answer) send a new one."""
    card = db.get(ShownCard, card_id) or new_card(db, draft, now)
    action = "edit" if card.message_id else "send"
    db.add(_row(replace(draft, address=card.address), card.id, action, now))
    db.flush()


def touched(db: Session, card_id: str, inbox_id: int) -> bool:
    """Whether the handling of this event has already changed that card."""
    query = select(col(Outbox.id)).where(
        col(Outbox.card_id) == card_id, col(Outbox.inbox_id) == inbox_id
    )
    return db.scalar(query.limit(1)) is not None


def put_welcome(db: Session, address: str, code: str, text: str, now: datetime, inbox: int) -> None:
    """Queue the one greeting a new contact may get; it is worthless after 20 s."""
    draft = Draft(address, text, once=f"welcome:{code}", inbox_id=inbox)
    if db.scalar(select(col(Outbox.id)).where(col(Outbox.once) == draft.once)):
        return
    card = new_card(db, draft, now)
    card.message_id = code
    row = _row(draft, card.id, "welcome", now)
    row.expires_at = now + timedelta(seconds=18)
    db.add(row)


def new_card(db: Session, draft: Draft, now: datetime) -> ShownCard:
    card = ShownCard(
        id="".join(secrets.choice(ALPHABET) for _ in range(12)),
        address=draft.address,
        slot=draft.slot,
        subject=draft.subject,
        person_id=draft.person_id,
        at=now,
    )
    db.add(card)
    db.flush()
    return card


def retire(db: Session, address: str, slot: str) -> None:
    """Let the next card of this slot be a new message; the old one stays as it is."""
    old = _live(db, address, slot)
    if old is not None:
        old.slot = ""
        db.add(old)


def where_live(db: Session, addresses: Sequence[str], slot: str) -> str | None:
    """The address among those where the card of a matter is live."""
    query = select(ShownCard).where(col(ShownCard.slot) == slot, col(ShownCard.slot) != "")
    query = query.where(col(ShownCard.address).in_(addresses))
    card = db.scalar(query.order_by(col(ShownCard.at).desc()).limit(1))
    return card.address if card else None


def _live(db: Session, address: str, slot: str) -> ShownCard | None:
    query = select(ShownCard).where(col(ShownCard.address) == address, col(ShownCard.slot) == slot)
    return db.scalar(query.order_by(col(ShownCard.at).desc()).limit(1))


def _waiting(db: Session, card_id: str) -> Outbox | None:
    """A queued row of this card that nobody has tried to send yet."""
    query = select(Outbox).where(
        col(Outbox.card_id) == card_id, col(Outbox.state) == "queued", col(Outbox.attempts) == 0
    )
    return db.scalar(query.order_by(col(Outbox.id).desc()).limit(1))


def _row(draft: Draft, card_id: str, action: str, now: datetime) -> Outbox:
    return Outbox(
        card_id=card_id,
        address=draft.address,
        action=action,
        body=draft.body,
        once=draft.once or None,
        inbox_id=draft.inbox_id,
        due=now,
        created_at=now,
        expires_at=draft.expires_at,
    )


def claim(db: Session, now: datetime, token: str, limit: int) -> Sequence[tuple[Outbox, ShownCard]]:
    """Take the first waiting row of each address whose time has come, under a lease.

    `attempts` counts before sending, so a row with a positive count may have got through.
    """
    earlier = aliased(Outbox)
    blocked = exists().where(
        and_(
            col(earlier.address) == col(Outbox.address),
            col(earlier.state) == "queued",
            col(earlier.id) < col(Outbox.id),
        )
    )
    query = (
        select(Outbox)
        .where(col(Outbox.state) == "queued", col(Outbox.due) <= now, ~blocked)
        .order_by(col(Outbox.id))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows = db.scalars(query).all()
    for row in rows:
        row.token, row.due, row.attempts = token, now + LEASE, row.attempts + 1
        db.add(row)
    db.flush()
    return [(row, _card(db, row)) for row in rows]


def _card(db: Session, row: Outbox) -> ShownCard:
    card = db.get(ShownCard, row.card_id)
    if card is None:
        raise LookupError(f"outbox row {row.id} names card {row.card_id}, which does not exist")
    return card


def retry(
    db: Session, row_id: int, now: datetime, error: str, wait: timedelta | None = None
) -> bool:
    """Try again later; False when the row has had its last try."""
    row = db.get(Outbox, row_id)
    if row is None or (wait is None and row.attempts > len(RETRIES)):
        return False
    row.due = now + (wait or RETRIES[row.attempts - 1])
    row.token, row.error = "", error
    db.add(row)
    return True


def settle(
    db: Session, row_id: int, now: datetime, state: str, error: str = "", note: str = ""
) -> None:
    """Close a row as delivered, refused or expired."""
    row = db.get(Outbox, row_id)
    if row is not None:
        row.state, row.error, row.note, row.settled_at, row.token = state, error, note, now, ""
        db.add(row)


def delivered(
    db: Session, row_id: int, now: datetime, message_id: str, code: str, note: str
) -> None:
    """Write the receipt: the platform's id and the right to edit belong to the card from now on."""
    settle(db, row_id, now, "delivered", note=note)
    row = db.get(Outbox, row_id)
    card = db.get(ShownCard, row.card_id) if row else None
    if row is not None and card is not None:
        used = 1 if row.action == "edit" else 0
        card.message_id = message_id or card.message_id
        card.edit_codes = [*card.edit_codes[used:], *([code] if code else [])]
        db.add(card)


def drop_code(db: Session, row_id: int, now: datetime) -> bool:
    """The oldest right to edit was refused; True when there is another one to try with."""
    row = db.get(Outbox, row_id)
    card = db.get(ShownCard, row.card_id) if row else None
    if row is None or card is None or len(card.edit_codes) < 2:
        return False
    card.edit_codes = card.edit_codes[1:]
    row.attempts, row.due, row.token = 0, now, ""
    db.add_all((card, row))
    return True


def send_anew(db: Session, row_id: int, now: datetime, reason: str) -> None:
    """The card can no longer be edited: its matter continues on a new one."""
    row = db.get(Outbox, row_id)
    if row is None:
        return
    old = _card(db, row)
    draft = Draft(row.address, row.body, old.slot, old.subject, person_id=old.person_id)
    old.slot = ""
    db.add(old)
    row.card_id = new_card(db, draft, now).id
    row.action, row.attempts, row.due, row.token, row.note = "send", 0, now, "", reason
    db.add(row)


def say_plainly(db: Session, row_id: int, body: str, now: datetime) -> None:
    """The platform refused the card itself: send its text instead, as a new message."""
    row = db.get(Outbox, row_id)
    if row is None:
        return
    row.body = body
    send_anew(db, row_id, now, "卡片未被接受，改发文字")


def move(db: Session, row_id: int, address: str, now: datetime, reason: str) -> None:
    """Try the person's next channel."""
    row = db.get(Outbox, row_id)
    if row is None:
        return
    card = _card(db, row)
    draft = Draft(address, row.body, card.slot, card.subject, person_id=card.person_id)
    row.card_id, row.address = new_card(db, draft, now).id, address
    row.action, row.attempts, row.due, row.token, row.note = "send", 0, now, "", reason
    db.add(row)


def clicked(db: Session, card_id: str, edit_code: str) -> None:
    """A click brought a fresh right to edit."""
    card = db.get(ShownCard, card_id)
    if card is not None and edit_code:
        card.edit_codes = [*card.edit_codes, edit_code]
        db.add(card)


def card_by_message(db: Session, address: str, message_id: str) -> ShownCard | None:
    """The card that a platform's message id stands for."""
    query = select(ShownCard).where(col(ShownCard.message_id) == message_id)
    return next((c for c in db.scalars(query) if c.address.casefold() == address.casefold()), None)


def release(db: Session, now: datetime) -> None:
    """Give up all leases: nobody else runs, and whoever held them is gone."""
    held = update(Outbox).where(col(Outbox.state) == "queued", col(Outbox.token) != "")
    db.execute(held.values(token="", due=now))


def in_flight(db: Session) -> bool:
    """Whether something is being sent at this moment."""
    held = select(col(Outbox.id)).where(col(Outbox.state) == "queued", col(Outbox.token) != "")
    return db.scalar(held.limit(1)) is not None


def next_due(db: Session) -> datetime | None:
    return db.scalar(select(func.min(Outbox.due)).where(col(Outbox.state) == "queued"))


def refused(db: Session, limit: int = 50) -> Sequence[Outbox]:
    """What could not be delivered, newest first: for the health board."""
    query = select(Outbox).where(col(Outbox.state).in_(("refused", "expired")))
    return db.scalars(query.order_by(col(Outbox.id).desc()).limit(limit)).all()
