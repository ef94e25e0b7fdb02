"""A click is a request: by a stranger, for somebody else, or too late, it changes nothing."""

import json
from copy import deepcopy
from datetime import timedelta

import pytest
from sqlmodel import select

from bot.playground.press import Interaction, text_of
from bot.playground.world import Member, Shown
from storage.models import Fact, Timer
from tests.bot.watch import everything, log_lines, records
from tests.conftest import Bot, Seating, Start
from tests.raw_clicks import send_click

NOTE = "张总说价格高，对比了XX，样机下周三前寄出"
SEATINGS: list[Seating] = [
    ("wecom", "dingtalk", "wecom"),
    ("dingtalk", "wecom", "dingtalk"),
    ("feishu", "wecom", "feishu"),
]
"""Those who sell and those who deliver are in one IM, so that one may take the other's card."""
STRANGERS = {
    "wecom": "mallory",
    "dingtalk": "mallory0001",
    "feishu": "ou_mallory000000000000000000000001",
}
every_platform = pytest.mark.parametrize("seating", SEATINGS, ids=lambda seating: seating[0])


async def asked(start: Start, seating: Seating) -> tuple[Bot, Shown, Interaction]:
    """Delivery was asked, and has not answered: the card, and what 接单 sends."""
    bot = await start(seating)
    await bot.says("sales", NOTE)
    await bot.presses("sales", "确认")
    card, sent = bot._find("delivery", "接单", None, "")
    return bot, deepcopy(card), sent


def with_another_action(sent: Interaction, action: str) -> Interaction:
    """The same press with other words in the button."""
    text = json.dumps(sent)
    start = text.index("promise.accept?promise=")
    end = next(i for i in range(start + 23, len(text)) if not text[i].isdigit())
    changed: Interaction = json.loads(text[:start] + action + text[end:])
    return changed


@every_platform
async def test_a_stranger_is_told_who_may_and_changes_nothing(
    start: Start, seating: Seating
) -> None:
    bot, card, sent = await asked(start, seating)
    platform, stranger = seating[2], STRANGERS[seating[2]]
    bot.ground.world.join(platform, Member(stranger, "路人"))
    before, shown = records(bot), bot.cards("delivery")
    with log_lines() as lines:
        for _ in range(2):
            await send_click(bot, card, sent, stranger)
            await bot.at(bot.clock() + timedelta(seconds=1))
    assert [line["action"] for line in lines if line["event"] == "stranger.click"] == [
        "promise.accept",
        "promise.accept",
    ]
    assert records(bot) == before
    assert bot.cards("delivery") == shown
    (told,) = (text_of(m) for m in bot.ground.world.chat(platform, stranger))
    assert "还不认识这个账号" in told


@every_platform
async def test_a_stranger_who_cannot_be_told_is_no_trouble_to_administrators(
    start: Start, seating: Seating
) -> None:
    bot, card, sent = await asked(start, seating)
    await send_click(bot, card, sent, STRANGERS[seating[2]])
    with bot.db() as db:
        refused = db.exec(select(Fact).where(Fact.type == "push.refused")).all()
        assert len(refused) == 1
        assert db.exec(select(Timer).where(Timer.name == "push.refused")).all() == []


@every_platform
async def test_a_colleagues_note_is_confirmed_by_nobody_else(
    start: Start, seating: Seating
) -> None:
    bot = await start(seating)
    await bot.says("sales", NOTE)
    card, sent = bot._find("sales", "确认", None, "")
    card, before = deepcopy(card), records(bot)
    await send_click(bot, card, sent, bot.ground.seat("delivery").member)
    assert records(bot) == before
    assert "只有本人能改" in bot.cards("delivery")[-1]
    assert bot.cards("sales") == [text_of(card)]


@every_platform
async def test_whoever_it_is_not_for_is_told_so_and_changes_nothing(
    start: Start, seating: Seating
) -> None:
    bot, card, sent = await asked(start, seating)
    before, shown = records(bot), bot.cards("delivery")
    await send_click(bot, card, sent, bot.ground.seat("sales").member)
    assert records(bot) == before
    assert bot.cards("delivery") == shown
    assert bot.cards("sales")[-1] != ""


@every_platform
async def test_a_press_on_a_card_that_is_settled_changes_nothing(
    start: Start, seating: Seating
) -> None:
    bot, card, sent = await asked(start, seating)
    await bot.presses("delivery", "接单")
    await bot.presses("delivery", "已交付")
    before, shown = records(bot), bot.cards("sales")
    await send_click(bot, card, sent, bot.ground.seat("delivery").member)
    assert records(bot) == before
    assert bot.cards("sales") == shown


@every_platform
@pytest.mark.parametrize("number", [0, 987654, 2**63 - 1])
async def test_a_press_about_what_does_not_exist_changes_nothing(
    start: Start, seating: Seating, number: int
) -> None:
    bot, card, sent = await asked(start, seating)
    before = records(bot)
    forged = with_another_action(sent, f"promise.accept?promise={number}")
    with log_lines() as lines:
        await send_click(bot, card, forged, bot.ground.seat("delivery").member)
    assert records(bot) == before
    assert [line for line in lines if line["log_level"] in ("error", "critical")] == []


@every_platform
@pytest.mark.parametrize(
    "action", ["promise.steal?promise=1", "promise.accept?lead=1", "promise.accept?promise=x"]
)
async def test_a_button_we_never_made_is_ignored_with_a_reason(
    start: Start, seating: Seating, action: str
) -> None:
    bot, card, sent = await asked(start, seating)
    before = everything(bot)
    with log_lines() as lines:
        forged = with_another_action(sent, action)
        await send_click(bot, card, forged, bot.ground.seat("delivery").member)
    assert [line["reason"] for line in lines if line["event"].endswith("ignored")] != []
    assert everything(bot) == before
