"""Two processes, one database: one long connection, taken over when its owner dies; what can be
said on that connection alone is said by its owner."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
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
from bot.platforms.pace import Pace
from bot.platforms.protocol import Platform
from bot.platforms.wecom.platform import connect_wecom
from bot.playground.dingtalk import DingTalkServer, Limits
from bot.playground.feishu import FeishuServer
from bot.playground.wecom import WeComServer
from bot.playground.world import Member, World
from bot.runtime.budget import Meter
from bot.runtime.delivery import Delivery
from bot.runtime.leases import Leases, Terms
from cards.model import Card, dump
from storage import inbox, outbox, schema
from storage.columns import Sealed
from storage.db import Database, connect
from storage.models import Inbox, Outbox
from storage.outbox import Draft
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
                return Feishu(settings, clock, timings=FAST_FEISHU, hold=hold)
            return DingTalk(settings, clock, timings=FAST_DINGTALK, hold=hold)

        town = Town(name, server, clock, url, make, [])
        yield town
        for process in town.processes:
            await process.stop()
        await server.stop()


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


# WeCom's robot, which speaks on its connection alone ---------------------------------------

ZHANG, TEAM = "wecom:zhang.wei", "wecom:wrkSFfCgAAPlaygroundChatCaseSensitive"


class Sender(Process):
    """Sends what is in the outbox, too."""

    def __init__(self, url: str, clock: Clock, make: Callable[[Hold], Platform]) -> None:
        super().__init__(url, clock, make)
        meter = Meter(self.db, clock, {}, after=lambda: None)
        platforms = {"wecom": self.adapter}
        self.delivery = Delivery(self.db, clock, platforms, meter, after=lambda: None)
        self.delivery.longest_sleep = 0.005

    async def start(self) -> None:
        self.delivery.start()
        await super().start()

    async def stop(self) -> None:
        await self.delivery.stop()
        await super().stop()

    async def dies(self) -> None:
        await self.delivery.stop()
        await super().dies()


@dataclass
class Office:
    """The imitated WeCom, the database, and the processes of the bot."""

    server: WeComServer
    clock: Clock
    url: str
    make: Callable[[Hold], Platform]
    db: Database
    processes: list[Sender]

    async def start(self) -> Sender:
        process = Sender(self.url, self.clock, self.make)
        self.processes.append(process)
        await process.start()
        return process

    async def put(self, *addresses: str) -> None:
        def write(db: Session) -> None:
            for address in addresses:
                outbox.put(db, Draft(address, dump(Card(title="样机"))), self.clock())

        await self.db.write(write)

    def rows(self) -> list[tuple[str, int, str]]:
        """State, attempts and the last error of all that was to be said."""
        with self.db.read() as db:
            found = db.exec(select(Outbox).order_by(col(Outbox.id)))
            return [(row.state, row.attempts, row.error) for row in found]

    async def until_said(self, count: int) -> None:
        await until(lambda: self.rows() == [("delivered", 1, "")] * count)

    @property
    def pushed(self) -> int:
        return self.server.robot.gateway.commands["aibot_send_msg"]


@pytest.fixture(params=["robot", "app and robot"])
async def office(request: pytest.FixtureRequest, url: str) -> AsyncIterator[Office]:
    clock = Clock(NIGHT, frozen=True)
    world = World(clock)
    world.join("wecom", Member("zhang.wei", "张伟"))
    server = WeComServer(world, clock, retry_seconds=0)
    server.use_robot("long", beside_app=request.param == "app and robot")
    server.robot.meet()
    server.robot.talk.known.add(TEAM.removeprefix("wecom:"))
    server.robot.talk.rate_limits = False
    app = web.Application()
    app.add_routes(server.routes())
    async with TestServer(app) as listening:
        settings = server.settings(str(listening.make_url("/playground/wecom")))

        def make(hold: Hold) -> Platform:
            return connect_wecom(settings, clock, pace=Pace(()), hold=hold)

        db = Database(connect(url, durable=False))
        db.open()
        office = Office(server, clock, url, make, db, [])
        yield office
        for process in office.processes:
            await process.stop()
        await server.stop()
        db.close()


async def test_what_the_robot_says_goes_out_once_from_the_owner(office: Office) -> None:
    await office.start()
    second = await office.start()
    assert "standing by" in second.adapter.health
    for _ in range(5):
        await office.put(TEAM)
    await office.until_said(5)
    assert office.pushed == 5
    assert len(office.server.robot.gateway.lines) == 1


async def test_what_the_robot_is_to_say_waits_for_the_next_owner(office: Office) -> None:
    first, second = await office.start(), await office.start()
    await first.dies()
    await office.put(TEAM, TEAM)
    await asyncio.sleep(0.03)
    assert office.rows() == [("queued", 0, "")] * 2
    office.clock.move_to(NIGHT + timedelta(seconds=15))
    await until(lambda: "long connection since" in second.adapter.health)
    await office.until_said(2)
    assert office.pushed == 2


@pytest.mark.parametrize("office", ["app and robot"], indirect=True)
async def test_people_hear_from_the_app_while_groups_wait_for_an_owner(office: Office) -> None:
    first = await office.start()
    await office.start()
    await first.dies()
    await office.put(*(f"wecom:wr{number:022}" for number in range(40)), ZHANG)
    await until(lambda: office.rows()[-1] == ("delivered", 1, ""))
    assert office.rows()[:-1] == [("queued", 0, "")] * 40
    assert office.pushed == 0
