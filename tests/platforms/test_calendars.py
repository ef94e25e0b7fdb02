"""Events in calendars on the wire: shapes, keys, limits and refusals of each platform."""

import json
import warnings
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp.test_utils import TestServer

from bot.clock import Clock
from bot.platforms.dingtalk.calendar import DingTalkCalendar
from bot.platforms.dingtalk.client import DingTalkClient
from bot.platforms.dingtalk.unions import Unions
from bot.platforms.feishu.calendar import FeishuCalendar
from bot.platforms.feishu.client import FeishuClient
from bot.platforms.pace import Pace
from bot.platforms.protocol import CalendarEvent, Rejected, Unauthorized
from bot.platforms.wecom.calendar import WeComCalendar
from bot.platforms.wecom.client import Client
from bot.playground.dingtalk import DingTalkServer
from bot.playground.dingtalk.directory import union_id
from bot.playground.feishu import FeishuServer
from bot.playground.wecom import WeComServer
from bot.playground.world import Member, World
from tests.asked import Asked, Recorder

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from lark_oapi import JSON
    from lark_oapi.api.calendar.v4 import (
        CalendarEvent as TheirEvent,
    )
    from lark_oapi.api.calendar.v4 import (
        CreateCalendarEventAttendeeRequest,
        CreateCalendarEventAttendeeRequestBody,
        CreateCalendarEventRequest,
        DeleteCalendarEventRequest,
        ListFreebusyRequest,
        ListFreebusyRequestBody,
        PatchCalendarEventRequest,
    )
    from lark_oapi.core.model import BaseRequest

TEN = datetime.fromisoformat("2026-01-29T10:00:00+08:00")
EVENT = CalendarEvent("拜访 王总", "“周四10点”\n一诺 L3 记录 7", TEN, TEN + timedelta(hours=1))
LATER = CalendarEvent(
    "拜访 王总", "改了", TEN + timedelta(hours=3), TEN + timedelta(hours=4), remind_minutes=5
)
KEY = "0123456789abcdef0123456789abcdef"
LIN = "ou_lin0000000000000000000000000001"


@dataclass
class Ground:
    clock: Clock
    recorder: Recorder


@dataclass
class WeComGround(Ground):
    server: WeComServer
    calendar: WeComCalendar


@dataclass
class DingTalkGround(Ground):
    server: DingTalkServer
    calendar: DingTalkCalendar


@dataclass
class FeishuGround(Ground):
    server: FeishuServer
    calendar: FeishuCalendar


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


@pytest.fixture
def clock() -> Clock:
    return Clock(datetime(2026, 1, 28, 2, tzinfo=UTC), frozen=True)


@pytest.fixture
async def wecom(stack: AsyncExitStack, clock: Clock) -> WeComGround:
    world = World(clock)
    world.join("wecom", Member("zhang.wei", "张伟"))
    server, recorder = WeComServer(world, clock), Recorder("/playground/wecom/cgi-bin")
    api = await stack.enter_async_context(TestServer(recorder.application(*server.routes())))
    stack.push_async_callback(server.stop)
    client = Client(server.settings(str(api.make_url("/playground/wecom"))), clock)
    await client.start()
    stack.push_async_callback(client.stop)
    calendar = WeComCalendar(client, server.agent_id, clock, Pace(()))
    return WeComGround(clock, recorder, server, calendar)


@pytest.fixture
async def dingtalk(stack: AsyncExitStack, clock: Clock) -> DingTalkGround:
    world = World(clock)
    world.join("dingtalk", Member("manager01", "张伟"))
    server, recorder = DingTalkServer(world, clock), Recorder("/playground/dingtalk")
    api = await stack.enter_async_context(TestServer(recorder.application(*server.routes())))
    stack.push_async_callback(server.stop)
    client = DingTalkClient(server.settings(str(api.make_url(""))), clock, http_seconds=5)
    client.open()
    stack.push_async_callback(client.close)
    unions = Unions(client, clock, Pace(()))
    return DingTalkGround(
        clock, recorder, server, DingTalkCalendar(client, unions, clock, Pace(()))
    )


@pytest.fixture
async def feishu(stack: AsyncExitStack, clock: Clock) -> FeishuGround:
    world = World(clock)
    world.join("feishu", Member(LIN, "林晓"))
    server, recorder = FeishuServer(world, clock), Recorder("/playground/feishu")
    api = await stack.enter_async_context(TestServer(recorder.application(*server.routes())))
    stack.push_async_callback(server.stop)
    client = FeishuClient(server.settings(str(api.make_url("/playground/feishu"))), clock)
    await client.open()
    stack.push_async_callback(client.close)
    return FeishuGround(clock, recorder, server, FeishuCalendar(client, clock, Pace(())))


# WeCom -----------------------------------------------------------------------------------


