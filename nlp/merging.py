"""Keep each promise once, however often a note tells it."""

import re
from dataclasses import replace

from nlp.note import Note
from nlp.types import PromiseFound

BATCH = re.compile(r"首批|第[一二三四两]批|剩下|剩余|余下|其余|另外|一部分|先发|后发")
ARRIVES = re.compile(r"到货|到港|到仓|到厂|送到|送达|到$|arriv|deliver|\beta\b", re.I)
HANDED_TO_CARRIER = frozenset({"sample", "shipment", "invoice", "document"})
PLAIN_NAMES = frozenset({"货物", "试用", "goods", "trial", "答复", "拜访", "visit"})
"""Named after the act alone: whatever is more telling wins."""


def settle(found: list[PromiseFound], promise: PromiseFound, note: Note) -> None:
    """The later time and the stronger state win."""
    for at, known in enumerate(found):
        if known.promiser != promise.promiser:
            continue
        if _is_carriers_news(known, promise):
            return
        if known.kind != promise.kind:
            continue
        if not _same(known, promise, note):
            continue
        if promise.due is not None or known.due is None:
            found[at] = _better_named(promise, known)
        return
    found.append(promise)


def _is_carriers_news(known: PromiseFound, promise: PromiseFound) -> bool:
    sent = known.state == "done" and known.kind in HANDED_TO_CARRIER
    same = promise.kind == known.kind or promise.deliverable in PLAIN_NAMES
    carried = promise.kind in HANDED_TO_CARRIER
    return bool(sent and same and carried and ARRIVES.search(promise.text))


def _better_named(promise: PromiseFound, known: PromiseFound) -> PromiseFound:
    if promise.deliverable in PLAIN_NAMES:
        return replace(promise, deliverable=known.deliverable)
    return promise


def _same(known: PromiseFound, promise: PromiseFound, note: Note) -> bool:
    told = note.folded[max(0, known.begin - 6) : known.finish]
    if promise.kind == "shipment" and BATCH.search(told) and BATCH.search(promise.text):
        return False
    two_steps = known.rule != promise.rule and promise.kind == "shipment"
    if two_steps and known.due and promise.due and known.due.end != promise.due.end:
        return False
    states = {known.state, promise.state}
    if len(states) == 2 and states != {"question", "open"}:
        return False
    borrowed = promise.rule.endswith("borrowed") and known.due is None
    plain = known.deliverable in PLAIN_NAMES or promise.deliverable in PLAIN_NAMES
    untimed = known.due is None or promise.due is None
    return known.deliverable == promise.deliverable or borrowed or (plain and untimed)
