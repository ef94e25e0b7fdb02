"""Find the meanings that stand in a text, whichever of their words was chosen."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

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
        sizes: dict[str, set[int]] = {}
        for word in self._by_word:
            if not word.isascii():
                sizes.setdefault(word[0], set()).add(len(word))
        self._sizes = {first: sorted(each, reverse=True) for first, each in sizes.items()}

    def find(self, folded: str) -> list[Meaning]:
        """In the order of the text."""
        found = list(self._han(folded))
        latin = list(LATIN_WORD.finditer(folded))
        return sorted([*found, *self._latin(latin)]) if latin else found

    def _han(self, folded: str) -> Iterator[Meaning]:
        """The longest word at each place. Looked up: quicker here than one large pattern."""
        at, sizes, by_word = 0, self._sizes, self._by_word
        while at < len(folded):
            for size in sizes.get(folded[at], ()):
                word = folded[at : at + size]
                if concepts := by_word.get(word):
                    yield Meaning(at, at + len(word), concepts)
                    at += len(word)
                    break
            else:
                at += 1

    def _latin(self, words: Sequence[re.Match[str]]) -> Iterator[Meaning]:
        """Two words together, or one."""
        for at, word in enumerate(words):
            then = words[at + 1] if at + 1 < len(words) else None
            if then and (concepts := self._by_word.get(f"{word[0]} {then[0]}")):
                yield Meaning(word.start(), then.end(), concepts)
            elif concepts := self._by_word.get(word[0]):
                yield Meaning(word.start(), word.end(), concepts)
