"""Words that bound a time: 前, 内, 后, 起, 最晚, by, before, since."""

import re
from collections.abc import Callable
from datetime import datetime

from nlp.time.grammar import Expression, phrase
from nlp.time.window import DAY, RANK, Scene, Window, week_of

NOT_AHEAD = r"(?![往台端面期景言任沿段列途线排]|提(?![交供出]))"
"""前台, 前往, 提前 … but 前提交 is 前 and 提交."""
BEHIND: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("about", phrase(r"\s?(?:左右|前后|上下|这样子?)")),
    ("before", phrase(rf"\s?(?:的时候)?或?者?[之以]?前{NOT_AHEAD}")),
    ("within", phrase(r"[之以]?内(?![部容地测审蒙科外存页])")),
    ("from", phrase(r"\s?[或及和]者?[之以]后| or (?:later|after)\b")),
    ("after", phrase(r"\s?[或及]?者?[之以过]?后(?![天台面期续勤端])")),
    ("from", phrase(r"\s?(?:起|开始|以来)(?![床草码重])")),
    ("due", phrase(r"\s?(?:截止|为止|到期|止(?!损))| at the latest| or (?:earlier|before)\b")),
)
LATEST = r"最[晚迟慢]|不[晚迟]于|至迟|截止(?:日期|时间)?|截至|\bddl|\bdeadline"
AHEAD: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("due", phrase(rf"(?:{LATEST})\s?[:：]?(?:到|是|为|于|在)?\s?$")),
    (
        "due",
        phrase(r"\b(?:by|due(?: by| on)?|untill?|till|no[tr]? later than|through)\s(?:the\s)?$"),
    ),
    ("before", phrase(r"\b(?:before|prior to|ahead of)\s(?:the\s)?$")),
    ("after", phrase(r"\b(?:after|later than)\s(?:the\s)?$")),
    ("from", phrase(r"\b(?:since|starting(?: from)?|as of|any time from)\s(?:the\s)?$")),
    ("week", phrase(r"\b(?:week (?:of|commencing|beginning|starting)|w/c)\s(?:the\s)?$")),
)
LONGEST_LEAD = 18


def bind_limits(expressions: list[Expression], text: str) -> list[Expression]:
    """前, 内, 后, 起 behind an expression, short of the next one; 最晚, by, before ahead of it."""
    until = [each.begin for each in expressions[1:]] + [len(text)]
    for expression, next_begin in zip(expressions, until, strict=False):
        if expression.kind in ("vague", "recurring"):
            continue
        if expression.finish < len(text):
            bind_behind(expression, text, next_begin)
        if expression.begin:
            bind_ahead(expression, text)
    return expressions


def bind_behind(expression: Expression, text: str, until: int) -> None:
    for limit, pattern in BEHIND:
        match = pattern.match(text, expression.finish)
        if match and match.end() <= until:
            expression.finish = match.end()
            bind(expression, limit)
            return


def bind_ahead(expression: Expression, text: str) -> None:
    before = text[max(0, expression.begin - LONGEST_LEAD) : expression.begin]
    for limit, pattern in AHEAD:
        match = pattern.search(before)
        if match:
            expression.begin -= len(before) - match.start()
            if expression.kind == "point" or limit == "week":
                bind(expression, limit)
            return


def bind(expression: Expression, limit: str) -> None:
    if expression.kind == "range":
        return
    binder = BINDERS[limit]
    unbound = expression.place
    clocked = expression.finest <= RANK["hour"]
    dated = expression.widest >= RANK["day"]

    def place(scene: Scene) -> Window | None:
        window = unbound(scene)
        if window is None or window.start is None or window.end is None:
            return window
        return binder(window, scene, clocked, dated)

    expression.place = place
    if limit in ("before", "due") and expression.kind != "duration":
        expression.kind = "deadline"
        expression.eager = expression.eager or limit == "before"
    expression.rule += f"+{limit}"


Binder = Callable[[Window, Scene, bool, bool], Window]


def about(window: Window, scene: Scene, clocked: bool, dated: bool) -> Window:
    return window.noting("左右、前后不计")


def deadline(window: Window, end: datetime, scene: Scene) -> Window:
    """From today; what has passed has no start."""
    start = scene.today if end > scene.today else None
    return Window(start, end, window.grain, "deadline", window.assumed)


def before(window: Window, scene: Scene, clocked: bool, dated: bool) -> Window:
    if clocked:
        return due(window, scene, clocked, dated)
    left_out = window.excluded and not window.first <= scene.today < window.last
    end = window.first if left_out else window.last
    return deadline(window, end, scene)._replace(excluded=left_out)


def due(window: Window, scene: Scene, clocked: bool, dated: bool) -> Window:
    end = window.first if clocked else window.last
    if clocked and not dated and end <= scene.now:
        end += DAY
    return deadline(window, end, scene)


def within(window: Window, scene: Scene, clocked: bool, dated: bool) -> Window:
    """下周内 is the week itself; what runs already, or one day, is a deadline."""
    running = window.first < scene.today < window.last
    if window.kind == "deadline" or (window.excluded and not running):
        return window
    return deadline(window, window.last, scene)


def after(window: Window, scene: Scene, clocked: bool, dated: bool) -> Window:
    start = window.first if clocked else window.last
    return Window(start, None, window.grain, "range", window.assumed)


def since(window: Window, scene: Scene, clocked: bool, dated: bool) -> Window:
    return Window(window.first, None, window.grain, "range", window.assumed)


def whole_week(window: Window, scene: Scene, clocked: bool, dated: bool) -> Window:
    return week_of(window.first) or window


BINDERS: dict[str, Binder] = {
    "week": whole_week,
    "about": about,
    "before": before,
    "within": within,
    "after": after,
    "from": since,
    "due": due,
}
