"""The imitated people and the Stream gateway that tells of them."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import WSServerHandshakeError

from bot.playground.dingtalk.gateway import Pace
from tests.playground.dingtalk.conftest import CLICKS, GROUP, Client, answer_to, url_of


@pytest.mark.parametrize(
    ("content", "chat", "sentence"),
    [("voice", GROUP, "群里只能"), ("file", GROUP, "群里只能"), ("card", "", "只能")],
)
async def test_what_dingtalk_does_not_let_people_send(
    client: Client, content: Any, chat: str, sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        await client.server.say("manager0001", "x", content=content, chat=chat)
    assert client.world.messages == []


async def test_ones_own_chat_by_name_is_one_to_one(client: Client) -> None:
    await client.connect()
    await client.server.say("manager0001", "你好", chat="manager0001")
    assert json.loads(client.server.gateway.sent[-1]["data"])["conversationType"] == "1"


async def test_what_is_said_while_nobody_listens_is_lost(client: Client) -> None:
    await client.server.say("manager0001", "有人吗")
    assert (len(client.world.messages), len(client.server.gateway.sent)) == (1, 0)


@pytest.mark.parametrize(
    ("url", "said", "shown"),
    [
        ("dtmd://dingtalkclient/sendMessage?content=%E5%A5%BD+P1", ["好 P1"], {}),
        ("dtmd://DingTalkClient/sendMessage?content=x", [], {}),
        ("https://bot.example.com/p/1", [], {"open": "https://bot.example.com/p/1"}),
    ],
)
async def test_links_post_words_or_open_pages(
    client: Client, url: str, said: list[str], shown: dict[str, str]
) -> None:
    first = await client.server.say("manager0001", "你好")
    assert await client.server.click("manager0001", first.id, {"url": url}) == shown
    assert [m.payload["content"] for m in client.world.messages[1:]] == said


async def test_a_ticket_opens_one_connection_within_ninety_seconds(client: Client) -> None:
    opened = await client.ticket()
    async with client.http.ws_connect(url_of(opened)):
        with pytest.raises(WSServerHandshakeError):
            await client.http.ws_connect(url_of(opened))
    late = await client.ticket()
    client.clock.move_to(client.clock() + timedelta(seconds=91))
    with pytest.raises(WSServerHandshakeError):
        await client.http.ws_connect(url_of(late))


async def test_the_gateway_speaks_xml_unless_asked_for_json(client: Client) -> None:
    app = client.server.app
    body = {"clientId": app.client_id, "clientSecret": app.client_secret}
    url = client.base + "/v1.0/gateway/connections/open"
    async with client.http.post(url, json=body) as response:
        assert response.content_type == "application/xml"


async def test_events_have_only_one_topic(client: Client) -> None:
    answer: Any = await client.ticket([{"type": "EVENT", "topic": "user_add_org"}])
    assert answer["code"] == "invalidParameter.subscriptions"


async def test_only_what_was_subscribed_arrives(client: Client) -> None:
    await client.connect([{"type": "CALLBACK", "topic": CLICKS}])
    await client.server.say("manager0001", "你好")
    assert not client.server.gateway.sent


async def test_an_event_told_later_comes_again(client: Client) -> None:
    socket = await client.connect()
    emitting = asyncio.create_task(client.server.gateway.emit("user_add_org", {"userId": ["1"]}))
    first = await socket.receive_json()
    await socket.send_json(answer_to(first, {"status": "LATER", "message": "busy"}))
    second = await socket.receive_json()
    await socket.send_json(answer_to(second, {"status": "SUCCESS", "message": "ok"}))
    assert await emitting == 2
    assert first["headers"]["eventId"] == second["headers"]["eventId"]


@pytest.mark.parametrize(
    "raw", ["{", "[]", '{"code":200}', '{"code":201,"headers":{"messageId":"x"}}']
)
async def test_a_wrong_answer_is_complained_about(client: Client, raw: str) -> None:
    socket = await client.connect()
    await socket.send_str(raw)
    await socket.send_bytes(b"")
    while len(client.server.gateway.complaints) < 2:  # noqa: ASYNC110 - another task's list
        await asyncio.sleep(0.001)


async def test_a_ping_comes_on_its_own(client: Client) -> None:
    client.server.gateway.pace = Pace(ping_seconds=0.001)
    socket = await client.connect()
    frame = await socket.receive_json()
    assert (frame["type"], frame["headers"]["topic"]) == ("SYSTEM", "ping")
