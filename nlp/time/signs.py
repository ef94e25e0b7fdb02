"""What stands in every text that a pattern can match: a text without it need not be searched.

A sign is one character, or two Latin letters side by side: single letters stand everywhere.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from re import _constants as codes  # type: ignore[attr-defined]  # no public parser is on offer
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

Signs = frozenset[str]

DIGITS = frozenset("0123456789")
LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz")
COMMON = DIGITS | LETTERS | frozenset(" ,.:-/")
"""Stand in most notes, so asking for them rules little out."""
MOST_SIGNS = 120
LATIN = re.compile("[a-z]")


def signs_in(text: str) -> set[str]:
    """All signs of a folded text."""
    signs = set(text)
    if LATIN.search(text):
        signs.update(map("".join, pairwise(text)))
    return signs


def signs_of(pattern: re.Pattern[str]) -> list[Signs]:
    """Sets of signs, the most telling first; a text that matches has some of each."""
    needed = dict.fromkeys(_of_sequence(parser.parse(pattern.pattern, pattern.flags)))
    return sorted(needed, key=_frequency)


def _of_sequence(items: Iterable[tuple[Any, Any]]) -> list[Signs]:
    sequence = list(items)
    signs = [signs for code, what in sequence for signs in _of_item(code, what)]
    return [*signs, *_letter_pairs(sequence)]


def _letter_pairs(sequence: Sequence[tuple[Any, Any]]) -> Iterator[Signs]:
    for (code, what), (next_code, next_what) in pairwise(sequence):
        if code is next_code is codes.LITERAL:
            pair = chr(what) + chr(next_what)
            if LETTERS.issuperset(pair):
                yield frozenset({pair})


def _frequency(signs: Signs) -> int:
    return len(signs) + 10 * len(signs & COMMON)


def _of_item(code: Any, what: Any) -> list[Signs]:
    read = READERS.get(code)
    return read(what) if read else []


def _of_branches(branches: Sequence[Iterable[tuple[Any, Any]]]) -> list[Signs]:
    """Whichever branch matches, the most telling sign of one of them is there."""
    sides = [min(_of_sequence(branch), key=_frequency, default=None) for branch in branches]
    telling = [side for side in sides if side is not None]
    return [frozenset().union(*telling)] if len(telling) == len(sides) else []


def _of_class(members: Iterable[tuple[Any, Any]]) -> list[Signs]:
    signs: set[str] = set()
    for code, what in members:
        if code is codes.LITERAL:
            signs.add(chr(what))
        elif code is codes.RANGE and what[1] - what[0] < MOST_SIGNS:
            signs.update(map(chr, range(what[0], what[1] + 1)))
        elif code is codes.CATEGORY and what is codes.CATEGORY_DIGIT:
            signs |= DIGITS
        else:
            return []
    return [frozenset(signs)]


READERS: Mapping[Any, Callable[[Any], list[Signs]]] = {
    codes.LITERAL: lambda code: [frozenset(chr(code))],
    codes.IN: _of_class,
    codes.BRANCH: lambda branch: _of_branches(branch[1]),
    codes.SUBPATTERN: lambda group: _of_sequence(group[3]),
    codes.MAX_REPEAT: lambda repeat: _of_sequence(repeat[2]) if repeat[0] else [],
    codes.MIN_REPEAT: lambda repeat: _of_sequence(repeat[2]) if repeat[0] else [],
    codes.ASSERT: lambda look: _of_sequence(look[1]),
}
"""What each part of a pattern asks for; those left out ask for nothing."""
