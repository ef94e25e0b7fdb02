"""Interactive cards of DingTalk: created, updated, and given up for a while when they cannot be.

Facts: open.dingtalk.com, "创建并投放卡片", "更新卡片", "注册卡片回调地址"; developerpedia,
best-practices/permission-deny.
"""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import structlog

from bot.platforms.dingtalk.callbacks import CARDS, callback_path, card_secret
from bot.platforms.dingtalk.client import DingTalkClient
from bot.platforms.dingtalk.errors import ScopeMissing
from bot.platforms.dingtalk.parse import is_group
from bot.platforms.pace import Pace
from bot.platforms.protocol import EditRefused, Now, Rejected, Sent
from cards.model import Card
from cards.render.dingtalk import Rendered, headline, render
from cards.render.dingtalk_buttons import PUBLIC_TEMPLATE, Look
from config.schema import DingTalkSettings

CARDS_AGAIN = timedelta(hours=1)
"""How long a refused template or scope is remembered before cards are tried again."""
ROUTE_KEY = "yinuo"
REPEATED = "was already there"
ALREADY_THERE = "param.cardalreadyexist"
GONE = frozenset(("param.cardnotexist",))
NO_TEMPLATE = frozenset(("param.templatenotexist", "param.templateunpublished"))
NOT_DELIVERED = "card.notdelivered"
REMEMBERED = 1000

log = structlog.get_logger()


class Cards:
    """Raises PlatformError; `CardsOff` when a message has to do."""

    def __init__(
        self, client: DingTalkClient, settings: DingTalkSettings, now: Now, pace: Pace
    ) -> None:
        self._client = client
        self._settings = settings
        self._now = now
        self._pace = pace
        self._look = Look(settings.card_template or PUBLIC_TEMPLATE, settings.card_buttons)
        self._off_until: datetime | None = None
        self._reason = ""
        self._undelivered: dict[str, None] = {}
        """Cards that exist and were not delivered: they must not pass for done when sent again."""
        self._registered = settings.transport != "http"
        self._registering = asyncio.Lock()

    @property
    def refusal(self) -> str:
        """Why cards go as messages at present; empty when they do not."""
        off = self._off_until is not None and self._now() < self._off_until
        return self._reason if off else ""

    def drawn(self, target: str, card: Card, card_id: str) -> Rendered:
        return render(card, card_id, in_group=is_group(target), look=self._look)

    async def create(self, target: str, card: Card, instance: Mapping[str, Any]) -> Sent:
        """Raises CardsOff where a message has to take the card's place."""
        card_id = str(instance["outTrackId"])
        if self.refusal or card_id in self._undelivered:
            raise CardsOff
        try:
            await self._have_clicks_sent()
        except (ScopeMissing, Rejected) as problem:
            self._switch_off(problem)
            raise CardsOff from None
        try:
            sent = await self._create({**instance, **self._delivery(target, card)}, card_id)
        except (ScopeMissing, Rejected) as problem:
            self._refused(problem, card_id)
            raise CardsOff from None
        if self._off_until is not None:
            self._off_until = None
            log.info("dingtalk.cards_on")
        return sent

    async def update(self, instance: Mapping[str, Any]) -> None:
        """For everybody who sees it. Raises EditRefused where a new message has to do."""
        self._pace.take(self._now(), api="update card")
        try:
            await self._client.update_card(instance)
        except ScopeMissing as problem:
            self._refused(problem, str(instance["outTrackId"]))
            raise EditRefused(str(problem), "scope") from None
        except Rejected as problem:
            if problem.code.lower() in GONE:
                raise EditRefused(str(problem), problem.code) from None
            raise

    def replaced(self, card_id: str) -> None:
        """A message has taken this card's place."""
        self._undelivered.pop(card_id, None)

    async def _create(self, body: Mapping[str, Any], card_id: str) -> Sent:
        self._pace.take(self._now(), api="create card")
        try:
            return Sent(await self._client.create_card(body), edit_code=card_id)
        except Rejected as problem:
            if problem.code.lower() != ALREADY_THERE:
                raise
        return Sent(card_id, edit_code=card_id, note=REPEATED)

    async def _have_clicks_sent(self) -> None:
        """Over HTTP, DingTalk is told once where clicks go and what signs them."""
        async with self._registering:
            if self._registered:
                return
            self._pace.take(self._now(), api="register callback")
            url = self._settings.public_url + callback_path(self._settings, CARDS)
            await self._client.register_callback(ROUTE_KEY, url, card_secret(self._settings))
            self._registered = True

    def _refused(self, problem: ScopeMissing | Rejected, card_id: str) -> None:
        """A missing scope or template concerns every card: nobody is asked again for an hour, and
        the log says so once. Anything else concerns this one."""
        code = "" if isinstance(problem, ScopeMissing) else problem.code.lower()
        if not code or code in NO_TEMPLATE:
            self._switch_off(problem)
            return
        log.warning("dingtalk.card_refused", reason=str(problem), card=card_id)
        if code == NOT_DELIVERED:
            self._undelivered[card_id] = None
            if len(self._undelivered) > REMEMBERED:
                del self._undelivered[next(iter(self._undelivered))]

    def _switch_off(self, problem: ScopeMissing | Rejected) -> None:
        self._reason, self._off_until = str(problem), self._now() + CARDS_AGAIN
        log.warning("dingtalk.cards_off", reason=self._reason, until=str(self._off_until))

    def _delivery(self, target: str, card: Card) -> dict[str, Any]:
        title = headline(card)
        space = {
            "supportForward": False,
            "lastMessageI18n": {"ZH_CN": title},
            "notification": {"alertContent": title, "notificationOff": False},
        }
        body = {"cardTemplateId": self._look.template, **self._callback()}
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

    def _callback(self) -> dict[str, str]:
        if self._settings.transport == "http":
            return {"callbackType": "HTTP", "callbackRouteKey": ROUTE_KEY}
        return {"callbackType": "STREAM"}


class CardsOff(Exception):
    """A message has to take this card's place."""
