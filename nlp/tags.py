"""Hear the customer's worries and wishes: 价格疑虑, 竞品对比, 推进搁置 and the rest."""

import re
from collections.abc import Iterator
from datetime import timedelta

from nlp.clauses import is_chore
from nlp.lexicon import Topic
from nlp.note import Note
from nlp.types import Slot

LONG_PAUSE = timedelta(days=31)
PUT_OFF = re.compile(r"(?:再|推|放|拖|延|才有|才能)|revisit|until|postpone|again|resume")


def find_tags(note: Note) -> list[Slot[str]]:
    """One slot for each tag, the first words that carry it."""
    found: dict[str, Slot[str]] = {}
    for slot in (*_spoken(note), *_rivals(note), *_put_off(note)):
        if slot.value not in found:
            found[slot.value] = slot
    return sorted(found.values(), key=lambda slot: slot.begin)


def _spoken(note: Note) -> Iterator[Slot[str]]:
    for topic in note.lexicon.tags:
        if match := first_said(topic, note):
            yield tag_slot(note, topic.id, match.start(), match.end(), f"tags.{topic.id}")


def first_said(topic: Topic, note: Note) -> re.Match[str] | None:
    for match in topic.said.finditer(note.folded):
        clause = note.clause_at(match.start()) or note.clause_at(match.end() - 1)
        if clause is None or is_chore(clause, note):
            continue
        if not topic.unless.search(clause.text):
            return match
    return None


def _rivals(note: Note) -> Iterator[Slot[str]]:
    for match in note.lexicon.rival.finditer(note.folded):
        yield tag_slot(note, "competitor", match.start(), match.end(), "tags.competitor.brand")


def _put_off(note: Note) -> Iterator[Slot[str]]:
    """Put off by more than a month: "等明年开春再看", "10月初再ping她"."""
    for clause in note.clauses:
        for time in clause.times:
            far = time.start is not None and time.start - note.now > LONG_PAUSE
            if far and PUT_OFF.search(clause.text) and not is_chore(clause, note):
                yield tag_slot(note, "stalled", time.begin, clause.finish, "tags.put_off", 0.8)


def tag_slot(
    note: Note, tag: str, begin: int, finish: int, rule: str, confidence: float = 0.9
) -> Slot[str]:
    words, begin, finish = note.verbatim(begin, finish)
    return Slot(tag, words, begin, finish, rule, confidence)
