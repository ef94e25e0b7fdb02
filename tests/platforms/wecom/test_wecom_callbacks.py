"""Callbacks over a real socket: the true ones become events, the rest is refused or ignored."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientResponse, ClientSession, web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr
from structlog.testing import capture_logs
from yarl import URL

from bot.events import (
    ContactAdded,
    ContactChanged,
    Event,
    GroupChanged,
    LinkUsed,
    MessageReceived,
)
from bot.platforms.wecom.adapter import CALLBACK_PATH, WeCom
from bot.platforms.wecom.crypto import CallbackCrypto
from bot.platforms.wecom.parse import BODY_LIMIT
from config.schema import WeComSettings

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "payloads/vectors/wecom.json").read_text()
)
KEY = VECTORS["keys"]["app"]
OURS = [one for one in VECTORS["vectors"] if one["key"] == "app"]
CHECKS = [one for one in OURS if one["kind"] == "url_verification"]
CALLBACKS = [one for one in OURS if one["kind"] == "callback"]
TEXT = next(one for one in CALLBACKS if one["id"] == "msg-text")
SPOILT = [one for one in VECTORS["negative"] if one["key"] == "app"]
CORP = KEY["receive_id"]
CUSTOMER = "wmK3aZcQAAx7LbDfGhJkMnPqRsTuVwXy"
GROUP = "wrK3aZcQAAb9ExampleChat0000000AA"


@dataclass
class Door:
    """An adapter behind a socket; `take` posts a vector at the vector's own time."""

    clock: list[datetime]
    address: URL
    session: ClientSession
    events: list[Event] = field(default_factory=list)
    broken: bool = False

    async def accept(self, event: Event) -> bool:
        if self.broken:
            raise OSError("disk full")
        self.events.append(event)
        return True

    async def take(
        self, vector: dict[str, Any], *, late: timedelta = timedelta()
    ) -> ClientResponse:
        self.clock[0] = datetime.fromtimestamp(int(vector["timestamp"]), UTC) + late
        url = URL(f"{self.address}?{vector['query']}", encoded=True)
        body = vector.get("body", "").encode()
        return await self.session.request(vector["method"], url, data=body)


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    settings = WeComSettings(
        corp_id=CORP,
        agent_id=1000012,
        secret=SecretStr("unused"),
        token=SecretStr(KEY["token"]),
        aes_key=SecretStr(KEY["encoding_aes_key"]),
    )
    clock = [datetime(2026, 1, 28, tzinfo=UTC)]
    async with ClientSession() as session:
        door = Door(clock, URL(), session)
        app = web.Application()
        app.add_routes(WeCom(settings, lambda: clock[0]).routes(door.accept))
        async with TestServer(app) as server:
            door.address = server.make_url(CALLBACK_PATH)
            yield door


def message(vector: str, text: str, **more: Any) -> MessageReceived:
    parsed = next(one for one in OURS if one["id"] == vector)["parsed"]
    return MessageReceived(
        key=f"wecom:{CORP}:{parsed['MsgId']}",
        at=datetime.fromtimestamp(int(parsed["CreateTime"]), UTC),
        sender=f"wecom:{parsed['FromUserName']}",
        chat=f"wecom:{parsed['FromUserName']}",
        text=text,
        message_id=parsed["MsgId"],
        **more,
    )


def added(second: int, change: str = "add_external_contact", **more: Any) -> ContactAdded:
    return ContactAdded(
        key=f"wecom:{CORP}:{second}:{change}:zhang.wei:{CUSTOMER}",
        at=datetime.fromtimestamp(second, UTC),
        member="wecom:zhang.wei",
        external_id=CUSTOMER,
        **more,
    )


def changed(second: int, told: str, **more: Any) -> ContactChanged:
    return ContactChanged(
        key=f"wecom:{CORP}:{second}:{told}:zhang.wei:{CUSTOMER}",
        at=datetime.fromtimestamp(second, UTC),
        member="wecom:zhang.wei",
        external_id=CUSTOMER,
        **more,
    )


