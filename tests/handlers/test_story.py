"""The day of the product's story, on each sensible seating of people on platforms."""

from datetime import date

import pytest
from sqlmodel import col, select

from bot.playground.press import text_of
from storage.models import Fact, Promise, PromiseState
from tests.conftest import Bot, Seating, Start

NOTE = "张总说价格高，对比了XX，样机下周三前寄出"
SEATINGS: list[Seating] = [
    ("wecom", "dingtalk", "feishu"),
    ("wecom", "feishu", "dingtalk"),
    ("dingtalk", "wecom", "feishu"),
    ("dingtalk", "feishu", "wecom"),
    ("feishu", "wecom", "dingtalk"),
    ("feishu", "dingtalk", "wecom"),
]


@pytest.mark.parametrize("feishu_long", [False, True], ids=["http", "long"])
@pytest.mark.parametrize("seating", SEATINGS, ids="-".join)
async def test_F39_F40_F45_the_story_runs_end_to_end(
    start: Start, seating: Seating, feishu_long: bool
) -> None:
    await live_the_day(await start(seating, feishu_long=feishu_long), seating)


@pytest.mark.parametrize("seating", [s for s in SEATINGS if s[1] != "dingtalk"], ids="-".join)
async def test_F56_the_story_runs_with_dingtalk_over_http(start: Start, seating: Seating) -> None:
    bot = await start(seating, dingtalk_http=True)
    await live_the_day(bot, seating)
    assert bot.ground.dingtalk.gateway.lines == []
    assert {posted.status for posted in bot.ground.dingtalk.courier.posted} == {200}


@pytest.mark.parametrize("seating", [s for s in SEATINGS if s[1] != "wecom"], ids="-".join)
async def test_K13_the_story_runs_on_wecoms_robot_without_a_public_address(
    start: Start, seating: Seating
) -> None:
    bot = await start(seating, feishu_long=True, wecom_robot="long")
    await live_the_day(bot, seating)
    assert list(bot.ground.wecom.robot.gateway.complaints) == []


async def live_the_day(bot: Bot, seating: Seating) -> None:
    echo = await bot.says("sales", NOTE)
    assert "张总" in echo
    assert "价格疑虑" in echo
    assert "竞品对比" in echo
    assert "样机" in echo
    assert "2月3日 周二" in echo
    assert "2月4日 周三" in echo
    assert "交付-小陈" in echo
    assert "下周三前" in echo
    assert bot.cards("delivery") == []

    await bot.presses("sales", "确认")
    (task,) = bot.cards("delivery")
    assert "样机" in task
    assert "2月3日 周二" in task

    await bot.until("2026-01-28 10:21")
    await bot.presses("delivery", "最早这天", {"day": ("2026-02-05",)})
    question = bot.cards("sales")[-1]
    assert "2月5日 周四" in question
    assert "接受并通知客户" in question

    await bot.until("2026-01-28 10:22")
    await bot.presses("sales", "接受")
    assert "您要的样机预计2月5日寄出" in "\n".join(bot.cards("sales"))
    with bot.db() as db:
        promise = db.exec(select(Promise).order_by(col(Promise.id).desc())).first()
        assert promise is not None
        assert (promise.state, promise.latest) == (PromiseState.ACCEPTED, date(2026, 2, 5))

    sent_before = bot.sent("sales"), bot.sent("delivery")
    await bot.until("2026-01-28 14:00")
    await bot.says("sales", "不对，是X2型号")
    assert "X2" in "\n".join(bot.cards("sales"))
    newest = bot.cards("delivery")[-1]
    assert "X2型号样机" in newest.replace("*", "").replace("~", "")
    edited_in_place = "wecom" not in (seating[0], seating[2])
    if edited_in_place:
        assert (bot.sent("sales"), bot.sent("delivery")) == sent_before

    await bot.until("2026-02-06 12:00")
    assert "已超 12 小时" in bot.cards("sales")[-1]
    assert "已超 12 小时" in bot.cards("delivery")[-1]
    late = bot.sent("sales")
    await bot.until("2026-02-08 12:00")
    assert sum("已超 12 小时" in card for card in bot.cards("sales")) == 1
    assert bot.sent("sales") >= late

    await bot.presses("delivery", "已完成")
    assert "已交付" in bot.cards("sales")[-1]
    with bot.db() as db:
        kinds = [fact.type for fact in db.exec(select(Fact).where(Fact.promise_id == promise.id))]
    assert kinds == [
        "promise.caught",
        "promise.asked",
        "promise.countered",
        "promise.agreed",
        "promise.changed",
        "promise.late",
        "promise.done",
    ]


async def test_F39_the_other_reading_of_the_date_is_one_tap_away(start: Start) -> None:
    bot = await start()
    await bot.says("sales", NOTE)
    card = await bot.presses("sales", "最晚2月3日")
    assert "最晚2月3日 周二" in text_of(card)
    await bot.presses("sales", "最晚2月4日")
    assert "最晚2月4日 周三" in text_of(card)
    assert bot.sent("sales") == 1


async def test_F39_not_a_promise_takes_it_off_the_card(start: Start) -> None:
    bot = await start()
    await bot.says("sales", NOTE)
    card = await bot.presses("sales", "不是承诺")
    assert "样机" not in text_of(card).replace(NOTE, "")
    await bot.presses("sales", "确认")
    assert bot.cards("delivery") == []


async def test_K14_undo_reaches_the_other_im(start: Start) -> None:
    bot = await start(("feishu", "wecom", "dingtalk"))
    await bot.says("sales", NOTE)
    await bot.presses("sales", "确认")
    await bot.says("sales", "撤回")
    assert "已撤回" in bot.cards("sales")[-1]
    assert "已取消" in bot.cards("delivery")[-1]
    assert (bot.sent("sales"), bot.sent("delivery")) == (1, 1)


async def test_F40_typed_words_do_what_buttons_do(start: Start) -> None:
    bot = await start()
    await bot.says("sales", NOTE)
    await bot.says("sales", "确认")
    answer = await bot.says("delivery", "最早2月5号")
    assert answer == ""
    await bot.says("sales", "接受")
    with bot.db() as db:
        promise = db.exec(select(Promise).order_by(col(Promise.id).desc())).first()
    assert promise is not None
    assert (promise.state, promise.latest) == (PromiseState.ACCEPTED, date(2026, 2, 5))
