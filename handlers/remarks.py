"""What one side of a promise says to the other, carried from IM to IM (K15).

The card that is answered decides: an answer to a card or line about a promise goes to its other
side, unless it is a command, the rep's correction, or a report that it is done. Everything else is
read as ever: notes stay notes.
"""

import re

from bot.context import Context
from bot.events import MessageReceived
from bot.router import Router
from cards import promises as promise_cards
from cards import remarks as cards
from handlers import views
from handlers.corrections import UNDO, reading_of
from handlers.echo import answered_subject
from handlers.reported import report_kept
from handlers.typed import phrase_of
from handlers.understood import understand
from storage import leads, people, promises
from storage.models import Person, Promise, PromiseState

router = Router()
LONGEST = 500
SAY = re.compile(
    r"^\s*(?:留言\s*[Pp](?P<number>\d{1,9})|[Pp](?P<first>\d{1,9})\s*留言)"
    r"[\s:：,，]*(?P<text>\S.*)?$",
    re.DOTALL,
)
SAY_BARE = re.compile(r"^\s*留言[\s:：,，]*(?P<text>\S.*)?$", re.DOTALL)


@router.message(lambda event, ctx: SAY.match(event.text) is not None)
def say_in_words(event: MessageReceived, ctx: Context) -> None:
    said = SAY.match(event.text)
    if said is None:
        return
    promise = promises.get(ctx.db, int(said["number"] or said["first"]))
    if promise is None:
        ctx.reply(promise_cards.unknown_promise_card())
    elif ctx.me.id not in (promise.rep_id, promise.owner_id):
        ctx.reply(cards.not_yours_card())
    elif said["text"] is None:
        ctx.reply(cards.how_card())
    else:
        pass_on(ctx, promise, said["text"].strip())


@router.message(lambda event, ctx: answered_promise(event, ctx) is not None)
def say_in_answer(event: MessageReceived, ctx: Context) -> None:
    promise = answered_promise(event, ctx)
    if promise is None:
        return
    said = SAY_BARE.match(event.text)
    text = (said["text"] or "") if said else event.text
    own = leads.known_to(ctx.db, ctx.id_of(ctx.me))
    reading = understand(text, ctx.local_now, own, ctx.me.role, ctx.lexicon)
    if said is None and report_kept(ctx, reading, about=promise):
        return
    if text.strip():
        pass_on(ctx, promise, text.strip())
    else:
        ctx.reply(cards.how_card())


def answered_promise(event: MessageReceived, ctx: Context) -> Promise | None:
    """The live promise whose card is answered, with words meant for its other side."""
    match answered_subject(event, ctx):
        case ("promise", number):
            promise = promises.get(ctx.db, number)
        case _:
            return None
    if promise is None or not promise.is_open or other_side(ctx, promise) is None:
        return None
    if not event.text.strip() or means_us(event, ctx, promise):
        return None
    return promise


def means_us(event: MessageReceived, ctx: Context, promise: Promise) -> bool:
    """Commands; and corrections, which are the rep's to make."""
    if phrase_of(event.text) is not None or UNDO.match(event.text) is not None:
        return True
    return ctx.me.id == promise.rep_id and reading_of(event, ctx) is not None


def other_side(ctx: Context, promise: Promise) -> Person | None:
    """Whoever else has it on a card; None for strangers, and while it is one's own affair."""
    if promise.asked_at is None or promise.owner_id in (None, promise.rep_id):
        return None
    others = {promise.rep_id: promise.owner_id, promise.owner_id: promise.rep_id}
    other = others.get(ctx.me.id or 0)
    return people.get(ctx.db, other) if other is not None else None


def pass_on(ctx: Context, promise: Promise, text: str) -> None:
    other, number = other_side(ctx, promise), f"promise:{promise.id}"
    if promise.state == PromiseState.CANCELLED:
        ctx.reply(cards.settled_card(promise.code))
    elif other is None:
        ctx.reply(cards.nobody_else_card(promise.code))
    elif len(text) > LONGEST:
        ctx.reply(cards.too_long_card(LONGEST))
    else:
        view = views.of_promise(ctx, promise)
        line = cards.relayed_card(view, ctx.me.label, text)
        if not ctx.tell(other, line, subject=number):
            ctx.reply(cards.unreached_card(other.label))
            return
        ctx.fact("promise.said", promise=promise, words=text, to=other.id)
        waits = promise.state == PromiseState.PENDING and ctx.me.id == promise.owner_id
        ctx.reply(cards.passed_on_card(view, other.label, waits=waits), subject=number)
