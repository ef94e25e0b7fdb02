"""Files that members send to a robot: sealed, each behind an address of its own for 5 minutes."""

import base64
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from aiohttp import web
from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from bot.platforms.protocol import Now

PATH = "/playground/wecom/robot/file"
LIFE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class File:
    sealed: bytes
    until: datetime


class Files:
    def __init__(self, now: Now) -> None:
        self.origin = ""
        self._now = now
        self._files: dict[str, File] = {}

    def keep(self, content: bytes, key: str = "") -> dict[str, str]:
        """`url`, and `aeskey` unless the robot's own `key` (43 characters) seals it."""
        own = key or base64.b64encode(secrets.token_bytes(32)).decode()
        name = secrets.token_urlsafe(16)
        self._files[name] = File(_sealed(content, own), self._now() + LIFE)
        told = {"url": f"{self.origin}{PATH}?sign={name}&q=1"}
        return told if key else {**told, "aeskey": own}

    async def give(self, request: web.Request) -> web.Response:
        file = self._files.get(request.query.get("sign", ""))
        if file is None or self._now() >= file.until:
            return web.Response(status=403)
        return web.Response(body=file.sealed, content_type="application/octet-stream")


def _sealed(content: bytes, key_text: str) -> bytes:
    key = base64.b64decode(key_text + "=" * (-len(key_text) % 4))
    padder = padding.PKCS7(256).padder()
    encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    return encryptor.update(padder.update(content) + padder.finalize()) + encryptor.finalize()
