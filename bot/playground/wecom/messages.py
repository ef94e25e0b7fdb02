"""What WeCom's server does with an app's messages: deliver, drop, recognise, update in place."""

import hashlib
import secrets
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from bot.platforms.protocol import Now
from bot.playground.wecom.cards import CALLING_BACK, calls_back, problem_of
from bot.playground.wecom.gate import Answer, ApiError, read_json
from bot.playground.world import Content, Member, Shown, World

CODE_LIFE = timedelta(hours=72)
TEXT_BYTES = 2048
_WINDOWS = ((30, timedelta(minutes=1)), (1000, timedelta(hours=1)))
_PASSED_ON: dict[str, Content] = {"image": "image", "voice": "voice", "file": "file"}


@dataclass(slots=True)
class Task:
    """One sent card and each receiver's copy of it, by lower-case user id."""

    task_id: str
    copies: dict[str, Shown] = field(default_factory=dict)


class Messages:
    """`dropped` are the silent losses: beyond 30 a minute or 1000 an hour to one member (D90236).

    Not documented, so decided here on the strict side: a repeated task_id is refused with 42014;
    a suppressed duplicate is answered with the first msgid and no response_code; a used, expired
    or unknown response_code is refused with 40058.
    """

    def __init__(self, world: World, now: Now, agent_id: int) -> None:
        self.dropped: list[tuple[str, dict[str, Any]]] = []
        self.suppressed = 0
        self.tasks: dict[str, Task] = {}
        self._world = world
        self._now = now
        self._agent_id = agent_id
        self._codes: dict[str, tuple[Task, datetime]] = {}
        self._seen: dict[bytes, tuple[str, datetime]] = {}
        self._recent: dict[str, deque[datetime]] = {}

    def member(self, user: str) -> Member | None:
        """User ids are compared without regard to case (D96255)."""
        members = self._world.members.get("wecom", {}).values()
        return next((one for one in members if one.id.lower() == user.lower()), None)

    def new_code(self, task: Task) -> str:
        """The right to one update, given with each sending and each click (D94888)."""
        code = secrets.token_urlsafe(24)
        self._codes[code] = (task, self._now() + CODE_LIFE)
        return code

    async def send(self, request: web.Request) -> Answer:
        raw, body = await read_json(request)
        self._check_agent(body)
        receivers, unknown = self._receivers(str(body.get("touser", "")))
        content, payload = _content(body)
        fingerprint = hashlib.sha256(raw).digest()
        earlier = self._earlier(fingerprint)
        if earlier:
            self.suppressed += 1
            return {"invaliduser": unknown, "msgid": earlier}
        if content == "card" and payload.get("task_id") in self.tasks:
            raise ApiError(42014, "task_id already used")
        message_id = secrets.token_urlsafe(16)
        task = Task(str(payload.get("task_id", "")))
        for member in receivers:
            self._show(member, content, payload, message_id, task)
        if body.get("enable_duplicate_check") == 1:
            seconds = min(int(body.get("duplicate_check_interval", 1800)), 14400)
            self._seen[fingerprint] = (message_id, self._now() + timedelta(seconds=seconds))
        return {"invaliduser": unknown, "msgid": message_id, **self._right(payload, task, content)}

    async def update(self, request: web.Request) -> Answer:
        _, body = await read_json(request)
        self._check_agent(body)
        code = str(body.get("response_code", ""))
        task, until = self._codes.get(code, (None, self._now()))
        if task is None or self._now() >= until:
            raise ApiError(40058, "invalid response_code")
        copies, unknown = _targets(task, body)
        changes = [(copy, _changed(copy, body, task)) for copy in copies]
        del self._codes[code]
        for copy, payload in changes:
            self._world.change(copy, payload)
        return {"invaliduser": unknown}

    def _check_agent(self, body: dict[str, Any]) -> None:
        if body.get("agentid") != self._agent_id:
            raise ApiError(40056, "invalid agentid")

    def _receivers(self, touser: str) -> tuple[list[Member], str]:
        if touser == "@all":
            return list(self._world.members.get("wecom", {}).values()), ""
        users = list(dict.fromkeys(user.lower() for user in touser.split("|") if user))
        if not users:
            raise ApiError(82001, "touser, toparty and totag are empty")
        if len(users) > 1000:
            raise ApiError(40032, "too many users")
        found = {user: self.member(user) for user in users}
        known = [member for member in found.values() if member]
        if not known:
            raise ApiError(81013, "user & party & tag all invalid")
        return known, "|".join(user for user, member in found.items() if member is None)

    def _earlier(self, fingerprint: bytes) -> str:
        message_id, until = self._seen.get(fingerprint, ("", self._now()))
        return message_id if self._now() < until else ""

    def _show(
        self, member: Member, content: Content, payload: dict[str, Any], message_id: str, task: Task
    ) -> None:
        if self._is_too_much(member):
            self.dropped.append((member.id, payload))
            return
        own_id = f"{message_id}/{member.id}" if task.copies else message_id
        shown = Shown(own_id, "wecom", member.id, "bot", content, dict(payload), self._now())
        task.copies[member.id.lower()] = self._world.show(shown)

    def _is_too_much(self, member: Member) -> bool:
        now, recent = self._now(), self._recent.setdefault(member.id, deque(maxlen=1000))
        full = any(len(recent) >= n and now - recent[-n] < window for n, window in _WINDOWS)
        if not full:
            recent.append(now)
        return full

    def _right(self, payload: dict[str, Any], task: Task, content: Content) -> dict[str, str]:
        if content != "card":
            return {}
        self.tasks[task.task_id] = task
        return {"response_code": self.new_code(task)} if calls_back(payload) else {}


def _content(body: dict[str, Any]) -> tuple[Content, dict[str, Any]]:
    kind = str(body.get("msgtype", ""))
    part = body.get(kind)
    if kind == "template_card":
        problem = problem_of(part)
        if problem:
            raise ApiError(*problem)
        return "card", part or {}
    if not isinstance(part, dict) or kind not in {"text", "markdown", *_PASSED_ON}:
        raise ApiError(40008, "invalid message type")
    if kind in _PASSED_ON:
        return _PASSED_ON[kind], part
    text = str(part.get("content", ""))
    if not text.strip():
        raise ApiError(44004, "empty content")
    if kind == "text":
        return "text", {"content": text.encode()[:TEXT_BYTES].decode(errors="ignore")}
    if len(text.encode()) > TEXT_BYTES:
        raise ApiError(45002, "content size out of limit")
    return "markdown", {"content": text}


def _targets(task: Task, body: dict[str, Any]) -> tuple[list[Shown], list[str]]:
    if body.get("atall") == 1:
        return list(task.copies.values()), []
    users = [str(user).lower() for user in body.get("userids", [])]
    if not users:
        raise ApiError(82101, "no target")
    unknown = [user for user in users if user not in task.copies]
    if len(unknown) == len(users):
        raise ApiError(82102, "target was not a receiver")
    return [task.copies[user] for user in users if user in task.copies], unknown


def _changed(copy: Shown, body: dict[str, Any], task: Task) -> dict[str, Any]:
    """The copy's new payload. The task keeps its id; `task_id` counts on sending only (D94888)."""
    name = body.get("button", {}).get("replace_name")
    if name:
        if copy.payload["card_type"] not in CALLING_BACK:
            raise ApiError(42031, "the card has no button to replace")
        return {**copy.payload, "replace_text": name}
    card = body.get("template_card")
    card = {**card, "task_id": task.task_id} if isinstance(card, dict) else card
    problem = problem_of(card)
    if problem:
        raise ApiError(*problem)
    return card or {}
