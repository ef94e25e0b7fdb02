"""Accepted promises as tasks of whoever keeps them, both ways: Feishu's list, DingTalk's todos."""

import json
from datetime import datetime, timedelta

import pytest
from sqlmodel import col, select

from bot.playground.feishu.gate import TASK_SCOPE
from bot.playground.feishu.tasks import Task
from storage import people
from storage.models import Fact, MirroredTask, Promise, PromiseState
from tests.conftest import MEMBERS, NOW, Bot, Start
from tests.handlers.test_files import becomes_admin
from tests.handlers.test_promises import FEISHU_SALES, NOTE, newest

CHEN = MEMBERS["delivery", "feishu"]
LI = MEMBERS["sales", "feishu"]


@pytest.fixture
async def bot(start: Start) -> Bot:
    """With a promise that delivery, in Feishu, was asked for."""
    bot = await start()
    await bot.says("sales", NOTE)
    await bot.says("sales", "确认")
    return bot


async def later(bot: Bot) -> None:
    await bot.at(bot.clock() + timedelta(minutes=1))


async def accepted(bot: Bot) -> Task:
    await bot.presses("delivery", "接单")
    await later(bot)
    (task,) = bot.ground.feishu.tasks.of(CHEN)
    return task


def listed(bot: Bot, user: str = CHEN) -> list[Task]:
    return bot.ground.feishu.tasks.of(user)


def calls(bot: Bot) -> int:
    counted = bot.ground.feishu.gate.calls
    return sum(counted[name] for name in ("add task", "task", "change task", "delete task"))


def due_of(task: Task) -> str:
    assert task.due is not None
    zone = datetime.fromisoformat(NOW).tzinfo
    return f"{datetime.fromtimestamp(int(task.due['timestamp']) / 1000, zone):%Y-%m-%d %H:%M}"


def facts(bot: Bot, type: str) -> list[Fact]:
    with bot.db() as db:
        query = select(Fact).where(Fact.type == type, Fact.promise_id == newest(bot).id)
        return list(db.exec(query.order_by(col(Fact.id))).all())


def by_whom(bot: Bot, fact: Fact) -> str:
    with bot.db() as db:
        return people.get(db, fact.person_id or 0).name


# Here → there ----------------------------------------------------------------------------


async def test_F40_what_delivery_accepts_stands_in_its_task_list(bot: Bot) -> None:
    await later(bot)
    assert listed(bot) == []
    task = await accepted(bot)
    assert "样机" in task.summary
    assert due_of(task) == "2026-02-04 18:00"
    assert newest(bot).code in task.description
    assert not task.is_done


async def test_F40_the_reps_own_promise_is_a_task_of_his(start: Start) -> None:
    bot = await start(FEISHU_SALES)
    await bot.says("sales", "答应张总下周三给报价单")
    await bot.says("sales", "确认")
    await later(bot)
    assert ["报价单" in task.summary for task in listed(bot, LI)] == [True]


async def test_F39_what_they_owe_us_is_nobodys_task(start: Start) -> None:
    bot = await start(FEISHU_SALES)
    await bot.says("sales", "张总答应下周三回传合同")
    await bot.says("sales", "确认")
    await later(bot)
    assert calls(bot) == 0


async def test_F40_done_here_is_done_there(bot: Bot) -> None:
    task = await accepted(bot)
    await bot.presses("delivery", "已交付")
    await later(bot)
    assert task.is_done
    assert calls(bot) == 2


async def test_F40_cancelled_here_is_gone_there(bot: Bot) -> None:
    await accepted(bot)
    await bot.says("sales", f"取消 {newest(bot).code}")
    await later(bot)
    assert listed(bot) == []


async def test_F40_refused_after_all_is_gone_there(bot: Bot) -> None:
    await accepted(bot)
    await bot.presses("delivery", "做不到")
    await later(bot)
    assert listed(bot) == []


async def test_F40_a_later_day_moves_the_task(bot: Bot) -> None:
    task = await accepted(bot)
    await bot.says("sales", "不对，是下周五")
    await later(bot)
    assert due_of(task) == "2026-02-06 18:00"
    assert listed(bot) == [task]


async def test_F40_changes_within_a_minute_are_one_call(bot: Bot) -> None:
    await accepted(bot)
    await bot.says("sales", "不对，是下周五")
    await bot.says("sales", "是X2型号")
    await later(bot)
    (task,) = listed(bot)
    assert "X2" in task.summary
    assert calls(bot) == 2


async def test_K14_what_is_taken_back_at_once_never_was_a_task(bot: Bot) -> None:
    await bot.presses("delivery", "接单")
    await bot.says("sales", "撤回")
    await later(bot)
    assert calls(bot) == 0


async def test_F40_a_promise_handed_on_moves_to_the_other_list(start: Start) -> None:
    bot = await start(("feishu", "dingtalk", "feishu"))
    await bot.says("sales", NOTE)
    await bot.says("sales", "确认")
    await accepted(bot)
    with bot.db() as db:
        promise = db.get_one(Promise, newest(bot).id)
        promise.owner_id = promise.rep_id
        db.add(promise)
        db.commit()
    await bot.says("sales", "不对，是下周五")
    await later(bot)
    assert listed(bot) == []
    assert len(listed(bot, LI)) == 1


