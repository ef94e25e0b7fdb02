"""F49: words and rules change without a restart, and a bad file is rejected with its reason."""

from pathlib import Path

import pytest
from sqlmodel import Session

from main import main
from storage import people
from storage.models import Role
from tests.bot.test_health import health
from tests.conftest import Bot

CRATE = "答应张总展示柜下周三前寄出"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the running bot looks for the customer's own words."""
    folder = tmp_path / "lexicon"
    folder.mkdir()
    return folder


async def writes(bot: Bot, file: Path, text: str) -> None:
    """Somebody saves a file, and the bot looks twice."""
    save(file, text)
    for _ in range(2):
        await bot.program.files.look(bot.program.runtime.accept)
    await bot.program.runtime.settle()


def save(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8")


async def becomes_admin(bot: Bot, role: str) -> None:
    """Whoever sits there is made an administrator."""
    (part,) = (part for part in bot.ground.parts if part.role == role)

    def promote(db: Session) -> None:
        person = people.by_address(db, part.address)
        assert person is not None
        person.role = Role.ADMIN
        db.add(person)

    await bot.program.db.write(promote)


async def test_F49_a_word_is_understood_without_a_restart(folder: Path, bot: Bot) -> None:
    assert "展示柜" not in bot_fields(await bot.says("sales", CRATE))
    await writes(bot, folder / "deliverables.toml", '[sample]\n"展示柜" = []')
    assert "展示柜" in bot_fields(await bot.says("sales", CRATE))


def bot_fields(card: str) -> str:
    """A card without the quoted note."""
    return card.replace(CRATE, "")


async def test_F49_a_tag_of_ones_own_has_its_name_on_card_and_form(folder: Path, bot: Bot) -> None:
    await writes(bot, folder / "tags.toml", '[green]\nname = "环保要求"\nsaid = ["碳足迹"]')
    assert "环保要求" in await bot.says("sales", "张总问碳足迹")
    assert "环保要求" in await bot.says("sales", "+跟进 张总")


async def test_a_product_stands_in_front_of_what_is_promised(folder: Path, bot: Bot) -> None:
    text = '[products]\n"启明一号" = ["QM-1"]\n"X2 Pro" = []'
    await writes(bot, folder / "products.toml", text)
    assert "启明一号样机" in await bot.says("sales", "答应张总qm-1样机下周三前寄出")
    await bot.says("sales", "不对，是x2 pro")
    assert "X2 Pro样机" in bot.cards("sales")[-1]


async def test_a_customer_named_for_short_is_the_known_one(folder: Path, bot: Bot) -> None:
    text = '[abbreviations]\n"晴医" = "松江晴岚医院"'
    await writes(bot, folder / "abbreviations.toml", text)
    card = await bot.says("sales", "晴医嫌贵")
    assert "松江晴岚医院" in card
    assert "新建线索" not in card


async def test_F49_a_bad_file_is_rejected_and_administrators_hear_once(
    folder: Path, bot: Bot
) -> None:
    await becomes_admin(bot, "manager")
    file = folder / "deliverables.toml"
    await writes(bot, file, '[sample]\n"展示柜" = []')
    await writes(bot, file, '[sampel]\n"展示柜" = []')
    (card,) = bot.cards("manager")
    assert "规则或词库有误，没有启用" in card
    assert "deliverables.toml: sampel = " in card
    assert "write sample" in card
    assert bot.cards("sales") == []
    assert "展示柜" in bot_fields(await bot.says("sales", CRATE))
    told = await health(bot)
    assert told["ok"]
    assert "write sample" in told["files"]

    await writes(bot, file, '[sample]\n"展示柜" = []\n')
    assert len(bot.cards("manager")) == 2
    assert "已改好" in bot.cards("manager")[-1]
    assert (await health(bot))["files"] == "ok"


def test_at_the_start_a_bad_file_is_named_and_the_status_is_2(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "tags.toml").write_text('[price_concern]\nsaid = ["贵("]', encoding="utf-8")
    monkeypatch.setenv("DATA", str(folder.parent))
    assert main(["read", "张总嫌贵"]) == 2
    said = capsys.readouterr().err
    assert f"{folder}/tags.toml: price_concern.said = '贵('" in said
    assert "Remedy: " in said


def test_ones_own_words_are_read_on_the_command_line_too(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "tags.toml").write_text(
        '[green]\nname = "环保要求"\nsaid = ["碳足迹"]', encoding="utf-8"
    )
    monkeypatch.setenv("LEXICON", str(folder))
    assert main(["read", "张总问碳足迹", "--now", "2026-01-28"]) == 0
    assert "环保要求" in capsys.readouterr().out
