"""Undo and correction in words: every card changes in place, here and in delivery's IM (K14)."""

import re
from collections.abc import Sequence

from bot.context import Context
from bot.events import CardClicked, MessageReceived
from bot.router import Router
from cards import actions, reasons
from cards import followups as cards
from cards.words import day
from handlers import appointments, ledger, origins, views
from handlers.customer_tags import mirror_tags
from handlers.echo import answered_note, clicked_note, show_echo
from handlers.examples import keep
from handlers.leads import watch_silence
from handlers.understood import restore, set_next_contact, why
from nlp.corrections import read_correction
from nlp.time.types import TimeSpan
from nlp.types import Correction
from storage import followups, leads, promises
from storage.models import FollowUp, Lead, Promise

router = Router()
UNDO = re.compile(r"^\s*(撤回|撤销|undo|不算|记错了)[\s。!！]*$", re.IGNORECASE)
NUMBERED = re.compile(r"^\s*[Pp](\d{1,9})\s*")


@router.message(lambda event, ctx: UNDO.match(event.text) is not None)
def undo_last(event: MessageReceived, ctx: Context) -> None:
    note = answered_note(event, ctx) or followups.latest_of(ctx.db, ctx.id_of(ctx.me))
    if note is None:
        ctx.reply(cards.nothing_to_undo_card())
    else:
        undo(ctx, note)


@router.action(actions.UndoFollowUp)
def undo_clicked(click: CardClicked[actions.UndoFollowUp], ctx: Context) -> None:
    note = clicked_note(ctx, click.action.followup, even_undone=True)
    if note is not None:
        undo(ctx, note)
        ctx.settle_clicked(cards.undone_card(), click)


def undo(ctx: Context, note: FollowUp) -> None:
    """The lead is as it was before, promises are taken back, and every card says so."""
    if note.state == "undone":
        return
    caught = promises.of_followup(ctx.db, ctx.id_of(note))
    keep(ctx, note, "note", was="、".join([*note.tags, *(promise.what for promise in caught)]))
    for promise in caught:
        ledger.cancel(ctx, promise)
    lead = leads.get(ctx.db, note.lead_id) if note.lead_id else None
    if lead is not None:
        restore(lead, note.before)
        ctx.db.add(lead)
        watch_silence(ctx, lead)
        mirror_tags(ctx, lead)
    appointments.call_off(ctx, appointments.of_note(ctx, note))
    note.state = "undone"
    ctx.db.add(note)
    ctx.fact("followup.undone", lead=lead, words=note.text, followup=note.id)
    show_echo(ctx, note)


def reading_of(event: MessageReceived, ctx: Context) -> Correction | None:
    return read_correction(NUMBERED.sub("", event.text), ctx.local_now, ctx.lexicon)


@router.message(lambda event, ctx: reading_of(event, ctx) is not None)
def correct_last(event: MessageReceived, ctx: Context) -> None:
    """ "不对，是下周四", "是X2型号", "P12 改到周五": the cards change in place, here and in
    delivery's IM."""
    told = reading_of(event, ctx)
    note = answered_note(event, ctx) or followups.latest_of(ctx.db, ctx.id_of(ctx.me))
    if told is None:
        return
    meant = meant_promises(ctx, note, event.text)
    if told.amount is not None and note is not None:
        correct_amount(ctx, note, told.amount)
    elif len(meant) == 1:
        correct_promise(ctx, meant[0], told)
    elif meant:
        ctx.reply(cards.which_promise_to_change_card([views.of_promise(ctx, p) for p in meant]))
    elif told.due is not None and note is not None:
        correct_next_contact(ctx, note, told.due)
    else:
        ctx.reply(cards.nothing_to_change_card())


def meant_promises(ctx: Context, note: FollowUp | None, text: str) -> Sequence[Promise]:
    """The promise named by its number, else the open ones of the note."""
    numbered = NUMBERED.match(text)
    if numbered:
        promise = promises.get(ctx.db, int(numbered.group(1)))
        return [promise] if promise is not None and promise.rep_id == ctx.me.id else []
    found = promises.of_followup(ctx.db, ctx.id_of(note)) if note is not None else ()
    return [promise for promise in found if promise.is_open]


def correct_promise(ctx: Context, promise: Promise, told: Correction) -> None:
    """On the card of the note it was heard in, which need not be the last one."""
    note = ledger.note_of(ctx, promise)
    keep_correction(ctx, note, promise, told)
    was = ledger.change_promise(
        ctx,
        promise,
        due=told.due,
        why_due=why(told.due) if told.due else "",
        model=told.model,
        deliverable=told.deliverable,
    )
    if told.due is not None:
        origins.put(note, origins.corrected(promise, told.due, told.text))
        ctx.db.add(note)
    show_echo(ctx, note, changed={promise.id or 0: was})


def deny_promise(ctx: Context, promise: Promise) -> None:
    """What was heard is no promise."""
    note = ledger.note_of(ctx, promise)
    keep(ctx, note, "promise", was=promise.what, words=promise.text)
    ledger.cancel(ctx, promise)
    show_echo(ctx, note)


def deny_stage(ctx: Context, note: FollowUp, lead: Lead, words: str) -> None:
    """The lead goes back to where it was before the note."""
    was, before = note.stage or "", note.before.get("stage", lead.stage)
    keep(ctx, note, "stage", was=was, words=words)
    if lead.stage == was:
        ctx.fact("lead.stage", lead=lead, words=words, was=was, stage=before)
        lead.stage = before
    note.stage = None
    note.why = {slot: why for slot, why in note.why.items() if slot != "stage"}
    origins.drop(note, "stage")
    ctx.db.add_all((note, lead))
    mirror_tags(ctx, lead)
    show_echo(ctx, note)


def keep_correction(ctx: Context, note: FollowUp, promise: Promise, told: Correction) -> None:
    if told.due is not None:
        keep(ctx, note, "due", was=day(promise.latest), became=told.due.text, words=told.text)
    if told.model:
        keep(ctx, note, "model", was=promise.model, became=told.model, words=told.text)
    if told.deliverable:
        was = promise.deliverable
        keep(ctx, note, "deliverable", was=was, became=told.deliverable, words=told.text)


def correct_next_contact(ctx: Context, note: FollowUp, due: TimeSpan) -> None:
    lead = leads.get(ctx.db, note.lead_id) if note.lead_id else None
    if lead is None or "next_contact" not in note.why:
        ctx.reply(cards.nothing_to_change_card())
        return
    keep(ctx, note, "next_contact", was=day(lead.next_contact), became=due.text)
    set_next_contact(lead, due)
    if (meeting := appointments.of_note(ctx, note)) and meeting.promise_id is None:
        appointments.move(ctx, meeting, due)
    note.why = {**note.why, "next_contact": reasons.next_contact(why(due))}
    origins.check(note, frozenset({"next_contact"}))
    ctx.db.add_all((lead, note))
    watch_silence(ctx, lead)
    show_echo(ctx, note)


def correct_amount(ctx: Context, note: FollowUp, amount: int) -> None:
    lead = leads.get(ctx.db, note.lead_id) if note.lead_id else None
    if lead is None:
        ctx.reply(cards.nothing_to_change_card())
        return
    keep(ctx, note, "amount", was=str(lead.amount or ""), became=str(amount))
    lead.amount = amount
    note.why = {**note.why, "amount": reasons.amount_corrected()}
    origins.drop(note, "amount")
    ctx.db.add_all((lead, note))
    show_echo(ctx, note)
