"""The smart robot's calls over HTTP: files that were sent to it, and answers to a `response_url`.

Both addresses hold a right of their own and never reach a log or an error.
"""

import json
from collections.abc import Mapping
from typing import Any

import aiohttp

from bot.platforms.protocol import PlatformError, RateLimited, Rejected, Unreachable
from bot.platforms.wecom.crypto import CallbackRefused, open_file
from bot.platforms.wecom.robot.errors import error
from bot.platforms.wecom.robot.parse import RIGHT

ANSWER_LIMIT = 64 * 1024
PADDING = 32


class Http:
    """Open between `start` and `stop`."""

    def __init__(self, *, timeout_seconds: float) -> None:
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds)
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        self._session = aiohttp.ClientSession(timeout=self._timeout)

    async def stop(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    @property
    def session(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise RuntimeError("the WeCom robot is not started")
        return self._session

    async def fetch(self, media: str, own_key: str, *, limit: int) -> tuple[bytes, str]:
        """A file by its handle; `own_key` opens those that came without a key."""
        key, _, url = media.removeprefix(RIGHT).partition(":")
        if not url.startswith(("https://", "http://")):
            raise Rejected("the file has no address that can be fetched", code="media")
        data, kind = await self._call("file", "GET", url, limit=limit + PADDING)
        try:
            content = open_file(data, key or own_key)
        except CallbackRefused as problem:
            raise Rejected(f"file: {problem.reason}", code=problem.reason) from None
        if len(content) > limit:
            raise Rejected(f"file: more than {limit} bytes", code="too_large")
        return content, kind

    async def respond(self, url: str, body: Mapping[str, Any]) -> None:
        """Once, within an hour (D101138)."""
        data = json.dumps(body, ensure_ascii=False).encode()
        content, _ = await self._call("response_url", "POST", url, data=data, limit=ANSWER_LIMIT)
        try:
            answer = json.loads(content)
            code, text = int(answer["errcode"]), str(answer.get("errmsg", ""))
        except (ValueError, TypeError, KeyError, AttributeError):
            raise Unreachable("response_url: the answer is not JSON") from None
        if code:
            raise error(code, f"response_url: {code} {text[:300]}")

    async def _call(
        self, what: str, method: str, url: str, *, limit: int, data: bytes | None = None
    ) -> tuple[bytes, str]:
        headers = {"Content-Type": "application/json"} if data else None
        try:
            async with self.session.request(
                method, url, data=data, headers=headers, allow_redirects=False
            ) as response:
                _check_status(what, response.status)
                return await _read(what, response, limit), response.content_type
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as problem:
            raise Unreachable(f"{what}: {type(problem).__name__}") from None


def _check_status(what: str, status: int) -> None:
    problem: PlatformError | None = None
    if status == 429:
        problem = RateLimited(f"{what}: HTTP 429", 60.0)
    elif status >= 500:
        problem = Unreachable(f"{what}: HTTP {status}")
    elif status >= 300:
        remedy = "文件只保留 5 分钟，请对方重发" if what == "file" else "回答的机会已用过或已过期"
        problem = Rejected(f"{what}: HTTP {status}。处理：{remedy}", code=f"http {status}")
    if problem is not None:
        raise problem


async def _read(what: str, response: aiohttp.ClientResponse, limit: int) -> bytes:
    read = bytearray()
    async for chunk in response.content.iter_chunked(64 * 1024):
        read += chunk
        if len(read) > limit:
            raise Rejected(f"{what}: more than {limit} bytes", code="too_large")
    return bytes(read)
