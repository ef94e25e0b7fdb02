"""Writing into a file that somebody else has written, too."""

import tomllib
from pathlib import Path

import pytest

from config import own_words
from config.loader import BadRules

OURS = """\
# Words of our own

[price_concern]   # what they say here
said = [
  "割肉",   # 老王常说
  "-一口价",
]
name = "嫌贵"

[green]
name = "环保要求"
said = ["碳足迹"]
"""


def test_comments_and_order_stay(tmp_path: Path) -> None:
    file = tmp_path / "tags.toml"
    file.write_text(OURS, encoding="utf-8")
    own_words.add(tmp_path, "tags", ("price_concern", "said"), "心在滴血")
    own_words.add(tmp_path, "tags", ("green", "said"), "绿电")
    own_words.add(tmp_path, "tags", ("stalled", "said"), "凉了")
    text = file.read_text(encoding="utf-8")
    for line in OURS.splitlines():
        assert line.rstrip("]") in text
    assert tomllib.loads(text) == {
        "price_concern": {"said": ["割肉", "-一口价", "心在滴血"], "name": "嫌贵"},
        "green": {"name": "环保要求", "said": ["碳足迹", "绿电"]},
        "stalled": {"said": ["凉了"]},
    }
    assert [each.name for each in tmp_path.iterdir()] == ["tags.toml"]


def test_folder_file_and_table_are_made(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "lexicon"
    own_words.add(folder, "companies", ("competitors",), "德玛泰克")
    own_words.add(folder, "abbreviations", ("abbreviations",), "晴医", "松江晴岚医院")
    own_words.add(folder, "deliverables", ("sample",), "展示柜", ())
    own_words.add(folder, "deliverables", ("sample",), "展架", ())
    read = {file.stem: tomllib.loads(file.read_text("utf-8")) for file in folder.iterdir()}
    assert read == {
        "companies": {"competitors": ["德玛泰克"]},
        "abbreviations": {"abbreviations": {"晴医": "松江晴岚医院"}},
        "deliverables": {"sample": {"展示柜": [], "展架": []}},
    }


def test_what_was_declined_is_remembered(tmp_path: Path) -> None:
    assert list(own_words.declined(tmp_path)) == []
    own_words.decline(tmp_path, "a1b2c3", '[sample] "展示柜" = []')
    assert list(own_words.declined(tmp_path)) == ["a1b2c3"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[price_concern", "not valid TOML"),
        ("price_concern = 3", "price_concern = 3: must be a table. Remedy: write [price_concern]"),
        ('[price_concern]\nsaid = "贵"', "must be a list of words"),
    ],
)
def test_a_file_that_cannot_be_added_to_is_left_as_it_is(
    tmp_path: Path, text: str, told: str
) -> None:
    file = tmp_path / "tags.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(BadRules) as problem:
        own_words.add(tmp_path, "tags", ("price_concern", "said"), "割肉")
    assert str(problem.value).startswith(f"{file}: ")
    assert told in str(problem.value)
    assert file.read_text(encoding="utf-8") == text
