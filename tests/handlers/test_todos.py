"""Accepted promises as DingTalk's todos: written where that is wanted, ticked off on our page."""

from datetime import timedelta

import aiohttp
import pytest

from bot.playground.dingtalk.todos import TODO_SCOPE, Todo
from bot.playground.page import Platform
from storage.models import PromiseState
from tests.conftest import MEMBERS, Bot, Seating, Start
from tests.handlers.test_files import becomes_admin
from tests.handlers.test_promises import NOTE, newest
from tests.handlers.test_tasks import by_whom, facts, later

DING: Platform = "dingtalk"
SEATS: Seating = ("wecom", "feishu", DING)
CHEN, WANG = MEMBERS["delivery", DING], "chen0002"


@pytest.fixture
async def bot(start: Start) -> Bot:
    """With a promise that delivery, in DingTalk, was asked for."""
    bot = await start(SEATS, todos=True)
    await bot.says("sales", NOTE)
    await bot.says("sales", "确认")
    return bot


async def accepted(bot: Bot) -> Todo:
    await bot.presses("delivery", "接单")
    await later(bot)
    (todo,) = listed(bot)
    return todo


def listed(bot: Bot) -> list[Todo]:
    return bot.ground.dingtalk.todos.of(CHEN)


def paid(bot: Bot) -> int:
    called = bot.ground.dingtalk.door.called
    return sum(count for path, count in called.items() if "/todo/" in path)


async def test_F40_dingtalk_has_no_todos_unless_they_are_wanted(start: Start) -> None:
    bot = await start(SEATS)
    await bot.says("sales", NOTE)
    await bot.says("sales", "确认")
    await bot.presses("delivery", "接单")
    await later(bot)
    assert paid(bot) == 0


async def test_F40_what_delivery_accepts_is_its_todo(bot: Bot) -> None:
    todo = await accepted(bot)
    assert "样机" in todo.subject
    assert todo.due == 1770199200000
    assert todo.link.startswith(f"{bot.program.origin}/todo/dingtalk/")


async def test_F40_a_todo_follows_its_promise(bot: Bot) -> None:
    todo = await accepted(bot)
    await bot.says("sales", "不对，是下周五")
    await later(bot)
    assert todo.due == 1770372000000
    await bot.presses("delivery", "已交付")
    await later(bot)
    assert todo.done
    assert paid(bot) == 3


async def test_F40_cancelled_here_is_gone_there(bot: Bot) -> None:
    await accepted(bot)
    await bot.says("sales", f"取消 {newest(bot).code}")
    await later(bot)
    assert listed(bot) == []


async def test_F56_ticked_off_on_the_page_is_done_here_and_there(bot: Bot) -> None:
    todo = await accepted(bot)
    page = await bot.ground.dingtalk.todos.tick(CHEN, "样机")
    await bot.loops.settle()
    assert "记下了" in page
    assert newest(bot).state == PromiseState.DONE
    (done,) = facts(bot, "promise.done")
    assert by_whom(bot, done) == "小陈"
    assert any("标记完成，可以告诉客户了" in card for card in bot.cards("sales"))
    await later(bot)
    assert todo.done
    assert paid(bot) == 2


async def test_F56_whoever_else_follows_the_link_changes_nothing(bot: Bot) -> None:
    await accepted(bot)
    members = bot.ground.world.members[DING]
    members[WANG] = type(members[CHEN])(WANG, "老王")
    await bot.ground.dingtalk.todos.tick(CHEN, "样机", by=WANG)
    await bot.loops.settle()
    assert newest(bot).state == PromiseState.ACCEPTED


@pytest.mark.parametrize("tail", ["/not-a-key", "?state=a.1.b&code=c", ""])
async def test_F56_a_made_up_link_leads_nowhere(bot: Bot, tail: str) -> None:
    async with (
        aiohttp.ClientSession() as browser,
        browser.get(f"{bot.program.origin}/todo/dingtalk{tail}", allow_redirects=False) as answer,
    ):
        assert answer.status in (403, 404)


async def test_F56_nobody_ticks_off_without_logging_in(bot: Bot) -> None:
    todo = await accepted(bot)
    key = todo.link.rpartition("/")[2]
    form = {"key": key, "user": CHEN, "until": "9999999999", "sign": "0" * 64}
    page = f"{bot.program.origin}/todo/dingtalk"
    async with aiohttp.ClientSession() as browser, browser.post(page, data=form) as answer:
        assert answer.status == 403
    await bot.loops.settle()
    assert newest(bot).state == PromiseState.ACCEPTED


async def test_F56_where_little_is_left_of_the_month_no_todo_is_written(bot: Bot) -> None:
    meter = bot.program.runtime.meter
    for _ in range(4100):
        await meter.spend("dingtalk", "calls")
    await bot.presses("delivery", "接单")
    await later(bot)
    assert paid(bot) == 0


async def test_F56_an_answer_that_got_lost_makes_no_second_todo(bot: Bot) -> None:
    await bot.presses("delivery", "接单")
    bot.ground.dingtalk.faults.drop(on="/todo/")
    await later(bot)
    await later(bot)
    (todo,) = listed(bot)
    await bot.ground.dingtalk.todos.tick(CHEN, "样机")
    await bot.loops.settle()
    assert newest(bot).state == PromiseState.DONE
    assert not todo.done


async def test_F56_a_missing_right_is_told_once_and_the_promise_stands(bot: Bot) -> None:
    await becomes_admin(bot, "manager")
    bot.ground.dingtalk.app.scopes.discard(TODO_SCOPE)
    await bot.presses("delivery", "接单")
    await bot.at(bot.clock() + timedelta(minutes=20))
    (told,) = [text for text in bot.cards("manager") if "任务清单" in text]
    assert TODO_SCOPE in told
    assert "DINGTALK__TODOS" in told
    assert newest(bot).state == PromiseState.ACCEPTED
