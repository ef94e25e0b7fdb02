"""Notes: whose they are, what becomes of them, and where every field came from."""

import re

import pytest
from sqlmodel import col, select

from storage.models import Fact, FollowUp, Inbox, Lead, Promise
from tests.conftest import Bot, Seating, Start

NOTE = "张总说价格高，对比了XX，样机下周三前寄出"
SALES_ON: list[Seating] = [
    ("wecom", "dingtalk", "feishu"),
    ("dingtalk", "wecom", "feishu"),
    ("feishu", "wecom", "dingtalk"),
]


def last_note(bot: Bot) -> FollowUp:
    with bot.db() as db:
        note = db.exec(select(FollowUp).order_by(col(FollowUp.id).desc())).first()
    assert note is not None
    return note


@pytest.mark.parametrize("seating", SALES_ON, ids="-".join)
async def test_F5_a_name_that_fits_two_leads_is_asked_for(start: Start, seating: Seating) -> None:
    bot = await start(seating)
    card = await bot.says("sales", "李主任嫌贵，想再压压价")
    assert "这条记到谁名下？" in card
    assert "松江晴岚医院" in card
    assert "嘉定泊宁医院" in card
    with bot.db() as db:
        lead = db.get(Lead, last_note(bot).lead_id or 0)
    assert lead is None


async def test_F5_the_answer_in_words_places_the_note(bot: Bot) -> None:
    card = await bot.says("sales", "李主任嫌贵，想再压压价")
    number = next(line for line in card.splitlines() if "松江晴岚" in line).partition("：")[0]
    await bot.says("sales", f"记到 {number}")
    assert "松江晴岚医院" in bot.cards("sales")[-1]
    assert "价格疑虑" in bot.cards("sales")[-1]
    assert bot.sent("sales") == 1


async def test_F5_a_new_name_opens_a_new_lead(bot: Bot) -> None:
    echo = await bot.says("sales", "滨江口腔的董院长嫌贵，说再比较比较")
    assert "新建线索" in echo
    assert "董院长（滨江口腔）" in echo


@pytest.mark.parametrize("chat", ["早", "收到", "今天堵车，晚到20分钟", "哈哈哈", "中午吃什么"])
async def test_chit_chat_gets_no_card(bot: Bot, chat: str) -> None:
    assert await bot.says("sales", chat) == ""


async def test_K14_undo_gives_the_lead_back_as_it_was(bot: Bot) -> None:
    await bot.says("sales", NOTE)
    with bot.db() as db:
        changed = db.get(Lead, last_note(bot).lead_id)
    await bot.says("sales", "撤回")
    with bot.db() as db:
        restored = db.get(Lead, changed.id if changed else 0)
    assert changed is not None
    assert restored is not None
    assert "price_concern" in changed.tags
    assert restored.tags == last_note(bot).before["tags"]
    assert "已撤回" in bot.cards("sales")[-1]


async def test_K14_the_day_is_corrected_before_and_after_confirming(start: Start) -> None:
    bot = await start(("feishu", "wecom", "dingtalk"))
    await bot.says("sales", NOTE)
    await bot.says("sales", "不对，是下周四")
    assert "2月5日 周四" in bot.cards("sales")[-1]
    await bot.says("sales", "确认")
    await bot.says("sales", "不对，是下周五")
    assert "2月6日 周五" in bot.cards("sales")[-1]
    assert "2月6日 周五" in bot.cards("delivery")[-1]
    assert (bot.sent("sales"), bot.sent("delivery")) == (1, 1)


async def test_F39_a_report_of_delivery_keeps_the_promise(start: Start) -> None:
    bot = await start()
    await bot.says("sales", NOTE)
    await bot.says("sales", "确认")
    await bot.presses("delivery", "接单")
    answer = await bot.says("delivery", "样机已发，顺丰SF1234567890")
    assert "是哪一条" in answer
    number = re.search(r"P\d+", next(x for x in answer.splitlines() if "华康" in x))
    assert number
    await bot.says("delivery", f"完成 {number.group()}")
    assert "已交付：样机" in bot.cards("sales")[-1]


async def test_F39_a_question_is_answered_and_makes_no_promise(bot: Bot) -> None:
    await bot.says("sales", NOTE)
    await bot.says("sales", "确认")
    answer = await bot.says("sales", "样机寄了没？")
    assert "等交付-小陈接单" in answer
    with bot.db() as db:
        promised = db.exec(select(Promise).where(Promise.followup_id == last_note(bot).id)).all()
    assert len(promised) == 1


async def test_F39_nobody_is_guessed_between_two_who_deliver(start: Start) -> None:
    bot = await start()
    await bot.says("sales", "张总那边安装下周三前完成")
    await bot.says("sales", "确认")
    assert "由谁交付" in bot.cards("sales")[-1]
    with bot.db() as db:
        promise = db.exec(select(Promise).order_by(col(Promise.id).desc())).first()
    assert promise is not None
    assert promise.owner_id is None
    await bot.says("sales", f"负责人 P{promise.id} 周工")
    with bot.db() as db:
        promise = db.get(Promise, promise.id)
    assert promise is not None
    assert promise.owner_id is not None


async def test_F32_F33_each_fact_has_a_snapshot_and_an_origin(bot: Bot) -> None:
    await bot.says("sales", NOTE)
    with bot.db() as db:
        facts = db.exec(select(Fact).order_by(col(Fact.id).desc()).limit(4)).all()
        caught = next(f for f in facts if f.type == "promise.caught")
        origin = db.get(Inbox, caught.inbox_id)
    assert origin is not None
    assert NOTE in origin.body
    assert caught.words in NOTE
    assert caught.snapshot["customer"]["name"] == "华康医疗"
    assert caught.snapshot["lead"]["stage"] == "proposal_sent"
    assert caught.snapshot["owner_load"]["leads"] > 0
    assert caught.snapshot["stock"] is None


async def test_F58_a_promise_tells_who_when_and_from_which_sentence(bot: Bot) -> None:
    await bot.says("sales", NOTE)
    await bot.says("sales", "确认")
    await bot.presses("delivery", "来历")
    answer = bot.cards("delivery")[-1]
    assert "1月28日 周三 10:20" in answer
    assert "小李：识别到承诺" in answer
    assert NOTE in answer
    assert "谁能看到：小李、交付-小陈、王经理" in answer


async def test_today_lists_contacts_and_what_they_owe_us(bot: Bot) -> None:
    card = await bot.says("sales", "今日")
    assert "联系 3" in card
    assert "他们欠你 1" in card


async def test_help_answers_on_every_word_for_it(bot: Bot) -> None:
    assert "直接说事" in await bot.says("sales", "帮助")
    assert "在的" in await bot.says("sales", "在吗")
