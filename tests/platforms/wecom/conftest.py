"""A bot's adapter and the imitated server, each on a real socket, at a time that stands still."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.clock import Clock
from bot.events import CardClicked, ContactAdded, Event
from bot.platforms.protocol import Sent
from bot.platforms.wecom.adapter import WeCom
from bot.playground.wecom import WeComServer
from bot.playground.world import Member, Shown, World
from cards.actions import Action


@dataclass
class Stage:
    """Everything a test touches; `events` is what the adapter accepted."""

    clock: Clock
    world: World
    server: WeComServer
    adapter: WeCom
    callback: TestServer
    events: list[Event] = field(default_factory=list)

    refusals: int = 0
    """How often saving fails before it works again."""

    async def accept(self, event: Event) -> bool:
        if self.refusals:
            self.refusals -= 1
            raise web.HTTPServiceUnavailable
        self.events.append(event)
        return True

    def after(self, **time: float) -> None:
        self.clock.move_to(self.clock() + timedelta(**time))

    def said(self, chat: str) -> list[Shown]:
        """What was said to someone, oldest first."""
        return [one for one in self.world.chat("wecom", chat) if one.sender != chat]

    async def press(self, sent: Sent, action: Action, **selected: list[str]) -> dict[str, Any]:
        interaction = {"key": action.encode(), "selected": selected}
        return await self.server.click("zhang.wei", sent.message_id, interaction)

    def with_right(self, sent: Sent) -> Sent:
        """The receipt with the right to edit that the last click brought."""
        click = self.events[-1]
        assert isinstance(click, CardClicked)
        return replace(sent, edit_code=click.edit_code)

    @property
    def welcome_code(self) -> str:
        added = self.events[-1]
        assert isinstance(added, ContactAdded)
        return added.welcome_code


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    clock = Clock(datetime(2026, 1, 28, 2, 0, tzinfo=UTC), frozen=True)
    world = World(clock)
    world.join("wecom", Member("zhang.wei", "张伟"))
    world.join("wecom", Member("LiNa", "李娜"))
    server = WeComServer(world, clock, retry_seconds=0)
    api = await _serve(*server.routes())
    settings = server.settings(f"{_origin(api)}/playground/wecom")
    adapter = WeCom(settings, clock, timeout_seconds=0.2)
    stage = Stage(clock, world, server, adapter, api)
    stage.callback = await _serve(*adapter.routes(stage.accept))
    server.callback_url = f"{_origin(stage.callback)}/callback/wecom"
    await adapter.start(stage.accept)
    yield stage
    await adapter.stop()
    await server.stop()
    await stage.callback.close()
    await api.close()


async def _serve(*routes: web.RouteDef) -> TestServer:
    app = web.Application()
    app.add_routes(routes)
    server = TestServer(app)
    await server.start_server()
    return server


def _origin(server: TestServer) -> str:
    return str(server.make_url("/")).rstrip("/")
