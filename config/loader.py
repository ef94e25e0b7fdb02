"""Rules from TOML files; what is wrong is named by file, key and value."""

import tomllib
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from config.schema import Rules, SalesWords, Timing

M = TypeVar("M", bound=BaseModel)
RULES = Path(__file__).parent / "rules"


class BadRules(ValueError):
    """A rule file cannot be used; the text says which, where and why."""


def load_rules(folder: Path = RULES) -> Rules:
    """One snapshot of all rule files. Raises BadRules."""
    return Rules(
        timing=_load(folder / "timing.toml", Timing),
        words=_load(folder / "words.toml", SalesWords),
    )


def _load(file: Path, kind: type[M]) -> M:
    try:
        return kind.model_validate(_parse(file))
    except ValidationError as problem:
        first = problem.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or "(file)"
        raise BadRules(f"{file}: {key} = {first['input']!r}: {first['msg']}") from None


def _parse(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as problem:
        raise BadRules(f"{file}: cannot be read: {problem.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise BadRules(f"{file}: not valid TOML: {problem}") from None
