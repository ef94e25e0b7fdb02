"""The little world behind the playground: who is there, and what each client shows.

The imitated servers (`wecom.py`, `dingtalk.py`, `feishu.py`) write into it what the bot sends;
the page and the tests read it. It counts, so that "no card twice" can be checked.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

from aiohttp import web

from bot.platforms.protocol import Now

Content = Literal["text", "markdown", "card", "voice", "image", "file"]
SHORTEST_FRAMES, FRAMES_A_LETTER, OTHER_FRAMES = 50, 12, 1000


@dataclass(frozen=True, slots=True)
class Member:
    """A colleague with an account on one platform. `id` is the platform's own user id."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class ExternalContact:
    """A customer as WeCom knows him."""

    id: str
    name: str
    corp_name: str = ""
    position: str = ""
    mobiles: tuple[str, ...] = ()
    state: str = ""


@dataclass(slots=True)
class Shown:
    """One message in one conversation, as the platform's client holds it."""

    id: str
    platform: str
    chat: str
    """User id of the member in a one-to-one chat, else the group's id."""
    sender: str
    """`bot`, or the id of the member who wrote it."""
    content: Content
    payload: dict[str, Any]
    """Exactly what the platform's client would be given to draw."""
    at: datetime
    edits: int = 0
    reply_to: str = ""
    clicked: dict[str, Any] = field(default_factory=dict)
    """The last interaction with it, for drawing what was chosen."""


class Imitation(Protocol):
    """One platform's server, seen from the page and from tests."""

    name: str

    def routes(self) -> Sequence[web.RouteDef]:
        """Its HTTP API, below `/playground/<name>`."""

    async def say(
        self,
        user: str,
        text: str,
        *,
        content: Content = "text",
        chat: str = "",
        reply_to: str = "",
    ) -> Shown:
        """A member writes to the bot (in a one-to-one chat unless `chat` names a group)."""

    async def click(
        self, user: str, message_id: str, interaction: dict[str, Any]
    ) -> dict[str, Any]:
        """A member presses a button or sends a form. `interaction` is what the client knows:
        WeCom {"key", "selected": {question_key: [option ids]}}; Feishu {"tag", "value", "name",
        "form_value"}; DingTalk {"action_id", "params"}. Returns what the client shows at once
        ({"toast": "…"} or {}). Raises ValueError with a Chinese sentence when the client could
        not have sent it (no such message, card no longer active)."""

    async def stop(self) -> None: ...


class World:
    """People, conversations and the count of everything that was shown."""

    def __init__(self, now: Now) -> None:
        self.now = now
        self.members: dict[str, dict[str, Member]] = {}
        self.externals: dict[str, ExternalContact] = {}
        self.messages: list[Shown] = []
        self.spoken: dict[int, str] = {}
        """What was said in sounds, by their length in frames of 20 ms."""
        self._watchers: set[asyncio.Queue[Shown]] = set()

    def join(self, platform: str, member: Member) -> None:
        self.members.setdefault(platform, {})[member.id] = member

    def speak(self, words: str) -> int:
        """The length of a sound that stands for these words and for no others said lately."""
        frames = SHORTEST_FRAMES + min(FRAMES_A_LETTER * len(words), OTHER_FRAMES)
        while frames in self.spoken and frames < SHORTEST_FRAMES + 2 * OTHER_FRAMES:
            frames += 1
        self.spoken[frames] = words
        return frames

    def show(self, message: Shown) -> Shown:
        self.messages.append(message)
        self._tell(message)
        return message

    def change(self, message: Shown, payload: dict[str, Any]) -> None:
        """The bot edits a message in place."""
        message.payload = payload
        message.edits += 1
        self._tell(message)

    def find(self, platform: str, message_id: str) -> Shown | None:
        return next(
            (m for m in reversed(self.messages) if m.platform == platform and m.id == message_id),
            None,
        )

    def chat(self, platform: str, chat: str) -> list[Shown]:
        return [m for m in self.messages if m.platform == platform and m.chat == chat]

    def watch(self) -> asyncio.Queue[Shown]:
        """A queue that gets each message when it is shown or changed; bounded, oldest dropped."""
        queue: asyncio.Queue[Shown] = asyncio.Queue(maxsize=1000)
        self._watchers.add(queue)
        return queue

    def unwatch(self, queue: asyncio.Queue[Shown]) -> None:
        self._watchers.discard(queue)

    def _tell(self, message: Shown) -> None:
        for queue in self._watchers:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(message)
