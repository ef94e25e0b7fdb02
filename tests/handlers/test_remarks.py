"""K15: what the two sides of a promise tell each other goes from IM to IM."""

import pytest
from sqlmodel import select

from bot.playground.press import text_of
from handlers.remarks import LONGEST
from storage.models import Fact, FollowUp, Promise, PromiseState
from tests.conftest import Bot, Seating, Start
from tests.handlers.elsewhere import Elsewhere

NOTE = "张总说价格高，样机下周三前寄出"
SEATED: list[Seating] = [
    ("wecom", "dingtalk", "feishu"),
    ("dingtalk", "feishu", "wecom"),
    ("feishu", "wecom", "dingtalk"),
    ("feishu", "wecom", "feishu"),
    ("dingtalk", "wecom", "dingtalk"),
]
QUOTING = [seats for seats in SEATED if "wecom" not in (seats[0], seats[2])]
"""WeCom's app conversations know no quoting."""


async def asked(start: Start, seating: Seating) -> tuple[Bot, str]:
    """A promise that delivery was asked about, and its number."""
    bot = await start(seating)
    await bot.says("sales", NOTE)
    await bot.presses("sales", "确认")
    with bot.db() as db:
        promise = db.exec(select(Promise).order_by(Promise.id.desc())).first()  # type: ignore[union-attr]
        assert promise is not None
        return bot, promise.code


def last(bot: Bot, role: str, told: str = "") -> str:
    """The id of the last message of the bot that says so."""
    shown = [m for m in bot.ground.shown_to(role) if m.sender == "bot" and told in text_of(m)]
    return shown[-1].id


def remarks(bot: Bot) -> list[str]:
    with bot.db() as db:
        return [f.words for f in db.exec(select(Fact).where(Fact.type == "promise.said"))]


def notes(bot: Bot) -> int:
    with bot.db() as db:
        return len(db.exec(select(FollowUp)).all())


def state(bot: Bot, code: str) -> PromiseState:
    with bot.db() as db:
        return db.get_one(Promise, int(code[1:])).state


@pytest.mark.parametrize("seating", SEATED, ids="-".join)
async def test_K15_a_remark_goes_to_the_other_side_and_back_and_stands_in_the_history(
    start: Start, seating: Seating
) -> None:
    bot, code = await asked(start, seating)
    before = bot.sent("delivery")
    answer = await bot.says("sales", f"留言 {code} 客户在催，周三能不能先发一台")
    assert f"已转给交付-小陈（{code}）" in answer
    line = bot.cards("delivery")[-1]
    assert line.startswith(f"小李 说 {code}")
    assert "客户在催，周三能不能先发一台" in line
    assert bot.sent("delivery") == before + 1, "one line, nothing else"

    before = bot.sent("sales")
    assert "接单" in await bot.says("delivery", f"{code} 留言：先发一台可以")
    assert "交付-小陈 说" in bot.cards("sales")[-1]
    assert bot.sent("sales") == before + 1, "no loop"
    assert remarks(bot) == ["客户在催，周三能不能先发一台", "先发一台可以"]
    history = await bot.says("sales", f"来历 {code}")
    assert "小李：留言：“客户在催" in history
    assert "小陈：留言：“先发一台可以”" in history


@pytest.mark.parametrize("seating", QUOTING, ids="-".join)
async def test_K15_answering_card_and_line_says_it_to_the_other_side(
    start: Start, seating: Seating
) -> None:
    bot, code = await asked(start, seating)
    await bot.says("delivery", "型号是X2还是X3", to=last(bot, "delivery", "请接单"))
    assert "型号是X2还是X3" in bot.cards("sales")[-1]
    before = notes(bot)
    await bot.says("sales", "张总要 X3，下周三前一定要到", to=last(bot, "sales", "型号是X2"))
    assert "张总要 X3，下周三前一定要到" in bot.cards("delivery")[-1]
    assert notes(bot) == before, "an answer to a task's card is no note"
    await bot.says("delivery", "好的", to=last(bot, "delivery", "张总要 X3"))
    assert "好的" in bot.cards("sales")[-1]
    assert state(bot, code) == PromiseState.PENDING
    assert len(remarks(bot)) == 3


