"""Judges weigh what can be said of a clause, a note or a day, and tell what it is.

Each is a table of weights: one row for a feature, one column for an answer. Weights are fitted to
`tests/corpus` by `python -m bench.fit`; nothing here learns.
"""

import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from io import BytesIO
from typing import Any

import numpy as np
import numpy.typing as npt

Weights = npt.NDArray[np.float32]
Marks = npt.NDArray[np.intp]
"""The rows of the features that were found, each once."""
FILE = "weights.npz"


@dataclass(frozen=True, slots=True)
class Judge:
    """`answers` names the columns; a score of 0 means even odds for an answer by itself."""

    answers: Sequence[str]
    weights: Weights
    bias: Weights

    def scores(self, marks: Marks) -> Weights:
        """One for each answer."""
        found: Weights = np.add.reduce(self.weights.take(marks, axis=0), axis=0) + self.bias
        return found

    def score(self, answer: str, marks: Marks) -> float:
        """What speaks for one answer, apart from how common it is."""
        return float(self.weights[marks, self.answers.index(answer)].sum())

    def shares(self, marks: Marks) -> dict[str, float]:
        """Probabilities of answers that exclude each other."""
        grown = np.exp((scores := self.scores(marks)) - scores.max())
        return dict(zip(self.answers, (grown / grown.sum()).tolist(), strict=True))

    def odds(self, marks: Marks) -> dict[str, float]:
        """Each answer's probability by itself."""
        likely = 1 / (1 + np.exp(-self.scores(marks)))
        return dict(zip(self.answers, likely.tolist(), strict=True))


@dataclass(frozen=True, slots=True)
class Judges:
    """All that a note is brought before. One table of features serves them all."""

    rows: Mapping[str, int]
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
        row_of = self.rows.get
        found = [row for each in set(features) if (row := row_of(each)) is not None]
        return np.array(found, dtype=np.intp)


BENCH = ("promise", "kind", "conditional", "tag", "stage", "day", "telling")


def together(clauses: Sequence[Marks]) -> Marks:
    """The marks of a whole note."""
    found: Marks = np.unique(np.concatenate(clauses)) if clauses else np.array([], dtype=np.intp)
    return found


def pack(judges: Judges) -> bytes:
    """As a file: half precision is precise enough to add up."""
    ordered = sorted(judges.rows, key=judges.rows.__getitem__)
    arrays: dict[str, Any] = {"rows": np.frombuffer("\n".join(ordered).encode(), dtype=np.uint8)}
    for name in BENCH:
        judge: Judge = getattr(judges, name)
        arrays[f"{name}.answers"] = np.array(judge.answers)
        arrays[f"{name}.weights"] = judge.weights.astype(np.float16)
        arrays[f"{name}.bias"] = judge.bias
    target = BytesIO()
    np.savez_compressed(target, **arrays)
    return target.getvalue()


def unpack(file: bytes) -> Judges:
    """Raises ValueError when the file holds something else."""
    try:
        with np.load(BytesIO(file), allow_pickle=False) as arrays:
            features = arrays["rows"].tobytes().decode().split("\n")
            bench = {name: _judge(arrays, name) for name in BENCH}
    except (KeyError, OSError, zipfile.BadZipFile) as problem:
        raise ValueError(f"nlp/{FILE}: {problem}. Remedy: python -m bench.fit") from problem
    return Judges(rows={feature: row for row, feature in enumerate(features)}, **bench)


def _judge(arrays: Mapping[str, Any], name: str) -> Judge:
    return Judge(
        answers=tuple(map(str, arrays[f"{name}.answers"])),
        weights=arrays[f"{name}.weights"].astype(np.float32),
        bias=arrays[f"{name}.bias"].astype(np.float32),
    )


@cache
def default_judges() -> Judges:
    """The weights that ship with the bot."""
    return unpack((resources.files("nlp") / FILE).read_bytes())
