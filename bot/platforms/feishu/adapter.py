"""Feishu as a Platform: events and clicks in, over the long connection or HTTP; cards out."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog
from aiohttp import web

from bot.platforms.feishu.calendar import FeishuCalendar
from bot.platforms.feishu.client import FeishuClient
from bot.platforms.feishu.crypto import Refused, unseal
from bot.platforms.feishu.limits import LIMITS
from bot.platforms.feishu.parse import CLICK, event_type, names_a_bot, parse
from bot.platforms.feishu.post import Post
from bot.platforms.feishu.stream import Line, Timings
from bot.platforms.feishu.tasks import FeishuTasks
from bot.platforms.keeper import Hold, Keeper, alone
from bot.platforms.pace import Pace
from bot.platforms.protocol import (
    Accept,
    Now,
    PlatformError,
    Rejected,
    Sent,
    Spend,
    Unauthorized,
    uncounted,
)
from cards.model import Card
from cards.render.feishu import DEAD_BUTTON
from config.schema import FeishuSettings

log = structlog.get_logger()

PATH = "/callback/feishu"
BODY_LIMIT = 1024 * 1024
BODY_SECONDS = 3.0
OWN_ID_SECONDS = 1.0
"""Feishu waits 3 s for the whole answer."""
OWN_ID_AGAIN = timedelta(minutes=5)


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
        spend: Spend = uncounted,
    ) -> None:
        self._settings = settings
        self._now = now
        self._timings = timings or Timings()
        self._client = FeishuClient(settings, now, timeout_seconds=timeout_seconds, spend=spend)
        pace = pace or Pace(LIMITS)
        self._post = Post(self._client, pace, now, urgent=settings.urgent)
        self.tasks = FeishuTasks(self._client, pace, now)
        self.calendar = FeishuCalendar(self._client, now, pace)
        self._own_id = ""
        self._own_id_again: datetime | None = None
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

    def clock_moved(self) -> None:
        self._keeper.clock_moved()

    async def stop(self) -> None:
        """What was heard is still answered before the connection closes."""
        await self._keeper.stop()
        await self._client.close()

    async def _learn_own_id(self) -> None:
        """Which mention is ours, among those of other bots: asked for with the first that is heard.
        Until it is known any bot's will do."""
        if self._own_id_again is not None and self._now() < self._own_id_again:
            return
        self._own_id_again = self._now() + OWN_ID_AGAIN
        try:
            async with asyncio.timeout(OWN_ID_SECONDS):
                self._own_id = await self._client.own_id()
        except (PlatformError, TimeoutError) as problem:
            log.warning("feishu.own_id_unknown", reason=f"{type(problem).__name__}: {problem}")

    async def send(self, to: str, card: Card, *, card_id: str) -> Sent:
        return await self._post.send(to, card, card_id=card_id)

    async def edit(self, to: str, sent: Sent, card: Card, *, card_id: str) -> Sent:
        return await self._post.edit(to, sent, card, card_id=card_id)

    async def welcome(self, code: str, text: str) -> None:
        raise Rejected("Feishu has no welcome messages", "unsupported")

    async def contact(self, external_id: str) -> dict[str, Any]:
        """Whom a name card shows, as far as the app may see him."""
        try:
            found = await self._client.person(external_id)
        except Unauthorized as refusal:  # a permission one may do without: nobody waits for it
            raise Rejected(str(refusal), "unauthorized") from None
        told = {"name": found.get("name"), "position": found.get("job_title")}
        return {name: value for name, value in told.items() if value}

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
        if not self._own_id and names_a_bot(payload):
            await self._learn_own_id()
        event = parse(payload, self._own_id)
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
