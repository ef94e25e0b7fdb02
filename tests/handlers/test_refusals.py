"""A push that reached nobody is told to administrators: once for each receiver and day."""

from datetime import timedelta

from sqlmodel import Session, select

from bot.playground.world import Member
from cards.model import Card, dump
from storage import outbox, people
from storage.models import Fact, Inbox
from storage.outbox import Draft
from tests.conftest import MEMBERS, Bot, Start
from tests.handlers.test_files import becomes_admin

REP = MEMBERS["sales", "wecom"]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def vanish(bot: Bot, role: str) -> Member:
    """Somebody leaves the app's visible range."""
    part = bot.ground.seat(role)
    return bot.ground.world.members[part.platform].pop(part.member)


async def is_told(bot: Bot, *texts: str) -> None:
    """The bot has something to say to the salesperson."""

    def say(db: Session) -> None:
        person = people.by_address(db, f"wecom:{REP}")
        assert person is not None
        for text in texts:
            draft = Draft(f"wecom:{REP}", dump(Card(text=text)), person_id=person.id)
            outbox.put(db, draft, bot.clock())

    await bot.program.db.write(say)
    bot.program.runtime.ring()
    await bot.loops.settle()


def notices(bot: Bot, role: str = "manager") -> list[str]:
    return [text for text in bot.cards(role) if "消息没送到" in text]


async def test_who_was_not_reached_is_told_once_a_day_with_the_remedy(bot: Bot) -> None:
    await becomes_admin(bot, "manager")
    vanish(bot, "sales")
    await is_told(bot, "一", "二")
    assert notices(bot) == []
    await bot.at(bot.clock() + HOUR)
    (notice,) = notices(bot)
    assert "小李" in notice
    assert "2 条" in notice
    assert "81013" in notice
    assert "改绑" in notice
    await is_told(bot, "三")
    await bot.at(bot.clock() + HOUR)
    assert len(notices(bot)) == 1
    await bot.at(bot.clock() + DAY)
    await is_told(bot, "四")
    await bot.at(bot.clock() + HOUR)
    assert len(notices(bot)) == 2
    with bot.db() as db:
        assert len(db.exec(select(Fact).where(Fact.type == "push.refused")).all()) == 4


async def test_at_night_nobody_is_woken_by_it(start: Start) -> None:
    bot = await start(now="2026-01-28T22:00:00+08:00")
    await becomes_admin(bot, "manager")
    vanish(bot, "sales")
    await is_told(bot, "一")
    await bot.until("2026-01-29 08:29")
    assert notices(bot) == []
    await bot.until("2026-01-29 08:31")
    assert len(notices(bot)) == 1


async def test_a_notice_that_fails_itself_makes_no_further_one(bot: Bot) -> None:
    for role in ("manager", "delivery"):
        await becomes_admin(bot, role)
    vanish(bot, "sales")
    bot.ground.world.members["feishu"].clear()
    await is_told(bot, "一")
    await bot.at(bot.clock() + 3 * DAY)
    assert len(notices(bot)) == 1
    with bot.db() as db:
        news = db.exec(select(Inbox).where(Inbox.kind == "PushRefused")).all()
    assert len(news) == 2


async def test_without_an_administrator_the_manager_hears_of_it(bot: Bot) -> None:
    vanish(bot, "sales")
    await is_told(bot, "一")
    await bot.at(bot.clock() + HOUR)
    assert len(notices(bot)) == 1


async def test_a_return_to_the_visible_range_ends_it(bot: Bot) -> None:
    await becomes_admin(bot, "manager")
    member = vanish(bot, "sales")
    bot.ground.world.join("wecom", member)
    await is_told(bot, "一")
    await bot.at(bot.clock() + HOUR)
    assert notices(bot) == []
    assert bot.cards("sales")[-1] == "一"
