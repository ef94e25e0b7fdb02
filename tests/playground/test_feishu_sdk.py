"""A foreign library as a witness: lark-oapi 1.7.5 reads what the imitated server sends, and the
server takes what lark-oapi sends.

It is imported here only: that takes two seconds, and warns of its own age.
"""

import asyncio
import json
import threading
import warnings
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.clock import Clock
from bot.playground.feishu import FeishuServer
from bot.playground.world import Member, World
from cards.actions import SaveFollowUp
from cards.model import Button, Card, Choice, DateInput, Form, Option
from cards.render.feishu import render

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import lark_oapi as lark
    import lark_oapi.ws.client as sdk_stream
    from lark_oapi.api.im.v1 import (
        CreateMessageRequest,
        CreateMessageRequestBody,
        PatchMessageRequest,
        PatchMessageRequestBody,
        ReplyMessageRequest,
        ReplyMessageRequestBody,
        UrgentAppMessageRequest,
        UrgentReceivers,
    )
    from lark_oapi.core.model import RawRequest
    from lark_oapi.event.callback.model.p2_card_action_trigger import P2CardActionTriggerResponse

LIN = "ou_lin"
FORM = Card(
    title="跟进",
    form=Form(
        (
            Choice("stage", "阶段", (Option("new", "线索"),), ("new",)),
            DateInput("day", "下次"),
        ),
        Button("保存", SaveFollowUp(7)),
    ),
)


@dataclass
class Witness:
    """A callback address run by the SDK, and the SDK's client."""

    world: World
    feishu: FeishuServer
    origin: str = ""
    client: Any = None
    messages: list[Any] = field(default_factory=list)
    clicks: list[Any] = field(default_factory=list)
    events: list[Any] = field(default_factory=list)
    """Of all other kinds."""
    dispatcher: Any = None

    def on_click(self, click: Any) -> Any:
        self.clicks.append(click.event)
        return P2CardActionTriggerResponse({"toast": {"type": "success", "content": "已保存"}})

    async def hear(self, request: web.Request) -> web.Response:
        raw = RawRequest()
        raw.uri, raw.body, raw.headers = request.path, await request.read(), dict(request.headers)
        answer = self.dispatcher.do(raw)
        return web.Response(status=answer.status_code, body=answer.content)

    async def send(self, card: dict[str, Any]) -> Any:
        body = CreateMessageRequestBody.builder().receive_id(LIN).msg_type("interactive")
        body = body.content(json.dumps(card)).uuid("u1").build()
        request = CreateMessageRequest.builder().receive_id_type("open_id").request_body(body)
        return await asyncio.to_thread(self.client.im.v1.message.create, request.build())

    async def patch(self, message_id: str, card: dict[str, Any]) -> Any:
        body = PatchMessageRequestBody.builder().content(json.dumps(card)).build()
        request = PatchMessageRequest.builder().message_id(message_id).request_body(body)
        return await asyncio.to_thread(self.client.im.v1.message.patch, request.build())


def at_origin(routes: Sequence[web.RouteDef]) -> list[web.RouteDef]:
    """The SDK accepts no path in front of `/open-apis`."""
    return [
        web.route(route.method, route.path.removeprefix("/playground/feishu"), route.handler)
        for route in routes
    ]


