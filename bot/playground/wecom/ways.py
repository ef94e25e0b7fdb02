"""WeCom's channel codes (「联系我」, D92572): made by an app, scanned by customers.

The document names no code for what breaks the length of a field, or for an unknown `config_id`:
both are refused with 40058 here.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bot.playground.wecom.gate import Answer, ApiError, read_json
from bot.playground.world import Member

MOST_USERS = 100
LONGEST = 30
"""Characters of `remark` and of `state`."""


@dataclass(slots=True)
class Way:
    config_id: str
    qr_code: str
    type: int
    users: list[str]
    state: str = ""
    remark: str = ""
    skip_verify: bool = True


class Ways:
    """`most` is how many an enterprise may have; members in `inactive` never logged in."""

    def __init__(self, member: Callable[[str], Member | None]) -> None:
        self.ways: dict[str, Way] = {}
        self.most = 500_000
        self.inactive: set[str] = set()
        self._member = member

    async def add(self, request: web.Request) -> Answer:
        _, body = await read_json(request)
        if body.get("type") not in (1, 2) or body.get("scene") not in (1, 2):
            raise ApiError(40058, "type or scene invalid")
        users = self._checked(body, body["type"])
        if len(self.ways) >= self.most:
            raise ApiError(41045, "contact way count out of limit")
        config_id = secrets.token_hex(16)
        way = Way(config_id, f"https://wework.qpic.cn/playground/{config_id}", body["type"], users)
        _fill(way, body)
        self.ways[config_id] = way
        return {"config_id": config_id, "qr_code": way.qr_code}

    async def get(self, request: web.Request) -> Answer:
        way = await self._wanted(request)
        return {
            "contact_way": {
                "config_id": way.config_id,
                "type": way.type,
                "scene": 2,
                "remark": way.remark,
                "skip_verify": way.skip_verify,
                "state": way.state,
                "qr_code": way.qr_code,
                "user": way.users,
                "party": [],
            }
        }

    async def update(self, request: web.Request) -> Answer:
        """What is not named stays; `type` and `scene` can never change."""
        way = await self._wanted(request)
        _, body = await read_json(request)
        way.users = self._checked({"user": way.users, **body}, way.type)
        _fill(way, body)
        return {}

    async def delete(self, request: web.Request) -> Answer:
        way = await self._wanted(request)
        del self.ways[way.config_id]
        return {}

    async def _wanted(self, request: web.Request) -> Way:
        _, body = await read_json(request)
        way = self.ways.get(str(body.get("config_id", "")))
        if way is None:
            raise ApiError(40058, "config_id not found")
        return way

    def _checked(self, body: dict[str, Any], kind: int) -> list[str]:
        if any(len(str(body.get(name, ""))) > LONGEST for name in ("remark", "state")):
            raise ApiError(40058, "remark or state too long")
        users = [str(user) for user in body.get("user", [])]
        if not users or (kind == 1 and len(users) != 1):
            raise ApiError(40058, "user list does not fit the type")
        if len(users) > MOST_USERS:
            raise ApiError(41041, "too many users in one contact way")
        for user in users:
            if self._member(user) is None:
                raise ApiError(60111, "userid not found")
            if user.lower() in self.inactive:
                raise ApiError(41054, "user not activated")
        return users


def _fill(way: Way, body: dict[str, Any]) -> None:
    way.state = str(body.get("state", way.state))
    way.remark = str(body.get("remark", way.remark))
    way.skip_verify = bool(body.get("skip_verify", way.skip_verify))
