"""Somebody's second account, in another IM, that no seat of the playground has."""

import re

from bot.playground.page import Platform
from bot.playground.press import text_of
from bot.playground.world import Member, Shown
from tests.conftest import Bot


class Elsewhere:
    """The rep's, unless another seat is said."""

    def __init__(self, bot: Bot, platform: Platform, *, role: str = "sales") -> None:
        self.platform = platform
        self.role = role
        self.member = {"feishu": "ou_other000000000000000000000001"}.get(platform, "other.one")
        self._bot = bot
        bot.ground.world.join(platform, Member(self.member, bot.ground.seat(role).name))

    def shown(self) -> list[Shown]:
        """What the bot shows there, oldest first."""
        chat = self._bot.ground.world.chat(self.platform, self.member)
        return [message for message in chat if message.sender == "bot"]

    def cards(self) -> list[str]:
        return [text_of(message) for message in self.shown()]

    async def says(self, text: str, *, to: str = "") -> str:
        seen = len(self.cards())
        await self._bot.ground.servers[self.platform].say(self.member, text, reply_to=to)
        await self._bot.loops.settle()
        return "\n".join(self.cards()[seen:])

    async def code(self) -> str:
        """From the account that is bound already."""
        return self.code_in(await self._bot.says(self.role, "绑定"))

    def code_in(self, answer: str) -> str:
        found = re.search(r"\d{6}", answer)
        assert found
        return found.group()

    async def bind(self) -> None:
        assert "绑定好了" in await self.says(f"绑定 {await self.code()}")