def of_group(second: int, version: str, **more: Any) -> GroupChanged:
    identity = f"{more['change']}:{GROUP}:{more.get('detail', '')}:{version}"
    return GroupChanged(
        key=f"wecom:{CORP}:{second}:{identity}",
        at=datetime.fromtimestamp(second, UTC),
        group=f"wecom:{GROUP}",
        **more,
    )


def of_link(second: int, change: str, link: str = "", state: str = "") -> LinkUsed:
    return LinkUsed(
        key=f"wecom:{CORP}:{second}:{change}:{link}:{state}::",
        at=datetime.fromtimestamp(second, UTC),
        platform="wecom",
        change=change,
        link=link,
        state=state,
    )


EXPECTED: dict[str, Event] = {
    "msg-text": message("msg-text", "今天要跟进哪些线索？"),
    "msg-text-no-cdata": message("msg-text-no-cdata", "价格 < 500 & 有库存"),
    "msg-text-pretty": message("msg-text-pretty", "第一行\n第二行 <b>&raw;</b> 🙂"),
    "msg-voice": message(
        "msg-voice", "", kind="voice", media="2ExampleVoiceMediaId_-aB3dE5fG7hJ9kL1mN3pQ5rS"
    ),
    "msg-image": message(
        "msg-image", "", kind="image", media="2ExampleImageMediaId_-aB3dE5fG7hJ9kL1mN3pQ5rS"
    ),
    "msg-location": message("msg-location", "位置：上海市黄浦区", kind="other"),
    "msg-link": message("msg-link", "链接：报价单", kind="other"),
    "msg-pad-32": message("msg-pad-32", "x" * 10),
    "msg-pad-1": message("msg-pad-1", "x" * 9),
    "msg-pad-17": message("msg-pad-17", "x" * 25),
    "msg-random-binary": message("msg-random-binary", "ok"),
    "event-add-external-contact": added(
        1767251040, state="expo2026-hall3", welcome_code="WcExampleCode0001"
    ),
    "event-add-external-contact-no-state": added(1767251041),
    "event-add-external-contact-empty-fields": added(1767251042),
    "event-add-half-external-contact": added(
        1767251043,
        "add_half_external_contact",
        state="ca-autumn",
        welcome_code="WcExampleCode0002",
        mutual=False,
    ),
    "event-edit-external-contact": changed(1767251044, "edit_external_contact", change="edited"),
    "event-del-external-contact": changed(
        1767251045, "del_external_contact", change="deleted", by_transfer=True
    ),
    "event-del-follow-user": changed(1767251046, "del_follow_user", change="left"),
    "event-transfer-fail": changed(
        1767251047, "transfer_fail", change="transfer_failed", reason="customer_refused"
    ),
    "event-change-external-chat-update": of_group(
        1767251050,
        "f9e8d7c6b5a4938271605f4e3d2c1b0a",
        change="update",
        detail="add_member",
        members=2,
    ),
    "event-change-external-chat-dismiss": of_group(1767251051, "", change="dismiss"),
    "event-customer-acquisition-friend-request": of_link(
        1767251053, "friend_request", "caw1234567890abcdef", "ad-7"
    ),
    "event-customer-acquisition-balance-low": of_link(1767251054, "balance_low"),
}


@pytest.mark.parametrize("vector", CHECKS, ids=lambda one: one["id"])
async def test_the_address_proves_itself_with_the_bare_plaintext(
    door: Door, vector: dict[str, Any]
) -> None:
    answer = await door.take(vector)
    assert (answer.status, await answer.text()) == (200, vector["expect_body"])


