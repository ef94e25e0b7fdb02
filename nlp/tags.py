"""Hear the customer's worries and wishes: 价格疑虑, 竞品对比, 推进搁置 and the rest."""

import re
from collections.abc import Iterator, Sequence

from nlp.clauses import is_chore
from nlp.judges import Judge, Judges, Scores
from nlp.note import Note
from nlp.types import Slot

SURE = 0.95


def find_tags(
    note: Note, clauses: Sequence[Scores], whole: Scores, judges: Judges, silent: float
) -> list[Slot[str]]:
    """One slot for each tag, with the clause that speaks for it most.

    What judges hear has to be surer than `silent`; sure words are heard in any note.
    """
    judged = _judged(note, clauses, whole, judges.tag)
    found = {slot.value: slot for slot in judged if slot.confidence > silent}
    found |= {slot.value: slot for slot in (*_rivals(note), *_said(note))}
    return sorted(found.values(), key=lambda slot: slot.begin)


def _judged(
    note: Note, clauses: Sequence[Scores], whole: Scores, judge: Judge
) -> Iterator[Slot[str]]:
    for tag, likely in judge.odds(whole).items():
        if likely > 0.5:
            yield telling_clause(note, clauses, judge, tag, f"tags.{tag}", likely)


def _said(note: Note) -> Iterator[Slot[str]]:
    """Words of which whoever owns the vocabulary is sure."""
    if not note.lexicon.sure.search(note.folded):
        return
    for topic in note.lexicon.tags:
        for match in topic.said.finditer(note.folded):
            clause = note.clause_at(match.start())
            if clause is None or is_chore(clause, note) or topic.unless.search(clause.text):
                continue
            yield _sure(topic.id, match, note)
            break


def _rivals(note: Note) -> Iterator[Slot[str]]:
    """A competitor's name next to a word of comparing or choosing."""
    if not note.lexicon.companies.competitor.search(note.folded):
        return
    for match in note.lexicon.rival.finditer(note.folded):
        yield _sure("competitor", match, note)


def _sure(tag: str, match: re.Match[str], note: Note) -> Slot[str]:
    words, begin, finish = note.verbatim(match.start(), match.end())
    return Slot(tag, words, begin, finish, f"tags.{tag}.said", SURE)


def telling_clause(
    note: Note, clauses: Sequence[Scores], judge: Judge, answer: str, rule: str, likely: float
) -> Slot[str]:
    """The answer, with the words of the clause that speaks for it most."""
    best = max(note.clauses, key=lambda clause: judge.score(answer, clauses[clause.index]))
    words, begin, finish = note.verbatim(best.begin, best.finish)
    return Slot(answer, words, begin, finish, rule, round(likely, 2))
