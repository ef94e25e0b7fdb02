"""`doctor --card`: a test card to somebody, on all platforms, through the bot that runs."""

import asyncio
from collections.abc import Sequence

import pytest

from bot.platforms.checkup import Step
from bot.runtime.proof import Patience, Proof
from cards.checkup import TYPED
from tests.conftest import MEMBERS, Bot, Seating, Start

TITLES = {"wecom": "企业微信", "dingtalk": "钉钉", "feishu": "飞书"}
PATIENT = Patience(send_seconds=5, press_seconds=5, look_seconds=0.001)
HASTY = Patience(send_seconds=0.01, press_seconds=0.01, look_seconds=0.001)
SEATED: list[Seating] = [
    ("wecom", "dingtalk", "feishu"),
    ("dingtalk", "feishu", "wecom"),
    ("feishu", "wecom", "dingtalk"),
]


async def begun(
    bot: Bot, platform: str, *, name: str = "小李", patience: Patience = PATIENT
) -> tuple["asyncio.Task[Sequence[Step]]", list[str]]:
    """The proof, when the card has been sent as far as it can be."""
    told: list[str] = []
    proof = Proof(bot.program.db, bot.clock, patience, told.append)
    running = asyncio.create_task(proof.of(platform, TITLES[platform], name))
    while not (told or running.done()):
        bot.program.runtime.ring()
        await asyncio.sleep(0.001)
    return running, told


def states(steps: Sequence[Step]) -> list[tuple[str, str]]:
    return [(step.key, step.state) for step in steps]


@pytest.mark.parametrize("seating", SEATED, ids=lambda seating: seating[0])
async def test_a_click_comes_back_and_changes_the_card(start: Start, seating: Seating) -> None:
    bot = await start(seating)
    running, told = await begun(bot, seating[0])
    assert "请点一下" in told[0]
    await bot.presses("sales", "收到", on="一诺体检")

    steps = await running
    assert states(steps) == [("card", "ok"), ("press", "ok"), ("change", "ok")]
    assert "按钮是通的" in bot.cards("sales")[-1]


async def test_where_the_card_came_as_text_words_do(start: Start) -> None:
    bot = await start(("feishu", "wecom", "dingtalk"))
    running, told = await begun(bot, "feishu")
    code = told[0].partition(TYPED)[2].strip().partition("”")[0]
    await bot.says("sales", f"{TYPED} {code}")
    assert states(await running)[1:] == [("press", "ok"), ("change", "ok")]


async def test_nobody_presses(start: Start) -> None:
    bot = await start(("feishu", "wecom", "dingtalk"))
    patience = Patience(send_seconds=5, press_seconds=0.01, look_seconds=0.001)
    running, _ = await begun(bot, "feishu", patience=patience)
    card, press = await running
    assert (card.state, press.state) == ("ok", "failed")
    assert "回调配置" in press.page
    assert "card.action.trigger" in press.change


async def test_without_a_running_bot_nothing_is_sent(start: Start) -> None:
    bot = await start(("feishu", "wecom", "dingtalk"))
    await bot.program.runtime.delivery.stop()
    (card,) = await Proof(bot.program.db, bot.clock, HASTY, print).of("feishu", "飞书", "小李")
    assert card.state == "failed"
    assert "先启动机器人" in card.change


async def test_who_has_no_account_there_is_told_how_to_get_one(bot: Bot) -> None:
    running, _ = await begun(bot, "feishu")
    (card,) = await running
    assert (card.state, card.told) == ("failed", "小李没有绑定飞书")
    assert "invite 小李" in card.change


async def test_a_refusal_is_told_with_its_remedy(start: Start) -> None:
    bot = await start(("feishu", "wecom", "dingtalk"))
    members = bot.ground.world.members["feishu"]
    gone = members.pop(MEMBERS["sales", "feishu"])
    running, _ = await begun(bot, "feishu")
    (card,) = await running
    members[gone.id] = gone
    assert card.state == "failed"
    assert "处理：" in card.told
