"""The rep's card with the words for a customer, and what became of those that were to be sent."""

from datetime import datetime

from bot.context import Context
from cards import letters as letter_cards
from cards import promises as cards
from cards.letters import LetterView
from cards.model import Card
from handlers import views
from storage import friendships, leads, letters, people
from storage.models import Friendship, Letter, LetterState, Promise, PromiseState

LOOK = "letter.look"
INSIST_AFTER = 4
"""Looks after which the card says that nothing was confirmed yet."""


def answer_slot(promise: Promise) -> str:
    """The rep's card on what delivery answered."""
    return f"promise:{promise.id}:answer"


def words_of(ctx: Context, promise: Promise) -> str:
    return cards.customer_text(views.of_promise(ctx, promise), promise.latest)


def friend_of(ctx: Context, promise: Promise) -> Friendship | None:
    """The customer as a contact of the very rep who gave the word."""
    lead = leads.get(ctx.db, promise.lead_id) if promise.lead_id else None
    contact = leads.contact_of(ctx.db, lead) if lead else None
    if contact is None or not contact.external_id:
        return None
    found = friendships.with_customer(ctx.db, contact.external_id)
    return next(
        (f for f in found if f.is_live and f.mutual and f.person_id == promise.rep_id), None
    )


def view_of(ctx: Context, promise: Promise) -> LetterView:
    number = ctx.id_of(promise)
    latest = next(iter(letters.of_promise(ctx.db, number)), None)
    sent = letters.last_sent(ctx.db, number)
    return LetterView(
        number,
        words_of(ctx, promise),
        can_send=friend_of(ctx, promise) is not None and ctx.can_call("letter.hand_over"),
        letter=latest,
        sent_at=_local(ctx, sent.sent_at) if sent else None,
        insisted=latest is not None and latest.looks >= INSIST_AFTER,
    )


def card_of(ctx: Context, promise: Promise) -> Card:
    view = views.of_promise(ctx, promise)
    agreed = promise.counter is not None and promise.counter == promise.latest
    text = cards.customer_text(view, promise.latest)
    card = cards.agreed_card(view, text) if agreed else cards.accepted_card(view)
    return letter_cards.with_letter(card, view_of(ctx, promise))


def show(ctx: Context, promise: Promise, *, anew: bool = False) -> None:
    """`anew`: as a new message, which is noticed."""
    if promise.state != PromiseState.ACCEPTED:
        return
    slot = answer_slot(promise)
    if anew:
        for address in people.addresses(ctx.db, promise.rep_id):
            ctx.start_afresh(address, slot)
    rep = people.get(ctx.db, promise.rep_id)
    ctx.tell(rep, card_of(ctx, promise), slot=slot, subject=f"promise:{promise.id}")


def withdraw(ctx: Context, promise: Promise) -> None:
    """What was to be sent holds no longer: it must not be confirmed."""
    holds = promise.state == PromiseState.ACCEPTED
    text = words_of(ctx, promise) if holds else ""
    for letter in letters.live(ctx.db, ctx.id_of(promise)):
        if letter.text == text:
            continue
        letter.state = LetterState.STOPPED
        ctx.db.add(letter)
        ctx.let_sleep(LOOK, ctx.id_of(letter))
        if letter.task:
            stop(ctx, letter)
        ctx.fact("letter.stopped", promise=promise)
        card = letter_cards.withdrawn_card(promise.code, letter.text)
        rep = people.get(ctx.db, promise.rep_id)
        ctx.tell(rep, card, once=f"letter:{letter.id}:stopped")


def stop(ctx: Context, letter: Letter) -> None:
    ctx.job("letter.stop", ctx.id_of(letter), **whose(letter))


def whose(letter: Letter) -> dict[str, str]:
    return {"member": letter.member, "address": letter.external_id, "task": letter.task}


def _local(ctx: Context, at: datetime | None) -> datetime | None:
    return at.astimezone(ctx.zone) if at else None
