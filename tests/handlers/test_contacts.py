"""Customers and members in WeCom: added twice, edited, lost, handed over, come by a link."""

from datetime import timedelta

import pytest
from sqlmodel import Session, col, select

from bot.playground.press import text_of
from bot.playground.world import ExternalContact, Member
from storage import leads, people
from storage.models import Fact, Friendship, Lead, Person, Role
from tests.conftest import MEMBERS, Bot
from tests.handlers.test_files import becomes_admin

LI = ExternalContact("wmLiAbC", "李女士", "青禾科技", state="expo2026-hall3")
REP, MATE = MEMBERS["sales", "wecom"], "zhou.min"
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
async def bot(bot: Bot) -> Bot:
    """With a second salesperson in WeCom."""
    bot.ground.world.join("wecom", Member(MATE, "周敏"))

    def bind(db: Session) -> None:
        rep = people.by_address(db, f"wecom:{REP}")
        assert rep is not None
        mate = people.team_mates(db, rep)[0]
        people.bind(db, mate.id or 0, f"wecom:{MATE}", bot.clock())

    await bot.program.db.write(bind)
    return bot


async def invite(bot: Bot, name: str, member: str, directory: str) -> int:
    """Somebody of the directory binds himself with a code for a colleague of that name."""
    bot.ground.world.join("wecom", Member(member, directory))

    def code(db: Session) -> tuple[int, str]:
        person = people.add(db, name, Role.SALES)
        return person.id or 0, people.new_code(db, person.id or 0, bot.clock(), HOUR)

    number, digits = await bot.program.db.write(code)
    await bot.ground.wecom.say(member, f"绑定 {digits}")
    await settle(bot)
    return number


async def add(bot: Bot, member: str = REP, *, half: bool = False) -> None:
    await bot.ground.wecom.add_contact(member, LI, half=half)
    await settle(bot)


async def settle(bot: Bot) -> None:
    """Events are told by the second: the next one comes in another."""
    await bot.loops.settle()
    await bot.at(bot.clock().replace(microsecond=0) + SECOND)


def heard(bot: Bot, member: str) -> list[str]:
    shown = bot.ground.world.chat("wecom", member)
    return [text_of(message) for message in shown if message.sender == "bot"]


def the_lead(bot: Bot) -> Lead:
    with bot.db() as db:
        (lead,) = db.exec(select(Lead).where(col(Lead.touch_key).is_not(None))).all()
    return lead


def owner(bot: Bot) -> str:
    with bot.db() as db:
        return people.get(db, the_lead(bot).owner_id).name


def name_of(bot: Bot, member: str) -> str:
    with bot.db() as db:
        person = people.by_address(db, f"wecom:{member}")
    assert person is not None
    return person.name


def facts(bot: Bot, type: str) -> list[Fact]:
    with bot.db() as db:
        return list(db.exec(select(Fact).where(Fact.type == type).order_by(col(Fact.id))).all())


async def move_to(bot: Bot, stage: str) -> None:
    number = the_lead(bot).id
    await bot.program.db.write(lambda db: setattr(db.get_one(Lead, number), "stage", stage))


async def test_F1_two_members_of_one_customer_make_one_lead(bot: Bot) -> None:
    await add(bot)
    await add(bot, MATE)
    assert owner(bot) == name_of(bot, REP)
    await bot.at(bot.clock() + MINUTE)
    (line,) = heard(bot, MATE)
    assert line.startswith(f"李女士（青禾科技） 已是{name_of(bot, REP)}的线索 L")
    assert len(facts(bot, "contact.added")) == 1
    with bot.db() as db:
        pairs = db.exec(select(Friendship).order_by(Friendship.member)).all()
    assert [(pair.member, pair.external_id) for pair in pairs] == [
        (f"wecom:{REP}", "wecom:wmLiAbC"),
        (f"wecom:{MATE}", "wecom:wmLiAbC"),
    ]


async def test_F1_ids_of_customers_keep_their_case(bot: Bot) -> None:
    await add(bot)
    other = ExternalContact("wmLIABC", "别人")
    await bot.ground.wecom.add_contact(REP, other)
    await settle(bot)
    with bot.db() as db:
        found = [leads.of_external(db, f"wecom:{one.id}") for one in (LI, other)]
    assert len({lead.id for lead in found if lead}) == 2