# There → here ----------------------------------------------------------------------------


async def test_F57_ticked_off_there_is_done_here_and_both_sides_hear(bot: Bot) -> None:
    await accepted(bot)
    await bot.ground.feishu.tick(CHEN, "样机")
    await bot.loops.settle()
    promise = newest(bot)
    assert promise.state == PromiseState.DONE
    (done,) = facts(bot, "promise.done")
    assert by_whom(bot, done) == "小陈"
    assert any("标记完成，可以告诉客户了" in card for card in bot.cards("sales"))
    assert "已完成" in bot.cards("delivery")[-1]
    before = calls(bot)
    await later(bot)
    assert calls(bot) == before == 2


async def test_F57_the_same_event_twice_is_one_completion(bot: Bot) -> None:
    task = await accepted(bot)
    await bot.ground.feishu.tick(CHEN, "样机")
    await bot.loops.settle()
    await bot.ground.feishu.pusher.event(bot.ground.feishu.events.task(task.guid, 5))
    await bot.loops.settle()
    assert len(facts(bot, "promise.done")) == 1
    assert calls(bot) == 2


async def test_F57_a_tick_that_is_not_the_keepers_counts_for_nothing(bot: Bot) -> None:
    task = await accepted(bot)
    task.completed_at = "1769570000000"
    task.ticks["ou_somebody_else"] = "1769570000000"
    await bot.ground.feishu.pusher.event(bot.ground.feishu.events.task(task.guid, 5))
    await bot.loops.settle()
    assert newest(bot).state == PromiseState.ACCEPTED


async def test_F57_an_event_alone_proves_nothing(bot: Bot) -> None:
    task = await accepted(bot)
    await bot.ground.feishu.pusher.event(bot.ground.feishu.events.task(task.guid, 5))
    await bot.ground.feishu.pusher.event(bot.ground.feishu.events.task("unknown", 5))
    await bot.loops.settle()
    assert newest(bot).state == PromiseState.ACCEPTED


async def test_F57_who_deletes_the_task_gets_no_other_and_still_owes(bot: Bot) -> None:
    await accepted(bot)
    await bot.ground.feishu.throw_away(CHEN, "样机")
    await bot.loops.settle()
    await bot.says("sales", "不对，是下周五")
    await later(bot)
    assert listed(bot) == []
    assert newest(bot).state == PromiseState.ACCEPTED


async def test_F57_a_task_that_vanished_unheard_is_no_failure(bot: Bot) -> None:
    await becomes_admin(bot, "manager")
    await accepted(bot)
    bot.ground.feishu.tasks.found.clear()
    await bot.presses("delivery", "已交付")
    await later(bot)
    assert not [text for text in bot.cards("manager") if "任务清单" in text]


# What goes wrong -------------------------------------------------------------------------


async def test_F57_a_missing_right_is_told_once_and_the_promise_stands(bot: Bot) -> None:
    await becomes_admin(bot, "manager")
    bot.ground.feishu.gate.scopes.discard(TASK_SCOPE)
    await bot.presses("delivery", "接单")
    await bot.at(bot.clock() + timedelta(minutes=20))
    await bot.says("sales", "不对，是下周五")
    await bot.at(bot.clock() + timedelta(minutes=20))
    (told,) = [text for text in bot.cards("manager") if "任务清单" in text]
    assert TASK_SCOPE in told
    assert newest(bot).state == PromiseState.ACCEPTED
    bot.ground.feishu.gate.scopes.add(TASK_SCOPE)
    await bot.says("sales", "不对，是下周四")
    await later(bot)
    assert newest(bot).state == PromiseState.PENDING
    await bot.presses("delivery", "接单")
    await later(bot)
    assert len(listed(bot)) == 1


async def test_F57_an_answer_that_got_lost_makes_no_second_task(bot: Bot) -> None:
    await bot.presses("delivery", "接单")
    bot.ground.feishu.drop_next()
    await later(bot)
    await later(bot)
    (task,) = listed(bot)
    with bot.db() as db:
        assert db.exec(select(MirroredTask)).one().task == f"feishu:{task.guid}"


async def test_F57_where_little_is_left_of_the_month_nothing_new_is_written(bot: Bot) -> None:
    await bot.program.runtime.meter.spend("feishu", "calls", all_of_it=True)
    await bot.presses("delivery", "接单")
    await later(bot)
    assert calls(bot) == 0
    await bot.until("2026-02-01 12:00")
    assert len(listed(bot)) == 1


async def test_F57_the_keeper_is_named_only_by_his_id(bot: Bot) -> None:
    task = await accepted(bot)
    assert task.assignees == [CHEN]
    assert json.dumps(task.description, ensure_ascii=False).count(NOTE) == 1
