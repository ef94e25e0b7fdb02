"""How well notes and times are read, how fast, and how others fare on the same sentences."""

import contextlib
import io
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from dateparser.search import search_dates

from bench.corpus import whole_notes
from bench.report import Figure, Table, quantile
from bench.sources import (
    CORPUS,
    NO_EVALUATION,
    ROOT,
    evaluation,
    load_scorer,
    notes,
    read_labelled,
)
from bot.playground.script import Note
from nlp.labels import Labels, read_labels
from nlp.reading import read
from nlp.time import find
from nlp.types import ReadContext
from tests.nlp.test_unseen import LEVELS
from tests.nlp.test_unseen import measure as measure_level

Reader = Callable[[str, str, str], Labels]
FOLDS = 5
ROUNDS = 3
RIVALS_READ = 60
"""Notes that the slower libraries are given."""
KNOWN = {
    "dev": "The rules were written with these notes in sight; the judges were not fitted to them.",
    "unseen": "Written apart from the rules, which were mended by them; no judge has seen them.",
    "held_out": "Nobody has mended a rule or fitted a judge by them.",
}
"""How far the reader was fitted to each file of notes."""
OWN = "our own notes, the held-out quarter"
FOLDED = "our own notes, refitted over folds"
NEUTRAL = frozenset(
    {
        "apps",
        "cn2date",
        "calsync",
        "livingmemory",
        "wecron",
        "mcp_chinese_time",
        "zh_time_nlp",
        "datus",
        "chrono_swift_zh",
    }
)
"""Suites that belong to no library that is compared."""
LONG = ("样机下周三前寄出，客户说月底签。", "明天", "下", "1", "in 3 days and ", "3天又")
LONG_LETTERS = 10_000
COLD = """
import time
began = time.perf_counter()
from datetime import datetime
from nlp.reading import read
read("样机下周三前寄出", datetime.fromisoformat("2026-01-28T10:00:00+08:00"))
print(time.perf_counter() - began)
"""


def measure(*, most: int | None = None, cold_starts: int = 3) -> list[Table]:
    """At most `most` cases of each kind."""
    folder = evaluation()
    if folder is None:
        scored = [own_labels()]
    else:
        scored = [
            times(folder, most),
            *(
                labels(folder, file.name, read_labelled(file)[:most], KNOWN[file.stem])
                for file in labelled(folder)
            ),
            labels(folder, OWN, own_notes()[:most], "Never fitted to, never looked at."),
        ]
    return [*scored, speed(notes()[:most], cold_starts=cold_starts)]


# How well ------------------------------------------------------------------------------------


def times(folder: Path, most: int | None = None) -> Table:
    scorer = load_scorer(folder / "time" / "score.py")
    cases = [c for c in scorer.read_cases(folder / "time" / "dev.jsonl") if not c.disputed][:most]
    verdicts = [scorer.judge(case, find) for case in cases]
    chinese = [v for v in verdicts if v.case.lang.startswith("zh")]
    neutral = [v for v in chinese if v.case.source in NEUTRAL]
    folds = [share(fold, "passed") for fold in _folds(verdicts)]
    figures = [
        Figure("pass, all", f"{share(verdicts, 'passed'):.1%}", "90 %"),
        Figure("exact, all", f"{share(verdicts, 'exact'):.1%}", "88 %"),
        Figure("pass, zh and zh-Hant", f"{share(chinese, 'passed'):.1%}", "92 %"),
        Figure("pass, neutral Chinese suites", f"{share(neutral, 'passed'):.1%}", "91 %"),
        Figure(
            "pass, what is no date",
            f"{share([v for v in verdicts if v.case.kind == 'none'], 'passed'):.1%}",
            "93 %",
        ),
        Figure("right day or better", f"{share(verdicts, 'dated'):.1%}"),
        Figure(f"pass over {FOLDS} folds", _mean_and_spread(folds)),
        Figure("errors", str(sum(v.error is not None for v in verdicts)), "0"),
    ]
    return Table(f"Times: {len(cases)} development cases", figures)


def share(verdicts: Sequence[Any], field: str) -> float:
    return statistics.fmean(getattr(v, field) for v in verdicts) if verdicts else 0.0


def own_notes() -> list[Labels]:
    return [example.labels for example in whole_notes(held_out=True)]


def labels(
    folder: Path, name: str, lines: Sequence[Labels], known: str, reader: Reader = read_labels
) -> Table:
    """Scores of a whole note's slots, by the evaluation's rules."""
    scorer = load_scorer(folder / "notes" / "score.py")
    whole = scorer.score(lines, reader)
    folds = [scorer.score(fold, reader) for fold in _folds(lines)]

    def line(what: str, target: str, *path: str) -> Figure:
        values = [_at(score, path) for score in folds if _states(score, path)]
        value = f"{_at(whole, path):.3f} ({_mean_and_spread(values)})"
        return Figure(what, value, target)

    figures = [
        line("promises, F1", "0.93", "commitments", "f1"),
        line("due day of matched open ones", "0.97", "due_on_matched_open", "day"),
        line("tags, micro F1", "0.88", "tags", "f1"),
        line("stage, macro F1", "0.85", "stage", "macro_f1"),
        line("people, F1", "0.97", "people", "f1"),
        line("next contact where stated", "0.90", "next_contact", "when_set"),
        line("expected close where stated", "0.90", "expected_close", "when_set"),
        line("amount where stated", "0.90", "amount", "when_set"),
        line("company where stated", "0.80", "company", "when_set"),
        line("chit-chat read as something", "0", "chit_chat", "false_positive_rate"),
        line("notes without any difference", "", "perfect"),
    ]
    note = f"{known} In brackets: mean ± standard deviation over {FOLDS} folds."
    return Table(f"Notes: {len(lines)} of {name}", figures, note)


