"""DingTalk over HTTP: the same events as over Stream, and nobody else's."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr, ValidationError
from structlog.testing import capture_logs

from bot.events import CardClicked, Event, MessageReceived
from bot.platforms.dingtalk.adapter import DingTalk
from bot.platforms.dingtalk.callbacks import BODY_BYTES, callback_path, card_secret
from bot.platforms.dingtalk.crypto import EventCrypto
from bot.platforms.protocol import Unreachable
from bot.playground.dingtalk.courier import Posted, signed
from cards.actions import AcceptPromise
from cards.model import Button, Card
from config.schema import DingTalkSettings
from tests.platforms.dingtalk.conftest import FAST, Metered, Stage, staged, until

CARD_ID = "c0000000001a"
GROUP = "cidGROUP0001=="
TASK = Card(
    title="承诺 P12",
    buttons=(Button("接单", AcceptPromise(12), style="primary", typed="接单 P12"),),
)
KEY = SecretStr("0123456789abcdef")
SEALS = ("event_token", "event_aes_key")
REGISTER = "/v1.0/card/callbacks/register"
VECTORS = json.loads(
    (Path(__file__).parents[2] / "payloads/vectors/dingtalk.json").read_text(encoding="utf-8")
)


async def post(stage: Stage, door: str, body: Any, headers: Mapping[str, str]) -> Posted:
    url = f"{stage.server.courier.url}/{door}"
    return await stage.server.courier.post(url, body, headers=headers, seconds=1)


def robot_headers(stage: Stage, *, secret: str = "", at: datetime | None = None) -> dict[str, str]:
    timestamp = milliseconds(at or stage.clock())
    secret = secret or stage.server.app.client_secret
    return {"timestamp": timestamp, "sign": signed(secret, f"{timestamp}\n{secret}")}


def card_headers(stage: Stage, *, secret: str = "") -> dict[str, str]:
    timestamp = milliseconds(stage.clock())
    secret = secret or card_secret(settings_of(stage))
    return {
        "x-ddpaas-signature-timestamp": timestamp,
        "x-ddpaas-signature": signed(secret, timestamp),
    }


def settings_of(stage: Stage) -> DingTalkSettings:
    return stage.adapter._settings


def milliseconds(moment: datetime) -> str:
    return str(int(moment.timestamp() * 1000))


# The same events over both -----------------------------------------------------------------


async def test_F56_a_sentence_reaches_the_bot_over_either(either: Stage) -> None:
    said = await either.server.say("chen", "张总说价格高")
    assert either.message == MessageReceived(
        key=f"dingtalk:message:{said.id}",
        at=either.clock(),
        sender="dingtalk:chen",
        chat="dingtalk:chen",
        text="张总说价格高",
        message_id=said.id,
        sender_name="小陈",
    )


async def test_F56_a_press_reaches_the_bot_over_either(either: Stage) -> None:
    await either.adapter.send(f"dingtalk:{GROUP}", TASK, card_id=CARD_ID)
    assert await either.press("wang", "接单") == {}
    assert replace(either.click, key="") == CardClicked(
        key="",
        at=either.clock(),
        sender="dingtalk:wang",
        chat=f"dingtalk:{GROUP}",
        action=AcceptPromise(12),
        card=CARD_ID,
    )


async def test_F56_after_a_press_everybody_sees_the_outcome(either: Stage) -> None:
    sent = await either.adapter.send(f"dingtalk:{GROUP}", TASK, card_id=CARD_ID)
    await either.press("wang", "接单")
    settled = replace(TASK, closed=True, buttons=(), replace="王经理 10:32 已接单")
    await either.adapter.edit(f"dingtalk:{GROUP}", sent, settled, card_id=CARD_ID)
    instance = either.server.cards.instances[CARD_ID]
    for member in ("chen", "wang"):
        assert "王经理 10:32 已接单" in instance.seen_by(member)["markdown"]
    assert either.buttons == []


async def test_F56_events_are_taken_over_either_and_not_repeated(either: Stage) -> None:
    assert await either.server.emit("user_add_org", {"UserId": ["chen"]}) == 1
    assert either.events == []


async def test_a_quoted_card_is_named_over_either(either: Stage) -> None:
    sent = await either.adapter.send("dingtalk:chen", TASK, card_id=CARD_ID)
    await either.server.say("chen", "是X2型号", reply_to=sent.message_id)
    assert either.message.reply_to == sent.message_id
    await either.server.say("chen", "看图", content="image", reply_to=sent.message_id)
    assert (either.message.text, either.message.kind) == ("看图", "text")
    assert (either.message.reply_to, either.message.media != "") == (sent.message_id, True)


async def test_a_month_without_deliveries_is_seen_over_either(either: Stage) -> None:
    either.server.quota.deliveries["2026-01"] = 3000
    await either.server.say("chen", "还在吗")
    assert either.events == []
    assert "Stream quota used up" in either.adapter.health


async def test_every_message_is_metered_over_either(either: Stage, metered: Metered) -> None:
    await either.server.say("chen", "在吗")
    await until(lambda: metered.used["stream"] == 1)


# Over HTTP alone --------------------------------------------------------------------------


async def test_nothing_is_connected_and_health_tells_of_the_door(door: Stage) -> None:
    assert door.adapter.health == "callbacks over HTTP; last one never"
    await door.server.say("chen", "在吗")
    assert door.adapter.health == "callbacks over HTTP; last one 01-05 02:00:00"
    assert door.server.gateway.lines == []


async def test_over_stream_no_door_is_open(stage: Stage) -> None:
    assert (await post(stage, "robot", {}, robot_headers(stage))).status == 404


async def test_the_robot_is_silent_in_the_answer_itself(door: Stage) -> None:
    await door.server.say("chen", "在吗")
    (posted,) = door.server.courier.posted
    assert (posted.status, posted.json()) == (200, {"msgtype": "empty"})


async def test_the_address_of_events_can_be_saved(door: Stage) -> None:
    assert await door.server.courier.check_url()


async def test_a_message_is_not_acknowledged_before_it_is_saved(door: Stage) -> None:
    door.failure = OSError("disk full")
    await door.server.say("chen", "在吗")
    assert [posted.status for posted in door.server.courier.posted] == [500]


async def test_the_same_message_twice_is_one(door: Stage) -> None:
    body = {"msgId": "m1", "msgtype": "text", "senderStaffId": "chen", "text": {"content": "在吗"}}
    for _ in range(2):
        assert (await post(door, "robot", body, robot_headers(door))).status == 200
    assert len(door.events) == 1


async def test_a_caught_click_sent_again_is_one(door: Stage) -> None:
    await door.adapter.send("dingtalk:chen", TASK, card_id=CARD_ID)
    content = {"cardPrivateData": {"actionIds": [door.buttons[0]["id"]]}}
    body = {"outTrackId": CARD_ID, "userId": "chen", "content": json.dumps(content)}
    headers = card_headers(door)
    for _ in range(2):
        answer = await post(door, "cards", body, headers)
        assert (answer.status, answer.json()) == (200, {})
    assert len(door.events) == 1


async def test_two_people_pressing_at_the_same_moment_are_two(door: Stage) -> None:
    await door.adapter.send(f"dingtalk:{GROUP}", TASK, card_id=CARD_ID)
    await door.press("chen", "接单")
    await door.press("wang", "接单")
    assert len(door.events) == 2


# Clicks are registered ---------------------------------------------------------------------


async def test_where_clicks_go_is_registered_once_before_the_first_card(door: Stage) -> None:
    called = door.server.door.called
    assert called[REGISTER] == 0
    cards = [f"c{number:011}" for number in range(5)]
    await asyncio.gather(
        *(door.adapter.send("dingtalk:chen", TASK, card_id=card) for card in cards)
    )
    assert called[REGISTER] == 1
    (route,) = door.server.courier.routes.values()
    assert route.url == f"{door.server.courier.url}/cards"


async def test_cards_of_an_earlier_run_still_answer(door: Stage) -> None:
    await door.adapter.send("dingtalk:chen", TASK, card_id=CARD_ID)
    again = DingTalk(settings_of(door), door.clock, timings=FAST)
    assert card_secret(again._settings) == card_secret(settings_of(door))


async def test_a_registration_that_failed_is_tried_with_the_next_card(door: Stage) -> None:
    door.server.faults.refuse("system.busy", status=503, on="register")
    with pytest.raises(Unreachable):
        await door.adapter.send("dingtalk:chen", TASK, card_id=CARD_ID)
    assert door.shown == []
    await door.adapter.send("dingtalk:chen", TASK, card_id=CARD_ID)
    assert await door.press("chen", "接单") == {}
    assert len(door.events) == 1


async def test_an_address_that_dingtalk_does_not_take_switches_cards_off(door: Stage) -> None:
    door.server.faults.refuse("invalidParameter.callbackUrl", on="register")
    with capture_logs() as logs:
        for number in range(3):
            await door.adapter.send("dingtalk:chen", TASK, card_id=f"c{number:011}")
    assert [shown.payload["msgKey"] for shown in door.shown] == ["sampleActionCard"] * 3
    assert door.server.door.called[REGISTER] == 1
    (told,) = logs
    assert "DINGTALK__PUBLIC_URL" in told["reason"]


async def test_a_card_made_for_stream_before_the_change_is_dead(metered: Metered) -> None:
    """Each card says itself where its clicks go, and nobody listens there any more."""
    async with staged(metered) as stage:
        await stage.adapter.send("dingtalk:chen", TASK, card_id=CARD_ID)
        await stage.adapter.stop()
        assert await stage.press("chen", "接单") == {"toast": "操作失败，请稍后再试"}


# Retries -----------------------------------------------------------------------------------


async def test_an_event_that_cannot_be_answered_is_repeated_then_kept(door: Stage) -> None:
    door.server.callback_url = f"{door.server.courier.url}/elsewhere"
    assert await door.server.emit("user_add_org", {"UserId": ["chen"]}) == 3
    assert [event["UserId"] for event in door.server.courier.failed_events] == [["chen"]]


async def test_an_event_is_told_again_with_the_same_id_and_another_seal(door: Stage) -> None:
    courier = door.server.courier
    url, courier.url = courier.url, courier.url + "x"
    emitting = asyncio.create_task(door.server.emit("user_add_org", {}))
    await until(lambda: courier.posted)
    courier.url = url
    assert await emitting in (2, 3)
    assert not courier.failed_events


async def test_a_lost_robot_message_is_lost(door: Stage) -> None:
    door.server.callback_url = f"{door.server.courier.url}/elsewhere"
    await door.server.say("chen", "在吗")
    assert [posted.status for posted in door.server.courier.posted] == [404]
    assert door.events == []


# Outsiders ---------------------------------------------------------------------------------

WRONG = ["robot", "cards"]


@pytest.mark.parametrize("name", WRONG)
async def test_a_wrong_signature_is_refused_and_counted(door: Stage, name: str) -> None:
    headers = robot_headers if name == "robot" else card_headers
    body = {"msgId": "m1", "msgtype": "text", "senderStaffId": "chen", "text": {"content": "x"}}
    answer = await post(door, name, body, headers(door, secret="wrong"))
    assert (answer.status, answer.body) == (403, b"")
    assert (await post(door, name, body, {})).status == 403
    assert door.events == []
    assert door.adapter.health.endswith("refused: 1 headers, 1 sign")


async def test_the_robots_signature_does_not_open_the_door_of_cards(door: Stage) -> None:
    robot = robot_headers(door)
    as_card = {
        "x-ddpaas-signature-timestamp": robot["timestamp"],
        "x-ddpaas-signature": robot["sign"],
    }
    assert (await post(door, "cards", {}, as_card)).status == 403


@pytest.mark.parametrize(("minutes", "status"), [(-61, 403), (-59, 200), (59, 200), (61, 403)])
async def test_a_signature_is_good_for_an_hour(door: Stage, minutes: int, status: int) -> None:
    at = door.clock() + timedelta(minutes=minutes)
    assert (await post(door, "robot", {}, robot_headers(door, at=at))).status == status


async def test_an_old_event_is_refused(door: Stage) -> None:
    courier = door.server.courier
    door.clock.move_to(door.clock() + timedelta(hours=2))
    query = {"timestamp": milliseconds(door.clock() - timedelta(minutes=61)), "nonce": "n"}
    encrypt = courier.seal('{"EventType":"check_url"}')
    query["msg_signature"] = courier.event_signature(query["timestamp"], "n", encrypt)
    url, body = f"{courier.url}/events", {"encrypt": encrypt}
    assert (await courier.post(url, body, query=query, seconds=1)).status == 403


async def test_an_event_for_another_app_is_refused(door: Stage) -> None:
    door.server.courier._app = replace(door.server.app, client_id="dingsomebodyelse")
    assert not await door.server.courier.check_url()
    assert door.server.courier.posted[-1].status == 403


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"\xff", b'{"encrypt":1}', b"[" * 100_000])
async def test_a_body_that_is_none_is_answered_and_nothing_breaks(door: Stage, raw: bytes) -> None:
    assert (await post(door, "robot", raw, robot_headers(door))).status in (200, 400)
    assert (await post(door, "cards", raw, card_headers(door))).status in (200, 400)
    assert (await post(door, "events", raw, {})).status == 403
    assert door.events == []


@pytest.mark.parametrize("name", ["robot", "cards", "events"])
async def test_a_body_that_is_too_large_is_refused(door: Stage, name: str) -> None:
    headers = robot_headers(door) | card_headers(door)
    assert (await post(door, name, b" " * (BODY_BYTES + 1), headers)).status == 403


async def test_a_path_without_its_key_leads_nowhere(door: Stage) -> None:
    courier = door.server.courier
    url = courier.url.replace(courier.callback_key, "0" * 32) + "/robot"
    assert (await courier.post(url, {}, headers=robot_headers(door), seconds=1)).status == 404


async def test_no_secret_and_no_words_reach_the_log(door: Stage) -> None:
    with capture_logs() as logs:
        await post(door, "robot", b'{"secret words', robot_headers(door))
        await post(door, "robot", {"text": "secret words"}, robot_headers(door, secret="wrong"))
        await post(door, "events", {"encrypt": "secret words"}, {})
    assert len(logs) == 3
    for hidden in (
        "secret words",
        door.server.courier.callback_key,
        card_secret(settings_of(door)),
    ):
        assert hidden not in repr(logs)
    shown = repr(settings_of(door))
    assert door.server.courier.callback_key not in shown
    assert door.server.courier.event_aes_key not in shown


# The recorded requests -----------------------------------------------------------------------


@asynccontextmanager
async def listening(moment: int, **changed: Any) -> AsyncIterator[tuple[str, list[Event]]]:
    """Where a bot of these settings listens at that moment, and what it hears."""
    given = {"client_id": "dingexampleclientid", "client_secret": SecretStr("s"), **changed}
    settings = DingTalkSettings(
        transport="http", public_url="https://bot.example.com", callback_key=KEY, **given
    )
    events: list[Event] = []

    async def accept(event: Event) -> bool:
        events.append(event)
        return True

    bot = DingTalk(settings, lambda: datetime.fromtimestamp(moment / 1000, UTC))
    app = web.Application()
    app.add_routes(bot.routes(accept))
    async with TestServer(app) as server:
        yield str(server.make_url(callback_path(settings, ""))), events


@pytest.mark.parametrize("case", VECTORS["robot_http"]["cases"], ids=lambda case: case["name"])
async def test_recorded_robot_requests(case: dict[str, Any]) -> None:
    secret = SecretStr(case["app_secret"])
    async with listening(case["now_ms"], client_secret=secret) as (url, events):
        answer = await send(url + "robot", case["body"].encode(), headers=case["headers"])
    if not case["expect"]["valid"]:
        assert (answer, events) == ((403, None), [])
    elif case["expect"].get("body_json") is False:
        assert (answer, events) == ((400, None), [])
    else:
        assert answer == (200, {"msgtype": "empty"})
        assert len(events) == ("senderStaffId" in case["body"])


@pytest.mark.parametrize("case", VECTORS["event_crypto"]["cases"], ids=lambda case: case["name"])
async def test_recorded_events(case: dict[str, Any]) -> None:
    sealed = {name: SecretStr(case[name.removeprefix("event_")]) for name in SEALS}
    moment = int(case["query"]["timestamp"])
    async with listening(moment, client_id=case["owner_key"], **sealed) as (url, _):
        body = json.dumps(case["body"]).encode()
        status, answer = await send(url + "events", body, params=case["query"])
    assert status == (200 if case["expect"]["valid"] else 403)
    if status == 200:
        crypto = EventCrypto(case["token"], case["aes_key"], case["owner_key"])
        query = {**answer, "timestamp": answer["timeStamp"]}
        assert crypto.decrypt(query, answer["encrypt"], now=moment_of(moment)) == "success"


@pytest.mark.parametrize("case", VECTORS["card_http"]["cases"], ids=lambda case: case["name"])
async def test_recorded_clicks(door: Stage, case: dict[str, Any]) -> None:
    """The good ones signed anew, because our secret is our own; their buttons are not ours."""
    valid = case["expect"]["valid"]
    headers = card_headers(door) if valid else case["headers"]
    answer = await post(door, "cards", case["body"].encode(), headers)
    assert (answer.status, door.events) == (200 if valid else 403, [])


async def send(url: str, body: bytes, **options: Any) -> tuple[int, Any]:
    async with ClientSession() as http, http.post(url, data=body, **options) as answer:
        is_json = answer.content_type == "application/json"
        return answer.status, await answer.json() if is_json else None


def moment_of(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


# Settings ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"public_url": ""}, "DINGTALK__PUBLIC_URL must be set"),
        ({"callback_key": SecretStr("")}, "DINGTALK__CALLBACK_KEY must be set"),
        ({"public_url": "http://bot.example.com"}, "must be https://"),
        ({"public_url": "https://bot.example.com/path"}, "without a path"),
        ({"callback_key": SecretStr("short")}, "16 to 64"),
        ({"callback_key": SecretStr("../../../../../robot")}, "16 to 64"),
        ({"event_token": SecretStr("token1")}, "or neither"),
        ({"event_aes_key": SecretStr("a" * 43)}, "or neither"),
        ({"event_aes_key": SecretStr("a" * 42), "event_token": SecretStr("token1")}, "43 letters"),
        ({"event_token": SecretStr("a b")}, "3 to 32"),
    ],
)
def test_what_http_needs_is_asked_for(changed: dict[str, Any], reason: str) -> None:
    given = {
        "client_id": "ding1",
        "client_secret": SecretStr("s"),
        "public_url": "https://bot.example.com",
        "callback_key": KEY,
    }
    DingTalkSettings(transport="http", **given)
    with pytest.raises(ValidationError, match=reason):
        DingTalkSettings(transport="http", **{**given, **changed})


async def test_without_a_token_of_events_their_door_is_closed() -> None:
    async with listening(0) as (url, _):
        assert await send(url + "events", b"{}") == (404, None)
