"""The words that ship with the bot, together with a customer's own in files of the same shape."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

from nlp.lexicon import (
    Lexicon,
    LexiconError,
    Tables,
    compile_lexicon,
    default_lexicon,
    read_tables,
)

TAKE_OUT = "-"
"""A word that begins so is taken out of its list."""
DECLINED = "declined"
"""The file of what was proposed and not wanted (`nlp/learning.py`): no words to understand."""
TOPIC: Mapping[str, Any] = {"name": "", "said": [], "unless": []}
ACTION: Mapping[str, Any] = {
    "id": "", "kind": "", "name": [], "debtor": "", "said": [], "alone": False,
}  # fmt: skip
NEW_ENTRIES: Mapping[str, Any] = {
    "abbreviations.abbreviations": "",
    "deliverables.translate": "",
    "products.products": [],
    "slips.slips": "",
    "tags": TOPIC,
}
"""Tables in which a customer may add entries, with an example of one."""
NAMES: Mapping[type, str] = {
    str: "text in quotes", list: 'a list of words, ["…", "…"]', dict: "a table",
    bool: "true or false",
}  # fmt: skip


def load_lexicon(own: Traversable | None = None) -> Lexicon:
    """Everything that is understood. Raises LexiconError, naming the file with the mistake."""
    if own is None:
        return default_lexicon()
    try:
        return compile_lexicon(extended(shipped_tables(), own_tables(own)))
    except LexiconError as problem:
        raise problem.inside(own) from None


@cache
def shipped_tables() -> Tables:
    return read_tables(resources.files("config") / "lexicon")


def own_tables(folder: Traversable) -> Tables:
    """A customer's files, checked for names that nobody would read. Raises LexiconError."""
    tables = {file: table for file, table in read_tables(folder).items() if file != DECLINED}
    shipped = shipped_tables()
    for file, table in tables.items():
        if file not in shipped:
            raise LexiconError(
                file, "file", f"{file}.toml", "is none of ours", _one_of(file, shipped)
            )
        _check(file, "", table, shipped[file])
    return tables


def names_of_own(lexicon: Lexicon) -> Mapping[str, str]:
    """Tags a customer has added or renamed → what people read."""
    shipped = shipped_tables()["tags"]
    return {
        tag.id: tag.name for tag in lexicon.tags if tag.name != shipped.get(tag.id, {}).get("name")
    }


# Checking --------------------------------------------------------------------------------


def _check(file: str, place: str, table: Mapping[str, Any], known: Mapping[str, Any]) -> None:
    """Every key leads somewhere, and every value has the shape of ours."""
    full = f"{file}.{place}" if place else file
    if place and full.startswith("tags."):
        known = {**TOPIC, **known}
    new = NEW_ENTRIES.get(full, [] if file == "deliverables" and place else None)
    for key, value in table.items():
        where = f"{place}.{key}" if place else key
        if key not in known and new is None:
            raise LexiconError(file, where, value, "is no key of this file", _one_of(key, known))
        takes_out = value is False and not isinstance(known.get(key), bool)
        if not takes_out:
            _check_value(file, where, value, known.get(key, new))


def _check_value(file: str, where: str, value: object, like: object) -> None:
    if isinstance(like, str) and isinstance(value, list) and file == "people":
        like = []  # a block of names grows by a list
    if not isinstance(value, type(like)):
        kind = NAMES[type(like)]
        raise LexiconError(file, where, value, "has another shape", f"write {kind}")
    if isinstance(value, Mapping) and isinstance(like, Mapping):
        _check(file, where, value, like)
    elif isinstance(value, list) and file == "actions" and where == "action":
        for entry in value:
            _check_value(file, where, entry, ACTION)
    elif isinstance(value, list) and not all(isinstance(word, str) and word for word in value):
        raise LexiconError(file, where, value, "must be a list of words", 'write ["…", "…"]')


def _one_of(word: str, known: Mapping[str, Any]) -> str:
    near = get_close_matches(word, known, n=1) or sorted(known)
    return f"write {' or '.join(near)}"


# Merging ---------------------------------------------------------------------------------


def extended(tables: Tables, more: Tables) -> Tables:
    """Lists grow, other values are replaced; "-word" takes a word out of a list, and `false` a
    whole entry."""
    return {
        file: _merge(tables.get(file, {}), more.get(file, {}))
        for file in dict.fromkeys([*tables, *more])
    }


def _merge(old: Mapping[str, Any], new: Mapping[str, Any]) -> Mapping[str, Any]:
    merged = dict(old)
    for key, value in new.items():
        known = merged.get(key)
        if value is False and not isinstance(known, bool):
            merged.pop(key, None)
        elif isinstance(value, Mapping):
            merged[key] = _merge(known if isinstance(known, Mapping) else {}, value)
        elif isinstance(value, list):
            merged[key] = _grown(known, value)
        else:
            merged[key] = value
    return merged


def _grown(known: object, more: Sequence[Any]) -> Any:
    if isinstance(known, str):
        return " ".join([known, *more])
    old = known if isinstance(known, list) else []
    if any(isinstance(entry, Mapping) for entry in more):
        return _with_entries(old, more)
    out = {word.removeprefix(TAKE_OUT) for word in more if word.startswith(TAKE_OUT)}
    new = [word for word in more if not word.startswith(TAKE_OUT)]
    return list(dict.fromkeys([*(word for word in old if word not in out), *new]))


def _with_entries(
    old: Sequence[Mapping[str, Any]], more: Sequence[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """Actions are told apart by their id; a new one is tried last."""
    entries = {entry["id"]: entry for entry in old}
    for entry in more:
        entries[entry.get("id", "")] = _merge(entries.get(entry.get("id", ""), {}), entry)
    return list(entries.values())
