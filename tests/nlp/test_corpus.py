"""The corpora that judges are fitted to are well-formed, large enough, and say nothing twice."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bench import corpus
from bench.corpus import READERS, is_held_out, sentences, whole_notes
from nlp.judges import default_judges
from nlp.lexicon import default_lexicon

CORPUS = Path(__file__).parents[1] / "corpus"
EXAMPLES = sentences()
FITTED, HELD_OUT = whole_notes(held_out=False), whole_notes(held_out=True)
ANSWERS = {f"{state}:{side}" for state in ("open", "question", "done", "cancelled")
           for side in ("us", "customer")}  # fmt: skip
STAGES = {"none", "new", "contacted", "qualified", "proposal_sent", "negotiation", "won", "lost"}
TAGS = {topic.id for topic in default_lexicon().tags}
KINDS = set(default_judges().kind.answers)


def test_every_file_of_sentences_is_read() -> None:
    assert {file.stem for file in (CORPUS / "sentences").glob("*.tsv")} == set(READERS)


def test_there_are_thousands_of_sentences_and_hundreds_that_say_nothing() -> None:
    assert len(EXAMPLES) > 1_000
    silent = [e for e in EXAMPLES if e.promises == [] and e.tags == frozenset()]
    assert len(silent) > 250


@pytest.mark.parametrize("name", READERS)
def test_a_file_of_sentences_says_nothing_twice(name: str) -> None:
    twice = [text for text, times in Counter(e.text for e in READERS[name](name)).items()
             if times > 1]  # fmt: skip
    assert twice == []


def test_labels_are_known_ones() -> None:
    for example in (*EXAMPLES, *FITTED, *HELD_OUT):
        assert example.tags is None or example.tags <= TAGS, example.text
        assert example.stage is None or example.stage in STAGES, example.text
        for told in example.promises or ():
            assert told.answer in ANSWERS, example.text
            assert told.kind in KINDS, example.text
            for begin, finish in told.spans:
                assert 0 <= begin < finish <= len(example.text), example.text


def test_a_mark_is_taken_out_and_its_place_kept() -> None:
    text, spans = corpus.unmarked("他说⟦due:周五前⟧给，⟦no:昨天⟧见过")
    assert text == "他说周五前给，昨天见过"
    assert [(text[begin:end], name) for begin, end, name in spans] == [
        ("周五前", "due"), ("昨天", "no"),
    ]  # fmt: skip


def test_a_quarter_of_the_notes_is_held_out() -> None:
    assert 0.2 < len(HELD_OUT) / (len(FITTED) + len(HELD_OUT)) < 0.3
    assert not {e.text for e in FITTED} & {e.text for e in HELD_OUT}


def test_ids_name_one_note_each() -> None:
    twice = [name for name, times in Counter(note["id"] for note in _notes()).items() if times > 1]
    assert twice == []
    assert any(is_held_out(note["id"]) for note in _notes())


def _notes() -> Iterator[dict[str, Any]]:
    for file in sorted((CORPUS / "notes").glob("*.jsonl")):
        for line in file.read_text(encoding="utf-8").splitlines():
            yield json.loads(line)
