"""Calls to Feishu's API: one token, one way to ask, and its error codes as our errors.

Facts: open.feishu.cn, "自建应用获取 tenant_access_token", "发送消息", "更新已发送的消息卡片",
"获取消息中的资源文件", "通用错误码".
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import quote

import aiohttp
import structlog

from bot.platforms.feishu import endpoint
from bot.platforms.feishu.errors import MonthUsedUp, TokenExpired, error
from bot.platforms.protocol import (
    EditRefused,
    Now,
    PlatformError,
    RateLimited,
    Rejected,
    Spend,
    Unauthorized,
    Unreachable,
    uncounted,
)
from bot.platforms.waiting import told_seconds
from config.schema import FeishuSettings

log = structlog.get_logger()

T = TypeVar("T")

RENEW_EARLY = timedelta(minutes=25)
"""Feishu hands out a new token once less than 30 minutes are left of the old one."""

_NOT_EDITABLE = {"230001", "230011", "230031", "230110", "230111"}
"""No card but a text, recalled, older than 14 days, deleted, about to vanish."""

_CHUNK_BYTES = 64 * 1024


class FeishuClient:
    """Open between `open` and `close`. Every call raises PlatformError and its kinds."""

    def __init__(
        self,
        settings: FeishuSettings,
        now: Now,
        *,
        timeout_seconds: float = 10.0,
        spend: Spend = uncounted,
    ) -> None:
        self._settings = settings
        self._spend = spend
        self._now = now
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds)
        self._session: aiohttp.ClientSession | None = None
        self._token = ""
        self._renew_at: datetime | None = None
        self._renewing = asyncio.Lock()

    async def open(self) -> None:
        self._session = aiohttp.ClientSession(timeout=self._timeout)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def connect(self) -> endpoint.Opened:
        """A new long connection."""
        if self._session is None:
            raise Unreachable("the Feishu client is not open")
        return await endpoint.connect(self._session, self._settings)

    async def send(self, receive_id: str, msg_type: str, content: Any, *, uuid: str) -> str:
        """The new message's id. The same `uuid` (at most 50 characters) sends once in an hour."""
        data = await self._counted(
            "POST",
            "/open-apis/im/v1/messages",
            params={"receive_id_type": id_type(receive_id)},
            body=_message(msg_type, content, uuid) | {"receive_id": receive_id},
        )
        return str(data["message_id"])

    async def reply(self, message_id: str, msg_type: str, content: Any, *, uuid: str) -> str:
        """The id of an answer in the thread that begins with `message_id`."""
        path = f"/open-apis/im/v1/messages/{message_id}/reply"
        body = _message(msg_type, content, uuid) | {"reply_in_thread": True}
        data = await self._counted("POST", path, body=body)
        return str(data["message_id"])

    async def urge(self, message_id: str, person: str) -> None:
        """Ring for a message of ours (应用内加急) [M10]."""
        path = f"/open-apis/im/v1/messages/{message_id}/urgent_app"
        body = {"user_id_list": [person]}
        await self._counted("PATCH", path, params={"user_id_type": id_type(person)}, body=body)

    async def own_id(self) -> str:
        """The bot's open_id: what a mention of it says [G8]."""
        answer = await self._with_token(self._ask, "GET", "/open-apis/bot/v3/info", None, None)
        await self._spend("calls")
        return str((answer.get("bot") or {}).get("open_id", ""))

    async def person(self, user: str) -> dict[str, Any]:
        """Whom a name card shows. Contacts cost none of the month's calls [A4]."""
        path = f"/open-apis/contact/v3/users/{quote(user, safe='')}"
        data = await self._call("GET", path, params={"user_id_type": id_type(user)})
        return dict(data.get("user") or {})

    async def contacts(self, path: str, params: Mapping[str, str]) -> dict[str, Any]:
        """One page of the directory, which costs none of the month's calls either [U1, A4]."""
        return await self._call("GET", f"/open-apis/contact/v3/{path}", params=params)

    async def update(self, message_id: str, card: dict[str, Any]) -> None:
        """Replace a card of ours; possible for 14 days and five times a second."""
        path = f"/open-apis/im/v1/messages/{message_id}"
        try:
            await self._counted("PATCH", path, body={"content": _json(card)})
        except Rejected as refusal:
            if refusal.code in _NOT_EDITABLE:
                raise EditRefused(str(refusal), refusal.code) from None
            raise

    async def task(
        self, method: str, guid: str = "", *, body: dict[str, Any] | None = None, ids: str
    ) -> dict[str, Any]:
        """One call of 任务 v2, and the task it answers [T1]; `ids` is how people are named."""
        one = f"/{quote(guid, safe='')}" if guid else ""
        path = f"/open-apis/task/v2/tasks{one}"
        data = await self._counted(method, path, params={"user_id_type": ids}, body=body)
        return dict(data.get("task") or {})

    async def call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Any call that counts; its `data`."""
        return await self._counted(method, path, params=params, body=body)

    async def resource(
        self, message_id: str, key: str, kind: str, *, limit: int
    ) -> tuple[bytes, str]:
        """Bytes and content type of a picture (`kind` image) or a file or voice (`kind` file)."""
        path = f"/open-apis/im/v1/messages/{message_id}/resources/{key}"
        found = await self._with_token(self._download, path, {"type": kind}, limit)
        await self._spend("calls")
        return found

    async def _counted(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        """A call that the month's allowance pays for, unless it is refused [A4]."""
        try:
            data = await self._call(method, path, **options)
        except MonthUsedUp:
            await self._spend("calls", all_of_it=True)
            raise
        await self._spend("calls")
        return data

    async def _call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        answer = await self._with_token(self._ask, method, path, params, body)
        return dict(answer.get("data") or {})

    async def _with_token(self, call: Callable[..., Awaitable[T]], *args: object) -> T:
        """Once more with a fresh token when the first was refused."""
        token = await self._fresh_token()
        try:
            return await call(token, *args)
        except TokenExpired:
            if self._token == token:
                self._token = ""
            return await call(await self._fresh_token(), *args)

    async def _fresh_token(self) -> str:
        async with self._renewing:
            if not self._token or self._renew_at is None or self._now() >= self._renew_at:
                await self._renew_token()
            return self._token

    async def _renew_token(self) -> None:
        asked_at = self._now()
        credentials = {
            "app_id": self._settings.app_id,
            "app_secret": self._settings.app_secret.get_secret_value(),
        }
        path = "/open-apis/auth/v3/tenant_access_token/internal"
        try:
            answer = await self._ask("", "POST", path, None, credentials)
        except Rejected as refusal:
            raise Unauthorized(
                f"Feishu gave no token, check app id and secret: {refusal}"
            ) from None
        self._token = str(answer["tenant_access_token"])
        self._renew_at = asked_at + timedelta(seconds=int(answer["expire"])) - RENEW_EARLY

    async def _ask(
        self,
        token: str,
        method: str,
        path: str,
        params: Mapping[str, str] | None,
        body: Mapping[str, Any] | None,
    ) -> dict[str, Any]:
        try:
            async with self._request(token, method, path, params=params, json=body) as response:
                return await _answer(response)
        except (aiohttp.ClientError, TimeoutError) as problem:
            raise Unreachable(f"{method} {path}: {type(problem).__name__}") from None

    async def _download(
        self, token: str, path: str, params: Mapping[str, str], limit: int
    ) -> tuple[bytes, str]:
        try:
            async with self._request(token, "GET", path, params=params) as response:
                if response.content_type == "application/json":
                    await _answer(response)
                return await _bytes(response, limit), response.content_type
        except (aiohttp.ClientError, TimeoutError) as problem:
            raise Unreachable(f"GET {path}: {type(problem).__name__}") from None

    def _request(self, token: str, method: str, path: str, **options: Any) -> Any:
        if self._session is None:
            raise Unreachable("the Feishu client is not open")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        url = self._settings.api_url.rstrip("/") + path
        return self._session.request(method, url, headers=headers, **options)


