"""发给客户 (F41): nothing leaves unconfirmed, once for the same words, and what became of it."""

from datetime import timedelta

import pytest
from sqlmodel import col, select

from bot.playground.wecom.letters import MassSend
from bot.playground.world import ExternalContact
from storage.models import Fact, Letter, LetterState
from tests.conftest import MEMBERS, Bot, Start
from tests.handlers.test_files import becomes_admin
from tests.handlers.test_promises import newest

LI = ExternalContact("wmLiAbC", "李女士", "青禾科技")
REP = MEMBERS["sales", "wecom"]
ADD, CANCEL, RESULT = (
    f"externalcontact/{name}"
    for name in ("add_msg_template", "cancel_groupmsg_send", "get_groupmsg_send_result")
)


@pytest.fixture
async def bot(start: Start) -> Bot:
    """With a customer of the salesperson's, and delivery's earliest day accepted."""
    bot = await start()
    await bot.ground.wecom.add_contact(REP, LI)
    await bot.loops.settle()
    await bot.says("sales", "李女士说价格高，样机下周三前寄出")
    await bot.presses("sales", "确认")
    await bot.presses("delivery", "最早这天", {"day": ("2026-02-05",)})
    await bot.presses("sales", "接受")
    return bot


def tasks(bot: Bot) -> list[MassSend]:
    return list(bot.ground.wecom.customers.letters.tasks.values())


def heard(bot: Bot) -> list[str]:
    """What the customer got."""
    shown = bot.ground.world.chat("wecom", LI.id)
    return [str(one.payload["content"]) for one in shown if "预计" in str(one.payload)]


def letters(bot: Bot) -> list[Letter]:
    with bot.db() as db:
        return list(db.exec(select(Letter).order_by(col(Letter.id))).all())


def facts(bot: Bot) -> list[str]:
    with bot.db() as db:
        query = select(Fact.type).where(col(Fact.type).startswith("letter."))
        return list(db.exec(query.order_by(col(Fact.id))).all())


async def later(bot: Bot, **time: int) -> None:
    await bot.at(bot.clock() + timedelta(**time))


async def confirms(bot: Bot, task: MassSend) -> None:
    await bot.ground.wecom.click(REP, task.id, {"key": "confirm"})


async def test_F41_nothing_leaves_before_the_rep_confirms_on_the_phone(bot: Bot) -> None:
    await bot.presses("sales", "发给客户")
    (task,) = tasks(bot)
    assert (task.sender, list(task.status)) == (REP, [LI.id])
    assert "2月5日寄出" in task.text
    assert heard(bot) == []
    assert "在手机上确认" in bot.cards("sales")[-1]

    await confirms(bot, task)
    assert heard(bot) == [task.text]
    await later(bot, minutes=2)
    assert "已发给客户 10:20" in "\n".join(bot.cards("sales"))
    assert facts(bot) == ["letter.asked", "letter.sent"]
    assert bot.ground.wecom.gate.calls[RESULT] == 1


async def test_F41_a_second_press_makes_no_second_task(bot: Bot) -> None:
    await bot.presses("sales", "发给客户")
    code = newest(bot).code
    assert "不用再点一次" in await bot.says("sales", f"发给客户 {code}")
    await confirms(bot, tasks(bot)[0])
    await later(bot, minutes=2)
    assert "已发给客户" in await bot.says("sales", f"发给客户 {code}")
    assert len(tasks(bot)) == 1


async def test_F41_an_answer_that_is_lost_makes_no_second_task(bot: Bot) -> None:
    bot.ground.wecom.fail("lost", path=ADD)
    await bot.presses("sales", "发给客户")
    await later(bot, seconds=3)
    (task,) = tasks(bot)
    (letter,) = letters(bot)
    assert (letter.state, letter.task) == (LetterState.WAITING, task.id)


async def test_F41_who_does_not_confirm_is_told_and_in_the_end_nobody_looks(bot: Bot) -> None:
    await bot.presses("sales", "发给客户")
    await later(bot, minutes=20)
    assert "还没在手机上确认" in "\n".join(bot.cards("sales"))
    await later(bot, days=5)
    calls = bot.ground.wecom.gate.calls
    assert calls[RESULT] == 12
    await later(bot, days=5)
    assert calls[RESULT] == 12
    assert letters(bot)[0].state == LetterState.UNCONFIRMED
    assert facts(bot) == ["letter.asked", "letter.unconfirmed"]


