"""Writes entries into a customer's vocabulary; comments and the order of what stands there stay."""

from collections.abc import Collection, Sequence
from pathlib import Path

import tomlkit
from tomlkit.items import Array, Table

from config.loader import BadRules

DECLINED = "declined"


def add(
    folder: Path,
    file: str,
    path: Sequence[str],
    word: str,
    value: str | Sequence[str] | None = None,
) -> None:
    """A word in the list that the path leads to, or an entry with that value in its table."""
    target = folder / f"{file}.toml"
    document = _opened(target)
    place: tomlkit.TOMLDocument | Table = document
    *tables, last = path if value is None else (*path, word)
    for key in tables:
        if key not in place:
            place[key] = tomlkit.table()
        inner = place[key]
        if not isinstance(inner, Table):
            raise BadRules(f"{target}: {key} = {inner!r}: must be a table. Remedy: write [{key}].")
        place = inner
    if value is not None:
        place[last] = value if isinstance(value, str) else list(value)
    else:
        _append(place, last, word, target)
    _save(target, tomlkit.dumps(document))


def _append(place: tomlkit.TOMLDocument | Table, key: str, word: str, target: Path) -> None:
    words = place.get(key)
    if words is None:
        place[key] = [word]
    elif isinstance(words, Array):
        words.append(word)
    else:
        raise BadRules(
            f'{target}: {key} = {words!r}: must be a list of words. Remedy: write ["…", "…"].'
        )


def decline(folder: Path, number: str, line: str) -> None:
    """Never propose it again, until somebody takes it out of that file."""
    add(folder, DECLINED, (DECLINED,), number, line)


def declined(folder: Path) -> Collection[str]:
    return tuple(_opened(folder / f"{DECLINED}.toml").get(DECLINED, {}))


def _opened(file: Path) -> tomlkit.TOMLDocument:
    if not file.exists():
        return tomlkit.document()
    try:
        return tomlkit.parse(file.read_text(encoding="utf-8"))
    except (tomlkit.exceptions.ParseError, UnicodeDecodeError) as problem:
        raise BadRules(f"{file}: not valid TOML: {problem}") from None


def _save(file: Path, text: str) -> None:
    """Whole or not at all: the bot may be reading it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_suffix(".new")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(file)