@pytest.fixture
async def witness() -> AsyncIterator[Witness]:
    clock = Clock(datetime(2024, 5, 6, 2, 0, tzinfo=UTC), frozen=True)
    world = World(clock)
    world.join("feishu", Member(LIN, "林晓"))
    feishu = FeishuServer(world, clock, retry_seconds=())
    witness = Witness(world, feishu)
    app = web.Application()
    app.add_routes([*at_origin(feishu.routes()), web.post("/", witness.hear)])
    server = TestServer(app)
    await server.start_server()
    feishu.callback_url = str(server.make_url("/"))
    witness.origin = str(server.make_url("")).rstrip("/")
    settings = feishu.settings(witness.origin)
    keys = (settings.encrypt_key, settings.verification_token)
    witness.dispatcher = (
        lark.EventDispatcherHandler.builder(*(key.get_secret_value() for key in keys))
        .register_p2_im_message_receive_v1(lambda message: witness.messages.append(message.event))
        .register_p2_card_action_trigger(witness.on_click)
        .register_p2_application_bot_menu_v6(witness.events.append)
        .register_p2_im_chat_access_event_bot_p2p_chat_entered_v1(witness.events.append)
        .register_p2_im_chat_member_bot_added_v1(witness.events.append)
        .register_p2_im_message_recalled_v1(witness.events.append)
        .register_p2_im_message_reaction_created_v1(witness.events.append)
        .register_p1_customized_event("p2p_chat_create", witness.events.append)
        .build()
    )
    witness.client = (
        lark.Client.builder()
        .app_id(settings.app_id)
        .app_secret(settings.app_secret.get_secret_value())
        .domain(settings.api_url)
        .build()
    )
    yield witness
    await feishu.stop()
    await server.close()


async def test_the_sdk_reads_a_message(witness: Witness) -> None:
    shown = await witness.feishu.say(LIN, "周五前给宏远报价")

    (event,) = witness.messages
    assert witness.feishu.pusher.pushes[0].statuses == [200]
    assert event.message.message_id == shown.id
    assert json.loads(event.message.content) == {"text": "周五前给宏远报价"}
    assert (event.message.chat_type, event.sender.sender_id.open_id) == ("p2p", LIN)


async def test_the_sdk_reads_a_mention_and_a_reply_in_a_group(witness: Witness) -> None:
    witness.feishu.open_group("oc_east")
    first = await witness.feishu.say(LIN, "在吗", chat="oc_east")
    await witness.feishu.say(LIN, "在吗", chat="oc_east", reply_to=first.id)

    message = witness.messages[1].message
    assert (message.chat_id, message.parent_id) == ("oc_east", first.id)
    assert message.mentions[0].id.open_id == witness.feishu.events.bot_open_id


async def test_the_sdk_reads_what_people_do_besides_writing(witness: Witness) -> None:
    server = witness.feishu
    await server.enter(LIN)
    shown = await server.say(LIN, "在吗", chat="")
    await server.press_menu(LIN, "today")
    await server.invite("oc_east", LIN, external=True)
    await server.react(LIN, shown.id, "OK")
    await server.take_back(shown.id)

    assert [push.statuses for push in server.pusher.pushes] == [[200]] * 7
    first, entered, menu, joined, reaction, recalled = witness.events
    assert first.event["user"]["open_id"] == LIN
    assert entered.event.operator_id.open_id == LIN
    assert (menu.event.event_key, menu.event.operator.operator_id.open_id) == ("today", LIN)
    assert (joined.event.chat_id, joined.event.external) == ("oc_east", True)
    assert (reaction.event.message_id, reaction.event.reaction_type.emoji_type) == (shown.id, "OK")
    assert recalled.event.message_id == shown.id


async def test_the_server_rings_and_answers_in_a_thread_as_the_sdk_asks(witness: Witness) -> None:
    sent = await witness.send(render(FORM, "k3f9a0b1c2d3"))
    urgent = (
        UrgentAppMessageRequest.builder()
        .message_id(sent.data.message_id)
        .user_id_type("open_id")
        .request_body(UrgentReceivers.builder().user_id_list([LIN]).build())
    )
    rung = await asyncio.to_thread(witness.client.im.v1.message.urgent_app, urgent.build())
    body = ReplyMessageRequestBody.builder().content('{"text":"好"}').msg_type("text")
    body = body.reply_in_thread(True).uuid("u2").build()
    reply = ReplyMessageRequest.builder().message_id(sent.data.message_id).request_body(body)
    answered = await asyncio.to_thread(witness.client.im.v1.message.reply, reply.build())

    assert rung.success()
    assert witness.feishu.messages.urgent == [(sent.data.message_id, LIN)]
    assert answered.data.parent_id == sent.data.message_id