async def test_a_customer_who_comes_back_is_the_same_lead(bot: Bot) -> None:
    await add(bot)
    await bot.ground.wecom.customers.leave(REP, LI.id)
    await settle(bot)
    await add(bot)
    assert the_lead(bot).stage == "new"
    assert heard(bot, REP)[-1].startswith("李女士（青禾科技） 又加回来了")


async def test_an_old_deletion_that_comes_late_ends_nothing(bot: Bot) -> None:
    await add(bot)
    await bot.ground.wecom.customers.leave(REP, LI.id)
    late = bot.ground.wecom.callbacks.sent.pop()
    await settle(bot)
    told = len(heard(bot, REP))
    await add(bot)
    again = late.replace("del_follow_user", "del_external_contact")
    await bot.ground.wecom.callbacks.deliver(again)
    await settle(bot)
    with bot.db() as db:
        assert db.exec(select(Friendship)).one().is_live
    assert len(heard(bot, REP)) == told + 1


async def test_what_a_member_writes_down_is_known_without_a_new_card(bot: Bot) -> None:
    await add(bot)
    richer = ExternalContact(LI.id, "李女士", "青禾科技华东", mobiles=("13900000001",))
    await bot.ground.wecom.customers.edit(REP, richer)
    await settle(bot)
    assert len(heard(bot, REP)) == 1
    with bot.db() as db:
        assert leads.title_of(db, the_lead(bot)) == "李女士（青禾科技华东）"


async def test_a_customer_who_deletes_a_member_is_told_to_the_member_alone(bot: Bot) -> None:
    await add(bot)
    await bot.ground.wecom.customers.leave(REP, LI.id)
    await settle(bot)
    assert "把你的企业微信删了" in heard(bot, REP)[-1]
    assert not [text for text in bot.cards("manager") if "企业微信删了" in text]
    assert the_lead(bot).is_open
    assert len(facts(bot, "contact.left")) == 1


async def test_while_a_deal_is_open_the_manager_hears_of_it_too(bot: Bot) -> None:
    await add(bot)
    await move_to(bot, "negotiation")
    await bot.ground.wecom.customers.leave(REP, LI.id)
    event = bot.ground.wecom.callbacks.sent[-1]
    await settle(bot)
    await bot.ground.wecom.callbacks.deliver(event)
    await settle(bot)
    (line,) = [text for text in bot.cards("manager") if "企业微信删了" in text]
    assert "李女士（青禾科技）" in line
    assert "商务谈判" in line
    assert len([text for text in heard(bot, REP) if "企业微信删了" in text]) == 1


async def test_a_member_who_deletes_a_customer_is_kept_as_a_fact(bot: Bot) -> None:
    await add(bot)
    await bot.ground.wecom.customers.delete(REP, LI.id)
    await settle(bot)
    assert [fact.data["by_transfer"] for fact in facts(bot, "contact.deleted")] == [False]
    assert owner(bot) == name_of(bot, REP)
    assert len(heard(bot, REP)) == 1


@pytest.mark.parametrize("added_first", [True, False])
async def test_a_transfer_gives_the_lead_to_the_heir_with_one_line_to_both(
    bot: Bot, added_first: bool
) -> None:
    await add(bot)
    desk = bot.ground.wecom.customers
    if added_first:
        await add(bot, MATE)
    await desk.delete(REP, LI.id, by_transfer=True)
    await settle(bot)
    if not added_first:
        await add(bot, MATE)
    await bot.at(bot.clock() + MINUTE)
    rep, mate = name_of(bot, REP), name_of(bot, MATE)
    assert owner(bot) == mate
    code = the_lead(bot).code
    assert heard(bot, MATE) == [f"李女士（青禾科技）（{code}）从{rep}转给你了，之前的记录都在。"]
    assert heard(bot, REP)[1:] == [f"李女士（青禾科技）（{code}）已转给{mate}，不用再跟。"]
    assert len(facts(bot, "lead.transferred")) == 1


async def test_who_has_long_been_a_contact_as_well_is_no_heir(bot: Bot) -> None:
    bot.ground.world.join("wecom", Member("new.one", "赵新"))
    await add(bot)
    await add(bot, MATE)
    await bot.at(bot.clock() + HOUR)
    await bot.ground.wecom.customers.delete(REP, LI.id, by_transfer=True)
    await settle(bot)
    assert owner(bot) == name_of(bot, REP)
    await invite(bot, "赵新", "new.one", "赵新")
    await add(bot, "new.one")
    assert owner(bot) == "赵新"


