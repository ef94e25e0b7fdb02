"""Find the meanings that stand in a text, whichever of their words was chosen."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from nlp.phrases import words_of
from nlp.text import fold

LATIN_WORD = re.compile(r"[a-z']+")


class Meaning(NamedTuple):
    """Concepts that one word carries; offsets are the text's own."""

    begin: int
    finish: int
    concepts: tuple[str, ...]


class Concepts:
    """Words by meaning. Of words that overlap the longest counts; Latin words stand alone."""

    def __init__(self, table: Mapping[str, Sequence[str]]) -> None:
        self._by_word: dict[str, tuple[str, ...]] = {}
        for concept, words in table.items():
            for word in map(fold, words):
                self._by_word[word] = (*self._by_word.get(word, ()), concept)
        han = sorted((w for w in self._by_word if not w.isascii()), key=len, reverse=True)
        self._han = words_of(map(re.escape, han)).han

    def find(self, folded: str) -> list[Meaning]:
        """In the order of the text."""
        found = [
            Meaning(match.start(), match.end(), self._by_word[match[0]])
            for match in self._han.finditer(folded)
        ]
        latin = list(LATIN_WORD.finditer(folded))
        return sorted([*found, *self._latin(latin)]) if latin else found

    def _latin(self, words: Sequence[re.Match[str]]) -> Iterator[Meaning]:
        """Two words together, or one."""
        for at, word in enumerate(words):
            then = words[at + 1] if at + 1 < len(words) else None
            if then and (concepts := self._by_word.get(f"{word[0]} {then[0]}")):
                yield Meaning(word.start(), then.end(), concepts)
            elif concepts := self._by_word.get(word[0]):
                yield Meaning(word.start(), word.end(), concepts)
