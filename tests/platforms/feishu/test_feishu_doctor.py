"""Each line of the doctor against the imitated Feishu, over real sockets."""

import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr

from bot.clock import Clock
from bot.events import Event
from bot.platforms.checkup import NOT_CHECKED, Step, as_lines
from bot.platforms.feishu.adapter import Feishu
from bot.platforms.feishu.doctor import CALLBACK, ITEMS, STREAM, FeishuDoctor
from bot.playground.feishu import FeishuServer
from bot.playground.feishu.gate import CONTACT_SCOPE, URGENT_SCOPE
from bot.playground.world import World
from config.schema import FeishuSettings

KEYS = [item.key for item in ITEMS]
LONG = {"transport": "long", "encrypt_key": SecretStr(""), "verification_token": SecretStr("")}


@dataclass
class Clinic:
    clock: Clock
    server: FeishuServer
    settings: FeishuSettings
    origin: str

    async def examined(self, **changed: object) -> dict[str, Step]:
        settings = self.settings.model_copy(update=changed)
        doctor = FeishuDoctor(settings, self.clock, self.origin, seconds=0.5)
        steps = await doctor.examine()
        last = STREAM if settings.transport == "long" else CALLBACK
        assert [step.key for step in steps] == [*KEYS, last.key]
        return {step.key: step for step in steps}


@pytest.fixture
async def clinic() -> AsyncIterator[Clinic]:
    """The server, and the bot's callback as it runs behind the request address."""
    clock = Clock(datetime(2026, 1, 28, 2, 0, tzinfo=UTC), frozen=True)
    server = FeishuServer(World(clock), clock)
    app = web.Application()
    app.add_routes(server.routes())
    async with TestServer(app) as api:
        settings = server.settings(str(api.make_url("/playground/feishu")))
        bot = web.Application()
        bot.add_routes(Feishu(settings, clock).routes(take_nothing))
        async with TestServer(bot) as callback:
            yield Clinic(clock, server, settings, str(callback.make_url("/")))
            await server.stop()


async def take_nothing(_: Event) -> bool:
    return False


def failed(steps: dict[str, Step]) -> list[str]:
    return [key for key, step in steps.items() if step.state == "failed"]


async def test_an_app_that_is_set_up_passes_every_step(clinic: Clinic) -> None:
    steps = await clinic.examined()
    assert {step.state for step in steps.values()} == {"ok"}


async def test_the_long_connection_is_asked_for_and_not_opened(clinic: Clinic) -> None:
    steps = await clinic.examined(**LONG)
    assert {step.state for step in steps.values()} == {"ok"}
    assert clinic.server.lines.lines == []
    assert "ticket" not in steps["stream"].told


async def test_a_crowded_long_connection_has_a_remedy_of_its_own(clinic: Clinic) -> None:
    clinic.server.lines.refusals.append(1000040350)
    steps = await clinic.examined(**LONG)
    assert failed(steps) == ["stream"]
    assert "连接太多" in steps["stream"].change


async def test_a_wrong_secret_is_named(clinic: Clinic) -> None:
    steps = await clinic.examined(app_secret=SecretStr("wrong"))
    assert failed(steps) == ["credentials"]
    assert "FEISHU__APP_SECRET" in steps["credentials"].change
    assert steps["scopes"].told == steps["quota"].told == NOT_CHECKED


async def test_every_missing_scope_is_named_to_be_pasted(clinic: Clinic) -> None:
    clinic.server.gate.scopes -= {"im:message:readonly", "im:message.p2p_msg:readonly"}
    steps = await clinic.examined()
    assert failed(steps) == ["scopes"]
    assert steps["scopes"].told == "缺 im:message.p2p_msg:readonly、im:message:readonly"
    assert "发布一个版本" in steps["scopes"].change


async def test_what_one_may_do_without_is_told_and_no_failure(clinic: Clinic) -> None:
    assert "可选" not in (await clinic.examined())["scopes"].told
    clinic.server.gate.scopes.remove(URGENT_SCOPE)
    steps = await clinic.examined()
    assert failed(steps) == []
    assert "可选的还没开 im:message.urgent（红卡不加急）" in steps["scopes"].told


