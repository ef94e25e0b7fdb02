"""What an understood note changes: the lead's fields, and the promises that were heard."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from bot.context import Context
from cards import reasons as cards
from handlers import origins
from handlers.customer_tags import mirror_tags
from handlers.leads import watch_silence
from handlers.ledger import find_owner
from nlp.lexicon import Lexicon
from nlp.models import OWN_PRODUCT
from nlp.names import read_in_full
from nlp.time.types import TimeSpan
from nlp.types import PromiseFound, ReadContext, Reading, Slot
from storage import people, promises
from storage.leads import Known
from storage.models import FollowUp, Lead, Promise

OF = 1
"""Letters between a product and what is promised of it: X2的样机."""
ESTIMATED_GRAINS = ("week", "month", "quarter", "year")


def understand(
    text: str, now: datetime, own: Sequence[Known], role: str, lexicon: Lexicon
) -> Reading:
    """Read with the names of the writer's own customers at hand."""
    customers = [name for k in own if k.customer for name in (k.customer, *k.customer_aliases)]
    contacts = [k.contact for k in own if k.contact]
    return read_in_full(text, now, ReadContext(role, customers, contacts), lexicon)


def reasons(reading: Reading, *, is_spoken: bool = False) -> dict[str, str]:
    """What each slot was read from, for the card."""
    found: dict[str, str] = {"voice": cards.spoken()} if is_spoken else {}
    if reading.stage:
        found["stage"] = cards.stage(reading.stage.text)
    if reading.amount:
        found["amount"] = cards.amount(reading.amount.text)
    if reading.next_contact:
        found["next_contact"] = cards.next_contact(why(reading.next_contact.value))
    if reading.expected_close:
        found["expected_close"] = cards.closing(why(reading.expected_close.value))
    return found


def why(span: TimeSpan) -> str:
    said = span.said
    if span.disagrees and span.alternative:
        said = cards.either(span.alternative.said, span.said)
    return cards.read_as(span.text, said, span.assumed)


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
    if reading.stage:
        move(ctx, lead, reading.stage)
    if reading.amount:
        lead.amount = reading.amount.value
    if reading.next_contact:
        set_next_contact(lead, reading.next_contact.value)
    elif lead.next_contact is not None and lead.next_contact <= ctx.today:
        lead.next_contact = None
    if reading.expected_close:
        set_expected_close(lead, reading.expected_close.value)
    ctx.db.add(lead)
    ctx.fact("followup.logged", lead=lead, words=note.text, followup=note.id, tags=note.tags)
    raise_objections(ctx, lead, reading.tags)
    watch_silence(ctx, lead)
    mirror_tags(ctx, lead)


def move(ctx: Context, lead: Lead, stage: Slot[str]) -> None:
    """To a later stage; to an earlier one a note moves nothing."""
    if lead.may_move_to(stage.value):
        ctx.fact("lead.stage", lead=lead, words=stage.text, was=lead.stage, stage=stage.value)
        lead.stage = stage.value


def raise_objections(ctx: Context, lead: Lead, tags: Sequence[Slot[str]]) -> None:
    for slot in tags:
        ctx.fact("objection.raised", lead=lead, words=slot.text, tag=slot.value, rule=slot.rule)


def set_expected_close(lead: Lead, span: TimeSpan) -> None:
    day = None if span.disagrees else span.last_day
    lead.expected_close, lead.close_estimated = day, span.grain in ESTIMATED_GRAINS


def set_next_contact(lead: Lead, span: TimeSpan) -> None:
    lead.next_contact, lead.next_estimated = contact_day(span)


def contact_day(span: TimeSpan) -> tuple[date | None, bool]:
    """A vague week is an estimate: its Tuesday, marked so. Of two days that were named none is."""
    if span.disagrees:
        return None, False
    estimated = span.grain in ESTIMATED_GRAINS
    day = span.start.date() if span.start else None
    if span.grain == "week" and day is not None:
        day += timedelta(days=1)
    elif not estimated:
        day = span.last_day if span.deadline else day
    return day, estimated


def product_of(found: PromiseFound, reading: Reading) -> str:
    """Which product it is that is promised, if it is one of ours and says more than the thing."""
    named = {
        slot.value
        for slot in reading.models
        if slot.rule == OWN_PRODUCT and found.begin - OF <= slot.finish <= found.finish
    }
    return named.pop() if len(named) == 1 and found.deliverable not in named else ""


def catch(
    ctx: Context, note: FollowUp, lead: Lead, found: PromiseFound, reading: Reading
) -> Promise:
    """A promise was heard; it is a draft until the rep confirms."""
    due = found.due if found.due and not (found.due.vague or found.due.disagrees) else None
    other = due.alternative if due else None
    owner = people.named(ctx.db, found.owner) if found.owner else None
    promise = Promise(
        lead_id=lead.id,
        followup_id=ctx.id_of(note),
        rep_id=note.author_id,
        owner_id=owner.id if owner else default_owner(ctx, found),
        text=found.text,
        deliverable=found.deliverable,
        model=product_of(found, reading),
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
    origins.put(note, *origins.of_promise(promise, found))
    ctx.db.add(note)
    ctx.fact("promise.caught", lead=lead, promise=promise, words=found.text, rule=found.rule)
    return promise


def default_owner(ctx: Context, found: PromiseFound) -> int | None:
    """Whoever would be asked, shown before it is confirmed."""
    return find_owner(ctx, found.kind, ctx.id_of(ctx.me)) if found.promiser == "us" else None


def plan_of(span: TimeSpan | None) -> date | None:
    return (span.plan or span.last_day) if span else None
