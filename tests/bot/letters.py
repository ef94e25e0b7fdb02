"""Letters to the bot: as the platforms would send them, or with one thing wrong."""

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import aiohttp

from bot.playground.feishu.push import Pusher
from bot.playground.wecom.callback import Callbacks
from tests.conftest import Bot

MESSAGE = (
    "<MsgType>text</MsgType><Content>张总说价格高</Content><MsgId>7</MsgId><AgentID>1</AgentID>"
)


@dataclass
class Letter:
    """One HTTP request to the bot."""

    body: bytes | str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


async def post(bot: Bot, path: str, letter: Letter) -> tuple[int, str]:
    url = bot.program.origin + path
    data = letter.body.encode() if isinstance(letter.body, str) else letter.body
    async with (
        aiohttp.ClientSession() as session,
        session.post(
            url, data=io.BytesIO(data), params=letter.query, headers=letter.headers
        ) as answer,
    ):
        return answer.status, await answer.text()


def document(bot: Bot, inner: str = MESSAGE, *, sender: str = "li.xiao") -> str:
    """WeCom's XML around what happened."""
    return (
        f"<xml><ToUserName>{bot.ground.wecom.corp_id}</ToUserName>"
        f"<FromUserName>{sender}</FromUserName>"
        f"<CreateTime>{int(bot.clock().timestamp())}</CreateTime>{inner}</xml>"
    )


def sealed(bot: Bot, xml: str, *, age: timedelta = timedelta(), corp: str = "") -> Letter:
    """As WeCom would seal it, at another time or for another corporation if need be."""
    server = bot.ground.wecom
    writer = Callbacks(
        corp or server.corp_id, server.agent_id, lambda: bot.clock() - age, url="", retry_seconds=0
    )
    writer.token, writer.aes_key = server.callbacks.token, server.callbacks.aes_key
    query, body = writer.sealed(xml)
    return Letter(body, query)


def enveloped(bot: Bot, kind: str, **header: str) -> dict[str, Any]:
    """Feishu's JSON around an event without contents."""
    settings = bot.ground.feishu.settings("")
    given = {
        "event_id": "e1",
        "event_type": kind,
        "token": settings.verification_token.get_secret_value(),
        "app_id": settings.app_id,
        "tenant_key": "t1",
        "create_time": "1",
    }
    return {"schema": "2.0", "header": given | header, "event": {}}


def pushed(
    bot: Bot, payload: Mapping[str, Any], *, at: datetime | None = None, key: str = ""
) -> Letter:
    """As Feishu would seal and sign it, at another time or with another key if need be."""
    own_key = bot.ground.feishu.settings("").encrypt_key.get_secret_value()
    writer = Pusher(
        lambda: at or bot.clock(),
        url="",
        encrypt_key=key or own_key,
        retry_seconds=(),
        answer_seconds=1,
    )
    body = writer.seal(dict(payload))
    return Letter(body, headers=writer.headers(body))
