"""Each line of the doctor against the imitated DingTalk, over real sockets."""

import asyncio
import socket
from collections import Counter
from datetime import timedelta

from pydantic import SecretStr

from bot.platforms.checkup import NOT_CHECKED, Step, as_lines
from bot.platforms.dingtalk.doctor import HTTP, ITEMS, STREAM, TODOS, DingTalkDoctor
from bot.playground.dingtalk.directory import CONTACT_SCOPE
from bot.playground.dingtalk.limits import Limits
from bot.playground.dingtalk.robot import ROBOT_SCOPE
from bot.playground.dingtalk.todos import TODO_SCOPE
from tests.platforms.dingtalk.conftest import Metered, Stage

KEYS = {
    "stream": [item.key for item in (*ITEMS, *STREAM)],
    "http": [item.key for item in (*ITEMS, *HTTP)],
}
CARD_SCOPE = "Card.Instance.Write"


async def examined(stage: Stage, **changed: object) -> dict[str, Step]:
    settings = stage.adapter._settings.model_copy(update=changed)
    origin = settings.public_url
    steps = await DingTalkDoctor(settings, stage.clock, origin, seconds=0.5).examine()
    todos = [item.key for item in TODOS] if settings.todos else []
    assert [step.key for step in steps] == [*KEYS[settings.transport], *todos]
    return {step.key: step for step in steps}


def failed(steps: dict[str, Step]) -> list[str]:
    return [key for key, step in steps.items() if step.state == "failed"]


async def test_an_app_that_is_set_up_passes_every_step(stage: Stage) -> None:
    lines = len(stage.server.gateway.lines)
    steps = await examined(stage)
    assert {step.state for step in steps.values()} == {"ok"}
    assert len(stage.server.gateway.lines) == lines
    assert stage.shown == []


async def test_over_http_each_door_is_knocked_at_and_nothing_comes_of_it(
    door: Stage, metered: Metered
) -> None:
    steps = await examined(door)
    assert {step.state for step in steps.values()} == {"ok"}
    assert (door.events, door.shown, metered.used) == ([], [], Counter())
    told = " ".join(line for line in as_lines("钉钉", list(steps.values())))
    assert "/callback/dingtalk/…/robot 应答正确" in told
    for hidden in (door.server.courier.callback_key, door.server.courier.event_token):
        assert hidden not in told


async def test_a_bot_with_other_keys_is_told_apart_door_by_door(door: Stage) -> None:
    steps = await examined(door, event_aes_key=SecretStr("a" * 43))
    assert failed(steps) == ["events"]
    assert "同一份 .env" in steps["events"].change
    steps = await examined(door, client_secret=SecretStr("wrong"))
    assert failed(steps) == ["credentials", "callback", "clicks", "public"]
    steps = await examined(door, callback_key=SecretStr("0" * 32))
    assert failed(steps) == ["callback", "clicks", "events", "public"]
    assert "HTTP 404" in steps["callback"].told
    assert "/robot" in steps["callback"].change


async def test_a_public_address_that_leads_nowhere_is_a_step_of_its_own(door: Stage) -> None:
    settings = door.adapter._settings
    elsewhere = settings.model_copy(update={"public_url": f"http://127.0.0.1:{closed_port()}"})
    doctor = DingTalkDoctor(elsewhere, door.clock, settings.public_url, seconds=0.5)
    steps = {step.key: step for step in await doctor.examine()}
    assert failed(steps) == ["public"]
    assert "证书" in steps["public"].change


async def test_events_may_be_left_out(door: Stage) -> None:
    nothing = SecretStr("")
    steps = await examined(door, event_token=nothing, event_aes_key=nothing)
    assert (failed(steps), steps["events"].state) == ([], "unknown")
    assert "DINGTALK__EVENT_TOKEN" in steps["events"].told


async def test_a_wrong_secret_is_named(stage: Stage) -> None:
    steps = await examined(stage, client_secret=SecretStr("wrong"))
    assert failed(steps) == ["credentials"]
    assert "DINGTALK__CLIENT_SECRET" in steps["credentials"].change
    assert steps["robot"].told == NOT_CHECKED


async def test_each_missing_scope_is_named_on_its_own_line(stage: Stage) -> None:
    for scope, key in ((ROBOT_SCOPE, "robot"), (CARD_SCOPE, "card"), (CONTACT_SCOPE, "contacts")):
        stage.server.app.scopes.remove(scope)
        steps = await examined(stage)
        assert failed(steps) == [key]
        assert scope in steps[key].told
        assert scope in steps[key].change
        stage.server.app.scopes.add(scope)


async def test_a_robot_that_was_not_added(stage: Stage) -> None:
    stage.server.faults.refuse("invalidParameter.robotCode.notExsit", on="messageFiles")
    steps = await examined(stage)
    assert failed(steps) == ["robot"]
    assert "添加应用能力" in steps["robot"].change


async def test_a_passing_fault_of_theirs_is_not_taken_for_a_missing_scope(stage: Stage) -> None:
    stage.server.faults.refuse("system.error", on="card/instances", status=500)
    steps = await examined(stage)
    assert failed(steps) == ["reach"]
    assert steps["card"].state == "unknown"


async def test_a_blocked_address(stage: Stage) -> None:
    stage.server.door.blocked = True
    assert failed(await examined(stage)) == ["ip"]


async def test_an_exhausted_month(stage: Stage) -> None:
    stage.server.quota.limits = Limits(calls_per_month=0)
    steps = await examined(stage)
    assert failed(steps) == ["quota"]
    assert "下个月" in steps["quota"].change
    assert steps["robot"].state == steps["card"].state == "unknown"
    assert steps["contacts"].state == "ok"


async def test_a_gateway_that_refuses_and_one_that_names_a_closed_port(stage: Stage) -> None:
    stage.server.faults.refuse("system.error", on="connections/open")
    assert failed(await examined(stage)) == ["stream"]
    stage.server.gateway.endpoint = f"ws://127.0.0.1:{closed_port()}/connect"
    steps = await examined(stage)
    assert failed(steps) == ["stream"]
    assert "wss-open-connection.dingtalk.com:443" in steps["stream"].change


async def test_a_clock_that_is_set_wrong(stage: Stage) -> None:
    stage.server.door.clock_ahead = timedelta(minutes=10)
    assert failed(await examined(stage)) == ["clock"]


async def test_a_closed_port_and_silence_end_soon(stage: Stage) -> None:
    steps = await examined(stage, api_url=f"http://127.0.0.1:{closed_port()}")
    assert failed(steps) == ["reach"]
    stage.server.faults.hang(on="accessToken")
    async with asyncio.timeout(5):
        assert failed(await examined(stage)) == ["reach"]


async def test_no_secret_reaches_a_line(stage: Stage) -> None:
    secret = stage.server.app.client_secret
    stage.server.faults.refuse(f"odd.{secret}", on="messageFiles", status=403)
    text = "\n".join(as_lines("钉钉", list((await examined(stage)).values())))
    assert "✗ 机器人消息" in text
    assert secret not in text


def closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


async def test_where_todos_are_wanted_their_permission_and_page_are_looked_at(door: Stage) -> None:
    steps = await examined(door, todos=True)
    assert failed(steps) == ["todo_page"]
    assert "/todo/dingtalk" in steps["todo_page"].change
    door.server.app.scopes.discard(TODO_SCOPE)
    steps = await examined(door, todos=True)
    assert TODO_SCOPE in steps["todos"].told
    assert TODO_SCOPE in steps["todos"].change
