"""WeCom as one Platform, of whatever is configured: a self-built app, a smart robot, or both.

Together they share the work by address: the app talks to people one to one, because its cards can
be edited for 72 h, and hears of customers; the robot talks in groups, which apps cannot join.
"""

from collections.abc import Sequence
from typing import Any

from aiohttp import web

from bot.platforms.keeper import Hold, alone
from bot.platforms.pace import Pace
from bot.platforms.protocol import Accept, Now, Platform, Sent
from bot.platforms.wecom.adapter import WeCom
from bot.platforms.wecom.calendar import WeComCalendar
from bot.platforms.wecom.desk import Desk
from bot.platforms.wecom.robot.adapter import Robot
from bot.platforms.wecom.robot.parse import GROUPS, RIGHT, is_group
from cards.model import Card
from config.schema import WeComSettings


def connect_wecom(
    settings: WeComSettings, now: Now, *, pace: Pace | None = None, hold: Hold = alone
) -> Platform:
    if settings.robot is None:
        return WeCom(settings, now, pace=pace)
    robot = Robot(settings.robot, now, pace=pace, beside_app=settings.has_app, hold=hold)
    return AppAndRobot(WeCom(settings, now, pace=pace), robot) if settings.has_app else robot


class AppAndRobot:
    """Implements `Platform`."""

    name = "wecom"

    def __init__(self, app: WeCom, robot: Robot) -> None:
        self.app = app
        self.robot = robot

    def routes(self, accept: Accept) -> Sequence[web.RouteDef]:
        return [*self.app.routes(accept), *self.robot.routes(accept)]

    async def start(self, accept: Accept) -> None:
        await self.app.start(accept)
        await self.robot.start(accept)

    def clock_moved(self) -> None:
        self.robot.clock_moved()

    async def stop(self) -> None:
        await self.robot.stop()
        await self.app.stop()

    async def send(self, to: str, card: Card, *, card_id: str) -> Sent:
        return await self._speaker(to).send(to, card, card_id=card_id)

    async def edit(self, to: str, sent: Sent, card: Card, *, card_id: str) -> Sent:
        """The right to edit tells whose card it is, whatever the address."""
        speaker = self.robot if sent.edit_code.startswith(RIGHT) else self._speaker(to)
        return await speaker.edit(to, sent, card, card_id=card_id)

    async def welcome(self, code: str, text: str) -> None:
        await self.app.welcome(code, text)

    async def contact(self, external_id: str) -> dict[str, Any]:
        return await self.app.contact(external_id)

    @property
    def desk(self) -> Desk:
        return self.app.desk

    @property
    def calendar(self) -> WeComCalendar:
        return self.app.calendar

    async def fetch(self, media: str, *, limit: int = 20 * 1024 * 1024) -> tuple[bytes, str]:
        owner = self.robot if media.startswith(RIGHT) else self.app
        return await owner.fetch(media, limit=limit)

    @property
    def out_of_reach(self) -> Sequence[str]:
        """People are the app's; the few whose user ids begin as groups' do can wait as well."""
        return (f"wecom:{GROUPS}",) if self.robot.out_of_reach else ()

    @property
    def health(self) -> str:
        return f"app: {self.app.health}; {self.robot.health}"

    def _speaker(self, to: str) -> WeCom | Robot:
        return self.robot if is_group(to.removeprefix("wecom:")) else self.app
