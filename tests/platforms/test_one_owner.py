"""Two processes, one database: one long connection, taken over when its owner dies."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.fernet import Fernet
from sqlmodel import Session, col, select

from bot import events
from bot.clock import Clock
from bot.events import Event
from bot.platforms.dingtalk.adapter import DingTalk
from bot.platforms.feishu.adapter import Feishu
from bot.platforms.keeper import Hold
from bot.platforms.protocol import Platform
from bot.playground.dingtalk import DingTalkServer, Limits
from bot.playground.feishu import FeishuServer
from bot.playground.world import Member, World
from bot.runtime.leases import Leases, Terms
from cards.model import Card
from storage import inbox, schema
from storage.columns import Sealed
from storage.db import Database, connect
from storage.models import Inbox
from tests.platforms.dingtalk.conftest import FAST as FAST_DINGTALK
from tests.platforms.dingtalk.conftest import QUICK
from tests.platforms.feishu.conftest import FAST as FAST_FEISHU
from tests.postgres import find, own_schema

NIGHT = datetime(2026, 1, 27, 19, 12, tzinfo=UTC)
TERMS = Terms(renew_seconds=0.005, write_seconds=1.0, retry_seconds=0.005)
CHEN = {"feishu": "ou_chen", "dingtalk": "chen"}


async def until(condition: Callable[[], object]) -> None:
    """Waits for what another task is about to do."""
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - any condition, of any task
            await asyncio.sleep(0.001)


class Process:
    """An adapter with a way of its own to the database that all share."""

    def __init__(self, url: str, clock: Clock, make: Callable[[Hold], Platform]) -> None:
        self.db = Database(connect(url, durable=False))
        self.db.open()
        self.clock = clock
        self.adapter = make(Leases(self.db, clock, terms=TERMS).hold)
        self.accepted: list[Event] = []

    async def accept(self, event: Event) -> bool:
        kind, body = events.dump(event)
        row = {"key": event.key, "kind": kind, "body": body, "lane": events.lane(event)}
        new = await self.db.write(lambda db: inbox.add(db, **row, at=self.clock()))
        if new:
            self.accepted.append(event)
        return new

    async def start(self) -> None:
        await self.adapter.start(self.accept)

    def loses_the_database(self) -> None:
        """Nothing can be written any more: it can neither renew nor hand over its lease."""
        self.db.close()

    async def dies(self) -> None:
        self.loses_the_database()
        await self.adapter.stop()

    async def stop(self) -> None:
        await self.adapter.stop()
        self.db.close()


@dataclass
class Town:
    """The imitated platform, the database, and the processes of the bot."""

    name: str
    server: Any
    clock: Clock
    url: str
    make: Callable[[Hold], Platform]
    processes: list[Process]

    async def start(self) -> Process:
        process = Process(self.url, self.clock, self.make)
        self.processes.append(process)
        await process.start()
        return process

    @property
    def lines(self) -> list[Any]:
        far_end = self.server.lines if self.name == "feishu" else self.server.gateway
        return list(far_end.lines)

    async def says(self, text: str) -> None:
        await self.server.say(CHEN[self.name], text)
        if self.name == "feishu":
            await self.server.pusher.settled()

    def passes(self, seconds: float) -> None:
        self.clock.move_to(self.clock() + timedelta(seconds=seconds))

    def saved(self) -> list[str]:
        """Kinds of the events in the inbox."""
        engine = connect(self.url, durable=False)
        with Session(engine) as session:
            found = list(session.exec(select(Inbox.kind).order_by(col(Inbox.id))))
        engine.dispose()
        return found


@pytest.fixture(params=["sqlite", "postgresql"])
def url(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    monkeypatch.setattr(Sealed, "_box", Fernet(Fernet.generate_key()))
    with ExitStack() as stack:
        if request.param == "sqlite":
            url = f"sqlite:///{tmp_path / 'yinuo.db'}"
        else:
            url = stack.enter_context(own_schema(find()))
        engine = connect(url, durable=False)
        schema.upgrade(engine)
        engine.dispose()
        yield url


@pytest.fixture(params=["feishu", "dingtalk"])
async def town(request: pytest.FixtureRequest, url: str) -> AsyncIterator[Town]:
    name, clock = request.param, Clock(NIGHT, frozen=True)
    world = World(clock)
    world.join(name, Member(CHEN[name], "小陈"))
    server: Any
    if name == "feishu":
        server = FeishuServer(world, clock, retry_seconds=(0, 0, 0, 0), answer_seconds=0.5)
        server.subscribe_long()
    else:
        server = DingTalkServer(world, clock, pace=QUICK, limits=Limits())
    app = web.Application()
    app.add_routes(server.routes())
    async with TestServer(app) as listening:
        base = "/playground/feishu" if name == "feishu" else "/"
        settings = server.settings(str(listening.make_url(base)))

        def make(hold: Hold) -> Platform:
            if name == "feishu":
                return Feishu(settings, clock, timings=quick(FAST_FEISHU), hold=hold)
            return DingTalk(settings, clock, timings=quick(FAST_DINGTALK), hold=hold)

        town = Town(name, server, clock, url, make, [])
        yield town
        for process in town.processes:
            await process.stop()
        await server.stop()


def quick(timings: Any) -> Any:
    """Of a second process one does not wait for its connection for long."""
    return replace(timings, start_seconds=0.2)


async def test_one_of_two_is_connected_and_each_event_comes_once(town: Town) -> None:
    first, second = await town.start(), await town.start()
    assert len(town.lines) == 1
    assert "standing by" in second.adapter.health
    for text in ("一", "二", "三"):
        await town.says(text)
    await until(lambda: len(first.accepted) == 3)
    assert second.accepted == []
    assert len(town.saved()) == 3


async def test_who_is_not_connected_can_send_all_the_same(town: Town) -> None:
    await town.start()
    second = await town.start()
    sent = await second.adapter.send(
        f"{town.name}:{CHEN[town.name]}", Card(text="已发货"), card_id="k3f9a0b1c2d3"
    )
    assert sent.message_id


async def test_a_dead_owner_is_followed_within_its_lease(town: Town) -> None:
    first, second = await town.start(), await town.start()
    await town.says("一")
    await until(lambda: first.accepted)
    await first.dies()
    await until(lambda: not town.lines)
    town.passes(14)
    await asyncio.sleep(0.03)
    assert not town.lines
    town.passes(1)
    await until(lambda: town.lines)
    await town.says("二")
    await until(lambda: second.accepted)
    assert town.saved() == ["MessageReceived"] * 2


async def test_who_cannot_renew_closes_before_another_connects(town: Town) -> None:
    first, second = await town.start(), await town.start()
    (line,) = town.lines
    first.loses_the_database()
    town.passes(6)
    await asyncio.sleep(0.03)
    assert town.lines == [line]
    town.passes(1)
    await until(lambda: not town.lines)
    assert "standing by" in first.adapter.health
    town.passes(8)
    await until(lambda: "long connection since" in second.adapter.health)
    assert len(town.lines) == 1


async def test_an_owner_that_stops_is_followed_at_once(town: Town) -> None:
    first, second = await town.start(), await town.start()
    await first.adapter.stop()
    await until(lambda: "long connection since" in second.adapter.health)
    assert len(town.lines) == 1


async def test_the_time_between_two_runs_counts_as_offline(town: Town) -> None:
    first = await town.start()
    await until(lambda: "last frame" in first.adapter.health)
    await first.stop()
    town.passes(8 * 60)
    second = await town.start()
    await until(lambda: second.accepted)
    await second.stop()
    await town.start()
    (told,) = second.accepted
    assert told == events.WasOffline(
        f"offline:{town.name}:2026-01-27T19:12:00+00:00",
        NIGHT + timedelta(minutes=8),
        town.name,
        NIGHT,
    )
    assert town.saved() == ["WasOffline"]