def labelled(folder: Path) -> list[Path]:
    files = [folder / "notes" / "dev.jsonl", *(CORPUS / f"{name}.jsonl" for name in KNOWN)]
    return [file for file in files if file.exists()]


def own_labels() -> Table:
    """Without an evaluation: our own notes by the rules of our own tests."""
    figures = [
        Figure(f"{file}, {slot}", f"{reached:.3f}", str(LEVELS[file][slot]))
        for file in LEVELS
        for slot, reached in measure_level(file).items()
    ]
    return Table("Notes of our own", figures)


def _states(score: Any, path: Sequence[str]) -> bool:
    """Whether any note of the fold states that slot at all."""
    return bool(score[path[0]].get("set", True)) if len(path) > 1 else True


def _at(score: Any, path: Sequence[str]) -> float:
    for key in path:
        score = score[key]
    return float(score)


def _folds(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (items[n::FOLDS] for n in range(FOLDS) if items[n::FOLDS])


def _mean_and_spread(values: Sequence[float]) -> str:
    if not values:
        return "none stated"
    return f"{statistics.fmean(values):.3f} ± {statistics.pstdev(values):.3f}"


# How fast ------------------------------------------------------------------------------------


def speed(sentences: Sequence[Note], *, cold_starts: int) -> Table:
    reading = micros(lambda n: read(n.text, n.now, ReadContext(role=n.role)), sentences)
    finding = micros(lambda n: find(n.text, n.now), sentences)
    figures = [
        Figure("read(), median", f"{statistics.median(reading):.0f} µs", "800 µs"),
        Figure("read(), p99", f"{quantile(reading, 0.99):.0f} µs", "3000 µs"),
        Figure("time.find(), median", f"{statistics.median(finding):.0f} µs"),
        Figure("time.find(), p99", f"{quantile(finding, 0.99):.0f} µs"),
        *rivals("notes", sentences[:RIVALS_READ]),
        *rivals("expressions", expressions()[:RIVALS_READ]),
        Figure("10,000 letters, find(), worst of six", f"{_longest(find):.0f} ms", "50 ms"),
        Figure("10,000 letters, read(), worst of six", f"{_longest(read):.0f} ms", "50 ms"),
        Figure("import and first note, cold", f"{cold_seconds(cold_starts):.2f} s", "1.5 s"),
    ]
    sources = "" if evaluation() else f" {NO_EVALUATION[0].upper()}{NO_EVALUATION[1:]}."
    note = f"{len(sentences)} notes, warm, each the best of {ROUNDS}.{sources}"
    return Table("Reading: time taken", figures, note)


def micros(work: Callable[[Note], object], sentences: Sequence[Note]) -> list[float]:
    """Per note the best of some rounds, so that neighbours on the machine count less."""
    rounds = [[_micros(work, note) for note in sentences] for _ in range(ROUNDS)]
    return [min(taken) for taken in zip(*rounds, strict=True)]


def _micros(work: Callable[[Note], object], note: Note) -> float:
    began = time.perf_counter()
    work(note)
    return (time.perf_counter() - began) * 1e6


def rivals(kind: str, sentences: Sequence[Note]) -> list[Figure]:
    """Others on the same sentences in the same run; what is above 1 is slower than we are."""
    if not sentences:
        return []
    ours = statistics.median(micros(lambda n: find(n.text, n.now), sentences))
    figures = []
    for name, target, work in (("jionlp", "2 ×", _jionlp()), ("dateparser", "", _dateparser())):
        what, value = f"{name} : find(), {len(sentences)} {kind}, medians", "not installed"
        if work is not None:
            theirs = statistics.median(micros(work, sentences))
            value = f"{theirs / ours:.1f} × ({theirs:.0f} : {ours:.0f} µs)"
        figures.append(Figure(what, value, target))
    return figures


def expressions() -> list[Note]:
    """Chinese time expressions by themselves, evenly drawn from the evaluation."""
    folder = evaluation()
    if folder is None:
        return []
    scorer = load_scorer(folder / "time" / "score.py")
    cases = [c for c in scorer.read_cases(folder / "time" / "dev.jsonl") if c.lang == "zh"]
    drawn = cases[:: max(len(cases) // RIVALS_READ, 1)]
    return [Note(case.id, case.now, "sales", case.text) for case in drawn]


def _dateparser() -> Callable[[Note], object]:
    def work(note: Note) -> object:
        base = {"RELATIVE_BASE": note.now.replace(tzinfo=None)}
        return search_dates(note.text, languages=["zh"], settings=base)

    return work


def _jionlp() -> Callable[[Note], object] | None:
    try:
        with contextlib.redirect_stdout(io.StringIO()):  # it greets on import
            from jionlp import ner  # noqa: PLC0415  only `make bench` installs it
    except ImportError:
        return None

    def work(note: Note) -> object:
        return ner.extract_time(note.text, time_base=note.now.timestamp())

    return work


def _longest(work: Callable[[str, datetime], object]) -> float:
    """Milliseconds for the worst of several pasted walls of text."""
    now = datetime.fromisoformat("2026-01-28T10:00:00+08:00")
    taken = []
    for seed in LONG:
        began = time.perf_counter()
        work((seed * LONG_LETTERS)[:LONG_LETTERS], now)
        taken.append((time.perf_counter() - began) * 1000)
    return max(taken)


def cold_seconds(times_started: int) -> float:
    """Median of fresh processes."""
    command = [sys.executable, "-c", COLD]
    taken = [
        float(subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout)
        for _ in range(times_started)
    ]
    return statistics.median(taken)
