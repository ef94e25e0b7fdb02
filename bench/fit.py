"""Fit the judges' weights to our own corpus, and write them to `nlp/weights.npz`.

python -m bench.fit: logistic regressions (scikit-learn) over the features of `nlp.features`; the
held-out notes are left out. What is written depends on the corpus and the vocabulary alone.
"""

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix, diags
from sklearn.linear_model import LogisticRegression

from bench.corpus import Example, Told, sentences, whole_notes
from bench.sources import ROOT
from nlp.features import described, of_time
from nlp.judges import FILE, Judges, pack, seat
from nlp.lexicon import default_lexicon
from nlp.note import Note
from nlp.proposals import propose
from nlp.reading import noted
from nlp.time.types import TimeSpan
from nlp.types import ReadContext

SEEN_OFTEN = 3
"""A feature of one or two examples teaches little, and makes the file large."""
FAINT = 0.2
"""Features that weigh less with every judge are left out: nothing is lost, and reading is quick."""
ROUNDS = 3
"""How often the clause that holds a promise is looked for anew."""
TAGS = tuple(topic.id for topic in default_lexicon().tags)
# Scores are moved, because the corpora hold more of the rare than life does, and some errors cost
# more than others. Chosen over folds of the fitted notes.
RARER = 0.4
"""Tags are lowered: a wrong one annoys."""
STATED = 0.7
"""A stage and a day are more often missed than invented: `none` is lowered."""
QUIET = 2.5
"""Small talk is commoner than its examples: a note that tells something is lowered."""
NONE = "none"
SPOKEN_OF = ("commitments", "tags", "stage", "expected_close", "next_contact", "amount")
"""The labels that make a note worth a card; people and companies alone do not."""


@dataclass(frozen=True, slots=True)
class Case:
    """An example as the reader sees it."""

    example: Example
    note: Note
    clauses: list[list[str]]

    def whole(self) -> set[str]:
        """What can be said of the note as a whole."""
        return set().union(*self.clauses)

    def says_something(self) -> bool | None:
        """None where too little was labelled to know."""
        example = self.example
        if example.labels:
            return any(value for key, value in example.labels["labels"].items() if key in SPOKEN_OF)
        stated = example.promises or example.tags or (example.stage or NONE) != NONE
        stated = stated or any(what != NONE for _, _, what in example.days or ())
        if stated:
            return True
        return False if example.promises is not None and example.tags is not None else None

    def of_time(self, time: TimeSpan) -> set[str]:
        clause = self.note.clause_at(time.begin) or self.note.clauses[-1]
        return {*self.clauses[clause.index], *of_time(self.note, clause, time)}

    def holds(self, told: Told) -> list[int]:
        """The clauses that may hold a promise."""
        found = [
            clause.index
            for clause in self.note.clauses
            if any(clause.begin < finish and begin < clause.finish for begin, finish in told.spans)
        ]
        return found or list(range(len(self.clauses)))


def case_of(example: Example) -> Case:
    note = noted(example.text, example.now, ReadContext(role=example.role), default_lexicon())
    return Case(example, note, described(note, propose(note)))


def cases_of(examples: Iterable[Example]) -> list[Case]:
    return [case for case in map(case_of, examples) if case.clauses]


def fit(cases: Sequence[Case]) -> Judges:
    promise, kind, conditional = promise_fits(cases)
    bench = {
        "promise": promise,
        "kind": kind,
        "conditional": conditional,
        "tag": tag_fit(cases),
        "stage": stage_fit(cases),
        "day": day_fit(cases),
        "telling": telling_fit(cases),
    }
    names = sorted({name for fitted in bench.values() for name in fitted.telling()})
    return seat(
        names, {name: (fitted.answers, fitted.over(names)) for name, fitted in bench.items()}
    )


# Tables --------------------------------------------------------------------------------------


