"""A message that its writer took back in the client: what it said is taken back too (K14)."""

from dataclasses import replace

from bot import events
from bot.context import Context
from bot.events import MessageRecalled, MessageReceived
from bot.router import Router
from cards import followups as cards
from handlers import voice
from handlers.corrections import undo
from handlers.echo import of
from storage import followups, inbox, jobs, leads

router = Router()


@router.on(MessageRecalled)
def follow_recall(event: MessageRecalled, ctx: Context) -> None:
    """What nobody has confirmed goes at once; what others may already act upon is asked about."""
    row = inbox.by_key(ctx.db, event.message)
    if row is None:
        return
    if row.state != "done":  # not read yet, and not to be read any more
        inbox.done(ctx.db, row, ctx.now)
        return
    said, number = events.load(row.kind, row.body), row.id or 0
    jobs.drop(ctx.db, voice.JOB, number)
    ctx.let_sleep(voice.SLOW, number)
    note = followups.of_message(ctx.db, number)
    if note is None or note.state == "undone" or not isinstance(said, MessageReceived):
        return
    if note.state != "confirmed":
        undo(replace(ctx, event=said), note)
        return
    lead = leads.get(ctx.db, note.lead_id) if note.lead_id else None
    card = cards.recalled_card(note, leads.title_of(ctx.db, lead) if lead else "")
    ctx.send(note.chat, card, slot=f"{of(note)}:recalled", subject=of(note))
