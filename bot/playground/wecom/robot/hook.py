"""The imitated HTTP mode of a robot: sealed JSON out, an answer in the response or to a
`response_url` (D101033, D101138)."""

import base64
import hashlib
import json
import secrets
from datetime import datetime, timedelta
from typing import Any

import aiohttp
from aiohttp import web
from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from bot.platforms.protocol import Now
from bot.playground.wecom.callback import Callbacks
from bot.playground.wecom.gate import ApiError, read_json
from bot.playground.wecom.robot.talk import Talk

PATH = "/playground/wecom/cgi-bin/aibot/response"
LIFE = timedelta(hours=1)


class Hook(Callbacks):
    """The robot's own address, token and key; nobody's id ends the plaintext."""

    def __init__(self, talk: Talk, now: Now, *, retry_seconds: float) -> None:
        super().__init__("", 0, now, url="", retry_seconds=retry_seconds)
        self.origin = ""
        self.answer: dict[str, Any] = {}
        """What the last callback was answered with, opened."""
        self.complaints: list[str] = []
        self._talk = talk
        self._codes: dict[str, tuple[str, datetime]] = {}

    def response_url(self, chat: str) -> str:
        code = secrets.token_urlsafe(24)
        self._codes[code] = (chat, self._now() + LIFE)
        return f"{self.origin}{PATH}?response_code={code}"

    async def take(self, request: web.Request) -> web.Response:
        try:
            _, body = await read_json(request)
            chat, until = self._codes.get(request.query.get("response_code", ""), ("", self._now()))
            if not chat or self._now() >= until:
                raise ApiError(40058, "invalid response_code")
            self._talk.say(chat, body, {"markdown", "template_card"})
            del self._codes[request.query["response_code"]]
        except ApiError as problem:
            return web.json_response({"errcode": problem.code, "errmsg": problem.text})
        return web.json_response({"errcode": 0, "errmsg": "ok"})

    def sealed(self, inner: str) -> tuple[dict[str, str], str]:
        encrypt = self._encrypt(inner)
        return self._query(encrypt), json.dumps({"encrypt": encrypt})

    async def _post(self, inner: str) -> bool:
        query, body = self.sealed(inner)
        self.answer = {}
        headers = {"Content-Type": "application/json"}
        try:
            async with self._client().post(
                self.url, params=query, data=body.encode(), headers=headers
            ) as answer:
                content = await answer.read()
                if answer.status == 200 and content:
                    self._open(content, query["nonce"])
                return answer.status == 200
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return False

    def _open(self, content: bytes, nonce: str) -> None:
        said = json.loads(content)
        parts = sorted([self.token, str(said["timestamp"]), said["nonce"], said["encrypt"]])
        if hashlib.sha1("".join(parts).encode()).hexdigest() != said["msgsignature"]:
            self.complaints.append("an answer with a wrong signature")
        elif said["nonce"] != nonce or not isinstance(said["timestamp"], int):
            self.complaints.append("an answer with another nonce, or with its time as text")
        else:
            self.answer = json.loads(self._decrypt(said["encrypt"]))

    def _decrypt(self, encrypt: str) -> bytes:
        key = base64.b64decode(self.aes_key + "=")
        decryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).decryptor()
        data = decryptor.update(base64.b64decode(encrypt)) + decryptor.finalize()
        unpadder = padding.PKCS7(256).unpadder()
        plain = unpadder.update(data) + unpadder.finalize()
        return plain[20 : 20 + int.from_bytes(plain[16:20], "big")]