class Table:
    """Feature sets as a sparse matrix; a rare feature weighs more than a common one."""

    def __init__(self, features: Sequence[Set[str]]) -> None:
        counts = Counter(name for each in features for name in each)
        kept = sorted(name for name, count in counts.items() if count >= SEEN_OFTEN)
        self.rows = {name: row for row, name in enumerate(kept)}
        self._rarity = np.array([np.log(len(features) / (1 + counts[n])) for n in kept]) / 4
        self.matrix = self._matrix(features) @ diags(self._rarity)

    def _matrix(self, features: Sequence[Set[str]]) -> Any:
        at, ends = [], [0]
        for each in features:
            at += sorted(self.rows[name] for name in each if name in self.rows)
            ends.append(len(at))
        return csr_matrix((np.ones(len(at)), at, ends), shape=(len(features), len(self.rows)))

    def fitted(self, answers: Sequence[str], columns: Any, bias: Any) -> "Fitted":
        """The rarity goes into the weights: at reading time a feature only counts."""
        weights = np.asarray(columns).T * self._rarity[:, None]
        return Fitted(tuple(map(str, answers)), self.rows, weights, np.asarray(bias))


@dataclass(frozen=True, slots=True)
class Fitted:
    """A judge with rows of its own."""

    answers: tuple[str, ...]
    rows: Mapping[str, int]
    weights: Any
    bias: Any

    def telling(self) -> list[str]:
        """The features that weigh enough to matter."""
        heaviest = np.abs(self.weights).max(axis=1)
        return [name for name, row in self.rows.items() if heaviest[row] >= FAINT]

    def over(self, names: Sequence[str]) -> Any:
        """The bias and the weights, over the features that all judges share."""
        weights = np.vstack([self.bias, np.zeros((len(names), len(self.answers)))])
        kept = [(row, self.rows[name]) for row, name in enumerate(names, 1) if name in self.rows]
        into, out_of = map(list, zip(*kept, strict=True))
        weights[into] = self.weights[out_of]
        return weights


def exclusive(table: Table, told: Sequence[str], *, strength: float) -> LogisticRegression:
    return LogisticRegression(C=strength, max_iter=300).fit(table.matrix, told)


def yes_or_no(table: Table, told: Sequence[bool], *, strength: float) -> LogisticRegression:
    model = LogisticRegression(
        C=strength, max_iter=300, solver="liblinear", class_weight="balanced"
    )
    return model.fit(table.matrix, told)


# Judges --------------------------------------------------------------------------------------


def promise_fits(cases: Sequence[Case]) -> tuple[Fitted, Fitted, Fitted]:
    """Which clause of a sentence holds its promise is found by the judge itself, round by round."""
    known = [case for case in cases if case.example.promises is not None]
    first = np.cumsum([0, *(len(case.clauses) for case in known)])
    table = Table([set(clause) for case in known for clause in case.clauses])
    told: list[Told | None] = [None] * int(first[-1])
    places = [
        (each, [int(first[at]) + index for index in case.holds(each)])
        for at, case in enumerate(known)
        for each in case.example.promises or ()
    ]
    for each, rows in places:
        for row in rows:
            told[row] = each
    for turn in range(ROUNDS):
        model = exclusive(table, [each.answer if each else NONE for each in told], strength=1)
        if turn < ROUNDS - 1:
            _settle(told, places, model.predict_proba(table.matrix), list(model.classes_))
    promise = table.fitted(model.classes_, model.coef_, model.intercept_)
    return promise, *_nature(known, told)


def _settle(
    told: list[Told | None],
    places: Sequence[tuple[Told, Sequence[int]]],
    sure: Any,
    answers: Sequence[str],
) -> None:
    """Of several clauses the likeliest keeps the promise."""
    for each, rows in places:
        best = max(rows, key=lambda row: sure[row][answers.index(each.answer)])
        for row in rows:
            if told[row] is each and row != best:
                told[row] = None
        told[best] = each


