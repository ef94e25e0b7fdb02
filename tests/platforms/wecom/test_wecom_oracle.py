"""A foreign library as a witness: wechatpy 1.8.18 reads what the imitated server sends, and the
adapter reads what wechatpy seals."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from wechatpy.enterprise.crypto import WeChatCrypto
from wechatpy.enterprise.exceptions import InvalidCorpIdException
from wechatpy.enterprise.parser import parse_message
from wechatpy.exceptions import InvalidSignatureException

from bot.clock import Clock
from bot.events import MessageReceived
from bot.platforms.wecom.adapter import CALLBACK_PATH
from bot.playground.wecom import WeComServer
from bot.playground.world import ExternalContact, Member, World
from tests.platforms.wecom.conftest import Stage


@dataclass
class Witness:
    """A receiving address run by wechatpy."""

    server: WeComServer
    heard: list[Any] = field(default_factory=list)

    @property
    def crypto(self) -> WeChatCrypto:
        callbacks = self.server.callbacks
        return WeChatCrypto(callbacks.token, callbacks.aes_key, self.server.corp_id)

    async def prove(self, request: web.Request) -> web.Response:
        query = request.query
        echo = self.crypto.check_signature(
            query["msg_signature"], query["timestamp"], query["nonce"], query["echostr"]
        )
        return web.Response(body=echo)

    async def hear(self, request: web.Request) -> web.Response:
        query = request.query
        plaintext = self.crypto.decrypt_message(
            await request.text(), query["msg_signature"], query["timestamp"], query["nonce"]
        )
        self.heard.append(parse_message(plaintext))
        return web.Response()


@pytest.fixture
async def witness() -> AsyncIterator[Witness]:
    clock = Clock(datetime(2026, 1, 28, 2, 0, tzinfo=UTC), frozen=True)
    world = World(clock)
    world.join("wecom", Member("zhang.wei", "张伟"))
    witness = Witness(WeComServer(world, clock, retry_seconds=0))
    app = web.Application()
    app.add_routes([web.get("/", witness.prove), web.post("/", witness.hear)])
    async with TestServer(app) as server:
        witness.server.callback_url = str(server.make_url("/"))
        yield witness
        await witness.server.stop()


async def test_wechatpy_proves_the_address(witness: Witness) -> None:
    assert await witness.server.check_url()


async def test_wechatpy_reads_what_a_member_says(witness: Witness) -> None:
    await witness.server.say("zhang.wei", "张总说]]>价格<高> & 再议🙂")
    await witness.server.say("zhang.wei", "样机", content="voice")
    await witness.server.say("zhang.wei", "", content="image")

    text, voice, image = witness.heard
    assert (text.type, text.content, text.source) == (
        "text",
        "张总说]]>价格<高> & 再议🙂",
        "zhang.wei",
    )
    assert (voice.type, voice.format) == ("voice", "amr")
    assert (image.type, bool(image.media_id)) == ("image", True)
    assert text.id != voice.id
    assert (text.agent, text.target) == (witness.server.agent_id, witness.server.corp_id)


async def test_wechatpy_reads_what_a_customer_does(witness: Witness) -> None:
    """It knows no such event, but the document reaches it whole."""
    await witness.server.add_contact("zhang.wei", ExternalContact("wm1", "李女士", state="expo"))

    (event,) = witness.heard
    assert event._data["ChangeType"] == "add_external_contact"
    assert event._data["State"] == "expo"
    assert event._data["WelcomeCode"] in witness.server.contacts.welcomes


async def test_wechatpy_refuses_a_callback_of_another_corp(witness: Witness) -> None:
    callbacks = witness.server.callbacks
    stranger = WeChatCrypto(callbacks.token, callbacks.aes_key, "ww0000")
    query, body = callbacks.sealed("<xml/>")
    signed = (query["msg_signature"], query["timestamp"], query["nonce"])
    with pytest.raises(InvalidCorpIdException):
        stranger.decrypt_message(body, *signed)
    with pytest.raises(InvalidSignatureException):
        witness.crypto.decrypt_message(body, "0" * 40, *signed[1:])


async def test_the_adapter_accepts_what_wechatpy_seals(stage: Stage) -> None:
    callbacks = stage.server.callbacks
    crypto = WeChatCrypto(callbacks.token, callbacks.aes_key, stage.server.corp_id)
    inner = (
        f"<xml><ToUserName>{stage.server.corp_id}</ToUserName><FromUserName>LiNa</FromUserName>"
        "<CreateTime>1769565600</CreateTime><MsgType>text</MsgType><Content>周五寄样机</Content>"
        "<MsgId>42</MsgId></xml>"
    )
    timestamp = str(int(stage.clock().timestamp()))
    outer = crypto.encrypt_message(inner, "77", timestamp)
    signature = outer.partition("<MsgSignature><![CDATA[")[2].partition("]]>")[0]
    query = {"msg_signature": signature, "timestamp": timestamp, "nonce": "77"}
    address = stage.callback.make_url(CALLBACK_PATH)
    async with ClientSession() as session:
        answer = await session.post(address, params=query, data=outer.encode())

    assert answer.status == 200
    (event,) = stage.events
    assert isinstance(event, MessageReceived)
    assert (event.sender, event.text, event.message_id) == ("wecom:LiNa", "周五寄样机", "42")
