"""Customer contact beside the chat: channel codes, tags, links that bring customers (客户联系)."""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.platforms.pace import Pace
from bot.platforms.protocol import Now, Rejected
from bot.platforms.wecom import letters
from bot.platforms.wecom.client import Client

TAG_GROUP = "一诺"
TAG_LETTERS = 30
"""Of one tag's name; the page of add_corp_tag (92117)."""
STATE_LETTERS = 30
NAME_LETTERS = 30
MOST_MEMBERS = 100
"""Of one channel code (D92572)."""
SEVERAL, BY_CODE = 2, 2
"""`type` and `scene` of a channel code: for several members, as a QR code."""
_UNKNOWN_TAG, _KNOWN_ALREADY = "40068", "40071"


class Desk:
    """Implements `CustomerDesk`, with the app's own client."""

    def __init__(self, client: Client, now: Now, pace: Pace) -> None:
        self._client = client
        self._now = now
        self._pace = pace
        self._tag_ids: dict[str, str] = {}
        self._making_tags = asyncio.Lock()

    # Channel codes ---------------------------------------------------------------------------

    async def open_channel(
        self, state: str, name: str, members: Sequence[str], *, asks: bool
    ) -> dict[str, Any]:
        """A try that broke off may leave a second code behind: it carries the same state."""
        made = await self._post("externalcontact/add_contact_way", _way(state, name, members, asks))
        return {
            "config_id": str(made.get("config_id", "")),
            "picture_url": str(made.get("qr_code", "")),
        }

    async def change_channel(
        self, config_id: str, state: str, name: str, members: Sequence[str], *, asks: bool
    ) -> None:
        """The printed code stays good."""
        way = _way(state, name, members, asks)
        kept = {key: way[key] for key in ("remark", "skip_verify", "state", "user")}
        await self._post("externalcontact/update_contact_way", {"config_id": config_id, **kept})

    async def close_channel(self, config_id: str) -> None:
        await self._post("externalcontact/del_contact_way", {"config_id": config_id})

    # Tags ------------------------------------------------------------------------------------

    async def write_tags(
        self, member: str, external_id: str, add: Sequence[str], remove: Sequence[str]
    ) -> None:
        """Corp tags of our own group, on a member's own customer. What was deleted in the console
        meanwhile is made anew."""
        try:
            await self._write_tags(member, external_id, add, remove)
        except Rejected as refusal:
            if refusal.code != _UNKNOWN_TAG:
                raise
            self._tag_ids = {}
            await self._write_tags(member, external_id, add, remove)

    async def _write_tags(
        self, member: str, external_id: str, add: Sequence[str], remove: Sequence[str]
    ) -> None:
        """Those to take away that nobody has made are not there to be taken away."""
        names = {name: name[:TAG_LETTERS] for name in (*add, *remove)}
        if not set(names.values()) <= self._tag_ids.keys():
            await self._make_tags([names[name] for name in add])
        if unmade := [name for name in add if names[name] not in self._tag_ids]:
            raise Rejected(f"add_corp_tag made no {'、'.join(unmade)}", code="tags")
        body = {
            "userid": user_of(member),
            "external_userid": external_id,
            "add_tag": self._ids(names[name] for name in add),
            "remove_tag": self._ids(names[name] for name in remove),
        }
        if body["add_tag"] or body["remove_tag"]:
            await self._post("externalcontact/mark_tag", body)

    def _ids(self, names: Iterable[str]) -> list[str]:
        return [self._tag_ids[name] for name in names if name in self._tag_ids]

    async def _make_tags(self, names: Sequence[str]) -> None:
        """Reads what there is, and makes what is missing; one at a time, so that none is made
        twice."""
        async with self._making_tags:
            await self._read_tags()
            missing = [name for name in dict.fromkeys(names) if name not in self._tag_ids]
            if not missing:
                return
            try:
                body = {"group_name": TAG_GROUP, "tag": [{"name": name} for name in missing]}
                made = await self._post("externalcontact/add_corp_tag", body)
            except Rejected as refusal:
                if refusal.code != _KNOWN_ALREADY:
                    raise
                await self._read_tags()
            else:
                self._tag_ids |= _ids_of([made.get("tag_group") or {}])

    async def _read_tags(self) -> None:
        told = await self._post("externalcontact/get_corp_tag_list", {})
        groups = [group for group in told.get("tag_group") or () if _is_ours(group)]
        self._tag_ids = _ids_of(groups)

    # Letters ---------------------------------------------------------------------------------

    async def hand_over(
        self,
        member: str,
        external_id: str,
        text: str,
        *,
        since: datetime,
        known: Collection[str],
    ) -> dict[str, Any]:
        between = (since, max(since, self._now()))
        return await letters.hand_over(
            self._post, user_of(member), external_id, text, between=between, known=known
        )

    async def look_after(self, member: str, external_id: str, task: str) -> dict[str, Any]:
        return await letters.look_after(self._post, user_of(member), external_id, task)

    async def stop(self, member: str, external_id: str, task: str) -> dict[str, Any]:
        return await letters.stop(self._post, user_of(member), external_id, task)

    # Links and people ------------------------------------------------------------------------

    async def link(self, link_id: str, chat_key: str) -> dict[str, Any]:
        """What a link is called, and who wrote to whom through it (D97298, D101361). Keys name,
        member, external_id, state; what is missing has no key."""
        told: dict[str, Any] = {}
        if chat_key:
            path = "externalcontact/customer_acquisition/get_chat_info"
            chat = await self._post(path, {"chat_key": chat_key})
            info = chat.get("chat_info") or {}
            link_id = str(info.get("link_id") or link_id)
            told |= {
                "member": chat.get("userid"),
                "external_id": chat.get("external_userid"),
                "state": info.get("state"),
            }
        if link_id:
            path = "externalcontact/customer_acquisition/get"
            found = await self._post(path, {"link_id": link_id})
            told["name"] = (found.get("link") or {}).get("link_name")
        return {key: str(value) for key, value in told.items() if value}

    async def colleague(self, member: str) -> dict[str, Any]:
        """What the directory calls a member. Mobiles and mail are not given to apps made after
        2022-06-20 (D96255)."""
        self._pace.take(self._now(), api="user/get")
        told = await self._client.get("user/get", {"userid": user_of(member)})
        return {"name": str(told["name"])} if told.get("name") else {}

    async def _post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        self._pace.take(self._now(), api=path)
        return await self._client.post(path, body)


def user_of(address: str) -> str:
    return address.removeprefix("wecom:")


def _way(state: str, name: str, members: Sequence[str], asks: bool) -> dict[str, Any]:
    if not 1 <= len(members) <= MOST_MEMBERS:
        raise Rejected(f"一个渠道码要有 1 到 {MOST_MEMBERS} 个人接待", code="members")
    return {
        "type": SEVERAL if len(members) > 1 else 1,
        "scene": BY_CODE,
        "remark": name[:NAME_LETTERS],
        "skip_verify": not asks,
        "state": state[:STATE_LETTERS],
        "user": [user_of(member) for member in members],
    }


def _is_ours(group: Mapping[str, Any]) -> bool:
    return group.get("group_name") == TAG_GROUP and not group.get("deleted")


def _ids_of(groups: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    tags = [tag for group in groups for tag in group.get("tag") or () if not tag.get("deleted")]
    return {str(tag["name"]): str(tag["id"]) for tag in tags}