async def test_wecom_gets_the_documented_schedule(wecom: WeComGround) -> None:
    """As in the example of D93648, without what we leave to the app: its default calendar."""
    await wecom.calendar.add("wecom:zhang.wei", EVENT, key=KEY)
    assert wecom.recorder.take("/oa/schedule/add").body == {
        "schedule": {
            "admins": ["zhang.wei"],
            "attendees": [{"userid": "zhang.wei"}],
            "summary": "拜访 王总",
            "description": EVENT.text,
            "start_time": 1769652000,
            "end_time": 1769655600,
            "is_whole_day": 0,
            "reminders": {
                "is_remind": 1,
                "is_repeat": 0,
                "remind_before_event_secs": 900,
                "remind_time_diffs": [-900],
                "timezone": 8,
            },
        },
        "agentid": wecom.server.agent_id,
    }


async def test_wecom_changes_the_whole_of_it_and_deletes(wecom: WeComGround) -> None:
    made = await wecom.calendar.add("wecom:zhang.wei", EVENT, key=KEY)
    await wecom.calendar.move("wecom:zhang.wei", made, LATER)
    (kept,) = wecom.server.schedules.of("zhang.wei")
    assert (kept["start_time"], kept["description"]) == (1769662800, "改了")
    await wecom.calendar.remove("wecom:zhang.wei", made)
    assert wecom.server.schedules.of("zhang.wei") == []
    with pytest.raises(Rejected):
        await wecom.calendar.remove("wecom:zhang.wei", made)


async def test_wecom_names_the_page_where_the_app_is_admitted(wecom: WeComGround) -> None:
    wecom.server.gate.forbidden.add("oa/schedule/add")
    with pytest.raises(Unauthorized, match="日程 → 可调用接口的应用"):
        await wecom.calendar.add("wecom:zhang.wei", EVENT, key=KEY)


async def test_wecom_blames_an_address_on_the_address(wecom: WeComGround) -> None:
    wecom.server.gate.blocked_ip = "203.0.113.9"
    with pytest.raises(Unauthorized, match="企业可信 IP"):
        await wecom.calendar.add("wecom:zhang.wei", EVENT, key=KEY)


async def test_wecom_without_an_answer_is_not_asked_again(wecom: WeComGround) -> None:
    wecom.server.fail("lost", path="oa/schedule/add")
    with pytest.raises(Rejected, match="先看一眼日历") as refusal:
        await wecom.calendar.add("wecom:zhang.wei", EVENT, key=KEY)
    assert refusal.value.code == "unclear"


async def test_wecom_takes_only_so_many_a_day(wecom: WeComGround) -> None:
    wecom.server.schedules.most_a_day = 0
    with pytest.raises(Exception, match="45009"):
        await wecom.calendar.add("wecom:zhang.wei", EVENT, key=KEY)


# DingTalk --------------------------------------------------------------------------------


async def test_dingtalk_gets_the_documented_event(dingtalk: DingTalkGround) -> None:
    await dingtalk.calendar.add("dingtalk:manager01", EVENT, key=KEY)
    path = f"/v1.0/calendar/users/{union_id('manager01')}/calendars/primary/events"
    assert dingtalk.recorder.take(path).body == {
        "summary": "拜访 王总",
        "description": EVENT.text,
        "start": {"dateTime": "2026-01-29T10:00:00+08:00", "timeZone": "Asia/Shanghai"},
        "end": {"dateTime": "2026-01-29T11:00:00+08:00", "timeZone": "Asia/Shanghai"},
        "reminders": [{"method": "dingtalk", "minutes": 15}],
    }


async def test_dingtalk_s_key_is_good_for_a_day(dingtalk: DingTalkGround) -> None:
    first = await dingtalk.calendar.add("dingtalk:manager01", EVENT, key=KEY)
    assert await dingtalk.calendar.add("dingtalk:manager01", EVENT, key=KEY) == first
    assert len(dingtalk.server.calendars.of("manager01")) == 1
    dingtalk.clock.move_to(dingtalk.clock() + timedelta(days=1))
    assert await dingtalk.calendar.add("dingtalk:manager01", EVENT, key=KEY) != first


async def test_dingtalk_moves_tells_busy_and_deletes(dingtalk: DingTalkGround) -> None:
    who = "dingtalk:manager01"
    made = await dingtalk.calendar.add(who, EVENT, key=KEY)
    await dingtalk.calendar.move(who, made, LATER)
    assert await dingtalk.calendar.busy(who, EVENT.begins, EVENT.ends) == []
    assert await dingtalk.calendar.busy(who, TEN, TEN + timedelta(hours=9)) == [
        (LATER.begins, LATER.ends)
    ]
    await dingtalk.calendar.remove(who, made)
    assert dingtalk.server.calendars.of("manager01") == []


