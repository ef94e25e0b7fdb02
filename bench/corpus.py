"""Our own labelled sentences and notes, as examples to fit the judges to."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bench.sources import CORPUS, read_labelled

FIRST_DAY = datetime.fromisoformat("2026-01-05T09:00:00+08:00")
MARK = re.compile(r"⟦(?:([a-z ]+):)?([^⟦⟧]*)⟧")
EVERY = 4
"""Of the notes, each so manieth is held out: measured, never fitted to, never looked at."""


@dataclass(frozen=True, slots=True)
class Told:
    """A promise that a label states; the words of several clauses may hold it."""

    answer: str
    """State and promiser (`open:us`)."""
    kind: str
    conditional: bool
    spans: Sequence[tuple[int, int]]
    """Where it stands; empty when only the whole sentence is known."""


@dataclass(frozen=True, slots=True)
class Example:
    """A text and what is known of it; None where nothing was labelled."""

    text: str
    now: datetime
    role: str
    promises: Sequence[Told] | None = None
    tags: frozenset[str] | None = None
    stage: str | None = None
    """`none` when it was labelled to have none."""
    days: Sequence[tuple[int, int, str]] | None = None
    """Times: begin, finish, and `next`, `close`, `both` or `none`."""
    labels: dict[str, Any] = field(default_factory=dict)
    """Of a whole note: everything, as the guide has it."""


def sentences() -> list[Example]:
    """Those of `tests/corpus/sentences`, with one thing labelled in each."""
    return [example for name, read in READERS.items() for example in read(name)]


def whole_notes(*, held_out: bool) -> list[Example]:
    """Those of `tests/corpus/notes`."""
    return [
        of_note(note)
        for file in sorted((CORPUS / "notes").glob("*.jsonl"))
        for note in read_labelled(file)
        if is_held_out(note["id"]) is held_out
    ]


def is_held_out(name: str) -> bool:
    return int(re.sub(r"\D", "", name)) % EVERY == 0


def of_note(note: dict[str, Any]) -> Example:
    text, labels = note["text"], note["labels"]
    return Example(
        text=text,
        now=datetime.fromisoformat(note["now"]),
        role=note["role"],
        promises=[_told(text, each) for each in labels["commitments"]],
        tags=frozenset(labels["tags"]),
        stage=labels["stage"] or "none",
        labels=note,
    )


def _told(text: str, label: dict[str, Any]) -> Told:
    begin = text.index(label["text"])
    span = (begin, begin + len(label["text"]))
    answer = f"{label['state']}:{label['promiser']}"
    return Told(answer, label["kind"], label["conditional"], [span])


def _lines(name: str) -> Iterator[tuple[list[str], datetime]]:
    """The columns of each line, and a working moment of 2026 that its number gives."""
    file = CORPUS / "sentences" / f"{name}.tsv"
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines()):
        moment = FIRST_DAY + timedelta(days=number * 37 % 350, hours=number % 9)
        yield line.split("\t"), moment


def unmarked(text: str) -> tuple[str, list[tuple[int, int, str]]]:
    """The text without its marks; where they were, and their names."""
    spans: list[tuple[int, int, str]] = []
    plain, at = "", 0
    for mark in MARK.finditer(text):
        plain += text[at : mark.start()]
        spans.append((len(plain), len(plain) + len(mark[2]), mark[1] or ""))
        plain += mark[2]
        at = mark.end()
    return plain + text[at:], spans


def _promises(name: str) -> Iterator[Example]:
    for (role, state, promiser, kind, conditional, _, marked), now in _lines(name):
        text, spans = unmarked(marked)
        places = [(begin, finish) for begin, finish, _ in spans]
        told = Told(f"{state}:{promiser}", kind, conditional == "1", places)
        yield Example(text, now, role, promises=[told])


def _hard_promises(name: str) -> Iterator[Example]:
    """Several in a note, each marked with what it is: `if open customer contract`."""
    for (role, marked), now in _lines(name):
        text, spans = unmarked(marked)
        told = []
        for begin, finish, what in spans:
            state, promiser, kind = what.removeprefix("if ").split()
            told.append(
                Told(f"{state}:{promiser}", kind, what.startswith("if "), [(begin, finish)])
            )
        yield Example(text, now, role, promises=told)


def _nothing(name: str) -> Iterator[Example]:
    for (role, text), now in _lines(name):
        yield Example(text, now, role, promises=[], tags=frozenset(), stage="none")


def _tags(name: str) -> Iterator[Example]:
    for columns, now in _lines(name):
        role = columns[0] if len(columns) == 4 else "sales"
        tags, stage, marked = columns[-3:]
        said = frozenset() if tags == "-" else frozenset(tags.split(","))
        text, _ = unmarked(marked)
        yield Example(text, now, role, tags=said, stage="none" if stage == "-" else stage)


def _days(name: str) -> Iterator[Example]:
    for (role, marked), now in _lines(name):
        text, spans = unmarked(marked)
        known = ("next", "close", "both")
        days = [(begin, end, what if what in known else "none") for begin, end, what in spans]
        yield Example(text, now, role, days=days)


READERS: Mapping[str, Callable[[str], Iterator[Example]]] = {
    "promises": _promises,
    "promises_in_context": _promises,
    "promises_hard": _hard_promises,
    "nothing": _nothing,
    "nothing_in_notes": _nothing,
    "tags": _tags,
    "tags_plain": _tags,
    "tags_in_context": _tags,
    "tags_hard": _tags,
    "days_in_context": _days,
}
