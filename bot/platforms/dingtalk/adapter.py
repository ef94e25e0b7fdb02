"""DingTalk, both ways: Stream mode or HTTP in, robot messages and interactive cards out.

Cards cannot ask for text or days: the renderer offers options as buttons and says what to type.
Robot messages cannot be edited, mention nobody and have no idempotency key.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

import structlog
from aiohttp import web

from bot.platforms.dingtalk.calendar import DingTalkCalendar
from bot.platforms.dingtalk.callbacks import Callbacks
from bot.platforms.dingtalk.cards import Cards, CardsOff
from bot.platforms.dingtalk.client import DingTalkClient
from bot.platforms.dingtalk.ding import Ding
from bot.platforms.dingtalk.errors import MonthUsedUp
from bot.platforms.dingtalk.frames import CLICKS, MESSAGES, Frame, UnknownTopic
from bot.platforms.dingtalk.limits import LIMITS
from bot.platforms.dingtalk.parse import is_group, parse_click, parse_message, quota_used_up
from bot.platforms.dingtalk.sessions import Sessions, session_body
from bot.platforms.dingtalk.stream import Line, Timings
from bot.platforms.dingtalk.todo_page import TodoPage
from bot.platforms.dingtalk.todos import DingTalkTodos
from bot.platforms.dingtalk.unions import Unions
from bot.platforms.keeper import Hold, Keeper, alone
from bot.platforms.pace import Pace
from bot.platforms.protocol import Accept, EditRefused, Now, Rejected, Sent, Spend, uncounted
from cards.model import Card
from cards.render.dingtalk import Message, Rendered, render_messages, render_rest
from config.schema import DingTalkSettings

NO_KEY = "no idempotency key"
AS_MESSAGE = "sent as a message, cannot be edited"
IN_SESSION = "through the session, because the month's calls are used up"
CONTINUED = "continued in a message"

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
        self._cards = Cards(self._client, settings, now, self._pace)
        self.unions = Unions(self._client, now, self._pace)
        self.calendar = DingTalkCalendar(self._client, self.unions, now, self._pace)
        self.tasks = DingTalkTodos(self._client, settings, self.unions, now, self._pace)
        self._todo_page = TodoPage(self._client, settings, now, self._pace)
        self._callbacks = Callbacks(settings, now)
        self._sessions = Sessions(settings, now)
        self._ding = Ding(self._client, settings, now, self._pace)
        self._keeper: Keeper[Line] = Keeper(self.name, now, self._timings, hold=hold)
        self._quota_used_up_at: datetime | None = None

    @property
    def _is_http(self) -> bool:
        return self._settings.transport == "http"

    def routes(self, accept: Accept) -> Sequence[web.RouteDef]:
        callbacks = self._callbacks.routes(partial(self._receive, accept)) if self._is_http else ()
        todos = self._todo_page.routes(accept) if self._settings.todos else ()
        return [*callbacks, *todos]

    async def start(self, accept: Accept) -> None:
        """Returns when connected, or after a few seconds: the keeper goes on trying. Over HTTP
        only the way out has to be opened."""
        self._client.open()
        if not self._is_http:
            await self._keeper.start(partial(self._connect, accept), accept)

    async def _connect(self, accept: Accept) -> Line:
        receive = partial(self._receive, accept)
        return Line(await self._client.open_stream(), receive, self._now, self._timings)

    def clock_moved(self) -> None:
        self._keeper.clock_moved()

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
        if not body:  # DingTalk has counted nothing
            log.warning("dingtalk.message_ignored", reason="empty: so knocks doctor")
            return
        used_up = quota_used_up(body)
        if used_up:
            self._quota_used_up_at = self._now()
            log.error("dingtalk.stream_quota_used_up")
        message = parse_message(body, now=self._now())
        if message is not None:
            self._sessions.remember(body)
            await accept(message)
        await self._spend("stream", all_of_it=used_up)

    # Out ---------------------------------------------------------------------------------

    async def send(self, to: str, card: Card, *, card_id: str) -> Sent:
        """A plain sentence goes as a message, anything else as a card, if cards are possible."""
        target = _platform_id(to)
        if card.is_plain:
            return await self._send_messages(target, card, card_id)
        sent = await self._send_card(target, card, card_id)
        if not self._ding.is_due(target, card, card_id):
            return sent
        told = await self._ding.ring(target, card, card_id)
        return replace(sent, note="; ".join(filter(None, (sent.note, told))))

    async def _send_card(self, target: str, card: Card, card_id: str) -> Sent:
        drawn = self._cards.drawn(target, card, card_id)
        try:
            sent = await self._cards.create(target, card, drawn.instance)
        except CardsOff:
            return await self._send_messages(target, card, card_id)
        except MonthUsedUp:
            if not self._sessions.url(target):
                raise
            return await self._send_messages(target, card, card_id)
        return await self._continue(target, card, drawn, sent)

    async def _continue(self, target: str, card: Card, rendered: Rendered, sent: Sent) -> Sent:
        if not rendered.rest:
            return sent
        await self._send_all(target, render_rest(card, rendered.rest))
        return replace(sent, note=CONTINUED)

    async def _send_messages(self, target: str, card: Card, card_id: str) -> Sent:
        messages = render_messages(card, in_group=is_group(target))
        message_id = await self._send_all(target, messages)
        self._cards.replaced(card_id)
        notes = [] if card.is_plain else [AS_MESSAGE]
        notes += [NO_KEY] if message_id else [NO_KEY, IN_SESSION]
        return Sent(message_id, note="; ".join(notes))

    async def _send_all(self, target: str, messages: Sequence[Message]) -> str:
        """The id of the last one, which carries the buttons."""
        send = self._client.send_to_group if is_group(target) else self._client.send_to_person
        self._pace.take(self._now(), count=len(messages), api=send.__name__)
        message_id = ""
        for number, message in enumerate(messages):
            try:
                message_id = await send(target, message.key, message.param)
            except MonthUsedUp as limit:
                await self._say_in_session(target, messages[number:], limit)
                return ""
        return message_id

    async def _say_in_session(
        self, target: str, messages: Sequence[Message], limit: MonthUsedUp
    ) -> None:
        """The answer to somebody who has just written need not wait for the next month."""
        for message in messages:
            url = self._sessions.url(target)
            if not url:
                raise limit
            try:
                await self._client.say_in_session(url, session_body(message))
            except Rejected:
                self._sessions.forget(target)
                raise limit from None

    async def edit(self, to: str, sent: Sent, card: Card, *, card_id: str) -> Sent:
        """The card changes for everybody. Only cards can: `sent.edit_code` is theirs."""
        if not sent.edit_code:
            raise EditRefused("a DingTalk message cannot be edited", "not a card")
        target = _platform_id(to)
        drawn = self._cards.drawn(target, card, sent.edit_code)
        try:
            await self._cards.update(drawn.instance)
        except MonthUsedUp as limit:
            if self._sessions.url(target):
                raise EditRefused(str(limit), "month") from None
            raise
        return await self._continue(target, card, drawn, replace(sent, note=""))

    async def welcome(self, code: str, text: str) -> None:
        raise Rejected("DingTalk has no welcome messages")

    async def contact(self, external_id: str) -> dict[str, Any]:
        raise Rejected("DingTalk tells nothing of customers")

    async def fetch(self, media: str, *, limit: int = 20 * 1024 * 1024) -> tuple[bytes, str]:
        return await self._client.download(media, limit=limit)

    # Health ------------------------------------------------------------------------------

    @property
    def health(self) -> str:
        parts = self._callbacks.health if self._is_http else self._keeper.health
        if self._cards.refusal:
            parts.append(f"no cards: {self._cards.refusal}")
        if self._quota_used_up_at:
            parts.append(f"Stream quota used up at {self._quota_used_up_at:%m-%d %H:%M}")
        return "; ".join(parts)


def _platform_id(to: str) -> str:
    platform, _, platform_id = to.partition(":")
    if platform != "dingtalk" or not platform_id:
        raise Rejected(f"not a DingTalk address: {to!r}")
    return platform_id
