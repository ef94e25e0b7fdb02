"""The real adapter and the imitated DingTalk, joined by real sockets."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port

from bot.clock import Clock
from bot.events import CardClicked, Event, MessageReceived
from bot.platforms.dingtalk.adapter import DingTalk
from bot.platforms.dingtalk.stream import Timings
from bot.playground.dingtalk import DingTalkServer, Limits
from bot.playground.dingtalk.gateway import Pace
from bot.playground.world import Member, Shown, World
from cards.actions import Action

FAST = Timings(
    http_seconds=0.3,
    backoff_seconds=0.001,
    backoff_limit_seconds=0.01,
    refused_seconds=0.01,
    tick_seconds=0.005,
    linger_seconds=0.05,
)
QUICK = Pace(
    repeat_seconds=(0.001, 0.001),
    close_seconds=0.02,
)


@dataclass
class Stage:
    """Adapter, server, clock, and what the adapter accepted."""

    adapter: DingTalk
    server: DingTalkServer
    clock: Clock
    world: World
    events: list[Event] = field(default_factory=list)
    failure: Exception | None = None

    async def accept(self, event: Event) -> bool:
        if self.failure is not None:
            raise self.failure
        known = any(event.key == earlier.key for earlier in self.events)
        if not known:
            self.events.append(event)
        return not known

    @property
    def message(self) -> MessageReceived:
        event = self.events[-1]
        assert isinstance(event, MessageReceived)
        return event

    @property
    def click(self) -> CardClicked[Action]:
        event = self.events[-1]
        assert isinstance(event, CardClicked)
        return event

    @property
    def buttons(self) -> list[dict[str, Any]]:
        """Of the last card."""
        full = json.loads(self.shown[-1].payload["cardParamMap"]["sys_full_json_obj"])
        found: list[dict[str, Any]] = full["msgButtons"]
        return found

    async def press(self, user: str, text: str) -> dict[str, Any]:
        """Presses a button of the last card by its words."""
        identity = next(b["id"] for b in self.buttons if b["text"] == text)
        return await self.server.click(user, self.shown[-1].id, {"action_id": identity})

    @property
    def shown(self) -> list[Shown]:
        return [message for message in self.world.messages if message.sender == "bot"]


@dataclass
class Metered:
    """What the adapter said it used of the month."""

    used: Counter[str] = field(default_factory=Counter)
    gone: list[str] = field(default_factory=list)

    async def spend(self, kind: str, *, all_of_it: bool = False) -> None:
        self.used[kind] += 1
        if all_of_it:
            self.gone.append(kind)


async def until(condition: Callable[[], object]) -> None:
    """Waits for what another task is about to do."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - any condition, of any task
            await asyncio.sleep(0.001)


@pytest.fixture
def metered() -> Metered:
    return Metered()


@asynccontextmanager
async def staged(
    metered: Metered, *, http: bool = False, timings: Timings = FAST, pace: Pace = QUICK
) -> AsyncIterator[Stage]:
    clock = Clock(datetime(2026, 1, 5, 2, 0, tzinfo=UTC), frozen=True)
    world = World(clock)
    world.join("dingtalk", Member("chen", "小陈"))
    world.join("dingtalk", Member("wang", "王经理"))
    server = DingTalkServer(world, clock, pace=pace, limits=Limits())
    if http:
        server.subscribe_http()
    port = unused_port()
    origin = f"http://127.0.0.1:{port}"
    adapter = DingTalk(server.settings(origin), clock, timings=timings, spend=metered.spend)
    server.callback_url = f"{origin}/callback/dingtalk"
    stage = Stage(adapter, server, clock, world)
    app = web.Application()
    app.add_routes([*server.routes(), *adapter.routes(stage.accept)])
    async with TestServer(app, port=port):
        await adapter.start(stage.accept)
        yield stage
        await adapter.stop()
        await server.stop()


@pytest.fixture
async def stage(metered: Metered) -> AsyncIterator[Stage]:
    """Over Stream."""
    async with staged(metered) as ready:
        yield ready


@pytest.fixture
async def parting(metered: Metered) -> AsyncIterator[Stage]:
    """A connection that is to be left stays until the test closes it."""
    timings, pace = replace(FAST, linger_seconds=60), replace(QUICK, close_seconds=60)
    async with staged(metered, timings=timings, pace=pace) as ready:
        yield ready


@pytest.fixture
async def door(metered: Metered) -> AsyncIterator[Stage]:
    """Over HTTP."""
    async with staged(metered, http=True) as ready:
        yield ready


@pytest.fixture(params=["stream", "http"])
async def either(request: pytest.FixtureRequest, metered: Metered) -> AsyncIterator[Stage]:
    async with staged(metered, http=request.param == "http") as ready:
        yield ready
