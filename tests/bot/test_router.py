"""An event goes to the first handler that wants it, and to no other."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.context import Context
from bot.events import CardClicked, ContactAdded, Event, JobFinished, MessageReceived, TimerFired
from bot.router import Router, route
from cards.actions import AcceptPromise, Action, RefusePromise

NOW = datetime(2026, 1, 28, 2, 20, tzinfo=UTC)
CTX = cast(Context, SimpleNamespace())
MESSAGE = MessageReceived("k", NOW, "im:li", "im:li", "张总说价格高")
ACCEPT: CardClicked[Action] = CardClicked("k", NOW, "im:li", "im:li", AcceptPromise(7))
REFUSE: CardClicked[Action] = CardClicked("k", NOW, "im:li", "im:li", RefusePromise(7))
CONTACT = ContactAdded("k", NOW, "im:li", "im:wm1")
TIMER = TimerFired("k", NOW, "late", 7)
JOB = JobFinished("k", NOW, "contact.details", 3)


@pytest.fixture
def heard() -> list[str]:
    return []


@pytest.fixture
def routers(heard: list[str]) -> list[Router]:
    """Two features, each with something for everybody."""
    first, second = Router(), Router()

    def note(name: str) -> Any:
        return lambda _event, _ctx: heard.append(name)

    first.message(lambda event, _: "价格" in event.text)(note("price"))
    first.action(AcceptPromise)(note("accept"))
    first.timer("late")(note("late"))
    second.on(ContactAdded)(note("contact"))
    second.job("contact.details")(note("details"))
    second.click(lambda click, _: click.sender == "im:li")(note("any click"))
    second.message(lambda _event, _ctx: True)(note("any message"))
    return [first, second]


@pytest.mark.parametrize(
    ("event", "name"),
    [
        (MESSAGE, "price"),
        (MessageReceived("k", NOW, "im:li", "im:li", "你好"), "any message"),
        (ACCEPT, "accept"),
        (REFUSE, "any click"),
        (CONTACT, "contact"),
        (TIMER, "late"),
        (JOB, "details"),
    ],
)
def test_the_first_that_wants_an_event_gets_it(
    routers: list[Router], heard: list[str], event: Event, name: str
) -> None:
    assert route(routers, event, CTX)
    assert heard == [name]


@pytest.mark.parametrize(
    "event", [TimerFired("k", NOW, "silence", 7), JobFinished("k", NOW, "speech", 3)]
)
def test_what_nobody_wants_reaches_nobody(
    routers: list[Router], heard: list[str], event: Event
) -> None:
    assert not route(routers, event, CTX)
    assert heard == []


def test_a_predicate_is_never_asked_about_another_kind_of_event(heard: list[str]) -> None:
    router = Router()
    router.message(lambda event, _: bool(event.text))(lambda *_: heard.append("message"))
    router.click(lambda click, _: bool(click.action))(lambda *_: heard.append("click"))
    assert not any(route([router], event, CTX) for event in (CONTACT, TIMER, JOB))


def test_a_handler_stays_the_function_it_was() -> None:
    router = Router()

    def handler(event: TimerFired, ctx: Context) -> None: ...

    assert router.timer("late")(handler) is handler
