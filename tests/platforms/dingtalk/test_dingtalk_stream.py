"""The Stream client: frames and answers of the vectors, and staying connected."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.platforms.dingtalk.adapter import DingTalk
from bot.platforms.dingtalk.frames import MESSAGES, Frame, UnknownTopic, answer_to, read_frame
from tests.platforms.dingtalk.conftest import FAST, QUICK, Stage, until

VECTORS = json.loads(
    (Path(__file__).parents[2] / "payloads/vectors/dingtalk.json").read_text(encoding="utf-8")
)
FRAMES = {case["name"]: case for case in VECTORS["stream"]["frames"]}
ANSWERED = [name for name, case in FRAMES.items() if case["expected_ack"] is not None]
IGNORED = [name for name, case in FRAMES.items() if case["expected_ack"] is None]
LATER = "event_later"
CARD = "card_callback"


def raw(name: str) -> str:
    case = FRAMES[name]
    return case.get("raw") or json.dumps(case["frame"], ensure_ascii=False)


def parsed(answer: dict[str, Any]) -> dict[str, Any]:
    return {**answer, "data": json.loads(answer["data"])}


async def last_answer(stage: Stage) -> dict[str, Any]:
    await until(lambda: stage.server.gateway.heard)
    found: dict[str, Any] = json.loads(stage.server.gateway.heard.pop())
    return parsed(found)


def clicked(message_id: str, **changes: Any) -> str:
    """A frame with a press of one of our own buttons."""
    content = {"cardPrivateData": {"actionIds": ["promise.accept?promise=12"], "params": {}}}
    body = {
        "type": "actionCallback",
        "outTrackId": "c0000000001a",
        "userId": "chen",
        "userIdType": 1,
        "content": json.dumps(content),
        **changes,
    }
    headers = {"topic": "/v1.0/card/instances/callback", "messageId": message_id}
    return json.dumps({"type": "CALLBACK", "headers": headers, "data": json.dumps(body)})


# Frames ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [n for n in ANSWERED if n not in (LATER, CARD)])
async def test_each_frame_gets_the_answer_of_the_protocol(stage: Stage, name: str) -> None:
    await stage.server.gateway.send_raw(raw(name))
    expected = parsed(FRAMES[name]["expected_ack"])
    answer = await last_answer(stage)
    assert {**answer, "message": ""} == {**expected, "message": ""}


async def test_a_press_is_answered_empty_for_the_card_is_edited_afterwards(stage: Stage) -> None:
    await stage.server.gateway.send_raw(raw(CARD))
    answer = await last_answer(stage)
    assert (answer["code"], answer["data"]) == (200, {"response": {}})


async def test_an_event_that_could_not_be_stored_is_asked_for_again() -> None:
    async def busy(_: Frame) -> None:
        raise OSError("database busy")

    expected = parsed(FRAMES[LATER]["expected_ack"])
    answer = parsed(json.loads(await answer_to(read_frame(raw(LATER)), busy)))
    assert answer["code"] == expected["code"]
    assert answer["data"]["status"] == expected["data"]["status"]


@pytest.mark.parametrize("name", IGNORED)
async def test_what_wants_no_answer_gets_none_and_ends_nothing(stage: Stage, name: str) -> None:
    await stage.server.gateway.send_raw(raw(name))
    await stage.server.gateway.send_raw(raw("system_ping"))
    assert (await last_answer(stage))["data"] == {"opaque": "ping-0001"}
    assert len(stage.server.gateway.heard) == 0


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"headers":', "Expecting value"),
        ("[]", "no headers"),
        ('{"type":"CALLBACK","headers":[]}', "no headers"),
        ('{"type":"GOSSIP","headers":{"messageId":"m"}}', "unknown type 'GOSSIP'"),
        ('{"type":"CALLBACK","headers":{}}', "no messageId"),
        ('{"pad":"' + "x" * 300_000 + '"}', "too many"),
        (clicked("m", outTrackId=""), "no outTrackId"),
        (clicked("m", userIdType=2), "no outTrackId or userId"),
        (clicked("m", content="{oops"), "foreign button"),
        (raw(CARD), "foreign button: no action is called 'task_done'"),
        (raw("data_not_json"), "Expecting property name"),
        (raw("bot_quota_exhausted"), "quota is used up"),
        (raw("no_message_id"), "no messageId"),
    ],
)
async def test_a_bad_frame_is_ignored_with_its_reason(stage: Stage, text: str, reason: str) -> None:
    with capture_logs() as logs:
        await stage.server.gateway.send_raw(text)
        await until(lambda: any(reason in str(entry.get("reason")) for entry in logs))
    await stage.server.say("chen", "还在吗")
    assert [stage.message.text] == ["还在吗"]
    assert len(stage.events) == 1


async def test_a_binary_frame_is_ignored(stage: Stage) -> None:
    await stage.server.gateway.lines[0].socket.send_bytes(b"\0")
    await stage.server.say("chen", "还在吗")
    assert stage.message.text == "还在吗"


async def test_nobody_listening_is_told_with_404() -> None:
    async def nobody(frame: Frame) -> None:
        raise UnknownTopic(frame.topic)

    answer = json.loads(await answer_to(read_frame(raw("bot_text_group")), nobody))
    assert answer["code"] == 404


async def test_the_same_message_twice_is_one_event(stage: Stage) -> None:
    for name in ("bot_text_group", "bot_text_group_redelivered"):
        await stage.server.gateway.send_raw(raw(name))
    await until(lambda: len(stage.server.gateway.heard) == 2)
    assert len(stage.events) == 1


async def test_the_same_press_twice_is_one_event_and_two_presses_are_two(stage: Stage) -> None:
    for message_id in ("m-1", "m-1", "m-2"):
        await stage.server.gateway.send_raw(clicked(message_id))
    await until(lambda: len(stage.server.gateway.heard) == 3)
    assert len(stage.events) == 2


async def test_what_could_not_be_saved_is_not_acknowledged(stage: Stage) -> None:
    stage.failure = OSError("disk full")
    body = json.loads(FRAMES["bot_text_group"]["frame"]["data"])
    with capture_logs():  # writing a traceback out takes longer than is waited for
        sent = await stage.server.gateway.deliver(MESSAGES, body, seconds=0.2)
    assert sent is not None
    assert sent.code == 500


async def test_events_are_repeated_until_they_are_acknowledged(stage: Stage) -> None:
    assert await stage.server.gateway.emit("user_add_org", {"userId": ["1"]}) == 1
    stage.server.gateway.silent = True
    assert await stage.server.gateway.emit("user_add_org", {"userId": ["1"]}) == 3


# Staying connected -----------------------------------------------------------------------


async def test_the_connection_is_opened_with_the_subscriptions_of_the_protocol(
    stage: Stage,
) -> None:
    expected = VECTORS["stream"]["open"]["request"]["json"]["subscriptions"]
    (line,) = stage.server.gateway.lines
    assert line.topics == {(one["type"], one["topic"]) for one in expected}
    assert stage.adapter.health.startswith("long connection since 01-05 02:00")


async def test_a_cut_wire_is_replaced(stage: Stage) -> None:
    await stage.server.say("chen", "一")
    (old,) = stage.server.gateway.lines
    stage.server.gateway.cut()
    await until(lambda: any(line is not old for line in stage.server.gateway.lines))
    await until(lambda: old not in stage.server.gateway.lines)
    await stage.server.say("chen", "二")
    assert stage.message.text == "二"


async def test_before_the_old_connection_ends_the_new_one_is_open(parting: Stage) -> None:
    gateway = parting.server.gateway
    (old,) = gateway.lines
    await gateway.disconnect()
    await until(lambda: len(gateway.lines) == 2)
    assert not old.socket.closed
    await parting.server.say("chen", "换线了")
    assert parting.message.text == "换线了"
    await old.socket.close()
    await until(lambda: old not in gateway.lines)
    await parting.server.say("chen", "还在")
    assert parting.message.text == "还在"


async def test_a_message_on_the_old_connection_is_still_heard(parting: Stage) -> None:
    gateway = parting.server.gateway
    (old,) = gateway.lines
    await gateway.disconnect()
    await until(lambda: len(gateway.lines) == 2)
    await old.socket.send_str(raw("bot_text_group"))
    await until(lambda: parting.events)
    await until(lambda: gateway.heard)


async def test_a_connection_that_is_to_be_left_ends_even_if_nobody_closes_it(stage: Stage) -> None:
    stage.server.gateway.pace = replace(QUICK, close_seconds=60)
    (old,) = stage.server.gateway.lines
    await stage.server.gateway.disconnect()
    await until(lambda: old not in stage.server.gateway.lines)
    await until(lambda: stage.server.gateway.lines)


async def test_silence_counts_as_death(stage: Stage) -> None:
    (silent,) = stage.server.gateway.lines
    stage.server.gateway.silent = True
    for _ in range(4):
        stage.clock.move_to(stage.clock() + timedelta(seconds=23))
        await asyncio.sleep(0.01)
    await until(lambda: any(line is not silent for line in stage.server.gateway.lines))
    stage.server.gateway.silent = False
    await until(lambda: silent not in stage.server.gateway.lines)
    await stage.server.say("chen", "在")
    assert stage.message.text == "在"


async def test_pings_keep_a_quiet_connection(stage: Stage) -> None:
    (line,) = stage.server.gateway.lines
    for _ in range(6):
        stage.clock.move_to(stage.clock() + timedelta(seconds=23))
        assert await stage.server.gateway.ping(line) is not None
        await asyncio.sleep(0.01)
    assert stage.server.gateway.lines == [line]


async def test_a_clock_that_jumped_means_that_the_machine_slept(stage: Stage) -> None:
    (old,) = stage.server.gateway.lines
    stage.clock.move_to(stage.clock() + timedelta(minutes=1))
    await until(lambda: old not in stage.server.gateway.lines)
    await until(lambda: stage.server.gateway.lines)


async def test_a_gateway_in_trouble_is_tried_again_without_end(stage: Stage) -> None:
    stage.server.faults.refuse("system.busy", status=503, on="connections/open", times=1000)
    (fault,) = stage.server.faults.ordered
    stage.server.gateway.cut()
    await until(lambda: fault.left < 1000 - 12)
    assert stage.adapter.health.startswith("long connection down: ")
    fault.left = 0
    await until(lambda: stage.server.gateway.lines)


async def test_a_gateway_out_of_reach_does_not_hold_up_the_start(stage: Stage) -> None:
    settings = stage.server.settings("http://127.0.0.1:1")
    lost = DingTalk(settings, stage.clock, timings=replace(FAST, start_seconds=0.01))
    assert list(lost.routes(stage.accept)) == []
    assert lost.health == "long connection down: connecting"
    await lost.start(stage.accept)
    await until(lambda: "ClientConnectorError" in lost.health)
    await lost.stop()


async def test_a_refused_secret_alarms(stage: Stage) -> None:
    stage.server.faults.refuse("invalidClientIdOrSecret", on="connections/open")
    with capture_logs() as logs:
        stage.server.gateway.cut()
        await until(lambda: any(e["event"] == "dingtalk.credentials_refused" for e in logs))
    assert "核对 DINGTALK__CLIENT_ID" in repr(logs)
