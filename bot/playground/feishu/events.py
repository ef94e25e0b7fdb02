"""What Feishu pushes when people act: messages to the bot and clicks on its cards.

Facts: open.feishu.cn, "接收消息 v2.0" and "卡片回传交互".
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

    def message(self, shown: Shown) -> dict[str, Any]:
        """A group delivers only what mentions the bot, so there a text does."""
        milliseconds = str(int(shown.at.timestamp() * 1000))
        in_group = shown.chat not in self._directory.members
        content = dict(shown.payload)
        message: dict[str, Any] = {
            "message_id": shown.id,
            "create_time": milliseconds,
            "update_time": milliseconds,
            "chat_id": self._directory.chat_id(shown.chat),
            "chat_type": "group" if in_group else "p2p",
            "message_type": _MESSAGE_TYPES.get(shown.content, "text"),
        }
        if in_group and shown.content == "text":
            content["text"] = f"{_MENTION} {content['text']}"
            message["mentions"] = [self._bot_mention()]
        if shown.reply_to:
            message |= {"root_id": shown.reply_to, "parent_id": shown.reply_to}
        message["content"] = compact(content)
        sender = {
            "sender_id": self._directory.ids(shown.sender),
            "sender_type": "user",
            "tenant_key": self._directory.tenant_key,
        }
        event = {"sender": sender, "message": message}
        return self._envelope("im.message.receive_v1", event, per_second=1_000)

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
