"""DingTalk over HTTP: robot messages, events and clicks verified, and made the frames of Stream.

The signatures of messages and clicks cover the time and not the body (接收消息, 事件回调): a pair
of headers that somebody caught fits any body for an hour. So the path holds a key of our own, and
what comes twice does nothing.
"""

import asyncio
import hashlib
import hmac
import json
import secrets
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

import structlog
from aiohttp import web

from bot.platforms.dingtalk.crypto import EventCrypto, Refused, check_card_sign, check_robot_sign
from bot.platforms.dingtalk.frames import CLICKS, MESSAGES, Frame, Receive
from bot.platforms.protocol import Now
from config.schema import DingTalkSettings

ROBOT, CARDS, EVENTS = "robot", "cards", "events"
BODY_BYTES = 256 * 1024
BODY_SECONDS = 1.0
"""Of the 2 s that a click's answer may take, the shortest of the three (事件回调)."""
EMPTY = {"msgtype": "empty"}
"""The robot says nothing in the answer itself; what it has to say goes through the API."""

Read = Callable[[web.Request, bytes], Frame]
Answer = Callable[[], dict[str, Any]]

log = structlog.get_logger()


def callback_path(settings: DingTalkSettings, door: str) -> str:
    return f"/callback/dingtalk/{settings.callback_key.get_secret_value()}/{door}"


def card_secret(settings: DingTalkSettings) -> str:
    """What clicks are signed with: the same after every restart, so that old cards stay alive."""
    key = settings.client_secret.get_secret_value().encode()
    return hmac.new(key, b"yinuo: card callback", hashlib.sha256).hexdigest()


def event_crypto(settings: DingTalkSettings) -> EventCrypto:
    """Subscriptions made in the console are sealed for the Client ID (配置事件推送方式)."""
    token, key = settings.event_token, settings.event_aes_key
    return EventCrypto(token.get_secret_value(), key.get_secret_value(), settings.client_id)


class Callbacks:
    """Three doors. Outsiders get the same answer whatever was wrong."""

    def __init__(self, settings: DingTalkSettings, now: Now) -> None:
        self._settings = settings
        self._now = now
        self._crypto = event_crypto(settings)
        self._heard_at: datetime | None = None
        self._refused: Counter[str] = Counter()

    @property
    def health(self) -> list[str]:
        """For operators."""
        heard = f"{self._heard_at:%m-%d %H:%M:%S}" if self._heard_at else "never"
        told = [f"callbacks over HTTP; last one {heard}"]
        if self._refused:
            reasons = ", ".join(f"{count} {why}" for why, count in sorted(self._refused.items()))
            told.append(f"refused: {reasons}")
        return told

    def routes(self, receive: Receive) -> list[web.RouteDef]:
        doors: dict[str, tuple[Read, Answer]] = {
            ROBOT: (self._read_message, lambda: EMPTY),
            CARDS: (self._read_click, dict),
        }
        if self._settings.hears_events:
            doors[EVENTS] = (self._read_event, self._success)
        return [
            web.post(callback_path(self._settings, door), partial(self._serve, receive, *both))
            for door, both in doors.items()
        ]

    async def _serve(
        self, receive: Receive, read: Read, answer: Answer, request: web.Request
    ) -> web.Response:
        """Answers when it is safely stored; what could not be is a 500, and comes again if it is
        an event."""
        try:
            frame = read(request, await _body(request))
        except Refused as refusal:
            self._refused[refusal.reason] += 1
            log.warning("dingtalk.refused", reason=refusal.reason)
            return web.Response(status=403)
        self._heard_at = self._now()
        try:
            await receive(frame)
        except (ValueError, RecursionError) as problem:
            log.warning("dingtalk.callback_ignored", reason=str(problem)[:200], topic=frame.topic)
            return web.Response(status=400)
        return web.json_response(answer())

    def _read_message(self, request: web.Request, body: bytes) -> Frame:
        secret = self._settings.client_secret.get_secret_value()
        check_robot_sign(request.headers, app_secret=secret, now=self._now())
        return _frame(MESSAGES, request.headers["timestamp"], body)

    def _read_click(self, request: web.Request, body: bytes) -> Frame:
        secret = card_secret(self._settings)
        check_card_sign(request.headers, api_secret=secret, now=self._now())
        return _frame(CLICKS, request.headers["x-ddpaas-signature-timestamp"], body)

    def _read_event(self, request: web.Request, body: bytes) -> Frame:
        text = self._crypto.decrypt(request.query, _encrypted(body), now=self._now())
        return Frame("EVENT", "*", "", text)

    def _success(self) -> dict[str, Any]:
        return self._crypto.reply(
            "success",
            timestamp_ms=int(self._now().timestamp() * 1000),
            nonce=secrets.token_hex(8),
            random16=secrets.token_bytes(16),
        )


def _frame(topic: str, timestamp: str, body: bytes) -> Frame:
    """No id comes with a request; moment and content make one, so that a copy has the same."""
    digest = hashlib.sha256(timestamp.encode() + body).hexdigest()
    text = body.decode(errors="replace")
    return Frame("CALLBACK", topic, f"http-{digest[:24]}", text, timestamp)


def _encrypted(body: bytes) -> str:
    """Raises Refused: nobody has vouched for it yet."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        found = None
    text = found.get("encrypt") if isinstance(found, dict) else None
    if not isinstance(text, str):
        raise Refused("ciphertext")
    return text


async def _body(request: web.Request) -> bytes:
    """Stops reading at the limit: nothing of it is authenticated yet. Raises Refused."""
    read = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.content.iter_any():
                read += chunk
                if len(read) > BODY_BYTES:
                    raise Refused("size")
    except TimeoutError:
        raise Refused("size") from None
    return bytes(read)