async def test_contacts_that_may_not_be_read(clinic: Clinic) -> None:
    clinic.server.gate.scopes.remove(CONTACT_SCOPE)
    steps = await clinic.examined()
    assert failed(steps) == ["contacts"]
    assert CONTACT_SCOPE in steps["contacts"].change


async def test_an_app_that_is_not_enabled(clinic: Clinic) -> None:
    clinic.server.setup.status = 3
    assert failed(await clinic.examined()) == ["app"]


async def test_a_blocked_address(clinic: Clinic) -> None:
    clinic.server.gate.blocked = True
    steps = await clinic.examined()
    assert failed(steps) == ["ip"]
    assert "白名单" in steps["ip"].page


async def test_an_exhausted_month_and_mere_haste_are_told_apart(clinic: Clinic) -> None:
    clinic.server.gate.month_used_up = True
    steps = await clinic.examined()
    assert failed(steps) == ["quota"]
    assert "下个月" in steps["quota"].change
    clinic.server.gate.month_used_up = False
    clinic.server.fail_next(code=99991400, status=429)
    steps = await clinic.examined()
    assert failed(steps) == ["quota"]
    assert "太快" in steps["quota"].change


async def test_the_month_so_far_is_told_as_far_as_it_was_counted(clinic: Clinic) -> None:
    doctor = FeishuDoctor(clinic.settings, clinic.clock, clinic.origin, used=1234)
    (quota,) = [step for step in await doctor.examine() if step.key == "quota"]
    assert "用了 1234 次，上限按 10000 次算" in quota.told
    assert "次" not in (await clinic.examined())["quota"].told


async def test_a_clock_that_is_set_wrong(clinic: Clinic) -> None:
    clinic.server.gate.clock_ahead = -timedelta(minutes=10)
    steps = await clinic.examined()
    assert failed(steps) == ["clock"]
    assert "快 600 秒" in steps["clock"].told


async def test_a_closed_port_and_silence_end_soon(clinic: Clinic) -> None:
    steps = await clinic.examined(api_url=f"http://127.0.0.1:{closed_port()}")
    assert failed(steps) == ["reach"]
    clinic.server.hang_next(3)
    async with asyncio.timeout(5):
        steps = await clinic.examined()
    assert failed(steps) == ["reach"]
    assert steps["app"].state == "unknown"


async def test_a_passing_fault_of_theirs_is_not_taken_for_a_missing_scope(clinic: Clinic) -> None:
    clinic.server.fail_next(3, code=55001, status=500)
    steps = await clinic.examined()
    assert failed(steps) == ["reach"]
    assert "过一会儿" in steps["reach"].change


async def test_a_bot_that_does_not_run_or_has_other_keys(clinic: Clinic) -> None:
    for key in ("encrypt_key", "verification_token"):
        steps = await clinic.examined(**{key: SecretStr("another")})
        assert failed(steps) == ["callback"]
        assert ".env" in steps["callback"].change
    clinic.origin = f"http://127.0.0.1:{closed_port()}"
    steps = await clinic.examined()
    assert failed(steps) == ["callback"]
    assert "先启动机器人" in steps["callback"].change


async def test_no_secret_reaches_a_line(clinic: Clinic) -> None:
    clinic.server.gate.blocked = True
    text = "\n".join(as_lines("飞书", list((await clinic.examined()).values())))
    hidden = (
        clinic.settings.app_secret,
        clinic.settings.encrypt_key,
        clinic.settings.verification_token,
    )
    assert "✗ IP 白名单" in text
    assert all(secret.get_secret_value() not in text for secret in hidden)


def closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


async def test_where_tasks_are_wanted_their_permission_is_asked_for(clinic: Clinic) -> None:
    clinic.server.gate.scopes.discard("task:task:write")
    assert "task:task" not in (await clinic.examined())["scopes"].told
    steps = await clinic.examined(tasks=True)
    assert "task:task:write（承诺写不进任务清单）" in steps["scopes"].told
