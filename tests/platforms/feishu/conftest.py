"""The real adapter and the imitated servers, each behind a real socket, at a moment we choose."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.clock import Clock
from bot.events import Event
from bot.platforms.feishu.adapter import PATH, Feishu
from bot.playground.feishu import FeishuServer
from bot.playground.world import Member, Shown, World
from config.schema import FeishuSettings

LIN = "ou_lin"
CHEN = "ou_chen"
GROUP = "oc_east"


@dataclass
class Stage:
    """A conversation between people on the imitated Feishu and the adapter."""

    clock: Clock
    world: World
    feishu: FeishuServer
    bot: Feishu
    settings: FeishuSettings
    accepted: list[Event] = field(default_factory=list)

    @property
    def last(self) -> Shown:
        return self.world.messages[-1]

    @property
    def event(self) -> Any:
        return self.accepted[-1]


async def _serve(routes: list[web.RouteDef]) -> TestServer:
    app = web.Application()
    app.add_routes(routes)
    server = TestServer(app)
    await server.start_server()
    return server


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    clock = Clock(datetime(2024, 5, 6, 2, 0, tzinfo=UTC), frozen=True)
    world = World(clock)
    world.join("feishu", Member(LIN, "林晓"))
    world.join("feishu", Member(CHEN, "陈宇"))
    feishu = FeishuServer(world, clock, retry_seconds=(0, 0, 0, 0), answer_seconds=0.5)
    feishu.open_group(GROUP)
    api = await _serve(list(feishu.routes()))
    settings = feishu.settings(str(api.make_url("/playground/feishu")))
    bot = Feishu(settings, clock, timeout_seconds=0.2)
    accepted: list[Event] = []

    async def accept(event: Event) -> bool:
        accepted.append(event)
        return True

    callback = await _serve(list(bot.routes(accept)))
    feishu.callback_url = str(callback.make_url(PATH))
    await bot.start(accept)
    yield Stage(clock, world, feishu, bot, settings, accepted)
    await bot.stop()
    await feishu.stop()
    await callback.close()
    await api.close()
