"""A second opinion by a model on what the reader is unsure of: proposed on the card of the note,
and taken over by nobody but its writer."""

import json
from collections.abc import Iterator
from datetime import date

import structlog

from bot.context import Context
from bot.events import CardClicked, JobFinished
from bot.router import Router
from cards import actions, reasons
from cards import proposals as cards
from handlers import origins
from handlers.customer_tags import mirror_tags
from handlers.echo import own_note, show_echo
from handlers.examples import keep
from handlers.leads import watch_silence
from handlers.ledger import change_promise
from handlers.understood import (
    catch,
    contact_day,
    move,
    plan_of,
    raise_objections,
    set_expected_close,
    set_next_contact,
    understand,
    why,
)
from nlp import llm
from nlp.llm import Answer, Proposal
from nlp.masking import Masked, mask
from nlp.note import LONGEST
from nlp.time.types import TimeSpan
from nlp.types import PromiseFound, Reading
from storage import followups, leads, names, people, promises
from storage.models import FollowUp, Lead, Promise, PromiseState

log = structlog.get_logger()
router = Router()
OPINION = "note.opinion"


# Asking ----------------------------------------------------------------------------------


def ask_model(ctx: Context, note: FollowUp, reading: Reading, *, is_new: bool) -> None:
    """After the card is shown: nobody waits for a model."""
    if not (ctx.can_call(OPINION) and llm.is_unsure(reading)):
        return
    masked = hide_names(ctx, note, reading)
    known = ctx.rules.words
    question = llm.question(masked, reading.now, tags=known.tags, stages=known.stages)
    ctx.job(
        OPINION,
        ctx.id_of(note),
        question=question.dump(),
        hidden=json.dumps(masked.hidden, ensure_ascii=False),
        mark=followups.mark(ctx.db, note),
        is_new="yes" if is_new else "",
    )


def hide_names(ctx: Context, note: FollowUp, reading: Reading) -> Masked:
    """Names the reader found, and every name in the database."""
    text = reading.text[:LONGEST]
    own = leads.known_to(ctx.db, note.author_id)
    company = [reading.company.text, reading.company.value] if reading.company else []
    return mask(
        text,
        people=(
            *(slot.text for slot in reading.people),
            *names.people_in(ctx.db, text),
            *(name for known in own for name in (known.contact, *known.contact_aliases)),
        ),
        companies=(
            *company,
            *names.customers_in(ctx.db, text),
            *(name for known in own for name in (known.customer, *known.customer_aliases)),
        ),
        times=reading.times,
    )


# Hearing ---------------------------------------------------------------------------------


@router.job(OPINION)
def hear_model(event: JobFinished, ctx: Context) -> None:
    """Whoever has confirmed or corrected the note in the meantime knows better."""
    note = followups.get(ctx.db, event.subject)
    lead = leads.get(ctx.db, note.lead_id) if note and note.lead_id else None
    if event.error:
        log.warning("opinion.failed", followup=event.subject, error=event.error)
        return
    if note is None or lead is None or followups.mark(ctx.db, note) != event.data["mark"]:
        return
    masked = Masked("", json.loads(event.data["hidden"]))
    answer = llm.understand(str(event.result.get("answer", "")), masked)
    if answer is None:
        log.warning("opinion.of_another_form", followup=note.id)
        return
    _, proposal = proposed(ctx, note, lead, answer)
    if proposal.is_empty:
        return
    lines = list(lines_of(ctx, proposal))
    kept = {"answer": answer.model_dump_json(), "lines": lines, "mark": event.data["mark"]}
    note.proposal = kept
    ctx.db.add(note)
    ctx.fact(
        "followup.proposed", lead=lead, words=note.text, followup=note.id, rule=llm.RULE, what=lines
    )
    show_echo(ctx, note, is_new=bool(event.data["is_new"]))


def proposed(ctx: Context, note: FollowUp, lead: Lead, answer: Answer) -> tuple[Reading, Proposal]:
    """The note read anew, and what an answer adds to it and its lead."""
    author = people.get(ctx.db, note.author_id)
    own = leads.known_to(ctx.db, note.author_id)
    reading = understand(note.text, note.at.astimezone(ctx.zone), own, author.role, ctx.lexicon)
    known = ctx.rules.words
    stages = [stage for stage in known.stages if lead.may_move_to(stage)]
    return reading, llm.propose(answer, reading, tags=known.tags, stages=stages)


