"""DingTalk's own SDK as witness: it understands the imitated server, and the server it."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest
import websockets
from dingtalk_stream import (
    AckMessage,
    CallbackHandler,
    CallbackMessage,
    ChatbotMessage,
    Credential,
    DingTalkStreamClient,
    EventHandler,
    EventMessage,
    MarkdownButtonCardInstance,
    card_replier,
)
from dingtalk_stream.card_callback import CardCallbackMessage

from bot.playground.dingtalk.gateway import Pace
from bot.playground.world import Shown
from tests.playground.dingtalk.conftest import CLICKS, MESSAGES, Client, url_of

BUTTON = {"text": "已完成", "color": "blue", "id": "done.1", "request": True}
ANSWER = {"cardData": {"cardParamMap": {"tips": "已记下"}}}


class Messages(CallbackHandler):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.heard: list[ChatbotMessage] = []

    async def process(self, message: CallbackMessage) -> tuple[int, str]:
        self.heard.append(ChatbotMessage.from_dict(message.data))
        return AckMessage.STATUS_OK, "OK"


class Presses(CallbackHandler):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.heard: list[CardCallbackMessage] = []

    async def process(self, message: CallbackMessage) -> tuple[int, dict[str, Any]]:
        self.heard.append(CardCallbackMessage.from_dict(message.data))
        return AckMessage.STATUS_OK, ANSWER


class Events(EventHandler):  # type: ignore[misc]
    async def process(self, event: EventMessage) -> tuple[int, str]:
        return AckMessage.STATUS_OK, "OK"


class Witness:
    """The SDK's client. Its own loop blocks on `requests` and cannot be stopped, so its parts
    are called one by one: opening in a thread, routing and answering here. `running` has it whole,
    in a thread."""

    def __init__(self, client: Client) -> None:
        app = client.server.app
        self.sdk = DingTalkStreamClient(Credential(app.client_id, app.client_secret))
        self.messages, self.presses = Messages(), Presses()
        self.sdk.register_callback_handler(MESSAGES, self.messages)
        self.sdk.register_callback_handler(CLICKS, self.presses)
        self.sdk.register_all_event_handler(Events())
        self.sdk.pre_start()

    async def listen(self) -> None:
        opened = await asyncio.to_thread(self.sdk.open_connection)
        async with websockets.connect(url_of(opened)) as socket:
            self.sdk.websocket = socket
            async for raw in socket:
                route = await self.sdk.route_message(json.loads(raw))
                if route == DingTalkStreamClient.TAG_DISCONNECT:
                    return


class Running:
    """The whole client with its own loop, in a thread."""

    def __init__(self, sdk: DingTalkStreamClient) -> None:
        self._sdk = sdk
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        with suppress(RuntimeError):  # "event loop stopped before future completed"
            self._loop.run_until_complete(self._sdk.start())
        while rest := asyncio.all_tasks(self._loop):  # it swallows the first cancellation
            for task in rest:
                task.cancel()
            self._loop.run_until_complete(asyncio.wait(rest, timeout=0.01))
        self._loop.close()

    async def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        await asyncio.to_thread(self._thread.join)


@pytest.fixture
async def witness(client: Client, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Witness]:
    point_the_sdk_at(client, monkeypatch)
    found = Witness(client)
    listening = asyncio.create_task(found.listen())
    await connected(client)
    yield found
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)


def point_the_sdk_at(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    opening = f"{client.base}/v1.0/gateway/connections/open"
    monkeypatch.setattr(DingTalkStreamClient, "OPEN_CONNECTION_API", opening)
    monkeypatch.setattr(card_replier, "DINGTALK_OPENAPI_ENDPOINT", client.base)
    monkeypatch.setattr("dingtalk_stream.stream.DINGTALK_OPENAPI_ENDPOINT", client.base)
    client.server.gateway.pace = Pace()


async def connected(client: Client) -> None:
    async with asyncio.timeout(5):
        while not client.server.gateway.lines:  # noqa: ASYNC110 - the witness is in a thread
            await asyncio.sleep(0.001)


async def test_the_sdk_understands_what_people_say(client: Client, witness: Witness) -> None:
    said = await client.server.say("manager0001", "张总说价格高")
    await client.server.say("manager0001", "样机寄了吗", chat="cidGROUP0001==")
    await client.server.say("manager0001", "", content="image")
    first, second, third = witness.messages.heard
    assert (first.message_id, first.sender_staff_id) == (said.id, "manager0001")
    assert (first.text.content, first.conversation_type) == ("张总说价格高", "1")
    assert (second.conversation_id, second.is_in_at_list) == ("cidGROUP0001==", True)
    assert third.image_content.download_code
    assert not client.server.gateway.complaints


async def test_the_sdk_answers_events_and_pings(client: Client, witness: Witness) -> None:
    assert await client.server.gateway.emit("user_add_org", {"userId": ["1"]}) == 1
    assert await client.server.gateway.ping(client.server.gateway.lines[0]) is not None
    assert not client.server.gateway.complaints


async def test_a_card_of_the_sdk_is_shown_and_its_press_comes_back(
    client: Client, witness: Witness
) -> None:
    shown = await send_card(client, witness)
    data = shown.payload["cardParamMap"]
    assert (data["title"], data["markdown"]) == ("跟进任务", "**张先生**")
    assert await client.server.click("manager0001", shown.id, {"action_id": "done.1"}) == {}
    (press,) = witness.presses.heard
    assert press.card_instance_id == shown.payload["outTrackId"]
    assert press.content["cardPrivateData"]["actionIds"] == ["done.1"]
    assert shown.payload["privateData"] == {"manager0001": {"tips": "已记下"}}


async def test_the_sdk_updates_its_card_for_everybody(client: Client, witness: Witness) -> None:
    shown = await send_card(client, witness)
    await client.server.click("manager0001", shown.id, {"action_id": "done.1"})
    card_of_sdk = witness.sdk.card
    await asyncio.to_thread(card_of_sdk.update, "已完成", [])
    assert shown.payload["cardParamMap"]["markdown"] == "已完成"
    assert shown.payload["privateData"] == {}
    assert (len(client.world.messages), shown.edits) == (2, 2)


async def send_card(client: Client, witness: Witness) -> Shown:
    """The SDK answers the last message with a card, in its two-step way."""
    await client.server.say("manager0001", "你好")
    card = MarkdownButtonCardInstance(witness.sdk, witness.messages.heard[-1])
    card.set_title_and_logo("跟进任务", "")
    await asyncio.to_thread(card.reply, "**张先生**", [BUTTON])
    witness.sdk.card = card
    return client.world.messages[-1]


async def test_the_sdk_leaves_when_asked_to(client: Client, witness: Witness) -> None:
    await client.server.gateway.disconnect()
    async with asyncio.timeout(2):
        while client.server.gateway.lines:  # noqa: ASYNC110 - the witness decides when
            await asyncio.sleep(0.001)


async def test_the_whole_sdk_client_hears_and_comes_back(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    point_the_sdk_at(client, monkeypatch)
    whole, gateway = Witness(client), client.server.gateway
    running = Running(whole.sdk)
    await connected(client)
    await client.server.say("manager0001", "张总说价格高")
    assert await gateway.emit("user_add_org", {"userId": ["1"]}) == 1

    (first,) = gateway.lines
    await gateway.disconnect()
    async with asyncio.timeout(5):
        while gateway.lines == [first] or not gateway.lines:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.001)
    await client.server.say("manager0001", "样机寄了吗")
    await running.stop()

    heard = [message.text.content for message in whole.messages.heard]
    assert heard == ["张总说价格高", "样机寄了吗"]
    (complaint,) = gateway.complaints
    assert "connection is expired" in complaint, "it answers where no answer is wanted"
