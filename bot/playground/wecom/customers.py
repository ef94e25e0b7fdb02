"""What customers and members do with each other in WeCom, and what the app hears of it."""

import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from aiohttp import web

from bot.platforms.protocol import Now
from bot.playground.wecom.callback import Tree
from bot.playground.wecom.contacts import Contacts
from bot.playground.wecom.gate import Answer, ApiError, Gate, read_json
from bot.playground.wecom.letters import MassSends
from bot.playground.wecom.tags import Tags
from bot.playground.wecom.ways import Ways
from bot.playground.world import ExternalContact, Member, World

CHAT_KEY_LIFE = timedelta(minutes=30)
Tell = Callable[[Tree], Awaitable[bool]]
"""Sends an event of the system to the app; False when nobody took it."""


@dataclass(frozen=True, slots=True)
class Chat:
    """A customer wrote through a link (D101361)."""

    link: str
    member: str
    external: str
    state: str
    until: datetime


class Customers:
    """Acts of people, and the calls about them. An app's own changes raise no event (D92130)."""

    def __init__(
        self,
        world: World,
        contacts: Contacts,
        member: Callable[[str], Member | None],
        now: Now,
        tell: Tell,
    ) -> None:
        self.ways = Ways(member)
        self.tags = Tags(now, contacts.external, contacts.has)
        self.letters = MassSends(world, now, contacts, member)
        self.links: dict[str, str] = {}
        """Names of 获客链接 by their ids."""
        self._contacts = contacts
        self._now = now
        self._tell = tell
        self._chats: dict[str, Chat] = {}

    def routes(self, gate: Gate) -> Sequence[web.RouteDef]:
        calls = {
            "add_contact_way": self.ways.add,
            "get_contact_way": self.ways.get,
            "update_contact_way": self.ways.update,
            "del_contact_way": self.ways.delete,
            "get_corp_tag_list": self.tags.list,
            "add_corp_tag": self.tags.add,
            "mark_tag": self.tags.mark,
            "add_msg_template": self.letters.add,
            "get_groupmsg_list_v2": self.letters.records,
            "get_groupmsg_send_result": self.letters.results,
            "cancel_groupmsg_send": self.letters.cancel,
            "customer_acquisition/get": self.link,
            "customer_acquisition/get_chat_info": self.chat,
        }
        return [gate.route("POST", f"externalcontact/{path}", c) for path, c in calls.items()]

    # Calls about links -----------------------------------------------------------------------

    async def link(self, request: web.Request) -> Answer:
        _, body = await read_json(request)
        link_id = str(body.get("link_id", ""))
        if link_id not in self.links:
            raise ApiError(40058, "link_id not found")
        url = f"https://work.weixin.qq.com/ca/{link_id}"
        return {"link": {"link_id": link_id, "link_name": self.links[link_id], "url": url}}

    async def chat(self, request: web.Request) -> Answer:
        _, body = await read_json(request)
        chat = self._chats.get(str(body.get("chat_key", "")))
        if chat is None or self._now() > chat.until:
            raise ApiError(40058, "invalid chat_key")
        info = {"recv_msg_cnt": 1, "link_id": chat.link, "state": chat.state}
        return {"userid": chat.member, "external_userid": chat.external, "chat_info": info}

    # Acts ------------------------------------------------------------------------------------

    async def scan(self, config_id: str, external: ExternalContact) -> None:
        """The code's first member gets the customer; who is a contact already raises no event."""
        way = self.ways.ways.get(config_id)
        if way is None:
            raise ValueError("这个渠道码已经停用，扫了没有反应")
        member, coming = way.users[0], replace(external, state=way.state)
        if self._contacts.has(member, external.id):
            return
        if way.skip_verify:
            await self._change(self._contacts.add(member, coming, half=True))
        await self._change(self._contacts.add(member, coming, half=False))

    async def edit(self, member: str, external: ExternalContact) -> bool:
        """The member writes down what `external` says."""
        self._contacts.know(external)
        more: Tree = {"State": external.state} if external.state else {}
        return await self._change(_pair("edit_external_contact", member, external.id), more)

    async def delete(self, member: str, external: str, *, by_transfer: bool = False) -> bool:
        self._contacts.part(member, external)
        more: Tree = {"Source": "DELETE_BY_TRANSFER"} if by_transfer else {}
        return await self._change(_pair("del_external_contact", member, external), more)

    async def leave(self, member: str, external: str) -> bool:
        self._contacts.part(member, external)
        return await self._change(_pair("del_follow_user", member, external))

    async def fail_transfer(self, member: str, external: str, reason: str) -> bool:
        pair = _pair("transfer_fail", member, external)
        return await self._change(pair, {"FailReason": reason})

    async def change_group(self, group: str, change: str, **more: str | int) -> bool:
        event: Tree = {"Event": "change_external_chat", "ChatId": group, "ChangeType": change}
        return await self._tell({**event, **more})

    async def tell_of_link(self, change: str, **more: str) -> bool:
        """`more` are the fields of the event."""
        return await self._tell({"Event": "customer_acquisition", "ChangeType": change, **more})

    async def write_through(
        self, link: str, member: str, external: ExternalContact, *, state: str = ""
    ) -> bool:
        """A customer who came through a link writes; the event tells a key instead of persons."""
        self._contacts.know(external)
        key, until = secrets.token_urlsafe(16), self._now() + CHAT_KEY_LIFE
        self._chats[key] = Chat(link, member, external.id, state, until)
        return await self.tell_of_link("message_from_customer", LinkId=link, ChatKey=key)

    async def _change(self, *parts: Tree) -> bool:
        fields = {name: value for part in parts for name, value in part.items()}
        return await self._tell({"Event": "change_external_contact", **fields})


def _pair(change: str, member: str, external: str) -> Tree:
    return {"ChangeType": change, "UserID": member, "ExternalUserID": external}
