"""Find when our side and the customer talk next, and when the deal is expected to close."""

import re
from collections.abc import Iterator, Sequence

from nlp.clauses import due_times, is_chore
from nlp.due import bare_time
from nlp.note import Clause, Note
from nlp.time.types import TimeSpan
from nlp.types import PromiseFound, Slot

THEN = re.compile(r"\bthen\b|到时|那天|那时")
STILL_TO_COME = re.compile(r"再|约|要|去|准备|得|必须|会|来|call|meet|will|to ")
ORDER = re.compile("PO|订单|order")
SIGNED = re.compile("signed|签好|签回|盖[好完]?章")
WORK = frozenset(
    {"install", "service", "training", "trial", "shipment", "other", "invoice", "payment"}
)


def find_next_contact(note: Note, promises: Sequence[PromiseFound]) -> Slot[TimeSpan] | None:
    """The earliest planned or proposed talk."""
    found = [*_promised_talks(promises), *_planned_talks(note, promises)]
    return min(found, key=lambda slot: (slot.value.end, slot.begin), default=None)


def _promised_talks(promises: Sequence[PromiseFound]) -> Iterator[Slot[TimeSpan]]:
    for promise in promises:
        talks = promise.kind in ("visit", "demo") or (
            promise.kind == "reply" and promise.promiser == "us"
        )
        if talks and promise.state == "open" and promise.due is not None:
            yield time_slot(
                promise.due, promise.text, promise.begin, promise.finish, "contact.promised"
            )


def _planned_talks(note: Note, promises: Sequence[PromiseFound]) -> Iterator[Slot[TimeSpan]]:
    for clause in note.clauses:
        if note.from_customer and "催" in clause.text:
            continue
        if (
            _is_work(clause, promises)
            or note.lexicon.cue("no_talk").search(clause.text)
            or is_chore(clause, note)
            or note.lexicon.cue("inner_meeting").search(clause.text)
        ):
            continue
        said = note.lexicon.cue("talk").search(clause.text)
        asks = clause.asks and not note.from_customer
        time = _time_of(clause, note) if said and not asks else None
        if said and time is not None and not _was_today(clause, time, note):
            words, begin, finish = note.verbatim(
                min(time.begin, clause.begin + said.start()),
                max(time.finish, clause.begin + said.end()),
            )
            yield time_slot(time, words, begin, finish, "contact.planned")


def _was_today(clause: Clause, time: TimeSpan, note: Note) -> bool:
    """ "今天通电话，张总说…" tells of a call that is over."""
    whole_day = time.grain == "day" and time.last_day == note.now.date()
    return whole_day and time.kind == "point" and not STILL_TO_COME.search(clause.text)


def _is_work(clause: Clause, promises: Sequence[PromiseFound]) -> bool:
    """Sending, installing, training and repairing are no talks."""
    return any(
        promise.kind in WORK and clause.begin <= promise.finish - 1 < clause.finish
        for promise in promises
    )


def _time_of(clause: Clause, note: Note) -> TimeSpan | None:
    times = [time for time in due_times(clause) if time.end is not None and time.end > note.now]
    if times:
        return times[-1]
    if not clause.index or due_times(clause):
        return None
    previous = note.clauses[clause.index - 1]
    if THEN.search(clause.text) and (told := due_times(previous)):
        return told[-1]
    return bare_time(previous, note)


def find_expected_close(
    note: Note, promises: Sequence[PromiseFound], stage: str
) -> Slot[TimeSpan] | None:
    """A promised or foreseen day of signing; nothing once the deal is closed."""
    if stage in ("won", "lost"):
        return None
    for slot in (*_promised_signing(promises), *_foreseen_signing(note)):
        return slot
    return None


def _promised_signing(promises: Sequence[PromiseFound]) -> Iterator[Slot[TimeSpan]]:
    for promise in promises:
        signs = promise.rule.removeprefix("promise.").split(".")[0] in ("sign", "order")
        returned = promise.kind == "contract" and SIGNED.search(promise.text)
        orders = promise.kind == "contract" and ORDER.search(promise.deliverable)
        theirs = promise.promiser == "customer" and (returned or orders)
        if (signs or theirs) and promise.state == "open" and promise.due is not None:
            yield time_slot(
                promise.due, promise.text, promise.begin, promise.finish, "close.promised"
            )


def _foreseen_signing(note: Note) -> Iterator[Slot[TimeSpan]]:
    for clause in note.clauses:
        said = note.lexicon.cue("signing").search(clause.text)
        if (
            not said
            or clause.asks
            or note.lexicon.cue("not_signing").search(clause.text)
            or is_chore(clause, note)
        ):
            continue
        times = [time for time in due_times(clause) if time.end is not None and time.end > note.now]
        if times and (note.from_customer or note.lexicon.cue("foreseen").search(clause.text)):
            words, begin, finish = note.verbatim(times[-1].begin, clause.finish)
            yield time_slot(times[-1], words, begin, finish, "close.foreseen")


def time_slot(time: TimeSpan, words: str, begin: int, finish: int, rule: str) -> Slot[TimeSpan]:
    return Slot(time, words, begin, finish, rule, min(0.9, time.confidence), time.assumed)
