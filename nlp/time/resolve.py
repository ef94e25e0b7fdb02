"""Turn a settled expression into the time span that callers see."""

from dataclasses import replace
from datetime import date, datetime, timedelta

from nlp.time.grammar import Expression
from nlp.time.types import TimeSpan
from nlp.time.window import DAY, RANK, Scene, Window
from nlp.time.wording import said
from nlp.time.workdays import workdays_after

INSTANT = timedelta(microseconds=1)
LIKELY = 0.8
"""Confidence where people differ."""
WITHOUT_ITS_DAY = "不含当天"
EVEN = 0.5
"""Confidence where the words name two days."""


def resolve(expression: Expression, text: str, scene: Scene, now: datetime) -> TimeSpan | None:
    """None when the words name no possible time, such as 2月30日."""
    window = expression.place(scene)
    if window is None and expression.kind not in ("vague", "duration", "recurring"):
        return None
    other = other_window(expression, window, scene)
    alternative = span_of(expression, other, text, scene, now) if other else None
    span = span_of(expression, window, text, scene, now, alternative)
    if span and alternative and window and other and names_two_days(expression, window, other):
        return replace(span, disagrees=True, confidence=EVEN)
    return span


def names_two_days(expression: Expression, window: Window, other: Window) -> bool:
    """A date and a weekday that is another day: the readings lie whole days apart, and not because
    前 may leave its day out."""
    whole = [piece for piece in expression.pieces if piece.meaning.grain == "day"]
    dated = len(whole) > 1 and any(piece.meaning.disputed for piece in whole)
    if not dated or other.assumed == WITHOUT_ITS_DAY or not (window.end and other.end):
        return False
    apart = other.end - window.end
    return bool(apart) and not apart % DAY


def span_of(
    expression: Expression,
    window: Window | None,
    text: str,
    scene: Scene,
    now: datetime,
    alternative: TimeSpan | None = None,
) -> TimeSpan | None:
    """`alternative` is the other reading, where people differ."""
    kind = expression.kind
    if window is not None and kind == "point":
        kind = window.kind
    start = window.start if window else None
    end = window.end if window else None
    if start is not None and end is not None and end < start:
        return None
    if end is None and kind == "deadline":
        kind = "range"  # from a day on: nothing is due by it
    if start is not None and end is not None and kind == "deadline":
        # Whatever may be done by then may be begun today; a deadline that has passed is open.
        start = scene.today if end > scene.today else None
    return TimeSpan(
        text=text[expression.begin : expression.finish],
        begin=expression.begin,
        finish=expression.finish,
        start=start and start.replace(tzinfo=now.tzinfo),
        end=end and end.replace(tzinfo=now.tzinfo),
        grain=window.grain if window else "day",
        kind=kind,
        rule=expression.rule,
        said=said(window, kind),
        assumed=window.assumed if window else "",
        plan=plan_day(window, scene, eager=expression.eager),
        alternative=alternative,
        confidence=LIKELY if alternative else 1.0,
    )


def plan_day(window: Window | None, scene: Scene, *, eager: bool) -> date | None:
    """The day to work to: with 前, a working day before the last one that would do."""
    if window is None:
        return None
    today = scene.today.date()
    last = (window.end - INSTANT).date() if window.end else window.first.date()
    if last < today:
        return None
    if eager:
        last = workdays_after(last, -1) or last
    return max(last, today)


def other_window(expression: Expression, window: Window | None, scene: Scene) -> Window | None:
    """The other stretch that the words may mean, where it differs."""
    if window is None:
        return None
    if expression.disputed:
        other = expression.place(scene._replace(other=True))
        if other is not None and (other.start, other.end) != (window.start, window.end):
            return other
    whole_day = RANK[window.grain] >= RANK["day"]
    if (
        expression.eager
        and whole_day
        and not window.excluded
        and window.end
        and window.end - DAY > scene.today
    ):
        return window._replace(end=window.end - DAY, assumed=WITHOUT_ITS_DAY)
    return None
