"""Rule files: what ships with the bot, and what is said of a file that cannot be used."""

import shutil
from datetime import time
from pathlib import Path

import pytest
from pydantic import ValidationError

from config.loader import RULES, BadRules, load_rules
from config.schema import QuietHours, Rules, Timing
from storage.models import CLOSED_STAGES, STAGES


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the rules that ship with the bot."""
    return Path(shutil.copytree(RULES, tmp_path / "rules"))


def change(folder: Path, file: str, old: str, new: str) -> None:
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")


def complaint(folder: Path) -> str:
    with pytest.raises(BadRules) as problem:
        load_rules(folder)
    return str(problem.value)


def test_the_rules_that_ship_are_those_of_the_code() -> None:
    """A file without keys means the same as the file we ship, so that deleting a line is safe."""
    assert load_rules().timing == Timing()


def test_every_stage_of_the_code_has_a_name() -> None:
    names = load_rules().words.stages
    assert tuple(names) == STAGES
    assert set(CLOSED_STAGES) <= names.keys()


def test_times_are_local_and_plain() -> None:
    timing = load_rules().timing
    assert (timing.working.start, timing.working.end) == (time(9), time(18))
    assert (timing.quiet.start, timing.quiet.end) == (time(21), time(8, 30))


@pytest.mark.parametrize(
    ("old", "new", "key", "why"),
    [
        ("silence_hours = 72", "silence_hours = 0", "silence_hours = 0", "greater than 0"),
        ("silence_hours = 72", "silence_hours = '3 days'", "silence_hours = '3 days'", "integer"),
        ("silence_hours = 72", "silense_hours = 72", "silense_hours = 72", "not permitted"),
        ("Asia/Shanghai", "Asia/Peking", "zone = 'Asia/Peking'", "try Asia/Shanghai"),
        ("start = 09:00:00", "start = 19:00:00", "working = ", "start must be before end"),
        ("start = 09:00:00", "start = 'nine'", "working.start = 'nine'", "time"),
        ("end = 08:30:00", "", "quiet.end = ", "Field required"),
    ],
)
def test_a_bad_value_names_file_key_and_value(
    folder: Path, old: str, new: str, key: str, why: str
) -> None:
    change(folder, "timing.toml", old, new)
    told = complaint(folder)
    assert told.startswith(f"{folder / 'timing.toml'}: ")
    assert key in told
    assert why in told


def test_a_bad_word_names_its_place(folder: Path) -> None:
    change(folder, "words.toml", 'new = "线索"', "new = 1")
    assert f"{folder / 'words.toml'}: stages.new = 1: " in complaint(folder)


def test_what_is_no_toml_names_file_and_line(folder: Path) -> None:
    change(folder, "timing.toml", "accept_hours = 4", "accept_hours 4")
    told = complaint(folder)
    assert told.startswith(f"{folder / 'timing.toml'}: not valid TOML: ")
    assert "line 13" in told


def test_what_is_no_utf8_is_no_toml(folder: Path) -> None:
    (folder / "words.toml").write_bytes('welcome = "您好"'.encode("gb18030"))
    assert complaint(folder).startswith(f"{folder / 'words.toml'}: not valid TOML: ")


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / "words.toml").unlink()
    assert complaint(folder).startswith(f"{folder / 'words.toml'}: cannot be read: ")


def test_a_snapshot_cannot_be_changed() -> None:
    rules: Rules = load_rules()
    with pytest.raises(ValidationError, match="frozen"):
        rules.timing.silence_hours = 1  # type: ignore[misc]  # that is the point


def test_a_greeting_with_an_unknown_place_is_named(folder: Path) -> None:
    words = folder / "words.toml"
    words.write_text(words.read_text().replace("{name}", "{nmae}"))
    with pytest.raises(BadRules, match="welcome"):
        load_rules(folder)


@pytest.mark.parametrize(
    ("start", "end", "quiet", "awake"),
    [("21:00", "08:30", "07:00", "12:00"), ("12:00", "14:00", "13:00", "20:00")],
)
def test_quiet_hours_may_run_over_midnight_or_within_a_day(
    start: str, end: str, quiet: str, awake: str
) -> None:
    hours = QuietHours(start=time.fromisoformat(start), end=time.fromisoformat(end))
    assert hours.holds(time.fromisoformat(quiet))
    assert not hours.holds(time.fromisoformat(awake))
