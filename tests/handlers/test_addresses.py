"""K15: several accounts of one person, where cards go, and taking an account away."""

from datetime import timedelta

import pytest

from bot.playground.press import interaction, text_of
from bot.playground.world import Shown
from handlers.addresses import PROBATION
from storage import accounts, people
from tests.conftest import MEMBERS, Bot, Seating, Start
from tests.handlers.elsewhere import Elsewhere

TASK = "张总说价格高，样机下周三前寄出"
NAMES = {"wecom": "企业微信", "dingtalk": "钉钉", "feishu": "飞书"}
SEATED: list[Seating] = [
    ("wecom", "dingtalk", "feishu"),
    ("dingtalk", "feishu", "wecom"),
    ("feishu", "wecom", "dingtalk"),
]


@pytest.fixture(params=SEATED, ids="-".join)
async def seated(start: Start, request: pytest.FixtureRequest) -> Bot:
    return await start(request.param)


@pytest.fixture
async def elsewhere(seated: Bot) -> Elsewhere:
    """The rep's second account, in the IM of delivery, not bound yet; the first is older."""
    await seated.at(seated.clock() + timedelta(minutes=1))
    return Elsewhere(seated, seated.ground.seat("delivery").platform)


def old_name(bot: Bot) -> str:
    return NAMES[bot.ground.seat("sales").platform]


async def test_K15_the_old_account_hears_of_the_new_one_and_may_throw_it_out(
    seated: Bot, elsewhere: Elsewhere
) -> None:
    await elsewhere.bind()
    name = NAMES[elsewhere.platform]
    assert f"你的{name}账号已绑定" in seated.cards("sales")[-1]
    await seated.presses("sales", "不是我，解绑")
    assert f"{name}已解绑" in seated.cards("sales")[-1]
    assert "已解绑" in elsewhere.cards()[-1]
    assert "还不认识" in await elsewhere.says("今日")


async def test_K15_unbind_without_a_name_means_the_one_bound_just_now(
    seated: Bot, elsewhere: Elsewhere
) -> None:
    await elsewhere.bind()
    assert f"{NAMES[elsewhere.platform]}已解绑" in await seated.says("sales", "解绑")
    answer = await seated.says("sales", "解绑")
    assert "你的账号：1 个" in answer, "nothing new is left: the accounts are shown"


async def test_K15_a_code_given_to_a_stolen_account_goes_with_it(
    seated: Bot, elsewhere: Elsewhere
) -> None:
    await elsewhere.bind()
    code = elsewhere.code_in(await elsewhere.says("绑定"))
    await seated.says("sales", "解绑")
    assert "不对或已过期" in await elsewhere.says(f"绑定 {code}")


async def test_K15_a_new_account_does_not_lock_the_owner_out(
    seated: Bot, elsewhere: Elsewhere
) -> None:
    await elsewhere.bind()
    old = old_name(seated)
    assert "24 小时" in await elsewhere.says(f"解绑 {old}")
    assert "你的账号：2 个" in await seated.says("sales", "我的账号")
    await seated.at(seated.clock() + PROBATION)
    assert f"{old}已解绑" in await elsewhere.says(f"解绑{old}")
    assert "还不认识" in await seated.says("sales", "今日")


async def test_K15_of_two_accounts_in_one_im_the_other_one_goes(seated: Bot) -> None:
    await seated.at(seated.clock() + timedelta(minutes=1))
    twin = Elsewhere(seated, seated.ground.seat("sales").platform)
    await twin.bind()
    old = old_name(seated)
    assert "24 小时" in await twin.says(f"解绑 {old}"), "the new one does not throw out the old"
    assert f"{old}已解绑" in await seated.says("sales", "解绑")
    assert "还不认识" in await twin.says("今日")


async def test_K15_the_last_account_goes_only_on_purpose(seated: Bot) -> None:
    old = old_name(seated)
    assert "最后一个账号" in await seated.says("sales", f"解绑 {old}")
    assert "你的账号：1 个" in await seated.says("sales", "我的账号")
    assert "已解绑" in await seated.says("sales", f"解绑 {old} 确认")
    assert "还不认识" in await seated.says("sales", "我的账号")


