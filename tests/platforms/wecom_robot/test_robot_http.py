"""The robot over HTTP: sealed callbacks, one answer to each, and what strangers send."""

import json
from base64 import b64decode
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr
from structlog.testing import capture_logs
from yarl import URL

from bot.events import CardClicked, ChatOpened, Event, MessageReceived
from bot.platforms.protocol import EditRefused, Rejected, Sent
from bot.platforms.wecom.crypto import CallbackRefused, open_file
from bot.platforms.wecom.robot.adapter import Robot
from bot.platforms.wecom.robot.hook import BODY_LIMIT, PATH
from cards.actions import AcceptPromise
from cards.model import Card
from cards.robot import ELSEWHERE
from config.schema import RobotSettings
from tests.platforms.wecom_robot.conftest import GROUP, Begin, Stage
from tests.platforms.wecom_robot.test_robot_long import CARD, DONE, LONG, OTHER, PROMISE, TEAM

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "payloads/vectors/wecom.json").read_text()
)
KEY = VECTORS["keys"]["aibot"]
OURS = [one for one in VECTORS["vectors"] if one["key"] == "aibot"]
CALLBACKS = [one for one in OURS if one["kind"] == "callback"]
SPOILT = [one for one in VECTORS["negative"] if one["key"] == "aibot"]
LI = "wecom:LiNa"


@pytest.fixture
async def stage(begin: Begin) -> Stage:
    return await begin("http")


async def test_the_address_proves_itself_when_it_is_saved(stage: Stage) -> None:
    assert await stage.server.hook.check_url()


async def test_a_mention_in_a_group_is_answered_there_once(stage: Stage) -> None:
    await stage.wecom.say("LiNa", "认领 8812", chat=GROUP)
    (event,) = stage.events
    assert isinstance(event, MessageReceived)
    assert (event.text, event.chat) == ("认领 8812", TEAM)

    await stage.adapter.send(TEAM, PROMISE, card_id=CARD)
    with pytest.raises(Rejected, match="改用长连接") as refused:
        await stage.adapter.send(TEAM, Card(text="还有一句"), card_id=OTHER)
    assert refused.value.code == "no_reply"
    assert [one.payload["task_id"] for one in stage.said(GROUP)] == [CARD]


async def test_a_right_to_reply_ends_after_an_hour(stage: Stage) -> None:
    await stage.wecom.say("LiNa", "在吗")
    stage.after(hours=1)
    with pytest.raises(Rejected):
        await stage.adapter.send(LI, PROMISE, card_id=CARD)


async def test_what_needs_two_messages_needs_two_rights(stage: Stage) -> None:
    await stage.wecom.say("LiNa", "在吗")
    with pytest.raises(Rejected):
        await stage.adapter.send(LI, LONG, card_id=CARD)
    await stage.wecom.say("LiNa", "在吗？")
    await stage.adapter.send(LI, LONG, card_id=CARD)
    assert [one.content for one in stage.said("LiNa")] == ["markdown", "card"]


async def test_a_click_is_answered_with_the_new_card(stage: Stage) -> None:
    await stage.wecom.say("LiNa", "在吗", chat=GROUP)
    sent = await stage.adapter.send(TEAM, PROMISE, card_id=CARD)

    async def settle(event: Event) -> None:
        assert isinstance(event, CardClicked)
        edited = replace(sent, edit_code=event.edit_code)
        receipts.append(await stage.adapter.edit(TEAM, edited, DONE, card_id=CARD))

    receipts: list[Sent] = []
    stage.on_event = settle
    assert await stage.press("zhang.wei", CARD, AcceptPromise(12)) == {}

    assert receipts[0].note == "answered in the callback"
    assert stage.said(GROUP)[0].payload["replace_text"] == "已接单"
    assert stage.server.hook.complaints == []


async def test_after_the_answer_a_click_changes_nothing_more(stage: Stage) -> None:
    stage.adapter._way._hold_seconds = 0.01  # type: ignore[attr-defined]
    await stage.wecom.say("LiNa", "在吗")
    sent = await stage.adapter.send(LI, PROMISE, card_id=CARD)
    await stage.press("LiNa", CARD, AcceptPromise(12))
    with pytest.raises(EditRefused):
        await stage.adapter.edit(LI, stage.with_right(sent), DONE, card_id=CARD)
    await stage.adapter.send(LI, DONE, card_id=OTHER)  # the click brought a reply


async def test_a_visitor_is_greeted_in_the_callback(stage: Stage) -> None:
    async def greet(event: Event) -> None:
        assert isinstance(event, ChatOpened)
        await stage.adapter.send(LI, Card(text="先发绑定"), card_id=CARD)

    stage.on_event = greet
    await stage.server.enter("LiNa")
    assert [one.payload for one in stage.said("LiNa")] == [{"content": "先发绑定"}]
    assert stage.server.hook.complaints == []


async def test_a_click_that_is_sent_twice_is_answered_once(stage: Stage) -> None:
    stage.adapter._way._hold_seconds = 0.01  # type: ignore[attr-defined]
    await stage.wecom.say("LiNa", "在吗")
    await stage.adapter.send(LI, PROMISE, card_id=CARD)
    await stage.press("LiNa", CARD, AcceptPromise(12))
    await stage.server.hook.deliver(stage.server.hook.sent[-1])
    keys = [event.key for event in stage.events if isinstance(event, CardClicked)]
    assert len(set(keys)) == 1


