"""From a correction to a word that is understood: `learn`, beside the running bot."""

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import pytest

from main import main
from tests.conftest import Bot

CRATE = "答应张总展示柜下周三前寄出"


@pytest.fixture(autouse=True)
def _data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, bot: Bot) -> None:
    """The command is started where the bot keeps its data."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATA", str(tmp_path))


async def learn(*arguments: str) -> int:
    return await asyncio.to_thread(main, ["learn", *arguments])


async def proposals(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    assert await learn("--json") == 0
    told: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return told


async def put_right(bot: Bot) -> None:
    await bot.says("sales", CRATE)
    await bot.says("sales", "东西是展示柜")


async def test_what_was_put_right_once_is_understood_once_it_is_accepted(
    bot: Bot, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await put_right(bot)
    (proposal,) = await proposals(capsys)
    assert (proposal["word"], proposal["sentences"]) == ("展示柜", [CRATE])
    assert (proposal["count"], proposal["would_also_change"]) == (1, 0)

    assert await learn("--accept", proposal["id"]) == 0
    written = await asyncio.to_thread((tmp_path / "lexicon/deliverables.toml").read_text, "utf-8")
    assert '"展示柜" = []' in written or "展示柜 = []" in written

    for _ in range(2):
        await bot.program.files.look(bot.program.runtime.accept)
    card = await bot.says("sales", "答应李总展示柜下周五前寄出")
    assert "展示柜" in card.replace("答应李总展示柜下周五前寄出", "")
    assert await proposals(capsys) == []


async def test_a_note_that_was_taken_back_and_said_again_shows_a_slip(
    bot: Bot, capsys: pytest.CaptureFixture[str]
) -> None:
    await bot.says("sales", "答应张总羊机下周三前寄出")
    await bot.says("sales", "撤回")
    await bot.says("sales", "答应张总样机下周三前寄出")
    (proposal,) = await proposals(capsys)
    assert (proposal["file"], proposal["word"], proposal["value"]) == ("slips.toml", "羊机", "样机")


async def test_what_was_declined_does_not_come_back(
    bot: Bot, capsys: pytest.CaptureFixture[str]
) -> None:
    await put_right(bot)
    (proposal,) = await proposals(capsys)
    assert await learn("--decline", proposal["id"]) == 0
    assert await proposals(capsys) == []


async def test_where_nobody_sits_proposals_are_listed_and_nothing_is_written(
    bot: Bot, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await put_right(bot)
    assert await learn() == 0
    told = capsys.readouterr().out
    assert "展示柜" in told
    assert "来自 1 句改过的话" in told
    assert not (tmp_path / "lexicon").is_dir()


@pytest.mark.parametrize(("answer", "written"), [("y", True), ("n", False), ("", False)])
async def test_whoever_sits_there_is_asked_one_by_one(
    bot: Bot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    answer: str,
    written: bool,
) -> None:
    await put_right(bot)
    keyboard, terminal = os.openpty()
    os.write(keyboard, f"{answer}\n".encode())
    with os.fdopen(terminal) as sat_at:
        monkeypatch.setattr("sys.stdin", sat_at)
        assert await learn() == 0
    os.close(keyboard)
    assert "收下吗？" in capsys.readouterr().out
    assert (tmp_path / "lexicon/deliverables.toml").is_file() == written
    assert bool(await proposals(capsys)) == (answer == "")


async def test_an_unknown_id_is_named_and_nothing_is_written(
    bot: Bot, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await learn("--accept", "nobody") == 2
    assert "nobody: is not proposed" in capsys.readouterr().err


async def test_with_nothing_to_learn_it_says_so(
    bot: Bot, capsys: pytest.CaptureFixture[str]
) -> None:
    await bot.says("sales", CRATE)
    assert await learn() == 0
    assert "没有可提议的词" in capsys.readouterr().out
