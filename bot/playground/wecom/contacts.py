"""WeCom's customer contacts: who added whom, what the server tells of them, the one welcome."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from bot.platforms.protocol import Now
from bot.playground.wecom.callback import Tree
from bot.playground.wecom.gate import Answer, ApiError, read_json
from bot.playground.world import ExternalContact, Shown, World

WELCOME_SECONDS = 20
WELCOME_BYTES = 4000


@dataclass(slots=True)
class Welcome:
    member: str
    external: str
    until: datetime
    used: bool = False


class Contacts:
    def __init__(self, world: World, now: Now) -> None:
        self.welcomes: dict[str, Welcome] = {}
        self._world = world
        self._now = now
        self._follows: dict[str, dict[str, int]] = {}
        """Unix second of the addition, by customer and member."""

    def add(self, member: str, external: ExternalContact, *, half: bool) -> Tree:
        """The event's own fields. Who was greeted as a half contact gets no new code (D92130)."""
        self._world.externals[external.id] = external
        follows = self._follows.setdefault(external.id, {})
        follows.setdefault(member, int(self._now().timestamp()))
        change = "add_half_external_contact" if half else "add_external_contact"
        fields: Tree = {"ChangeType": change, "UserID": member, "ExternalUserID": external.id}
        if external.state:
            fields["State"] = external.state
        if not self._is_greeted(member, external.id):
            fields["WelcomeCode"] = self._new_welcome(member, external.id)
        return fields

    def external(self, external_id: str) -> ExternalContact | None:
        return self._world.externals.get(external_id)

    def has(self, member: str, external_id: str) -> bool:
        """Whether they are contacts; ids of members are compared without case (D96255)."""
        return member.lower() in map(str.lower, self._follows.get(external_id, {}))

    def of(self, member: str) -> list[str]:
        """All customers of a member."""
        return [one for one in self._follows if self.has(member, one)]

    def know(self, external: ExternalContact) -> None:
        """Somebody wrote down more of a customer."""
        self._world.externals[external.id] = external

    def part(self, member: str, external_id: str) -> None:
        """They are contacts no more; a later addition brings a fresh right to greet."""
        self._follows.get(external_id, {}).pop(member, None)
        for welcome in self.welcomes.values():
            if (welcome.member, welcome.external) == (member, external_id):
                welcome.member = ""

    async def get(self, request: web.Request) -> Answer:
        external = self._world.externals.get(request.query.get("external_userid", ""))
        if external is None:
            raise ApiError(40096, "invalid external userid")
        follows = self._follows.get(external.id)
        if not follows:
            raise ApiError(84061, "not external contact")
        return {
            "external_contact": _person(external),
            "follow_user": [_follower(external, *one) for one in follows.items()],
            "next_cursor": "",
        }

    async def greet(self, request: web.Request) -> Answer:
        _, body = await read_json(request)
        text = body.get("text", {}).get("content", "")
        welcome = self.welcomes.get(str(body.get("welcome_code", "")))
        if welcome is None or self._now() > welcome.until:
            raise ApiError(41050, "invalid welcome code")
        if welcome.used:
            raise ApiError(41051, "the customer and the member are chatting")
        if not text and not body.get("attachments"):
            raise ApiError(40063, "text and attachments are empty")
        if len(text.encode()) > WELCOME_BYTES:
            raise ApiError(45002, "content size out of limit")
        welcome.used = True
        self._show(welcome, body)
        return {}

    def _show(self, welcome: Welcome, body: dict[str, Any]) -> None:
        """The customer sees it as the member's own words."""
        payload = {"content": body.get("text", {}).get("content", "")}
        if body.get("attachments"):
            payload["attachments"] = body["attachments"]
        message_id = secrets.token_urlsafe(16)
        self._world.show(
            Shown(
                message_id, "wecom", welcome.external, welcome.member, "text", payload, self._now()
            )
        )

    def _is_greeted(self, member: str, external: str) -> bool:
        return any(
            one.used and (one.member, one.external) == (member, external)
            for one in self.welcomes.values()
        )

    def _new_welcome(self, member: str, external: str) -> str:
        code = secrets.token_urlsafe(24)
        until = self._now() + timedelta(seconds=WELCOME_SECONDS)
        self.welcomes[code] = Welcome(member, external, until)
        return code


def _person(external: ExternalContact) -> dict[str, Any]:
    """Company and position are given for WeCom users only; those ids begin with `wo` here."""
    is_wecom = external.id.startswith("wo")
    return {
        "external_userid": external.id,
        "name": external.name,
        "avatar": "",
        "type": 2 if is_wecom else 1,
        "gender": 0,
        "position": external.position if is_wecom else "",
        "corp_name": external.corp_name if is_wecom else "",
        "corp_full_name": "",
        "external_profile": {"external_attr": []},
    }


def _follower(external: ExternalContact, member: str, created: int) -> dict[str, Any]:
    """What the member wrote down about the customer."""
    return {
        "userid": member,
        "remark": external.name,
        "description": "",
        "createtime": created,
        "tags": [],
        "remark_corp_name": external.corp_name,
        "remark_mobiles": list(external.mobiles),
        "oper_userid": external.id,
        "add_way": 1,
        "state": external.state,
    }
