"""Playing without hands: somebody says something or presses a button, and all is waited for."""

from datetime import datetime
from typing import Protocol

from bot.playground.ground import Playground
from bot.playground.press import NoSuchButton, Values, interaction, text_of
from bot.playground.world import Content, Shown


class Loops(Protocol):
    """What a player needs of the runtime."""

    async def settle(self) -> None: ...

    async def advance(self, to: datetime) -> None: ...


class Player:
    """Speaks and clicks for the seats of a playground, over the imitated servers' wires."""

    def __init__(self, ground: Playground, loops: Loops) -> None:
        self.ground = ground
        self.loops = loops
        self._told = 0

    async def says(self, role: str, text: str, *, content: Content = "text", to: str = "") -> str:
        """What the speaker is shown in answer, as text; `to` is the message that is answered."""
        part = self.ground.seat(role)
        seen = len(self.ground.shown_to(role))
        server = self.ground.servers[part.platform]
        await server.say(part.member, text, content=content, reply_to=to)
        await self.loops.settle()
        fresh = [m for m in self.ground.shown_to(role)[seen:] if m.sender == "bot"]
        return "\n".join(text_of(message) for message in fresh)

    async def presses(
        self, role: str, label: str, values: Values | None = None, *, on: str = ""
    ) -> Shown:
        """Press the newest button of that label (on a card that shows the text `on`)."""
        part = self.ground.seat(role)
        message, sent = self._find(role, label, values, on)
        await self.ground.servers[part.platform].click(part.member, message.id, sent)
        await self.loops.settle()
        return message

    def _find(
        self, role: str, label: str, values: Values | None, on: str
    ) -> tuple[Shown, dict[str, object]]:
        for message in reversed(self.ground.shown_to(role)):
            if message.sender == "bot" and message.content == "card" and on in text_of(message):
                try:
                    return message, interaction(message, label, values)
                except NoSuchButton:
                    continue
        shown = "\n---\n".join(text_of(m) for m in self.ground.shown_to(role)[-4:])
        raise NoSuchButton(f"{role} sees no button {label!r} on {on!r}. The last shown:\n{shown}")

    async def at(self, moment: datetime) -> None:
        """Let time pass until then, with everything that happens on the way."""
        await self.loops.advance(moment)

    def cards(self, role: str) -> list[str]:
        """Everything the bot shows somebody now, oldest first, as text."""
        return [text_of(m) for m in self.ground.shown_to(role) if m.sender == "bot"]

    def sent(self, role: str) -> int:
        """How many messages the bot has sent somebody; edits do not count."""
        return len(self.cards(role))
