"""First touch and the follow-up form."""

import pytest
from sqlmodel import col, select

from bot.playground.world import ExternalContact
from storage.models import Contact, Customer, FollowUp, Lead
from tests.conftest import Bot, Seating, Start

LI = ExternalContact(
    "wmLi0001", "李女士", "青禾科技", "采购经理", ("13800000000",), "expo2026-hall3"
)
SALES_ON: list[Seating] = [
    ("wecom", "dingtalk", "feishu"),
    ("dingtalk", "wecom", "feishu"),
    ("feishu", "wecom", "dingtalk"),
]


async def add(bot: Bot, contact: ExternalContact = LI, *, half: bool = False) -> None:
    await bot.ground.wecom.add_contact(bot.ground.seat("sales").member, contact, half=half)
    await bot.loops.settle()


def the_lead(bot: Bot) -> Lead:
    with bot.db() as db:
        (lead,) = db.exec(select(Lead).where(col(Lead.touch_key).is_not(None))).all()
    return lead


async def test_F1_first_touch_makes_one_lead_and_one_card_at_once(bot: Bot) -> None:
    await add(bot)
    (card,) = bot.cards("sales")
    assert f"L{the_lead(bot).id}" in card
    assert "李女士" in card


async def test_F1_the_half_and_the_whole_contact_make_one_lead(bot: Bot) -> None:
    await add(bot, half=True)
    await add(bot)
    await add(bot, half=True)
    assert the_lead(bot).stage == "new"
    assert bot.sent("sales") == 1


async def test_F1_the_same_event_four_times_makes_one_lead(bot: Bot) -> None:
    await add(bot)
    event = bot.ground.wecom.callbacks.sent[-1]
    for _ in range(3):
        await bot.ground.wecom.callbacks.deliver(event)
    await bot.loops.settle()
    assert the_lead(bot).stage == "new"
    assert bot.sent("sales") == 1


async def test_F1_a_new_contact_is_greeted_once(bot: Bot) -> None:
    await add(bot)
    greetings = bot.ground.world.chat("wecom", LI.id)
    assert [m.payload["content"] for m in greetings] == [
        "您好，我是小李，很高兴认识您。资料和报价随时找我，答应您的事我都会盯到底。"
    ]


async def test_F2_where_a_lead_came_from_stands_on_its_card(bot: Bot) -> None:
    await add(bot)
    (card,) = bot.cards("sales")
    assert "展会（expo2026-hall3）" in card
    assert "1月28日 周三 10:20" in card
    assert "青禾科技" in card


async def test_F2_what_could_not_be_learnt_says_so(bot: Bot) -> None:
    await add(bot, ExternalContact("wmNobody", "王先生"))
    (card,) = bot.cards("sales")
    assert "渠道：未取到" in card
    assert "公司：未取到" in card


async def test_F2_a_phone_number_is_sealed_in_the_file(bot: Bot) -> None:
    await add(bot, ExternalContact("wmP", "王先生", mobiles=("13912345678",)))
    with bot.db() as db:
        contact = db.exec(select(Contact).where(Contact.external_id == "wecom:wmP")).one()
        assert contact.phone == "13912345678"
        raw = db.connection().exec_driver_sql("select phone from contact").scalars().all()
    assert not any(sealed and "13912345678" in sealed for sealed in raw)


async def test_F3_on_wecom_two_taps_and_a_sentence_make_a_log(bot: Bot) -> None:
    await add(bot)
    await bot.presses("sales", "+跟进")
    await bot.presses("sales", "记下", {"tags": ("price_concern", "competitor")})
    echo = await bot.says("sales", "李女士觉得贵，下周三前给报价")
    assert "价格疑虑" in echo
    assert "报价" in echo
    with bot.db() as db:
        note = db.exec(select(FollowUp).order_by(col(FollowUp.id).desc())).first()
    assert note is not None
    assert note.lead_id == the_lead(bot).id
    assert set(note.tags) == {"price_concern", "competitor"}
    assert note.text == "李女士觉得贵，下周三前给报价"


async def test_F3_on_feishu_the_form_takes_tags_and_sentence_together(start: Start) -> None:
    bot = await start(("feishu", "wecom", "dingtalk"))
    await bot.says("sales", "+跟进 张总")
    await bot.presses("sales", "记下", {"tags": ("budget_pending",), "note": ("等院务会批预算",)})
    with bot.db() as db:
        note = db.exec(select(FollowUp).order_by(col(FollowUp.id).desc())).first()
    assert note is not None
    assert (note.text, note.tags) == ("等院务会批预算", ["budget_pending"])
    assert "已记" in bot.cards("sales")[-1]


@pytest.mark.parametrize("seating", SALES_ON, ids="-".join)
@pytest.mark.parametrize("who", ["L{}", "张总"])
async def test_F3_the_form_in_one_line_makes_a_log(
    start: Start, seating: Seating, who: str
) -> None:
    bot = await start(seating)
    with bot.db() as db:
        query = select(Lead).join(Customer).where(Customer.name == "华康医疗")
        lead = db.exec(query).one()
    echo = await bot.says("sales", f"+跟进 {who.format(lead.id)} 预算还没批，等院务会")
    assert "预算未定" in echo
    with bot.db() as db:
        note = db.exec(select(FollowUp).order_by(col(FollowUp.id).desc())).first()
    assert note is not None
    assert (note.lead_id, note.text) == (lead.id, "预算还没批，等院务会")


async def test_F3_a_form_in_one_line_for_nobody_says_so(bot: Bot) -> None:
    assert "没找到" in await bot.says("sales", "+跟进 L99999 预算还没批")


async def test_F3_the_form_depends_on_the_role(start: Start) -> None:
    bot = await start(("feishu", "wecom", "dingtalk"))
    await bot.says("sales", "+跟进 张总")
    assert "阶段" not in bot.cards("sales")[-1]


@pytest.mark.parametrize("seating", SALES_ON, ids="-".join)
async def test_F5_words_become_a_stage_and_an_estimated_date(
    start: Start, seating: Seating
) -> None:
    bot = await start(seating)
    echo = await bot.says("sales", "张总说下周再议")
    assert "2月3日 周二（估）" in echo
    assert "下周" in echo
    with bot.db() as db:
        query = select(Lead).join(Customer).where(Customer.name == "华康医疗")
        lead = db.exec(query).one()
    assert lead.next_contact is not None
    assert (lead.next_contact.isoformat(), lead.next_estimated) == ("2026-02-03", True)


async def test_F5_a_wrong_reading_is_changed_in_words(bot: Bot) -> None:
    await bot.says("sales", "张总说下周再议")
    await bot.says("sales", "不对，是下周五")
    assert "2月6日 周五" in bot.cards("sales")[-1]
