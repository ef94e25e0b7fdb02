"""Feishu's side of a push: to whoever listens, and again when nobody answered; over HTTP
encrypted, signed and posted.

Facts: open.feishu.cn, "接收事件" (3 s, then after 15 s, 5 min, 1 h and 6 h), "配置 Encrypt Key".
"""

import asyncio
import base64
import hashlib
import json
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import aiohttp
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from bot.platforms.protocol import Now

ANSWER_SECONDS = 3.0
RETRY_SECONDS = (15.0, 300.0, 3600.0, 21600.0)
CHECK_SECONDS = 1.0

NO_CONNECTION = 0
NO_ANSWER_IN_TIME = -1


@dataclass(slots=True)
class Push:
    """One event and what became of it."""

    event_type: str
    event_id: str
    statuses: list[int] = field(default_factory=list)
    """HTTP status (or code of the answer) of each attempt; 0 no connection, -1 none in time."""


Deliver = Callable[..., Awaitable[tuple[int, bytes]]]
"""Takes a payload and the `seconds` to wait; status and body of the answer."""
Way = Callable[[], Awaitable[tuple[int, bytes]]]


class Pusher:
    """Pushes to one callback address, or over `deliver` if that is set, and keeps a record."""

    def __init__(
        self,
        now: Now,
        *,
        url: str,
        encrypt_key: str,
        retry_seconds: Sequence[float],
        answer_seconds: float,
    ) -> None:
        self.url = url
        self.deliver: Deliver | None = None
        self.pushes: list[Push] = []
        self._now = now
        self._encrypt_key = encrypt_key
        self.retry_seconds = retry_seconds
        self._answer_seconds = answer_seconds
        self._session: aiohttp.ClientSession | None = None
        self._retries: set[asyncio.Task[None]] = set()

    async def event(self, payload: dict[str, Any]) -> None:
        """The first attempt is made at once; further ones, if need be, in the background."""
        push, way = self._record(payload), self._way(payload)
        if await _attempt(push, way) != 200 and self.retry_seconds:
            task = asyncio.create_task(self._retry(push, way))
            self._retries.add(task)
            task.add_done_callback(self._retries.discard)

    async def callback(self, payload: dict[str, Any]) -> tuple[int, bytes]:
        """A synchronous callback: answered now or never."""
        status, answer = await self._way(payload)()
        self._record(payload).statuses.append(status)
        return status, answer

    async def check_url(self, token: str) -> bool:
        """The check of the request address: the challenge must come back within 1 s, unsigned."""
        challenge = secrets.token_urlsafe(24) + '"\\'
        payload = {"challenge": challenge, "token": token, "type": "url_verification"}
        status, answer = await self.post(self.seal(payload), seconds=CHECK_SECONDS, signed=False)
        try:
            return status == 200 and bool(json.loads(answer) == {"challenge": challenge})
        except ValueError:
            return False

    async def post(self, body: bytes, *, seconds: float, signed: bool = True) -> tuple[int, bytes]:
        """Status and body of the answer; the status tells as well when there was none."""
        if not self.url:
            raise RuntimeError("the playground's Feishu has no callback_url yet")
        if self._session is None:
            self._session = aiohttp.ClientSession(headers={"User-Agent": "Go-http-client/1.1"})
        timeout = aiohttp.ClientTimeout(total=seconds, connect=2)
        headers = self.headers(body) if signed else {"Content-Type": "application/json"}
        try:
            async with self._session.post(
                self.url, data=body, headers=headers, timeout=timeout, allow_redirects=False
            ) as answer:
                return answer.status, await answer.read()
        except TimeoutError:
            return NO_ANSWER_IN_TIME, b""
        except aiohttp.ClientError:
            return NO_CONNECTION, b""

    def seal(self, payload: dict[str, Any]) -> bytes:
        plain = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
        padding = 16 - len(plain) % 16
        iv = secrets.token_bytes(16)
        key = hashlib.sha256(self._encrypt_key.encode()).digest()
        encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
        blocks = encryptor.update(plain + bytes([padding]) * padding) + encryptor.finalize()
        return json.dumps({"encrypt": base64.b64encode(iv + blocks).decode()}).encode()

    async def settled(self) -> None:
        """Returns when no redelivery is pending."""
        while self._retries:
            await asyncio.wait(self._retries)

    async def stop(self) -> None:
        for task in self._retries:
            task.cancel()
        await self.settled()
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _retry(self, push: Push, way: Way) -> None:
        for seconds in self.retry_seconds:
            await asyncio.sleep(seconds)
            if await _attempt(push, way) == 200:
                return

    def _way(self, payload: dict[str, Any]) -> Way:
        """One attempt; each of them sends the same."""
        if self.deliver is not None:
            return partial(self.deliver, payload, seconds=self._answer_seconds)
        return partial(self.post, self.seal(payload), seconds=self._answer_seconds)

    def _record(self, payload: dict[str, Any]) -> Push:
        if "header" in payload:
            push = Push(payload["header"]["event_type"], payload["header"]["event_id"])
        else:  # the old envelope
            push = Push(payload["event"]["type"], payload["uuid"])
        self.pushes.append(push)
        return push

    def headers(self, body: bytes) -> dict[str, str]:
        timestamp = str(int(self._now().timestamp()))
        nonce = str(secrets.randbelow(10**9))
        signed = f"{timestamp}{nonce}{self._encrypt_key}".encode() + body
        return {
            "Content-Type": "application/json;charset=utf-8",
            "X-Request-Id": secrets.token_hex(16),
            "X-Lark-Request-Timestamp": timestamp,
            "X-Lark-Request-Nonce": nonce,
            "X-Lark-Signature": hashlib.sha256(signed).hexdigest(),
        }


async def _attempt(push: Push, way: Way) -> int:
    status, _ = await way()
    push.statuses.append(status)
    return status
