"""Plain sentences come out right whatever the judges' weights are."""

import tomllib
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from config.loader import load_rules
from nlp.reading import read
from nlp.types import Reading

CORPUS = tomllib.loads(
    (Path(__file__).parents[1] / "corpus" / "ordinary.toml").read_text(encoding="utf-8")
)
NOW = datetime.fromisoformat(CORPUS["now"])
NOTES = [(said, note) for note in CORPUS["note"] for said in note["said"]]


def last_day(day: date | None) -> str:
    return str(day) if day else "-"


def told(reading: Reading) -> dict[str, Any]:
    promises = [
        f"{p.promiser} {p.state} {p.kind} {last_day(p.due.last_day if p.due else None)}"
        for p in reading.promises
    ]
    talk = reading.next_contact
    return {
        "promises": promises,
        "days": [promise.split()[-1] for promise in promises],
        "tags": [tag.value for tag in reading.tags],
        "stage": reading.stage and reading.stage.value,
        "next": talk and last_day(talk.value.last_day),
    }


@pytest.mark.parametrize(("said", "note"), NOTES, ids=[said for said, _ in NOTES])
def test_a_plain_sentence_means_what_it_says(said: str, note: dict[str, Any]) -> None:
    found = told(read(said, NOW))
    expected = {slot: value for slot, value in note.items() if slot != "said"}
    assert {slot: found[slot] for slot in expected} == expected


@pytest.mark.parametrize("said", [said for each in CORPUS["nothing"] for said in each["said"]])
def test_small_talk_and_courtesies_say_nothing(said: str) -> None:
    assert read(said, NOW).is_chat


# What docs/understanding.md says -----------------------------------------------------------


def examples(heading: str) -> list[tuple[str, str]]:
    """Name and example of each row below a heading."""
    page = (Path(__file__).parents[2] / "docs" / "understanding.md").read_text(encoding="utf-8")
    section = page.split(f"### {heading}\n")[1].split("\n### ")[0]
    rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line[:2] == "| "]
    return [(row[0], row[-1]) for row in rows[1:]]


WORDS = load_rules().words


@pytest.mark.parametrize(("name", "said"), examples("标签"), ids=str)
def test_a_documented_tag_is_heard_in_its_example(name: str, said: str) -> None:
    heard = [WORDS.tags[tag.value] for tag in read(said, NOW).tags]
    assert name in heard


@pytest.mark.parametrize(("name", "said"), examples("阶段"), ids=str)
def test_a_documented_stage_is_heard_in_its_example(name: str, said: str) -> None:
    stage = read(said, NOW).stage
    assert stage is not None
    assert WORDS.stages[stage.value] == name
