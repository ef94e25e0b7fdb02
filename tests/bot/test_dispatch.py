"""One event, one transaction; in order per lane; failures kept, retried, parked and told."""

from typing import Any

import pytest
import structlog
from sqlmodel import col, select

from bot.clock import Clock
from bot.context import Context
from bot.events import ContactAdded, JobFinished, MessageReceived
from bot.router import Router
from bot.runtime.dispatch import Dispatcher
from cards.model import Card, load
from config.loader import load_rules
from storage import inbox
from storage.db import Database
from storage.models import Inbox, Outbox, Team
from tests.bot.conftest import START, later, said

RULES = load_rules()
RETRY_TIMES = (0.5, 2.5, 12.5, 72.5)
"""Seconds after the first try."""


class Desk:
    """One handler that writes down what it was given, and fails on what it is told to."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self.heard: list[str] = []
        self.failing: set[str] = set()
        self.rung = 0
        router = Router()
        router.message(lambda _event, _ctx: True)(self.handle)
        self.db, self.clock = db, clock
        self.dispatcher = Dispatcher(
            db,
            clock,
            routers=[router],
            rules=lambda: RULES,
            sorry=lambda number: Card(text=f"sorry about {number}"),
            after=self.ring,
        )

    def ring(self) -> None:
        self.rung += 1

    def handle(self, event: MessageReceived, ctx: Context) -> None:
        self.heard.append(event.text)
        ctx.db.add(Team(name=event.text))
        ctx.reply(Card(text=f"re: {event.text}"))
        if event.text in self.failing:
            raise ZeroDivisionError(event.text)

    async def accept(self, *texts: str, sender: str = "im:li") -> None:
        for text in texts:
            await self.dispatcher.accept(said(text, sender))

    async def work(self) -> None:
        with structlog.testing.capture_logs():
            while (await self.dispatcher.step()).worked:
                pass

    async def fail_for_good(self, text: str) -> None:
        self.failing.add(text)
        await self.accept(text)
        for seconds in (0, *RETRY_TIMES):
            self.clock.move_to(later(seconds))
            await self.work()

    def rows(self, kind: type[Any], order: Any) -> list[Any]:
        with self.db.read() as reader:
            return list(reader.exec(select(kind).order_by(order)))

    def inbox(self) -> list[Inbox]:
        return self.rows(Inbox, col(Inbox.id))

    def said(self) -> list[str]:
        return [load(row.body).text for row in self.rows(Outbox, col(Outbox.id))]


@pytest.fixture
def desk(db: Database, clock: Clock) -> Desk:
    return Desk(db, clock)


async def test_events_of_one_lane_are_handled_in_the_order_they_were_saved(desk: Desk) -> None:
    await desk.accept("one", "two", "three")
    await desk.work()
    assert desk.heard == ["one", "two", "three"]
    assert [row.state for row in desk.inbox()] == ["done"] * 3
    assert desk.rung == 3


async def test_a_second_copy_is_not_handled(desk: Desk) -> None:
    assert await desk.dispatcher.accept(said("one"))
    assert not await desk.dispatcher.accept(said("one"))
    await desk.work()
    assert desk.heard == ["one"]


async def test_what_a_failed_handler_did_is_undone_and_its_event_is_kept(desk: Desk) -> None:
    desk.failing.add("bad")
    await desk.accept("bad")
    await desk.work()
    (row,) = desk.inbox()
    assert (row.state, row.attempts, row.due) == ("new", 1, later(0.5))
    assert "ZeroDivisionError: bad" in row.error
    assert "in handle" in row.error
    assert desk.rows(Team, col(Team.id)) == []
    assert desk.said() == []


async def test_a_failing_lane_waits_and_the_others_go_on(desk: Desk) -> None:
    desk.failing.add("bad")
    await desk.accept("bad", "behind")
    await desk.accept("elsewhere", "and on", sender="im:chen")
    await desk.work()
    assert desk.heard == ["bad", "elsewhere", "and on"]


async def test_after_a_retry_that_works_the_lane_goes_on(desk: Desk) -> None:
    desk.failing.add("bad")
    await desk.accept("bad", "behind")
    await desk.work()
    desk.failing.clear()
    desk.clock.move_to(later(0.5))
    await desk.work()
    assert desk.heard == ["bad", "bad", "behind"]
    assert [(row.state, row.error) for row in desk.inbox()] == [("done", ""), ("done", "")]


async def test_a_failed_event_is_tried_five_times_later_and_later(desk: Desk) -> None:
    desk.failing.add("bad")
    await desk.accept("bad")
    tries = []
    for half_second in range(200):
        desk.clock.move_to(later(half_second / 2))
        before = len(desk.heard)
        await desk.work()
        if len(desk.heard) > before:
            tries.append(half_second / 2)
    assert tries == [0, *RETRY_TIMES]


async def test_after_the_last_try_it_is_parked_and_the_sender_is_told_once(desk: Desk) -> None:
    await desk.fail_for_good("bad")
    (row,) = desk.inbox()
    assert (row.state, row.attempts) == ("parked", 5)
    assert "ZeroDivisionError" in row.error
    assert desk.said() == [f"sorry about {row.id}"]


async def test_a_parked_event_can_be_run_again(desk: Desk) -> None:
    await desk.fail_for_good("bad")
    desk.failing.clear()
    with desk.db.read() as reader:
        ids = [row.id or 0 for row in inbox.parked(reader)]
    await desk.db.write(lambda db: inbox.run_again(db, ids, desk.clock()))
    await desk.work()
    assert [row.state for row in desk.inbox()] == ["done"]
    assert [team.name for team in desk.rows(Team, col(Team.id))] == ["bad"]


async def test_who_was_told_is_not_told_again_when_it_fails_again(desk: Desk) -> None:
    await desk.fail_for_good("bad")
    await desk.db.write(lambda db: inbox.run_again(db, [1], desk.clock()))
    for _ in range(5):
        await desk.work()
        desk.clock.move_to(desk.clock() + (later(60) - START))
    assert [row.state for row in desk.inbox()] == ["parked"]
    assert len(desk.said()) == 1


@pytest.mark.parametrize(
    ("kind", "body"),
    [("CarrierPigeon", "{}"), ("MessageReceived", "{"), ("CardClicked", '{"action": "gone?x=1"}')],
)
async def test_an_event_nobody_can_read_is_parked_and_holds_up_no_other(
    desk: Desk, kind: str, body: str
) -> None:
    def save(db: Any) -> bool:
        return inbox.add(db, key="odd", kind=kind, body=body, lane="im:li", at=desk.clock())

    await desk.db.write(save)
    await desk.accept("after")
    for seconds in (0, *RETRY_TIMES):
        desk.clock.move_to(later(seconds))
        await desk.work()
    assert [row.state for row in desk.inbox()] == ["parked", "done"]


async def test_an_apology_that_fails_holds_up_nobody(desk: Desk) -> None:
    def speechless(_: int) -> Card:
        raise ZeroDivisionError("no words")

    desk.dispatcher._sorry = speechless
    await desk.fail_for_good("bad")
    assert [row.state for row in desk.inbox()] == ["parked"]


async def test_what_nobody_wants_is_done_and_leaves_a_trace(desk: Desk) -> None:
    await desk.dispatcher.accept(JobFinished("job:1:x", START, "x"))
    with structlog.testing.capture_logs() as logs:
        await desk.dispatcher.step()
    assert [row.state for row in desk.inbox()] == ["done"]
    assert [line["event"] for line in logs] == ["event.unwanted"]


async def test_a_failure_is_logged_with_its_event(desk: Desk) -> None:
    desk.failing.add("bad")
    await desk.accept("bad")
    with structlog.testing.capture_logs() as logs:
        await desk.dispatcher.step()
    (line,) = logs
    assert (line["event"], line["inbox"], line["exc_info"]) == ("handler.failed", 1, True)


async def test_an_acknowledged_event_outlives_its_process(
    desk: Desk, db: Database, clock: Clock
) -> None:
    await desk.accept("one")
    successor = Desk(db, clock)
    await successor.work()
    assert successor.heard == ["one"]


async def test_a_contact_to_be_greeted_is_handled_before_a_backlog_of_notes(desk: Desk) -> None:
    await desk.accept(*(f"note {number}" for number in range(200)))
    added = ContactAdded("im:added", START, "im:li", "wm1", welcome_code="code")
    await desk.dispatcher.accept(added)
    with structlog.testing.capture_logs():
        await desk.dispatcher.step()
    (row,) = [row for row in desk.inbox() if row.state == "done"]
    assert row.key == "im:added"
    await desk.work()
    assert len(desk.heard) == 200
