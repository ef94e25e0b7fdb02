"""What is to be said, and what became of it."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import bindparam, insert, select
from sqlmodel import Session, col

from storage.models import Outbox, ShownCard

WELCOME_LIFE = timedelta(seconds=20)
ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"


_ADD = insert(Outbox.metadata.tables["outbox"])
_FRESH = {
    "state": "queued",
    "attempts": 0,
    "token": "",
    "plain": False,
    "tried": [],
    "error": "",
    "note": "",
}
_LIVE = (
    select(ShownCard)
    .where(
        col(ShownCard.address) == bindparam("address"),
        col(ShownCard.slot) == bindparam("slot"),
    )
    .order_by(col(ShownCard.at).desc())
    .limit(1)
)
_LIVE_AMONG = (
    select(ShownCard)
    .where(
        col(ShownCard.address).in_(bindparam("addresses", expanding=True)),
        col(ShownCard.slot) == bindparam("slot"),
    )
    .order_by(col(ShownCard.at).desc())
    .limit(1)
)
# Rows are queued, and live cards looked for, with every card: those statements are built once.


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
    if draft.once and _is_used_up(db, draft.once):
        return None
    card = _live(db, draft.address, draft.slot) if draft.slot else None
    if card is None:
        return _send(db, draft, now)
    _change(db, card, draft, now)
    return card


def edit(db: Session, card_id: str, draft: Draft, now: datetime) -> None:
    """Edit one known card; without it (a typed answer) send a new one."""
    card = db.get(ShownCard, card_id)
    if card is None:
        _send(db, draft, now)
    else:
        _change(db, card, replace(draft, address=card.address), now)


def _send(db: Session, draft: Draft, now: datetime) -> ShownCard:
    card = new_card(db, draft, now)
    _queue(db, draft, card.id, "send", now)
    return card


def _change(db: Session, card: ShownCard, draft: Draft, now: datetime) -> None:
    """By an edit that waits already if there is one; a `once` needs a row to be remembered by."""
    waiting = _waiting(db, card.id)
    if waiting is None or (draft.once and waiting.once):
        _queue(db, draft, card.id, "edit", now)
    else:
        waiting.body, waiting.inbox_id = draft.body, draft.inbox_id
        waiting.once = waiting.once or draft.once or None
        if waiting.state == "held":
            waiting.state, waiting.held_at, waiting.due = "queued", None, now
        db.add(waiting)
        db.flush()


def _is_used_up(db: Session, once: str) -> bool:
    return db.scalar(select(col(Outbox.id)).where(col(Outbox.once) == once)) is not None


def touched(db: Session, card_id: str, inbox_id: int) -> bool:
    """Whether the handling of this event has already changed that card."""
    query = select(col(Outbox.id)).where(
        col(Outbox.card_id) == card_id, col(Outbox.inbox_id) == inbox_id
    )
    return db.scalar(query.limit(1)) is not None


def put_welcome(db: Session, draft: Draft, code: str, now: datetime) -> None:
    """Queue the one greeting a new contact may get; it is worthless after 20 s.

    A contact may be told of twice, each time with a right to greet: the draft's slot says by
    whom, and within a minute only one greeting of the same person is sent.
    """
    draft = replace(draft, once=f"welcome:{code}")
    if _is_used_up(db, draft.once) or _was_greeted(db, draft, now - WELCOME_LIFE * 3):
        return
    card = new_card(db, draft, now)
    card.message_id = code
    expires_at = now + WELCOME_LIFE - timedelta(seconds=2)
    _queue(db, replace(draft, expires_at=expires_at), card.id, "welcome", now)
    db.flush()


def _was_greeted(db: Session, draft: Draft, since: datetime) -> bool:
    query = (
        select(col(Outbox.id))
        .join(ShownCard, col(ShownCard.id) == col(Outbox.card_id))
        .where(
            col(ShownCard.address) == draft.address,
            col(ShownCard.slot) == draft.slot,
            col(Outbox.action) == "welcome",
            col(Outbox.state).in_(("queued", "delivered")),
            col(Outbox.created_at) > since,
        )
    )
    return db.scalar(query.limit(1)) is not None


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
    card = db.scalar(_LIVE_AMONG, {"addresses": addresses, "slot": slot}) if slot else None
    return card.address if card else None


def _live(db: Session, address: str, slot: str) -> ShownCard | None:
    return db.scalar(_LIVE, {"address": address, "slot": slot})


def _waiting(db: Session, card_id: str) -> Outbox | None:
    """A queued or held row of this card that nobody has tried to send yet."""
    query = select(Outbox).where(
        col(Outbox.card_id) == card_id,
        col(Outbox.state).in_(("queued", "held")),
        col(Outbox.attempts) == 0,
    )
    return db.scalar(query.order_by(col(Outbox.id).desc()).limit(1))


def _queue(db: Session, draft: Draft, card_id: str, action: str, now: datetime) -> None:
    row = {
        "card_id": card_id,
        "address": draft.address,
        "action": action,
        "body": draft.body,
        "once": draft.once or None,
        "inbox_id": draft.inbox_id,
        "due": now,
        "created_at": now,
        "expires_at": draft.expires_at,
    }
    db.connection().execute(_ADD, {**_FRESH, **row})


def clicked(db: Session, card_id: str, edit_code: str) -> None:
    """A click brought a fresh right to edit."""
    card = db.get(ShownCard, card_id)
    if card is not None and edit_code:
        card.edit_codes = [*card.edit_codes, edit_code]
        db.add(card)


def of_subject(db: Session, subject: str) -> Sequence[Outbox]:
    """Everything that was said about a record, in order."""
    query = (
        select(Outbox)
        .join(ShownCard, col(ShownCard.id) == col(Outbox.card_id))
        .where(col(ShownCard.subject) == subject)
    )
    return db.scalars(query.order_by(col(Outbox.id))).all()


def card_by_message(db: Session, address: str, message_id: str) -> ShownCard | None:
    """The card that a platform's message id stands for; of a group also when it is answered in a
    thread of its own (`feishu:oc_9#om_3`)."""
    query = select(ShownCard).where(col(ShownCard.message_id) == message_id)
    chat = _chat(address)
    return next((card for card in db.scalars(query) if _chat(card.address) == chat), None)


def _chat(address: str) -> str:
    return address.casefold().partition("#")[0]
