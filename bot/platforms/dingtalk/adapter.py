"""DingTalk, both ways: Stream mode in, robot messages and interactive cards out.

Cards cannot ask for text or days: the renderer offers options as buttons and says what to type.
Robot messages cannot be edited, mention nobody and have no idempotency key.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog
from aiohttp import web

from bot.platforms.dingtalk.client import DingTalkClient
from bot.platforms.dingtalk.errors import ScopeMissing
from bot.platforms.dingtalk.frames import CLICKS, MESSAGES, Frame, UnknownTopic
from bot.platforms.dingtalk.limits import LIMITS
from bot.platforms.dingtalk.parse import is_group, parse_click, parse_message, quota_used_up
from bot.platforms.dingtalk.stream import Line, Timings
from bot.platforms.keeper import Hold, Keeper, alone
from bot.platforms.pace import Pace
from bot.platforms.protocol import Accept, EditRefused, Now, Rejected, Sent, Spend, uncounted
from cards.model import Card
from cards.render.dingtalk import (
    PUBLIC_TEMPLATE,
    Message,
    Rendered,
    headline,
    render,
    render_messages,
    render_rest,
)
from config.schema import DingTalkSettings

CARDS_AGAIN = timedelta(hours=1)
"""How long a refused template or scope is remembered before cards are tried again."""
NO_KEY = "no idempotency key"
AS_MESSAGE = "sent as a message, cannot be edited"
CONTINUED = "continued in a message"
REPEATED = "was already there"
ALREADY_THERE = "param.cardalreadyexist"
GONE = frozenset(("param.cardnotexist",))
NO_TEMPLATE = frozenset(("param.templatenotexist", "param.templateunpublished"))
NOT_DELIVERED = "card.notdelivered"

log = structlog.get_logger()


class DingTalk:
    """Implements `Platform`."""

    name = "dingtalk"

    def __init__(
        self,
        settings: DingTalkSettings,
        now: Now,
        *,
        timings: Timings | None = None,
        pace: Pace | None = None,
        spend: Spend = uncounted,
        hold: Hold = alone,
    ) -> None:
        self._settings = settings
        self._now = now
        self._timings = timings or Timings()
        self._spend = spend
        self._client = DingTalkClient(
            settings, now, http_seconds=self._timings.http_seconds, spend=spend
        )
        self._pace = pace or Pace(LIMITS)
        self._keeper: Keeper[Line] = Keeper(self.name, now, self._timings, hold=hold)
        self._no_cards_until: datetime | None = None
        self._no_cards_reason = ""
        self._undelivered: set[str] = set()
        self._quota_used_up_at: datetime | None = None

    def routes(self, accept: Accept) -> Sequence[web.RouteDef]:
        return ()

    async def start(self, accept: Accept) -> None:
        """Returns when connected, or after a few seconds: the keeper goes on trying."""
        self._client.open()
        await self._keeper.start(partial(self._connect, accept), accept)

    async def _connect(self, accept: Accept) -> Line:
        receive = partial(self._receive, accept)
        return Line(await self._client.open_stream(), receive, self._now, self._timings)

    async def stop(self) -> None:
        """What was heard is still answered before the connection closes."""
        await self._keeper.stop()
        await self._client.close()

    # In ----------------------------------------------------------------------------------

    async def _receive(self, accept: Accept, frame: Frame) -> None:
        if frame.type == "EVENT":  # none is of use yet; saying so stops their repetition
            log.debug("dingtalk.event_ignored", reason="no handler")
        elif frame.topic == MESSAGES:
            await self._receive_message(accept, frame.body())
        elif frame.topic == CLICKS:
            at = frame.at(self._now())
            click = parse_click(frame.body(), frame_id=frame.message_id, at=at)
            if click is not None:
                await accept(click)
        else:
            raise UnknownTopic(frame.topic)

    async def _receive_message(self, accept: Accept, body: Mapping[str, Any]) -> None:
        used_up = quota_used_up(body)
        if used_up:
            self._quota_used_up_at = self._now()
            log.error("dingtalk.stream_quota_used_up")
        message = parse_message(body, now=self._now())
        if message is not None:
            await accept(message)
        await self._spend("stream", all_of_it=used_up)

    # Out ---------------------------------------------------------------------------------

    async def send(self, to: str, card: Card, *, card_id: str) -> Sent:
        """A plain sentence goes as a message, anything else as a card, if cards are possible."""
        target = _platform_id(to)
        if card.is_plain or card_id in self._undelivered or self._cards_refused():
            return await self._send_messages(target, card, card_id)
        rendered = render(card, card_id, in_group=is_group(target))
        try:
            sent = await self._create(rendered.instance | self._delivery(target, card), card_id)
        except (ScopeMissing, Rejected) as problem:
            self._remember_refusal(problem, card_id)
            return await self._send_messages(target, card, card_id)
        return await self._continue(target, card, rendered, sent)

    async def _create(self, body: Mapping[str, Any], card_id: str) -> Sent:
        self._pace.take(self._now(), api="create card")
        try:
            return Sent(await self._client.create_card(body), edit_code=card_id)
        except Rejected as problem:
            if problem.code.lower() != ALREADY_THERE:
                raise
        return Sent(card_id, edit_code=card_id, note=REPEATED)

    async def _continue(self, target: str, card: Card, rendered: Rendered, sent: Sent) -> Sent:
        if not rendered.rest:
            return sent
        await self._send_all(target, render_rest(card, rendered.rest))
        return replace(sent, note=CONTINUED)

    def _delivery(self, target: str, card: Card) -> dict[str, Any]:
        title = headline(card)
        space = {
            "supportForward": False,
            "lastMessageI18n": {"ZH_CN": title},
            "notification": {"alertContent": title, "notificationOff": False},
        }
        body = {
            "cardTemplateId": self._settings.card_template or PUBLIC_TEMPLATE,
            "callbackType": "STREAM",
        }
        if is_group(target):
            return body | {
                "openSpaceId": f"dtv1.card//IM_GROUP.{target}",
                "imGroupOpenSpaceModel": space,
                "imGroupOpenDeliverModel": {"robotCode": self._settings.client_id},
            }
        return body | {
            "openSpaceId": f"dtv1.card//IM_ROBOT.{target}",
            "imRobotOpenSpaceModel": space,
            "imRobotOpenDeliverModel": {"spaceType": "IM_ROBOT"},
        }

    def _cards_refused(self) -> bool:
        return self._no_cards_until is not None and self._now() < self._no_cards_until

    def _remember_refusal(self, problem: ScopeMissing | Rejected, card_id: str) -> None:
        """A missing scope or template concerns every card; a failed delivery only this one, which
        now exists undelivered and must not pass for done when it is sent again."""
        code = "" if isinstance(problem, ScopeMissing) else problem.code.lower()
        if not code or code in NO_TEMPLATE:
            self._no_cards_until = self._now() + CARDS_AGAIN
            self._no_cards_reason = str(problem)
        elif code == NOT_DELIVERED:
            self._undelivered.add(card_id)
        log.warning("dingtalk.card_refused", reason=str(problem), card=card_id)

    async def _send_messages(self, target: str, card: Card, card_id: str) -> Sent:
        messages = render_messages(card, in_group=is_group(target))
        message_id = await self._send_all(target, messages)
        self._undelivered.discard(card_id)
        return Sent(message_id, note=NO_KEY if card.is_plain else f"{AS_MESSAGE}; {NO_KEY}")

    async def _send_all(self, target: str, messages: Sequence[Message]) -> str:
        """The id of the last one, which carries the buttons."""
        send = self._client.send_to_group if is_group(target) else self._client.send_to_person
        self._pace.take(self._now(), count=len(messages), api=send.__name__)
        message_id = ""
        for message in messages:
            message_id = await send(target, message.key, message.param)
        return message_id

    async def edit(self, to: str, sent: Sent, card: Card, *, card_id: str) -> Sent:
        """The card changes for everybody. Only cards can: `sent.edit_code` is theirs."""
        if not sent.edit_code:
            raise EditRefused("a DingTalk message cannot be edited", "not a card")
        target = _platform_id(to)
        rendered = render(card, sent.edit_code, in_group=is_group(target))
        self._pace.take(self._now(), api="update card")
        try:
            await self._client.update_card(rendered.instance)
        except Rejected as problem:
            if problem.code.lower() in GONE:
                raise EditRefused(str(problem), problem.code) from None
            raise
        return await self._continue(target, card, rendered, replace(sent, note=""))

    async def welcome(self, code: str, text: str) -> None:
        raise Rejected("DingTalk has no welcome messages")

    async def contact(self, external_id: str) -> dict[str, Any]:
        raise Rejected("DingTalk tells nothing of customers")

    async def fetch(self, media: str, *, limit: int = 20 * 1024 * 1024) -> tuple[bytes, str]:
        return await self._client.download(media, limit=limit)

    # Health ------------------------------------------------------------------------------

    @property
    def health(self) -> str:
        parts = self._keeper.health
        if self._cards_refused():
            parts.append(f"no cards: {self._no_cards_reason}")
        if self._quota_used_up_at:
            parts.append(f"Stream quota used up at {self._quota_used_up_at:%m-%d %H:%M}")
        return "; ".join(parts)


def _platform_id(to: str) -> str:
    platform, _, platform_id = to.partition(":")
    if platform != "dingtalk" or not platform_id:
        raise Rejected(f"not a DingTalk address: {to!r}")
    return platform_id
