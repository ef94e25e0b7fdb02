"""Bad requests over a real socket: alike to the outside, explained in the log, never an event."""

import asyncio
import io
import json
from collections.abc import AsyncIterator
from datetime import timedelta

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr
from structlog.testing import capture_logs

from bot.events import Event
from bot.platforms.feishu import adapter
from bot.platforms.feishu.adapter import BODY_LIMIT, PATH, Feishu
from bot.platforms.protocol import Unauthorized
from cards.actions import AcceptPromise
from cards.model import Button, Card
from tests.platforms.feishu.conftest import LIN, Stage

CARD = Card(title="样机", buttons=(Button("接单", AcceptPromise(12)),))


async def post(
    stage: Stage, body: io.BytesIO | AsyncIterator[bytes]
) -> tuple[int, bytes, list[str]]:
    """Status, body and the logged reasons of an unsigned request."""
    with capture_logs() as logs:
        async with (
            aiohttp.ClientSession() as session,
            session.post(stage.feishu.callback_url, data=body) as answer,
        ):
            return answer.status, await answer.read(), [str(line.get("reason")) for line in logs]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty"),
        (b"[]", "not an object"),
        (b"\xff\xfe", "not json"),
        (b'{"encrypt":', "not json"),
        (b'{"encrypt":"AAA"}', "Incorrect padding"),
        (b'{"schema":"2.0"}', "encryption expected"),
        (b"x" * (BODY_LIMIT + 1), f"more than {BODY_LIMIT} bytes"),
    ],
)
async def test_bad_bodies_are_refused_alike(stage: Stage, body: bytes, reason: str) -> None:
    status, answer, reasons = await post(stage, io.BytesIO(body))

    assert (status, answer, stage.accepted) == (403, b"", [])
    assert reasons[-1].startswith(reason)
    assert "1 refused" in stage.bot.health


async def test_a_body_that_never_ends_is_refused(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter, "BODY_SECONDS", 0.02)
    enough = asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield b"{"
        await enough.wait()

    asyncio.get_running_loop().call_later(0.05, enough.set)
    status, _, reasons = await post(stage, slowly())

    assert status == 403
    assert reasons == ["the body took longer than 0.02 s"]


async def test_an_old_request_is_refused(stage: Stage) -> None:
    body = stage.feishu.pusher.seal(stage.feishu.events.message(await stage.feishu.say(LIN, "在")))
    headers = stage.feishu.pusher.headers(body)
    stage.clock.move_to(stage.clock() + timedelta(hours=37))

    async with (
        aiohttp.ClientSession() as session,
        session.post(stage.feishu.callback_url, data=body, headers=headers) as answer,
    ):
        assert answer.status == 403
    assert len(stage.accepted) == 1


async def test_a_button_of_another_release_is_answered_with_a_hint(stage: Stage) -> None:
    sent = await stage.bot.send(f"feishu:{LIN}", CARD, card_id="k3f9a0b1c2d3")
    payload = json.loads(json.dumps(stage.last.payload).replace("promise.accept", "promise.dance"))
    stage.world.change(stage.last, payload)

    answer = await stage.feishu.click(LIN, sent.message_id, {"tag": "button"})
    assert "已经失效" in answer["toast"]
    assert stage.accepted == []


async def test_an_event_that_could_not_be_saved_comes_again(stage: Stage) -> None:
    failures = ["disk full: secret path /srv", "disk full"]
    saved: list[Event] = []

    async def accept(event: Event) -> bool:
        if failures:
            raise OSError(failures.pop())
        saved.append(event)
        return True

    app = web.Application()
    app.add_routes(Feishu(stage.feishu.settings(""), stage.clock).routes(accept))
    server = TestServer(app)
    await server.start_server()
    stage.feishu.callback_url = str(server.make_url(PATH))
    await stage.feishu.say(LIN, "记一下")
    await stage.feishu.pusher.settled()
    await server.close()

    assert stage.feishu.pusher.pushes[-1].statuses == [500, 500, 200]
    assert len(saved) == 1


async def test_no_secret_reaches_a_log_or_an_error(stage: Stage) -> None:
    settings = stage.feishu.settings("http://127.0.0.1:9")
    nowhere = Feishu(settings, stage.clock)
    await nowhere.start(lambda event: asyncio.sleep(0, True))
    stage.feishu.gate.app_secret = "changed"
    with capture_logs() as logs:
        with pytest.raises(Unauthorized) as refusal:
            await stage.bot.send(f"feishu:{LIN}", CARD, card_id="k3f9a0b1c2d3")
        with pytest.raises(Exception, match="ClientConnectorError") as unreachable:
            await nowhere.send(f"feishu:{LIN}", CARD, card_id="k3f9a0b1c2d3")
    await nowhere.stop()

    told = f"{logs} {refusal.value} {unreachable.value} {settings!r} {nowhere.health}"
    secrets = (settings.app_secret, settings.encrypt_key, settings.verification_token)
    assert [secret for secret in secrets if secret.get_secret_value() in told] == []


async def test_an_app_without_an_encrypt_key_is_told_to_set_one(stage: Stage) -> None:
    settings = stage.feishu.settings("").model_copy(update={"encrypt_key": SecretStr("")})
    bot = Feishu(settings, stage.clock)
    with capture_logs() as logs:
        await bot.start(lambda event: asyncio.sleep(0, True))
    await bot.stop()

    assert logs[0]["event"] == "feishu.no_encrypt_key"
    assert "加密策略" in logs[0]["remedy"]
