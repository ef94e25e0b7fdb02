"""The long connection: the same events as over HTTP, answers in time, and staying connected."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr
from structlog.testing import capture_logs

from bot.events import CardClicked, Event, MessageReceived
from bot.platforms.feishu.adapter import Feishu
from bot.platforms.feishu.endpoint import ClientConfig, read_config
from bot.platforms.feishu.frames import Frame, encode
from bot.platforms.feishu.stream import MESSAGE_BYTES, UNFINISHED, Parts
from bot.playground.feishu.lines import AUTH_FAILED, CONNECTIONS, TOO_MANY, Line
from cards.actions import AcceptPromise
from cards.model import Button, Card
from tests.platforms.feishu.conftest import FAST, GROUP, LIN, Stage, until

FILE = json.loads(Path("tests/payloads/vectors/feishu.json").read_text(encoding="utf-8"))
FRAMES: dict[str, dict[str, Any]] = {each["id"]: each for each in FILE["websocket"]["frames"]}
CARD = Card(title="样机", buttons=(Button("接单", AcceptPromise(12)),))
CARD_ID = "k3f9a0b1c2d3"


def raw(name: str) -> bytes:
    return bytes.fromhex(FRAMES[name]["hex"])


def data(payload: bytes = b"{}", **headers: str) -> Frame:
    named = {"type": "event", "message_id": "m", "sum": "1", "seq": "0"} | headers
    return Frame(method=1, headers=tuple(named.items()), payload=payload)


def has_pinged(line: Line, times: int) -> bool:
    return line.pings == times


# What comes ------------------------------------------------------------------------------


async def test_a_message_and_a_click_are_the_same_events_over_both(either: Stage) -> None:
    said = await either.feishu.say(LIN, "周五前给宏远报价", chat=GROUP)
    sent = await either.bot.send(f"feishu:{LIN}", CARD, card_id=CARD_ID)
    answer = await either.feishu.click(LIN, sent.message_id, {"tag": "button"})

    message, click = either.accepted
    assert isinstance(message, MessageReceived)
    assert (message.message_id, message.text) == (said.id, "周五前给宏远报价")
    assert (message.chat, message.sender) == (f"feishu:{GROUP}", f"feishu:{LIN}")
    assert isinstance(click, CardClicked)
    assert (click.action, click.card, answer) == (AcceptPromise(12), CARD_ID, {})
    assert [push.statuses for push in either.feishu.pusher.pushes] == [[200], [200]]
    assert list(either.feishu.lines.complaints) == []


async def test_a_dead_button_is_answered_with_a_hint_over_both(either: Stage) -> None:
    sent = await either.bot.send(f"feishu:{LIN}", CARD, card_id=CARD_ID)
    card = json.dumps(either.last.payload).replace("promise.accept", "promise.dance")
    either.world.change(either.last, json.loads(card))

    answer = await either.feishu.click(LIN, sent.message_id, {"tag": "button"})
    assert "已经失效" in answer["toast"]
    assert either.accepted == []


async def test_no_route_is_open_and_no_key_is_needed(line: Stage) -> None:
    assert list(line.bot.routes(line.accept)) == []
    bare = line.settings.model_copy(
        update={"encrypt_key": SecretStr(""), "verification_token": SecretStr("")}
    )
    second = Feishu(bare, line.clock, timings=FAST)
    with capture_logs() as logs:
        await second.start(line.accept)
    assert [entry["event"] for entry in logs] == ["feishu.connected"]
    assert len(line.feishu.lines.lines) == 2
    await second.stop()


async def test_a_message_in_parts_is_put_together_in_any_order(line: Stage) -> None:
    line.feishu.lines.part_bytes = 100
    await line.feishu.say(LIN, "宏远要样机" * 50)

    assert line.event.text == "宏远要样机" * 50
    assert line.feishu.pusher.pushes[0].statuses == [200]
    assert list(line.feishu.lines.complaints) == []


async def test_recorded_parts_are_one_event(line: Stage) -> None:
    await line.feishu.lines.send_raw(raw("event_part_2_of_2"))
    await line.feishu.lines.send_raw(raw("event_part_1_of_2"))
    await until(lambda: line.accepted)
    assert len(line.accepted) == 1


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (b"\x08", "truncated frame"),
        (encode(Frame(method=7)), "unknown method 7"),
        (encode(data(type="card")), "type 'card'"),
        (encode(data(b"[]")), "not a JSON object"),
        (encode(data(sum="2", seq="2")), "part 2 of 2"),
        (encode(data(sum="2", seq="-1")), "seq is '-1'"),
        (encode(data(sum="9999")), "part 0 of 9999"),
        (encode(Frame(headers=(("type", "pong"),), payload=b"{")), "Expecting property name"),
    ],
)
async def test_a_bad_frame_is_ignored_with_its_reason(
    line: Stage, frame: bytes, reason: str
) -> None:
    with capture_logs() as logs:
        await line.feishu.lines.send_raw(frame)
        await until(lambda: any(reason in str(entry.get("reason")) for entry in logs))
    await line.feishu.say(LIN, "还在吗")
    assert [event.text for event in line.accepted if isinstance(event, MessageReceived)] == [
        "还在吗"
    ]


async def test_a_text_message_is_ignored(line: Stage) -> None:
    await line.feishu.lines.lines[0].socket.send_str("{}")
    await line.feishu.say(LIN, "还在吗")
    assert len(line.accepted) == 1


async def test_what_could_not_be_saved_is_asked_for_again(line: Stage) -> None:
    line.failure = OSError("disk full")
    sent = await line.bot.send(f"feishu:{LIN}", CARD, card_id=CARD_ID)
    with capture_logs():  # writing tracebacks out takes longer than Feishu waits
        answer = await line.feishu.click(LIN, sent.message_id, {"tag": "button"})
        await line.feishu.say(LIN, "记一下")
    line.failure = None
    await line.feishu.pusher.settled()

    click, message = line.feishu.pusher.pushes
    assert "出错了" in answer["toast"]
    assert (click.statuses, message.statuses[0], message.statuses[-1]) == ([500], 500, 200)
    assert len(line.accepted) == 1


async def test_an_answer_is_given_in_time_while_saving_goes_on(line: Stage) -> None:
    disk, saved = asyncio.Event(), asyncio.Event()

    async def slowly(event: Event) -> bool:
        await disk.wait()
        saved.set()
        return True

    await line.bot.stop()
    slow = Feishu(line.settings, line.clock, timings=replace(FAST, answer_seconds=0.01))
    await slow.start(slowly)
    await until(lambda: line.feishu.lines.lines)
    await line.feishu.say(LIN, "记一下")
    assert line.feishu.pusher.pushes[0].statuses[0] == 500
    disk.set()
    await saved.wait()
    await line.feishu.pusher.settled()
    await slow.stop()


async def test_what_was_heard_is_answered_before_the_connection_closes(line: Stage) -> None:
    hearing, disk = asyncio.Event(), asyncio.Event()

    async def slowly(event: Event) -> bool:
        hearing.set()
        await disk.wait()
        return True

    await line.bot.stop()
    patient = Feishu(line.settings, line.clock, timings=replace(FAST, answer_seconds=2.0))
    await patient.start(slowly)
    saying = asyncio.create_task(line.feishu.say(LIN, "记一下"))
    await hearing.wait()
    stopping = asyncio.create_task(patient.stop())
    asyncio.get_running_loop().call_later(0.01, disk.set)
    await asyncio.gather(saying, stopping)
    assert line.feishu.pusher.pushes[0].statuses == [200]


# Parts -----------------------------------------------------------------------------------


def test_parts_that_wait_too_long_or_grow_too_many_are_forgotten(line: Stage) -> None:
    parts = Parts(line.clock, keep_seconds=5)
    assert parts.add(data(b"a", message_id="old", sum="2")) is None
    line.clock.move_to(line.clock() + timedelta(seconds=6))
    with capture_logs() as logs:
        assert parts.add(data(b"b", message_id="old", sum="2", seq="1")) is None
        for number in range(UNFINISHED):
            assert parts.add(data(b"a", message_id=f"m{number}", sum="2")) is None
    assert [entry["message_id"] for entry in logs] == ["old", "old"]
    assert parts.add(data(b"b", message_id="m5", sum="2", seq="1")) == b"ab"


def test_parts_that_contradict_each_other_or_are_too_long_are_refused(line: Stage) -> None:
    parts = Parts(line.clock, keep_seconds=5)
    assert parts.add(data(b"a", sum="2")) is None
    with pytest.raises(ValueError, match="part of 3"):
        parts.add(data(b"a", sum="3", seq="1"))
    with pytest.raises(ValueError, match="bytes"):
        parts.add(data(b"a" * MESSAGE_BYTES, sum="2", seq="1"))
    assert parts.add(data(b"b", sum="2", seq="1")) is None


# Staying connected -----------------------------------------------------------------------


async def test_a_cut_wire_is_replaced_and_the_gap_is_told(line: Stage) -> None:
    await until(lambda: line.bot._keeper.live and line.bot._keeper.live.frames)
    (old,) = line.feishu.lines.lines
    with capture_logs() as logs:
        line.feishu.lines.cut()
        await until(lambda: [one for one in line.feishu.lines.lines if one is not old])
        await until(lambda: old not in line.feishu.lines.lines)
        await until(lambda: any(entry["event"] == "feishu.was_offline" for entry in logs))
    await line.feishu.say(LIN, "二")
    assert line.event.text == "二"
    assert "offline 05-06 02:00:00 to 05-06 02:00:00" in line.bot.health


async def test_pings_follow_the_interval_of_the_server(line: Stage) -> None:
    await until(lambda: line.feishu.lines.lines[0].pings == 1)
    line.feishu.lines.config["PingInterval"] = 20
    await line.feishu.lines.send_raw(encode(Frame(headers=(("type", "pong"),), payload=b"")))
    pong = json.dumps(line.feishu.lines.config).encode()
    await line.feishu.lines.send_raw(encode(Frame(headers=(("type", "pong"),), payload=pong)))
    (only,) = line.feishu.lines.lines
    for count in (2, 3, 4):
        line.clock.move_to(line.clock() + timedelta(seconds=21))
        await until(partial(has_pinged, only, count))
    assert line.feishu.lines.lines == [only]
    assert list(line.feishu.lines.complaints) == []


async def test_silence_counts_as_death_and_the_gap_began_with_the_last_frame(line: Stage) -> None:
    await until(lambda: line.bot._keeper.live and line.bot._keeper.live.frames)
    (dead,) = line.feishu.lines.lines
    line.feishu.lines.silent = True
    with capture_logs() as logs:
        for _ in range(13):  # 2 × 120 s and 30 s more
            line.clock.move_to(line.clock() + timedelta(seconds=21))
            await asyncio.sleep(0.015)
        await until(lambda: [one for one in line.feishu.lines.lines if one is not dead])
    line.feishu.lines.silent = False
    await until(lambda: dead not in line.feishu.lines.lines)
    await line.feishu.say(LIN, "在")
    (gap,) = [entry for entry in logs if entry["event"] == "feishu.was_offline"]
    assert (line.event.text, gap["since"]) == ("在", "2024-05-06T02:00:00+00:00")
    assert gap["seconds"] == 273
    assert {"event": "feishu.connection_retired", "reason": "silence", "log_level": "info"} in logs


async def test_a_clock_that_jumped_means_that_the_machine_slept(line: Stage) -> None:
    (old,) = line.feishu.lines.lines
    with capture_logs() as logs:
        line.clock.move_to(line.clock() + timedelta(hours=8))
        await until(lambda: any(entry["event"] == "feishu.was_offline" for entry in logs))
    await until(lambda: old not in line.feishu.lines.lines)
    (gap,) = [entry for entry in logs if entry["event"] == "feishu.was_offline"]
    assert gap["seconds"] == 8 * 3600


async def test_a_server_in_trouble_is_tried_again_without_end(line: Stage) -> None:
    line.feishu.lines.refusals.extend([1, 1000040343, 1000040345, AUTH_FAILED] * 4)
    with capture_logs() as logs:
        line.feishu.lines.cut()
        await until(lambda: not line.feishu.lines.lines)
        await until(lambda: "long connection down: long connection" in line.bot.health)
        await until(lambda: line.feishu.lines.lines)
    assert not line.feishu.lines.refusals
    refused = [entry for entry in logs if entry["event"] == "feishu.credentials_refused"]
    assert len(refused) == 4
    assert "check app id and secret" in refused[0]["reason"]


async def test_a_server_out_of_reach_does_not_hold_up_the_start(line: Stage) -> None:
    settings = line.settings.model_copy(update={"api_url": "http://127.0.0.1:1"})
    lost = Feishu(settings, line.clock, timings=replace(FAST, start_seconds=0.01))
    assert lost.health == "long connection down: connecting; none yet"
    await lost.start(line.accept)
    await until(lambda: "ClientConnectorError" in lost.health)
    await lost.stop()


async def test_too_many_connections_are_waited_out(line: Stage) -> None:
    crowd = line.feishu.lines.lines
    crowd.extend(crowd[:1] * (CONNECTIONS - 1))
    late = Feishu(line.settings, line.clock, timings=replace(FAST, start_seconds=0.01))
    await late.start(line.accept)
    await until(lambda: str(TOO_MANY) in late.health)
    assert "one app for each bot" in late.health
    await late.stop()
    del crowd[1:]


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (web.Response(status=502, text="oops"), "HTTP 502 without a code"),
        (web.json_response({"code": 0, "data": {"URL": "gopher://x"}}), "no address"),
        (web.json_response({"code": 0}), "no address"),
        (web.json_response({"code": 403, "msg": "forbidden"}), "403: forbidden"),
        (web.json_response({"code": 1000040344, "msg": "none"}), "check app id"),
    ],
)
async def test_an_answer_without_an_address_is_told(
    line: Stage, answer: web.Response, told: str
) -> None:
    async def endpoint(request: web.Request) -> web.Response:
        return web.Response(
            status=answer.status, body=answer.body, content_type=answer.content_type
        )

    app = web.Application()
    app.router.add_post("/callback/ws/endpoint", endpoint)
    async with TestServer(app) as server:
        settings = line.settings.model_copy(update={"api_url": str(server.make_url(""))})
        bot = Feishu(settings, line.clock, timings=replace(FAST, start_seconds=0.01))
        await bot.start(line.accept)
        await until(lambda: told in bot.health)
        await bot.stop()


async def test_no_ticket_and_no_secret_reaches_a_log(line: Stage) -> None:
    line.feishu.gate.app_secret = "changed"
    with capture_logs() as logs:
        line.feishu.lines.cut()
        await until(lambda: "514" in line.bot.health)
    told = f"{logs} {line.bot.health}"
    assert line.settings.app_secret.get_secret_value() not in told
    assert "ticket" not in told


@pytest.mark.parametrize("config", [None, [], {}, {"PingInterval": 0}, {"PingInterval": "soon"}])
def test_a_configuration_that_makes_no_sense_changes_nothing(config: Any) -> None:
    assert read_config(config, ClientConfig(7, 8)) == ClientConfig(7, 8)


def test_a_configuration_is_followed() -> None:
    sent: Mapping[str, int] = {"PingInterval": 90, "ReconnectInterval": 30}
    assert read_config(sent, ClientConfig()) == ClientConfig(90, 30)
