"""Settle what the parsers proposed: the longest words win, neighbours join, limits bind."""

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from itertools import pairwise

from nlp.time.grammar import Expression, Piece, coming
from nlp.time.window import RANK, Scene, Window, week_of

DAY_RANK = RANK["day"]
HOUR_RANK = RANK["hour"]

Refiner = Callable[[list[Expression], str], list[Expression]]


def keep_longest(pieces: list[Piece]) -> list[Piece]:
    """From left to right, the longest piece that begins where the last one ended."""
    kept: list[Piece] = []
    reached = 0
    for piece in sorted(pieces, key=lambda piece: (piece.begin, -piece.finish)):
        if piece.begin >= reached:
            kept.append(piece)
            reached = piece.finish
    return kept


GLUE = re.compile(r"\s*[)]?\s*[的,，(]?\s*")


LOOSE_GLUE = re.compile(
    r"\s*[)(,@·∙-]?\s*(?:'s\s)?(?:(?:on|at|of|in|the|for|from|around|sometime|this|early|starting)\s){0,3}"
)


def may_follow(chained: list[Piece], piece: Piece, text: str) -> bool:
    """Whether the piece goes with those before it."""
    last = chained[-1]
    if last.meaning.loose and piece.meaning.loose:
        free = all(may_stand_beside(other, piece) for other in chained)
        return free and bool(LOOSE_GLUE.fullmatch(text, last.finish, piece.begin))
    return may_lie_inside(last, piece) and bool(GLUE.fullmatch(text, last.finish, piece.begin))


def may_stand_beside(other: Piece, piece: Piece) -> bool:
    ours, theirs = piece.meaning, other.meaning
    if {ours.kind, theirs.kind} & {"vague", "duration"}:
        return False
    return ours.rank != theirs.rank or ours.beside != theirs.beside


def may_lie_inside(last: Piece, piece: Piece) -> bool:
    """Whether the piece lies inside the one before, or confirms or moves its day."""
    if last.meaning.kind in ("vague", "duration") or piece.meaning.kind in ("vague", "duration"):
        return False
    if piece.meaning.rank < last.meaning.rank:
        return last.meaning.kind != "deadline"
    same_day = piece.meaning.rank == last.meaning.rank == DAY_RANK
    return same_day and piece.meaning.beside != last.meaning.beside


def chain(pieces: list[Piece], text: str) -> list[Expression]:
    """Neighbouring pieces that narrow one another are one expression."""
    chains: list[list[Piece]] = []
    for piece in pieces:
        if chains and may_follow(chains[-1], piece, text):
            chains[-1].append(piece)
        else:
            chains.append([piece])
    return [expression_of(tuple(each)) for each in chains if says_something(each, text)]


YEAR_BEHIND = re.compile(r"\b(?:in|of|since|before|after|until|till|through|from|by|to|and) $")


def says_something(chained: list[Piece], text: str) -> bool:
    """A bare year needs a word before it; "mid-" and "for two hours" need company."""
    if not all(piece.meaning.needy for piece in chained):
        return True
    return chained[0].meaning.grain == "year" and bool(
        YEAR_BEHIND.search(text, max(0, chained[0].begin - 8), chained[0].begin)
    )


def expression_of(pieces: tuple[Piece, ...]) -> Expression:
    kinds = {piece.meaning.kind for piece in pieces} - {"point"}
    rule = "+".join(piece.rule for piece in pieces)
    return Expression(
        pieces[0].begin,
        pieces[-1].finish,
        pieces,
        lambda scene: coming(pieces, scene),
        rule,
        "recurring" if "recurring" in kinds else kinds.pop() if kinds else "point",
    )


def borrowed(left: Expression, right: Expression) -> tuple[Piece, ...]:
    """The wider pieces that the right one leaves out: 3月8号到10号."""
    if not right.floats:
        return ()
    width = max(right.widest, HOUR_RANK)
    return tuple(piece for piece in left.pieces if piece.meaning.rank > width)


