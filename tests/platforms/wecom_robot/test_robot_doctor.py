"""The doctor's line about the robot, against the imitated servers, over real sockets."""

import socket
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr

from bot.platforms.checkup import Step, as_lines
from bot.platforms.wecom.doctor import WeComDoctor
from bot.playground.wecom.robot.server import Transport
from config.schema import WeComSettings
from tests.platforms.wecom_robot.conftest import Begin, Stage, origin


async def examined(stage: Stage, at: str = "http://127.0.0.1:1", **changed: Any) -> Step:
    found = stage.wecom.settings(f"{origin(stage.api)}/playground/wecom").robot
    assert found is not None
    settings = WeComSettings(robot=found.model_copy(update=changed))
    (step,) = await WeComDoctor(settings, stage.clock, at, seconds=0.5).examine()
    return step


async def health(stage: Stage) -> TestServer:
    """The running bot's own account of itself."""

    async def tell(_: web.Request) -> web.Response:
        return web.json_response({"ok": True, "platforms": {"wecom": stage.adapter.health}})

    app = web.Application()
    app.add_routes([web.get("/healthz", tell)])
    server = TestServer(app)
    await server.start_server()
    return server


async def test_a_robot_that_is_set_up_is_found_so_and_left_free(stage: Stage) -> None:
    await stage.adapter.stop()
    step = await examined(stage)
    assert (step.state, step.told) == ("ok", "Bot ID 和 Secret 有效，长连接连得上")
    await stage.until(lambda: stage.server.gateway.lines == [])


async def test_the_running_bot_is_not_driven_out(stage: Stage) -> None:
    async with await health(stage) as server:
        step = await examined(stage, origin(server))
    assert step.state == "ok"
    assert stage.server.gateway.kicked == 0


@pytest.mark.parametrize(
    ("changed", "code"),
    [({"secret": SecretStr("wrong-secret")}, "853000"), ({"bot_id": "aib-nobody"}, "93019")],
)
async def test_wrong_keys_are_named_with_the_page_to_copy_them_from(
    stage: Stage, changed: dict[str, Any], code: str
) -> None:
    step = await examined(stage, **changed)
    assert step.state == "failed"
    assert code in step.told
    assert "WECOM__ROBOT__SECRET" in step.change
    assert "wrong-secret" not in "\n".join(as_lines("企业微信", [step]))


async def test_a_closed_port_and_too_many_subscriptions(stage: Stage) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"ws://127.0.0.1:{free.getsockname()[1]}"
    step = await examined(stage, url=url)
    assert step.state == "failed"
    assert "openws.work.weixin.qq.com" in step.change
    stage.server.gateway.fail(45009, cmd="aibot_subscribe")
    step = await examined(stage)
    assert "过一分钟再查" in step.change


async def test_another_program_on_the_same_robot_is_told(stage: Stage) -> None:
    await examined(stage)
    await stage.until(lambda: "took over" in stage.adapter.health)
    async with await health(stage) as server:
        step = await examined(stage, origin(server))
    assert step.state == "failed"
    assert "停掉另一个程序" in step.change


@pytest.mark.parametrize("transport", ["http"])
async def test_over_http_the_address_is_asked_for(begin: Begin, transport: Transport) -> None:
    stage = await begin(transport)
    at = stage.server.hook.url.removesuffix("/callback/wecom/robot")
    assert (await examined(stage, at)).state == "ok"
    step = await examined(stage, at, token=SecretStr("another"))
    assert (step.state, "同一份 .env" in step.change) == ("failed", True)
    step = await examined(stage)
    assert "先启动机器人" in step.change
