"""The echo card of a note: finding the note that is meant, and showing how it stands."""

import structlog

from bot.context import Context
from bot.events import MessageReceived
from cards import followups as cards
from handlers import views
from handlers.ledger import Was
from storage import followups, leads, outbox, promises
from storage.models import FollowUp

log = structlog.get_logger()


def own_note(ctx: Context, followup_id: int) -> FollowUp | None:
    """The note, if whoever clicked wrote it."""
    note = followups.get(ctx.db, followup_id)
    return note if note is not None and note.author_id == ctx.me.id else None


def clicked_note(ctx: Context, followup_id: int, *, even_undone: bool = False) -> FollowUp | None:
    """The note whose card was clicked, if whoever clicked wrote it and it still counts; else they
    are told."""
    note = followups.get(ctx.db, followup_id)
    if note is None or note.author_id != ctx.me.id:
        log.warning("click.not_theirs", inbox=ctx.inbox_id, followup=followup_id, by=ctx.me.id)
        ctx.reply(cards.not_your_note_card())
    elif note.state == "undone" and not even_undone:
        ctx.reply(cards.undone_already_card())
    else:
        return note
    return None


def answered_subject(event: MessageReceived, ctx: Context) -> tuple[str, int] | None:
    """The record of the card that this message answers ("followup", 3)."""
    card = outbox.card_by_message(ctx.db, event.chat, event.reply_to) if event.reply_to else None
    kind, _, number = card.subject.partition(":") if card else ("", "", "")
    return (kind, int(number)) if number.isdigit() else None


def answered_note(event: MessageReceived, ctx: Context) -> FollowUp | None:
    match answered_subject(event, ctx):
        case ("followup", number):
            return own_note(ctx, number)
        case ("promise", number):
            promise = promises.get(ctx.db, number)
            return own_note(ctx, promise.followup_id) if promise else None
        case _:
            return None


def answered_lead(event: MessageReceived, ctx: Context) -> int | None:
    match answered_subject(event, ctx):
        case ("lead", number):
            lead = leads.get(ctx.db, number)
            return number if lead is not None and lead.owner_id == ctx.me.id else None
        case _:
            note = answered_note(event, ctx)
            return note.lead_id if note else None


def of(note: FollowUp) -> str:
    return f"followup:{note.id}"


def echo_slot(note: FollowUp) -> str:
    return f"followup:{note.id}:echo"


def show_echo(
    ctx: Context,
    note: FollowUp,
    *,
    is_new: bool = False,
    changed: dict[int, Was] | None = None,
) -> None:
    view = views.of_note(ctx, note, is_new=is_new, changed=changed)
    ctx.send(
        note.chat, cards.echo_card(view, ctx.rules.words), slot=echo_slot(note), subject=of(note)
    )
