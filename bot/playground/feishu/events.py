"""What Feishu pushes when people act: messages to the bot and clicks on its cards.

Facts: open.feishu.cn, "接收消息 v2.0", "卡片回传交互", "机器人自定义菜单事件", "机器人进群",
"用户进入与机器人的会话", "用户和机器人的会话首次被创建", "新增消息表情回复", "撤回消息事件".
"""

import secrets
from typing import Any

from bot.platforms.protocol import Now
from bot.playground.feishu.directory import Directory
from bot.playground.feishu.messages import compact
from bot.playground.world import Shown

_MESSAGE_TYPES = {"markdown": "post", "voice": "audio", "image": "image", "file": "file"}
_BOT_NAME = "一诺"
_MENTION = "@_user_1"


class Events:
    """Payloads of one app, before they are encrypted."""

    def __init__(self, now: Now, directory: Directory, *, app_id: str, token: str) -> None:
        self.bot_open_id = f"ou_{secrets.token_hex(16)}"
        self._now = now
        self._directory = directory
        self._app_id = app_id
        self._token = token

    def message(self, shown: Shown, *, thread: str = "", mentioned: bool = True) -> dict[str, Any]:
        """In a group a text mentions the bot, unless the app may hear all talk of groups."""
        milliseconds = str(int(shown.at.timestamp() * 1000))
        in_group = shown.chat not in self._directory.members
        content = dict(shown.payload)
        message: dict[str, Any] = {
            "message_id": shown.id,
            "create_time": milliseconds,
            "update_time": milliseconds,
            "chat_id": self._directory.chat_id(shown.chat),
            "chat_type": "group" if in_group else "p2p",
            "message_type": content.pop("message_type", None)
            or _MESSAGE_TYPES.get(shown.content, "text"),
        }
        if in_group and mentioned and shown.content == "text":
            content["text"] = f"{_MENTION} {content['text']}"
            message["mentions"] = [self._bot_mention()]
        if shown.reply_to:
            message |= {"root_id": shown.reply_to, "parent_id": shown.reply_to}
        if thread:
            message["thread_id"] = thread
        message["content"] = compact(content)
        sender = {
            "sender_id": self._directory.ids(shown.sender),
            "sender_type": "user",
            "tenant_key": self._directory.tenant_key,
        }
        event = {"sender": sender, "message": message}
        return self._envelope("im.message.receive_v1", event, per_second=1_000)

    def menu(self, user: str, event_key: str) -> dict[str, Any]:
        """An item of type 推送事件; this one's time is a number of seconds."""
        name = self._directory.members[user].name
        operator = {"operator_name": name, "operator_id": self._directory.ids(user)}
        event = {
            "operator": operator,
            "event_key": event_key,
            "timestamp": int(self._now().timestamp()),
        }
        return self._envelope("application.bot.menu_v6", event, per_second=1_000)

    def entered(self, user: str, last_message: str = "") -> dict[str, Any]:
        """Comes with every entry; what was said last only where something was."""
        event = {
            "chat_id": self._directory.chat_id(user),
            "operator_id": self._directory.ids(user),
        }
        if last_message:
            event |= {"last_message_id": last_message}
        kind = "im.chat.access_event.bot_p2p_chat_entered_v1"
        return self._envelope(kind, event, per_second=1_000)

    def first_chat(self, user: str) -> dict[str, Any]:
        """In the old envelope."""
        person = {"open_id": user, "name": self._directory.members[user].name}
        return {
            "uuid": secrets.token_hex(16),
            "ts": f"{self._now().timestamp():.6f}",
            "token": self._token,
            "type": "event_callback",
            "event": {
                "type": "p2p_chat_create",
                "app_id": self._app_id,
                "tenant_key": self._directory.tenant_key,
                "chat_id": self._directory.chat_id(user),
                "operator": {"open_id": user},
                "user": person,
            },
        }

    def joined(self, group: str, user: str, *, external: bool) -> dict[str, Any]:
        event = {
            "chat_id": group,
            "operator_id": self._directory.ids(user),
            "external": external,
            "operator_tenant_key": self._directory.tenant_key,
            "name": group,
        }
        return self._envelope("im.chat.member.bot.added_v1", event, per_second=1_000)

    def recalled(self, shown: Shown) -> dict[str, Any]:
        event = {
            "message_id": shown.id,
            "chat_id": self._directory.chat_id(shown.chat),
            "recall_time": str(int(self._now().timestamp() * 1000)),
            "recall_type": "message_owner",
        }
        return self._envelope("im.message.recalled_v1", event, per_second=1_000)

    def task(self, guid: str, obj_type: int) -> dict[str, Any]:
        """That something changed, not who changed it (任务信息变更)."""
        event = {"task_id": guid, "obj_type": obj_type}
        return self._envelope("task.task.updated_v1", event, per_second=1_000)

    def reaction(self, shown: Shown, user: str, emoji: str) -> dict[str, Any]:
        event = {
            "message_id": shown.id,
            "reaction_type": {"emoji_type": emoji},
            "operator_type": "user",
            "user_id": self._directory.ids(user),
            "action_time": str(int(self._now().timestamp() * 1000)),
        }
        return self._envelope("im.message.reaction.created_v1", event, per_second=1_000)

    def click(self, shown: Shown, user: str, action: dict[str, Any]) -> dict[str, Any]:
        event = {
            "operator": {"tenant_key": self._directory.tenant_key} | self._directory.ids(user),
            "token": f"c-{secrets.token_hex(20)}",
            "action": action,
            "host": "im_message",
            "context": {
                "open_message_id": shown.id,
                "open_chat_id": self._directory.chat_id(shown.chat),
            },
        }
        return self._envelope("card.action.trigger", event, per_second=1_000_000)

    def _bot_mention(self) -> dict[str, Any]:
        return {
            "key": _MENTION,
            "id": {"open_id": self.bot_open_id, "union_id": "", "user_id": ""},
            "mentioned_type": "bot",
            "name": _BOT_NAME,
            "tenant_key": self._directory.tenant_key,
        }

    def _envelope(
        self, event_type: str, event: dict[str, Any], *, per_second: int
    ) -> dict[str, Any]:
        """Times of events are in milliseconds, those of card callbacks in microseconds."""
        header = {
            "event_id": secrets.token_hex(16),
            "event_type": event_type,
            "create_time": str(int(self._now().timestamp() * per_second)),
            "token": self._token,
            "app_id": self._app_id,
            "tenant_key": self._directory.tenant_key,
        }
        return {"schema": "2.0", "header": header, "event": event}
