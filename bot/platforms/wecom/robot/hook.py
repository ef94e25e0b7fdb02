"""How a smart robot in HTTP mode hears and speaks: sealed JSON in, one answer to each callback.

It cannot speak first: what it says goes to the `response_url` of something it was told within the
last hour, and a card changes only in the answer to the click itself (D101031, D101138).
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import structlog
from aiohttp import web

from bot.events import Event
from bot.platforms.protocol import Accept, EditRefused, Now, Rejected
from bot.platforms.wecom.crypto import CallbackCrypto, CallbackRefused, check_fresh
from bot.platforms.wecom.robot.http import Http
from bot.platforms.wecom.robot.parse import Told, read_event
from bot.platforms.wecom.robot.rights import QUICK_LIFE, Replies, Right, Rights
from bot.platforms.wecom.robot.way import Body, as_welcome, greeting
from config.schema import RobotSettings

PATH = "/callback/wecom/robot"
BODY_LIMIT = 128 * 1024
HOLD_SECONDS = 2.0
"""How long a click's callback waits for the card's new state, and a visitor's for a word; WeCom
waits for 5 s."""
IN_CALLBACK = "answered in the callback"
NOT_CONFIRMED = "no idempotency key"

log = structlog.get_logger()


class HttpWay:
    """Raises ValueError when the key cannot be right."""

    def __init__(
        self,
        settings: RobotSettings,
        now: Now,
        http: Http,
        *,
        greets: bool,
        hold_seconds: float = HOLD_SECONDS,
    ) -> None:
        token, key = settings.token.get_secret_value(), settings.aes_key.get_secret_value()
        self._crypto = CallbackCrypto(token, key, "")
        self._settings = settings
        self._now = now
        self._http = http
        self._greets = greets
        self._hold_seconds = hold_seconds
        self._clicks = Rights()
        self._visits = Rights()
        self._replies = Replies()
        self._heard_at: datetime | None = None
        self._refused = 0

    def routes(self, accept: Accept) -> Sequence[web.RouteDef]:
        async def receive(request: web.Request) -> web.Response:
            return await self._receive(request, accept)

        return [web.get(PATH, self._prove_address), web.post(PATH, receive)]

    async def start(self, accept: Accept) -> None:
        """Everything comes through `routes`."""

    async def stop(self) -> None: ...

    @property
    def is_here(self) -> bool:
        return True

    @property
    def health(self) -> list[str]:
        heard = f"{self._heard_at:%m-%d %H:%M:%S}" if self._heard_at else "never"
        return [f"callbacks over HTTP, last one {heard}", f"{self._refused} refused"]

    # In ----------------------------------------------------------------------------------

    async def _prove_address(self, request: web.Request) -> web.Response:
        try:
            plaintext = self._open(request, request.query.get("echostr", ""))
        except CallbackRefused as refusal:
            return self._refuse(refusal)
        return web.Response(body=plaintext, content_type="text/plain")

    async def _receive(self, request: web.Request, accept: Accept) -> web.Response:
        try:
            body = read_json(self._open(request, read_encrypt(await _body(request))))
        except CallbackRefused as refusal:
            return self._refuse(refusal)
        self._heard_at = self._now()
        said = await self._take(body, accept)
        return web.Response() if said is None else self._sealed(said, request)

    async def _take(self, body: Mapping[str, Any], accept: Accept) -> Body | None:
        """What the callback is answered with, if anything."""
        right = str(body.get("msgid") or "")
        told = Told(body, right, self._now(), self._settings.name)
        if told.is_enter_chat and self._greets:
            return greeting()
        event = read_event(told)
        if event is None:
            return None
        if told.is_click:
            return await self._hold(self._clicks, right, told, event, accept)
        if told.is_enter_chat:
            return await self._hold(self._visits, told.chat, told, event, accept)
        if await accept(event):
            self._may_reply(told)
        return None

    async def _hold(
        self, rights: Rights, name: str, told: Told, event: Event, accept: Accept
    ) -> Body | None:
        """Waits a moment for what the bot says to it: here is the place to say it."""
        answer: asyncio.Future[Body] = asyncio.get_running_loop().create_future()
        if not rights.add(name, Right(self._now() + QUICK_LIFE, answer=answer)):
            return None
        try:
            if await accept(event):
                self._may_reply(told)
                await asyncio.wait({answer}, timeout=self._hold_seconds)
        finally:
            rights.take(name, self._now())
        return answer.result() if answer.done() else None

    def _may_reply(self, told: Told) -> None:
        url = told.body.get("response_url")
        if isinstance(url, str) and url.startswith(("https://", "http://")):
            self._replies.add(told.chat, url, self._now())

    def _open(self, request: web.Request, encrypt: str) -> bytes:
        query = request.query
        timestamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
        plaintext = self._crypto.open(query.get("msg_signature", ""), timestamp, nonce, encrypt)
        check_fresh(timestamp, self._now())
        return plaintext

    def _refuse(self, refusal: CallbackRefused) -> web.Response:
        """Outsiders get the same answer whatever was wrong."""
        self._refused += 1
        log.warning("wecom.refused", reason=refusal.reason)
        return web.Response(status=403)

    def _sealed(self, said: Body, request: web.Request) -> web.Response:
        """With the nonce of the callback, and the time as a number (D101033)."""
        nonce, seconds = request.query.get("nonce", ""), int(self._now().timestamp())
        plain = json.dumps(said, ensure_ascii=False).encode()
        encrypt, signature = self._crypto.seal(plain, str(seconds), nonce)
        return web.json_response(
            {"encrypt": encrypt, "msgsignature": signature, "timestamp": seconds, "nonce": nonce}
        )

    # Out ---------------------------------------------------------------------------------

    async def say(self, chat: str, bodies: Sequence[Body], *, once: str) -> str:
        visit = self._visits.take(chat, self._now())
        if visit is not None and visit.answer is not None and len(bodies) == 1:
            visit.answer.set_result(as_welcome(bodies[0]))
            return IN_CALLBACK
        urls = self._replies.take(chat, len(bodies), self._now())
        if not urls:
            raise Rejected(
                "机器人的 HTTP 方式不能主动发消息，一小时内对方说一句它只能答一次。"
                "处理：改用长连接（WECOM__ROBOT__TRANSPORT=long）",
                code="no_reply",
            )
        for url, body in zip(urls, bodies, strict=True):
            await self._http.respond(url, body)
        return NOT_CONFIRMED

    async def update(self, right: str, body: Body) -> str:
        click = self._clicks.take(right, self._now())
        if click is None or click.answer is None or click.answer.done():
            raise EditRefused("a robot's card changes only in answer to a click", unused=True)
        click.answer.set_result(body)
        return IN_CALLBACK


def read_encrypt(body: bytes) -> str:
    """The ciphertext of a robot's callback, which nobody has vouched for yet (D101033)."""
    encrypt = read_json(body, refusal="malformed_body").get("encrypt")
    if not (isinstance(encrypt, str) and encrypt):
        raise CallbackRefused("malformed_body")
    return encrypt


def read_json(data: bytes, *, refusal: str = "bad_plaintext") -> dict[str, Any]:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        raise CallbackRefused(refusal) from None
    if not isinstance(found, dict):
        raise CallbackRefused(refusal)
    return found


async def _body(request: web.Request) -> bytes:
    """Stops reading at the limit: nothing of it is authenticated yet."""
    body = bytearray()
    async for chunk in request.content.iter_chunked(16 * 1024):
        body += chunk
        if len(body) > BODY_LIMIT:
            raise CallbackRefused("oversized")
    return bytes(body)
