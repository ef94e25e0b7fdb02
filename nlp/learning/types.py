"""What words are learnt from, and what is proposed, as plain data."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from nlp.lexicon import Tables


@dataclass(frozen=True, slots=True)
class Example:
    """A field of a note that somebody put right; of kind "retold", a note that was taken back
    (`text`) and said again (`became`)."""

    kind: str
    text: str
    was: str = ""
    became: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """A note as it was stored, with the tags it has by now."""

    text: str
    at: datetime
    role: str = "sales"
    tags: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a customer's vocabulary: a word in the list, or the table, that `path` leads
    to."""

    file: str
    path: tuple[str, ...]
    word: str
    value: str | tuple[str, ...] | None = None
    """What the word is an entry for, in a table; None in a list."""

    @property
    def id(self) -> str:
        """The same whenever the same is proposed."""
        line = "\n".join((self.file, *self.path, self.word, str(self.value)))
        return sha256(line.encode()).hexdigest()[:6]

    @property
    def line(self) -> str:
        """As it would stand in the file."""
        where = ".".join(self.path)
        if self.value is None:
            return f'{where}: "{self.word}"'
        value = "[]" if isinstance(self.value, tuple) else f'"{self.value}"'
        return f'[{where}] "{self.word}" = {value}'

    def as_tables(self) -> Tables:
        """A vocabulary that holds nothing else."""
        value = list(self.value) if isinstance(self.value, tuple) else self.value
        inner: Any = [self.word] if value is None else {self.word: value}
        for key in reversed(self.path):
            inner = {key: inner}
        return {self.file: inner}


@dataclass(frozen=True, slots=True)
class Proposal:
    entry: Entry
    sentences: Sequence[str]
    """Those somebody put right, which would be understood."""
    others: Sequence[str]
    """Notes beside them that would be understood differently."""
