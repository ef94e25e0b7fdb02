"""Find when our side and the customer talk next, and when the deal is expected to close."""

from collections.abc import Iterator, Sequence

from nlp.clauses import due_times
from nlp.due import closed
from nlp.features import of_time
from nlp.judges import Judges, Marks
from nlp.note import Note
from nlp.time.types import TimeSpan
from nlp.types import Slot

ENDED = ("won", "lost")


def find_days(
    note: Note, marks: Sequence[Marks], judges: Judges, stage: str
) -> tuple[Slot[TimeSpan] | None, Slot[TimeSpan] | None]:
    """Next contact and expected close: of the days that the judge takes for one, the earliest talk
    and the likeliest close."""
    found = list(_judged(note, marks, judges))
    talks = [slot for what, slot in found if what == "next"]
    closes = [slot for what, slot in found if what == "close"]
    earliest = min(talks, key=lambda slot: (slot.value.end, slot.begin), default=None)
    likeliest = max(closes, key=lambda slot: slot.confidence, default=None)
    return earliest, None if stage in ENDED else likeliest


def _judged(
    note: Note, marks: Sequence[Marks], judges: Judges
) -> Iterator[tuple[str, Slot[TimeSpan]]]:
    days = [
        (clause, time)
        for clause in note.clauses
        for time in due_times(clause)
        if time.end is None or time.end > note.now
    ]
    if not days:
        return
    said = [
        marks[clause.index] | judges.marks(of_time(note, clause, time)) for clause, time in days
    ]
    for (clause, time), scores in zip(days, judges.weigh(said), strict=True):
        likely = judges.day.shares(scores)
        for what in ("next", "close"):
            sure = likely[what] + likely["both"]
            if sure > 0.5:
                words, begin, finish = note.verbatim(clause.begin, clause.finish)
                span = closed(time)
                rule = f"day.{what}"
                yield (
                    what,
                    Slot(span, words, begin, finish, rule, round(sure, 2), time.assumed),
                )
