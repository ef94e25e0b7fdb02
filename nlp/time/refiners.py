"""Settle what the parsers proposed, step by step."""

import re
from collections.abc import Callable, Iterable

from nlp.time.chains import chain, keep_longest, outside_titles
from nlp.time.events import count_from_events
from nlp.time.grammar import Expression, Piece
from nlp.time.limits import bind_limits
from nlp.time.ranges import join_ranges, share_dates

Refiner = Callable[[list[Expression], str], list[Expression]]

YEAR_BEHIND = re.compile(r"\b(?:in|of|since|before|after|until|till|through|from|by|to|and) $")


def drop_needy(expressions: list[Expression], text: str) -> list[Expression]:
    """A bare year needs a word before it; "mid-" and "for two hours" need company."""
    return [each for each in expressions if says_something(each, text)]


def says_something(expression: Expression, text: str) -> bool:
    if not expression.needy:
        return True
    begin = expression.begin
    year = expression.pieces[0].meaning.grain == "year"
    return year and bool(YEAR_BEHIND.search(text, max(0, begin - 8), begin))


CORRECTED = re.compile(
    r"(?:[\u4e00-\u9fff]{1,6}(?=[,，]))?"
    r"[,，。\s]*[呃哦啊]?(?:不对|错了|说错了|口误|更正|哦不是?|打错了|记[错混岔]了|(?<=[,，])不是(?=[,，]))[,，。\s]*"
    r"(?:应该)?(?:是|改)?\s*"
    r"|[^。！!?？;；\n]{0,30}(?:改[到为成在]|[推延挪换调](?:迟|后|期)?[到至]|提前到|顺延[到至]?)\s*"
    r"|[^.!?;\n]{0,30}\b(?:moved to|changed to|postponed to)\s"
    r"|,? (?:no|no wait|sorry|i mean),? "
)
DENIED = re.compile(r"不是\s?$")
INSTEAD = re.compile(r"\s*[,，]?\s*(?:而|应该)?是\s*")


def apply_corrections(expressions: list[Expression], text: str) -> list[Expression]:
    """周三，不对，周四, or 不是周三，是周四: the later one stands."""
    kept: list[Expression] = []
    for expression in expressions:
        if kept and corrects(kept[-1], expression, text):
            kept.pop()
        kept.append(expression)
    return kept


def corrects(earlier: Expression, later: Expression, text: str) -> bool:
    between = earlier.finish, later.begin
    if CORRECTED.fullmatch(text, *between):
        return True
    denied = DENIED.search(text, max(0, earlier.begin - 3), earlier.begin)
    return bool(denied and INSTEAD.fullmatch(text, *between))


REFINERS: tuple[Refiner, ...] = (
    join_ranges,
    drop_needy,
    share_dates,
    bind_limits,
    count_from_events,
    apply_corrections,
)
ALONE: tuple[Refiner, ...] = (drop_needy, bind_limits, count_from_events)
"""Those that have something to say of a single expression."""


def refine(pieces: Iterable[Piece], text: str) -> list[Expression]:
    """The expressions in their order."""
    expressions = chain(keep_longest(outside_titles(pieces, text)), text)
    for refiner in REFINERS if len(expressions) > 1 else ALONE:
        expressions = refiner(expressions, text)
    return expressions
