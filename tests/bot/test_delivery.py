"""From the outbox to the platforms: receipts, retries, other ways, and an honest end."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from time import perf_counter

import pytest
import structlog
from sqlmodel import Session, col, select

from bot import events
from bot.clock import Clock
from bot.events import Event, PushRefused
from bot.platforms.protocol import (
    EditRefused,
    RateLimited,
    Rejected,
    Sent,
    Unauthorized,
    Unreachable,
)
from bot.runtime import delivery, loop
from bot.runtime.budget import Budget, Meter
from bot.runtime.delivery import Delivery
from cards.model import Card, Field, dump
from storage import outbox, parcels, people
from storage.db import Database
from storage.models import Inbox, Outbox, Role, ShownCard
from storage.outbox import Draft
from tests.bot.conftest import LI, START, Dictionary, later

BUDGETS = {"im": Budget({"calls": 10, "stream": 10}, low_share=0.2)}
TASK = Card(title="样机", fields=(Field("计划", "2月3日"),))


class Post:
    """A delivery with two IMs, worked by hand."""

    def __init__(self, db: Database, clock: Clock, im: Dictionary) -> None:
        self.db, self.clock = db, clock
        self.im, self.other = im, Dictionary("other")
        self.meter = Meter(db, clock, BUDGETS, after=lambda: None)
        self.delivery = Delivery(
            db,
            clock,
            {"im": self.im, "other": self.other},
            self.meter,
            after=lambda: None,
        )

    async def put(self, card: Card, to: str = LI, *, slot: str = "", person: int = 0) -> str:
        draft = Draft(to, dump(card), slot=slot, person_id=person or None)
        shown = await self.db.write(lambda db: outbox.put(db, draft, self.clock()))
        assert shown is not None
        return shown.id

    async def say(self, *texts: str, to: str = LI) -> None:
        for text in texts:
            await self.put(Card(text=text), to)

    async def greet(self) -> None:
        draft = Draft("im:wm1", "您好", slot="welcome:1")
        await self.db.write(lambda db: outbox.put_welcome(db, draft, "code", START))

    async def work(self) -> None:
        """Until nothing more can be done now."""
        with structlog.testing.capture_logs():
            while (await self.delivery.step()).worked or self.delivery._out:
                if self.delivery._out:
                    await asyncio.wait(self.delivery._out)

    async def work_at(self, seconds: float) -> None:
        self.clock.move_to(later(seconds))
        await self.work()

    def rows(self) -> list[Outbox]:
        with self.db.read() as reader:
            return list(reader.exec(select(Outbox).order_by(col(Outbox.id))))

    def news(self) -> list[Event]:
        with self.db.read() as reader:
            return [events.load(row.kind, row.body) for row in reader.exec(select(Inbox))]

    def row(self) -> Outbox:
        return self.rows()[-1]

    def card(self, card_id: str) -> ShownCard:
        with self.db.read() as reader:
            card = reader.get(ShownCard, card_id)
        assert card is not None
        return card

    async def person_with(self, *addresses: str) -> int:
        """A colleague whose accounts were used in that order, the first one last."""

        def add(db: Session) -> int:
            person = people.add(db, "小李", Role.SALES)
            for age, address in enumerate(addresses):
                people.bind(db, person.id or 0, address, START - timedelta(hours=age))
            return person.id or 0

        return await self.db.write(add)


@pytest.fixture
def post(db: Database, clock: Clock, im: Dictionary) -> Post:
    return Post(db, clock, im)


async def test_a_receipt_says_who_has_what(post: Post) -> None:
    card_id = await post.put(TASK)
    await post.work()
    row = post.row()
    assert (row.state, row.note, row.settled_at) == ("delivered", "by dictionary", START)
    assert post.card(card_id).message_id == f"m-{card_id}"


async def test_the_same_slot_is_edited_in_place(post: Post) -> None:
    await post.put(Card(text="asked"), slot="promise:7")
    await post.work()
    await post.put(Card(text="accepted"), slot="promise:7")
    await post.work()
    assert post.im.texts == ["accepted"]
    assert post.im.calls == [f"send {LI}", f"edit {LI}"]


async def test_messages_to_one_address_keep_their_order(post: Post) -> None:
    post.im.faults.append(Unreachable("no answer"))
    await post.say("one", "two", "three")
    await post.work()
    assert post.im.texts == []
    await post.work_at(1)
    assert post.im.texts == ["one", "two", "three"]


async def test_one_address_does_not_wait_for_another(post: Post) -> None:
    """Not even while a call hangs."""
    hanging = asyncio.Event()
    send: Callable[..., Awaitable[Sent]] = post.im.send

    async def hang(to: str, card: Card, *, card_id: str) -> Sent:
        await hanging.wait()
        return await send(to, card, card_id=card_id)

    post.im.send = hang  # type: ignore[method-assign]
    await post.say("slow", "behind")
    await post.say("quick", to="other:chen")
    post.delivery.start()
    while post.other.texts != ["quick"]:  # noqa: ASYNC110  # it needs some turns of the loop
        await asyncio.sleep(0)
    await post.say("later", to="other:chen")
    post.delivery.ring()
    while post.other.texts != ["quick", "later"]:  # noqa: ASYNC110
        await asyncio.sleep(0)
    assert post.im.texts == []
    assert [row.attempts for row in post.rows()] == [1, 0, 1, 1]
    hanging.set()
    await post.delivery.stop()
    assert post.im.texts == ["slow"]


async def test_a_platform_that_wants_a_rest_gets_it(post: Post) -> None:
    post.im.faults.append(RateLimited("slow down", retry_after=90))
    await post.say("one")
    await post.work()
    assert post.row().due == later(90)
    await post.work_at(89)
    assert len(post.im.calls) == 1
    await post.work_at(90)
    assert post.im.texts == ["one"]
    assert post.row().attempts == 1


async def test_a_platform_that_cannot_be_reached_is_tried_later_and_later(post: Post) -> None:
    post.im.faults.extend(Unreachable("no answer") for _ in range(3))
    await post.say("one")
    for seconds, calls in [(0, 1), (0.9, 1), (1, 2), (4.9, 2), (5, 3), (19.9, 3), (20, 4)]:
        await post.work_at(seconds)
        assert len(post.im.calls) == calls
    assert post.im.texts == ["one"]


async def test_a_lost_answer_makes_no_second_message(post: Post) -> None:
    post.im.lost_answers.append(Unreachable("no answer"))
    await post.say("one")
    await post.work()
    await post.work_at(1)
    assert post.im.calls == [f"send {LI}"] * 2
    assert post.im.texts == ["one"]
    assert post.row().state == "delivered"


async def test_without_end_nothing_is_tried(post: Post) -> None:
    post.im.faults.extend(Unauthorized("wrong secret") for _ in range(99))
    await post.say("one", "two")
    for hours in range(1, 4):
        for _ in range(9):
            await post.work()
            row = next((r for r in post.rows() if r.state == "queued"), None)
            if row is not None:
                post.clock.move_to(max(row.due, post.clock()))
        post.clock.move_to(max(later(3600 * hours), post.clock()))
    assert [(row.state, row.error) for row in post.rows()] == [
        ("refused", "Unauthorized: wrong secret"),
        ("refused", "Unauthorized: wrong secret"),
    ]


async def test_a_refused_card_goes_as_text_and_loses_nothing(post: Post) -> None:
    post.im.refuses_cards = True
    await post.put(TASK)
    await post.work()
    (text,) = post.im.texts
    assert "样机" in text
    assert "计划" in text
    assert post.row().note == "卡片未被接受，改发文字：no cards today; by dictionary"


async def test_who_cannot_be_had_here_is_written_to_there_with_the_card_as_it_was(
    post: Post,
) -> None:
    person = await post.person_with(LI, "other:li")
    post.im.strangers.add(LI)
    await post.put(TASK, slot="promise:7", person=person)
    await post.work()
    assert post.im.calls == [f"send {LI}"] * 2  # the card, then its text
    assert list(post.other.shown.values()) == [TASK]
    row = post.row()
    assert (row.address, row.tried, row.state) == ("other:li", [LI], "delivered")


async def test_every_channel_is_tried_once_whatever_was_used_last(post: Post) -> None:
    person = await post.person_with("other:li", LI)
    post.im.strangers.add(LI)
    post.other.strangers.add("other:li")
    await post.put(Card(text="late"), LI, person=person)
    await post.work()
    assert (post.im.calls, post.other.calls) == ([f"send {LI}"], ["send other:li"])
    assert (post.row().state, post.row().error) == ("refused", "other:li is not here")


async def test_an_unknown_platform_is_a_reason_to_refuse(post: Post) -> None:
    await post.say("hello", to="pigeon:1")
    await post.work()
    assert (post.row().state, post.row().error) == (
        "refused",
        "no platform 'pigeon' is configured",
    )


async def test_a_card_that_cannot_be_edited_continues_on_a_new_one(post: Post) -> None:
    old = await post.put(Card(text="asked"), slot="promise:7")
    await post.work()
    post.im.faults.append(EditRefused("too old"))
    await post.put(Card(text="accepted"), slot="promise:7")
    await post.work()
    assert post.im.texts == ["asked", "accepted"]
    assert "too old" in post.row().note
    await post.put(Card(text="done"), slot="promise:7")
    await post.work()
    assert post.im.texts == ["asked", "done"]
    assert post.card(old).slot == ""


async def test_an_edit_that_is_refused_uses_the_next_right(post: Post) -> None:
    card_id = await post.put(Card(text="asked"), slot="promise:7")
    await post.work()
    for code in ("used", "fresh"):
        await post.db.write(lambda db, code=code: outbox.clicked(db, card_id, code))  # type: ignore[misc]
    post.im.faults.append(EditRefused("used up"))
    await post.put(Card(text="accepted"), slot="promise:7")
    await post.work()
    assert post.im.texts == ["accepted"]
    assert post.card(card_id).edit_codes == []


async def test_a_right_refused_after_a_broken_try_has_done_its_work(post: Post) -> None:
    card_id = await post.put(Card(text="asked"), slot="promise:7")
    await post.work()
    await post.db.write(lambda db: outbox.clicked(db, card_id, "once"))
    post.im.lost_answers.append(Unreachable("no answer"))
    await post.put(Card(text="accepted"), slot="promise:7")
    await post.work()
    post.im.faults.append(EditRefused("used up"))
    await post.work_at(1)
    assert post.im.texts == ["accepted"]
    assert post.row().state == "delivered"
    assert "took effect" in post.row().note


async def test_after_a_rest_a_refused_right_has_done_nothing(post: Post) -> None:
    card_id = await post.put(Card(text="asked"), slot="promise:7")
    await post.work()
    await post.db.write(lambda db: outbox.clicked(db, card_id, "once"))
    post.im.faults.extend([RateLimited("slow down", 5), EditRefused("expired")])
    await post.put(Card(text="accepted"), slot="promise:7")
    await post.work()
    await post.work_at(5)
    assert post.im.texts == ["asked", "accepted"]


async def test_what_never_arrived_cannot_be_edited_and_is_sent(post: Post) -> None:
    post.im.strangers.add(LI)
    await post.put(Card(text="asked"), slot="promise:7")
    await post.work()
    post.im.strangers.clear()
    await post.put(Card(text="accepted"), slot="promise:7")
    await post.work()
    assert post.im.texts == ["accepted"]


async def test_a_greeting_that_comes_too_late_is_not_sent(post: Post) -> None:
    await post.greet()
    await post.work_at(19)
    assert (post.im.calls, post.row().state) == ([], "expired")


async def test_a_greeting_in_time_is_sent_once(post: Post) -> None:
    for _ in range(2):
        await post.greet()
    await post.work()
    assert (post.im.greeted, post.row().state) == (["您好"], "delivered")


async def test_a_refused_greeting_is_not_sent_as_anything_else(post: Post) -> None:
    post.im.faults.append(Rejected("code used"))
    await post.greet()
    await post.work()
    assert (post.im.calls, post.row().state) == (["welcome code"], "refused")


async def test_a_greeting_refused_after_a_broken_try_had_got_through(post: Post) -> None:
    post.im.faults.extend([Unreachable("no answer"), Rejected("code used")])
    await post.greet()
    await post.work()
    await post.work_at(1)
    assert post.row().state == "delivered"
    assert "took effect" in post.row().note


async def test_a_defect_of_ours_does_not_keep_an_address_waiting_for_ever(post: Post) -> None:
    post.im.faults.extend(ZeroDivisionError("renderer") for _ in range(8))
    await post.say("one", "two")
    now = 0.0
    for wait in (timedelta(), *parcels.RETRIES):
        now += wait.total_seconds()
        await post.work_at(now)
    assert [row.state for row in post.rows()] == ["refused", "delivered"]
    assert post.rows()[0].error == "ZeroDivisionError: renderer"


async def test_a_call_without_an_answer_is_given_up_before_the_lease_ends(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert timedelta(seconds=delivery.TIMEOUT) < parcels.LEASE
    monkeypatch.setattr(delivery, "TIMEOUT", 0.005)

    async def hang(*_: object, **__: object) -> Sent:
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(post.im, "send", hang)
    await post.say("one")
    await post.work()
    assert (post.row().state, post.row().due) == ("queued", later(1))
    assert post.row().error.startswith("TimeoutError")


async def test_whoever_is_out_when_the_bot_stops_comes_home_with_a_receipt(post: Post) -> None:
    await post.say("one")
    await post.delivery.step()
    await post.delivery.stop()
    assert post.row().state == "delivered"


async def test_whoever_does_not_come_home_is_not_waited_for(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "GRACE", 0.005)

    async def hang(*_: object, **__: object) -> Sent:
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(post.im, "send", hang)
    await post.say("one")
    await post.delivery.step()
    await post.delivery.stop()
    assert (post.row().state, post.row().attempts) == ("queued", 1)


async def test_a_greeting_overtakes_all_that_waits_even_while_every_errand_hangs(
    post: Post,
) -> None:
    """D92137: 20 s from the event on, and the budget includes queueing."""
    hanging = asyncio.Event()

    async def hang(to: str, card: Card, *, card_id: str) -> Sent:
        await hanging.wait()
        return Sent("m")

    post.im.send = hang  # type: ignore[method-assign]
    for number in range(200):
        await post.say("note", to=f"im:{number}")
    post.delivery.start()
    while len(post.delivery._out) < delivery.AT_ONCE:  # noqa: ASYNC110  # some turns of the loop
        await asyncio.sleep(0)
    began = perf_counter()
    await post.greet()
    post.delivery.ring()
    while not post.im.greeted:  # noqa: ASYNC110
        await asyncio.sleep(0)
    assert perf_counter() - began < 5
    assert post.im.texts == []
    hanging.set()
    await post.delivery.stop()


async def test_a_greeting_goes_first_among_what_waits(post: Post) -> None:
    for number in range(20):
        await post.say("note", to=f"im:{number}")
    await post.greet()
    await post.work()
    assert post.im.calls[0] == "welcome code"


async def test_a_greeting_that_the_platform_puts_off_is_tried_once_more(post: Post) -> None:
    """41096: another greeting is being sent."""
    post.im.faults.append(RateLimited("being sent", 1))
    await post.greet()
    await post.work()
    await post.work_at(1)
    assert (post.im.greeted, post.row().state) == (["您好"], "delivered")


async def test_a_greeting_that_is_put_off_twice_is_given_up(post: Post) -> None:
    post.im.faults.extend(RateLimited("being sent", 1) for _ in range(9))
    await post.greet()
    for seconds in range(10):
        await post.work_at(seconds)
    assert (len(post.im.calls), post.row().state) == (2, "refused")


async def test_what_reaches_nobody_is_news(post: Post) -> None:
    person = await post.person_with(LI, "other:li")
    post.im.strangers.add(LI)
    post.other.strangers.add("other:li")
    await post.put(TASK, slot="promise:7", person=person)
    await post.work()
    (event,) = post.news()
    assert event == PushRefused(
        key="refused:1",
        at=START,
        outbox_id=1,
        address="other:li",
        reason="other:li is not here",
        person_id=person,
        slot="promise:7",
    )


async def test_what_reached_the_next_channel_and_what_greets_is_no_news(post: Post) -> None:
    person = await post.person_with(LI, "other:li")
    post.im.strangers.add(LI)
    await post.put(TASK, person=person)
    await post.work()
    post.im.faults.append(Rejected("code used"))
    await post.greet()
    await post.work()
    assert [row.state for row in post.rows()] == ["delivered", "refused"]
    assert post.news() == []
