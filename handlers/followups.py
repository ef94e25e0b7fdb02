"""A note becomes a follow-up: understood, shown with its reasons, corrected and undone in words."""

import re
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from nlp.corrections import read_correction
from nlp.reading import read

from bot.context import Context
from bot.events import CardClicked, MessageReceived
from bot.router import Router
from cards import actions
from cards import followups as cards
from handlers import leads as lead_handlers
from handlers import promises as promise_handlers
from handlers import views
from handlers.belonging import Belongs, Candidate, Fresh, Unsure, belongs_to
from nlp.time.types import TimeSpan
from nlp.types import Correction, PromiseFound, ReadContext, Reading
from storage import followups, leads, outbox, people, promises
from storage.models import FollowUp, Lead, Promise, PromiseState, Role

router = Router()
UNDO = re.compile(r"^\s*(撤回|撤销|undo|不算|记错了)[\s。!！]*$", re.IGNORECASE)
NUMBERED = re.compile(r"^\s*[Pp](\d+)\s*")
ESTIMATED_GRAINS = ("week", "month", "quarter", "year")


# Undo and correction ---------------------------------------------------------------------


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
        promise_handlers.cancel(ctx, promise)
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
    was = promise_handlers.change_promise(
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
    lead_handlers.watch_silence(ctx, lead)
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


# A note ----------------------------------------------------------------------------------


def understand(event: MessageReceived, ctx: Context) -> Reading:
    own = leads.open_of(ctx.db, ctx.id_of(ctx.me))
    known = ReadContext(
        role=str(ctx.me.role),
        customers=[name for _, _, c in own if c for name in (c.name, *c.aliases)],
        contacts=[c.name for _, c, _ in own if c],
    )
    return read(event.text, ctx.local_now, known)


@router.message(lambda event, ctx: bool(event.text.strip()))
def log_note(event: MessageReceived, ctx: Context) -> None:
    """The heart of it: words become a follow-up. Chit-chat is let go without a card."""
    waiting = followups.awaiting_words(ctx.db, ctx.id_of(ctx.me), recent_since(ctx))
    reading = understand(event, ctx)
    if waiting is not None:
        complete(ctx, waiting, event, reading)
        return
    if reading.is_chat:
        return
    if report_kept(ctx, reading):
        return
    if ctx.me.role == Role.DELIVERY:
        return
    note = save_note(ctx, event, reading)
    place(ctx, note, reading, answered_lead(event, ctx))


def recent_since(ctx: Context) -> Any:
    return ctx.now - timedelta(minutes=ctx.rules.timing.recent_minutes)


def save_note(ctx: Context, event: MessageReceived, reading: Reading) -> FollowUp:
    note = FollowUp(
        author_id=ctx.id_of(ctx.me),
        inbox_id=ctx.inbox_id,
        chat=event.chat,
        text=event.text,
        summary=reading.summary,
        tags=[slot.value for slot in reading.tags],
        stage=reading.stage.value if reading.stage else None,
        people=[slot.value for slot in reading.people],
        company=reading.company.value if reading.company else "",
        why=reasons(reading),
        at=ctx.now,
    )
    return followups.add(ctx.db, note)


def reasons(reading: Reading) -> dict[str, str]:
    """What each slot was read from, for the card."""
    found: dict[str, str] = {}
    if reading.stage:
        found["stage"] = f"阶段：“{reading.stage.text}”"
    if reading.amount:
        found["amount"] = f"金额：“{reading.amount.text}”"
    if reading.next_contact:
        found["next_contact"] = f"下次联系：{why(reading.next_contact.value)}"
    if reading.expected_close:
        found["expected_close"] = f"签单：{why(reading.expected_close.value)}"
    return found


def why(span: TimeSpan) -> str:
    """“下周三前” → 不晚于2月4日周三；不含当天."""
    parts = [part for part in (span.said, span.assumed) if part]
    return f"“{span.text}”→ {'；'.join(parts)}" if parts else f"“{span.text}”"


def place(ctx: Context, note: FollowUp, reading: Reading, replied: int | None) -> None:
    """Find the lead; unsure, ask with one card before anything is applied."""
    own = leads.open_of(ctx.db, note.author_id)
    answer = belongs_to(
        [candidate(*row) for row in own],
        named=note.people,
        company=note.company,
        replied=replied,
        now=ctx.now,
        recent=timedelta(minutes=ctx.rules.timing.recent_minutes),
    )
    match answer:
        case Belongs(lead_id):
            settle_on(ctx, note, reading, lead_id)
        case Fresh():
            settle_on(ctx, note, reading, cards.NEW_LEAD)
        case Unsure(lead_ids):
            ask_which(ctx, note, lead_ids)


def candidate(lead: Lead, contact: Any, customer: Any) -> Candidate:
    names = {contact.name, *contact.aliases} if contact else set()
    if customer:
        names |= {customer.name, *customer.aliases}
    return Candidate(
        lead.id or 0, frozenset(names), customer.name if customer else "", lead.touched_at
    )


def ask_which(ctx: Context, note: FollowUp, lead_ids: Sequence[int]) -> None:
    note.state = "asking"
    ctx.db.add(note)
    found = [lead for i in lead_ids if (lead := leads.get(ctx.db, i)) is not None]
    known = [(lead, leads.title_of(ctx.db, lead)) for lead in found]
    name = note.people[0] if note.people else ""
    ctx.send(
        note.chat, cards.which_lead_card(note, known, name), slot=echo_slot(note), subject=of(note)
    )


@router.action(actions.AssignFollowUp)
def assign_note(click: CardClicked[actions.AssignFollowUp], ctx: Context) -> None:
    note = own_note(ctx, click.action.followup)
    if note is None or note.state != "asking":
        return
    lead = leads.get(ctx.db, click.action.lead)
    if click.action.lead != cards.NEW_LEAD and (lead is None or lead.owner_id != ctx.me.id):
        return
    own = leads.open_of(ctx.db, note.author_id)
    known = ReadContext(role=str(ctx.me.role), customers=[c.name for _, _, c in own if c])
    note.state = "open"
    settle_on(ctx, note, read(note.text, note.at.astimezone(ctx.zone), known), click.action.lead)


def settle_on(ctx: Context, note: FollowUp, reading: Reading, lead_id: int) -> None:
    """The lead is known: apply what was understood and show it."""
    lead = leads.get(ctx.db, lead_id) if lead_id else None
    is_new = lead is None
    lead = lead or open_lead(ctx, note)
    note.lead_id, note.before = lead.id, snapshot(lead)
    ctx.db.add(note)
    apply(ctx, note, lead, reading)
    for found in reading.promises:
        if found.state == "open":
            catch(ctx, note, lead, found)
    show_echo(ctx, note, is_new=is_new, doubt=reading.doubt)


def open_lead(ctx: Context, note: FollowUp) -> Lead:
    """Somebody new was named."""
    customer = leads.customer_named(ctx.db, note.company) if note.company else None
    name = note.people[0] if note.people else (note.company or "新客户")
    contact = leads.add_contact(ctx.db, name, customer=customer)
    lead = leads.add(
        ctx.db,
        owner_id=note.author_id,
        now=ctx.now,
        contact=contact,
        source="跟进",
        channel="销售记录",
    )
    ctx.fact("lead.created", lead=lead, words=note.text)
    return lead


# What a note changes ---------------------------------------------------------------------


def snapshot(lead: Lead) -> dict[str, Any]:
    """What undo gives back."""
    return {
        "stage": lead.stage,
        "tags": list(lead.tags),
        "amount": lead.amount,
        "next_contact": lead.next_contact.isoformat() if lead.next_contact else None,
        "next_estimated": lead.next_estimated,
        "expected_close": lead.expected_close.isoformat() if lead.expected_close else None,
        "close_estimated": lead.close_estimated,
    }


def restore(lead: Lead, before: dict[str, Any]) -> None:
    for name, value in before.items():
        is_day = name in ("next_contact", "expected_close")
        setattr(lead, name, date.fromisoformat(value) if is_day and value else value)


def apply(ctx: Context, note: FollowUp, lead: Lead, reading: Reading) -> None:
    """Tags, stage, amount and days go to the lead; each change is a fact."""
    lead.touched_at, lead.silence_round = ctx.now, lead.silence_round + 1
    lead.silence_until = None
    lead.tags = list(dict.fromkeys([*lead.tags, *note.tags]))
    if reading.stage and reading.stage.value != lead.stage:
        ctx.fact("lead.stage", lead=lead, words=reading.stage.text, to=reading.stage.value)
        lead.stage = reading.stage.value
    if reading.amount:
        lead.amount = reading.amount.value
    if reading.next_contact:
        set_next_contact(lead, reading.next_contact.value)
    elif lead.next_contact is not None and lead.next_contact <= ctx.today:
        lead.next_contact = None
    if reading.expected_close:
        span = reading.expected_close.value
        lead.expected_close, lead.close_estimated = span.last_day, span.grain in ESTIMATED_GRAINS
    ctx.db.add(lead)
    ctx.fact("followup.logged", lead=lead, words=note.text, followup=note.id, tags=note.tags)
    for slot in reading.tags:
        ctx.fact("objection.raised", lead=lead, words=slot.text, tag=slot.value)
    lead_handlers.watch_silence(ctx, lead)


def set_next_contact(lead: Lead, span: TimeSpan) -> None:
    """A vague week is an estimate: its Tuesday, marked so."""
    estimated = span.grain in ESTIMATED_GRAINS
    day = span.start.date() if span.start else None
    if span.grain == "week" and day is not None:
        day += timedelta(days=1)
    elif not estimated:
        day = span.last_day if span.deadline else day
    lead.next_contact, lead.next_estimated = day, estimated


def catch(ctx: Context, note: FollowUp, lead: Lead, found: PromiseFound) -> Promise:
    """A promise was heard; it is a draft until the rep confirms."""
    due = found.due if found.due is not None and not found.due.vague else None
    other = due.alternative if due else None
    owner = people.named(ctx.db, found.owner) if found.owner else None
    promise = Promise(
        lead_id=lead.id,
        followup_id=ctx.id_of(note),
        rep_id=note.author_id,
        owner_id=owner.id if owner else default_owner(ctx, found),
        text=found.text,
        deliverable=found.deliverable,
        kind=found.kind,
        promiser=found.promiser,
        conditional=found.conditional,
        plan=plan_of(due),
        latest=due.last_day if due else None,
        due_at=due.end if due else None,
        other_plan=plan_of(other),
        other_latest=other.last_day if other else None,
        why_due=why(found.due) if found.due else "",
        created_at=ctx.now,
    )
    promises.add(ctx.db, promise)
    ctx.fact("promise.caught", lead=lead, promise=promise, words=found.text, rule=found.rule)
    return promise


def default_owner(ctx: Context, found: PromiseFound) -> int | None:
    """Whoever is registered as the only one to deliver that kind, shown before it is confirmed."""
    able = people.who_delivers(ctx.db, found.kind) if found.promiser == "us" else []
    return able[0].id if len(able) == 1 else None


def plan_of(span: TimeSpan | None) -> date | None:
    return (span.plan or span.last_day) if span else None


# Kept and withdrawn ----------------------------------------------------------------------


def report_kept(ctx: Context, reading: Reading) -> bool:
    """ "样机已发，顺丰SF123": the one open promise of that kind is kept, or withdrawn."""
    ended = [p for p in reading.promises if p.state in ("done", "cancelled")]
    if not ended or any(p.state == "open" for p in reading.promises):
        return False
    kept = False
    for found in ended:
        mine = promises.open_of(ctx.db, ctx.id_of(ctx.me))
        fitting = [p for p in mine if p.kind == found.kind and p.promiser == found.promiser]
        if len(fitting) == 1:
            change = promise_handlers.finish if found.state == "done" else promise_handlers.cancel
            change(ctx, fitting[0])
            kept = True
            show_echo_of(ctx, fitting[0])
    return kept


def show_echo_of(ctx: Context, promise: Promise) -> None:
    note = followups.get(ctx.db, promise.followup_id)
    if note is not None and promise.rep_id == ctx.me.id:
        show_echo(ctx, note)


# Buttons of the echo card ----------------------------------------------------------------


@router.action(actions.ConfirmFollowUp)
def confirm_note(click: CardClicked[actions.ConfirmFollowUp], ctx: Context) -> None:
    """One tap: what was understood holds, and every promise is set in motion."""
    note = own_note(ctx, click.action.followup)
    if note is None or note.state != "open":
        return
    note.state = "confirmed"
    ctx.db.add(note)
    ctx.fact("followup.confirmed", words=note.text, followup=note.id)
    for promise in promises.of_followup(ctx.db, ctx.id_of(note)):
        promise_handlers.put_in_motion(ctx, promise)
    show_echo(ctx, note)


@router.action(actions.SwitchDue)
def switch_due(click: CardClicked[actions.SwitchDue], ctx: Context) -> None:
    """The other reading of the date, and back again."""
    promise = promise_handlers.of_rep(
        ctx, click.action.promise, then=PromiseState.DRAFT, states=(PromiseState.DRAFT,)
    )
    if promise is None or promise.other_latest is None:
        return
    promise.plan, promise.other_plan = promise.other_plan, promise.plan
    promise.latest, promise.other_latest = promise.other_latest, promise.latest
    promise.due_at = ctx.moment(promise.latest + timedelta(days=1)) if promise.latest else None
    promise.version += 1
    ctx.db.add(promise)
    ctx.fact("promise.changed", promise=promise, words=promise.text, by="switch")
    show_echo(ctx, note_of(ctx, promise))


@router.action(actions.NotAPromise)
def not_a_promise(click: CardClicked[actions.NotAPromise], ctx: Context) -> None:
    promise = promise_handlers.of_rep(ctx, click.action.promise, then=PromiseState.CANCELLED)
    if promise is not None:
        promise_handlers.cancel(ctx, promise)
        show_echo(ctx, note_of(ctx, promise))


@router.action(actions.ShowOriginal)
def show_original(click: CardClicked[actions.ShowOriginal], ctx: Context) -> None:
    note = own_note(ctx, click.action.followup)
    if note is not None:
        ctx.reply(cards.original_card(note))


def complete(ctx: Context, note: FollowUp, event: MessageReceived, reading: Reading) -> None:
    """The sentence that belongs to tags ticked before it."""
    note.text, note.summary, note.state = event.text, reading.summary, "open"
    note.inbox_id, note.why = ctx.inbox_id, reasons(reading)
    note.tags = list(dict.fromkeys([*note.tags, *(slot.value for slot in reading.tags)]))
    note.stage = reading.stage.value if reading.stage else note.stage
    settle_on(ctx, note, reading, note.lead_id or cards.NEW_LEAD)


# Finding and showing ---------------------------------------------------------------------


def own_note(ctx: Context, followup_id: int) -> FollowUp | None:
    """The note, if whoever clicked wrote it."""
    note = followups.get(ctx.db, followup_id)
    return note if note is not None and note.author_id == ctx.me.id else None


def note_of(ctx: Context, promise: Promise) -> FollowUp:
    note = followups.get(ctx.db, promise.followup_id)
    if note is None:
        raise LookupError(f"{promise.code} has no note {promise.followup_id}")
    return note


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
    doubt: str = "",
    changed: dict[int, promise_handlers.Was] | None = None,
) -> None:
    view = views.of_note(ctx, note, is_new=is_new, doubt=doubt, changed=changed)
    ctx.send(
        note.chat, cards.echo_card(view, ctx.rules.words), slot=echo_slot(note), subject=of(note)
    )
