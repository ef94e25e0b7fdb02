"""The real adapter and the imitated DingTalk, joined by real sockets."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.clock import Clock
from bot.events import CardClicked, Event, MessageReceived
from bot.platforms.dingtalk.adapter import DingTalk
from bot.platforms.dingtalk.stream import Timings
from bot.playground.dingtalk import DingTalkServer, Limits
from bot.playground.dingtalk.gateway import Pace
from bot.playground.world import Member, Shown, World
from cards.actions import Action

FAST = Timings(
    http_seconds=0.2,
    backoff_seconds=0.001,
    backoff_limit_seconds=0.01,
    tick_seconds=0.005,
    linger_seconds=0.05,
)
QUICK = Pace(
    click_seconds=0.2,
    event_seconds=0.05,
    message_seconds=0.2,
    repeat_seconds=(0.001, 0.001),
    close_seconds=0.02,
)


@dataclass
class Bot:
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
    def shown(self) -> list[Shown]:
        return [message for message in self.world.messages if message.sender == "bot"]


@pytest.fixture
async def bot() -> AsyncIterator[Bot]:
    clock = Clock(datetime(2026, 1, 5, 2, 0, tzinfo=UTC), frozen=True)
    world = World(clock)
    world.join("dingtalk", Member("chen", "小陈"))
    world.join("dingtalk", Member("wang", "王经理"))
    server = DingTalkServer(world, clock, pace=QUICK, limits=Limits())
    app = web.Application()
    app.add_routes(server.routes())
    async with TestServer(app) as listening:
        adapter = DingTalk(server.settings(str(listening.make_url("/"))), clock, timings=FAST)
        joined = Bot(adapter, server, clock, world)
        await adapter.start(joined.accept)
        yield joined
        await adapter.stop()
        await server.stop()
