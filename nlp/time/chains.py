"""Put neighbouring pieces together: 下周三 + 下午 + 3点 is one expression."""

import re
from collections.abc import Iterable

from nlp.time.grammar import Expression, Piece, coming
from nlp.time.window import RANK

DAY_RANK = RANK["day"]
GLUE = re.compile(r"\s*[)]?\s*[的,，(]?\s*")
LOOSE_GLUE = re.compile(
    r"\s*[)(,@·∙]?\s*(?:'s\s)?"
    r"(?:(?:on|at|of|in|the|for|from|around|sometime|this|early|starting)\s){0,3}"
)
ASIDE = re.compile(r"\s*\(\s*")
DATE = re.compile(r"\d{1,2}\s?月\s?\d{1,2}\s?[号日]")
SILENT = ("vague", "duration")
TITLE = re.compile(r"《[^《》]{1,30}》")


def outside_titles(pieces: Iterable[Piece], text: str) -> list[Piece]:
    """《明日之后》 is a game."""
    titles = [match.span() for match in TITLE.finditer(text)] if "《" in text else []
    if not titles:
        return list(pieces)
    return [
        piece
        for piece in pieces
        if not any(begin < piece.begin < finish for begin, finish in titles)
    ]


def keep_longest(pieces: list[Piece]) -> list[Piece]:
    """From left to right, the longest piece that begins where the last one ended."""
    kept: list[Piece] = []
    reached = 0
    for piece in sorted(pieces, key=lambda piece: (piece.begin, -piece.finish)):
        if piece.begin >= reached:
            kept.append(piece)
            reached = piece.finish
    return kept


def chain(pieces: list[Piece], text: str) -> list[Expression]:
    """Neighbouring pieces that narrow one another are one expression."""
    chains: list[list[Piece]] = []
    for piece in pieces:
        if chains and may_follow(chains[-1], piece, text):
            chains[-1].append(piece)
        else:
            chains.append([piece])
    return [close_aside(expression_of(tuple(each)), text) for each in chains]


def close_aside(expression: Expression, text: str) -> Expression:
    """Take in the bracket that closes 下周五(2月6日)."""
    words = text[expression.begin : expression.finish]
    if "(" in words and ")" not in words and text.startswith(")", expression.finish):
        expression.finish += 1
    return expression


def may_follow(chained: list[Piece], piece: Piece, text: str) -> bool:
    """Whether the piece goes with those before it."""
    last = chained[-1]
    if {last.meaning.kind, piece.meaning.kind} & set(SILENT):
        return False
    if last.meaning.loose and piece.meaning.loose:
        free = all(may_stand_beside(other, piece) for other in chained)
        glued = LOOSE_GLUE.fullmatch(text, last.finish, piece.begin)
        return free and bool(glued) and is_dated([*chained, piece])
    if last.meaning.beside and is_dated_aside(last, piece, text):
        return piece.meaning.rank >= DAY_RANK and not piece.meaning.beside
    return may_lie_inside(last, piece) and bool(GLUE.fullmatch(text, last.finish, piece.begin))


def is_dated_aside(last: Piece, piece: Piece, text: str) -> bool:
    """周五(3月1日), 周五3月1日."""
    between = text[last.finish : piece.begin]
    return bool(ASIDE.fullmatch(between) or (not between.strip() and DATE.match(text, piece.begin)))


def is_dated(pieces: list[Piece]) -> bool:
    """A clock time lies in a day: "next month at 6pm" are two expressions."""
    ranks = {piece.meaning.rank for piece in pieces}
    return DAY_RANK in ranks or max(ranks) < DAY_RANK or min(ranks) > DAY_RANK


def may_stand_beside(other: Piece, piece: Piece) -> bool:
    ours, theirs = piece.meaning, other.meaning
    return ours.rank != theirs.rank or ours.beside != theirs.beside


def may_lie_inside(last: Piece, piece: Piece) -> bool:
    """Whether the piece lies inside the one before, or confirms or moves its day."""
    if piece.meaning.rank < last.meaning.rank:
        return last.meaning.kind != "deadline"
    same_day = piece.meaning.rank == last.meaning.rank == DAY_RANK
    return same_day and (piece.meaning.needy or piece.meaning.beside != last.meaning.beside)


def expression_of(pieces: tuple[Piece, ...]) -> Expression:
    meanings = [piece.meaning for piece in pieces]
    kinds = {meaning.kind for meaning in meanings} - {"point"}
    return Expression(
        pieces[0].begin,
        pieces[-1].finish,
        pieces,
        lambda scene: coming(pieces, scene),
        "+".join([piece.rule for piece in pieces]),
        "recurring" if "recurring" in kinds else kinds.pop() if kinds else "point",
        eager=any(meaning.eager for meaning in meanings),
        needy=all(meaning.needy for meaning in meanings)
        and len({meaning.grain for meaning in meanings}) == 1,
    )
