"""A foreign library as a witness: our adapter asks what dingtalk-stream asks, in its shape.

The library has no request models; so it does the same as our adapter on the same server, and what
both sent is compared. It knows no robot messages over the OpenAPI and no DING.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp.test_utils import TestServer
from dingtalk_stream import (
    AckMessage,
    CallbackHandler,
    CallbackMessage,
    CardReplier,
    ChatbotHandler,
    ChatbotMessage,
    Credential,
    DingTalkStreamClient,
    EventHandler,
)

from bot.clock import Clock
from bot.events import Event
from bot.platforms.dingtalk.adapter import DingTalk
from bot.platforms.dingtalk.frames import CLICKS, MESSAGES
from bot.platforms.dingtalk.sessions import session_body
from bot.playground.dingtalk import DingTalkServer
from bot.playground.dingtalk.door import BASE
from bot.playground.world import Member, World
from cards.actions import AcceptPromise
from cards.model import Button, Card
from cards.render.dingtalk import Message
from cards.render.dingtalk_buttons import PUBLIC_TEMPLATE
from tests.asked import Asked, Recorder, unknown_to
from tests.platforms.dingtalk.conftest import FAST, QUICK

CARD = Card(title="跟进", text="张先生", buttons=(Button("接单", AcceptPromise(12)),))
BESIDE = [".imRobotOpenSpaceModel.lastMessageI18n", ".imRobotOpenSpaceModel.notification"]
"""Which the library leaves out and 创建并投放卡片 has: what the list of chats shows."""


class Deaf(CallbackHandler):  # type: ignore[misc]
    async def process(self, message: CallbackMessage) -> tuple[int, str]:
        return AckMessage.STATUS_OK, "OK"


@dataclass
class Stage:
    adapter: DingTalk
    server: DingTalkServer
    sdk: DingTalkStreamClient
    recorder: Recorder

    async def by_sdk(self, do: Callable[..., Any], *args: Any, **options: Any) -> Any:
        self.recorder.asked.clear()
        return await asyncio.to_thread(do, *args, **options)

    async def said(self) -> ChatbotMessage:
        """What the last robot message is to the library."""
        shown = await self.server.say("chen", "你好")
        message = ChatbotMessage()
        message.message_id, message.conversation_type = shown.id, "1"
        message.sender_staff_id = "chen"
        return message


@pytest.fixture
async def stage(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    clock = Clock(datetime(2026, 1, 5, 2, 0, tzinfo=UTC), frozen=True)
    world = World(clock)
    world.join("dingtalk", Member("chen", "小陈"))
    server = DingTalkServer(world, clock, pace=QUICK)
    recorder = Recorder(BASE)
    async with TestServer(recorder.application(*server.routes())) as api:
        settings = server.settings(str(api.make_url("/")))
        adapter = DingTalk(settings, clock, timings=FAST)
        for module in ("card_replier", "chatbot", "stream"):
            place = f"dingtalk_stream.{module}.DINGTALK_OPENAPI_ENDPOINT"
            monkeypatch.setattr(place, settings.api_url)
        opening = f"{settings.api_url}/v1.0/gateway/connections/open"
        monkeypatch.setattr(DingTalkStreamClient, "OPEN_CONNECTION_API", opening)
        sdk = DingTalkStreamClient(
            Credential(settings.client_id, settings.client_secret.get_secret_value())
        )
        await adapter.start(accept)
        yield Stage(adapter, server, sdk, recorder)
        await adapter.stop()
        await server.stop()


async def accept(_: Event) -> bool:
    return True


def assert_fits(ours: Asked, theirs: Asked, *, beside: list[str] | None = None) -> None:
    assert (ours.method, ours.path, ours.query) == (theirs.method, theirs.path, theirs.query)
    assert unknown_to(theirs.body, ours.body) == sorted(beside or [])


async def test_the_connection_is_asked_for_as_by_the_sdk(stage: Stage) -> None:
    ours = stage.recorder.take("/v1.0/gateway/connections/open")
    for topic in (MESSAGES, CLICKS):
        stage.sdk.register_callback_handler(topic, Deaf())
    stage.sdk.register_all_event_handler(EventHandler())
    await stage.by_sdk(stage.sdk.open_connection)
    theirs = stage.recorder.take("/v1.0/gateway/connections/open")

    assert_fits(ours, theirs)
    for name in ("clientId", "clientSecret", "subscriptions"):
        assert ours.body[name] == theirs.body[name]


async def test_a_card_is_asked_for_as_by_the_sdk(stage: Stage) -> None:
    await stage.adapter.send("dingtalk:chen", CARD, card_id="k1")
    calls = list(stage.recorder.asked)
    replier = CardReplier(stage.sdk, await stage.said())
    data = next(c for c in calls if c.path.endswith("createAndDeliver")).body["cardData"]
    await stage.by_sdk(replier.create_and_deliver_card, PUBLIC_TEMPLATE, data["cardParamMap"])
    theirs = list(stage.recorder.asked)

    assert [call.path for call in calls[-2:]] == [call.path for call in theirs]
    assert calls[-2] == theirs[0], "the token"
    assert_fits(calls[-1], theirs[1], beside=[*BESIDE, ".userIdType"])


async def test_a_change_of_a_card_is_asked_for_as_by_the_sdk(stage: Stage) -> None:
    sent = await stage.adapter.send("dingtalk:chen", CARD, card_id="k1")
    stage.recorder.asked.clear()
    await stage.adapter.edit("dingtalk:chen", sent, Card(title="好了"), card_id="k1")
    ours = stage.recorder.take("/v1.0/card/instances")
    options = {name: ours.body[name] for name in ("cardUpdateOptions", "userIdType")}
    replier = CardReplier(stage.sdk, ChatbotMessage())
    data = ours.body["cardData"]["cardParamMap"]
    await stage.by_sdk(replier.put_card_data, "k1", data, **options)

    assert ours == stage.recorder.take("/v1.0/card/instances")


async def test_a_file_is_asked_for_as_by_the_sdk(stage: Stage) -> None:
    stage.recorder.asked.clear()
    code = stage.server.robot.keep(b"...", "image/png")
    await stage.adapter.fetch(code)
    ours = stage.recorder.take("/v1.0/robot/messageFiles/download")
    handler = ChatbotHandler()
    handler.dingtalk_client = stage.sdk
    await stage.by_sdk(handler.get_image_download_url, code)

    assert ours == stage.recorder.take("/v1.0/robot/messageFiles/download")


@pytest.mark.parametrize(
    "message",
    [
        Message("sampleText", {"content": "好"}),
        Message("sampleMarkdown", {"title": "好", "text": "**好**"}),
    ],
    ids=lambda message: message.key,
)
async def test_an_answer_in_the_session_has_the_sdks_shape(stage: Stage, message: Message) -> None:
    heard = await stage.said()
    heard.session_webhook = f"{stage.adapter._settings.oapi_url}/robot/sendBySession?session=x"
    handler, words = ChatbotHandler(), message.param
    if message.key == "sampleText":
        await stage.by_sdk(handler.reply_text, words["content"], heard)
    else:
        await stage.by_sdk(handler.reply_markdown, words["title"], words["text"], heard)
    theirs = stage.recorder.take("/oapi/robot/sendBySession").body

    assert unknown_to(theirs, session_body(message)) == []
    assert theirs[theirs["msgtype"]] == words
