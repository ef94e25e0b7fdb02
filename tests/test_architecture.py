"""The house's law: who imports whom, and what an import may do."""

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import grimp
import pytest
from importlinter.api import read_configuration
from importlinter.cli import lint_imports

ROOT = Path(__file__).parents[1]
LAW = str(ROOT / "pyproject.toml")
ROOMS = ("bot", "cards", "commands", "config", "handlers", "nlp", "storage")
SOURCES = [ROOT / "main.py", *(file for room in ROOMS for file in (ROOT / room).rglob("*.py"))]
CONTRACTS = [contract["id"] for contract in read_configuration(LAW)["contracts_options"]]
READS_THE_CLOCK = {"now", "utcnow", "today"}
WATCH_IMPORT = """
import json, sys, threading
done = []
def note(event, args):
    if event == "open" and isinstance(args[0], str):
        done.append(["open", args[0], args[1] or "r"])
    elif event.partition(".")[0] in ("socket", "sqlite3", "subprocess", "os"):
        done.append([event, *map(str, args)])
sys.addaudithook(note)
import main
json.dump({"done": done, "threads": threading.active_count()}, sys.stdout)
"""


@pytest.mark.parametrize("contract", CONTRACTS)
def test_every_contract_of_the_law_is_kept(contract: str) -> None:
    """What is broken, and by which line, is in the captured output."""
    broken = lint_imports(LAW, limit_to_contracts=(contract,), no_cache=True, no_logo=True)
    assert not broken


def test_the_law_speaks_of_every_room() -> None:
    rooms = {file.parent.name for file in ROOT.glob("*/__init__.py")}
    assert rooms == set(ROOMS)
    assert set(read_configuration(LAW)["session_options"]["root_packages"]) == rooms


def test_module_imports_form_no_cycle() -> None:
    graph = grimp.build_graph(*ROOMS, cache_dir=None)
    imports = {name: graph.find_modules_directly_imported_by(name) for name in graph.modules}
    TopologicalSorter(imports).prepare()  # raises CycleError, naming the circle


def test_only_main_knows_both_handlers_and_platforms() -> None:
    """`main` is a module of its own and no part of the graph that the contracts are checked on."""
    known = {name.partition(".")[0] for name in _imported(_parsed(ROOT / "main.py"))}
    assert {"handlers", "bot"} <= known
    importers = [file.relative_to(ROOT) for file in SOURCES if "main" in _imported(_parsed(file))]
    assert importers == []


@pytest.mark.parametrize("file", SOURCES, ids=lambda file: str(file.relative_to(ROOT)))
def test_imports_sit_at_the_top_of_the_file(file: Path) -> None:
    hidden = [
        f"line {node.lineno}: {ast.unparse(node)}"
        for place in ast.walk(_parsed(file))
        if isinstance(place, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.If)
        for node in ast.walk(place)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert hidden == []


def test_what_is_imported_late_is_named_here_with_its_reason() -> None:
    """dateparser takes half a second, and only notes in languages without a grammar need it."""
    late = {
        str(file.relative_to(ROOT))
        for file in SOURCES
        if {"import_module", "__import__"}
        & {
            node.id if isinstance(node, ast.Name) else node.attr
            for node in ast.walk(_parsed(file))
            if isinstance(node, ast.Name | ast.Attribute)
        }
    }
    assert late == {"nlp/time/foreign.py"}


def test_a_package_is_empty_unless_it_names_a_public_list() -> None:
    for file in SOURCES:
        body = _parsed(file).body
        if file.name == "__init__.py" and body:
            assert _public_lists(body), f"{file}: names no public list"
            kept = (ast.Expr, ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign)
            assert all(isinstance(part, kept) for part in body), f"{file}: does more than that"


def test_every_module_opens_with_what_it_is_for() -> None:
    silent = [file.relative_to(ROOT) for file in SOURCES if _says_nothing(_parsed(file))]
    assert silent == []


def test_only_the_clock_reads_the_time_of_the_machine() -> None:
    """Everything else is told what time it is, so that the playground can move it."""
    readers = {
        str(file.relative_to(ROOT))
        for file in SOURCES
        for node in ast.walk(_parsed(file))
        if isinstance(node, ast.Call) and _reads_the_clock(node)
    }
    assert readers == {"bot/clock.py"}


@pytest.fixture(scope="module")
def importing(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What happens while `main` is imported, in a fresh process and an empty folder."""
    folder = tmp_path_factory.mktemp("empty")
    result = subprocess.run(
        [sys.executable, "-B", "-c", WATCH_IMPORT],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert list(folder.iterdir()) == []
    happened: dict[str, Any] = json.loads(result.stdout)
    return happened


def test_an_import_connects_to_nothing_and_starts_nothing(importing: dict[str, Any]) -> None:
    acted = ("socket.connect", "socket.bind", "sqlite3.connect", "subprocess.Popen", "os.system")
    assert [done for done in importing["done"] if done[0] in acted] == []
    assert importing["threads"] == 1


def test_an_import_writes_no_file(importing: dict[str, Any]) -> None:
    opened = [done for done in importing["done"] if done[0] == "open"]
    assert [name for _, name, mode in opened if set(mode) & set("wax+")] == []


def test_an_import_reads_none_of_our_data(importing: dict[str, Any]) -> None:
    opened = [Path(done[1]) for done in importing["done"] if done[0] == "open"]
    ours = [path for path in opened if path.is_relative_to(ROOT) and ".venv" not in path.parts]
    assert [str(path) for path in ours if path.suffix not in (".py", ".pyc")] == []


def _parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"), str(file))


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def _public_lists(body: list[ast.stmt]) -> list[str]:
    """Names in capitals, and `__all__`, that a module binds."""
    targets = [target for part in body if isinstance(part, ast.Assign) for target in part.targets]
    targets += [part.target for part in body if isinstance(part, ast.AnnAssign)]
    names = [target.id for target in targets if isinstance(target, ast.Name)]
    return [name for name in names if name.isupper() or name == "__all__"]


def _says_nothing(tree: ast.Module) -> bool:
    return bool(tree.body) and not ast.get_docstring(tree)


def _reads_the_clock(call: ast.Call) -> bool:
    """`datetime.now(...)`, `date.today()` and the like; `time.monotonic()` measures, and may."""
    said = call.func
    if not isinstance(said, ast.Attribute) or not isinstance(said.value, ast.Name):
        return False
    of_days = said.value.id in ("datetime", "date") and said.attr in READS_THE_CLOCK
    return of_days or (said.value.id, said.attr) == ("time", "time")
