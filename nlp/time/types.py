"""What a time expression was understood to mean, and why."""

from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Literal

Grain = Literal["minute", "hour", "part_of_day", "day", "week", "month", "quarter", "year"]
Kind = Literal["point", "deadline", "range", "recurring", "duration", "vague"]


@dataclass(frozen=True, slots=True)
class TimeSpan:
    """One time expression in a text.

    `start` and `end` are aware, in the zone of `now`; `end` is exclusive. Both are None for a vague
    expression and for a bare duration; `end` alone is None for "from then on". A deadline starts
    on the day of `now` and ends with the last admissible moment; one that has passed has no start.
    `plan` is the day we work to: for "X前" one working day earlier than the last admissible day,
    otherwise that day itself (never before the day of `now`); None for what has passed.
    """

    text: str
    begin: int
    """Offset of the first character in the text."""
    finish: int
    """Offset behind the last character."""
    start: datetime | None
    end: datetime | None
    grain: Grain
    kind: Kind
    rule: str
    """Id of the grammar rule that found it."""
    said: str = ""
    """What the words state, in Chinese, for the person who asks why."""
    assumed: str = ""
    """What was filled in without being said; empty when nothing was."""
    plan: date | None = None
    alternative: "TimeSpan | None" = None
    """The other reading where people differ."""
    disagrees: bool = False
    """The words name a date and a weekday that is another day: `alternative` is the weekday's."""
    confidence: float = 1.0

    @property
    def deadline(self) -> bool:
        return self.kind == "deadline"

    @property
    def vague(self) -> bool:
        return self.kind == "vague"

    @property
    def last_day(self) -> date | None:
        """The last day inside the window."""
        if self.end is None:
            return None
        last = self.end if self.end.time() != self.end.min.time() else None
        return last.date() if last else date.fromordinal(self.end.toordinal() - 1)

    def ahead(self, now: datetime) -> "TimeSpan":
        """What is left of a running period: 这周 is the whole week, a task has from today on."""
        today = datetime.combine(now.date(), time(), tzinfo=now.tzinfo)
        if self.start is None or self.end is None or not self.start < today < self.end:
            return self
        return replace(self, start=today)
