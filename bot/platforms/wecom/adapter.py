"""WeCom's self-built app, both ways: callbacks become events, cards become messages."""

from binascii import crc32
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import structlog
from aiohttp import web

from bot.events import Event
from bot.platforms.pace import Pace
from bot.platforms.protocol import Accept, EditRefused, Now, Rejected, Sent, Unreachable
from bot.platforms.wecom import parse
from bot.platforms.wecom.calendar import WeComCalendar
from bot.platforms.wecom.client import TIMEOUT_SECONDS, Client
from bot.platforms.wecom.contact import read_contact
from bot.platforms.wecom.crypto import CallbackCrypto, CallbackRefused, check_fresh
from bot.platforms.wecom.desk import Desk
from bot.platforms.wecom.errors import UNREACHED
from bot.platforms.wecom.limits import LIMITS
from cards.model import Card
from cards.render.wecom import Rendered, render
from config.schema import WeComSettings

CALLBACK_PATH = "/callback/wecom"
WELCOME_BYTES = 3000
"""D92366; the page of the call itself gives no limit, a client library says 4000."""

log = structlog.get_logger()


class WeCom:
    """Raises ValueError when the settings cannot be right."""

    name = "wecom"

    def __init__(
        self,
        settings: WeComSettings,
        now: Now,
        *,
        timeout_seconds: float = TIMEOUT_SECONDS,
        pace: Pace | None = None,
    ) -> None:
        self._settings = settings
        self._now = now
        self._crypto = CallbackCrypto(
            settings.token.get_secret_value(),
            settings.aes_key.get_secret_value(),
            settings.corp_id,
        )
        self._client = Client(settings, now, timeout_seconds=timeout_seconds)
        self._pace = pace or Pace(LIMITS)
        self.desk = Desk(self._client, now, self._pace)
        self.calendar = WeComCalendar(self._client, settings.agent_id, now, self._pace)
        self._unclear_edits: set[str] = set()
        self._heard_at: datetime | None = None
        self._refused = 0

    # What reaches us ------------------------------------------------------------------------

    def routes(self, accept: Accept) -> Sequence[web.RouteDef]:
        async def receive(request: web.Request) -> web.Response:
            return await self._receive(request, accept)

        return [web.get(CALLBACK_PATH, self._prove_address), web.post(CALLBACK_PATH, receive)]

    async def _prove_address(self, request: web.Request) -> web.Response:
        """WeCom asks once more whenever the receiving URL is saved (D90238)."""
        try:
            plaintext = self._open(request, request.query.get("echostr", ""))
        except CallbackRefused as refusal:
            return self._refuse(refusal)
        return web.Response(body=plaintext, content_type="text/plain")

    async def _receive(self, request: web.Request, accept: Accept) -> web.Response:
        try:
            event = await self._read(request)
        except CallbackRefused as refusal:
            return self._refuse(refusal)
        self._heard_at = self._now()
        if event is not None:
            await accept(event)
        return web.Response()

    async def _read(self, request: web.Request) -> Event | None:
        encrypt = parse.read_encrypt(await _body(request))
        return parse.read_event(self._open(request, encrypt))

    def _open(self, request: web.Request, encrypt: str) -> bytes:
        query = request.query
        timestamp = query.get("timestamp", "")
        plaintext = self._crypto.open(
            query.get("msg_signature", ""), timestamp, query.get("nonce", ""), encrypt
        )
        check_fresh(timestamp, self._now())
        return plaintext

    def _refuse(self, refusal: CallbackRefused) -> web.Response:
        """Outsiders get the same answer whatever was wrong."""
        self._refused += 1
        log.warning("wecom.refused", reason=refusal.reason)
        return web.Response(status=403)

    # What we say ----------------------------------------------------------------------------

    async def start(self, accept: Accept) -> None:
        await self._client.start()

    async def stop(self) -> None:
        await self._client.stop()

    async def send(self, to: str, card: Card, *, card_id: str) -> Sent:
        user = _user(to)
        rendered = _rendered(card, card_id)
        sent = await self._send_messages(user, rendered, card_id)
        if rendered.card is None:
            return sent
        message = {"msgtype": "template_card", "template_card": rendered.card}
        answer = await self._send(user, message, once=card_id)
        code = str(answer.get("response_code", ""))
        note = "" if code else "the receipt came without a right to edit"
        return Sent(str(answer.get("msgid", "")), edit_code=code, note=note)

    async def edit(self, to: str, sent: Sent, card: Card, *, card_id: str) -> Sent:
        """A right to edit is good for 72 h and once; each click brings a new one (D94888)."""
        user, code = _user(to), sent.edit_code
        if not code:
            raise EditRefused("update_template_card: no unused response_code is known")
        rendered = _rendered(card, card_id, editing=True)
        await self._send_messages(user, rendered, card_id)
        note = await self._update(user, code, rendered.card)
        return Sent(sent.message_id, note=note)

    async def welcome(self, code: str, text: str) -> None:
        if len(text.encode()) > WELCOME_BYTES:
            raise Rejected(f"a welcome has at most {WELCOME_BYTES} bytes", code="too long")
        body = {"welcome_code": code, "text": {"content": text}}
        await self._client.post("externalcontact/send_welcome_msg", body)

    async def contact(self, external_id: str) -> dict[str, Any]:
        params = {"external_userid": external_id}
        return read_contact(await self._client.get("externalcontact/get", params))

    async def fetch(self, media: str, *, limit: int = 20 * 1024 * 1024) -> tuple[bytes, str]:
        return await self._client.download("media/get", {"media_id": media}, limit=limit)

    @property
    def health(self) -> str:
        heard = f"{self._heard_at:%Y-%m-%d %H:%M:%S}Z" if self._heard_at else "never"
        token = f"; no token: {self._client.refusal}" if self._client.refusal else ""
        return f"last callback {heard}; {self._refused} callbacks refused{token}"

    async def _send_messages(self, user: str, rendered: Rendered, card_id: str) -> Sent:
        sent = Sent("")
        for number, message in enumerate(rendered.messages):
            answer = await self._send(user, message, once=f"{card_id}/{number}")
            sent = Sent(str(answer.get("msgid", "")))
        return sent

    async def _send(self, user: str, message: dict[str, Any], *, once: str) -> dict[str, Any]:
        """WeCom drops a request whose JSON it has seen within the interval (D90236).

        So a repeated `once` must make the same bytes, and two plain sentences that happen to be
        equal must not: the interval (3 to 4 h, the most it allows) tells them apart.
        """
        self._pace.take(self._now(), api="message/send", person=user.lower())
        body = {
            "touser": user,
            "agentid": self._settings.agent_id,
            **message,
            "enable_duplicate_check": 1,
            "duplicate_check_interval": 10800 + crc32(once.encode()) % 3601,
        }
        answer = await self._client.post("message/send", body)
        _check_receiver(user, answer)
        return answer

    async def _update(self, user: str, code: str, card: dict[str, Any] | None) -> str:
        self._pace.take(self._now(), api="message/update_template_card")
        body = {
            "userids": [user],
            "agentid": self._settings.agent_id,
            "response_code": code,
            "template_card": card,
        }
        try:
            answer = await self._client.post("message/update_template_card", body)
        except Unreachable:
            self._unclear_edits.add(code)
            raise
        except Rejected as refusal:
            if code in self._unclear_edits:
                self._unclear_edits.discard(code)
                return "an earlier try without an answer has used the right to edit"
            raise EditRefused(str(refusal), refusal.code) from refusal
        if answer.get("invaliduser"):
            raise EditRefused("update_template_card: not a receiver", "invaliduser")
        self._unclear_edits.discard(code)
        return ""


async def _body(request: web.Request) -> bytes:
    """Stops reading at the limit: nothing of it is authenticated yet."""
    body = bytearray()
    async for chunk in request.content.iter_chunked(16 * 1024):
        body += chunk
        if len(body) > parse.BODY_LIMIT:
            raise CallbackRefused("oversized")
    return bytes(body)


def _user(address: str) -> str:
    platform, _, user = address.partition(":")
    if platform != "wecom" or not user or "|" in user or user == "@all":
        raise Rejected(f"{address!r} is not the address of a WeCom member", code="address")
    return user


def _rendered(card: Card, card_id: str, *, editing: bool = False) -> Rendered:
    try:
        return render(card, card_id, editing=editing)
    except ValueError as problem:
        raise Rejected(f"the card cannot be shown on WeCom: {problem}", code="card") from problem


def _check_receiver(user: str, answer: dict[str, Any]) -> None:
    """Success may hide a dropped receiver; ids come back in lower case (D90236)."""
    for reason, remedy in UNREACHED.items():
        if user.lower() in str(answer.get(reason, "")).lower().split("|"):
            text = f"message/send: {user} is in {reason}。处理：{remedy}"
            raise Rejected(text, code=reason)
