"""What a parser is, what it proposes, and how proposals become expressions."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from nlp.time.types import Grain, Kind
from nlp.time.window import RANK, Scene, Window

Place = Callable[[Window | None, Scene], Window | None]
"""Where the words lie inside a wider stretch of time, or, given None, seen from now."""


class Meaning(NamedTuple):
    """What one piece of an expression says."""

    grain: Grain
    place: Place
    hold: Place | None = None
    """The whole calendar period, for a finer piece to lie in: 三年后 is a day, but 三年后的八月."""
    reach: Grain | None = None
    """The grain of that period."""
    kind: Kind = "point"
    floats: bool = False
    """Comes round again: the 15th, a Wednesday, March. The coming one is meant."""
    beside: bool = False
    """May stand beside a day and confirm or move it: 6月1日周一, 节日前一天."""
    disputed: bool = False
    """People differ; the other reading is worth a look."""
    loose: bool = False
    """English order is free: 9am on Monday, Monday at 9am."""
    eager: bool = False
    """Whether 前 was said: plan to be a working day early."""
    needy: bool = False
    """Says nothing alone: "mid-", a bare year."""

    @property
    def rank(self) -> int:
        """How wide a stretch it can hold."""
        return RANK[self.reach or self.grain]


class Piece(NamedTuple):
    """One parser's proposal."""

    begin: int
    finish: int
    rule: str
    meaning: Meaning


@dataclass(frozen=True, slots=True)
class Parser:
    """One pattern and the function that reads its match."""

    rule: str
    pattern: re.Pattern[str]
    read: Callable[[re.Match[str]], Meaning | None]


def phrase(pattern: str) -> re.Pattern[str]:
    """ASCII classes: a word ends where Chinese begins, as in "Friday前"."""
    return re.compile(pattern, re.ASCII)


def reads(pattern: str) -> Callable[[Callable[[re.Match[str]], Meaning | None]], Parser]:
    """Make a parser of the function; the rule is named after it."""

    def make(read: Callable[[re.Match[str]], Meaning | None]) -> Parser:
        return Parser(read.__name__, phrase(pattern), read)

    return make


@dataclass(slots=True)
class Expression:
    """Pieces that belong together, on their way to a time span."""

    begin: int
    finish: int
    pieces: tuple[Piece, ...]
    place: Callable[[Scene], Window | None]
    rule: str
    kind: Kind = "point"
    needy: bool = False
    """Whether nothing in it says anything alone."""
    eager: bool = False

    @property
    def widest(self) -> int:
        return max(piece.meaning.rank for piece in self.pieces)

    @property
    def finest(self) -> int:
        return min(RANK[piece.meaning.grain] for piece in self.pieces)

    @property
    def disputed(self) -> bool:
        return any(piece.meaning.disputed for piece in self.pieces)

    @property
    def floats(self) -> bool:
        return leading_piece(self.pieces).meaning.floats


def by_width(pieces: tuple[Piece, ...]) -> list[Piece]:
    if len(pieces) == 1:
        return list(pieces)
    return sorted(pieces, key=lambda piece: (-piece.meaning.rank, piece.meaning.beside))


def leading_piece(pieces: tuple[Piece, ...]) -> Piece:
    """The widest piece that is placed from now rather than inside another."""
    ordered = by_width(pieces)
    named = [piece for piece in ordered if piece.meaning.place is not anywhere]
    return (named or ordered)[0]


def anywhere(within: Window | None, scene: Scene) -> Window | None:
    """The place of "every month": what follows is placed by itself."""
    return None


def narrow(pieces: tuple[Piece, ...], scene: Scene) -> Window | None:
    """From the widest piece to the finest, each inside the one before."""
    ordered = by_width(pieces)
    window: Window | None = None
    for piece, finer in zip(ordered, [*ordered[1:], None], strict=True):
        meaning = piece.meaning
        if meaning.place is anywhere:
            continue
        if finer and meaning.hold and finer.meaning.rank >= RANK["day"]:
            window = meaning.hold(window, scene)
        else:
            window = meaning.place(window, scene)
        if window is None:
            return None
    return window


FURTHEST_RECURRENCE = 9
"""29 February comes round after eight years at most."""


def coming(pieces: tuple[Piece, ...], scene: Scene) -> Window | None:
    """Where the pieces lie; what comes round again is looked for from now on."""
    lead = leading_piece(pieces).meaning
    if not lead.floats:
        return narrow(pieces, scene)
    clocked = lead.rank <= RANK["hour"]
    for skip in range(FURTHEST_RECURRENCE):
        window = narrow(pieces, scene._replace(skip=skip) if skip else scene)
        if window is None:
            continue
        if window.first >= scene.now if clocked else window.last > scene.today:
            return window
    return None
