"""Propose entries for a customer's vocabulary from what people put right; a person accepts."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from nlp.learning.finders import FINDERS, Known
from nlp.learning.types import Entry, Example, Proposal, Told
from nlp.lexicon import Lexicon, LexiconError, Tables, compile_lexicon
from nlp.models import OWN_PRODUCT
from nlp.names import read_in_full
from nlp.text import fold
from nlp.types import ReadContext
from nlp.vocabulary import extended

Reader = Callable[[str], Any]
NAMES = ("companies",)
"""A rival's name is worth knowing although its tag was heard from other words."""


def propose(
    examples: Sequence[Example],
    notes: Sequence[Told],
    tables: Tables,
    now: datetime,
    declined: Collection[str] = (),
) -> Sequence[Proposal]:
    """Those that rest on the most sentences first. Each was tried: an entry that would change
    nothing in the sentences it comes from is not proposed, and what it would change elsewhere is
    named. `tables` are all that is known by now."""
    lexicon = compile_lexicon(tables)
    found: dict[Entry, dict[str, None]] = {}
    for finder in FINDERS:
        for entry, sentence in finder(Known(examples, notes, lexicon)):
            found.setdefault(entry, {})[sentence] = None
    moments = {note.text: note for note in notes}

    def reader(words: Lexicon) -> Reader:
        @cache
        def read(text: str) -> Any:
            note = moments.get(text, Told(text, now))
            return outcome(text, note, words)

        return read

    before = reader(lexicon)
    proposals = []
    for entry, sentences in found.items():
        if entry.id in declined or (words := _compiled(tables, entry)) is None:
            continue
        after = reader(words)
        is_name = entry.file in NAMES
        helped = [text for text in sentences if is_name or before(text) != after(text)]
        if helped:
            others = [
                text
                for text in moments
                if text not in sentences
                and fold(entry.word) in fold(text)
                and before(text) != after(text)
            ]
            proposals.append(Proposal(entry, helped, others))
    return sorted(proposals, key=lambda each: (-len(each.sentences), each.entry.id))


def _compiled(tables: Tables, entry: Entry) -> Lexicon | None:
    """None for what could not stand in a file."""
    try:
        return compile_lexicon(extended(tables, entry.as_tables()))
    except LexiconError:
        return None


def outcome(text: str, note: Told, lexicon: Lexicon) -> Any:
    """What of a reading words decide."""
    reading = read_in_full(text, note.at, ReadContext(note.role), lexicon)
    return (
        {slot.value for slot in reading.tags},
        reading.stage.value if reading.stage else "",
        reading.company.value if reading.company else "",
        [slot.value for slot in reading.people],
        [slot.value for slot in reading.models if slot.rule == OWN_PRODUCT],
        [(found.deliverable, found.kind, found.state) for found in reading.promises],
    )