@pytest.mark.parametrize("vector", CALLBACKS, ids=lambda one: one["id"])
async def test_a_callback_becomes_its_event_or_is_ignored_with_a_reason(
    door: Door, vector: dict[str, Any]
) -> None:
    with capture_logs() as logs:
        answer = await door.take(vector)
    assert (answer.status, await answer.text()) == (200, "")
    expected = EXPECTED.get(vector["id"])
    assert door.events == ([expected] if expected else [])
    assert bool(logs) is (expected is None)
    assert all(line["event"] == "wecom.ignored" and line["reason"] for line in logs)


@pytest.mark.parametrize("vector", SPOILT, ids=lambda one: one["id"])
async def test_a_spoilt_callback_gets_the_same_answer_whatever_is_wrong(
    door: Door, vector: dict[str, Any]
) -> None:
    with capture_logs() as logs:
        answer = await door.take(vector)
    if vector["expect_error"] == "accept_or_bad_padding":
        assert answer.status == 200
        return
    assert (answer.status, await answer.text()) == (403, "")
    assert door.events == []
    fair = {vector["expect_error"].removeprefix("accept_or_"), *vector.get("also_acceptable", ())}
    assert len(logs) == 1
    assert logs[0]["reason"] in fair


@pytest.mark.parametrize("late", [timedelta(hours=1, seconds=1), timedelta(minutes=-6)])
async def test_a_recorded_callback_is_stale_an_hour_later(door: Door, late: timedelta) -> None:
    with capture_logs() as logs:
        answer = await door.take(TEXT, late=late)
    assert answer.status == 403
    assert [line["reason"] for line in logs] == ["stale"]
    assert door.events == []


async def test_a_redelivery_has_the_same_identity(door: Door) -> None:
    for _ in range(4):
        assert (await door.take(TEXT)).status == 200
    assert len({event.key for event in door.events}) == 1


async def test_an_oversized_body_is_not_read_to_its_end(door: Door) -> None:
    with capture_logs() as logs:
        answer = await door.take({**TEXT, "body": "x" * (BODY_LIMIT + 1)})
    assert answer.status == 403
    assert [line["reason"] for line in logs] == ["oversized"]


@pytest.mark.parametrize(
    "inner",
    [
        "<xml><MsgType>text</MsgType></xml>",
        "<xml><MsgType>text</MsgType><MsgId>1</MsgId><FromUserName>a</FromUserName></xml>",
        "<html/>",
        "<xml>",
        "",
    ],
)
async def test_a_sealed_document_without_what_it_needs_is_refused(door: Door, inner: str) -> None:
    with capture_logs() as logs:
        answer = await door.take(sealed(inner))
    assert answer.status == 403
    assert [line["reason"] for line in logs] == ["bad_plaintext"]


async def test_a_film_is_a_file_that_can_be_fetched(door: Door) -> None:
    inner = (
        "<xml><MsgType>video</MsgType><MsgId>1</MsgId><FromUserName>a</FromUserName>"
        "<CreateTime>1769565600</CreateTime><MediaId>M1</MediaId><ThumbMediaId>T</ThumbMediaId></xml>"
    )
    assert (await door.take(sealed(inner))).status == 200
    (event,) = door.events
    assert isinstance(event, MessageReceived)
    assert (event.kind, event.text, event.media) == ("file", "", "M1")


async def test_a_failure_to_save_is_not_acknowledged_and_tells_nothing(door: Door) -> None:
    door.broken = True
    answer = await door.take(TEXT)
    assert answer.status == 500
    assert "disk full" not in await answer.text()


def sealed(inner: str) -> dict[str, Any]:
    crypto = CallbackCrypto(KEY["token"], KEY["encoding_aes_key"], CORP)
    encrypt, signature = crypto.seal(inner.encode(), "1769565600", "77")
    return {
        "method": "POST",
        "timestamp": "1769565600",
        "query": f"msg_signature={signature}&timestamp=1769565600&nonce=77",
        "body": f"<xml><Encrypt>{encrypt}</Encrypt></xml>",
    }
