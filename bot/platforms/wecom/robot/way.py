"""What both ways of a smart robot have in common: the long connection and HTTP."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from aiohttp import web

from bot.platforms.protocol import Accept
from cards.robot import ELSEWHERE

Body = Mapping[str, Any]
"""A message as WeCom wants it: `msgtype` and what is called by it."""


class Way(Protocol):
    """A robot has one of them; WeCom's console decides which."""

    def routes(self, accept: Accept) -> Sequence[web.RouteDef]: ...

    async def start(self, accept: Accept) -> None: ...

    async def stop(self) -> None: ...

    async def say(self, chat: str, bodies: Sequence[Body], *, once: str) -> str:
        """New messages, one after the other; a note for the receipt. Repeating the same `once`
        goes on where the last try broke off."""

    async def update(self, right: str, body: Body) -> str:
        """Replace the card whose click brought the right. Raises EditRefused."""

    @property
    def is_here(self) -> bool:
        """It is this process that the robot speaks through."""

    @property
    def health(self) -> list[str]: ...


def markdown(text: str) -> Body:
    return {"msgtype": "markdown", "markdown": {"content": text}}


def greeting() -> Body:
    return _text(ELSEWHERE)


def as_welcome(body: Body) -> Body:
    """To visitors a robot speaks in cards or plain text, nowhere else in plain text (D101031)."""
    if body["msgtype"] != "markdown":
        return body
    return _text(body["markdown"]["content"].replace("**", ""))


def _text(content: str) -> Body:
    return {"msgtype": "text", "text": {"content": content}}