def _nature(known: Sequence[Case], told: Sequence[Told | None]) -> tuple[Fitted, Fitted]:
    """What is promised, and whether on a condition: of the clauses that hold a promise."""
    clauses = [set(clause) for case in known for clause in case.clauses]
    held = [(clause, each) for clause, each in zip(clauses, told, strict=True) if each]
    table = Table([clause for clause, _ in held])
    kinds = exclusive(table, [each.kind for _, each in held], strength=1)
    tied = yes_or_no(table, [each.conditional for _, each in held], strength=0.5)
    return (
        table.fitted(kinds.classes_, kinds.coef_, kinds.intercept_),
        table.fitted(["conditional"], tied.coef_, tied.intercept_),
    )


def tag_fit(cases: Sequence[Case]) -> Fitted:
    known = [case for case in cases if case.example.tags is not None]
    table = Table([case.whole() for case in known])
    models = [
        yes_or_no(table, [tag in (case.example.tags or ()) for case in known], strength=2)
        for tag in TAGS
    ]
    columns = np.vstack([model.coef_ for model in models])
    return table.fitted(TAGS, columns, [model.intercept_[0] - RARER for model in models])


def telling_fit(cases: Sequence[Case]) -> Fitted:
    """Whether a note says anything that a sales log would keep."""
    known = [(case, says) for case in cases if (says := case.says_something()) is not None]
    table = Table([case.whole() for case, _ in known])
    model = yes_or_no(table, [says for _, says in known], strength=0.7)
    return table.fitted(["telling"], model.coef_, model.intercept_ - QUIET)


def stage_fit(cases: Sequence[Case]) -> Fitted:
    known = [case for case in cases if case.example.stage is not None]
    table = Table([case.whole() for case in known])
    model = exclusive(table, [case.example.stage or NONE for case in known], strength=0.7)
    return table.fitted(model.classes_, model.coef_, _stated(model))


def day_fit(cases: Sequence[Case]) -> Fitted:
    pairs = [pair for case in cases for pair in _days(case)]
    table = Table([features for features, _ in pairs])
    model = exclusive(table, [answer for _, answer in pairs], strength=1)
    return table.fitted(model.classes_, model.coef_, _stated(model))


def _stated(model: LogisticRegression) -> Any:
    return model.intercept_ - STATED * (np.asarray(model.classes_) == NONE)


def _days(case: Case) -> list[tuple[set[str], str]]:
    """Each time found in the note, with what it is."""
    find: Callable[[Any], str | None]
    if case.example.days is not None:
        find = _marked(case.example.days)
    elif case.example.labels:
        find = _labelled(case.example.labels["labels"])
    else:
        return []
    found = [(time, find(time)) for time in case.note.times]
    return [(case.of_time(time), answer) for time, answer in found if answer]


def _marked(days: Sequence[tuple[int, int, str]]) -> Callable[[Any], str | None]:
    def find(time: Any) -> str | None:
        over = (name for begin, end, name in days if time.begin < end and begin < time.finish)
        return next(over, None)

    return find


def _labelled(labels: Mapping[str, Any]) -> Callable[[Any], str | None]:
    """The time whose last day is the labelled one."""
    ends = {slot: labels[slot] and labels[slot]["end"][:10] for slot in SLOTS}

    def find(time: Any) -> str | None:
        if time.end is None:
            return NONE
        last = {str(time.end.date()), str(time.last_day)}
        said = [name for slot, name in SLOTS.items() if ends[slot] in last]
        return "both" if len(said) > 1 else said[0] if said else NONE

    return find


SLOTS = {"next_contact": "next", "expected_close": "close"}


def main() -> None:
    began = time.perf_counter()
    cases = cases_of([*sentences(), *whole_notes(held_out=False)])
    print(f"{len(cases)} examples, {time.perf_counter() - began:.0f} s", file=sys.stderr)
    file = ROOT / "nlp" / FILE
    file.write_bytes(pack(fit(cases)))
    size, seconds = file.stat().st_size / 1e6, time.perf_counter() - began
    print(f"{file.name}: {size:.1f} MB, {seconds:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
