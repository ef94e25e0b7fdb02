"""App and robot together are one platform: people by the app, groups by the robot."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.clock import Clock
from bot.events import CardClicked, Event, MessageReceived
from bot.platforms.protocol import Platform, Rejected
from bot.platforms.wecom.adapter import WeCom
from bot.platforms.wecom.platform import AppAndRobot, connect_wecom
from bot.platforms.wecom.robot.adapter import Robot
from bot.platforms.wecom.robot.parse import is_group
from bot.playground.wecom import WeComServer
from bot.playground.world import Member, World
from cards.actions import AcceptPromise
from tests.platforms.wecom_robot.conftest import GROUP, origin
from tests.platforms.wecom_robot.test_robot_long import CARD, DONE, OTHER, PROMISE, TEAM, ZHANG


@dataclass
class Office:
    world: World
    wecom: WeComServer
    both: Platform
    events: list[Event] = field(default_factory=list)

    async def accept(self, event: Event) -> bool:
        self.events.append(event)
        return True


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    clock = Clock(datetime(2026, 1, 28, 2, 0, tzinfo=UTC), frozen=True)
    world = World(clock)
    world.join("wecom", Member("zhang.wei", "张伟"))
    wecom = WeComServer(world, clock, retry_seconds=0)
    wecom.use_robot(beside_app=True)
    async with TestServer(_app(*wecom.routes())) as api:
        settings = wecom.settings(f"{origin(api)}/playground/wecom")
        office = Office(world, wecom, connect_wecom(settings, clock))
        async with TestServer(_app(*office.both.routes(office.accept))) as callback:
            wecom.callback_url = f"{origin(callback)}/callback/wecom"
            await office.both.start(office.accept)
            yield office
            await office.both.stop()
            await wecom.stop()


def _app(*routes: web.RouteDef) -> web.Application:
    app = web.Application()
    app.add_routes(routes)
    return app


async def test_people_are_reached_by_the_app_and_groups_by_the_robot(office: Office) -> None:
    await office.wecom.say("zhang.wei", "在吗")
    await office.wecom.say("zhang.wei", "在吗", chat=GROUP)
    person = await office.both.send(ZHANG, PROMISE, card_id=CARD)
    group = await office.both.send(TEAM, PROMISE, card_id=OTHER)

    chats = [(e.chat, e.in_group) for e in office.events if isinstance(e, MessageReceived)]
    assert chats == [(ZHANG, False), (TEAM, True)]
    assert (person.edit_code != "", group.edit_code) == (True, "")
    assert office.wecom.gate.calls["message/send"] == 1
    assert office.wecom.robot.gateway.commands["aibot_send_msg"] == 1


async def test_each_card_is_edited_by_whoever_it_belongs_to(office: Office) -> None:
    await office.wecom.say("zhang.wei", "在吗", chat=GROUP)
    person = await office.both.send(ZHANG, PROMISE, card_id=CARD)
    group = await office.both.send(TEAM, PROMISE, card_id=OTHER)
    await office.both.edit(ZHANG, person, DONE, card_id=CARD)
    shown = office.wecom.robot.talk.cards[OTHER]
    await office.wecom.click("zhang.wei", shown.id, {"key": AcceptPromise(12).encode()})
    click = office.events[-1]
    assert isinstance(click, CardClicked)
    await office.both.edit(TEAM, replace(group, edit_code=click.edit_code), DONE, card_id=OTHER)
    edited = [one.payload.get("replace_text") for one in office.world.messages if one.edits]
    assert edited == ["已接单", "已接单"]


async def test_files_come_from_whoever_was_sent_them(office: Office) -> None:
    await office.wecom.say("zhang.wei", "名片", content="image")
    await office.wecom.say("zhang.wei", "名片", content="image", chat=GROUP)
    app, robot = (e.media for e in office.events if isinstance(e, MessageReceived))
    assert (await office.both.fetch(app))[1] == "image/png"
    assert (await office.both.fetch(robot))[0] == "名片".encode()


async def test_both_tell_how_they_are(office: Office) -> None:
    assert "app: last callback never" in office.both.health
    assert "robot; long connection since" in office.both.health


async def test_customers_are_the_apps_and_a_robot_alone_refuses(office: Office) -> None:
    with pytest.raises(Rejected):
        await office.both.contact("wm-nobody")
    with pytest.raises(Rejected):
        await office.both.welcome("no-such-code", "您好")
    assert isinstance(office.both, AppAndRobot)
    for refused in (office.both.robot.contact("wm1"), office.both.robot.welcome("code", "您好")):
        with pytest.raises(Rejected, match="app"):
            await refused


def test_the_settings_decide_who_speaks(office: Office) -> None:
    settings = office.wecom.settings("http://127.0.0.1:1/playground/wecom")
    clock = Clock(datetime(2026, 1, 28, 2, 0, tzinfo=UTC), frozen=True)
    app = settings.model_copy(update={"robot": None})
    robot = settings.model_copy(update={"corp_id": ""})
    assert isinstance(connect_wecom(app, clock), WeCom)
    assert isinstance(connect_wecom(robot, clock), Robot)
    assert isinstance(connect_wecom(settings, clock), AppAndRobot)


@pytest.mark.parametrize(
    ("platform_id", "group"),
    [
        (GROUP, True),
        ("wrkSFfCgAAExampleChatCaseSensitive", True),
        ("wright", False),
        ("wrong.person@example.com-and-long", False),
        ("zhang.wei", False),
    ],
)
def test_ids_of_groups_are_told_from_those_of_people(platform_id: str, group: bool) -> None:
    assert is_group(platform_id) == group
