"""Feishu as a Platform: events and clicks in, over the long connection or HTTP; cards out."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

import structlog
from aiohttp import web

from bot.platforms.feishu.client import FeishuClient
from bot.platforms.feishu.crypto import Refused, unseal
from bot.platforms.feishu.limits import LIMITS
from bot.platforms.feishu.parse import CLICK, event_type, parse
from bot.platforms.feishu.stream import Line, Timings
from bot.platforms.keeper import Hold, Keeper, alone
from bot.platforms.pace import Pace
from bot.platforms.protocol import Accept, EditRefused, Now, Rejected, Sent
from cards.model import Card
from cards.render.feishu import DEAD_BUTTON, render, render_text
from cards.render.feishu_split import split
from config.schema import FeishuSettings

log = structlog.get_logger()

PATH = "/callback/feishu"
BODY_LIMIT = 1024 * 1024
BODY_SECONDS = 3.0


class Feishu:
    """One self-built app. Its addresses are `feishu:ou_…` (people) and `feishu:oc_…` (groups)."""

    name = "feishu"

    def __init__(
        self,
        settings: FeishuSettings,
        now: Now,
        *,
        timeout_seconds: float = 10.0,
        pace: Pace | None = None,
        timings: Timings | None = None,
        hold: Hold = alone,
    ) -> None:
        self._settings = settings
        self._now = now
        self._timings = timings or Timings()
        self._client = FeishuClient(settings, now, timeout_seconds=timeout_seconds)
        self._pace = pace or Pace(LIMITS)
        self._keeper: Keeper[Line] = Keeper(self.name, now, self._timings, hold=hold)
        self._counts: Counter[str] = Counter()
        self._heard_at: datetime | None = None

    @property
    def _is_long(self) -> bool:
        return self._settings.transport == "long"

    def routes(self, accept: Accept) -> Sequence[web.RouteDef]:
        if self._is_long:
            return []

        async def receive(request: web.Request) -> web.Response:
            return await self._receive(request, accept)

        return [web.post(PATH, receive)]

    async def start(self, accept: Accept) -> None:
        """Returns when connected, or after a few seconds: the keeper goes on trying. Over HTTP
        events come through `routes`, and only the way out has to be opened."""
        await self._client.open()
        if self._is_long:
            await self._keeper.start(partial(self._connect, accept), accept)
        elif not self._settings.encrypt_key.get_secret_value():
            log.warning("feishu.no_encrypt_key", remedy="set one in 事件与回调 → 加密策略")

    async def _connect(self, accept: Accept) -> Line:
        receive = partial(self._take, accept=accept)
        return Line(await self._client.connect(), receive, self._now, self._timings)

    async def stop(self) -> None:
        """What was heard is still answered before the connection closes."""
        await self._keeper.stop()
        await self._client.close()

    async def send(self, to: str, card: Card, *, card_id: str) -> Sent:
        """The last message of a split card holds the buttons: it is the one that is clicked."""
        receive_id = _receive_id(to)
        parts = split(card)
        self._pace.take(self._now(), count=len(parts), api="create", chat=receive_id)
        for number, part in enumerate(parts):
            msg_type, content = _content(part, card_id, direct=_is_person(to))
            uuid = card_id if number == 0 else f"{card_id}-{number}"
            message_id = await self._client.send(receive_id, msg_type, content, uuid=uuid)
        return Sent(message_id, note=f"split into {len(parts)} messages" if parts[1:] else "")

    async def edit(self, to: str, sent: Sent, card: Card, *, card_id: str) -> Sent:
        """Of a card that was split, the last message becomes the new card; what stood before it
        stays as it was."""
        if len(split(card)) > 1:
            raise EditRefused("the card has grown too long for one message", "too_long")
        self._pace.take(self._now(), api="update", message=sent.message_id)
        await self._client.update(sent.message_id, render(card, card_id, direct=_is_person(to)))
        return sent

    async def welcome(self, code: str, text: str) -> None:
        raise Rejected("Feishu has no welcome messages", "unsupported")

    async def contact(self, external_id: str) -> dict[str, Any]:
        raise Rejected("Feishu knows no customers", "unsupported")

    async def fetch(self, media: str, *, limit: int = 20 * 1024 * 1024) -> tuple[bytes, str]:
        message_id, kind, key = media.split("/", 2)
        return await self._client.resource(message_id, key, kind, limit=limit)

    @property
    def health(self) -> str:
        counts = ", ".join(f"{count} {what}" for what, count in sorted(self._counts.items()))
        told = self._keeper.health if self._is_long else self._door
        return "; ".join([*told, counts or "none yet"])

    @property
    def _door(self) -> list[str]:
        heard = f"{self._heard_at:%Y-%m-%d %H:%M:%S %Z}" if self._heard_at else "never"
        return ["callbacks over HTTP", f"last one {heard}"]

    async def _receive(self, request: web.Request, accept: Accept) -> web.Response:
        try:
            payload = unseal(await _body(request), request.headers, self._settings, self._now())
        except Refused as refusal:
            self._counts["refused"] += 1
            log.warning("feishu.refused", stage=refusal.stage, reason=refusal.reason)
            return web.Response(status=403)
        self._heard_at = self._now()
        if payload.get("type") == "url_verification":
            return web.json_response({"challenge": str(payload.get("challenge", ""))})
        return web.json_response(await self._take(payload, accept))

    async def _take(self, payload: dict[str, Any], accept: Accept) -> dict[str, Any]:
        """What the client is answered. Never a card: the runtime edits it, on one path only."""
        event = parse(payload)
        if event is not None:
            self._counts["accepted"] += 1
            await accept(event)
            return {}
        self._counts["ignored"] += 1
        is_click = event_type(payload) == CLICK
        return {"toast": {"type": "warning", "content": DEAD_BUTTON}} if is_click else {}


async def _body(request: web.Request) -> bytes:
    read = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.content.iter_any():
                read += chunk
                if len(read) > BODY_LIMIT:
                    raise Refused("size", f"more than {BODY_LIMIT} bytes")
    except TimeoutError:
        raise Refused("size", f"the body took longer than {BODY_SECONDS} s") from None
    return bytes(read)


def _receive_id(address: str) -> str:
    platform, _, receive_id = address.partition(":")
    if platform != "feishu" or not receive_id:
        raise Rejected(f"not a Feishu address: {address!r}", "address")
    return receive_id


def _is_person(address: str) -> bool:
    return not address.removeprefix("feishu:").startswith("oc_")


def _content(card: Card, card_id: str, *, direct: bool) -> tuple[str, dict[str, Any]]:
    """Message type and content; a plain sentence needs no card."""
    if card.is_plain:
        return "text", {"text": render_text(card)}
    return "interactive", render(card, card_id, direct=direct)
