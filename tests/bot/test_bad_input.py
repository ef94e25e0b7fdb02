"""Callbacks that are not to be believed, or of no use: refused or ignored, with a logged reason."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from tests.bot.letters import Letter, document, enveloped, post, pushed, sealed
from tests.bot.watch import everything, log_lines, reasons
from tests.conftest import Bot

BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><xml><C>&b;</C></xml>'
TOO_MUCH = b"a" * 3_000_000
Write = Callable[[Bot], Letter]


def good_xml(bot: Bot) -> Letter:
    return sealed(bot, document(bot))


def resigned(letter: Letter, **query: str) -> Letter:
    return replace(letter, query={**letter.query, **query})


WECOM: dict[str, tuple[str, Write]] = {
    "wrong signature": (
        "bad_signature",
        lambda bot: resigned(good_xml(bot), msg_signature="0" * 40),
    ),
    "no signature": ("bad_signature", lambda bot: replace(good_xml(bot), query={})),
    "another nonce": ("bad_signature", lambda bot: resigned(good_xml(bot), nonce="1")),
    "stale": ("stale", lambda bot: sealed(bot, document(bot), age=timedelta(hours=2))),
    "from the future": ("stale", lambda bot: sealed(bot, document(bot), age=-timedelta(hours=2))),
    "another corporation": (
        "wrong_receive_id",
        lambda bot: sealed(bot, document(bot), corp="wwanother"),
    ),
    "oversized": ("oversized", lambda bot: replace(good_xml(bot), body=b"<xml>" + TOO_MUCH)),
    "cut outside": ("malformed_body", lambda bot: replace(good_xml(bot), body="<xml><Encrypt>")),
    "no XML outside": ("malformed_body", lambda bot: replace(good_xml(bot), body=b"\xff\xfe\x00")),
    "cut inside": ("bad_plaintext", lambda bot: sealed(bot, "<xml><MsgType>text")),
    "a bomb inside": ("bad_plaintext", lambda bot: sealed(bot, BOMB)),
    "written by nobody": ("bad_plaintext", lambda bot: sealed(bot, document(bot, sender=""))),
    "at no possible time": (
        "bad_plaintext",
        lambda bot: sealed(bot, document(bot).replace("<CreateTime>", "<CreateTime>99999999")),
    ),
}


@pytest.mark.parametrize("fault", WECOM)
async def test_wecom_what_is_not_to_be_believed_is_refused(bot: Bot, fault: str) -> None:
    reason, write = WECOM[fault]
    before = everything(bot)
    with log_lines() as lines:
        answer = await post(bot, "/callback/wecom", write(bot))
        await bot.loops.settle()
    assert answer == (403, "")
    assert reasons(lines, "wecom.refused") == [reason]
    assert everything(bot) == before


async def test_wecom_the_same_letter_without_a_fault_is_taken(bot: Bot) -> None:
    assert await post(bot, "/callback/wecom", good_xml(bot)) == (200, "")
    await bot.loops.settle()
    assert bot.sent("sales") == 1


@pytest.mark.parametrize(
    "inner",
    [
        "<MsgType>event</MsgType><Event>enter_agent</Event>",
        "<MsgType>event</MsgType><Event>change_external_contact</Event>"
        "<ChangeType>msg_audit_approved</ChangeType>",
        "<MsgType>event</MsgType><Event>carrier_pigeon</Event>",
        "<MsgType>pigeon</MsgType>",
        "<MsgType>event</MsgType><Event>template_card_event</Event>"
        "<EventKey>promise.steal?promise=1</EventKey><TaskId>x</TaskId>",
    ],
)
async def test_wecom_what_is_of_no_use_is_acknowledged_and_ignored(bot: Bot, inner: str) -> None:
    before = everything(bot)
    with log_lines() as lines:
        letter = sealed(bot, document(bot, inner))
        assert await post(bot, "/callback/wecom", letter) == (200, "")
        await bot.loops.settle()
    assert len(reasons(lines, "wecom.ignored")) == 1
    assert everything(bot) == before


async def test_wecom_an_address_that_is_proved_by_a_stranger_is_not_proved(bot: Bot) -> None:
    url = f"{bot.program.origin}/callback/wecom?echostr=abc&msg_signature=1&timestamp=1&nonce=1"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        assert (answer.status, await answer.text()) == (403, "")


# Feishu ----------------------------------------------------------------------------------


def said(bot: Bot, **header: str) -> dict[str, Any]:
    return enveloped(bot, "im.message.receive_v1", **header)


def good_json(bot: Bot) -> Letter:
    return pushed(bot, said(bot))


FEISHU: dict[str, tuple[str, Write]] = {
    "wrong signature": (
        "signature",
        lambda bot: replace(
            good_json(bot), headers={**good_json(bot).headers, "X-Lark-Signature": "0" * 64}
        ),
    ),
    "no signature": (
        "signature",
        lambda bot: replace(good_json(bot), headers={"Content-Type": "application/json"}),
    ),
    "another body": (
        "signature",
        lambda bot: replace(good_json(bot), body=pushed(bot, enveloped(bot, "x")).body),
    ),
    "stale": (
        "freshness",
        lambda bot: pushed(bot, said(bot), at=bot.clock() - timedelta(days=3)),
    ),
    "another key": ("signature", lambda bot: pushed(bot, said(bot), key="0" * 16)),
    "another token": ("token", lambda bot: pushed(bot, said(bot, token="no"))),
    "another app": ("routing", lambda bot: pushed(bot, said(bot, app_id="cli_no"))),
    "oversized": ("size", lambda bot: replace(good_json(bot), body=b'{"encrypt": "' + TOO_MUCH)),
    "cut": ("envelope", lambda bot: replace(good_json(bot), body="{")),
    "not encrypted": ("envelope", lambda bot: Letter(json.dumps(said(bot)))),
}


@pytest.mark.parametrize("fault", FEISHU)
async def test_feishu_what_is_not_to_be_believed_is_refused(bot: Bot, fault: str) -> None:
    stage, write = FEISHU[fault]
    before = everything(bot)
    with log_lines() as lines:
        answer = await post(bot, "/callback/feishu", write(bot))
        await bot.loops.settle()
    assert answer == (403, "")
    assert [line["stage"] for line in lines if line["event"] == "feishu.refused"] == [stage]
    assert reasons(lines, "feishu.refused") != [""]
    assert everything(bot) == before


@pytest.mark.parametrize(
    "kind", ["im.message.receive_v1", "card.action.trigger", "carrier.pigeon_v1", ""]
)
async def test_feishu_what_is_of_no_use_is_acknowledged_and_ignored(bot: Bot, kind: str) -> None:
    """Unknown events, and known ones without what they need."""
    before = everything(bot)
    with log_lines() as lines:
        status, _ = await post(bot, "/callback/feishu", pushed(bot, enveloped(bot, kind)))
        await bot.loops.settle()
    assert status == 200
    assert len(reasons(lines, "feishu.ignored")) == 1
    assert everything(bot) == before


# DingTalk --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "raw",
    [
        "{",
        "[]",
        '"pigeon"',
        '{"type": "PIGEON", "headers": {"topic": "x", "messageId": "1"}, "data": "{}"}',
        '{"type": "CALLBACK", "headers": {"topic": "x"}, "data": "{}"}',
        '{"type": "CALLBACK", "data": "' + "a" * 3_000_000 + '"}',
    ],
    ids=["cut", "a list", "a word", "unknown type", "no id", "oversized"],
)
async def test_dingtalk_a_frame_that_is_none_is_ignored(bot: Bot, raw: str) -> None:
    before = everything(bot)
    gateway = bot.ground.dingtalk.gateway
    with log_lines() as lines:
        await gateway.send_raw(raw)
        assert await gateway.ping(gateway.lines[0]) is not None  # it is still there
        await bot.loops.settle()
    assert len(reasons(lines, "dingtalk.frame_ignored")) == 1
    assert everything(bot) == before


@pytest.mark.parametrize(
    "body", [{}, {"msgtype": "text"}, {"msgId": "m1", "senderStaffId": 7, "text": "pigeon"}]
)
async def test_dingtalk_a_message_without_what_it_needs_is_ignored(
    bot: Bot, body: dict[str, Any]
) -> None:
    before = everything(bot)
    with log_lines() as lines:
        topic = "/v1.0/im/bot/messages/get"
        answer = await bot.ground.dingtalk.gateway.deliver(topic, body, seconds=1)
        await bot.loops.settle()
    assert answer is not None
    assert len(reasons(lines, "dingtalk.message_ignored")) == 1
    assert everything(bot) == before


# The web ---------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/callback/wecom", "/callback/feishu", "/callback/pigeon"])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
async def test_nothing_but_letters_is_answered_and_nothing_of_the_inside_is_told(
    bot: Bot, path: str, method: str
) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, bot.program.origin + path, data=b"\x00" * 100) as answer,
    ):
        assert answer.status in (403, 404, 405)
        text = await answer.text()
    assert "Traceback" not in text
    assert "File " not in text