async def test_K15_an_account_that_is_somebodys_stays_his_and_the_code_stays_good(
    seated: Bot, elsewhere: Elsewhere
) -> None:
    code = await elsewhere.code()
    answer = await seated.says("delivery", f"绑定 {code}")
    assert "已经是" in answer
    assert "没有改动" in answer
    assert "已经是小李的" in await seated.says("sales", f"绑定 {code}")
    assert "绑定好了，小李" in await elsewhere.says(f"绑定 {code}")


async def test_K15_chosen_once_unasked_cards_go_there_and_answers_stay(
    seated: Bot, elsewhere: Elsewhere
) -> None:
    await elsewhere.bind()
    chosen = NAMES[elsewhere.platform]
    answer = await seated.says("sales", f"以后发到{chosen}")
    assert f"好，以后发到{chosen}" in answer
    assert "通知发到这里" in answer
    assert "张总" in await seated.says("sales", TASK), "an answer stays where it was asked"
    await seated.presses("sales", "确认")
    before = len(elsewhere.cards())
    await seated.presses("delivery", "接单")
    assert "已接单" in "\n".join(elsewhere.cards()[before:])
    assert "已接单：" not in "\n".join(seated.cards("sales"))


async def test_K15_where_cards_go_is_a_button_and_can_be_taken_back(
    seated: Bot, elsewhere: Elsewhere
) -> None:
    await elsewhere.bind()
    await seated.at(seated.clock() + timedelta(minutes=1))
    await seated.says("sales", "我的账号")
    await seated.presses("sales", f"发到{NAMES[elsewhere.platform]}")
    assert reached(seated)[0].startswith(elsewhere.platform)
    await seated.presses("sales", "发到最近用的")
    assert reached(seated)[0].startswith(seated.ground.seat("sales").platform)


async def test_K15_what_the_chosen_one_refuses_goes_to_the_next(
    seated: Bot, elsewhere: Elsewhere
) -> None:
    await elsewhere.bind()
    await seated.says("sales", f"通知发到 {NAMES[elsewhere.platform]}")
    await seated.says("sales", TASK)
    await seated.presses("sales", "确认")
    seated.ground.world.members[elsewhere.platform].pop(elsewhere.member)
    await seated.presses("delivery", "接单")
    assert "已接单" in seated.cards("sales")[-1]


async def test_K15_an_im_without_an_account_cannot_be_chosen(seated: Bot) -> None:
    other = NAMES[seated.ground.seat("delivery").platform]
    assert f"还没绑定{other}" in await seated.says("sales", f"提醒发到{other}")
    assert f"还没绑定{other}" in await seated.says("sales", f"解绑 {other}")


async def test_K15_a_note_of_a_lost_account_is_shown_where_its_writer_is(
    seated: Bot, elsewhere: Elsewhere
) -> None:
    await elsewhere.bind()
    await elsewhere.says(TASK)
    await seated.says("sales", "解绑")
    before = len(elsewhere.cards())
    assert "X2" in await seated.says("sales", "是X2型号")
    assert len(elsewhere.cards()) == before


async def test_K15_in_a_group_a_code_is_void_and_a_strangers_button_does_nothing(
    start: Start,
) -> None:
    bot = await start(("feishu", "wecom", "feishu"))
    bot.ground.feishu.open_group("oc_east")
    other = Elsewhere(bot, "dingtalk")
    code = await other.code()

    async def says(role: str, text: str) -> Shown:
        await bot.ground.feishu.say(bot.ground.seat(role).member, text, chat="oc_east")
        await bot.loops.settle()
        return bot.ground.world.chat("feishu", "oc_east")[-1]

    assert "已作废" in text_of(await says("delivery", f"绑定 {code}"))
    assert "不对或已过期" in await other.says(f"绑定 {code}")
    await other.bind()
    card = await says("sales", "我的账号")
    stranger = MEMBERS["delivery", "feishu"]
    await bot.ground.feishu.click(stranger, card.id, interaction(card, "解绑钉钉"))
    await bot.loops.settle()
    assert len(reached(bot)) == 2


def reached(bot: Bot) -> list[str]:
    """The rep's addresses, in the order in which they are written to."""
    with bot.db() as db:
        rep = people.named(db, "小李")
        assert rep is not None
        return [each.address for each in accounts.of(db, rep.id or 0)]
