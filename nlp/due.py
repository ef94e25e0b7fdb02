"""Choose the time by which a promise must be kept."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from nlp.acts import Act
from nlp.clauses import condition_before, due_times
from nlp.note import Clause, Note
from nlp.numbers import read_whole
from nlp.sides import subject_before
from nlp.time.types import TimeSpan
from nlp.types import Promiser

BEFORE_EVENT = re.compile(
    r"(?P<event>[\u4e00-\u9fff]{2})(?P<side>前|后)(?P<count>[一两三四五六七八九十\d]{1,3})天"
)
JOURNEY = re.compile("出差|去|到|路过|回")
LATER = 2
"""How many clauses on a time may be told."""
ON_THE_WAY = re.compile(r"顺便|顺道|顺路|当天|当场|那天|带上|捎上|same day|on the spot")
"""What is done then is done at the time just told."""
ON_THE_SPOT = frozenset({"visit", "training", "install", "service", "demo"})
STILL_NEEDED = re.compile(r"(?:还[要得差需剩]|需要?|要|约|定了?|最快)")
"""还要5天, 定了28天内: counted from today."""
COUNTED = ("time_within", "time_after")
ONLY_TIME = re.compile(
    r"^[\s,]*(?:最晚|最迟|最好|不晚于|大概|开始|起|还是|家里有人|在家|在公司|在办公室|预计|最快|最早|应该|争取|尽量|要求|"
    r"时间|交期|就|要|给|就行|即可|之前|前|以内|左右|可以|给就行|时间是"
    r"|定在|定的|希望|说|必须|务必|一定|他|她|客户|我|急|不急|by|before|latest|"
    r"at the|no later than|deadline|是|内|截止|要的|用"
    r"|吧|哈|哦|了|的|只能|可以|行|没问题|有空|方便)*[\s,]*$"
)


def choose_due(act: Act, note: Note) -> TimeSpan | None:
    if counted := _from_event(act.clause, note):
        return counted
    times = [time for time in due_times(act.clause) if not _is_past_or_of(time, note)]
    if not times:
        told = around(act, note)
        return closed(told) if told else None
    due = _nearest(times, act, note)
    return None if _hangs_on_event(due, act.clause, note) else closed(due)


def _is_past_or_of(time: TimeSpan, note: Note) -> bool:
    """去年的对账单, 今年的欠款: the time tells which one."""
    over = time.last_day is not None and time.last_day < note.now.date()
    return over or (time.grain == "year" and note.folded.startswith("的", time.finish))


def closed(due: TimeSpan) -> TimeSpan:
    """“4月6号开始”: what begins on a day is owed on that day."""
    if due.start is None or due.end is not None:
        return due
    day = due.start.replace(hour=0, minute=0) + timedelta(days=1)
    return replace(due, end=day, kind="point")


def _hangs_on_event(due: TimeSpan, clause: Clause, note: Note) -> bool:
    """“收到预付款后，10天内发货”: counted from a day that nobody knows."""
    if not due.rule.startswith(COUNTED):
        return False
    before = note.folded[clause.begin : due.begin]
    condition = condition_before(clause, note)
    if condition and not due_times(condition):
        return True
    after = note.folded[due.finish : clause.finish]
    if STILL_NEEDED.match(due.text) or STILL_NEEDED.search(before, len(before) - 3):
        return False
    event = note.lexicon.cue("after_event")
    return bool(event.search(before) or event.match(after.strip()))


def _nearest(times: list[TimeSpan], act: Act, note: Note) -> TimeSpan:
    """After "改到" the new time counts; otherwise the last one named before the act."""
    moved = note.lexicon.cue("moved").search(act.clause.text)
    if moved:
        after = [time for time in times if time.begin >= act.clause.begin + moved.start()]
        if after:
            return after[-1]
    ahead = [time for time in times if time.end and time.end > note.now] or times
    reference = act.clause.finish if act.action.id == "hand_over" else act.begin
    leading = [time for time in ahead if time.begin <= reference]
    return leading[-1] if leading else ahead[0]


def around(act: Act, note: Note) -> TimeSpan | None:
    """The time told next to the act: for a visit also that of the journey (下周出差)."""
    clause = act.clause
    told = beside(clause, note)
    if told or not clause.index:
        return told
    previous = note.clauses[clause.index - 1]
    if previous.sentence != clause.sentence or not due_times(previous):
        return None
    travels = act.action.kind in ON_THE_SPOT and JOURNEY.search(previous.text)
    ahead = [time for time in due_times(previous) if time.end and time.end > note.now]
    return ahead[-1] if ahead and (travels or ON_THE_WAY.search(clause.text)) else None


def beside(clause: Clause, note: Note) -> TimeSpan | None:
    """A neighbour that holds nothing but the time: "样机寄出，最晚周五"."""
    for index in (clause.index + 1, clause.index - 1):
        near = note.clauses[index] if 0 <= index < len(note.clauses) else None
        if near is None or (index < clause.index and near.sentence != clause.sentence):
            continue
        if time := bare_time(near, note):
            return time
    return None


def told_next(
    clause: Clause, promiser: Promiser, note: Note, taken: Sequence[tuple[int, int]]
) -> TimeSpan | None:
    """The time told a clause later that nothing and nobody else lays claim to: "让我出方案，周一给
    Alan", but not "我答应寄样机，他周一上会"."""
    for near in note.clauses[clause.index + 1 : clause.index + 1 + LATER]:
        if any(near.begin < finish and begin < near.finish for begin, finish in taken):
            return None
        ahead = [time for time in due_times(near) if time.end and time.end > note.now]
        if ahead:
            subject = subject_before(near, ahead[0].begin, note)
            return closed(ahead[0]) if subject in (None, promiser) else None
    return None


def bare_time(clause: Clause, note: Note) -> TimeSpan | None:
    """The time of a clause that says nothing else."""
    times = due_times(clause)
    if not times:
        return None
    rest = (
        note.folded[clause.begin : times[0].begin] + note.folded[times[-1].finish : clause.finish]
    )
    return times[-1] if ONLY_TIME.match(rest) else None


def _from_event(clause: Clause, note: Note) -> TimeSpan | None:
    """“15号开业，开业前两天到位”: counted from an event whose day is told."""
    match = BEFORE_EVENT.search(clause.text)
    days = read_whole(match["count"]) if match else None
    if match is None or days is None:
        return None
    for time in due_times_before(note, clause.begin + match.start()):
        if note.folded.startswith(match["event"], time.finish) and time.end is not None:
            begin, finish = clause.begin + match.start(), clause.begin + match.end()
            shift = timedelta(days=-days if match["side"] == "前" else days)
            return _shifted(time, time.end + shift, note.text[begin:finish], begin, note.now)
    return None


def due_times_before(note: Note, offset: int) -> list[TimeSpan]:
    return [time for time in note.times if time.finish <= offset and time.start is not None]


def _shifted(time: TimeSpan, end: datetime, words: str, begin: int, now: datetime) -> TimeSpan:
    last = end - timedelta(days=1)
    return replace(
        time,
        text=words,
        begin=begin,
        finish=begin + len(words),
        start=now.replace(hour=0, minute=0, second=0, microsecond=0),
        end=end,
        kind="deadline",
        rule="due.counted_from_event",
        said=f"{time.text}{words}",
        plan=last.date(),
        alternative=None,
    )
