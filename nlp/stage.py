"""Tell where the deal stands now, when the note says so."""

import re
from collections.abc import Sequence

from nlp.clauses import is_chore
from nlp.lexicon import Topic
from nlp.note import Note
from nlp.types import PromiseFound, Slot

TRIAL_OR_BUDGET = re.compile(r"小试|中试|试[用产机]|测试|样机|poc|预算|trial|pilot|budget", re.I)
SIGNS = ("sign", "order")


def find_stage(note: Note, promises: Sequence[PromiseFound]) -> Slot[str] | None:
    """The latest stage that is stated; a promise to sign means negotiation."""
    latest: Slot[str] | None = None
    for topic in note.lexicon.stages:
        if topic.id == "won" and (agreed := _agreed_to_sign(note, promises)):
            latest = agreed
        latest = _stated(topic, note) or latest
    return latest


def _stated(topic: Topic, note: Note) -> Slot[str] | None:
    for match in topic.said.finditer(note.folded):
        clause = note.clause_at(match.start()) or note.clause_at(match.end() - 1)
        if clause is None or (clause.asks and topic.id != "negotiation") or is_chore(clause, note):
            continue
        if topic.unless.search(clause.text) or _is_order_to_colleague(topic, note, match):
            continue
        words, begin, finish = note.verbatim(match.start(), match.end())
        return Slot(topic.id, words, begin, finish, f"stage.{topic.id}", 0.85)
    return None


def _is_order_to_colleague(topic: Topic, note: Note, match: re.Match[str]) -> bool:
    """“小王你周四前把合同发给客户” orders work and says nothing about the deal."""
    return (
        note.role == "manager"
        and topic.id == "negotiation"
        and bool(re.search(r"合同|contract|agreement", match[0]))
    )


def _agreed_to_sign(note: Note, promises: Sequence[PromiseFound]) -> Slot[str] | None:
    for promise in promises:
        signs = promise.rule.startswith("promise.sign") or promise.rule.startswith("promise.order")
        if not signs or promise.promiser != "customer" or promise.state != "open":
            continue
        if promise.conditional and TRIAL_OR_BUDGET.search(promise.text):
            continue
        return Slot(
            "negotiation", promise.text, promise.begin, promise.finish, "stage.agreed_to_sign", 0.85
        )
    return None
