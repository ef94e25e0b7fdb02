"""Whatever can be set, said or started is documented, and what is documented exists."""

import re
import subprocess
import tomllib
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from cards import actions
from commands.arguments import parse
from config.loader import RULES, load_rules
from config.schema import Timing
from config.settings import Settings
from handlers import typed
from storage.models import Role

ROOT = Path(__file__).parents[1]
DOCS = [ROOT / "README.md", ROOT / "README.zh-CN.md", *sorted((ROOT / "docs").glob("*.md"))]
READMES = DOCS[:2]
CODE = re.compile(r"`([^`\n]+)`")
FENCED = re.compile(r"^```[a-z]*\n(.*?)^```", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)#\s]+)[^)]*\)")
HEADING = re.compile(r"^#+ ", re.MULTILINE)
ROOMS = ("bot", "cards", "config", "handlers", "nlp", "storage", "tests", "bench", "docs")
SAID_OTHERWISE = {
    actions.AdoptProposal,
    actions.AnswerDoubt,
    actions.AssignFollowUp,
    actions.ConfirmFollowUp,
    actions.ExplainFollowUp,
    actions.HearAgain,
    actions.OpenFollowUpForm,
    actions.PreferAccount,
    actions.PressTestCard,
    actions.PutInCalendar,
    actions.RemoveAccount,
    actions.SaveFollowUp,
    actions.ShowWords,
    actions.TickPromise,
    actions.UndoFollowUp,
}
"""Buttons with words of their own: 采纳, 记到 L3, 确认, 再听 E5, +跟进 L3, a plain sentence, 原话,
撤回, 以后发到 飞书, 解绑 飞书, 加到日历."""


def text(file: Path) -> str:
    return file.read_text(encoding="utf-8")


CONFIGURATION = text(ROOT / "docs/configuration.md")
USING = text(ROOT / "docs/using.md")


def rows(document: str) -> dict[str, list[str]]:
    """Tables of a page: the first cell's code → the other cells."""
    found = {}
    for line in document.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| `") and (name := CODE.match(cells[0])):
            found[name[1]] = cells[1:]
    return found


def keys(model: type[BaseModel], joint: str) -> Iterator[tuple[str, object]]:
    """Names of a model's fields, nested ones joined, with their defaults."""
    for name, field in model.model_fields.items():
        kinds = [field.annotation, *getattr(field.annotation, "__args__", ())]
        nested = next((k for k in kinds if isinstance(k, type) and issubclass(k, BaseModel)), None)
        if nested is None:
            yield name, field.default
        else:
            yield from ((f"{name}{joint}{key}", default) for key, default in keys(nested, joint))


# Configuration ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name.upper() for name, _ in keys(Settings, "__")])
def test_every_setting_is_documented(name: str) -> None:
    assert name in rows(CONFIGURATION)


def test_no_setting_is_documented_that_does_not_exist() -> None:
    known = {name.upper() for name, _ in keys(Settings, "__")}
    assert {name for name in rows(CONFIGURATION) if re.fullmatch("[A-Z_]{2,}", name)} == known


def test_the_defaults_of_settings_are_the_documented_ones() -> None:
    for name, default in keys(Settings, "__"):
        if isinstance(default, str | int | bool | Path) and default not in ("", False):
            told = rows(CONFIGURATION)[name.upper()][0]
            assert told == f"`{str(default).lower() if default is True else default}`"


@pytest.mark.parametrize("file", sorted(RULES.glob("*.toml")), ids=lambda file: file.name)
def test_every_rule_file_has_a_chapter(file: Path) -> None:
    assert f"### `config/rules/{file.name}`" in CONFIGURATION


@pytest.mark.parametrize("name", [name for name, _ in keys(Timing, ".")])
def test_every_key_of_the_clocks_is_documented_with_its_default(name: str) -> None:
    part: object = load_rules().timing
    for step in name.split("."):
        part = getattr(part, step)
    told = f'"{part}"' if isinstance(part, str) else str(part)
    assert rows(CONFIGURATION)[name][0] == f"`{told}`"


def test_every_key_of_the_words_is_documented() -> None:
    assert type(load_rules().words).model_fields.keys() <= rows(CONFIGURATION).keys()


@pytest.mark.parametrize("file", sorted((ROOT / "config/lexicon").glob("*.toml")))
def test_every_file_of_the_vocabulary_is_documented(file: Path) -> None:
    assert f"`{file.name}`" in CONFIGURATION


def test_every_variable_of_the_tests_is_documented() -> None:
    places = [ROOT / ".ci/run", ROOT / "Makefile", *(ROOT / "tests").rglob("*.py")]
    used = {name for file in places for name in re.findall(r"\bYINUO_[A-Z_]+[A-Z]", text(file))}
    assert {name for name in used if f"`{name}" not in CONFIGURATION} == set()


