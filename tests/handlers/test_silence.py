"""Leads nobody follows up, and what a manager makes of them."""

import pytest
from sqlmodel import col, select

from bot.playground.world import ExternalContact
from storage.models import Fact, Lead, Person
from tests.conftest import Bot, Seating, Start

WEDNESDAY = "2026-01-28 10:20"
ADDED = ExternalContact("wmQ", "钱先生", "远山诊所")
MANAGER_ON: list[Seating] = [
    ("wecom", "dingtalk", "feishu"),
    ("wecom", "feishu", "dingtalk"),
    ("wecom", "wecom", "feishu"),
]


async def touched(start: Start, seating: Seating = MANAGER_ON[0]) -> Bot:
    bot = await start(seating)
    await bot.ground.wecom.add_contact(bot.ground.seat("sales").member, ADDED)
    await bot.loops.settle()
    return bot


def reminders(bot: Bot, role: str = "sales") -> list[str]:
    return [card for card in bot.cards(role) if "没跟进：钱先生" in card]


async def test_F6_after_72_hours_the_owner_is_reminded_in_working_time(start: Start) -> None:
    """Wednesday 10:20 and 72 hours is Saturday: heard on Monday at nine."""
    bot = await touched(start)
    await bot.until("2026-02-02 08:59")
    assert reminders(bot) == []
    await bot.until("2026-02-02 09:00")
    (card,) = reminders(bot)
    assert "1月28日 周三 10:20" in card


async def test_F6_on_working_days_it_comes_to_the_minute_and_once(start: Start) -> None:
    bot = await touched(start)
    await bot.until("2026-02-02 10:00")
    await bot.presses("sales", "已联系", on="新线索")
    await bot.until("2026-02-05 09:59")
    assert len(reminders(bot)) == 1
    await bot.until("2026-02-05 10:00")
    assert len(reminders(bot)) == 2
    await bot.until("2026-02-06 17:00")
    assert len(reminders(bot)) == 2


async def test_F6_never_after_a_follow_up(start: Start) -> None:
    bot = await touched(start)
    await bot.until("2026-01-30 15:00")
    await bot.says("sales", "钱先生觉得价格高")
    await bot.until("2026-02-02 09:30")
    assert reminders(bot) == []


async def test_F6_a_planned_contact_pauses_the_clock_up_to_a_cap(start: Start) -> None:
    bot = await touched(start)
    await bot.says("sales", "钱先生说下个月28号再联系")
    await bot.until("2026-02-26 17:00")
    assert reminders(bot) == []
    await bot.until("2026-03-02 09:00")
    assert len(reminders(bot)) == 1


async def overdue(start: Start, seating: Seating) -> Bot:
    bot = await touched(start, seating)
    await bot.until("2026-02-03 09:00")
    assert "高风险流失线索：钱先生" in bot.cards("manager")[-1]
    return bot


def the_lead(bot: Bot) -> Lead:
    with bot.db() as db:
        return db.exec(select(Lead).where(col(Lead.touch_key).is_not(None))).one()


def fact_types(bot: Bot) -> list[str]:
    lead = the_lead(bot)
    with bot.db() as db:
        return [f.type for f in db.exec(select(Fact).where(Fact.lead_id == lead.id))]


@pytest.mark.parametrize("seating", MANAGER_ON, ids="-".join)
async def test_F7_the_manager_nudges(start: Start, seating: Seating) -> None:
    bot = await overdue(start, seating)
    await bot.presses("manager", "催办", on="钱先生")
    assert "王经理催办：钱先生" in bot.cards("sales")[-1]
    assert any("已催办" in card for card in bot.cards("manager"))
    assert "lead.nudged" in fact_types(bot)


@pytest.mark.parametrize("seating", MANAGER_ON, ids="-".join)
async def test_F7_the_manager_reassigns(start: Start, seating: Seating) -> None:
    bot = await overdue(start, seating)
    rep = the_lead(bot).owner_id
    with bot.db() as db:
        old = db.get(Person, rep)
        assert old is not None
        query = select(Person).where(Person.team_id == old.team_id, Person.role == "sales")
        other = next(p for p in db.exec(query) if p.id != rep)
    await bot.presses("manager", "改派", {"owner": (str(other.id),)}, on="钱先生")
    assert the_lead(bot).owner_id == other.id
    assert any(f"已改派给{other.name}" in card for card in bot.cards("manager"))
    assert "lead.reassigned" in fact_types(bot)


@pytest.mark.parametrize("seating", MANAGER_ON, ids="-".join)
async def test_F7_the_manager_extends(start: Start, seating: Seating) -> None:
    bot = await overdue(start, seating)
    await bot.presses("manager", "延期3天", on="钱先生")
    await bot.until("2026-02-06 08:59")
    assert len(reminders(bot)) == 1
    await bot.until("2026-02-06 09:00")
    assert len(reminders(bot)) == 2


async def test_F7_words_do_what_the_buttons_do(start: Start) -> None:
    bot = await overdue(start, MANAGER_ON[0])
    await bot.says("manager", f"催办 L{the_lead(bot).id}")
    assert "王经理催办：钱先生" in bot.cards("sales")[-1]


async def test_F7_what_waits_for_the_manager_stands_in_her_day(start: Start) -> None:
    bot = await overdue(start, MANAGER_ON[0])
    card = await bot.says("manager", "今日")
    assert "待拍板" in card
    assert "高风险 钱先生（远山诊所），小李" in card


async def test_F7_nobody_but_the_manager_decides(start: Start) -> None:
    bot = await overdue(start, MANAGER_ON[0])
    answer = await bot.says("sales", f"延期 L{the_lead(bot).id}")
    assert "上级主管" in answer
    assert the_lead(bot).silence_until is None
