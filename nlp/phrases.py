"""Turn lists of phrases into patterns that are quick to search.

A phrase is a word, or a small pattern: `(a|b)`, `?`, look-arounds, and `…` for a short gap inside
one clause. Latin words stand alone; groups never capture.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from nlp.text import fold

GAP = "[^,;!?。\n]{0,8}?"
NO_LETTER_BEFORE, NO_LETTER_AFTER = "(?<![a-z])", "(?![a-z])"
NOTHING = "(?!)"
HAN_ONLY = re.compile("[\u4e00-\u9fff]+")
HAS_LATIN = re.compile("[a-z]")
LEADING_GROUP = re.compile(r"\(\?:((?:[^()\[\]]|\(\?!\[?[^()\[\]]+\]?\))+)\)(?![?*+{])")
"""Look-aheads may stand in it, and no other group."""
LOOK_BEHIND = re.compile(r"(\(\?<[!=])((?:[^()]|\\.)*)\)([\u4e00-\u9fff])(?![?*+{])")
GUARDED_GROUP = re.compile(r"(\(\?<[!=](?:[^()]|\\.)*\))(?=\(\?:)")
FIRST_LETTER = re.compile(r"([\u4e00-\u9fff])(?![?*+{])")
TOP_LEVEL_BAR = re.compile(r"\|(?![^(]*\))")


@dataclass(frozen=True, slots=True)
class Words:
    """Phrases of both scripts; the Latin ones cost nothing where no Latin letter stands."""

    han: re.Pattern[str]
    latin: re.Pattern[str]

    def search(self, text: str) -> re.Match[str] | None:
        """The first place where any phrase stands."""
        found = self.han.search(text)
        other = self.latin.search(text) if HAS_LATIN.search(text) else None
        if found and other:
            return min(found, other, key=lambda match: match.start())
        return found or other

    def match(self, text: str, begin: int = 0) -> re.Match[str] | None:
        return self.han.match(text, begin) or self.latin.match(text, begin)

    def finditer(self, text: str) -> Iterator[re.Match[str]]:
        """In order of the text; of two that overlap, the first."""
        if not HAS_LATIN.search(text):
            yield from self.han.finditer(text)
            return
        finish = 0
        both = (*self.han.finditer(text), *self.latin.finditer(text))
        for match in sorted(both, key=lambda match: (match.start(), -match.end())):
            if match.start() >= finish:
                finish = match.end()
                yield match


def pattern_of(phrase: str) -> str:
    """The regular expression of one phrase."""
    pattern = re.sub(r"(?<!\\)\((?!\?)", "(?:", phrase)
    pattern = re.sub(r"(?<!\\)[A-Z]+", lambda found: found[0].lower(), pattern)
    pattern = pattern.strip("…").replace("…", GAP)
    plain = pattern.replace("(?:", "")
    if not re.match(r"[a-z]", plain):
        return pattern
    is_word = re.search(r"[a-z][)?]*$", plain) and not re.search(r"\(\?[!=][^()]*\)$", pattern)
    return f"{NO_LETTER_BEFORE}(?:{pattern}){NO_LETTER_AFTER if is_word else ''}"


def literal_of(name: str) -> str:
    """The regular expression of a name that stands for itself, and in no longer word or number."""
    folded = fold(name)
    if HAN_ONLY.fullmatch(folded):
        return folded
    before = NO_LETTER_BEFORE if HAS_LATIN.match(folded) else ""
    first, last = folded[0], folded[-1]
    before += "(?<![0-9])" if first.isascii() and first.isalnum() else ""
    after = "(?![a-z0-9])" if last.isascii() and last.isalnum() else ""
    return f"{before}{re.escape(folded)}{after}"


def words_of(patterns: Iterable[str]) -> Words:
    return _words_of(tuple(patterns))


@lru_cache(maxsize=512)
def _words_of(patterns: Sequence[str]) -> Words:
    """Lists that did not change are not compiled anew with every new word in another one."""
    sides: dict[bool, list[str]] = {True: [], False: []}
    for pattern in patterns:
        sides[pattern.startswith(NO_LETTER_BEFORE)].append(pattern)
    return Words(
        han=re.compile("|".join(_by_first_letter(sides[False])) or NOTHING),
        latin=re.compile("|".join(sides[True]) or NOTHING),
    )


def _by_first_letter(patterns: Iterable[str]) -> list[str]:
    """Branches that share their first letter become one: the engine skips the rest at a glance."""
    shelves: dict[str, list[str]] = {}
    others: list[str] = []
    for pattern in _opened(patterns):
        first = FIRST_LETTER.match(pattern)
        if first and not TOP_LEVEL_BAR.search(pattern):
            shelves.setdefault(first[1], []).append(pattern[1:])
        else:
            others.append(pattern)
    return [f"{letter}(?:{'|'.join(rests)})" for letter, rests in shelves.items()] + others


def _opened(patterns: Iterable[str]) -> Iterator[str]:
    """(a|b)c opens to ac, bc; a look-behind steps behind the letter it guards."""
    for pattern in patterns:
        if group := LEADING_GROUP.match(pattern):
            rest = pattern[group.end() :]
            yield from _opened(f"{branch}{rest}" for branch in TOP_LEVEL_BAR.split(group[1]))
        elif (held := GUARDED_GROUP.match(pattern)) and (
            group := LEADING_GROUP.match(pattern, held.end())
        ):
            rest = pattern[group.end() :]
            branches = TOP_LEVEL_BAR.split(group[1])
            yield from _opened(f"{held[1]}{branch}{rest}" for branch in branches)
        elif guard := LOOK_BEHIND.match(pattern):
            opening, seen, letter = guard.groups()
            yield f"{letter}{opening}(?:{seen}){letter}){pattern[guard.end() :]}"
        else:
            yield pattern