# Commands --------------------------------------------------------------------------------


def test_every_command_is_documented_with_its_options(monkeypatch: pytest.MonkeyPatch) -> None:
    commands: dict[str, set[str]] = {}
    add = ArgumentParser.add_argument

    def remember(parser: ArgumentParser, *names: str, **options: object) -> object:
        word = parser.prog.partition(" ")[2]
        commands.setdefault(word, set()).update(n for n in names if n.startswith("--"))
        return add(parser, *names, **options)  # type: ignore[arg-type]  # passed on as it came

    monkeypatch.setattr(ArgumentParser, "add_argument", remember)
    parse(["run"])
    told = {name.split()[0]: " ".join(cells) for name, cells in rows(CONFIGURATION).items()}
    for command, options in commands.items():
        for option in options - {"--help"}:
            assert f"`{option}" in told[command]
    assert commands.keys() - {""} <= told.keys()


def test_every_role_is_documented() -> None:
    assert all(f"`{role}`" in CONFIGURATION for role in Role)


def started(document: str) -> Iterator[str]:
    """Lines of a page that one is asked to type."""
    yield from CODE.findall(FENCED.sub("", document))
    for block in FENCED.findall(document):
        yield from (line.removeprefix("$ ") for line in block.splitlines())


@pytest.mark.parametrize("file", DOCS, ids=lambda file: file.name)
def test_every_command_that_is_shown_exists(file: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", text(ROOT / "Makefile"), re.MULTILINE))
    shown = list(started(text(file)))
    for target in (found for line in shown for found in re.findall(r"\bmake ([a-z]+)\b", line)):
        assert target in targets
    for line in shown:
        if (said := re.search(r"python main\.py ([a-z].*)", line)) is not None:
            words = said[1].replace("ID …", "1").split()
            parse([word for word in words if word != "…"])


# What people say -------------------------------------------------------------------------


@pytest.mark.parametrize("phrase", typed.PHRASES, ids=lambda phrase: phrase.words)
def test_every_typed_phrase_is_explained(phrase: typed.Phrase) -> None:
    for word in phrase.words.split("|"):
        assert re.search(f"`{word}[` ]", USING), word
    assert re.search(f"`(?:{phrase.words}) {phrase.on}[0-9]+", USING), "with a number"


@pytest.mark.parametrize("said", ["确认", "对", "没错", "ok", "记到 L3", "记到新客户", "采纳"])
def test_other_typed_words_are_explained_and_understood(said: str) -> None:
    assert f"`{said}`" in USING
    assert any(pattern.match(said) for pattern in (typed.CONFIRM, typed.ASSIGN, typed.ADOPT))


def test_every_button_has_an_equivalent_in_words() -> None:
    in_words = {type(phrase.build(1)) for phrase in typed.PHRASES} | SAID_OTHERWISE
    assert set(actions.ACTIONS) == in_words


def test_every_typed_example_is_understood() -> None:
    numbered = [said for said in CODE.findall(USING) if re.search(r" [PL]\d", said)]
    unknown = [said for said in numbered if typed.phrase_of(said) is None]
    assert [said for said in unknown if not re.match(r"\+跟进|记到|留言", said)] == []


# Pages -----------------------------------------------------------------------------------


def test_both_readmes_have_the_same_chapters() -> None:
    english, chinese = (HEADING.findall(FENCED.sub("", text(file))) for file in READMES)
    assert english == chinese


def test_both_readmes_show_the_same_commands_and_links() -> None:
    english, chinese = (text(file) for file in READMES)
    commands = [
        sorted(set(re.findall(r"make [a-z]+|main\.py [a-z]+", t))) for t in (english, chinese)
    ]
    assert commands[0] == commands[1]
    others = {"README.md", "README.zh-CN.md"}
    assert set(LINK.findall(english)) - others == set(LINK.findall(chinese)) - others


@pytest.mark.parametrize("file", [*DOCS, ROOT / "CHANGELOG.md"], ids=lambda file: file.name)
def test_every_link_leads_somewhere(file: Path) -> None:
    links = [link for link in LINK.findall(text(file)) if "://" not in link]
    assert [link for link in links if not (file.parent / link).exists()] == []


@pytest.mark.parametrize("file", DOCS, ids=lambda file: file.name)
def test_every_file_and_folder_that_is_named_exists(file: Path) -> None:
    named = [said for said in CODE.findall(text(file)) if said.partition("/")[0] in ROOMS]
    paths = [said for said in named if "/" in said and re.fullmatch(r"[\w./*-]+", said)]
    assert [path for path in paths if not is_there(path)] == []


def is_there(pattern: str) -> bool:
    """A file, or a folder with something in it: git keeps no empty ones."""
    found = list(ROOT.glob(pattern.rstrip("/")))
    return any(path.is_file() or any(path.iterdir()) for path in found)


def test_every_folder_has_its_line() -> None:
    architecture = text(ROOT / "docs/architecture.md")
    folders = {str(file.relative_to(ROOT).parent) for file in tracked() if file.suffix == ".py"}
    rooms = {folder for folder in folders if not folder.startswith((".", "tests/"))}
    assert {room for room in rooms if f"| `{room}/`" not in architecture} == set()


def test_every_dependency_has_its_line() -> None:
    project = tomllib.loads(text(ROOT / "pyproject.toml"))["project"]
    groups = (project["dependencies"], *project["optional-dependencies"].values())
    names = {re.split(r"[^A-Za-z0-9-]", entry)[0] for group in groups for entry in group}
    assert rows(text(ROOT / "docs/dependencies.md")).keys() == names


# Every tracked file ----------------------------------------------------------------------


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode != 0:
        pytest.skip("this copy of the project is not a git repository")
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_no_file_names_a_machine_or_a_registry() -> None:
    """Paths of somebody's home, hosts of package registries, addresses of private networks."""
    foreign = re.compile(
        r"/(?:work|root|home|Users|mnt|workspace)/\w"
        r"|\b(?:pypi|files\.pythonhosted|registry\.npmjs|mirrors?)\.[a-z]"
        r"|--(?:extra-)?index-url|--trusted-host"
        r"|\b(?:10|192\.168|172\.(?:1[6-9]|2\d|3[01]))\.\d+\.\d+\.\d+\b"
    )
    found = []
    for file in tracked():
        if file != Path(__file__) and file.suffix not in (".png", ".svg", ".json", ".npz"):
            for number, line in enumerate(text(file).splitlines(), start=1):
                if (hit := foreign.search(line)) is not None:
                    found.append(f"{file.relative_to(ROOT)}:{number}: {hit[0]}")
    assert found == []


def test_the_licence_is_the_one_that_is_declared() -> None:
    licence = text(ROOT / "LICENSE")
    assert "Apache License" in licence.splitlines()[1]
    assert "APPENDIX: How to apply the Apache License to your work." in licence
    project = tomllib.loads(text(ROOT / "pyproject.toml"))["project"]
    assert project["license"] == "Apache-2.0"
    assert f"[{project['version']}]" in text(ROOT / "CHANGELOG.md")
