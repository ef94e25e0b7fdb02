"""Undo and correction in words: every card changes in place, here and in delivery's IM (K14)."""

import re
from collections.abc import Sequence

from bot.context import Context
from bot.events import CardClicked, MessageReceived
from bot.router import Router
from cards import actions
from cards import followups as cards
from handlers import ledger, views
from handlers.echo import answered_note, own_note, show_echo
from handlers.leads import watch_silence
from handlers.understood import plan_of, restore, set_next_contact, why
from nlp.corrections import read_correction
from nlp.time.types import TimeSpan
from nlp.types import Correction
from storage import followups, leads, promises
from storage.models import FollowUp, Promise

router = Router()
UNDO = re.compile(r"^\s*(撤回|撤销|undo|不算|记错了)[\s。!！]*$", re.IGNORECASE)
NUMBERED = re.compile(r"^\s*[Pp](\d+)\s*")


@router.message(lambda event, ctx: UNDO.match(event.text) is not None)
def undo_last(event: MessageReceived, ctx: Context) -> None:
    note = answered_note(event, ctx) or followups.latest_of(ctx.db, ctx.id_of(ctx.me))
    if note is None:
        ctx.reply(cards.nothing_to_undo_card())
    else:
        undo(ctx, note)


@router.action(actions.UndoFollowUp)
def undo_clicked(click: CardClicked[actions.UndoFollowUp], ctx: Context) -> None:
    note = own_note(ctx, click.action.followup)
    if note is not None:
        undo(ctx, note)


def undo(ctx: Context, note: FollowUp) -> None:
    """The lead is as it was before, promises are taken back, and every card says so."""
    if note.state == "undone":
        return
    for promise in promises.of_followup(ctx.db, ctx.id_of(note)):
        ledger.cancel(ctx, promise)
    lead = leads.get(ctx.db, note.lead_id) if note.lead_id else None
    if lead is not None:
        restore(lead, note.before)
        ctx.db.add(lead)
    note.state = "undone"
    ctx.db.add(note)
    ctx.fact("followup.undone", lead=lead, words=note.text, followup=note.id)
    show_echo(ctx, note)


def reading_of(event: MessageReceived, ctx: Context) -> Correction | None:
    return read_correction(event.text, ctx.local_now)


@router.message(lambda event, ctx: reading_of(event, ctx) is not None)
def correct_last(event: MessageReceived, ctx: Context) -> None:
    """ "不对，是下周四", "是X2型号": the cards change in place, here and in delivery's IM."""
    correction = reading_of(event, ctx)
    note = answered_note(event, ctx) or followups.latest_of(ctx.db, ctx.id_of(ctx.me))
    if correction is None or note is None:
        ctx.reply(cards.nothing_to_change_card())
        return
    if correction.amount is not None:
        correct_amount(ctx, note, correction.amount)
        return
    meant = meant_promises(ctx, note, event.text)
    if not meant and correction.due is not None:
        correct_next_contact(ctx, note, correction.due)
    elif len(meant) == 1:
        correct_promise(ctx, note, meant[0], correction)
    elif meant:
        ctx.reply(cards.which_promise_to_change_card([views.of_promise(ctx, p) for p in meant]))
    else:
        ctx.reply(cards.nothing_to_change_card())


def meant_promises(ctx: Context, note: FollowUp, text: str) -> Sequence[Promise]:
    """The promise named by its number, else the open ones of the note."""
    numbered = NUMBERED.match(text)
    if numbered:
        promise = promises.get(ctx.db, int(numbered.group(1)))
        return [promise] if promise is not None and promise.rep_id == ctx.me.id else []
    return [p for p in promises.of_followup(ctx.db, ctx.id_of(note)) if p.is_open]


def correct_promise(ctx: Context, note: FollowUp, promise: Promise, told: Correction) -> None:
    due = told.due
    was = ledger.change_promise(
        ctx,
        promise,
        plan=plan_of(due),
        latest=due.last_day if due else None,
        due_at=due.end if due else None,
        why_due=why(due) if due else "",
        model=told.model,
        deliverable=told.deliverable,
    )
    show_echo(ctx, note, changed={promise.id or 0: was})


def correct_next_contact(ctx: Context, note: FollowUp, due: TimeSpan) -> None:
    lead = leads.get(ctx.db, note.lead_id) if note.lead_id else None
    if lead is None or "next_contact" not in note.why:
        ctx.reply(cards.nothing_to_change_card())
        return
    set_next_contact(lead, due)
    note.why = {**note.why, "next_contact": f"下次联系：{why(due)}"}
    ctx.db.add_all((lead, note))
    watch_silence(ctx, lead)
    show_echo(ctx, note)


def correct_amount(ctx: Context, note: FollowUp, amount: int) -> None:
    lead = leads.get(ctx.db, note.lead_id) if note.lead_id else None
    if lead is None:
        ctx.reply(cards.nothing_to_change_card())
        return
    lead.amount = amount
    note.why = {**note.why, "amount": "金额：按更正"}
    ctx.db.add_all((lead, note))
    show_echo(ctx, note)