async def test_dingtalk_asks_once_who_somebody_is(dingtalk: DingTalkGround) -> None:
    for _ in range(2):
        await dingtalk.calendar.busy("dingtalk:manager01", EVENT.begins, EVENT.ends)
    assert dingtalk.server.door.called["/oapi/topapi/v2/user/get"] == 1
    with pytest.raises(Rejected):
        await dingtalk.calendar.busy("dingtalk:nobody", EVENT.begins, EVENT.ends)


async def test_dingtalk_names_the_scope_that_is_missing(dingtalk: DingTalkGround) -> None:
    dingtalk.server.app.scopes.discard("Calendar.Event.Write")
    with pytest.raises(Unauthorized, match=r"Calendar\.Event\.Write"):
        await dingtalk.calendar.add("dingtalk:manager01", EVENT, key=KEY)


# Feishu ----------------------------------------------------------------------------------


def asked_by_sdk(request: BaseRequest) -> Asked:
    path = request.uri
    for name, value in request.paths.items():
        path = path.replace(f":{name}", value)
    body = None if request.body is None else json.loads(JSON.marshal(request.body))
    return Asked(request.http_method.name, path, dict(request.queries), body)


async def test_feishu_is_asked_as_by_the_sdk(feishu: FeishuGround) -> None:
    who, own = f"feishu:{LIN}", feishu.server.calendars.own
    events = f"/open-apis/calendar/v4/calendars/{own}/events"
    made = await feishu.calendar.add(who, EVENT, key=KEY)
    asked = list(feishu.recorder.asked)

    create = CreateCalendarEventRequest.builder().calendar_id(own).idempotency_key(KEY)
    ours = feishu.recorder.take(events)
    assert ours == asked_by_sdk(create.request_body(TheirEvent(ours.body)).build())

    invite = CreateCalendarEventAttendeeRequest.builder().calendar_id(own).event_id(made)
    invite.user_id_type("open_id")
    (ours,) = (one for one in asked if one.path == f"{events}/{made}/attendees")
    invite.request_body(CreateCalendarEventAttendeeRequestBody(ours.body))
    assert ours == asked_by_sdk(invite.build())

    await feishu.calendar.move(who, made, LATER)
    ours = feishu.recorder.take(f"{events}/{made}")
    patch = PatchCalendarEventRequest.builder().calendar_id(own).event_id(made)
    assert ours == asked_by_sdk(patch.request_body(TheirEvent(ours.body)).build())

    await feishu.calendar.busy(who, EVENT.begins, EVENT.ends)
    ours = feishu.recorder.take("/open-apis/calendar/v4/freebusy/list")
    busy = ListFreebusyRequest.builder().user_id_type("open_id")
    assert ours == asked_by_sdk(busy.request_body(ListFreebusyRequestBody(ours.body)).build())

    await feishu.calendar.remove(who, made)
    ours = feishu.recorder.take(f"{events}/{made}")
    delete = DeleteCalendarEventRequest.builder().calendar_id(own).event_id(made)
    assert ours == asked_by_sdk(delete.need_notification("false").build())


async def test_feishu_s_key_makes_one_event_and_one_guest(feishu: FeishuGround) -> None:
    first = await feishu.calendar.add(f"feishu:{LIN}", EVENT, key=KEY)
    assert await feishu.calendar.add(f"feishu:{LIN}", EVENT, key=KEY) == first
    (event,) = feishu.server.calendars.events.values()
    assert event.invited == [LIN]
    assert feishu.server.gate.calls["own calendar"] == 1


async def test_feishu_takes_one_that_is_gone_for_removed(feishu: FeishuGround) -> None:
    made = await feishu.calendar.add(f"feishu:{LIN}", EVENT, key=KEY)
    for _ in range(2):
        await feishu.calendar.remove(f"feishu:{LIN}", made)
    assert feishu.server.calendars.events == {}


async def test_feishu_tells_busy(feishu: FeishuGround) -> None:
    blocked = (LIN, TEN + timedelta(minutes=30), TEN + timedelta(hours=2))
    feishu.server.calendars.blocked.append(blocked)
    ask: Callable[..., Any] = feishu.calendar.busy
    assert await ask(f"feishu:{LIN}", EVENT.begins, EVENT.ends) == [blocked[1:]]
    assert await ask(f"feishu:{LIN}", TEN + timedelta(hours=2), TEN + timedelta(hours=3)) == []


@pytest.mark.parametrize("act", ["create", "update"])
async def test_feishu_names_the_scope_that_is_missing(feishu: FeishuGround, act: str) -> None:
    feishu.server.gate.scopes.discard(f"calendar:calendar.event:{act}")
    with pytest.raises(Unauthorized, match=f"calendar:calendar.event:{act}"):
        await feishu.calendar.add(f"feishu:{LIN}", EVENT, key=KEY)