@pytest.mark.parametrize("seating", QUOTING, ids="-".join)
async def test_K15_a_command_or_a_correction_in_answer_stays_one(
    start: Start, seating: Seating
) -> None:
    bot, code = await asked(start, seating)
    await bot.says("delivery", "接单", to=last(bot, "delivery", "请接单"))
    assert state(bot, code) == PromiseState.ACCEPTED
    await bot.says("sales", "是X2型号", to=last(bot, "sales", "已接单"))
    assert "X2" in bot.cards("delivery")[-1]
    await bot.says("delivery", "样机已寄出", to=last(bot, "delivery", code))
    assert state(bot, code) == PromiseState.DONE
    assert remarks(bot) == []


@pytest.mark.parametrize("seating", QUOTING, ids="-".join)
async def test_K15_a_note_stays_a_note(start: Start, seating: Seating) -> None:
    bot, _ = await asked(start, seating)
    before = notes(bot)
    await bot.says("sales", "张总说预算还没批", to=last(bot, "sales", "张总"))
    await bot.says("sales", "张总说价格还是高")
    assert notes(bot) == before + 2
    assert remarks(bot) == []


@pytest.mark.parametrize("seating", QUOTING, ids="-".join)
async def test_K15_what_was_said_stands_on_the_task_card(start: Start, seating: Seating) -> None:
    bot, code = await asked(start, seating)
    await bot.says("sales", f"留言{code}：先发一台")
    await bot.says("delivery", "接单")
    assert "小李：先发一台" in "\n".join(bot.cards("delivery"))


async def test_K15_strangers_to_a_promise_cannot_remark_on_it(start: Start) -> None:
    bot, code = await asked(start, SEATED[0])
    before = bot.sent("sales"), bot.sent("delivery")
    assert "没有转" in await bot.says("manager", f"留言 {code} 快点")
    assert "没找到这条承诺" in await bot.says("manager", "留言 P99999 快点")
    assert (bot.sent("sales"), bot.sent("delivery")) == before
    assert remarks(bot) == []


async def test_K15_what_cannot_be_passed_on_is_told_with_its_reason(start: Start) -> None:
    bot, code = await asked(start, SEATED[0])
    assert f"最多 {LONGEST} 个字" in await bot.says("sales", f"留言 {code} {'长' * (LONGEST + 1)}")
    assert "说什么" in await bot.says("sales", f"留言 {code}")
    await bot.says("delivery", "解绑 飞书 确认")
    assert "还没绑定任何IM" in await bot.says("sales", f"留言 {code} 在吗")
    await bot.says("sales", f"取消 {code}")
    assert "已取消" in await bot.says("sales", f"留言 {code} 在吗")
    assert remarks(bot) == []


async def test_K15_a_remark_goes_where_the_other_side_wants_its_cards(start: Start) -> None:
    bot, code = await asked(start, SEATED[0])
    second = Elsewhere(bot, "dingtalk", role="delivery")
    await second.bind()
    await second.says("以后发到钉钉")
    await bot.says("sales", f"留言 {code} 先发一台")
    assert "先发一台" in second.cards()[-1]
    await second.says("可以", to=second.shown()[-1].id)
    assert "交付-小陈 说" in bot.cards("sales")[-1]


async def test_K15_before_delivery_was_asked_there_is_no_other_side(start: Start) -> None:
    bot = await start(SEATED[3])
    await bot.says("sales", NOTE)
    with bot.db() as db:
        code = db.exec(select(Promise.id).order_by(Promise.id.desc())).first()  # type: ignore[union-attr]
    assert "只在你这边" in await bot.says("sales", f"留言 P{code} 在吗")
