"""Each line of the doctor against the imitated WeCom, over real sockets."""

import asyncio
import socket
from datetime import timedelta

import pytest
from pydantic import SecretStr

from bot.platforms.checkup import NOT_CHECKED, Step, as_lines
from bot.platforms.wecom.doctor import ITEMS, WeComDoctor
from tests.platforms.wecom.conftest import Stage

KEYS = [item.key for item in ITEMS]


async def examined(stage: Stage, **changed: object) -> dict[str, Step]:
    settings = stage.adapter._settings.model_copy(update=changed)
    origin = stage.server.callback_url.removesuffix("/callback/wecom")
    steps = await WeComDoctor(settings, stage.clock, origin, seconds=0.5).examine()
    assert [step.key for step in steps] == KEYS
    return {step.key: step for step in steps}


def failed(steps: dict[str, Step]) -> list[str]:
    return [key for key, step in steps.items() if step.state == "failed"]


async def test_an_app_that_is_set_up_passes_every_step(stage: Stage) -> None:
    steps = await examined(stage)
    assert {step.state for step in steps.values()} == {"ok"}
    assert "2 个成员" in steps["customers"].told
    assert stage.said("zhang.wei") == []


async def test_a_wrong_secret_is_named_and_what_hangs_on_it_is_not_guessed(stage: Stage) -> None:
    steps = await examined(stage, secret=SecretStr("wrong-secret"))
    assert failed(steps) == ["credentials"]
    assert "40001" in steps["credentials"].told
    assert "WECOM__SECRET" in steps["credentials"].change
    assert steps["app"].told == steps["quota"].told == NOT_CHECKED
    assert steps["callback"].state == "ok"


async def test_a_wrong_corp_id_has_a_remedy_of_its_own(stage: Stage) -> None:
    steps = await examined(stage, corp_id="wwother")
    assert "WECOM__CORP_ID" in steps["credentials"].change


async def test_a_blocked_address_is_told_with_the_address(stage: Stage) -> None:
    stage.server.gate.blocked_ip = "203.0.113.7"
    steps = await examined(stage)
    assert failed(steps) == ["ip"]
    assert "203.0.113.7" in steps["ip"].told
    assert "企业可信IP" in steps["ip"].page


async def test_a_foreign_agent_id_is_the_apps_fault(stage: Stage) -> None:
    steps = await examined(stage, agent_id=1)
    assert failed(steps) == ["app"]
    assert "WECOM__AGENT_ID" in steps["app"].change


async def test_a_closed_app_and_one_that_nobody_sees(stage: Stage) -> None:
    stage.server.directory.closed = True
    assert failed(await examined(stage)) == ["app"]
    stage.server.directory.closed, stage.server.directory.visible = False, False
    steps = await examined(stage)
    assert failed(steps) == ["app", "contacts"]
    assert "可见范围" in steps["app"].change


async def test_missing_customer_contact_names_the_list_to_enter_the_app_in(stage: Stage) -> None:
    stage.server.gate.forbidden.add("externalcontact/get_follow_user_list")
    steps = await examined(stage)
    assert failed(steps) == ["customers"]
    assert "可调用接口的应用" in steps["customers"].page


async def test_an_exhausted_quota_is_told_as_that(stage: Stage) -> None:
    stage.server.fail(45009, path="agent/get")
    steps = await examined(stage)
    assert failed(steps) == ["quota"]
    assert steps["app"].told == NOT_CHECKED


@pytest.mark.parametrize(("ahead", "word"), [(300, "慢 300 秒"), (-300, "快 300 秒")])
async def test_a_clock_that_is_set_wrong_is_told(stage: Stage, ahead: int, word: str) -> None:
    stage.server.gate.clock_ahead = timedelta(seconds=ahead)
    steps = await examined(stage)
    assert failed(steps) == ["clock"]
    assert word in steps["clock"].told


async def test_a_closed_port_ends_the_examination_soon(stage: Stage) -> None:
    steps = await examined(stage, api_url=f"http://127.0.0.1:{closed_port()}")
    assert failed(steps) == ["reach"]
    assert steps["credentials"].told == NOT_CHECKED


async def test_silence_is_not_waited_for_longer_than_allowed(stage: Stage) -> None:
    stage.server.fail("silence", path="gettoken")
    async with asyncio.timeout(5):
        assert failed(await examined(stage)) == ["reach"]


async def test_a_bot_that_does_not_run_or_has_other_keys(stage: Stage) -> None:
    steps = await examined(stage, token=SecretStr("another"))
    assert failed(steps) == ["callback"]
    assert ".env" in steps["callback"].change
    stage.server.callback_url = f"http://127.0.0.1:{closed_port()}/callback/wecom"
    steps = await examined(stage)
    assert failed(steps) == ["callback"]
    assert "先启动机器人" in steps["callback"].change


async def test_no_secret_reaches_a_line_even_when_the_server_repeats_it(stage: Stage) -> None:
    stage.server.gate.blocked_ip = stage.server.gate.secret
    steps = await examined(stage)
    text = "\n".join(as_lines("企业微信", list(steps.values())))
    assert "✗ 可信 IP" in text
    assert stage.server.gate.secret not in text
    assert stage.server.gate._token not in text


def closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port
