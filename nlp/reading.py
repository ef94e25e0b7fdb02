"""Read a note: people, company, stage, worries, promises, money and dates in one pure function."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeVar

from nlp.amounts import find_amount
from nlp.company import find_company
from nlp.contacts import find_days
from nlp.doubts import doubt_of
from nlp.features import described
from nlp.judges import Judges, default_judges, together
from nlp.lexicon import Lexicon, default_lexicon
from nlp.models import find_models
from nlp.note import LONGEST, Note, fold_slips, prepare
from nlp.people import find_people
from nlp.promises import find_promises
from nlp.proposals import propose
from nlp.stage import find_stage
from nlp.summary import summarise
from nlp.tags import find_tags
from nlp.types import ReadContext, Reading, Slot

T = TypeVar("T")
SMALL_TALK = 0.12
"""A note that is less likely than this to tell anything is not listened to."""


def read(
    text: str,
    now: datetime,
    context: ReadContext = ReadContext(),  # noqa: B008 - frozen
    lexicon: Lexicon | None = None,
    judges: Judges | None = None,
) -> Reading:
    """What the note means, as of `now` (aware). Deterministic and offline."""
    bench = judges or default_judges()
    note = noted(text, now, context, lexicon or default_lexicon())
    proposals = propose(note)
    marks = [bench.marks(features) for features in described(note, proposals)]
    whole, *clauses = bench.weigh([together(marks), *marks])
    silent = _silence(bench.telling.odds(whole)["telling"])
    promises = [
        promise
        for promise in find_promises(note, proposals, clauses, bench)
        if promise.confidence > silent
    ]
    stage = _heard(find_stage(note, clauses, whole, bench), silent)
    next_contact, close = find_days(note, marks, bench, stage.value if stage else "")
    tags = find_tags(note, clauses, whole, bench, silent)
    reading = Reading(
        text=text,
        now=now,
        people=tuple(note.people),
        company=find_company(note),
        tags=tuple(tag for tag in tags if not _is_past(tag, stage)),
        stage=stage,
        amount=_heard(find_amount(note), silent),
        next_contact=_heard(next_contact, silent),
        expected_close=_heard(close, silent),
        promises=tuple(promises),
        models=tuple(find_models(note)),
        times=tuple(note.times),
        summary=summarise(note, promises, tags),
    )
    return replace(reading, doubt=doubt_of(reading))


def _silence(telling: float) -> float:
    """How sure one has to be of a word in a note that probably tells nothing."""
    return 1.0 if telling < SMALL_TALK else 1 - telling


def _heard(slot: Slot[T] | None, silent: float) -> Slot[T] | None:
    """What is less sure than that the note says nothing was misheard."""
    return slot if slot and slot.confidence > silent else None


def get_ready(lexicon: Lexicon) -> None:
    """Load and compile what the first note would have to wait for."""
    read("华宁医院的张总嫌贵，样机下周三前寄出", datetime(2026, 1, 28, tzinfo=UTC), lexicon=lexicon)


def noted(text: str, now: datetime, context: ReadContext, lexicon: Lexicon) -> Note:
    """The note prepared: folded, its people, times, things and meanings found."""
    head = text[:LONGEST]
    folded = fold_slips(head, lexicon)
    people = find_people(head, folded, lexicon, context.contacts)
    return prepare(head, now, context, lexicon, people, folded)


def _is_past(tag: Slot[str], stage: Slot[str] | None) -> bool:
    """Whoever has signed is no longer eager to."""
    return tag.value == "strong_intent" and stage is not None and stage.value == "won"
