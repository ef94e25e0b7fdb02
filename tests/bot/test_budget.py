"""A month's allowance: counted for all processes, told once, and stretched when little is left."""

import asyncio
from datetime import UTC, datetime

import pytest
from sqlmodel import Session, col, select

from bot import events
from bot.clock import Clock
from bot.events import QuotaLow, TimerFired
from bot.runtime.budget import Budget, Meter
from cards.model import Button, Card, dump
from storage import inbox, outbox, quotas
from storage.db import Database
from storage.models import Inbox
from storage.outbox import Draft
from tests.bot.conftest import LI, Dictionary, said
from tests.bot.test_delivery import BUDGETS, Post

CHASE = Card(title="催办", buttons=(Button("完成", typed="完成 P12"),))
EVENING = datetime(2026, 1, 28, 12, tzinfo=UTC)
"""20:00 in China; the next round is at 9."""
ROUND = datetime(2026, 1, 29, 1, tzinfo=UTC)


@pytest.fixture
def post(db: Database, clock: Clock, im: Dictionary) -> Post:
    clock.move_to(EVENING)
    return Post(db, clock, im)


async def spend(post: Post, times: int) -> None:
    for _ in range(times):
        await post.meter.spend("im", "calls")


async def notice(post: Post, card: Card, *, slot: str = "", timer: bool = True) -> None:
    """What a clock (or else a message) has the bot say to 李."""
    at = post.clock()
    event = TimerFired(f"t:{slot}:{card}", at, "late") if timer else said(f"{slot}{card}")
    kind, body = events.dump(event)

    def put(db: Session) -> None:
        inbox.add(db, key=event.key, kind=kind, body=body, lane="x", at=at)
        row = db.exec(select(Inbox).order_by(col(Inbox.id).desc())).first()
        assert row is not None
        outbox.put(db, Draft(LI, dump(card), slot=slot, inbox_id=row.id), at)

    await post.db.write(put)


def told(post: Post) -> list[Inbox]:
    with post.db.read() as reader:
        return list(reader.exec(select(Inbox).where(Inbox.kind == "QuotaLow")))


async def test_several_processes_count_together(post: Post, db: Database, clock: Clock) -> None:
    other = Meter(db, clock, BUDGETS, after=lambda: None)
    await asyncio.gather(*(each.spend("im", "calls") for each in [post.meter, other] * 3))
    assert await db.write(other.told) == {
        "im": {
            "calls": {"used": 6, "allowed": 10, "low": False},
            "stream": {"used": 0, "allowed": 10, "low": False},
        }
    }


async def test_little_left_is_told_once_a_month(post: Post) -> None:
    await spend(post, 7)
    assert told(post) == []
    await spend(post, 3)
    (row,) = told(post)
    event = events.load(row.kind, row.body)
    assert event == QuotaLow("quota:im:calls:2026-01", EVENING, "im", "calls", 8, 10)
    post.clock.move_to(datetime(2026, 1, 31, 16, tzinfo=UTC))
    await spend(post, 10)
    assert [row.key for row in told(post)][1:] == ["quota:im:calls:2026-02"]


async def test_what_others_have_used_up_is_believed(post: Post, db: Database) -> None:
    await post.meter.spend("im", "calls", all_of_it=True)
    assert await db.write(lambda db: quotas.used(db, "im", "calls", EVENING)) == 10


async def test_a_platform_without_a_budget_is_not_metered(post: Post, db: Database) -> None:
    await post.meter.spend("other", "calls")
    assert await db.write(lambda db: quotas.used(db, "other", "calls", EVENING)) == 0


@pytest.mark.parametrize("share", [0.0, 0.2])
def test_low_is_the_share_that_is_left(share: float) -> None:
    budget = Budget({"calls": 5000}, share)
    edge = round(5000 * (1 - share))
    assert (budget.is_low("calls", edge - 1), budget.is_low("calls", edge)) == (False, True)


async def test_with_enough_left_notices_go_at_once(post: Post) -> None:
    await notice(post, CHASE)
    await post.work()
    assert post.im.texts == ["催办"]


async def test_notices_wait_for_the_round_and_become_one(post: Post) -> None:
    await spend(post, 8)
    await notice(post, CHASE, slot="a")
    await notice(post, Card(text="明天交样机"), slot="b")
    await post.work()
    assert (post.im.texts, {row.state for row in post.rows()}) == ([], {"held"})

    post.clock.move_to(ROUND)
    await post.work()
    (card,) = post.im.shown.values()
    assert card.title == "2 条提醒，合在一起发"
    assert "完成 P12" in card.text
    assert "明天交样机" in card.text
    assert [row.state for row in post.rows()] == ["merged", "merged", "delivered"]


async def test_a_single_notice_keeps_its_buttons(post: Post) -> None:
    await spend(post, 8)
    await notice(post, CHASE)
    await post.work()
    post.clock.move_to(ROUND)
    await post.work()
    assert list(post.im.shown.values()) == [CHASE]


async def test_the_loop_wakes_at_the_round(post: Post) -> None:
    await spend(post, 8)
    await notice(post, CHASE)
    await post.work()
    assert (await post.delivery.step()).due == ROUND


async def test_answers_do_not_wait_behind_notices(post: Post) -> None:
    await spend(post, 10)
    await notice(post, CHASE, slot="a")
    await notice(post, Card(text="记下了"), slot="b", timer=False)
    await post.work()
    assert post.im.texts == ["记下了"]


async def test_an_answer_takes_the_place_of_the_notice_it_overtakes(post: Post) -> None:
    await spend(post, 8)
    await notice(post, CHASE, slot="a")
    await post.work()
    await notice(post, Card(text="已完成"), slot="a", timer=False)
    await post.work()
    post.clock.move_to(ROUND)
    await post.work()
    assert post.im.texts == ["已完成"]


async def test_other_platforms_do_not_save(post: Post) -> None:
    await spend(post, 10)
    draft = Draft("other:li", dump(CHASE))
    await post.db.write(lambda db: outbox.put(db, draft, EVENING))
    await post.work()
    assert post.other.texts == ["催办"]


def test_rows_are_counted_by_the_month_in_china() -> None:
    assert quotas.month_of(datetime(2026, 1, 31, 15, 59, tzinfo=UTC)) == "2026-01"
    assert quotas.month_of(datetime(2026, 1, 31, 16, 0, tzinfo=UTC)) == "2026-02"
