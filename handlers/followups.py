"""A note becomes a follow-up: understood, placed with a lead, shown with its reasons."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.context import Context
from bot.events import CardClicked, MessageReceived
from bot.router import Router
from cards import actions
from cards import followups as cards
from cards import leads as lead_cards
from cards import speech as speech_cards
from cards.words import day
from handlers import appointments, ledger, origins
from handlers.belonging import Belongs, Fresh, Unsure, belongs_to
from handlers.corrections import deny_promise
from handlers.doubts import ask
from handlers.echo import answered_lead, clicked_note, echo_slot, of, show_echo
from handlers.examples import keep, keep_ticked
from handlers.leads import find_own, form_of
from handlers.promises import of_rep
from handlers.reported import answer_question, report_kept
from handlers.second_opinion import ask_model
from handlers.understood import apply, catch, reasons, snapshot, understand
from nlp.types import Reading
from storage import followups, leads, people, promises
from storage.leads import Known
from storage.models import FollowUp, Lead, PromiseState, Role

router = Router()


# A note ----------------------------------------------------------------------------------


@router.message(lambda event, ctx: form_of(event.text, filled=True) is not None)
def log_on_lead(event: MessageReceived, ctx: Context) -> None:
    """+跟进 L12 一句话: the form in one line, where a card has no inputs (F3)."""
    form = form_of(event.text, filled=True)
    lead = find_own(ctx, form["who"]) if form is not None else None
    if form is None or lead is None:
        ctx.reply(lead_cards.unknown_lead_card())
        return
    said = replace(event, text=form["note"].strip())
    own = leads.known_to(ctx.db, ctx.id_of(ctx.me))
    reading = understand(said.text, ctx.local_now, own, ctx.me.role, ctx.lexicon)
    settle_on(ctx, save_note(ctx, said, reading), reading, ctx.id_of(lead))


@router.message(lambda event, ctx: bool(event.text.strip()))
def log_note(event: MessageReceived, ctx: Context) -> None:
    """The heart of it: words become a follow-up. Chit-chat is let go without a card."""
    waiting = followups.awaiting_words(ctx.db, ctx.id_of(ctx.me), recently(ctx))
    own = leads.known_to(ctx.db, ctx.id_of(ctx.me))
    reading = understand(event.text, ctx.local_now, own, ctx.me.role, ctx.lexicon)
    if waiting is not None:
        complete(ctx, waiting, event, reading)
    elif reading.is_chat:
        say_heard(event, ctx)
    elif report_kept(ctx, reading) or answer_question(ctx, reading):
        return
    elif ctx.me.role == Role.DELIVERY:
        ctx.reply(cards.not_a_task_card())
    else:
        note = save_note(ctx, event, reading)
        place(ctx, note, reading, own, answered_lead(event, ctx))


def say_heard(event: MessageReceived, ctx: Context) -> None:
    """Chit-chat gets no card; who spoke is shown what was heard, in case it was misheard."""
    if event.kind == "voice":
        ctx.reply(speech_cards.chat_card(event.text))


def recently(ctx: Context) -> datetime:
    return ctx.now - timedelta(minutes=ctx.rules.timing.recent_minutes)


def save_note(ctx: Context, event: MessageReceived, reading: Reading) -> FollowUp:
    note = FollowUp(
        author_id=ctx.id_of(ctx.me),
        inbox_id=ctx.inbox_id,
        chat=event.chat,
        text=event.text,
        at=ctx.now,
    )
    fill(ctx, note, reading, is_spoken=event.kind == "voice")
    return followups.add(ctx.db, note)


def fill(ctx: Context, note: FollowUp, reading: Reading, *, is_spoken: bool) -> None:
    """What was understood, in the note itself."""
    note.summary = reading.summary
    note.tags = [slot.value for slot in reading.tags]
    note.stage = reading.stage.value if reading.stage else None
    note.people = customers_only(ctx, [slot.value for slot in reading.people])
    note.company = reading.company.value if reading.company else ""
    note.why = reasons(reading, is_spoken=is_spoken)
    origins.put(note, *origins.of_reading(reading, ctx.rules.words))


def customers_only(ctx: Context, names: Sequence[str]) -> list[str]:
    """Colleagues named in a note are no customers of ours."""
    return [name for name in names if people.named(ctx.db, name) is None]


def complete(ctx: Context, note: FollowUp, event: MessageReceived, reading: Reading) -> None:
    """The sentence that belongs to tags ticked before it."""
    note.text, note.summary, note.state = event.text, reading.summary, "open"
    keep_ticked(ctx, note, note.tags, note.stage)
    note.inbox_id = ctx.inbox_id
    note.why = reasons(reading, is_spoken=event.kind == "voice")
    origins.put(note, *origins.of_reading(reading, ctx.rules.words))
    note.tags = list(dict.fromkeys([*note.tags, *(slot.value for slot in reading.tags)]))
    note.stage = reading.stage.value if reading.stage else note.stage
    settle_on(ctx, note, reading, note.lead_id or cards.NEW_LEAD)


# Whose it is -----------------------------------------------------------------------------


def place(
    ctx: Context,
    note: FollowUp,
    reading: Reading,
    own: Sequence[Known],
    replied: int | None,
) -> None:
    """Find the lead; unsure, ask with one card before anything is applied."""
    answer = belongs_to(
        own,
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


def ask_which(ctx: Context, note: FollowUp, lead_ids: Sequence[int]) -> None:
    note.state = "asking"
    ctx.db.add(note)
    found = [lead for i in lead_ids if (lead := leads.get(ctx.db, i)) is not None]
    known = [(lead, leads.title_of(ctx.db, lead)) for lead in found]
    name = note.people[0] if note.people else ""
    card = cards.which_lead_card(note, known, name)
    ctx.send(note.chat, card, slot=echo_slot(note), subject=of(note))


@router.action(actions.AssignFollowUp)
def assign_note(click: CardClicked[actions.AssignFollowUp], ctx: Context) -> None:
    note = clicked_note(ctx, click.action.followup)
    if note is None or note.state != "asking":
        return
    lead = leads.get(ctx.db, click.action.lead)
    if click.action.lead != cards.NEW_LEAD and (lead is None or lead.owner_id != ctx.me.id):
        return
    note.state = "open"
    customer = leads.customer_of(ctx.db, lead) if lead is not None else None
    if customer is not None:
        keep(ctx, note, "customer", was=note.company, became=customer.name)
    own = leads.known_to(ctx.db, note.author_id)
    reading = understand(note.text, note.at.astimezone(ctx.zone), own, ctx.me.role, ctx.lexicon)
    settle_on(ctx, note, reading, click.action.lead)


def settle_on(ctx: Context, note: FollowUp, reading: Reading, lead_id: int) -> None:
    """The lead is known: apply what was understood and show it."""
    lead = leads.get(ctx.db, lead_id) if lead_id else None
    is_new = lead is None
    lead = lead or open_lead(ctx, note)
    note.lead_id, note.before = lead.id, snapshot(lead)
    ctx.db.add(note)
    apply(ctx, note, lead, reading)
    caught = [
        (found, catch(ctx, note, lead, found, reading))
        for found in reading.promises
        if found.state == "open"
    ]
    dues = [(promise, found.due) for found, promise in caught]
    appointments.note_meeting(ctx, note, reading, dues)
    ask(ctx, note, reading, caught)
    show_echo(ctx, note, is_new=is_new)
    ask_model(ctx, note, reading, is_new=is_new)


def open_lead(ctx: Context, note: FollowUp) -> Lead:
    """Somebody new was named."""
    customer = leads.customer_named(ctx.db, note.company) if note.company else None
    contact = leads.add_contact(ctx.db, note.people[0], customer=customer) if note.people else None
    lead = leads.add(
        ctx.db,
        owner_id=note.author_id,
        now=ctx.now,
        contact=contact,
        customer=customer,
        source="跟进",
        channel="销售记录",
    )
    ctx.fact("lead.created", lead=lead, words=note.text)
    return lead


# Buttons of the echo card ----------------------------------------------------------------


@router.action(actions.ConfirmFollowUp)
def confirm_note(click: CardClicked[actions.ConfirmFollowUp], ctx: Context) -> None:
    """One tap: what was understood holds, and every promise is set in motion."""
    note = clicked_note(ctx, click.action.followup)
    if note is not None and note.state == "heard":
        log_heard(ctx, note)
        return
    if note is None or note.state != "open":
        return
    note.state = "confirmed"
    ctx.db.add(note)
    ctx.fact("followup.confirmed", words=note.text, followup=note.id)
    for promise in promises.of_followup(ctx.db, ctx.id_of(note)):
        ledger.put_in_motion(ctx, promise)
    appointments.ask_busy(ctx, note)
    show_echo(ctx, note)


def log_heard(ctx: Context, note: FollowUp) -> None:
    """It was heard right: now it is read, as of the moment at which it was said."""
    own = leads.known_to(ctx.db, note.author_id)
    reading = understand(note.text, note.at.astimezone(ctx.zone), own, ctx.me.role, ctx.lexicon)
    note.state = "open"
    fill(ctx, note, reading, is_spoken=True)
    if report_kept(ctx, reading) or answer_question(ctx, reading):
        note.state = "undone"
        card = speech_cards.heard_right_card(note)
        ctx.send(note.chat, card, slot=echo_slot(note), subject=of(note))
    else:
        place(ctx, note, reading, own, note.lead_id)


@router.action(actions.SwitchDue)
def switch_due(click: CardClicked[actions.SwitchDue], ctx: Context) -> None:
    """The other reading of the date, and back again."""
    promise = of_rep(
        ctx, click.action.promise, then=PromiseState.DRAFT, states=(PromiseState.DRAFT,)
    )
    if promise is None or promise.other_latest is None:
        return
    note = ledger.note_of(ctx, promise)
    keep(ctx, note, "due", was=day(promise.latest), became=day(promise.other_latest))
    promise.plan, promise.other_plan = promise.other_plan, promise.plan
    promise.latest, promise.other_latest = promise.other_latest, promise.latest
    promise.due_at = ctx.moment(promise.latest + timedelta(days=1)) if promise.latest else None
    promise.version += 1
    ctx.db.add(promise)
    if promise.latest:
        appointments.move_day(ctx, appointments.of_promise(ctx, promise), promise.latest)
    ctx.fact("promise.changed", promise=promise, words=promise.text, by="switch")
    show_echo(ctx, note)


@router.action(actions.NotAPromise)
def not_a_promise(click: CardClicked[actions.NotAPromise], ctx: Context) -> None:
    promise = of_rep(ctx, click.action.promise, then=PromiseState.CANCELLED)
    if promise is not None:
        deny_promise(ctx, promise)
