"""Send callbacks the way WeCom's server does: sealed, over a socket, and again if need be."""

import asyncio
import base64
import hashlib
import secrets
from collections.abc import Awaitable, Callable

import aiohttp
import structlog
from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from bot.platforms.protocol import Now

PATIENCE_SECONDS = 5.0
RETRIES = 3

Tree = dict[str, "str | int | Tree | list[Tree] | list[str]"]

log = structlog.get_logger()


class Callbacks:
    """One app's receiving address (D90238). `sent` keeps every inner document, oldest first."""

    def __init__(
        self, corp_id: str, agent_id: int, now: Now, *, url: str, retry_seconds: float
    ) -> None:
        self.token = secrets.token_hex(12)
        self.aes_key = secrets.token_hex(22)[:43]
        self.url = url
        self.retry_seconds = retry_seconds
        self.pause: Callable[[], Awaitable[None]] = self._pause
        """Between two tries."""
        self.sent: list[str] = []
        self._corp_id = corp_id
        self._agent_id = agent_id
        self._now = now
        self._session: aiohttp.ClientSession | None = None

    async def deliver(self, inner: str) -> bool:
        """Post one document, at most 4 times; only status 200 counts. False if nobody took it.

        Each try has its own time and nonce: whether the real retries do is not documented.
        """
        self.sent.append(inner)
        for attempt in range(RETRIES + 1):
            if attempt:
                await self.pause()
            if await self._post(inner):
                return True
        log.warning("playground.wecom.undelivered", tries=RETRIES + 1)
        return False

    async def check_url(self) -> bool:
        """What the console does when the address is saved: the bare plaintext must come back."""
        question = str(secrets.randbelow(10**19))
        echo = self._encrypt(question)
        try:
            async with self._client().get(self.url, params=self._query(echo, echostr=echo)) as got:
                return got.status == 200 and await got.text() == question
        except (aiohttp.ClientError, TimeoutError):
            return False

    async def stop(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    def sealed(self, inner: str) -> tuple[dict[str, str], str]:
        """Query and body of one try."""
        encrypt = self._encrypt(inner)
        outer: Tree = {"ToUserName": self._corp_id, "AgentID": self._agent_id, "Encrypt": encrypt}
        return self._query(encrypt), to_xml(outer)

    async def _pause(self) -> None:
        await asyncio.sleep(self.retry_seconds)

    async def _post(self, inner: str) -> bool:
        query, body = self.sealed(inner)
        headers = {"Content-Type": "text/xml"}
        try:
            async with self._client().post(
                self.url, params=query, data=body.encode(), headers=headers
            ) as answer:
                return answer.status == 200
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return False

    def _query(self, encrypt: str, **more: str) -> dict[str, str]:
        timestamp, nonce = str(int(self._now().timestamp())), str(secrets.randbelow(10**10))
        parts = sorted([self.token, timestamp, nonce, encrypt])
        signature = hashlib.sha1("".join(parts).encode()).hexdigest()
        return {"msg_signature": signature, "timestamp": timestamp, "nonce": nonce, **more}

    def _encrypt(self, text: str) -> str:
        message, key = text.encode(), base64.b64decode(self.aes_key + "=")
        size = len(message).to_bytes(4, "big")
        padder = padding.PKCS7(256).padder()
        plain = padder.update(secrets.token_bytes(16) + size + message + self._corp_id.encode())
        encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
        data = encryptor.update(plain + padder.finalize()) + encryptor.finalize()
        return base64.b64encode(data).decode()

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=PATIENCE_SECONDS)
            self._session = aiohttp.ClientSession(timeout=timeout)
        return self._session


def to_xml(tree: Tree) -> str:
    """A document as WeCom writes it: numbers bare, texts in CDATA, lists as repeated elements."""
    return f"<xml>{_children(tree)}</xml>"


def _children(tree: Tree) -> str:
    parts: list[str] = []
    for tag, value in tree.items():
        values = value if isinstance(value, list) else [value]
        parts += [f"<{tag}>{_content(one)}</{tag}>" for one in values]
    return "".join(parts)


def _content(value: "str | int | Tree") -> str:
    if isinstance(value, dict):
        return _children(value)
    if isinstance(value, int):
        return str(value)
    return f"<![CDATA[{value.replace(']]>', ']]]]><![CDATA[>')}]]>"
