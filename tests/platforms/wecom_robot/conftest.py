"""A robot's adapter and the imitated server, each on a real socket, at a time that stands still."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import BaseTestServer, TestServer

from bot.clock import Clock
from bot.events import CardClicked, Event
from bot.platforms.connection import Timings
from bot.platforms.protocol import Sent
from bot.platforms.wecom.robot.adapter import Robot
from bot.platforms.wecom.robot.long import LongWay
from bot.playground.wecom import WeComServer
from bot.playground.wecom.robot import RobotServer
from bot.playground.wecom.robot.server import Transport
from bot.playground.world import Member, Shown, World
from cards.actions import Action

GROUP = "wrkSFfCgAAPlaygroundChatCaseSensitive"
QUICK = Timings(start_seconds=1.0, backoff_seconds=0.01, refused_seconds=0.02)
TICKING = replace(QUICK, tick_seconds=0.005, jump_seconds=1e9)
"""Looks at the clock all the time, and does not take a test's time for sleep of the machine."""


@dataclass
class Stage:
    """Everything a test touches; `events` is what the adapter accepted."""

    clock: Clock
    world: World
    wecom: WeComServer
    adapter: Robot
    api: TestServer
    events: list[Event] = field(default_factory=list)
    refusals: int = 0
    """How often saving fails before it works again."""
    on_event: Callable[[Event], Awaitable[object]] | None = None
    """What the bot does at once."""

    @property
    def server(self) -> RobotServer:
        return self.wecom.robot

    @property
    def heard_at(self) -> datetime | None:
        """The last frame that reached the adapter."""
        way = self.adapter._way
        assert isinstance(way, LongWay)
        line = way._keeper.current
        return line.heard_at if line is not None else None

    async def accept(self, event: Event) -> bool:
        if self.refusals:
            self.refusals -= 1
            raise OSError("disk full")
        self.events.append(event)
        if self.on_event is not None:
            asyncio.get_running_loop().create_task(self._answer(event))
        return True

    async def _answer(self, event: Event) -> None:
        assert self.on_event is not None
        await self.on_event(event)

    def after(self, **time: float) -> None:
        self.clock.move_to(self.clock() + timedelta(**time))

    def said(self, chat: str) -> list[Shown]:
        """What the bot said there, oldest first."""
        return [one for one in self.world.chat("wecom", chat) if one.sender == "bot"]

    async def press(self, user: str, card_id: str, action: Action, **selected: list[str]) -> Any:
        shown = self.server.talk.cards[card_id]
        interaction = {"key": action.encode(), "selected": selected}
        return await self.wecom.click(user, shown.id, interaction)

    def with_right(self, sent: Sent) -> Sent:
        """The receipt with the right to edit that the last click brought."""
        click = self.events[-1]
        assert isinstance(click, CardClicked)
        return replace(sent, edit_code=click.edit_code)

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(3):
            while not holds():  # noqa: ASYNC110  # many things are waited for, not one
                await asyncio.sleep(0.002)


async def _serve(*routes: web.RouteDef) -> TestServer:
    app = web.Application()
    app.add_routes(routes)
    server = TestServer(app)
    await server.start_server()
    return server


def origin(server: BaseTestServer) -> str:
    return str(server.make_url("/")).rstrip("/")


Begin = Callable[..., Awaitable[Stage]]


@pytest.fixture
async def begin() -> AsyncIterator[Begin]:
    started: list[tuple[Stage, TestServer]] = []

    async def build(
        transport: Transport = "long", timings: Timings = QUICK, **options: Any
    ) -> Stage:
        clock = Clock(datetime(2026, 1, 28, 2, 0, tzinfo=UTC), frozen=True)
        world = World(clock)
        world.join("wecom", Member("zhang.wei", "张伟"))
        world.join("wecom", Member("LiNa", "李娜"))
        wecom = WeComServer(world, clock, retry_seconds=0)
        wecom.use_robot(transport)
        api = await _serve(*wecom.routes())
        settings = wecom.settings(f"{origin(api)}/playground/wecom").robot
        assert settings is not None
        adapter = Robot(settings, clock, timings=timings, **options)
        stage = Stage(clock, world, wecom, adapter, api)
        callback = await _serve(*adapter.routes(stage.accept))
        wecom.callback_url = f"{origin(callback)}/callback/wecom"
        await adapter.start(stage.accept)
        started.append((stage, callback))
        return stage

    yield build
    for stage, callback in started:
        await stage.adapter.stop()
        await stage.wecom.stop()
        await callback.close()
        await stage.api.close()


@pytest.fixture
async def stage(begin: Begin) -> Stage:
    return await begin()