def lines_of(ctx: Context, proposal: Proposal) -> Iterator[str]:
    """What the card says of it, each with the words of the note."""
    known = ctx.rules.words
    for found in proposal.promises:
        plan, latest = days_of(found.due)
        yield cards.promise(found.promiser, found.deliverable, plan, latest, found.text)
    for found, due in proposal.dues:
        plan, latest = days_of(due)
        yield cards.due(found.deliverable, plan, latest, due.text)
    for slot in proposal.tags:
        yield cards.tag(known.tags[slot.value], slot.text)
    if proposal.stage:
        yield cards.stage(known.stages[proposal.stage.value], proposal.stage.text)
    if proposal.next_contact:
        day, estimated = contact_day(proposal.next_contact.value)
        yield cards.next_contact(day, proposal.next_contact.text, estimated=estimated)
    if proposal.expected_close:
        yield cards.closing(proposal.expected_close.value.last_day, proposal.expected_close.text)


def days_of(due: TimeSpan | None) -> tuple[date | None, date | None]:
    return plan_of(due), due.last_day if due else None


# Adopting --------------------------------------------------------------------------------


@router.action(actions.AdoptProposal)
def adopt_proposal(click: CardClicked[actions.AdoptProposal], ctx: Context) -> None:
    """The writer says it is so: from now on it is part of the note, still to be confirmed."""
    note = own_note(ctx, click.action.followup)
    lead = leads.get(ctx.db, note.lead_id) if note and note.lead_id else None
    kept = followups.proposal(ctx.db, note) if note else {}
    if note is None or lead is None or not kept:
        ctx.reply(cards.nothing_proposed_card())
        return
    answer = Answer.model_validate_json(kept["answer"])
    reading, proposal = proposed(ctx, note, lead, answer)
    note.proposal, note.why = {}, {**note.why, llm.RULE: reasons.adopted()}
    adopt_promises(ctx, note, lead, proposal, reading)
    keep_adopted(ctx, note, proposal)
    adopt_slots(ctx, note, lead, proposal)
    ctx.db.add_all((note, lead))
    ctx.fact(
        "followup.adopted",
        lead=lead,
        words=note.text,
        followup=note.id,
        rule=llm.RULE,
        what=kept["lines"],
    )
    watch_silence(ctx, lead)
    mirror_tags(ctx, lead)
    show_echo(ctx, note)


def adopt_promises(
    ctx: Context, note: FollowUp, lead: Lead, proposal: Proposal, reading: Reading
) -> None:
    for found, due in proposal.dues:
        promise = draft_of(ctx, note, found)
        if promise is not None:
            change_promise(ctx, promise, due=due, why_due=why(due))
            promise.other_plan, promise.other_latest = days_of(due.alternative)
            origins.put(note, origins.of_due(promise, due, by_model=True))
    for found in proposal.promises:
        catch(ctx, note, lead, found, reading)


def draft_of(ctx: Context, note: FollowUp, found: PromiseFound) -> Promise | None:
    """The draft that was made of a promise; a day that was stated for it is never touched."""
    for promise in promises.of_followup(ctx.db, ctx.id_of(note)):
        is_open = promise.state == PromiseState.DRAFT and promise.latest is None
        if is_open and (promise.text, promise.deliverable) == (found.text, found.deliverable):
            return promise
    return None


def keep_adopted(ctx: Context, note: FollowUp, proposal: Proposal) -> None:
    """What a person agreed to is an example of what we had not heard."""
    for found in proposal.promises:
        keep(ctx, note, "promise", became=found.deliverable, words=found.text)
    for found, due in proposal.dues:
        keep(ctx, note, "due", became=due.text, words=found.text)
    for slot in proposal.tags:
        keep(ctx, note, "tag", became=slot.value, words=slot.text)
    if proposal.stage:
        stage = proposal.stage
        keep(ctx, note, "stage", was=note.stage or "", became=stage.value, words=stage.text)


def adopt_slots(ctx: Context, note: FollowUp, lead: Lead, proposal: Proposal) -> None:
    tags = [slot.value for slot in proposal.tags]
    note.tags = list(dict.fromkeys([*note.tags, *tags]))
    lead.tags = list(dict.fromkeys([*lead.tags, *tags]))
    raise_objections(ctx, lead, proposal.tags)
    names = ctx.rules.words
    origins.put(note, *(origins.of_tag(slot, names) for slot in proposal.tags))
    because = dict(note.why)
    if proposal.stage:
        note.stage, because["stage"] = proposal.stage.value, reasons.stage(proposal.stage.text)
        origins.put(note, origins.of_stage(proposal.stage, names))
        move(ctx, lead, proposal.stage)
    if proposal.next_contact:
        set_next_contact(lead, proposal.next_contact.value)
        origins.put(note, origins.of_day("next_contact", "下次", proposal.next_contact))
        because["next_contact"] = reasons.next_contact(why(proposal.next_contact.value))
    if proposal.expected_close:
        set_expected_close(lead, proposal.expected_close.value)
        origins.put(note, origins.of_day("expected_close", "签单", proposal.expected_close))
        because["expected_close"] = reasons.closing(why(proposal.expected_close.value))
    note.why = because
