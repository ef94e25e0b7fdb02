"""Stage and tags written back to the customer in WeCom: merged, once, for the owner alone."""

from datetime import timedelta

import pytest
from sqlmodel import col, select

from bot.playground.world import ExternalContact
from storage.models import Fact, Friendship
from tests.conftest import MEMBERS, Bot
from tests.handlers.test_files import becomes_admin

LI = ExternalContact("wmLiAbC", "李女士", "青禾科技")
REP = MEMBERS["sales", "wecom"]
MARK, ADD, LIST = (
    f"externalcontact/{name}" for name in ("mark_tag", "add_corp_tag", "get_corp_tag_list")
)
MINUTE = timedelta(minutes=1)


@pytest.fixture
async def bot(bot: Bot) -> Bot:
    """With a customer of the salesperson's, whose tags are written."""
    await bot.ground.wecom.add_contact(REP, LI)
    await bot.loops.settle()
    await later(bot)
    return bot


async def later(bot: Bot) -> None:
    await bot.at(bot.clock() + MINUTE)


def on(bot: Bot) -> set[str]:
    return bot.ground.wecom.customers.tags.names(REP, LI.id)


def calls(bot: Bot, path: str) -> int:
    return bot.ground.wecom.gate.calls[path]


async def test_a_new_customer_carries_the_stage(bot: Bot) -> None:
    assert on(bot) == {"线索"}
    assert list(bot.ground.wecom.customers.tags.groups) == ["一诺"]


async def test_what_a_note_says_is_written_merged_and_once(bot: Bot) -> None:
    before = calls(bot, MARK)
    await bot.says("sales", "李女士嫌贵，在和别家比价")
    await bot.says("sales", "李女士说预算还没批")
    await bot.says("sales", "加上交期担忧")
    assert calls(bot, MARK) == before
    await later(bot)
    assert {"价格疑虑", "预算未定", "交期担忧"} <= on(bot)
    assert calls(bot, MARK) == before + 1
    await bot.says("sales", "李女士嫌贵")
    await later(bot)
    assert calls(bot, MARK) == before + 1


async def test_what_is_taken_back_is_taken_away(bot: Bot) -> None:
    await bot.says("sales", "李女士嫌贵，预算还没批")
    await later(bot)
    assert "预算未定" in on(bot)
    await bot.says("sales", "不是预算未定")
    await later(bot)
    assert "预算未定" not in on(bot)
    await bot.says("sales", "撤回")
    await later(bot)
    assert on(bot) == {"线索"}


async def test_a_stage_takes_the_place_of_the_one_before(bot: Bot) -> None:
    await bot.presses("sales", "已联系")
    await later(bot)
    assert on(bot) == {"有效沟通"}


async def test_tags_that_others_put_there_stay(bot: Bot) -> None:
    tags = bot.ground.wecom.customers.tags
    tags.on[LI.id, REP].add(tags.make("来源", "展会"))
    await bot.presses("sales", "已联系")
    await later(bot)
    assert on(bot) == {"有效沟通", "展会"}


async def test_a_tag_that_was_deleted_in_the_console_is_made_anew(bot: Bot) -> None:
    bot.ground.wecom.customers.tags.delete("一诺", "线索")
    await bot.presses("sales", "已联系")
    await later(bot)
    assert on(bot) == {"有效沟通"}


async def test_who_is_no_contact_any_more_gets_no_tags(bot: Bot) -> None:
    await becomes_admin(bot, "manager")
    bot.ground.wecom.contacts.part(REP, LI.id)
    await bot.presses("sales", "已联系")
    await later(bot)
    assert not [text for text in bot.cards("manager") if "标签" in text]
    with bot.db() as db:
        assert db.exec(select(Friendship)).one().tags == ["线索"]


async def test_a_right_that_is_missing_is_told_once_with_its_remedy(bot: Bot) -> None:
    await becomes_admin(bot, "manager")
    bot.ground.wecom.gate.forbidden.add(MARK)
    for _ in range(2):
        await bot.presses("sales", "已联系")
        await bot.at(bot.clock() + timedelta(minutes=10))
    (line,) = [text for text in bot.cards("manager") if "标签" in text]
    assert "48002" in line
    assert "权限" in line


async def test_each_writing_is_a_fact(bot: Bot) -> None:
    await bot.presses("sales", "已联系")
    await later(bot)
    with bot.db() as db:
        query = select(Fact).where(Fact.type == "contact.tagged").order_by(col(Fact.id))
        found = [(fact.data["added"], fact.data["removed"]) for fact in db.exec(query).all()]
    assert found == [(["线索"], []), (["有效沟通"], ["线索"])]
