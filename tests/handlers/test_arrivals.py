"""First words, menus, second thoughts, and things that are no words."""

import asyncio

import pytest
from sqlmodel import col, select

from bot.playground.feishu.gate import PERSON_SCOPE
from bot.playground.press import text_of
from bot.playground.world import Member
from storage import jobs
from storage.models import FollowUp, PromiseState
from storage.models import Promise as PromiseRow
from tests.conftest import MEMBERS, Bot, Start

SEATING = ("feishu", "wecom", "dingtalk")
NOTE = "张总说价格高，样机下周三前寄出"
REP, GUEST, GROUP = MEMBERS["sales", "feishu"], "ou_guest", "oc_east"


@pytest.fixture
async def feishu(start: Start) -> Bot:
    bot = await start(SEATING)
    bot.ground.world.join("feishu", Member(GUEST, "王五"))
    return bot


def told(bot: Bot, chat: str) -> list[str]:
    shown = bot.ground.world.chat("feishu", chat)
    return [text_of(message) for message in shown if message.sender == "bot"]


def note(bot: Bot) -> FollowUp:
    with bot.db() as db:
        found = db.exec(select(FollowUp).order_by(col(FollowUp.id).desc())).first()
    assert found is not None
    return found


# First words -----------------------------------------------------------------------------


async def test_F57_a_colleague_is_greeted_once(feishu: Bot) -> None:
    for _ in range(3):
        await feishu.ground.feishu.enter(REP)
        await feishu.loops.settle()
    (greeting,) = told(feishu, REP)
    assert "小李，我是一诺" in greeting
    assert "帮助" in greeting


async def test_F57_a_stranger_is_told_how_to_begin(feishu: Bot) -> None:
    await feishu.ground.feishu.enter(GUEST)
    await feishu.loops.settle()
    await feishu.ground.feishu.say(GUEST, "在吗")
    await feishu.loops.settle()
    (only,) = told(feishu, GUEST)
    assert "还不认识" in only


async def test_F57_a_group_hears_what_the_bot_does_and_how_to_call_it(feishu: Bot) -> None:
    await feishu.ground.feishu.invite(GROUP, REP)
    await feishu.loops.settle()
    (greeting,) = told(feishu, GROUP)
    assert "@我" in greeting
    assert "不看也不存" in greeting


async def test_nothing_is_said_of_us_before_customers(feishu: Bot) -> None:
    await feishu.ground.feishu.invite(GROUP, REP, external=True)
    await feishu.loops.settle()
    assert told(feishu, GROUP) == []


async def test_F57_a_menu_item_is_a_typed_word(feishu: Bot) -> None:
    await feishu.ground.feishu.press_menu(REP, "today")
    await feishu.loops.settle()
    assert "今日" in told(feishu, REP)[-1]


# Second thoughts -------------------------------------------------------------------------


async def test_K14_what_is_recalled_before_it_is_confirmed_is_undone(feishu: Bot) -> None:
    await feishu.says("sales", NOTE)
    said = next(m for m in feishu.ground.shown_to("sales") if m.sender == REP)
    await feishu.ground.feishu.take_back(said.id)
    await feishu.loops.settle()
    assert note(feishu).state == "undone"
    (card,) = feishu.cards("sales")
    assert "已撤回" in card


async def test_K14_what_others_act_upon_already_is_asked_about(feishu: Bot) -> None:
    await feishu.says("sales", NOTE)
    await feishu.presses("sales", "确认")
    said = next(m for m in feishu.ground.shown_to("sales") if m.sender == REP)
    await feishu.ground.feishu.take_back(said.id)
    await feishu.loops.settle()
    assert note(feishu).state == "confirmed"
    question = feishu.cards("sales")[-1]
    assert "一起撤回" in question
    assert "样机" not in question, "its words were taken back"

    await feishu.presses("sales", "一起撤回")
    assert note(feishu).state == "undone"
    assert feishu.cards("sales")[-1].strip() == "已撤回。"
    with feishu.db() as db:
        promise = db.exec(select(PromiseRow).order_by(col(PromiseRow.id).desc())).first()
    assert promise is not None
    assert promise.state == PromiseState.CANCELLED


async def test_K14_a_voice_message_recalled_while_it_is_listened_to_is_not_heard(
    feishu: Bot,
) -> None:
    await feishu.program.runtime.jobs.stop()
    server = feishu.ground.feishu
    said = await server.say(REP, NOTE, content="voice")
    with feishu.db() as db:
        while not jobs.next_due(db):
            await asyncio.sleep(0.001)
            db.rollback()
    await server.take_back(said.id)
    with feishu.db() as db:
        while jobs.next_due(db):
            await asyncio.sleep(0.001)
            db.rollback()


async def test_recalling_what_is_no_note_changes_nothing(feishu: Bot) -> None:
    await feishu.says("sales", "今日")
    said = next(m for m in feishu.ground.shown_to("sales") if m.sender == REP)
    before = feishu.cards("sales")
    await feishu.ground.feishu.take_back(said.id)
    await feishu.loops.settle()
    assert feishu.cards("sales") == before


# No words --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "content", "answer"),
    [
        ("location", {"name": "世纪大道 8 号"}, "位置：世纪大道 8 号"),
        ("merge_forward", {"content": "Merged"}, "合并转发的聊天记录"),
        ("hologram", {}, "这种消息"),
        ("share_user", {"user_id": GUEST}, "收到王五的名片"),
        ("share_user", {"user_id": REP}, "这是同事小李"),
        ("share_user", {}, "我看不到"),
    ],
)
async def test_F57_what_is_no_words_is_named(
    feishu: Bot, kind: str, content: dict[str, str], answer: str
) -> None:
    await feishu.ground.feishu.share(REP, kind, content)
    await feishu.loops.settle()
    assert answer in told(feishu, REP)[-1]


async def test_without_the_permission_a_name_card_is_asked_about(feishu: Bot) -> None:
    feishu.ground.feishu.gate.scopes.remove(PERSON_SCOPE)
    await feishu.ground.feishu.share(REP, "share_user", {"user_id": GUEST})
    await feishu.loops.settle()
    assert "我看不到" in told(feishu, REP)[-1]


async def test_a_sticker_needs_no_answer(feishu: Bot) -> None:
    await feishu.ground.feishu.share(REP, "sticker", {"file_key": "f"})
    await feishu.loops.settle()
    assert told(feishu, REP) == []