async def test_an_heir_whose_event_was_lost_is_found_by_asking(bot: Bot) -> None:
    await add(bot)
    bot.ground.wecom.contacts.add(MATE, LI, half=False)
    await bot.ground.wecom.customers.delete(REP, LI.id, by_transfer=True)
    await settle(bot)
    assert owner(bot) == name_of(bot, MATE)


@pytest.mark.parametrize(
    ("reason", "words"),
    [("customer_refused", "客户没同意"), ("customer_limit_exceed", "客户数已到上限")],
)
async def test_a_transfer_that_failed_is_told_to_both_and_changes_nothing(
    bot: Bot, reason: str, words: str
) -> None:
    await add(bot)
    await bot.ground.wecom.customers.fail_transfer(MATE, LI.id, reason)
    await settle(bot)
    assert words in heard(bot, MATE)[-1]
    assert words in heard(bot, REP)[-1]
    assert owner(bot) == name_of(bot, REP)


async def test_a_member_nobody_knows_is_told_to_administrators_and_gets_his_leads_when_bound(
    bot: Bot,
) -> None:
    await becomes_admin(bot, "manager")
    bot.ground.world.join("wecom", Member("new.one", "赵新"))
    await add(bot, "new.one")
    (line,) = [text for text in bot.cards("manager") if "没绑定一诺" in text]
    assert "new.one" in line
    with bot.db() as db:
        assert leads.of_external(db, f"wecom:{LI.id}") is None
    await invite(bot, "小赵", "new.one", "赵新")
    assert "李女士" in heard(bot, "new.one")[-1]
    assert owner(bot) == "赵新"


async def test_the_directory_puts_an_invited_name_right_unless_it_is_taken(bot: Bot) -> None:
    taken = name_of(bot, MATE)
    for member, directory, expected in (("a.b", "钱多", "钱多"), ("c.d", taken, "小孙")):
        number = await invite(bot, "小孙", member, directory)
        with bot.db() as db:
            assert db.get_one(Person, number).name == expected


# Links and groups ------------------------------------------------------------------------


async def test_a_link_names_the_channel_of_the_customer_who_writes(bot: Bot) -> None:
    bot.ground.wecom.customers.links["ca1"] = "秋季投放"
    plain = ExternalContact(LI.id, "李女士")
    await bot.ground.wecom.add_contact(REP, plain)
    await settle(bot)
    await bot.ground.wecom.customers.tell_of_link(
        "customer_start_chat", LinkId="ca1", UserID=REP, ExternalUserID=LI.id
    )
    await settle(bot)
    assert the_lead(bot).channel == "获客链接 秋季投放"
    assert len(heard(bot, REP)) == 1


async def test_a_customer_of_a_link_whose_addition_was_lost_is_a_lead_all_the_same(
    bot: Bot,
) -> None:
    bot.ground.wecom.customers.links["ca1"] = "秋季投放"
    bot.ground.wecom.contacts.add(REP, ExternalContact(LI.id, "李女士"), half=False)
    desk = bot.ground.wecom.customers
    for _ in range(2):
        await desk.write_through("ca1", REP, ExternalContact(LI.id, "李女士"), state="ad-7")
        await settle(bot)
    (card,) = heard(bot, REP)
    assert "渠道：投放（ad-7） · 获客链接 秋季投放" in card


async def test_what_an_administrator_has_to_do_about_links_is_told(bot: Bot) -> None:
    await becomes_admin(bot, "manager")
    desk = bot.ground.wecom.customers
    await desk.tell_of_link("balance_low")
    await desk.tell_of_link("link_unavailable", LinkId="ca1")
    await desk.tell_of_link("friend_request", LinkId="ca1", State="ad-7")
    await desk.tell_of_link("something_new")
    await settle(bot)
    told = [text for text in bot.cards("manager") if "获客" in text]
    assert len(told) == 2
    assert len(facts(bot, "link.used")) == 4


async def test_changes_of_groups_are_kept_as_facts(bot: Bot) -> None:
    desk = bot.ground.wecom.customers
    await desk.change_group("wr1", "create")
    await desk.change_group("wr1", "update", UpdateDetail="add_member", MemChangeCnt=2)
    await desk.change_group("wr1", "dismiss")
    await desk.change_group("wr1", "something_new")
    await settle(bot)
    found = [(fact.data["change"], fact.data["members"]) for fact in facts(bot, "group.changed")]
    assert found == [("create", 0), ("update", 2), ("dismiss", 0)]
