"""How long an answer asks us to wait."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr

from bot.events import Event
from bot.platforms.dingtalk.adapter import DingTalk
from bot.platforms.feishu.adapter import Feishu
from bot.platforms.protocol import Platform, RateLimited
from bot.platforms.waiting import told_seconds
from bot.platforms.wecom.adapter import WeCom
from cards.model import Card
from config.schema import DingTalkSettings, FeishuSettings, WeComSettings

DATE = "Wed, 28 Jan 2026 02:20:00 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "17"}, 17.0),
        ({"Retry-After": "0"}, 0.1),
        ({"Retry-After": "1.5"}, 1.5),
        ({"Retry-After": "Wed, 28 Jan 2026 02:20:30 GMT", "Date": DATE}, 30.0),
        ({"Retry-After": "Wed, 28 Jan 2026 02:19:30 GMT", "Date": DATE}, 0.1),
        ({"Retry-After": "Wed, 28 Jan 2026 02:20:30 GMT"}, None),
        ({"Retry-After": "soon", "Date": DATE}, None),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "²"}, None),
        ({"Retry-After": "9" * 40}, 86400.0),
        ({"Retry-After": "9" * 400}, 86400.0),
        ({}, None),
        ({"x-reset": "4", "Retry-After": "17"}, 4.0),
        ({"x-reset": "later", "Retry-After": "17"}, 17.0),
    ],
)
def test_the_first_header_that_says_something_counts(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert told_seconds(headers, "x-reset") == seconds


def wecom(url: str) -> Platform:
    settings = WeComSettings(
        corp_id="ww1",
        agent_id=1,
        secret=SecretStr("s"),
        token=SecretStr("token1"),
        aes_key=SecretStr("a" * 43),
        api_url=url,
    )
    return WeCom(settings, clock)


def dingtalk(url: str) -> Platform:
    key = SecretStr("0123456789abcdef")
    settings = DingTalkSettings(
        client_id="ding1",
        client_secret=SecretStr("s"),
        transport="http",
        public_url="https://bot.example.com",
        callback_key=key,
        api_url=url,
    )
    return DingTalk(settings, clock)


def feishu(url: str) -> Platform:
    settings = FeishuSettings(
        app_id="cli_1",
        app_secret=SecretStr("s"),
        transport="http",
        encrypt_key=SecretStr("k"),
        verification_token=SecretStr("t"),
        api_url=url,
    )
    return Feishu(settings, clock)


@pytest.mark.parametrize(
    ("make", "to"),
    [(wecom, "wecom:li"), (dingtalk, "dingtalk:li"), (feishu, "feishu:ou_1")],
    ids=["wecom", "dingtalk", "feishu"],
)
@pytest.mark.parametrize("page", ["", "<html>slow down</html>", "[]"])
async def test_each_client_waits_as_long_as_a_429_says(
    make: Callable[[str], Platform], to: str, page: str
) -> None:
    async def busy(_: web.Request) -> web.Response:
        return web.Response(status=429, text=page, headers={"Retry-After": "17"})

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", busy)
    async with TestServer(app) as server:
        platform = make(str(server.make_url("")).rstrip("/"))
        await platform.start(accept)
        with pytest.raises(RateLimited) as error:
            await platform.send(to, Card(text="在吗"), card_id="c0000000001a")
        await platform.stop()
    assert error.value.retry_after == 17


async def accept(_: Event) -> bool:
    return True


def clock() -> datetime:
    return datetime(2026, 1, 28, 2, 20, tzinfo=UTC)
