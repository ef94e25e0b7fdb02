"""The three imitated servers, the world they share, and the page to play in."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web

from bot.platforms.protocol import Now
from bot.playground.dingtalk import DingTalkServer
from bot.playground.ear import EarServer
from bot.playground.feishu import FeishuServer
from bot.playground.page import Page, Platform, Role, Seat
from bot.playground.wecom import WeComServer
from bot.playground.world import ExternalContact, Imitation, Member, Shown, World
from config.schema import DingTalkSettings, FeishuSettings, WeComSettings

TITLES: Mapping[str, str] = {"sales": "销售", "manager": "主管", "delivery": "交付"}
NO_RETRY_GAPS = (0.05, 0.2)
"""Seconds between an imitated server's repeats, so that a restarted bot is not waited for."""


@dataclass(frozen=True, slots=True)
class Part:
    """Somebody to play: role, platform, the platform's user id, and the name."""

    role: Role
    platform: Platform
    member: str
    name: str

    @property
    def address(self) -> str:
        return f"{self.platform}:{self.member}"


@dataclass(frozen=True, slots=True)
class Controls:
    """The clock, as the page moves it."""

    now: Now
    advance: Callable[[datetime], Awaitable[None]]


class Playground:
    """Everything the bot takes for the outside world."""

    def __init__(self, now: Now, parts: Sequence[Part], *, rate_limits: bool = True) -> None:
        self.world = World(now)
        self.parts = tuple(parts)
        self.wecom = WeComServer(self.world, now, retry_seconds=NO_RETRY_GAPS[0])
        self.dingtalk = DingTalkServer(self.world, now)
        self.feishu = FeishuServer(
            self.world, now, rate_limits=rate_limits, retry_seconds=NO_RETRY_GAPS
        )
        self.servers: dict[str, Imitation] = {
            server.name: server for server in (self.wecom, self.dingtalk, self.feishu)
        }
        self.ear = EarServer(self.world)
        for part in parts:
            self.world.join(part.platform, Member(part.member, part.name))

    def settings(self, origin: str) -> tuple[WeComSettings, DingTalkSettings, FeishuSettings]:
        """What the bot needs to take these servers for the real ones; `origin` is theirs."""
        return (
            self.wecom.settings(f"{origin}/playground/wecom"),
            self.dingtalk.settings(origin),
            self.feishu.settings(f"{origin}/playground/feishu"),
        )

    def call_back(self, origin: str) -> None:
        """Where the bot listens."""
        self.wecom.callback_url = f"{origin}/callback/wecom"
        self.dingtalk.callback_url = f"{origin}/callback/dingtalk"
        self.feishu.callback_url = f"{origin}/callback/feishu"

    def routes(self) -> Sequence[web.RouteDef]:
        served = [route for server in self.servers.values() for route in server.routes()]
        return [*served, *self.ear.routes()]

    def page(self, controls: Controls) -> Page:
        seats = [
            Seat(
                key=part.role,
                title=TITLES[part.role],
                platform=part.platform,
                member=part.member,
                name=part.name,
                role=part.role,
            )
            for part in self.parts
            if part.role in TITLES
        ]
        customer = Seat("customer", "客户", "wecom", "", "客户", "customer")
        return Page(self.world, self.servers, [*seats, customer], controls, self.befriend)

    async def befriend(self, member: str, contact: ExternalContact) -> object:
        """The customer and a member become WeCom contacts."""
        return await self.wecom.add_contact(member, contact)

    def seat(self, role: str) -> Part:
        """Raises StopIteration for a role nobody plays."""
        return next(part for part in self.parts if part.role == role)

    def shown_to(self, role: str) -> list[Shown]:
        """What somebody's client shows, oldest first."""
        part = self.seat(role)
        return self.world.chat(part.platform, part.member)

    async def stop(self) -> None:
        for server in self.servers.values():
            await server.stop()
        await self.ear.stop()
