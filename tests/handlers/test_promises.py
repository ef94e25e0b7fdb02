"""What becomes of promises when people change their minds, answer early or take things back."""

from datetime import date

from sqlmodel import col, select

from storage.models import Promise, PromiseState, Timer
from tests.conftest import Bot, Start

NOTE = "张总说价格高，对比了XX，样机下周三前寄出"
FEISHU_SALES = ("feishu", "wecom", "dingtalk")


def newest(bot: Bot) -> Promise:
    with bot.db() as db:
        promise = db.exec(select(Promise).order_by(col(Promise.id).desc())).first()
    assert promise is not None
    return promise


def clocks(bot: Bot, promise: Promise) -> set[str]:
    with bot.db() as db:
        found = db.exec(select(Timer).where(Timer.subject == promise.id)).all()
    return {timer.name for timer in found if timer.name.startswith("promise.")}


async def asked(start: Start) -> Bot:
    bot = await start(FEISHU_SALES)
    await bot.says("sales", NOTE)
    await bot.says("sales", "确认")
    return bot


async def test_F40_an_earliest_day_inside_the_window_is_an_acceptance(start: Start) -> None:
    bot = await asked(start)
    await bot.says("delivery", f"最早 {newest(bot).code} 2月3号")
    promise = newest(bot)
    assert promise.state == PromiseState.ACCEPTED
    assert (promise.plan, promise.latest) == (date(2026, 2, 3), date(2026, 2, 4))
    assert "已接单" in bot.cards("sales")[-1]


async def test_F40_a_sooner_day_is_asked_anew_with_its_own_clock(start: Start) -> None:
    bot = await asked(start)
    await bot.presses("delivery", "接单")
    await bot.says("sales", "不对，是下周一")
    promise = newest(bot)
    assert promise.state == PromiseState.PENDING
    assert "promise.unanswered" in clocks(bot, promise)
    assert "请接单" in bot.cards("delivery")[-1]
    assert "可以发给客户" not in "".join(bot.cards("sales"))


async def test_F40_another_model_leaves_the_question_open(start: Start) -> None:
    bot = await asked(start)
    await bot.says("delivery", f"最早 {newest(bot).code} 2月9号")
    await bot.says("sales", "不对，是X2型号")
    assert newest(bot).state == PromiseState.COUNTERED
    await bot.presses("sales", "接受")
    assert newest(bot).latest == date(2026, 2, 9)


async def test_F39_the_reps_own_promise_stays_accepted_on_another_day(start: Start) -> None:
    bot = await start(FEISHU_SALES)
    await bot.says("sales", "答应张总下周三给报价单")
    await bot.says("sales", "确认")
    await bot.says("sales", "不对，是下周一")
    promise = newest(bot)
    assert (promise.state, promise.latest) == (PromiseState.ACCEPTED, date(2026, 2, 2))


async def test_F39_what_they_owe_us_is_awaited_on_the_corrected_day(start: Start) -> None:
    bot = await start(FEISHU_SALES)
    await bot.says("sales", "张总答应下周三回传合同")
    await bot.says("sales", "确认")
    await bot.says("sales", "不对，是下周一")
    assert newest(bot).state == PromiseState.ACCEPTED
    await bot.until("2026-02-02 09:00")
    assert "今天该给：合同" in "".join(bot.cards("sales"))


async def test_F39_the_rep_may_take_it_on(start: Start) -> None:
    bot = await start(FEISHU_SALES)
    await bot.says("sales", "张总那边安装下周三前完成")
    await bot.says("sales", "确认")
    await bot.says("sales", f"负责人 {newest(bot).code} 小李")
    assert newest(bot).state == PromiseState.ACCEPTED


async def test_F39_an_unknown_owner_is_asked_for_again(start: Start) -> None:
    bot = await start(FEISHU_SALES)
    await bot.says("sales", "张总那边安装下周三前完成")
    await bot.says("sales", "确认")
    answer = await bot.says("sales", f"负责人 {newest(bot).code} 无此人")
    assert "没找到" in answer
    assert newest(bot).state == PromiseState.DRAFT


async def test_K14_a_promise_named_by_its_number_changes_on_its_own_card(start: Start) -> None:
    bot = await start(FEISHU_SALES)
    await bot.says("sales", NOTE)
    code = newest(bot).code
    await bot.says("sales", "周院长觉得价格高")
    await bot.says("sales", f"{code} 改到下周五")
    changed = [card for card in bot.cards("sales") if "2月6日 周五" in card]
    assert len(changed) == 1
    assert NOTE in changed[0]


async def test_K14_a_promise_taken_back_leaves_no_words_for_the_customer(start: Start) -> None:
    bot = await asked(start)
    await bot.presses("delivery", "接单")
    await bot.says("sales", "撤回")
    assert "可以发给客户" not in "".join(bot.cards("sales"))


async def test_K14_undo_winds_the_clock_of_silence_back(start: Start) -> None:
    bot = await start(FEISHU_SALES)
    await bot.says("sales", "张总说下个月28号再联系")
    with bot.db() as db:
        query = select(Timer).where(Timer.name == "lead.silent").order_by(col(Timer.id).desc())
        paused = db.exec(query).first()
    await bot.says("sales", "撤回")
    with bot.db() as db:
        timer = db.exec(query).first()
    assert paused is not None
    assert timer is not None
    assert timer.due < paused.due


async def test_F41_what_is_not_sent_is_not_said_to_be_sent(start: Start) -> None:
    bot = await start(FEISHU_SALES)
    await bot.says("sales", "张总那边安装下周三前完成")
    await bot.says("sales", "确认")
    await bot.says("sales", f"负责人 {newest(bot).code} 小陈")
    await bot.presses("delivery", "接单")
    words = bot.cards("sales")[-1]
    assert "可以发给客户" in words
    assert "寄出" not in words
