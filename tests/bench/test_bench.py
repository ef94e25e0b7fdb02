"""Each measurement runs, on a small scale, and says what it found."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from bench import acknowledge, facts, notes, sources, start, timers, understanding
from bench.__main__ import main
from bench.report import Table, machine, quantile

SMALL: dict[str, Callable[[], list[Table]]] = {
    "understanding": partial(understanding.measure, most=6, cold_starts=1),
    "acknowledge": partial(acknowledge.measure, most=20, seconds=0.1),
    "notes": partial(notes.measure, most=3),
    "timers": partial(timers.measure, pending=100, soon=5, seconds=0.2),
    "facts": partial(facts.measure, count=300),
}


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.usefixtures("quiet_logs")
def test_measures_on_a_small_scale(name: str) -> None:
    for table in SMALL[name]():
        assert table.figures
        assert str(table).startswith(f"## {table.title}\n")


def test_a_start_is_timed_until_it_answers(tmp_path: Path) -> None:
    started = start.start(tmp_path)
    assert started.seconds > 0
    assert (tmp_path / "yinuo.db").exists()


def test_without_an_evaluation_our_own_corpora_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(sources.EVALUATION, str(Path(__file__) / "nowhere"))
    own, speed = understanding.measure(most=3, cold_starts=1)
    assert any("held_out" in figure.what for figure in own.figures)
    assert "our own corpora only" in speed.note
    assert len(sources.notes()) > 300


def test_a_measurement_that_does_not_exist_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["speed"]) == 2
    assert "'speed'" in capsys.readouterr().err


def test_results_say_which_machine_and_when() -> None:
    assert "Python 3" in machine()
    assert "fsync" in machine()


def test_a_quantile_is_a_value_that_was_measured() -> None:
    assert quantile([3, 1, 2], 0.5) == 2
    assert quantile([3, 1, 2], 0.99) == 3
