"""A foreign library as a witness: what our client asks is what lark-oapi's request models say."""

import json
import warnings
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.clock import Clock
from bot.platforms.feishu.client import FeishuClient
from bot.platforms.feishu.contacts import ROOT, Contacts
from bot.platforms.feishu.limits import LIMITS
from bot.platforms.pace import Pace
from bot.playground.feishu import FeishuServer
from bot.playground.feishu.contacts import Seat
from bot.playground.world import Member, World
from tests.asked import Asked, Recorder
from tests.platforms.feishu.conftest import LIN

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from lark_oapi import JSON
    from lark_oapi.api.contact.v3 import (
        ChildrenDepartmentRequest,
        Department,
        FindByDepartmentUserRequest,
        GetUserRequest,
        User,
    )
    from lark_oapi.api.im.v1 import (
        CreateMessageRequest,
        CreateMessageRequestBody,
        GetMessageResourceRequest,
        PatchMessageRequest,
        PatchMessageRequestBody,
        ReplyMessageRequest,
        ReplyMessageRequestBody,
        UrgentAppMessageRequest,
        UrgentReceivers,
    )
    from lark_oapi.core.model import BaseRequest


@dataclass
class Stage:
    client: FeishuClient
    world: World
    feishu: FeishuServer
    recorder: Recorder


async def hear(_: web.Request) -> web.Response:
    """Takes every event."""
    return web.Response()


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    clock = Clock(datetime(2024, 5, 6, 2, 0, tzinfo=UTC), frozen=True)
    world = World(clock)
    world.join("feishu", Member(LIN, "林晓"))
    feishu = FeishuServer(world, clock, retry_seconds=())
    recorder = Recorder("/playground/feishu")
    async with TestServer(recorder.application(*feishu.routes(), web.post("/", hear))) as api:
        feishu.callback_url = str(api.make_url("/"))
        settings = feishu.settings(str(api.make_url("/playground/feishu")))
        client = FeishuClient(settings, clock)
        await client.open()
        yield Stage(client, world, feishu, recorder)
        await client.close()
        await feishu.stop()


def asked_by_sdk(request: BaseRequest) -> Asked:
    """What lark-oapi would put on the wire."""
    path = request.uri
    for name, value in request.paths.items():
        path = path.replace(f":{name}", value)
    body = None if request.body is None else json.loads(JSON.marshal(request.body))
    return Asked(request.http_method.name, path, dict(request.queries), body)


async def test_a_message_is_asked_for_as_by_the_sdk(stage: Stage) -> None:
    await stage.client.send(LIN, "text", {"text": "你好"}, uuid="u1")
    ours = stage.recorder.take("/open-apis/im/v1/messages")
    request = CreateMessageRequest.builder().receive_id_type("open_id")
    request.request_body(CreateMessageRequestBody(ours.body))

    assert ours == asked_by_sdk(request.build())
    assert ours.body.keys() == {"receive_id", "msg_type", "content", "uuid"}


async def test_an_answer_in_a_thread_is_asked_for_as_by_the_sdk(stage: Stage) -> None:
    first = await stage.client.send(LIN, "text", {"text": "你好"}, uuid="u1")
    await stage.client.reply(first, "text", {"text": "在"}, uuid="u2")
    ours = stage.recorder.take(f"/open-apis/im/v1/messages/{first}/reply")
    request = ReplyMessageRequest.builder().message_id(first)
    request.request_body(ReplyMessageRequestBody(ours.body))

    assert ours == asked_by_sdk(request.build())


async def test_a_change_and_a_ring_are_asked_for_as_by_the_sdk(stage: Stage) -> None:
    card = {"schema": "2.0", "config": {"update_multi": True}, "body": {"elements": []}}
    sent = await stage.client.send(LIN, "interactive", card, uuid="u1")
    await stage.client.update(sent, card)
    ours = stage.recorder.take(f"/open-apis/im/v1/messages/{sent}")
    change = PatchMessageRequest.builder().message_id(sent)
    change.request_body(PatchMessageRequestBody(ours.body))
    assert ours == asked_by_sdk(change.build())

    await stage.client.urge(sent, LIN)
    ours = stage.recorder.take(f"/open-apis/im/v1/messages/{sent}/urgent_app")
    ring = UrgentAppMessageRequest.builder().message_id(sent).user_id_type("open_id")
    ring.request_body(UrgentReceivers(ours.body))
    assert ours == asked_by_sdk(ring.build())


async def test_a_file_is_asked_for_as_by_the_sdk(stage: Stage) -> None:
    said = await stage.feishu.say(LIN, "样机", content="voice")
    key = said.payload["file_key"]
    await stage.client.resource(said.id, key, "file", limit=10**6)
    ours = stage.recorder.take(f"/open-apis/im/v1/messages/{said.id}/resources/{key}")
    request = GetMessageResourceRequest.builder().message_id(said.id).file_key(key).type("file")

    assert ours == asked_by_sdk(request.build())


async def test_a_person_is_asked_for_as_by_the_sdk(stage: Stage) -> None:
    await stage.client.person(LIN)
    ours = stage.recorder.take(f"/open-apis/contact/v3/users/{LIN}")
    request = GetUserRequest.builder().user_id(LIN).user_id_type("open_id")

    assert ours == asked_by_sdk(request.build())


async def test_the_directory_is_asked_for_as_by_the_sdk(stage: Stage) -> None:
    stage.feishu.contacts.departments = {"od-2": ("销售部", ROOT)}
    contacts = Contacts(stage.client, stage.world.now, Pace(LIMITS))
    departments = await contacts.departments()
    children = stage.recorder.take(f"/open-apis/contact/v3/departments/{ROOT}/children")
    asked = ChildrenDepartmentRequest.builder().department_id(ROOT).user_id_type("open_id")
    asked.department_id_type("open_department_id").page_size(50)
    assert children == in_text(asked_by_sdk(asked.build()))

    await contacts.colleagues(departments)
    people = stage.recorder.take("/open-apis/contact/v3/users/find_by_department")
    wanted = FindByDepartmentUserRequest.builder().department_id("od-2").user_id_type("open_id")
    wanted.department_id_type("open_department_id").page_size(50)
    assert people == in_text(asked_by_sdk(wanted.build()))


async def test_the_directory_answers_with_what_the_sdk_knows(stage: Stage) -> None:
    contacts = stage.feishu.contacts
    contacts.departments = {"od-2": ("销售部", ROOT)}
    contacts.leaders = {"od-2": LIN}
    contacts.seats = {LIN: Seat(("od-2",), leader=LIN)}
    kinds = {"department_id_type": "open_department_id", "page_size": "50"}
    told = await stage.client.contacts(f"departments/{ROOT}/children", kinds)
    assert told["items"][0].keys() <= Department._types.keys() | {"status"}
    told = await stage.client.contacts(
        "users/find_by_department", kinds | {"department_id": "od-2"}
    )
    (user,) = told["items"]
    assert user.keys() <= User._types.keys()
    assert user["status"].keys() <= User._types["status"]._types.keys()


def in_text(asked: Asked) -> Asked:
    """Query parameters are text on the wire."""
    return replace(asked, query={name: str(value) for name, value in asked.query.items()})


async def test_a_member_that_the_model_does_not_know_would_be_noticed(stage: Stage) -> None:
    """The models drop what they do not know."""
    body: dict[str, Any] = {"receive_id": LIN, "msg_typ": "text"}
    request = CreateMessageRequest.builder().request_body(CreateMessageRequestBody(body))

    assert asked_by_sdk(request.build()).body == {"receive_id": LIN}
