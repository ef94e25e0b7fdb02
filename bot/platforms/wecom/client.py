"""Call WeCom's API: one cached token, every failure as one of our errors, no secret in any text."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp

from bot.platforms.protocol import (
    Now,
    RateLimited,
    Rejected,
    Unauthorized,
    Unreachable,
)
from bot.platforms.waiting import told_seconds
from bot.platforms.wecom.errors import TokenRefused, error
from config.schema import WeComSettings

TIMEOUT_SECONDS = 10.0
REFUSED_SECONDS = 60
"""Wrong secrets block the caller's IP for an hour (D90313): one try a minute is enough."""

TOO_MANY_SECONDS = 60.0
"""Where HTTP 429 does not say how long: the shortest of the platform's windows (D90312)."""

_NEVER = datetime.min.replace(tzinfo=UTC)
_ANSWER_LIMIT = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Call:
    method: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    data: bytes | None = None
    limit: int = _ANSWER_LIMIT


class Client:
    """Open between `start` and `stop`; every call may raise one of the PlatformErrors."""

    def __init__(
        self, settings: WeComSettings, now: Now, *, timeout_seconds: float = TIMEOUT_SECONDS
    ) -> None:
        self._settings = settings
        self._now = now
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds)
        self._session: aiohttp.ClientSession | None = None
        self._lock = asyncio.Lock()
        self._token = ""
        self._token_until = _NEVER
        self._refusal = ""
        self._refused_until = _NEVER

    @property
    def refusal(self) -> str:
        """Why we got no token the last time; empty when we got one."""
        return self._refusal

    async def start(self) -> None:
        self._session = aiohttp.ClientSession(timeout=self._timeout)

    async def stop(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def get(self, path: str, params: Mapping[str, str]) -> dict[str, Any]:
        content, _ = await self._authorized(_Call("GET", path, params))
        return _json(path, content)

    async def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        r"""Equal bodies make equal bytes, so that the platform recognises a repetition.

        Plain UTF-8, because WeCom refuses \uxxxx in a body (40033, D90313).
        """
        data = json.dumps(body, ensure_ascii=False).encode()
        content, _ = await self._authorized(_Call("POST", path, data=data))
        return _json(path, content)

    async def download(
        self, path: str, params: Mapping[str, str], *, limit: int
    ) -> tuple[bytes, str]:
        """Bytes and content type. Raises Rejected above `limit` bytes."""
        return await self._authorized(_Call("GET", path, params, limit=limit))

    async def _authorized(self, call: _Call) -> tuple[bytes, str]:
        """Repeats the call once, with a new token, when the platform does not take ours."""
        token = await self._current_token()
        try:
            return await self._request(call, token)
        except TokenRefused:
            return await self._request(call, await self._current_token(stale=token))

    async def _current_token(self, *, stale: str = "") -> str:
        """The cached token, or a new one for all callers if that is old or is `stale`."""
        async with self._lock:
            if self._token == stale or self._now() >= self._token_until:
                await self._fetch_token()
            return self._token

    async def _fetch_token(self) -> None:
        now = self._now()
        if now < self._refused_until:
            raise TokenRefused(self._refusal)
        secret = self._settings.secret.get_secret_value()
        params = {"corpid": self._settings.corp_id, "corpsecret": secret}
        try:
            content, _ = await self._request(_Call("GET", "gettoken", params))
        except Unauthorized as problem:
            self._refusal = str(problem)
            self._refused_until = now + timedelta(seconds=REFUSED_SECONDS)
            raise
        answer = _json("gettoken", content)
        self._refusal = ""
        self._token = str(answer["access_token"])
        # A little early, so that no call starts with a token that ends on the way.
        self._token_until = now + timedelta(seconds=int(answer["expires_in"]) * 0.9)

    async def _request(self, call: _Call, token: str = "") -> tuple[bytes, str]:
        if self._session is None:
            raise RuntimeError("the WeCom client is not started")
        params = {"access_token": token, **call.params} if token else call.params
        try:
            async with self._session.request(
                call.method,
                f"{self._settings.api_url}/cgi-bin/{call.path}",
                params=params,
                data=call.data,
                headers={"Content-Type": "application/json"} if call.data else None,
                allow_redirects=False,
            ) as response:
                _check_status(call.path, response)
                content = await _read(response, call)
        except (aiohttp.ClientError, TimeoutError, OSError) as problem:
            # Their texts may hold the address with the token in it: the name must do.
            raise Unreachable(f"{call.path}: {type(problem).__name__}") from None
        if content.startswith(b"{"):
            self._check_errcode(call.path, _json(call.path, content))
        return content, response.content_type

    def _check_errcode(self, path: str, answer: Mapping[str, Any]) -> None:
        code = answer.get("errcode", 0)
        if code == 0:
            return
        text = f"{path}: {code} {str(answer.get('errmsg', ''))[:300]}"
        for secret in (self._token, self._settings.secret.get_secret_value()):
            text = text.replace(secret, "…") if secret else text
        raise error(code, text)


def _check_status(path: str, response: aiohttp.ClientResponse) -> None:
    status = response.status
    if status == 429:
        seconds = told_seconds(response.headers) or TOO_MANY_SECONDS
        raise RateLimited(f"{path}: HTTP 429", seconds)
    if status >= 500:
        raise Unreachable(f"{path}: HTTP {status}")
    if status >= 300:
        raise Rejected(f"{path}: HTTP {status}", code=f"http {status}")


async def _read(response: aiohttp.ClientResponse, call: _Call) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in response.content.iter_chunked(64 * 1024):
        size += len(chunk)
        if size > call.limit:
            raise Rejected(f"{call.path}: more than {call.limit} bytes", code="too_large")
        chunks.append(chunk)
    return b"".join(chunks)


def _json(path: str, content: bytes) -> dict[str, Any]:
    """WeCom's answer as an object; anything else is a fault of theirs, or of something between."""
    try:
        answer = json.loads(content)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise Unreachable(f"{path}: the answer is not JSON")
    return answer
