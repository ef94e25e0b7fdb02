"""The real adapter and the imitated servers, each behind a real socket, at a moment we choose."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.clock import Clock
from bot.events import Event, MessageReceived
from bot.platforms.feishu.adapter import PATH, Feishu
from bot.platforms.feishu.stream import Timings
from bot.playground.feishu import FeishuServer
from bot.playground.world import Member, Shown, World
from config.schema import FeishuSettings

LIN = "ou_lin"
CHEN = "ou_chen"
GROUP = "oc_east"
FAST = Timings(
    start_seconds=1.0,
    answer_seconds=0.1,
    backoff_seconds=0.001,
    backoff_limit_seconds=0.01,
    refused_seconds=0.01,
    tick_seconds=0.005,
    linger_seconds=0.05,
)


@dataclass
class Stage:
    """A conversation between people on the imitated Feishu and the adapter."""

    clock: Clock
    world: World
    feishu: FeishuServer
    bot: Feishu
    settings: FeishuSettings
    accepted: list[Event] = field(default_factory=list)
    failure: Exception | None = None
    """What saving fails with."""

    async def accept(self, event: Event) -> bool:
        if self.failure is not None:
            raise self.failure
        self.accepted.append(event)
        return True

    @property
    def last(self) -> Shown:
        return self.world.messages[-1]

    @property
    def event(self) -> Any:
        return self.accepted[-1]

    @property
    def said(self) -> list[MessageReceived]:
        return [event for event in self.accepted if isinstance(event, MessageReceived)]


async def _serve(routes: list[web.RouteDef]) -> TestServer:
    app = web.Application()
    app.add_routes(routes)
    server = TestServer(app)
    await server.start_server()
    return server


async def until(condition: Callable[[], object]) -> None:
    """Waits for what another task is about to do."""
    async with asyncio.timeout(2):
        while not condition():  # noqa: ASYNC110 - any condition, of any task
            await asyncio.sleep(0.001)


@asynccontextmanager
async def staged(transport: str) -> AsyncIterator[Stage]:
    clock = Clock(datetime(2024, 5, 6, 2, 0, tzinfo=UTC), frozen=True)
    world = World(clock)
    world.join("feishu", Member(LIN, "林晓"))
    world.join("feishu", Member(CHEN, "陈宇"))
    feishu = FeishuServer(world, clock, retry_seconds=(0, 0, 0, 0), answer_seconds=0.5)
    if transport == "long":
        feishu.subscribe_long()
    feishu.open_group(GROUP)
    api = await _serve(list(feishu.routes()))
    settings = feishu.settings(str(api.make_url("/playground/feishu")))
    bot = Feishu(settings, clock, timeout_seconds=0.2, timings=FAST)
    stage = Stage(clock, world, feishu, bot, settings)
    callback = await _serve(list(bot.routes(stage.accept)))
    feishu.callback_url = str(callback.make_url(PATH))
    await bot.start(stage.accept)
    yield stage
    await bot.stop()
    await feishu.stop()
    await callback.close()
    await api.close()


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    """Over HTTP."""
    async with staged("http") as ready:
        yield ready


@pytest.fixture
async def line() -> AsyncIterator[Stage]:
    """Over the long connection."""
    async with staged("long") as ready:
        yield ready


@pytest.fixture(params=["http", "long"])
async def either(request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    async with staged(request.param) as ready:
        yield ready
