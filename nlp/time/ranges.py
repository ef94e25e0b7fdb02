"""Two expressions that belong together: 周三到周五, 8点和9点, from 3 to 5pm."""

import re
from datetime import timedelta
from itertools import pairwise

from nlp.time.grammar import Expression, Piece, coming
from nlp.time.window import RANK, Scene, Window

DAY_RANK = RANK["day"]
HOUR_RANK = RANK["hour"]
HALF_DAY = timedelta(hours=12)

BETWEEN = re.compile(
    r"\s*(?:开始|起)?[,，]?\s*(?:一直|直)?(?:到|至|-{1,2}|~)\s*"
    r"|\s*(?:to|until|untill|till|thru|through)\s(?:the\s)?"
)
AND = re.compile(r"\s*(?:and|but before)\s(?:the\s)?")
BETWEEN_AHEAD = re.compile(r"\b(?:between|later than)\s['\"]?(?:the\s)?$")
ALSO = re.compile(r"\s*(?:[、和与跟及或]|或者|以及)\s*")


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
        return side_by_side(left, right)
    clock_to_period = left.finest <= HOUR_RANK and right.finest > DAY_RANK
    if clock_to_period or BETWEEN.fullmatch(text, left.finish, right.begin):
        return not clock_to_period
    between = BETWEEN_AHEAD.search(text, max(0, left.begin - 14), left.begin)
    return bool(between and AND.fullmatch(text, left.finish, right.begin))


def side_by_side(left: Expression, right: Expression) -> bool:
    """周四周五."""
    alike = left.pieces[-1].rule == right.pieces[0].rule
    whole_days = left.finest == right.widest == right.finest == DAY_RANK
    return alike and whole_days and left.floats and right.floats


def borrowed(left: Expression, right: Expression) -> tuple[Piece, ...]:
    """The wider pieces that the right one leaves out: 3月8号到10号."""
    if not right.floats:
        return ()
    width = max(right.widest, HOUR_RANK)
    return tuple(piece for piece in left.pieces if piece.meaning.rank > width)


def lent(left: Expression, right: Expression) -> tuple[Piece, ...]:
    """English may name the day or the year at the end: 1pm-2pm tomorrow."""
    if not left.floats or not all(piece.meaning.loose for piece in right.pieces):
        return ()
    width = max(left.widest, HOUR_RANK)
    return tuple(piece for piece in right.pieces if piece.meaning.rank > width)


def joined(left: Expression, right: Expression) -> Expression:
    """From the start of one to the end of the other, each borrowing what it leaves out."""
    opening = left.pieces + lent(left, right)
    closing = borrowed(left, right) + right.pieces
    alone = len(closing) == len(right.pieces)
    bare = right.needy

    def place(scene: Scene) -> Window | None:
        first = coming(opening, scene)
        if first is None or first.start is None:
            return None
        later = scene._replace(now=first.start) if right.floats and alone else scene
        second = coming(closing, later)
        return second and stretch(first, second, bare=bare)

    return Expression(
        left.begin,
        right.finish,
        left.pieces,
        place,
        f"{left.rule}..{right.rule}",
        left.kind if left.kind in ("recurring", "duration") else "range",
        needy=left.needy and right.needy,
    )


def stretch(first: Window, second: Window, *, bare: bool) -> Window | None:
    """Up to the start of a clock time, through the end of anything wider.

    A bare hour is the first that comes: 8pm - 11.
    """
    clocked = RANK[second.grain] <= HOUR_RANK
    end = second.start if clocked else second.end
    if first.start is None or end is None:
        return None
    if clocked and timedelta() < first.start - end < HALF_DAY:
        end += HALF_DAY
    if clocked and bare and end - first.start > HALF_DAY:
        end -= HALF_DAY
    if end <= first.start:
        return None
    return Window(first.start, end, second.grain, "range", first.assumed)


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
