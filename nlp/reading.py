"""Read a note: people, company, stage, worries, promises, money and dates in one pure function."""

from datetime import datetime

from nlp.amounts import find_amount
from nlp.company import find_company
from nlp.contacts import find_expected_close, find_next_contact
from nlp.lexicon import Lexicon, default_lexicon
from nlp.models import find_models
from nlp.note import LONGEST, fold_slips, prepare
from nlp.people import find_people
from nlp.promises import find_promises
from nlp.stage import find_stage
from nlp.summary import doubt_of, summarise
from nlp.tags import find_tags
from nlp.types import ReadContext, Reading, Slot


def read(
    text: str,
    now: datetime,
    context: ReadContext = ReadContext(),  # noqa: B008 - frozen
    lexicon: Lexicon | None = None,
) -> Reading:
    """What the note means, as of `now` (aware). Deterministic and offline."""
    words = lexicon or default_lexicon()
    head = text[:LONGEST]
    folded = fold_slips(head, words)
    people = find_people(head, folded, words, context.contacts)
    note = prepare(head, now, context, words, people, folded)
    promises = find_promises(note)
    stage = find_stage(note, promises)
    return Reading(
        text=text,
        now=now,
        people=tuple(people),
        company=find_company(note),
        tags=tuple(tag for tag in find_tags(note) if not _is_past(tag, stage)),
        stage=stage,
        amount=find_amount(note),
        next_contact=find_next_contact(note, promises),
        expected_close=find_expected_close(note, promises, stage.value if stage else ""),
        promises=tuple(promises),
        models=tuple(find_models(note)),
        times=tuple(note.times),
        summary=summarise(note, promises),
        doubt=doubt_of(promises),
    )


def _is_past(tag: Slot[str], stage: Slot[str] | None) -> bool:
    """Whoever has signed is no longer eager to."""
    return tag.value == "strong_intent" and stage is not None and stage.value == "won"