async def test_the_sdk_confirms_no_challenge_that_needs_escaping(witness: Witness) -> None:
    """It builds its answer without a JSON encoder (feishu.md 3.2); the server notices."""
    assert not await witness.feishu.check_url()


async def test_the_server_takes_the_sdks_card_and_the_sdk_its_click(witness: Witness) -> None:
    sent = await witness.send(render(FORM, "k3f9a0b1c2d3"))
    again = await witness.send(render(FORM, "k3f9a0b1c2d3"))
    answer = await witness.feishu.click(
        LIN, sent.data.message_id, {"form_value": {"stage": "new", "day": "2024-05-10"}}
    )

    assert (sent.code, again.data.message_id) == (0, sent.data.message_id)
    assert answer == {"toast": "已保存"}
    (click,) = witness.clicks
    assert click.action.value == {"a": "lead.save?lead=7", "c": "k3f9a0b1c2d3"}
    assert click.action.form_value == {"stage": "new", "day": "2024-05-10 +0800"}
    assert click.context.open_message_id == sent.data.message_id


async def test_the_sdk_edits_a_card_and_understands_a_refusal(witness: Witness) -> None:
    sent = await witness.send(render(FORM, "k3f9a0b1c2d3"))
    edited = await witness.patch(sent.data.message_id, render(FORM, "k3f9a0b1c2d3"))
    refused = await witness.patch(sent.data.message_id, {"schema": "2.0", "foot": {}})

    assert edited.success()
    assert (refused.code, "log_id" in refused.error) == (230099, True)
    assert witness.world.messages[0].edits == 1


# The long connection ---------------------------------------------------------------------


class Listener:
    """The SDK's client of the long connection, in a thread of its own: it blocks its event loop
    while it asks for the address."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run)
        self._loop_of_import, sdk_stream.loop = sdk_stream.loop, self._loop

    def start(self) -> None:
        self._thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        with suppress(RuntimeError):  # "event loop stopped before future completed"
            self._client.start()
        rest = asyncio.all_tasks(self._loop)
        for task in rest:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*rest, return_exceptions=True))
        self._loop.close()

    async def stop(self) -> None:
        leaving = asyncio.run_coroutine_threadsafe(self._client._disconnect(), self._loop)
        await asyncio.wrap_future(leaving)
        self._loop.call_soon_threadsafe(self._loop.stop)
        await asyncio.to_thread(self._thread.join)
        sdk_stream.loop = self._loop_of_import


@asynccontextmanager
async def listening(witness: Witness) -> AsyncIterator[None]:
    """Returns when the SDK is connected and has pinged."""
    feishu = witness.feishu
    feishu.subscribe_long()
    client = sdk_stream.Client(
        feishu.gate.app_id,
        feishu.gate.app_secret,
        event_handler=witness.dispatcher,
        domain=witness.origin,
    )
    listener = Listener(client)
    listener.start()
    async with asyncio.timeout(10):
        while not [line for line in feishu.lines.lines if line.pings]:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
    yield
    await listener.stop()


async def test_the_sdk_hears_over_the_long_connection_and_is_understood(witness: Witness) -> None:
    sent = await witness.send(render(FORM, "k3f9a0b1c2d3"))
    async with listening(witness):
        await witness.feishu.say(LIN, "周五前给宏远报价")
        witness.feishu.lines.part_bytes = 100
        await witness.feishu.say(LIN, "第二句")
        answer = await witness.feishu.click(LIN, sent.data.message_id, {"form_value": {}})

    texts = [json.loads(event.message.content)["text"] for event in witness.messages]
    assert texts == ["周五前给宏远报价", "第二句"]
    assert (len(witness.clicks), answer) == (1, {"toast": "已保存"})
    assert [push.statuses for push in witness.feishu.pusher.pushes] == [[200]] * 3
    assert list(witness.feishu.lines.complaints) == []


async def test_the_sdk_understands_a_refusal(witness: Witness) -> None:
    client = sdk_stream.Client(witness.feishu.gate.app_id, "wrong", domain=witness.origin)
    with pytest.raises(sdk_stream.ClientException, match="514"):
        await asyncio.to_thread(client._get_conn_url)