def joined(left: Expression, right: Expression) -> Expression:
    """From the start of one to the end of the other; the right one borrows what it leaves out."""
    pieces = borrowed(left, right) + right.pieces
    alone = len(pieces) == len(right.pieces)
    clocked = right.finest <= HOUR_RANK

    def place(scene: Scene) -> Window | None:
        first = left.place(scene)
        if first is None or first.start is None:
            return None
        later = scene._replace(now=first.start) if right.floats and alone else scene
        second = coming(pieces, later)
        if second is None:
            return None
        end = second.start if clocked else second.end
        if end is None or end <= first.start:
            return None
        return Window(first.start, end, second.grain, "range", first.assumed)

    kind = left.kind if left.kind in ("recurring", "duration") else "range"
    return Expression(
        left.begin, right.finish, left.pieces, place, f"{left.rule}..{right.rule}", kind
    )


BETWEEN = re.compile(
    r"\s*(?:开始|起)?[,，]?\s*(?:一直|直)?(?:到|至|-{1,2}|~)\s*"
    r"|\s*(?:to|until|untill|till|thru|through)\s(?:the\s)?"
)
AND = re.compile(r"\s*(?:and|but before)\s(?:the\s)?")
BETWEEN_AHEAD = re.compile(r"\b(?:between|later than)\s['\"]?(?:the\s)?$")


def join_ranges(expressions: list[Expression], text: str) -> list[Expression]:
    """周三到周五, 9点-11点, and days side by side: 周四周五."""
    out: list[Expression] = []
    for expression in expressions:
        last = out[-1] if out else None
        if last and may_join(last, expression, text):
            out[-1] = joined(last, expression)
        else:
            out.append(expression)
    return out


def may_join(left: Expression, right: Expression, text: str) -> bool:
    if left.kind == right.kind == "duration":
        return bool(BETWEEN.fullmatch(text, left.finish, right.begin))
    if {left.kind, right.kind} & {"vague", "duration", "deadline"} or left.kind == "range":
        return False
    if left.finish == right.begin:
        whole_days = left.finest == right.widest == right.finest == DAY_RANK
        return whole_days and left.floats and right.floats
    if BETWEEN.fullmatch(text, left.finish, right.begin):
        return True
    if not AND.fullmatch(text, left.finish, right.begin):
        return False
    return bool(BETWEEN_AHEAD.search(text, max(0, left.begin - 14), left.begin))


LIMITS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("about", re.compile(r"\s?(?:左右|前后|上下|这样子?)")),
    (
        "before",
        re.compile(
            r"\s?(?:的时候)?或?者?[之以]?前(?!往|台|端|面|期|景|提(?![交供出])|言|任|沿|段|列|途|线|排)"
        ),
    ),
    ("within", re.compile(r"[之以]?内(?![部容地测审蒙科外存页])")),
    ("from", re.compile(r"\s?[或及和]者?[之以]后| or (?:later|after)\b")),
    ("after", re.compile(r"\s?[或及]?者?[之以过]?后(?![天台面期续勤端])")),
    ("from", re.compile(r"\s?(?:起|开始|以来)(?![床草码重])")),
    ("due", re.compile(r"\s?(?:截止|为止|到期|止(?!损))| at the latest| or (?:earlier|before)\b")),
)
LEADING_LIMITS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "due",
        re.compile(
            r"(?:最[晚迟慢]|不[晚迟]于|至迟|截止(?:日期|时间)?|截至|\bddl|\bdeadline)\s?[:：]?(?:到|是|为|于|在)?\s?$"
        ),
    ),
    (
        "due",
        re.compile(
            r"\b(?:by|due(?: by| on)?|until|untill|till|no later than|not later than|through)\s(?:the\s)?$"
        ),
    ),
    ("before", re.compile(r"\b(?:before|prior to|ahead of)\s(?:the\s)?$")),
    ("after", re.compile(r"\b(?:after|later than)\s(?:the\s)?$")),
    ("from", re.compile(r"\b(?:since|starting(?: from)?|as of|any time from)\s(?:the\s)?$")),
    ("week", re.compile(r"\bweek (?:of|commencing|beginning|starting)\s(?:the\s)?$")),
)
LONGEST_LEAD = 18


