"""Where the measuring sticks lie: our own corpora, and an evaluation folder if there is one."""

import importlib.util
import json
import os
import sys
import tomllib
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any

from bot.playground.script import Note, read_notes

ROOT = Path(__file__).parents[1]
CORPUS = ROOT / "tests" / "corpus"
EVALUATION = "YINUO_EVAL"
"""The variable that names the evaluation folder."""
NO_EVALUATION = f"no evaluation folder ({EVALUATION}): our own corpora only"


def evaluation() -> Path | None:
    """`YINUO_EVAL`, else the folder `shared/eval` beside the repository; None without either."""
    given = os.environ.get(EVALUATION)
    folder = Path(given) if given else ROOT.parent / "shared" / "eval"
    return folder if folder.is_dir() else None


def load_scorer(file: Path) -> ModuleType:
    """The scorer's module. Raises FileNotFoundError."""
    name = f"scorer_of_{file.parent.name}"
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(file)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # its dataclasses look themselves up
    spec.loader.exec_module(module)
    return module


def read_labelled(file: Path) -> list[dict[str, Any]]:
    lines = file.read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.strip()]


def notes() -> list[Note]:
    """The labelled notes of the evaluation, else the sentences of our corpora."""
    folder = evaluation()
    if folder is not None and (folder / "notes" / "dev.jsonl").exists():
        return read_notes(folder / "notes" / "dev.jsonl")
    return [note for file in sorted(CORPUS.glob("*.toml")) for note in _sentences(file)]


def _sentences(file: Path) -> list[Note]:
    corpus = tomllib.loads(file.read_text(encoding="utf-8"))
    now = datetime.fromisoformat(corpus["now"])
    groups = [group for kind in corpus.values() if isinstance(kind, list) for group in kind]
    said = [words for group in groups for words in group.get("said", ())]
    return [Note(f"{file.stem}-{n}", now, "sales", words) for n, words in enumerate(said, start=1)]