async def test_files_are_opened_with_the_robots_own_key(stage: Stage) -> None:
    await stage.wecom.say("LiNa", "报价单", content="file")
    (event,) = stage.events
    assert isinstance(event, MessageReceived)
    assert (await stage.adapter.fetch(event.media))[0] == "报价单".encode()


async def test_beside_an_app_it_says_where_answers_are(begin: Begin) -> None:
    stage = await begin("http", beside_app=True)
    await stage.server.enter("LiNa")
    assert [one.payload for one in stage.said("LiNa")] == [{"content": ELSEWHERE}]


async def test_what_could_not_be_saved_is_sent_again_by_the_server(stage: Stage) -> None:
    stage.refusals = 2
    with capture_logs():
        await stage.wecom.say("LiNa", "在吗")
    assert len(stage.events) == 1


# The recorded ones -----------------------------------------------------------------------------


class Door:
    """A robot behind a socket; `take` posts a vector at the vector's own time."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)
        self.events: list[Event] = []

    async def accept(self, event: Event) -> bool:
        self.events.append(event)
        return False

    async def take(self, vector: dict[str, Any]) -> tuple[int, bytes]:
        self.now = datetime.fromtimestamp(int(vector["timestamp"]), UTC)
        settings = RobotSettings(
            transport="http",
            token=SecretStr(KEY["token"]),
            aes_key=SecretStr(KEY["encoding_aes_key"]),
        )
        app = web.Application()
        app.add_routes(Robot(settings, lambda: self.now).routes(self.accept))
        async with TestServer(app) as server, ClientSession() as session:
            url = URL(f"{server.make_url(PATH)}?{vector['query']}", encoded=True)
            body = vector.get("body", "").encode()
            async with session.request(vector["method"], url, data=body) as answer:
                return answer.status, await answer.read()


def test_there_are_vectors() -> None:
    assert (len(CALLBACKS), len(SPOILT), len(VECTORS["media"])) == (8, 4, 3)


async def test_the_recorded_check_of_the_address_is_answered() -> None:
    vector = next(one for one in OURS if one["kind"] == "url_verification")
    assert await Door().take(vector) == (200, vector["expect_body"].encode())


@pytest.mark.parametrize("vector", CALLBACKS, ids=lambda vector: vector["id"])
async def test_every_recorded_callback_is_taken(vector: dict[str, Any]) -> None:
    door = Door()
    with capture_logs() as logs:
        assert await door.take(vector) == (200, b"")
    opened = [event for event in door.events if isinstance(event, ChatOpened)]
    assert bool(opened) == (vector["id"] == "aibot-event-enter-chat")
    told = [
        (event.text, event.kind, event.chat)
        for event in door.events
        if isinstance(event, MessageReceived)
    ]
    assert told == TOLD.get(vector["id"], [])
    assert bool(told or opened) != any(line["event"] == "wecom.robot_ignored" for line in logs)


TOLD = {
    "aibot-text-single": [("今天有几个新线索", "text", "wecom:zhang.wei")],
    "aibot-text-group": [("帮我认领 8812", "text", "wecom:wrkSFfCgAAExampleChatCaseSensitive")],
    "aibot-voice": [("明天下午三点提醒我回访张总", "voice", "wecom:LiNa")],
    "aibot-mixed": [("名片", "text", "wecom:wrkSFfCgAAExampleChatCaseSensitive")],
}


@pytest.mark.parametrize("vector", SPOILT, ids=lambda vector: vector["id"])
async def test_every_spoilt_callback_is_refused_alike(vector: dict[str, Any]) -> None:
    door = Door()
    with capture_logs() as logs:
        assert await door.take(vector) == (403, b"")
    assert door.events == []
    assert logs[-1]["reason"] in vector["expect_error"]


async def test_a_body_is_not_read_beyond_its_limit() -> None:
    vector = CALLBACKS[0] | {"body": "x" * (BODY_LIMIT + 1)}
    with capture_logs() as logs:
        assert (await Door().take(vector))[0] == 403
    assert logs[-1]["reason"] == "oversized"


@pytest.mark.parametrize("vector", VECTORS["media"], ids=lambda vector: vector["id"])
def test_every_recorded_file_is_opened(vector: dict[str, Any]) -> None:
    sealed = b64decode(vector["ciphertext_base64"])
    assert open_file(sealed, vector["aeskey"]) == b64decode(vector["plaintext_base64"])


@pytest.mark.parametrize(
    ("data", "key", "reason"),
    [
        (b"x" * 33, "A" * 43, "bad_ciphertext_length"),
        (b"", "A" * 43, "bad_ciphertext_length"),
        (b"x" * 32, "A" * 42, "bad_file_key"),
        (b"x" * 32, "", "bad_file_key"),
        (b"x" * 32, "不是", "bad_file_key"),
        (b"x" * 64, "A" * 43, "bad_padding"),
    ],
)
def test_a_spoilt_file_is_refused(data: bytes, key: str, reason: str) -> None:
    with pytest.raises(CallbackRefused) as refused:
        open_file(data, key)
    assert refused.value.reason == reason