def bind_limits(expressions: list[Expression], text: str) -> list[Expression]:
    """前, 内, 后, 起 behind an expression; 最晚, by, before ahead of it."""
    for expression in expressions:
        if expression.kind not in ("vague", "recurring"):
            bind_behind(expression, text)
            bind_ahead(expression, text)
    return expressions


def bind_behind(expression: Expression, text: str) -> None:
    for limit, pattern in LIMITS:
        match = pattern.match(text, expression.finish)
        if match:
            expression.finish = match.end()
            bind(expression, limit)
            return


def bind_ahead(expression: Expression, text: str) -> None:
    before = text[max(0, expression.begin - LONGEST_LEAD) : expression.begin]
    for limit, pattern in LEADING_LIMITS:
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
    clocked = expression.finest <= HOUR_RANK
    dated = expression.widest >= DAY_RANK

    def place(scene: Scene) -> Window | None:
        window = unbound(scene)
        if window is None or window.start is None or window.end is None:
            return window
        return binder(window, scene, clocked, dated)

    expression.place = place
    if limit in ("before", "due") and expression.kind != "duration":
        expression.kind = "deadline"
        expression.eager = limit == "before"
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
    running = window.first <= scene.today < window.last
    end = window.first if window.excluded and not running else window.last
    return deadline(window, end, scene)


def due(window: Window, scene: Scene, clocked: bool, dated: bool) -> Window:
    end = window.first if clocked else window.last
    if clocked and not dated and end <= scene.now:
        end += window.last.replace(hour=0) - window.last.replace(hour=0)
    return deadline(window, end, scene)


def within(window: Window, scene: Scene, clocked: bool, dated: bool) -> Window:
    if window.kind == "deadline" or window.excluded:
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

CORRECTED = re.compile(
    r"(?:[,，。\s]*(?:不对|不是|错了|说错了|口误|更正|哦不|打错了)[,，。\s]*(?:应该)?(?:是|改)?\s*"
    r"|[^。！!?？;；\n]{0,30}(?:改[到为成在]|[推延挪换调](?:迟|后|期)?[到至]|提前到|顺延[到至]?)\s*)"
)


def apply_corrections(expressions: list[Expression], text: str) -> list[Expression]:
    """周三，不对，周四: the later one stands."""
    kept: list[Expression] = []
    for expression in expressions:
        last = kept[-1] if kept else None
        if last and CORRECTED.fullmatch(text, last.finish, expression.begin):
            kept.pop()
        kept.append(expression)
    return kept


ALSO = re.compile(r"\s*(?:[、和与跟及或]|或者|以及)\s*")


def share_dates(expressions: list[Expression], text: str) -> list[Expression]:
    """明天8点和9点, 下周三或周四: the second follows on the first."""
    for left, right in pairwise(expressions):
        if right.floats and left.kind == "point" and ALSO.fullmatch(text, left.finish, right.begin):
            follow(left, right)
    return expressions


def follow(left: Expression, right: Expression) -> None:
    pieces = borrowed(left, right) + right.pieces
    alone, first = len(pieces) == len(right.pieces), left.place

    def place(scene: Scene) -> Window | None:
        before = first(scene)
        if alone and before and before.start and before.start > scene.now:
            scene = scene._replace(now=before.start)
        return coming(pieces, scene)

    right.place = place


REFINERS: tuple[Refiner, ...] = (join_ranges, share_dates, bind_limits, apply_corrections)


TITLE = re.compile(r"《[^《》]{1,30}》")


def outside_titles(pieces: Iterable[Piece], text: str) -> list[Piece]:
    """《明日之后》 is a game."""
    titles = [match.span() for match in TITLE.finditer(text)]
    return [
        piece
        for piece in pieces
        if not any(begin < piece.begin < finish for begin, finish in titles)
    ]


def refine(pieces: Iterable[Piece], text: str) -> list[Expression]:
    expressions = chain(keep_longest(outside_titles(pieces, text)), text)
    for refiner in REFINERS:
        expressions = refiner(expressions, text)
    return expressions
