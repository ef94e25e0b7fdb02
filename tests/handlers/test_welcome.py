"""The greeting to a new customer has 20 s, and its own lane through everything that waits."""

import asyncio
from datetime import timedelta
from time import perf_counter

from sqlmodel import func, select

from bot.events import MessageReceived
from bot.playground.world import ExternalContact
from storage import parcels
from storage.models import Inbox
from tests.conftest import MEMBERS, Bot

LI = ExternalContact("wmLi0001", "李女士")
REP = MEMBERS["sales", "wecom"]
BUDGET_SECONDS = 5.0
"""Of 20 that the platform gives (D92137)."""


def greetings(bot: Bot) -> list[str]:
    return [shown.payload["content"] for shown in bot.ground.world.chat("wecom", LI.id)]


async def test_F1_the_greeting_goes_out_before_200_notes_are_handled(bot: Bot) -> None:
    """The notes wait in the inbox; only then the customer scans the code."""
    accept, now = bot.program.runtime.accept, bot.clock()
    address = f"wecom:{REP}"
    notes = [
        MessageReceived(f"note:{n}", now, address, address, f"张总说预算要再等{n}天")
        for n in range(200)
    ]
    await asyncio.gather(*(accept(note) for note in notes))
    began = perf_counter()
    await bot.ground.wecom.add_contact(REP, LI)
    while not greetings(bot):  # noqa: ASYNC110  # a few turns of the loop
        await asyncio.sleep(0.001)
    took = perf_counter() - began
    with bot.db() as db:
        waiting = db.exec(select(func.count()).where(Inbox.state == "new")).one()
    assert took < BUDGET_SECONDS
    assert waiting > 0


async def test_F1_a_greeting_that_is_being_sent_by_another_app_is_tried_once_more(
    bot: Bot,
) -> None:
    """41096."""
    bot.ground.wecom.fail(41096, path="externalcontact/send_welcome_msg")
    await bot.ground.wecom.add_contact(REP, LI)
    await bot.at(bot.clock() + timedelta(seconds=5))
    assert len(greetings(bot)) == 1


async def test_F1_a_greeting_that_is_refused_for_good_is_not_repeated(bot: Bot) -> None:
    """41050 and 41051: the code is spent, or they are talking already."""
    for code in (41050, 41051):
        path = "externalcontact/send_welcome_msg"
        calls = bot.ground.wecom.gate.calls[path]
        bot.ground.wecom.fail(code, path=path)
        await bot.ground.wecom.add_contact(REP, ExternalContact(f"wm{code}", "王先生"))
        await bot.at(bot.clock() + timedelta(minutes=1))
        assert bot.ground.wecom.gate.calls[path] == calls + 1
    with bot.db() as db:
        assert [row.state for row in parcels.refused(db)] == ["refused", "refused"]
        assert all("20 秒内" in row.error for row in parcels.refused(db))
