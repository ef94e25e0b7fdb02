"""Platforms repeat themselves, and tell of one thing in several ways: it still happens once."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from sqlmodel import Session, col, func, select

from bot.playground.world import ExternalContact
from storage.models import Fact, FollowUp, Inbox, Lead, Promise
from tests.conftest import Bot, Seating, Start

NOTE = "张总说价格高，对比了XX，样机下周三前寄出"
CUSTOMER = ExternalContact("wm_dup_0001", "周敏", "明德诊所", mobiles=("13800138000",))
TIMES = 4
SEATINGS: list[Seating] = [
    ("wecom", "dingtalk", "feishu"),
    ("dingtalk", "feishu", "wecom"),
    ("feishu", "wecom", "dingtalk"),
]
Deliver = Callable[..., Awaitable[Any]]


def at_the_same_moment(deliver: Deliver) -> Deliver:
    """The same callback four times; the answer is that of the first."""

    async def repeated(*args: Any, **options: Any) -> Any:
        first, *_ = await asyncio.gather(*(deliver(*args, **options) for _ in range(TIMES)))
        return first

    return repeated


def one_after_the_other(deliver: Deliver) -> Deliver:
    async def repeated(*args: Any, **options: Any) -> Any:
        first, *_ = [await deliver(*args, **options) for _ in range(TIMES)]
        return first

    return repeated


def repeat_everything(bot: Bot, repeat: Callable[[Deliver], Deliver]) -> None:
    """Every callback of the three imitated platforms comes four times."""
    ground = bot.ground
    for owner, name in [
        (ground.wecom.callbacks, "deliver"),
        (ground.feishu.pusher, "event"),
        (ground.feishu.pusher, "callback"),
    ]:
        setattr(owner, name, repeat(getattr(owner, name)))
    gateway = ground.dingtalk.gateway
    gateway.pace = replace(gateway.pace, click_seconds=0.1, message_seconds=0.1)  # one is answered
    frame = gateway.deliver
    numbers = iter(range(1000))

    async def same_frame(*args: Any, **options: Any) -> Any:
        headers = {"messageId": f"frame-{next(numbers)}"}
        return await repeat(partial(frame, headers=headers))(*args, **options)

    gateway.deliver = same_frame  # type: ignore[method-assign]


def count(db: Session, kind: Any) -> int:
    return db.scalar(select(func.count()).select_from(kind)) or 0


class Counted:
    """What the bot has added to the demo company since."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        with bot.db() as db:
            self._before = {kind: count(db, kind) for kind in (Lead, FollowUp, Promise, Inbox)}
            self._last_fact = db.scalar(select(func.max(col(Fact.id)))) or 0

    def added(self, kind: Any) -> int:
        with self._bot.db() as db:
            return count(db, kind) - self._before[kind]

    def facts(self) -> list[str]:
        with self._bot.db() as db:
            fresh = select(Fact.type).where(col(Fact.id) > self._last_fact)
            return list(db.exec(fresh.order_by(col(Fact.id))))


@pytest.mark.parametrize("repeat", [at_the_same_moment, one_after_the_other])
@pytest.mark.parametrize("seating", SEATINGS, ids="-".join)
async def test_what_comes_four_times_happens_once(
    start: Start, seating: Seating, repeat: Callable[[Deliver], Deliver]
) -> None:
    bot = await start(seating)
    repeat_everything(bot, repeat)
    counted = Counted(bot)
    await bot.says("sales", NOTE)
    await bot.presses("sales", "确认")
    await bot.presses("delivery", "接单")
    assert counted.facts() == [
        "followup.logged",
        "objection.raised",
        "objection.raised",
        "promise.caught",
        "followup.confirmed",
        "promise.asked",
        "promise.accepted",
    ]
    assert (counted.added(FollowUp), counted.added(Promise), counted.added(Inbox)) == (1, 1, 3)
    assert bot.sent("delivery") == 1
    assert sum("张总" in card for card in bot.cards("sales")) == bot.sent("sales")


async def test_a_message_repeated_under_another_event_id_is_the_same_message(
    start: Start,
) -> None:
    bot = await start(("feishu", "wecom", "dingtalk"))
    counted = Counted(bot)
    await bot.says("sales", NOTE)
    (written,) = [m for m in bot.ground.shown_to("sales") if m.sender != "bot"]
    for _ in range(TIMES):
        await bot.ground.feishu.redeliver(written.id)
    await bot.loops.settle()
    assert (counted.added(FollowUp), counted.added(Inbox), bot.sent("sales")) == (1, 1, 1)


async def test_two_presses_are_two_requests_and_one_promise(bot: Bot) -> None:
    """Somebody is impatient: each press is a callback of its own."""
    counted = Counted(bot)
    await bot.says("sales", NOTE)
    seat, card = bot.ground.seat("sales"), bot.ground.shown_to("sales")[-1]
    button = bot._find("sales", "确认", None, "")[1]
    press = partial(bot.ground.wecom.click, seat.member, card.id, button)
    await asyncio.gather(*(press() for _ in range(TIMES)))
    await bot.loops.settle()
    assert counted.added(Promise) == 1
    assert counted.facts().count("promise.asked") == 1
    assert bot.sent("delivery") == 1


@pytest.mark.parametrize("halves", [[True, False], [False, True], [True, True], [False, False]])
@pytest.mark.parametrize("wait", [True, False])
async def test_a_contact_told_of_twice_in_any_order_is_one_lead_and_one_card(
    bot: Bot, halves: list[bool], wait: bool
) -> None:
    counted = Counted(bot)
    repeat_everything(bot, at_the_same_moment)
    for half in halves:
        await bot.ground.wecom.add_contact("li.xiao", CUSTOMER, half=half)
        if wait:
            await bot.loops.settle()
    await bot.loops.settle()
    assert counted.added(Lead) == 1
    assert counted.facts() == ["lead.created", "lead.enriched"]
    assert bot.sent("sales") == 1
    assert "周敏" in bot.cards("sales")[0]
    greetings = [m for m in bot.ground.world.messages if m.chat == CUSTOMER.id]
    assert len(greetings) == 1


@pytest.mark.parametrize("contact_first", [True, False])
async def test_whether_the_customer_or_the_note_comes_first_makes_no_difference(
    bot: Bot, contact_first: bool
) -> None:
    counted = Counted(bot)
    repeat_everything(bot, at_the_same_moment)
    steps: list[Callable[[], Awaitable[Any]]] = [
        partial(bot.ground.wecom.add_contact, "li.xiao", CUSTOMER),
        partial(bot.says, "sales", NOTE),
    ]
    for step in steps if contact_first else reversed(steps):
        await step()
    await bot.loops.settle()
    assert (counted.added(Lead), counted.added(FollowUp), counted.added(Promise)) == (1, 1, 1)
    assert bot.sent("sales") == 2
