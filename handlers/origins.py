"""What each slot of a note was read from: kept with the note, told to whoever asks (来历)."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from cards import reasons
from cards.origins import Origin
from config.schema import SalesWords
from nlp import certainty, llm
from nlp.time.types import TimeSpan
from nlp.types import PromiseFound, Reading, Slot
from storage.models import FollowUp, Promise

CHECKED = "已核对"
CORRECTED = "已更正"
ADOPTED = "模型建议，已采纳"


def put(note: FollowUp, *origins: Origin) -> None:
    """Each slot has one origin, the latest."""
    kept = {row["key"]: row for row in note.origins}
    note.origins = list((kept | {each.key: asdict(each) for each in origins}).values())


def drop(note: FollowUp, key: str) -> None:
    note.origins = [row for row in note.origins if row["key"] != key]


def check(note: FollowUp, keys: frozenset[str]) -> None:
    """Its writer says that it was read right."""
    settled = {"sure": CHECKED, "doubtful": False}
    note.origins = [row | settled if row["key"] in keys else row for row in note.origins]


def of(note: FollowUp) -> list[Origin]:
    return [Origin(**row) for row in note.origins]


def unsure(note: FollowUp) -> dict[str, Origin]:
    """What is marked on the card."""
    return {each.key: each for each in of(note) if each.doubtful}


# From a reading --------------------------------------------------------------------------


def of_reading(reading: Reading, names: SalesWords) -> Iterator[Origin]:
    """All but the promises: those have a number once they are caught."""
    for who in reading.people:
        yield of_slot(f"person:{who.value}", f"人 {who.value}", who)
    if reading.company:
        yield of_slot("company", f"客户 {reading.company.value}", reading.company)
    for tag in reading.tags:
        yield of_tag(tag, names)
    if reading.stage:
        yield of_stage(reading.stage, names)
    if reading.amount:
        yield of_slot("amount", f"金额 {reading.amount.value}元", reading.amount)
    if reading.next_contact:
        yield of_day("next_contact", "下次", reading.next_contact)
    if reading.expected_close:
        yield of_day("expected_close", "签单", reading.expected_close)


def of_tag(tag: Slot[str], names: SalesWords) -> Origin:
    return of_slot(f"tag:{tag.value}", f"顾虑 {names.tags.get(tag.value, tag.value)}", tag)


def of_stage(stage: Slot[str], names: SalesWords) -> Origin:
    return of_slot("stage", f"阶段 {names.stages.get(stage.value, stage.value)}", stage)


def of_slot(key: str, what: str, slot: Slot[Any]) -> Origin:
    return _origin(key, what, slot.text, slot.rule, slot.confidence, slot.assumed)


def of_day(key: str, what: str, slot: Slot[TimeSpan]) -> Origin:
    """No surer than the time is."""
    confidence = min(slot.confidence, slot.value.confidence)
    return _origin(key, what, slot.text, slot.rule, confidence, how_read(slot.value))


def of_promise(promise: Promise, found: PromiseFound) -> Iterator[Origin]:
    yield _origin(f"promise:{promise.id}", "承诺", found.text, found.rule, found.confidence)
    if found.due:
        yield of_due(promise, found.due, by_model=found.rule == llm.RULE)


def of_due(promise: Promise, due: TimeSpan, *, by_model: bool = False) -> Origin:
    rule = llm.RULE if by_model else due.rule
    return _origin(f"due:{promise.id}", "时间", due.text, rule, due.confidence, how_read(due))


def corrected(promise: Promise, due: TimeSpan, words: str) -> Origin:
    read = how_read(due)
    return Origin(f"due:{promise.id}", "时间", words, due.rule, 1.0, CORRECTED, read)


def how_read(span: TimeSpan) -> str:
    """What the words state, what was assumed, and the other reading."""
    other = span.alternative.said if span.alternative else ""
    said = reasons.either(other, span.said) if span.disagrees else span.said
    also = f"也可能{other}" if other and not span.disagrees else ""
    return "；".join(part for part in (said, span.assumed, also) if part)


def _origin(
    key: str, what: str, words: str, rule: str, confidence: float, read: str = ""
) -> Origin:
    adopted = rule == llm.RULE
    return Origin(
        key=key,
        what=what,
        words=words,
        rule=rule,
        confidence=confidence,
        sure=ADOPTED if adopted else certainty.in_words(confidence),
        read=read,
        doubtful=not adopted and not certainty.is_sure(confidence),
    )
