"""Find every time expression in a text."""

import re
from collections.abc import Iterator
from datetime import datetime
from itertools import islice

from nlp.text import fold
from nlp.time.foreign import find_foreign
from nlp.time.grammar import Parser, Piece
from nlp.time.parsers import CHINESE, DIGITS, ENGLISH
from nlp.time.refiners import refine
from nlp.time.resolve import resolve
from nlp.time.types import TimeSpan
from nlp.time.window import Scene

LONGEST_NOTE = 5_000
"""Characters beyond are not read: what is longer is a pasted log, and the bot must not wait."""
MOST_OF_A_KIND = 100
"""A note does not hold more; a pasted log may."""


LATIN = re.compile(r"[a-z]")
ARABIC = re.compile(r"\d")


def parsers_for(text: str) -> Iterator[Parser]:
    """Those that can find anything in the text."""
    if not text.isascii():
        yield from CHINESE
    if ARABIC.search(text):
        yield from DIGITS
    if LATIN.search(text):
        yield from ENGLISH


def propose(text: str) -> Iterator[Piece]:
    for parser in parsers_for(text):
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