def id_type(receive_id: str) -> str:
    """What kind of id it is, told by its prefix; ids without one are the tenant's own user ids."""
    known = {"ou_": "open_id", "on_": "union_id", "oc_": "chat_id"}
    return known.get(receive_id[:3], "user_id")


def _error(code: int, text: str, headers: Mapping[str, str]) -> PlatformError:
    message = f"Feishu {code}: {text} (log id {headers.get('X-Tt-Logid', '-')})"
    return error(code, message, seconds=_told(headers))


async def _answer(response: aiohttp.ClientResponse) -> dict[str, Any]:
    """The JSON of a successful answer. Success is `code` 0, whatever the HTTP status says."""
    try:
        answer = await response.json(content_type=None)
    except ValueError:
        answer = None
    if not isinstance(answer, dict) or "code" not in answer:
        if response.status == 429:
            raise RateLimited("Feishu answered HTTP 429", _told(response.headers))
        raise Unreachable(f"Feishu answered HTTP {response.status} without a code")
    if answer["code"] == 0:
        return answer
    problem = _error(int(answer["code"]), str(answer.get("msg", "")), response.headers)
    if response.status >= 500:
        raise Unreachable(str(problem))
    log.info("feishu.call_refused", code=answer["code"], path=response.url.path)
    raise problem


async def _bytes(response: aiohttp.ClientResponse, limit: int) -> bytes:
    read = bytearray()
    async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
        read += chunk
        if len(read) > limit:
            raise Rejected(f"the file is larger than {limit} bytes", "too_large")
    return bytes(read)


def _message(msg_type: str, content: Any, uuid: str) -> dict[str, Any]:
    return {"msg_type": msg_type, "content": _json(content), "uuid": uuid}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _told(headers: Mapping[str, str]) -> float:
    """频控策略: `x-ogw-ratelimit-reset` is in seconds."""
    return told_seconds(headers, "x-ogw-ratelimit-reset") or 1.0
