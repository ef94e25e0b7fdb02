"""Judges weigh what can be said of a clause, a note or a day, and tell what it is.

Each is a table of weights: one row for a feature, one column for an answer. Weights are fitted to
`tests/corpus` by `python -m bench.fit`; nothing here learns.
"""

import zipfile
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cache
from importlib import resources
from io import BytesIO
from itertools import accumulate, chain
from math import exp
from typing import Any

import numpy as np
import numpy.typing as npt

Weights = npt.NDArray[np.float32]
Marks = Set[int]
"""The rows of the features that were found."""
Scores = Sequence[float]
"""One for each column of the table."""
FILE = "weights.npz"
BEYOND_DOUBT = 100.0
BIAS = 0
"""The row that always counts: how common each answer is."""


@dataclass(frozen=True, slots=True)
class Judge:
    """Its answers are columns of the table, side by side from `first` on. A score of 0 means even
    odds for an answer by itself."""

    answers: Sequence[str]
    first: int

    def score(self, answer: str, scores: Scores) -> float:
        """What speaks for one answer."""
        return scores[self.first + self.answers.index(answer)]

    def shares(self, scores: Scores) -> dict[str, float]:
        """Probabilities of answers that exclude each other."""
        mine = self._mine(scores)
        highest = max(mine)
        grown = [exp(score - highest) for score in mine]
        whole = sum(grown)
        return {answer: part / whole for answer, part in zip(self.answers, grown, strict=True)}

    def odds(self, scores: Scores) -> dict[str, float]:
        """Each answer's probability by itself."""
        pairs = zip(self.answers, self._mine(scores), strict=True)
        return {answer: 1 / (1 + exp(min(-score, BEYOND_DOUBT))) for answer, score in pairs}

    def _mine(self, scores: Scores) -> Scores:
        return scores[self.first : self.first + len(self.answers)]


@dataclass(frozen=True, slots=True)
class Judges:
    """All that a note is brought before. One table serves them all: a row for each feature, and a
    column for each answer."""

    rows: Mapping[str, int]
    table: Weights
    promise: Judge
    """Of a clause: `none`, or state and promiser (`open:us`)."""
    kind: Judge
    conditional: Judge
    tag: Judge
    """Of a note; answers do not exclude each other."""
    stage: Judge
    day: Judge
    """Of a time: `next`, `close`, `both`, or `none`."""
    telling: Judge
    """Of a note: whether it holds anything to keep."""

    def marks(self, features: Iterable[str]) -> Marks:
        """An unknown feature counts for nothing."""
        found = {BIAS}
        found.update(row for row in map(self.rows.get, features) if row)
        return found

    def weigh(self, marks: Sequence[Marks]) -> list[Scores]:
        """The scores of each clause, note or day: all are looked up at once."""
        rows = np.fromiter(chain.from_iterable(marks), dtype=np.intp)
        begins = list(accumulate(map(len, marks), initial=0))[:-1]
        scores: list[Scores] = np.add.reduceat(self.table.take(rows, axis=0), begins).tolist()
        return scores


def together(clauses: Iterable[Marks]) -> Marks:
    """The marks of a whole note."""
    return frozenset({BIAS}).union(*clauses)


BENCH = ("promise", "kind", "conditional", "tag", "stage", "day", "telling")


def seat(features: Sequence[str], parts: Mapping[str, tuple[Sequence[str], Weights]]) -> Judges:
    """Judges of these answers and weights. The first row of each is its bias, the others are those
    of the features."""
    firsts = accumulate((len(answers) for answers, _ in parts.values()), initial=0)
    seats = {
        name: Judge(tuple(answers), first)
        for first, (name, (answers, _)) in zip(firsts, parts.items(), strict=False)
    }
    rows = {feature: row for row, feature in enumerate(features, BIAS + 1)}
    table = np.hstack([weights for _, weights in parts.values()]).astype(np.float32)
    return Judges(rows=rows, table=table, **seats)


def pack(judges: Judges) -> bytes:
    """As a file: half precision is precise enough to add up."""
    arrays: dict[str, Any] = {
        "rows": np.frombuffer("\n".join(judges.rows).encode(), dtype=np.uint8)
    }
    for name in BENCH:
        judge: Judge = getattr(judges, name)
        arrays[f"{name}.answers"] = np.array(judge.answers)
        columns = judges.table[:, judge.first : judge.first + len(judge.answers)]
        arrays[f"{name}.weights"] = columns.astype(np.float16)
    target = BytesIO()
    np.savez_compressed(target, **arrays)
    return target.getvalue()


def unpack(file: bytes) -> Judges:
    """Raises ValueError when the file holds something else."""
    try:
        with np.load(BytesIO(file), allow_pickle=False) as arrays:
            features = arrays["rows"].tobytes().decode().split("\n")
            parts = {
                name: (tuple(map(str, arrays[f"{name}.answers"])), arrays[f"{name}.weights"])
                for name in BENCH
            }
    except (KeyError, OSError, zipfile.BadZipFile) as problem:
        raise ValueError(f"nlp/{FILE}: {problem}. Remedy: python -m bench.fit") from problem
    return seat(features, parts)


@cache
def default_judges() -> Judges:
    """The weights that ship with the bot."""
    return unpack((resources.files("nlp") / FILE).read_bytes())
