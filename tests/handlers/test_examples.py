"""What people put right is kept as an example: what was understood, what it became, who, when."""

from datetime import datetime

import pytest
from sqlmodel import col, select

from storage.models import Example, Lead
from tests.conftest import NOW, Bot, Start
from tests.handlers.test_followups import NOTE, last_note
from tests.model_server import ModelServer

SAMPLE = "答应张总样机下周三前寄出"


def kept(bot: Bot) -> list[Example]:
    with bot.db() as db:
        return list(db.exec(select(Example).order_by(col(Example.id))))


def told(bot: Bot) -> list[tuple[str, str, str]]:
    return [(each.kind, each.was, each.became) for each in kept(bot)]


async def test_what_was_right_is_no_example(bot: Bot) -> None:
    await bot.says("sales", NOTE)
    await bot.says("sales", "确认")
    assert kept(bot) == []


async def test_an_example_says_who_and_when_of_which_note(bot: Bot) -> None:
    await bot.says("sales", SAMPLE)
    await bot.says("sales", "是X2型号")
    (example,) = kept(bot)
    note = last_note(bot)
    assert (example.text, example.words) == (SAMPLE, "是X2型号")
    assert (example.followup_id, example.person_id) == (note.id, note.author_id)
    assert example.at == datetime.fromisoformat(NOW)


@pytest.mark.parametrize(
    ("said", "example"),
    [
        ("是X2型号", ("model", "", "X2型号")),
        ("不对，是下周四", ("due", "2月4日 周三", "下周四")),
        ("不对，是样品", ("deliverable", "样机", "样品")),
        ("不是样机，是展示柜", ("deliverable", "样机", "展示柜")),
        ("东西是展示柜", ("deliverable", "样机", "展示柜")),
        ("改成12万", ("amount", "", "120000")),
        ("不是承诺", ("promise", "样机", "")),
        ("另一日期", ("due", "2月4日 周三", "2月3日 周二")),
        ("撤回", ("note", "样机", "")),
        ("加上交期担忧", ("tag", "", "delivery_concern")),
    ],
)
async def test_what_is_put_right_in_words_is_kept(
    bot: Bot, said: str, example: tuple[str, str, str]
) -> None:
    await bot.says("sales", SAMPLE)
    with bot.db() as db:
        lead = db.get(Lead, last_note(bot).lead_id)
    assert lead is not None
    await bot.says("sales", said)
    kind, was, became = example
    if kind == "amount":
        was = str(lead.amount or "")
    assert told(bot) == [(kind, was, became)]


async def test_the_lead_that_was_meant_is_kept(bot: Bot) -> None:
    await bot.says("sales", "李主任嫌贵，想再压压价")
    await bot.presses("sales", "松江晴岚医院")
    assert told(bot) == [("customer", "", "松江晴岚医院")]


@pytest.mark.parametrize("first", [True, False], ids=["with the form", "after it"])
async def test_what_was_ticked_and_would_not_have_been_heard_is_kept(
    start: Start, first: bool
) -> None:
    bot = await start(("feishu", "wecom", "dingtalk"))
    await bot.says("sales", "+跟进 张总")
    words = "他家排产的事你懂的"
    ticked = {"tags": ("delivery_concern",)}
    await bot.presses("sales", "记下", ticked | ({"note": (words,)} if first else {}))
    if not first:
        await bot.says("sales", words)
    (example,) = kept(bot)
    assert (example.kind, example.became, example.text) == ("tag", "delivery_concern", words)


async def test_what_was_adopted_from_a_model_is_kept_with_its_words(start: Start) -> None:
    async with ModelServer() as server:
        bot = await start(("feishu", "wecom", "dingtalk"), model=server.settings())
        server.says({"tags": [{"tag": "delivery_concern", "quote": "你懂的"}]})
        await bot.says("sales", "张总嫌贵，样机那件事，他们2月6号开标，你懂的")
        assert kept(bot) == []
        await bot.presses("sales", "采纳建议")
    (example,) = kept(bot)
    assert (example.kind, example.became) == ("tag", "delivery_concern")
    assert example.words == "你懂的"


async def test_a_tag_is_taken_off_and_put_on_in_words(bot: Bot) -> None:
    await bot.says("sales", NOTE)
    await bot.says("sales", "不是价格疑虑")
    assert "价格疑虑" not in bot.cards("sales")[-1]
    with bot.db() as db:
        lead = db.get(Lead, last_note(bot).lead_id)
    assert lead is not None
    assert ("price_concern" in lead.tags) == ("price_concern" in last_note(bot).before["tags"])
    await bot.says("sales", "加上价格疑虑")
    assert "价格疑虑" in bot.cards("sales")[-1]
    assert told(bot) == [("tag", "price_concern", ""), ("tag", "", "price_concern")]


@pytest.mark.parametrize("said", ["去掉交期担忧", "加上价格疑虑"])
async def test_what_is_so_already_is_said_and_not_kept(bot: Bot, said: str) -> None:
    await bot.says("sales", NOTE)
    assert "没有可改的" in await bot.says("sales", said)
    assert kept(bot) == []


@pytest.mark.parametrize("said", ["不是价格的问题", "没有预算", "还有交期也担忧"])
async def test_a_note_that_begins_alike_is_a_note(bot: Bot, said: str) -> None:
    await bot.says("sales", NOTE)
    assert "没有可改的" not in await bot.says("sales", said)
    assert kept(bot) == []
