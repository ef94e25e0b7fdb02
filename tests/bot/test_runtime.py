"""The loops together: settled means settled, and a moved clock stops at every moment on its way."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import structlog
from sqlmodel import col, select

from bot.clock import Clock
from bot.context import Context
from bot.events import JobFinished, MessageReceived, TimerFired
from bot.platforms.protocol import RateLimited
from bot.router import Router
from bot.runtime.runtime import Runtime
from cards.model import Card
from config.loader import load_rules
from storage import jobs, outbox, parcels
from storage.db import Database
from storage.models import Inbox
from storage.outbox import Draft
from tests.bot.conftest import LI, START, Dictionary, later, said

router = Router()
HOUR = timedelta(hours=1)


@router.message(lambda event, _: event.text.startswith("wake"))
def wake_me(event: MessageReceived, ctx: Context) -> None:
    """`wake 3` asks for three calls, an hour apart."""
    ctx.wake("call", 1, ctx.now + HOUR, {"more": event.text.split()[1], "chat": event.chat})


@router.timer("call")
def call(event: TimerFired, ctx: Context) -> None:
    ctx.send(event.data["chat"], Card(text=f"{ctx.now:%H:%M}"))
    more = int(event.data["more"]) - 1
    if more:
        ctx.wake("call", 1, ctx.now + HOUR, event.data | {"more": str(more)})


@router.message(lambda event, _: event.text == "who")
def look_up(event: MessageReceived, ctx: Context) -> None:
    ctx.job("look.up", chat=event.chat)


@router.job("look.up")
def tell(event: JobFinished, ctx: Context) -> None:
    ctx.send(event.data["chat"], Card(text=event.result["name"]))


@router.message(lambda event, _: event.text == "fail")
def fail(event: MessageReceived, ctx: Context) -> None:
    raise ZeroDivisionError


@router.message(lambda _event, _ctx: True)
def echo(event: MessageReceived, ctx: Context) -> None:
    ctx.reply(Card(text=event.text))


async def answer(_: dict[str, str]) -> dict[str, Any]:
    return {"name": "王总"}


def a_runtime(db: Database, clock: Clock, im: Dictionary) -> Runtime:
    rules = load_rules()
    return Runtime(
        db,
        clock,
        platforms={"im": im},
        routers=[router],
        rules=lambda: rules,
        calls={"look.up": answer},
        sorry=lambda number: Card(text=f"sorry about {number}"),
    )


@pytest.fixture
async def runtime(db: Database, clock: Clock, im: Dictionary) -> AsyncIterator[Runtime]:
    runtime = a_runtime(db, clock, im)
    await runtime.start()
    yield runtime
    await runtime.stop()


async def test_when_all_is_settled_the_answer_is_there(runtime: Runtime, im: Dictionary) -> None:
    await runtime.accept(said("hello"))
    await runtime.settle()
    assert im.texts == ["hello"]


async def test_the_answer_of_a_slow_call_is_waited_for(runtime: Runtime, im: Dictionary) -> None:
    await runtime.accept(said("who"))
    await runtime.settle()
    assert im.texts == ["王总"]


async def test_what_will_be_tried_later_is_not_waited_for(
    runtime: Runtime, im: Dictionary, clock: Clock
) -> None:
    im.faults.append(RateLimited("slow down", 60))
    with structlog.testing.capture_logs():
        for text in ("fail", "behind", "and on"):
            await runtime.accept(said(text))
        await runtime.accept(said("elsewhere", "im:chen"))
        await runtime.accept(said("one more", "im:chen"))
        await runtime.settle()
        assert im.texts == []
        await runtime.advance(later(60))
    assert im.texts == ["elsewhere", "one more"]


async def test_a_parked_event_is_told_and_what_was_behind_it_goes_on(
    runtime: Runtime, im: Dictionary
) -> None:
    with structlog.testing.capture_logs():
        await runtime.accept(said("fail"))
        await runtime.accept(said("behind"))
        await runtime.advance(later(120))
    assert im.texts == ["sorry about 1", "behind"]


async def test_a_moved_clock_stops_at_every_moment_on_the_way(
    runtime: Runtime, im: Dictionary
) -> None:
    await runtime.accept(said("wake 3"))
    await runtime.advance(START + 10 * HOUR)
    assert im.texts == ["03:20", "04:20", "05:20"]
    assert runtime.clock() == START + 10 * HOUR


async def test_a_moved_clock_stops_before_what_lies_ahead(runtime: Runtime, im: Dictionary) -> None:
    await runtime.accept(said("wake 3"))
    await runtime.advance(START + 2 * HOUR)
    assert im.texts == ["03:20", "04:20"]
    await runtime.advance(START + 3 * HOUR)
    assert len(im.texts) == 3


async def test_moments_of_years_pass_in_a_moment(runtime: Runtime, im: Dictionary) -> None:
    await runtime.accept(said("wake 40"))
    await runtime.advance(START + timedelta(days=700))
    assert len(im.texts) == 40


async def test_a_successor_takes_up_what_was_left(
    db: Database, clock: Clock, im: Dictionary
) -> None:
    """Leases of the dead count for nothing where only one process can run."""
    await db.write(lambda s: outbox.put(s, Draft(LI, '{"text": "left"}'), START))
    await db.write(lambda s: jobs.add(s, "look.up", 0, {"chat": LI}, START))
    await db.write(lambda s: parcels.claim(s, START, "dead", 9))
    await db.write(lambda s: jobs.claim(s, START, "dead", 9))
    successor = a_runtime(db, clock, im)
    await successor.start()
    await successor.settle()
    await successor.stop()
    assert im.texts == ["left", "王总"]


async def test_after_stopping_nothing_is_done_and_nothing_is_lost(
    db: Database, clock: Clock, im: Dictionary
) -> None:
    runtime = a_runtime(db, clock, im)
    await runtime.start()
    await runtime.stop()
    assert await runtime.accept(said("hello"))
    with db.read() as reader:
        assert [row.state for row in reader.exec(select(Inbox).order_by(col(Inbox.id)))] == ["new"]
    assert im.calls == []
