"""Channel codes by command, and the channel's name on the leads that come through them."""

from datetime import timedelta

import pytest
from sqlmodel import Session, col, select

from bot.playground.press import text_of
from bot.playground.wecom.ways import Way
from bot.playground.world import ExternalContact, Member
from storage import people
from storage.models import Channel, Fact, Lead, Role
from tests.conftest import MEMBERS, Bot, Seating, Start

REP = MEMBERS["sales", "wecom"]
LI = ExternalContact("wmLiAbC", "李女士", "青禾科技")
MANAGER_ON: list[Seating] = [
    ("wecom", "dingtalk", "feishu"),
    ("wecom", "feishu", "dingtalk"),
]


def the_way(bot: Bot) -> Way:
    (way,) = bot.ground.wecom.customers.ways.ways.values()
    return way


def channels(bot: Bot) -> list[Channel]:
    with bot.db() as db:
        return list(db.exec(select(Channel).order_by(col(Channel.id))).all())


def facts(bot: Bot) -> list[str]:
    with bot.db() as db:
        query = select(Fact.type).where(col(Fact.type).startswith("channel."))
        return list(db.exec(query.order_by(col(Fact.id))).all())


async def manager_joins_wecom(bot: Bot) -> None:
    bot.ground.world.join("wecom", Member("wang.jl", "王经理"))

    def bind(db: Session) -> None:
        person = people.by_address(db, bot.ground.seat("manager").address)
        assert person is not None
        people.bind(db, person.id or 0, "wecom:wang.jl", bot.clock() - timedelta(days=1))

    await bot.program.db.write(bind)


@pytest.mark.parametrize("seating", MANAGER_ON, ids="-".join)
async def test_a_manager_makes_a_code_with_one_sentence(start: Start, seating: Seating) -> None:
    bot = await start(seating)
    card = await bot.says("manager", "渠道码 展会A 小李")
    way = the_way(bot)
    assert "渠道码：展会A" in card
    assert way.qr_code in str(bot.ground.shown_to("manager")[-1].payload)
    assert (way.type, way.users, way.remark, way.skip_verify) == (1, [REP], "展会A", True)
    assert 0 < len(way.state) <= 30
    assert facts(bot) == ["channel.opened"]


async def test_F2_the_readable_name_of_the_channel_stands_on_the_lead(bot: Bot) -> None:
    await bot.says("manager", "渠道码 展会A 小李")
    await bot.ground.wecom.customers.scan(the_way(bot).config_id, LI)
    await bot.loops.settle()
    (card,) = bot.cards("sales")
    assert "渠道：展会A" in card
    with bot.db() as db:
        (lead,) = db.exec(select(Lead).where(col(Lead.touch_key).is_not(None))).all()
    assert lead.channel == "展会A"
    assert "展会A 1 条线索 · 小李" in (await bot.says("manager", "渠道码")).replace("**", "")


async def test_several_members_and_a_confirmation(bot: Bot) -> None:
    await manager_joins_wecom(bot)
    await bot.says("manager", "渠道码 展会A 小李、我 需验证")
    way = the_way(bot)
    assert (way.type, way.users, way.skip_verify) == (2, [REP, "wang.jl"], False)


async def test_other_people_take_over_what_is_printed(bot: Bot) -> None:
    await bot.says("manager", "渠道码 展会A 小李")
    first = the_way(bot).qr_code
    await manager_joins_wecom(bot)
    card = await bot.says("manager", "渠道码 展会A 我")
    assert "接待的人换好了" in card
    assert (the_way(bot).users, the_way(bot).qr_code) == (["wang.jl"], first)
    assert facts(bot) == ["channel.opened", "channel.changed"]


async def test_a_stopped_code_is_gone_and_its_name_is_remembered(bot: Bot) -> None:
    await bot.says("manager", "渠道码 展会A 小李")
    way = the_way(bot)
    assert "已停用" in await bot.says("manager", "停用渠道码 展会A")
    assert bot.ground.wecom.customers.ways.ways == {}
    assert "没有叫" in await bot.says("manager", "渠道码 展会A")
    late = ExternalContact(LI.id, LI.name, state=way.state)
    await bot.ground.wecom.add_contact(REP, late)
    await bot.loops.settle()
    assert "渠道：展会A" in bot.cards("sales")[-1]
    await bot.says("manager", "渠道码 展会A 小李")
    assert the_way(bot).state != way.state


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("渠道码", "还没有渠道码"),
        ("渠道码 展会A", "没有叫“展会A”"),
        ("停用渠道码 展会A", "没有叫“展会A”"),
        ("渠道码 展会A 无此人", "没找到“无此人”"),
        ("渠道码 展会A 我", "还没绑定企业微信"),
        (f"渠道码 {'长' * 31} 小李", "名字最多 30 个字"),
        ("渠道码 展会A 需验证", "没有叫“展会A”"),
    ],
)
async def test_what_is_missing_is_said_with_the_remedy(bot: Bot, said: str, answer: str) -> None:
    assert answer in await bot.says("manager", said)
    assert channels(bot) == []


async def test_salespeople_make_no_codes(bot: Bot) -> None:
    assert "由主管和管理员建" in await bot.says("sales", "渠道码 展会A 小李")
    assert channels(bot) == []


async def test_a_manager_gives_customers_to_his_own_people_alone(bot: Bot) -> None:
    with bot.db() as db:
        rep = people.by_address(db, f"wecom:{REP}")
        assert rep is not None
        others = people.in_role(db, Role.SALES)
        name = next(each.name for each in others if each.team_id != rep.team_id)
    assert "不在你的团队里" in await bot.says("manager", f"渠道码 展会A {name}")


async def test_what_wecom_refuses_is_told_with_its_remedy(bot: Bot) -> None:
    bot.ground.wecom.customers.ways.inactive.add(REP)
    card = await bot.says("manager", "渠道码 展会A 小李")
    assert "建渠道码没成" in card
    assert "激活" in card
    bot.ground.wecom.customers.ways.inactive.clear()
    assert "已建好" in await bot.says("manager", "渠道码 展会A 小李")


async def test_an_answer_that_is_lost_costs_a_second_code_with_the_same_state(bot: Bot) -> None:
    bot.ground.wecom.fail("lost", path="externalcontact/add_contact_way")
    await bot.says("manager", "渠道码 展会A 小李")
    await bot.at(bot.clock() + timedelta(seconds=2))
    made = bot.ground.wecom.customers.ways.ways.values()
    assert len({way.state for way in made}) == 1
    assert "已建好" in text_of(bot.ground.shown_to("manager")[-1])
