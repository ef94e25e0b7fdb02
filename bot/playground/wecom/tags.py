"""WeCom's corp tags: groups of them, and which customer of which member carries which.

Facts: developer.work.weixin.qq.com, "管理企业标签" (92117) and "编辑客户企业标签" (92118).
"""

import secrets
from collections.abc import Callable
from typing import Any

from aiohttp import web

from bot.platforms.protocol import Now
from bot.playground.wecom.gate import Answer, ApiError, read_json
from bot.playground.world import ExternalContact

LONGEST = 30
AT_ONCE = 100
MOST = 10_000
"""Corp tags of one enterprise."""

Pair = tuple[str, str]
"""A customer's id and a member's."""


class Tags:
    """`on` holds the ids of the tags that a member's customer carries."""

    def __init__(
        self, now: Now, external: Callable[[str], ExternalContact | None], has: Callable[..., bool]
    ) -> None:
        self.groups: dict[str, dict[str, str]] = {}
        """Names of a group's tags by their ids, by the group's name."""
        self.on: dict[Pair, set[str]] = {}
        self._now = now
        self._external = external
        self._has = has
        self._group_ids: dict[str, str] = {}

    def names(self, member: str, external: str) -> set[str]:
        """What a member's client shows on a customer."""
        return {self._name(one) for one in self.on.get((external, member.lower()), ())}

    def make(self, group: str, name: str) -> str:
        """As the console does; the tag's id."""
        self._group_ids.setdefault(group, f"et{secrets.token_hex(15)}")
        tag_id = f"et{secrets.token_hex(15)}"
        self.groups.setdefault(group, {})[tag_id] = name
        return tag_id

    def delete(self, group: str, name: str) -> None:
        """As the console does: it goes from every customer, too."""
        tag_id = next(number for number, one in self.groups[group].items() if one == name)
        del self.groups[group][tag_id]
        for carried in self.on.values():
            carried.discard(tag_id)

    async def list(self, request: web.Request) -> Answer:
        _, body = await read_json(request)
        wanted = set(body.get("group_id", ()))
        return {
            "tag_group": [
                self._view(name)
                for name in self.groups
                if not wanted or self._group_ids[name] in wanted
            ]
        }

    async def add(self, request: web.Request) -> Answer:
        """A group that exists by that name gets the new tags."""
        _, body = await read_json(request)
        group = self._group_of(body)
        names = [str(tag.get("name", "")) for tag in body.get("tag", ())]
        if not 1 <= len(names) <= AT_ONCE or not all(0 < len(name) <= LONGEST for name in names):
            raise ApiError(40058, "tag list or tag name invalid")
        known = self.groups.get(group, {})
        if set(names) & set(known.values()) or len(set(names)) != len(names):
            raise ApiError(40071, "tag name already exist")
        if sum(map(len, self.groups.values())) + len(names) > MOST:
            raise ApiError(40069, "too many tags")
        for name in names:
            self.make(group, name)
        return {"tag_group": self._view(group)}

    async def mark(self, request: web.Request) -> Answer:
        """Needs a member and a customer who are contacts; raises no event (D92130)."""
        _, body = await read_json(request)
        member, external = str(body.get("userid", "")), str(body.get("external_userid", ""))
        add, remove = set(body.get("add_tag", ())), set(body.get("remove_tag", ()))
        if self._external(external) is None:
            raise ApiError(40096, "invalid external userid")
        if not self._has(member, external):
            raise ApiError(84061, "not external contact")
        if not add and not remove:
            raise ApiError(40063, "add_tag and remove_tag are empty")
        if not all(self._name(one) for one in add | remove):
            raise ApiError(40068, "invalid tagid")
        carried = self.on.setdefault((external, member.lower()), set())
        carried -= remove
        carried |= add
        return {}

    def _group_of(self, body: dict[str, Any]) -> str:
        by_id = {number: name for name, number in self._group_ids.items()}
        name = by_id.get(str(body.get("group_id", "")), str(body.get("group_name", "")))
        if not 0 < len(name) <= LONGEST:
            raise ApiError(40058, "group_name invalid")
        return name

    def _name(self, tag_id: str) -> str:
        return next((tags[tag_id] for tags in self.groups.values() if tag_id in tags), "")

    def _view(self, group: str) -> dict[str, Any]:
        created = int(self._now().timestamp())
        tags = [
            {"id": tag_id, "name": name, "create_time": created, "order": 0}
            for tag_id, name in self.groups[group].items()
        ]
        return {
            "group_id": self._group_ids[group],
            "group_name": group,
            "create_time": created,
            "order": 0,
            "tag": tags,
        }
