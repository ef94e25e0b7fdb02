"""The one question about a note: kept with it until it is answered or no longer matters."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict

from bot.context import Context
from cards.doubts import Asked
from nlp.doubts import question
from nlp.time.types import TimeSpan
from nlp.types import Doubt, PromiseFound, Reading
from storage import leads, promises
from storage.models import FollowUp, Promise, PromiseState

Caught = Sequence[tuple[PromiseFound, Promise]]
"""Promises that were heard, with what was made of them."""


def ask(ctx: Context, note: FollowUp, reading: Reading, caught: Caught) -> None:
    """Of a stage only where the note has moved the lead to it."""
    doubt = reading.doubt
    lead = leads.get(ctx.db, note.lead_id) if note.lead_id else None
    if doubt is None or (doubt.about == "stage" and (not lead or lead.stage != doubt.value)):
        return
    names = ctx.rules.words
    asked = Asked(
        about=doubt.about,
        question=question(doubt, {**names.stages, **names.tags}),
        value=doubt.value if doubt.about in ("stage", "tag") else "",
        promises=tuple(ctx.id_of(promise) for found, promise in caught if _is_about(doubt, found)),
        slots=tuple(_days_about(doubt, reading)),
        days=tuple(_choice(day) for day in doubt.days),
    )
    note.doubt = asdict(asked)
    ctx.db.add(note)


def _is_about(doubt: Doubt, found: PromiseFound) -> bool:
    match doubt.about:
        case "day":
            return _is_that_time(doubt, found.due)
        case "when" | "promise":
            return (found.begin, found.deliverable) == (doubt.begin, doubt.value)
        case _:
            return False


def _days_about(doubt: Doubt, reading: Reading) -> Iterator[str]:
    days = {"next_contact": reading.next_contact, "expected_close": reading.expected_close}
    for name, slot in days.items():
        if doubt.about == "day" and slot and _is_that_time(doubt, slot.value):
            yield name


def _is_that_time(doubt: Doubt, time: TimeSpan | None) -> bool:
    return time is not None and time.disagrees and time.begin == doubt.begin


def _choice(day: TimeSpan) -> tuple[str, str]:
    last = day.last_day.isoformat() if day.last_day else ""
    return last, day.plan.isoformat() if day.plan else last


def pending(ctx: Context, note: FollowUp) -> Asked | None:
    """The question, while its answer would change anything."""
    if not note.doubt or note.state != "open":
        return None
    asked = Asked(
        about=note.doubt["about"],
        question=note.doubt["question"],
        value=note.doubt["value"],
        promises=tuple(note.doubt["promises"]),
        slots=tuple(note.doubt["slots"]),
        days=tuple((last, plan) for last, plan in note.doubt["days"]),
    )
    return asked if _matters(ctx, note, asked) else None


def _matters(ctx: Context, note: FollowUp, asked: Asked) -> bool:
    drafts = [
        promise
        for promise in promises.of_followup(ctx.db, ctx.id_of(note))
        if promise.id in asked.promises and promise.state == PromiseState.DRAFT
    ]
    match asked.about:
        case "stage":
            return note.stage == asked.value
        case "tag":
            return asked.value in note.tags
        case "promise":
            return bool(drafts)
        case _:
            lead = leads.get(ctx.db, note.lead_id) if note.lead_id else None
            open_days = lead and [name for name in asked.slots if getattr(lead, name) is None]
            return bool(open_days) or any(promise.latest is None for promise in drafts)
