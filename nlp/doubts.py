"""Choose the one question worth asking about a note, and put it into words."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Literal

from nlp.certainty import is_sure
from nlp.time.types import TimeSpan
from nlp.time.wording import day_words
from nlp.types import Doubt, PromiseFound, Reading, Slot

LONGEST_QUOTE = 16


def doubt_of(reading: Reading) -> Doubt | None:
    """The most important one; None when the reading is sure."""
    return next(_doubts(reading), None)


def _doubts(reading: Reading) -> Iterator[Doubt]:
    """A wrong day costs most, then a missing one of ours, then what may be no promise at all."""
    owed = [promise for promise in reading.promises if promise.state == "open"]
    yield from (_which_day(time) for time in _dated(reading) if time.disagrees)
    undated = [each for each in owed if not _has_day(each) and not each.conditional]
    yield from (_by_when(promise) for promise in undated if promise.promiser == "us")
    yield from (
        Doubt("promise", promise.text, promise.begin, promise.deliverable)
        for promise in sorted(owed, key=lambda each: each.confidence)
        if not is_sure(promise.confidence)
    )
    if reading.stage and not is_sure(reading.stage.confidence):
        yield _whether("stage", reading.stage)
    for tag in sorted(reading.tags, key=lambda each: each.confidence):
        if not is_sure(tag.confidence):
            yield _whether("tag", tag)
    yield from (_by_when(promise) for promise in undated)


def _dated(reading: Reading) -> Iterator[TimeSpan]:
    """Days that something was made of."""
    for promise in reading.promises:
        if promise.state == "open" and promise.due:
            yield promise.due
    for slot in (reading.next_contact, reading.expected_close):
        if slot:
            yield slot.value


def _has_day(promise: PromiseFound) -> bool:
    return promise.due is not None and promise.due.last_day is not None


def _which_day(time: TimeSpan) -> Doubt:
    days = [time, time.alternative] if time.alternative else [time]
    days.sort(key=lambda each: each.last_day or date.max)
    return Doubt("day", time.text, time.begin, days=tuple(days))


def _by_when(promise: PromiseFound) -> Doubt:
    words, owed = promise.text, promise.deliverable
    return Doubt("when", words, promise.begin, owed, promise.promiser)


def _whether(about: Literal["stage", "tag"], slot: Slot[str]) -> Doubt:
    return Doubt(about, slot.text, slot.begin, slot.value)


def question(doubt: Doubt, names: Mapping[str, str]) -> str:
    """In Chinese; `names` says what stages and tags are called."""
    words = doubt.words[:LONGEST_QUOTE]
    name = names.get(doubt.value, doubt.value)
    match doubt.about:
        case "day":
            days = [day_words(day.last_day) for day in doubt.days if day.last_day]
            return f"“{words}”的星期和日期对不上：是{'，还是'.join(days)}？"
        case "when":
            return f"{doubt.value}最晚哪天{'给到' if doubt.promiser == 'us' else '收到'}？"
        case "promise":
            return f"“{words}”算一个承诺吗？"
        case "stage":
            return f"阶段算不算“{name}”？（“{words}”）"
        case "tag":
            return f"算不算“{name}”？（“{words}”）"
