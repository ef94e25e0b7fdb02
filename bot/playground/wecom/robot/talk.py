"""What WeCom's server does with a robot's messages: show, refuse, update in place (D101031 to
D101463).

Not documented, so decided here on the strict side: a repeated task_id is refused with 42014;
beyond 30 a minute or 1000 an hour in one conversation 45009 is answered.
"""

import secrets
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bot.platforms.protocol import Now
from bot.playground.wecom.cards import problem_of
from bot.playground.wecom.gate import ApiError
from bot.playground.world import Content, Shown, World

MARKDOWN_BYTES = 20480
_WINDOWS = ((30, timedelta(minutes=1)), (1000, timedelta(hours=1)))


@dataclass(slots=True)
class Stream:
    """An answer that is still growing."""

    shown: Shown
    finished: bool = False


@dataclass
class Talk:
    world: World
    now: Now
    rate_limits: bool = True
    known: set[str] = field(default_factory=set)
    """Conversations in which somebody has written to the robot: it may push to no others."""
    cards: dict[str, Shown] = field(default_factory=dict)
    """By task id."""
    streams: dict[str, Stream] = field(default_factory=dict)
    _recent: dict[str, deque[datetime]] = field(default_factory=dict)

    def owns(self, message_id: str) -> bool:
        return any(one.id == message_id for one in self.cards.values())

    def push(self, chat: str, body: dict[str, Any]) -> None:
        """`aibot_send_msg`: ids of groups are compared with their case, ids of members are not."""
        if chat not in self.known:
            member = self.member(chat)
            if member not in self.known:
                raise ApiError(93006, "invalid chatid")
            chat = member
        self.say(chat, body, {"markdown", "template_card"})

    def say(self, chat: str, body: dict[str, Any], kinds: set[str]) -> None:
        kind = body.get("msgtype")
        if not kind:
            raise ApiError(40008, "invalid message type")
        if kind not in kinds:
            raise ApiError(846609, f"unsupported msgtype {kind}")
        self._count(chat)
        if kind in ("stream", "stream_with_template_card"):
            self._stream(chat, body.get("stream"))
        if kind in ("markdown", "text"):
            self._show(chat, "markdown" if kind == "markdown" else "text", _content(body, kind))
        if kind.endswith("template_card"):
            self._card(chat, body.get("template_card"))

    def update(self, task_id: str, body: dict[str, Any]) -> None:
        """In answer to a click on that card."""
        card = body.get("template_card")
        if body.get("response_type") != "update_template_card":
            raise ApiError(40058, "invalid response_type")
        if not isinstance(card, dict) or card.get("task_id") != task_id:
            raise ApiError(42016, "task_id is not the clicked card's")
        _refuse(card)
        self._count(self.cards[task_id].chat)
        self.world.change(self.cards[task_id], card)

    def member(self, user: str) -> str:
        members = self.world.members.get("wecom", {})
        return next((one for one in members if one.lower() == user.lower()), "")

    def _card(self, chat: str, card: Any) -> None:
        _refuse(card)
        if card["task_id"] in self.cards:
            raise ApiError(42014, "task_id already used")
        self.cards[card["task_id"]] = self._show(chat, "card", card)

    def _stream(self, chat: str, stream: Any) -> None:
        if not isinstance(stream, dict) or not stream.get("id"):
            raise ApiError(40058, "stream.id missing")
        text = _bounded(str(stream.get("content", "")))
        growing = self.streams.get(stream["id"])
        if growing is None:
            shown = self._show(chat, "markdown", {"content": text})
            growing = self.streams[stream["id"]] = Stream(shown)
        elif growing.finished:
            raise ApiError(846608, "stream message update expired")
        else:
            self.world.change(growing.shown, {"content": text})
        growing.finished = bool(stream.get("finish"))

    def _show(self, chat: str, content: Content, payload: dict[str, Any]) -> Shown:
        message_id = secrets.token_urlsafe(16)
        shown = Shown(message_id, "wecom", chat, "bot", content, dict(payload), self.now())
        return self.world.show(shown)

    def _count(self, chat: str) -> None:
        now, recent = self.now(), self._recent.setdefault(chat, deque(maxlen=1000))
        full = any(len(recent) >= n and now - recent[-n] < window for n, window in _WINDOWS)
        if full and self.rate_limits:
            raise ApiError(45009, "api freq out of limit")
        recent.append(now)


def _refuse(card: Any) -> None:
    """Robots' cards have a task id each, and no attachments (D101032)."""
    problem = problem_of(card)
    if problem:
        raise ApiError(*problem)
    if not card.get("task_id"):
        raise ApiError(42014, "task_id missing")
    if any(one.get("type") == 2 for one in card.get("horizontal_content_list", [])):
        raise ApiError(40058, "horizontal_content_list.type 2")


def _content(body: dict[str, Any], kind: str) -> dict[str, Any]:
    part = body.get(kind)
    text = str(part.get("content", "")) if isinstance(part, dict) else ""
    if not text.strip():
        raise ApiError(44004, "empty content")
    return {"content": _bounded(text)}


def _bounded(text: str) -> str:
    if len(text.encode()) > MARKDOWN_BYTES:
        raise ApiError(45002, "content size out of limit")
    return text
