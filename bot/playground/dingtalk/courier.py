"""DingTalk's side of HTTP: robot messages and clicks signed, events sealed, posted to the bot.

Facts: open.dingtalk.com, "接收消息" (a message is not repeated), "配置事件推送方式",
"资源合理使用建议" (2.5 s for an event), "获取推送失败的事件列表" (then after 10 s and 30 s, then
only for the asking), "事件回调" (2 s for a click). Signatures and seals are made here, not by the
bot's own code.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import secrets
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp import web
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from bot.platforms.protocol import Now
from bot.playground.dingtalk.door import App
from bot.playground.dingtalk.gateway import Pace
from bot.playground.dingtalk.limits import Refusal

EVENT_SECONDS = 2.5
REMEMBERED = 1000
SUCCESS = "success"
NO_ANSWER = 0


@dataclass(frozen=True, slots=True)
class Route:
    """Where the clicks of cards with this key go (注册卡片回调地址)."""

    url: str
    secret: str


@dataclass(frozen=True, slots=True)
class Posted:
    """One request and its answer; status 0 without one in time."""

    url: str
    status: int
    body: bytes = b""

    def json(self) -> Any:
        try:
            return json.loads(self.body)
        except ValueError:
            return None


class Courier:
    def __init__(self, app: App, now: Now, pace: Pace) -> None:
        self.callback_key = secrets.token_hex(16)
        """What the operator chose as the part of the paths that nobody guesses."""
        self.event_token = secrets.token_hex(12)
        self.event_aes_key = secrets.token_hex(22)[:43]
        self.url = ""
        """What the operator wrote in the console, up to the name of the door."""
        self.pace = pace
        self.routes: dict[str, Route] = {}
        self.posted: deque[Posted] = deque(maxlen=REMEMBERED)
        self.failed_events: deque[dict[str, Any]] = deque(maxlen=REMEMBERED)
        """Given up after the last repeat."""
        self._app = app
        self._now = now
        self._session: aiohttp.ClientSession | None = None

    async def stop(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def message(self, body: Mapping[str, Any]) -> Posted:
        """Once; what the bot answers may itself be a message to the chat."""
        timestamp, secret = self._milliseconds(), self._app.client_secret
        headers = {"timestamp": timestamp, "sign": signed(secret, f"{timestamp}\n{secret}")}
        url = f"{self.url}/robot"
        return await self.post(url, body, headers=headers, seconds=self.pace.message_seconds)

    async def click(self, route_key: str, body: Mapping[str, Any]) -> Posted:
        """Now or never."""
        route = self.routes.get(route_key)
        if route is None:
            return Posted("", NO_ANSWER)
        timestamp = self._milliseconds()
        headers = {
            "x-ddpaas-signature-timestamp": timestamp,
            "x-ddpaas-signature": signed(route.secret, timestamp),
        }
        return await self.post(route.url, body, headers=headers, seconds=self.pace.click_seconds)

    async def event(self, event_type: str, body: Mapping[str, Any]) -> int:
        """Repeated until the word success comes back; how often it was posted."""
        event = {
            "EventType": event_type,
            "EventTime": int(self._milliseconds()),
            "CorpId": self._app.corp_id,
            "BizId": secrets.token_hex(8),
            "eventId": secrets.token_hex(16),
            **body,
        }
        posted = 0
        for pause in (0.0, *self.pace.repeat_seconds):
            await asyncio.sleep(pause)
            posted += 1
            if await self._tell(event):
                return posted
        self.failed_events.append(event)
        return posted

    async def check_url(self) -> bool:
        """What saving the address of the event subscription does."""
        return await self._tell({"EventType": "check_url"})

    async def _tell(self, event: Mapping[str, Any]) -> bool:
        encrypt = self.seal(json.dumps(event, ensure_ascii=False))
        timestamp, nonce = self._milliseconds(), secrets.token_hex(4)
        signature = self.event_signature(timestamp, nonce, encrypt)
        query = {
            "signature": signature,
            "msg_signature": signature,
            "timestamp": timestamp,
            "nonce": nonce,
        }
        seconds = min(self.pace.event_seconds, EVENT_SECONDS)
        url, body = f"{self.url}/events", {"encrypt": encrypt}
        answer = await self.post(url, body, query=query, seconds=seconds)
        return answer.status == 200 and self._is_success(answer.json())

    def _is_success(self, answer: Any) -> bool:
        """Exactly four keys, signed, with the word inside."""
        if not isinstance(answer, dict) or set(answer) != {
            *("msg_signature", "encrypt", "timeStamp", "nonce")
        }:
            return False
        encrypt = str(answer["encrypt"])
        signature = self.event_signature(str(answer["timeStamp"]), str(answer["nonce"]), encrypt)
        return signature == answer["msg_signature"] and self._opened(encrypt) == SUCCESS

    async def post(
        self,
        url: str,
        body: Mapping[str, Any] | bytes,
        *,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        seconds: float,
    ) -> Posted:
        """Anything at all, to anywhere the bot listens."""
        if self._session is None:
            self._session = aiohttp.ClientSession()
        data = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        told = {"Content-Type": "application/json; charset=utf-8", **(headers or {})}
        timeout = aiohttp.ClientTimeout(total=seconds)
        try:
            async with self._session.post(
                url, data=data, headers=told, params=query, timeout=timeout, allow_redirects=False
            ) as answer:
                posted = Posted(url, answer.status, await answer.read())
        except (aiohttp.ClientError, TimeoutError):
            posted = Posted(url, NO_ANSWER)
        self.posted.append(posted)
        return posted

    async def register(self, _: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        """Of a key that is taken only `forceUpdate` changes the address."""
        key, url, secret = (
            str(body.get(n, "")) for n in ("callbackRouteKey", "callbackUrl", "apiSecret")
        )
        if not key or not url.startswith(("https://", "http://127.0.0.1", "http://localhost")):
            raise Refusal("invalidParameter.callbackUrl", "回调地址应为 https")
        if key in self.routes and body.get("forceUpdate") is not True:
            raise Refusal("param.callbackRouteKeyExist", "callbackRouteKey 已存在")
        self.routes[key] = Route(url, secret or secrets.token_hex(16))
        result = {"callbackUrl": url, "apiSecret": self.routes[key].secret}
        return web.json_response({"success": True, "result": result})

    # Sealing -----------------------------------------------------------------------------

    def event_signature(self, timestamp: str, nonce: str, encrypt: str) -> str:
        parts = sorted([self.event_token, timestamp, nonce, encrypt])
        return hashlib.sha1("".join(parts).encode()).hexdigest()

    def seal(self, text: str) -> str:
        message = text.encode()
        head = secrets.token_bytes(16) + len(message).to_bytes(4, "big")
        plain = head + message + self._app.client_id.encode()
        padding = 32 - len(plain) % 32
        encryptor = self._cipher().encryptor()
        blocks = encryptor.update(plain + bytes([padding]) * padding) + encryptor.finalize()
        return base64.b64encode(blocks).decode()

    def _opened(self, encrypt: str) -> str:
        """Empty when it cannot be opened or is not for this app."""
        try:
            decryptor = self._cipher().decryptor()
            plain = decryptor.update(base64.b64decode(encrypt)) + decryptor.finalize()
            end = 20 + int.from_bytes(plain[16:20], "big")
            owner = plain[end : len(plain) - plain[-1]]
            return plain[20:end].decode() if owner == self._app.client_id.encode() else ""
        except (ValueError, IndexError):
            return ""

    def _cipher(self) -> Cipher[modes.CBC]:
        key = base64.b64decode(self.event_aes_key + "=")
        return Cipher(algorithms.AES(key), modes.CBC(key[:16]))

    def _milliseconds(self) -> str:
        return str(int(self._now().timestamp() * 1000))


def signed(secret: str, message: str) -> str:
    digest = hmac.new(secret.encode(), message.encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()
