"""A public SDK of the robot as witness: it understands the imitated gateway, and the gateway it."""

import asyncio
from base64 import b64decode
from collections.abc import AsyncIterator
from typing import Any

import pytest
from structlog.testing import capture_logs
from wecom_aibot_sdk import WSClient, decrypt_file

from bot.platforms.wecom.robot.adapter import Robot
from cards.actions import AcceptPromise
from cards.render.wecom_robot import render_for_robot
from config.schema import RobotSettings
from tests.platforms.wecom_robot.conftest import GROUP, QUICK, Stage
from tests.platforms.wecom_robot.test_robot_http import VECTORS
from tests.platforms.wecom_robot.test_robot_long import CARD, DONE, OTHER, PROMISE


class Silent:
    def debug(self, *_: object) -> None: ...

    info = warn = error = debug


HEARD = (
    "message.text",
    "message.file",
    "event.template_card_event",
    "event.enter_chat",
    "authenticated",
    "disconnected",
    "error",
)


class Witness:
    """The SDK's client, and what it heard."""

    def __init__(self, settings: RobotSettings, **options: Any) -> None:
        self.heard: dict[str, asyncio.Queue[Any]] = {name: asyncio.Queue() for name in HEARD}
        secret = options.pop("secret", settings.secret.get_secret_value())
        self.sdk = WSClient(
            settings.bot_id, secret, ws_url=settings.url, logger=Silent(), **options
        )
        for name, queue in self.heard.items():
            self.sdk.on(name, lambda *told, queue=queue: queue.put_nowait(told[0] if told else {}))

    async def hears(self, name: str) -> Any:
        async with asyncio.timeout(3):
            return await self.heard[name].get()


@pytest.fixture
async def settings(stage: Stage) -> RobotSettings:
    """The adapter hangs up, so that the robot is free."""
    await stage.adapter.stop()
    found = stage.wecom.settings(f"http://127.0.0.1:{stage.api.port}/playground/wecom").robot
    assert found is not None
    return found


@pytest.fixture
async def witness(settings: RobotSettings) -> AsyncIterator[Witness]:
    witness = Witness(settings)
    await witness.sdk.connect()
    await witness.hears("authenticated")
    yield witness
    await witness.sdk.disconnect()


async def test_it_subscribes_hears_and_answers(stage: Stage, witness: Witness) -> None:
    await stage.wecom.say("LiNa", "认领 8812", chat=GROUP)
    frame = await witness.hears("message.text")
    assert frame["body"]["text"]["content"] == "@一诺 认领 8812"

    await witness.sdk.reply_stream(frame, "s1", "正在查询…")
    await witness.sdk.reply_stream(frame, "s1", "查到了", finish=True)
    card = render_for_robot(PROMISE, CARD).card
    assert card is not None
    await witness.sdk.reply_template_card(frame, card)

    text, shown = stage.said(GROUP)
    assert (text.payload, text.edits) == ({"content": "查到了"}, 1)
    assert shown.payload == card


async def test_it_pushes_and_updates_the_card_that_was_clicked(
    stage: Stage, witness: Witness
) -> None:
    await stage.wecom.say("zhang.wei", "在吗")
    card, done = (
        render_for_robot(PROMISE, CARD).card,
        render_for_robot(DONE, CARD, editing=True).card,
    )
    assert card is not None
    assert done is not None
    await witness.sdk.send_message("zhang.wei", {"msgtype": "template_card", "template_card": card})
    await stage.press("zhang.wei", CARD, AcceptPromise(12))
    frame = await witness.hears("event.template_card_event")
    pressed = frame["body"]["event"]["template_card_event"]
    assert pressed["event_key"] == AcceptPromise(12).encode()

    await witness.sdk.update_template_card(frame, done)
    assert stage.said("zhang.wei")[0].payload["replace_text"] == "已接单"


async def test_its_update_comes_too_late_after_five_seconds(stage: Stage, witness: Witness) -> None:
    await stage.wecom.say("zhang.wei", "在吗")
    card = render_for_robot(PROMISE, CARD).card
    assert card is not None
    await witness.sdk.send_message("zhang.wei", {"msgtype": "template_card", "template_card": card})
    await stage.press("zhang.wei", CARD, AcceptPromise(12))
    frame = await witness.hears("event.template_card_event")
    stage.after(seconds=6)
    with pytest.raises(Exception, match="846605"):
        await witness.sdk.update_template_card(frame, card)


async def test_it_welcomes_and_opens_files(stage: Stage, witness: Witness) -> None:
    await stage.server.enter("LiNa")
    frame = await witness.hears("event.enter_chat")
    await witness.sdk.reply_welcome(frame, {"msgtype": "text", "text": {"content": "你好"}})
    assert stage.said("LiNa")[0].payload == {"content": "你好"}

    await stage.wecom.say("LiNa", "报价单", content="file")
    told = (await witness.hears("message.file"))["body"]["file"]
    file = await witness.sdk.download_file(told["url"], told["aeskey"])
    assert file["buffer"] == "报价单".encode()


async def test_its_mistakes_are_refused_with_the_codes_it_knows(
    stage: Stage, witness: Witness
) -> None:
    await stage.wecom.say("LiNa", "在吗")
    frame = await witness.hears("message.text")
    for body, code in (
        ({"msgtype": "template_card", "template_card": {"card_type": "none"}}, "42031"),
        ({"msgtype": "carrier_pigeon"}, "846609"),
    ):
        with pytest.raises(Exception, match=code):
            await witness.sdk.reply(frame, body)
    with pytest.raises(Exception, match="846605"):
        await witness.sdk.update_template_card(frame, {"task_id": OTHER})
    with pytest.raises(Exception, match="93006"):
        await witness.sdk.send_message("wrnobody", {"msgtype": "markdown", "markdown": {}})


async def test_a_wrong_secret_is_a_failure_to_it_too(settings: RobotSettings) -> None:
    witness = Witness(settings, secret="wrong", max_auth_failure_attempts=1)
    await witness.sdk.connect()
    assert "853000" in str(await witness.hears("error"))
    await witness.sdk.disconnect()


async def test_our_adapter_and_it_do_not_fight_for_the_robot(
    stage: Stage, settings: RobotSettings, witness: Witness
) -> None:
    """Both stop when another takes over."""
    ours = Robot(settings, stage.clock, timings=QUICK)
    with capture_logs():
        await ours.start(stage.accept)
        await witness.hears("disconnected")
        await stage.wecom.say("LiNa", "在吗")
    assert len(stage.events) == 1
    assert stage.server.gateway.kicked == 1
    await ours.stop()


@pytest.mark.parametrize("vector", VECTORS["media"], ids=lambda vector: vector["id"])
def test_it_opens_the_recorded_files_as_we_do(vector: dict[str, Any]) -> None:
    sealed = b64decode(vector["ciphertext_base64"])
    assert decrypt_file(sealed, vector["aeskey"]) == b64decode(vector["plaintext_base64"])
