"""WeCom's smart robot as a Platform: one to one, and in internal groups, where it is mentioned.

Its cards can be edited only in answer to a click, so other edits continue on a new card.
"""

from collections.abc import Sequence
from typing import Any

from aiohttp import web

from bot.platforms.connection import Timings
from bot.platforms.keeper import Hold, alone
from bot.platforms.pace import Pace
from bot.platforms.protocol import (
    Accept,
    EditRefused,
    Now,
    Rejected,
    Sent,
    Unreachable,
    WatchesALine,
)
from bot.platforms.wecom.robot.hook import HttpWay
from bot.platforms.wecom.robot.http import Http
from bot.platforms.wecom.robot.limits import LIMITS
from bot.platforms.wecom.robot.long import LongWay
from bot.platforms.wecom.robot.parse import RIGHT
from bot.platforms.wecom.robot.way import Body, Way
from cards.model import Card
from cards.render.wecom import Rendered
from cards.render.wecom_robot import render_for_robot
from config.schema import RobotSettings

HTTP_SECONDS = 10.0


class Robot:
    """Its addresses are `wecom:<userid>` and `wecom:<chatid>`. `beside_app`: an app of the same
    enterprise talks to people one to one. Raises ValueError when the settings cannot be right."""

    name = "wecom"

    def __init__(
        self,
        settings: RobotSettings,
        now: Now,
        *,
        timings: Timings | None = None,
        timeout_seconds: float = HTTP_SECONDS,
        pace: Pace | None = None,
        beside_app: bool = False,
        hold: Hold = alone,
    ) -> None:
        self._now = now
        self._own_key = settings.aes_key.get_secret_value()
        self._pace = pace or Pace(LIMITS)
        self._http = Http(timeout_seconds=timeout_seconds)
        self._way: Way = (
            LongWay(settings, now, self._http, timings or Timings(), greets=beside_app, hold=hold)
            if settings.transport == "long"
            else HttpWay(settings, now, self._http, greets=beside_app)
        )

    def routes(self, accept: Accept) -> Sequence[web.RouteDef]:
        return self._way.routes(accept)

    async def start(self, accept: Accept) -> None:
        await self._http.start()
        await self._way.start(accept)

    def clock_moved(self) -> None:
        if isinstance(self._way, WatchesALine):
            self._way.clock_moved()

    async def stop(self) -> None:
        await self._way.stop()
        await self._http.stop()

    async def send(self, to: str, card: Card, *, card_id: str) -> Sent:
        chat, rendered = _chat(to), _rendered(card, card_id)
        bodies = _bodies(rendered)
        self._pace.take(self._now(), count=len(bodies), chat=chat)
        note = await self._way.say(chat, bodies, once=card_id)
        return Sent(card_id, note=note)

    async def edit(self, to: str, sent: Sent, card: Card, *, card_id: str) -> Sent:
        """In a group the card changes for everybody who sees it."""
        chat, right = _chat(to), sent.edit_code.removeprefix(RIGHT)
        rendered = _rendered(card, card_id, editing=True)
        self._pace.take(self._now(), count=len(rendered.messages) + 1, chat=chat)
        body = {"response_type": "update_template_card", "template_card": rendered.card}
        try:
            if rendered.messages:
                await self._way.say(chat, rendered.messages, once=f"{card_id}/{right}")
            note = await self._way.update(right, body)
        except Unreachable as problem:
            raise EditRefused(str(problem), unused=True) from problem
        return Sent(sent.message_id, note=note)

    async def welcome(self, code: str, text: str) -> None:
        raise Rejected("a robot cannot talk to customers; an app can", code="unsupported")

    async def contact(self, external_id: str) -> dict[str, Any]:
        raise Rejected("a robot knows no customers; an app does", code="unsupported")

    async def fetch(self, media: str, *, limit: int = 20 * 1024 * 1024) -> tuple[bytes, str]:
        return await self._http.fetch(media, self._own_key, limit=limit)

    @property
    def out_of_reach(self) -> Sequence[str]:
        return () if self._way.is_here else ("wecom:",)

    @property
    def health(self) -> str:
        return "; ".join(("robot", *self._way.health))


def _bodies(rendered: Rendered) -> list[Body]:
    if rendered.card is None:
        return list(rendered.messages)
    return [*rendered.messages, {"msgtype": "template_card", "template_card": rendered.card}]


def _chat(address: str) -> str:
    platform, _, chat = address.partition(":")
    if platform != "wecom" or not chat:
        raise Rejected(f"{address!r} is no address of WeCom", code="address")
    return chat


def _rendered(card: Card, card_id: str, *, editing: bool = False) -> Rendered:
    try:
        return render_for_robot(card, card_id, editing=editing)
    except ValueError as problem:
        raise Rejected(f"the card cannot be shown on WeCom: {problem}", code="card") from problem
