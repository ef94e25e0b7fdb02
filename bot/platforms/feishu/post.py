"""What the bot says in Feishu: into a chat or a thread, in parts if need be, ringing if it is red.

Facts: open.feishu.cn, "发送消息", "回复消息", "加急概述", "通用错误码".
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog

from bot.platforms.feishu.client import FeishuClient
from bot.platforms.feishu.parse import THREAD
from bot.platforms.pace import Pace
from bot.platforms.protocol import EditRefused, Now, PlatformError, Rejected, Sent, Unauthorized
from cards.model import Card
from cards.render.feishu import render, render_text
from cards.render.feishu_split import split
from cards.render.masked import masked

log = structlog.get_logger()

DLP = "230028"
NO_THREAD = frozenset(("230019", "230071", "230072", "230011", "230110", "99992354"))
"""The topic is gone, the group knows none, or the message it began with was recalled."""
URGENT_AGAIN = timedelta(days=1)
"""How long a missing permission is remembered before it is asked for again."""
REMEMBERED = 1000


@dataclass(frozen=True, slots=True)
class Place:
    """Where an address leads: `feishu:ou_…`, `feishu:oc_…`, `feishu:oc_…#om_…`."""

    id: str
    thread: str = ""

    @property
    def is_person(self) -> bool:
        return not self.id.startswith("oc_")


def place_of(address: str) -> Place:
    platform, _, where = address.partition(":")
    chat, _, thread = where.partition(THREAD)
    if platform != "feishu" or not chat:
        raise Rejected(f"not a Feishu address: {address!r}", "address")
    return Place(chat, thread)


class Post:
    """Sends and edits. Everything raises PlatformError and its kinds."""

    def __init__(self, client: FeishuClient, pace: Pace, now: Now, *, urgent: bool) -> None:
        self._client = client
        self._pace = pace
        self._now = now
        self._urgent = urgent
        self._urgent_again: datetime | None = None
        self._rung: deque[str] = deque(maxlen=REMEMBERED)

    async def send(self, to: str, card: Card, *, card_id: str) -> Sent:
        """The last message of a split card holds the buttons: it is the one that is clicked."""
        place, notes = place_of(to), []
        try:
            message_id, count = await self._parts(place, card, card_id)
        except Rejected as refusal:
            if refusal.code != DLP:
                raise
            message_id, count = await self._parts(place, masked(card), card_id)
            notes.append("numbers masked: refused by the company's DLP")
        if count > 1:
            notes.append(f"split into {count} messages")
        if self._rings(place, card, message_id):
            notes.append(await self._ring(place, message_id))
        return Sent(message_id, note="; ".join(notes))

    async def edit(self, to: str, sent: Sent, card: Card, *, card_id: str) -> Sent:
        """Of a card that was split, the last message becomes the new card; what stood before it
        stays as it was."""
        if len(split(card)) > 1:
            raise EditRefused("the card has grown too long for one message", "too_long")
        place = place_of(to)
        try:
            await self._update(place, sent.message_id, card, card_id)
        except Rejected as refusal:
            if refusal.code != DLP:
                raise
            await self._update(place, sent.message_id, masked(card), card_id)
        return sent

    async def _update(self, place: Place, message_id: str, card: Card, card_id: str) -> None:
        self._pace.take(self._now(), api="update", message=message_id)
        shown = render(card, card_id, direct=place.is_person, thread=place.thread)
        await self._client.update(message_id, shown)

    async def _parts(self, place: Place, card: Card, card_id: str) -> tuple[str, int]:
        """The last message's id, and how many there are."""
        parts = split(card)
        try:
            return await self._say(place, parts, card_id), len(parts)
        except Rejected as refusal:
            if not place.thread or refusal.code not in NO_THREAD:
                raise
            log.info("feishu.outside_thread", code=refusal.code)
            return await self._say(Place(place.id), parts, card_id), len(parts)

    async def _say(self, place: Place, parts: Sequence[Card], card_id: str) -> str:
        api = "reply" if place.thread else "create"
        self._pace.take(self._now(), count=len(parts), api=api, chat=place.id)
        message_id = ""
        for number, part in enumerate(parts):
            kind, content = _content(part, card_id, place)
            uuid = card_id if number == 0 else f"{card_id}-{number}"
            if place.thread:
                message_id = await self._client.reply(place.thread, kind, content, uuid=uuid)
            else:
                message_id = await self._client.send(place.id, kind, content, uuid=uuid)
        return message_id

    # Red ---------------------------------------------------------------------------------

    def _rings(self, place: Place, card: Card, message_id: str) -> bool:
        """Once for a message, and only for one person: a group is never rung for."""
        is_red = card.tone == "bad" and not card.closed and not card.is_plain
        allowed = self._urgent_again is None or self._now() >= self._urgent_again
        wanted = self._urgent and is_red and place.is_person and allowed
        return wanted and message_id not in self._rung

    async def _ring(self, place: Place, message_id: str) -> str:
        """The card has arrived in any case: what goes wrong here is told and no more."""
        self._rung.append(message_id)
        try:
            self._pace.take(self._now(), api="urgent")
            await self._client.urge(message_id, place.id)
        except Unauthorized as refusal:
            self._urgent_again = self._now() + URGENT_AGAIN
            log.warning(
                "feishu.urgent_not_permitted",
                reason=str(refusal),
                remedy="开通权限 im:message.urgent 并发布版本；不要加急就设 FEISHU__URGENT=false",
            )
            return "not urgent: not permitted"
        except PlatformError as problem:
            log.warning("feishu.urgent_refused", reason=str(problem))
            return f"not urgent: {type(problem).__name__}"
        return "urgent"


def _content(card: Card, card_id: str, place: Place) -> tuple[str, dict[str, Any]]:
    """Message type and content; a plain sentence needs no card."""
    if card.is_plain:
        return "text", {"text": render_text(card)}
    return "interactive", render(card, card_id, direct=place.is_person, thread=place.thread)
