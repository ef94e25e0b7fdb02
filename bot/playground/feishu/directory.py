"""Who and what the imitated tenant holds: members by their ids, groups, one-to-one chats."""

import hashlib
from typing import Any

from bot.playground.feishu import errors
from bot.playground.feishu.errors import ApiError
from bot.playground.world import Member, World

PLATFORM = "feishu"


class Directory:
    """A member's `id` in the world is his open_id; his other ids are derived from it."""

    def __init__(self, world: World, *, tenant_key: str) -> None:
        self.tenant_key = tenant_key
        self.groups: set[str] = set()
        """Groups the bot is in."""
        self._world = world

    @property
    def members(self) -> dict[str, Member]:
        return self._world.members.get(PLATFORM, {})

    @property
    def people(self) -> frozenset[str]:
        """Every id a card may name a person by."""
        return frozenset(
            name for member in self.members for name in (member, _union(member), _user(member))
        )

    def ids(self, open_id: str) -> dict[str, str]:
        return {"open_id": open_id, "union_id": _union(open_id), "user_id": _user(open_id)}

    def chat_id(self, chat: str) -> str:
        """Of a group, or of the one-to-one chat with a member."""
        return f"oc_{_hash(chat)}" if chat in self.members else chat

    def chat(self, id_type: str, receive_id: str) -> str:
        """The conversation an API call means. Raises ApiError."""
        match id_type:
            case "open_id":
                return self._member(receive_id, lambda open_id: open_id, errors.NO_SUCH_OPEN_ID)
            case "union_id":
                return self._member(receive_id, _union, errors.NO_SUCH_UNION_ID)
            case "user_id":
                return self._member(receive_id, _user, errors.NO_SUCH_USER_ID)
            case "chat_id":
                return self._group_or_member(receive_id)
        raise errors.bad_field("receive_id_type", f"is unknown: {id_type}")

    def _member(self, wanted: str, as_id: Any, code: int) -> str:
        for open_id in self.members:
            if as_id(open_id) == wanted:
                return open_id
        raise ApiError(code, f"id not exist: {wanted}")

    def _group_or_member(self, chat_id: str) -> str:
        if chat_id in self.groups:
            return chat_id
        for open_id in self.members:
            if self.chat_id(open_id) == chat_id:
                return open_id
        raise ApiError(errors.BOT_NOT_IN_GROUP, "Bot can NOT be out of the chat.")


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _union(open_id: str) -> str:
    return f"on_{_hash(open_id)}"


def _user(open_id: str) -> str:
    return _hash(f"user {open_id}")[:8]
