"""Find every time expression in a text."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice

from nlp.text import fold
from nlp.time.foreign import find_foreign
from nlp.time.grammar import Parser, Piece
from nlp.time.parsers import CHINESE, DIGITS, ENGLISH
from nlp.time.refiners import refine
from nlp.time.resolve import resolve
from nlp.time.signs import Signs, signs_in, signs_of
from nlp.time.types import TimeSpan
from nlp.time.window import Scene

LONGEST_NOTE = 5_000
"""Characters beyond are not read: what is longer is a pasted log, and the bot must not wait."""
MOST_OF_A_KIND = 100
"""A note does not hold more; a pasted log may."""
SIEVES = 2
"""A further one rules out less than it costs."""


class Shelf:
    """Parsers in their order, picked by the characters of a text."""

    def __init__(self, parsers: Sequence[Parser]) -> None:
        self._parsers = tuple(parsers)
        needs = [signs_of(parser.pattern) for parser in parsers]
        self._sieves = [_sieve(needs, nth) for nth in range(SIEVES)]

    def for_text(self, text: str) -> Iterator[Parser]:
        """Those that can find anything in it."""
        signs = signs_in(text)
        wanted = -1
        for open_to_all, by_sign in self._sieves:
            passed = open_to_all
            for sign in signs:
                if sign in by_sign:
                    passed |= by_sign[sign]
            wanted &= passed
        while wanted:
            lowest = wanted & -wanted
            yield self._parsers[lowest.bit_length() - 1]
            wanted ^= lowest


def _sieve(needs: Sequence[Sequence[Signs]], nth: int) -> tuple[int, dict[str, int]]:
    """As bits: the parsers without an nth need, and for each sign those whose need it meets."""
    open_to_all, by_sign = 0, dict[str, int]()
    for at, sets in enumerate(needs):
        if nth >= len(sets):
            open_to_all |= 1 << at
            continue
        for sign in sets[nth]:
            by_sign[sign] = by_sign.get(sign, 0) | 1 << at
    return open_to_all, by_sign


SHELF = Shelf((*CHINESE, *DIGITS, *ENGLISH))


def propose(text: str) -> Iterator[Piece]:
    for parser in SHELF.for_text(text):
        for match in islice(parser.pattern.finditer(text), MOST_OF_A_KIND):
            meaning = parser.read(match)
            if meaning is not None:
                yield Piece(match.start(), match.end(), parser.rule, meaning)


def find(text: str, now: datetime) -> list[TimeSpan]:
    """The time expressions of the text in their order, as seen at `now`, an aware datetime."""
    folded = fold(text[:LONGEST_NOTE])
    scene = Scene(now.replace(tzinfo=None, second=0, microsecond=0))
    spans = (resolve(each, text, scene, now) for each in refine(propose(folded), folded))
    found = [span for span in spans if span is not None]
    return found or find_foreign(text, now)
