"""docs/platforms.md names tests that exist."""

import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/platforms.md").read_text(encoding="utf-8")
FILES = [*(ROOT / "tests").rglob("test_*.py")]
NAMED = re.compile(r"`(test_\w+\.py)::(test_\w+)`")
REASONS = ("out of scope: ", "not done yet")
HEAD = "| section | what the bot does | test |"


def sections() -> list[list[str]]:
    """Rows of the tables of sections, cell by cell."""
    tables = [part.partition("\n\n")[0] for part in PAGE.split(HEAD)[1:]]
    rows = [line for table in tables for line in table.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def test_every_test_that_is_named_exists() -> None:
    written = {(file.name, name) for file in FILES for name in _tests(file)}
    assert set(NAMED.findall(PAGE)) - written == set()


def _tests(file: Path) -> list[str]:
    return re.findall(r"^(?:async )?def (test_\w+)", file.read_text(encoding="utf-8"), re.MULTILINE)


def test_a_name_says_which_file_is_meant() -> None:
    count = Counter(file.name for file in FILES)
    assert [name for name, _ in NAMED.findall(PAGE) if count[name] != 1] == []


def test_every_section_has_a_test_or_a_reason() -> None:
    rows = sections()
    assert len(rows) > 100
    bare = [row for row in rows if not (NAMED.search(row[2]) or row[2].startswith(REASONS))]
    assert bare == []