async def test_F41_a_month_that_is_used_up_leaves_the_words_to_copy(bot: Bot) -> None:
    sends = bot.ground.wecom.customers.letters
    sends.received[LI.id] = [bot.clock()] * 31
    await bot.presses("sales", "发给客户")
    await confirms(bot, tasks(bot)[0])
    await later(bot, minutes=2)
    card = bot.cards("sales")[-1]
    assert "本月次数用完，请复制发送" in card
    assert "2月5日寄出" in card
    assert heard(bot) == []


async def test_F41_another_day_withdraws_what_was_not_confirmed(bot: Bot) -> None:
    await bot.presses("sales", "发给客户")
    (old,) = tasks(bot)
    await bot.says("sales", f"{newest(bot).code} 改到2月6号")
    assert old.stopped
    assert "别点发送" in "\n".join(bot.cards("sales"))
    assert letters(bot)[0].state == LetterState.STOPPED
    with pytest.raises(ValueError, match="停"):
        await confirms(bot, old)
    await bot.presses("sales", "发给客户")
    assert "2月6日寄出" in tasks(bot)[-1].text
    assert "letter.stopped" in facts(bot)


async def test_F41_what_was_confirmed_in_time_is_not_said_to_be_withdrawn(bot: Bot) -> None:
    await bot.presses("sales", "发给客户")
    (old,) = tasks(bot)
    await confirms(bot, old)
    await bot.says("sales", f"{newest(bot).code} 改到2月6号")
    assert "旧说法客户 10:20 已经收到" in "\n".join(bot.cards("sales"))
    assert letters(bot)[0].state == LetterState.SENT


async def test_F41_a_withdrawal_that_fails_is_told(bot: Bot) -> None:
    await bot.presses("sales", "发给客户")
    bot.ground.wecom.fail(40058, path=CANCEL)
    await bot.says("sales", f"取消 {newest(bot).code}")
    assert "没能撤下" in "\n".join(bot.cards("sales"))


async def test_F41_without_the_right_the_words_stay_to_be_copied(bot: Bot) -> None:
    await becomes_admin(bot, "manager")
    bot.ground.wecom.gate.forbidden.add(ADD)
    await bot.presses("sales", "发给客户")
    card = bot.cards("sales")[-1]
    assert "请复制发送" in card
    assert "2月5日寄出" in card
    (told,) = [text for text in bot.cards("manager") if "发给客户" in text]
    assert "可调用接口的应用" in told
    bot.ground.wecom.gate.forbidden.clear()
    await bot.says("sales", f"发给客户 {newest(bot).code}")
    assert len(tasks(bot)) == 1


async def test_F41_who_is_no_contact_any_more_gets_nothing(bot: Bot) -> None:
    bot.ground.wecom.contacts.part(REP, LI.id)
    await bot.presses("sales", "发给客户")
    assert tasks(bot) == []
    assert "请复制发送" in bot.cards("sales")[-1]


async def test_F41_a_platform_that_is_slow_is_said_to_be_slow(bot: Bot) -> None:
    bot.ground.wecom.fail(-1, times=3, path=ADD)
    await bot.presses("sales", "发给客户")
    await later(bot, seconds=6)
    assert "正在交给企业微信" in "\n".join(bot.cards("sales"))
    await later(bot, minutes=1)
    assert len(tasks(bot)) == 1


async def test_F41_elsewhere_there_are_words_to_copy_and_no_button(start: Start) -> None:
    bot = await start()
    await bot.says("sales", "张总说价格高，样机下周三前寄出")
    await bot.presses("sales", "确认")
    await bot.presses("delivery", "接单")
    assert "发给客户" in bot.cards("sales")[-1]
    answer = await bot.says("sales", f"发给客户 {newest(bot).code}")
    assert "不是你的企业微信好友" in answer
    assert tasks(bot) == []
