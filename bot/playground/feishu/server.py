"""The imitation of Feishu as a whole: its app, its API, its clients and its callbacks."""

import json
import secrets
from collections.abc import Sequence
from typing import Any

from aiohttp import web
from pydantic import SecretStr

from bot.platforms.protocol import Now
from bot.playground.feishu import clicks
from bot.playground.feishu.api import EDITABLE, Fault, OpenApi
from bot.playground.feishu.directory import PLATFORM, Directory
from bot.playground.feishu.errors import ApiError
from bot.playground.feishu.limits import Limits
from bot.playground.feishu.push import ANSWER_SECONDS, NO_ANSWER_IN_TIME, RETRY_SECONDS, Pusher
from bot.playground.world import Content, Shown, World
from config.schema import FeishuSettings

_MESSAGE_TYPES = {"markdown": "post", "voice": "audio", "image": "image", "file": "file"}
_CONTENT_TYPES = {"voice": "audio/ogg", "image": "image/png"}
_BOT_NAME = "一诺"


class FeishuServer:
    """One tenant with one app. The API lies below `/playground/feishu`."""

    name = PLATFORM

    def __init__(
        self,
        world: World,
        now: Now,
        callback_url: str = "",
        *,
        rate_limits: bool = True,
        retry_seconds: Sequence[float] = RETRY_SECONDS,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        """`rate_limits` count by `now`: where that clock stands still, switch them off."""
        self._world = world
        self._now = now
        self._encrypt_key = secrets.token_urlsafe(24)
        self._verification_token = secrets.token_urlsafe(24)
        self._bot_open_id = f"ou_{secrets.token_hex(16)}"
        self._uploads: dict[str, tuple[bytes, str]] = {}
        self.directory = Directory(world, tenant_key=secrets.token_hex(8))
        self.api = OpenApi(
            world,
            self.directory,
            now,
            Limits(enabled=rate_limits),
            app_id=f"cli_{secrets.token_hex(8)}",
            app_secret=secrets.token_urlsafe(24),
        )
        self.pusher = Pusher(
            now,
            encrypt_key=self._encrypt_key,
            retry_seconds=retry_seconds,
            answer_seconds=answer_seconds,
        )
        self.pusher.url = callback_url

    def settings(self, api_url: str) -> FeishuSettings:
        """What the operator would copy from the console. `api_url` is the address in front of
        `/open-apis`."""
        return FeishuSettings(
            app_id=self.api.app_id,
            app_secret=SecretStr(self.api.app_secret),
            encrypt_key=SecretStr(self._encrypt_key),
            verification_token=SecretStr(self._verification_token),
            api_url=api_url,
        )

    def routes(self) -> Sequence[web.RouteDef]:
        return self.api.routes()

    async def stop(self) -> None:
        self.api.closing.set()
        await self.pusher.close()

    async def check_url(self) -> bool:
        """What saving the request address in the console does."""
        return await self.pusher.check(self._verification_token)

    def upload(self, name: str, data: bytes, content_type: str) -> None:
        """Bytes for the voice, picture or file that `say` sends under this text."""
        self._uploads[name] = (data, content_type)

    def recall(self, message_id: str) -> None:
        self.api.recalled.add(message_id)

    def fail_next(
        self, count: int = 1, *, code: int, status: int = 400, retry_after: float | None = None
    ) -> None:
        """The next calls are answered with an error and do nothing."""
        self.api.faults.extend([Fault("error", code, status, retry_after)] * count)

    def hang_next(self, count: int = 1) -> None:
        """The next calls are not answered while the server runs."""
        self.api.faults.extend([Fault("hang")] * count)

    def drop_next(self, count: int = 1) -> None:
        """The next calls take effect, but the connection breaks before the answer."""
        self.api.faults.extend([Fault("drop")] * count)

    async def say(
        self,
        user: str,
        text: str,
        *,
        content: Content = "text",
        chat: str = "",
        reply_to: str = "",
    ) -> Shown:
        """In a group the bot is mentioned, as Feishu delivers nothing else to it. The `text` of a
        file is its name; voice and picture hold it as their bytes unless `upload` gave others."""
        self._require_member(user)
        if chat:
            self.directory.groups.add(chat)
        shown = Shown(
            id=f"om_x100{secrets.token_hex(14)}",
            platform=PLATFORM,
            chat=chat or user,
            sender=user,
            content=content,
            payload={},
            at=self._now(),
            reply_to=reply_to,
        )
        shown.payload = self._written(shown, text)
        self._world.show(shown)
        await self.pusher.event(self._message_event(shown))
        return shown

    async def redeliver(self, message_id: str) -> None:
        """The same message once more under another event id, which Feishu may do even after a
        good answer. Raises ValueError."""
        await self.pusher.event(self._message_event(self._require_message(message_id)))

    async def click(
        self, user: str, message_id: str, interaction: dict[str, Any]
    ) -> dict[str, Any]:
        self._require_member(user)
        shown = self._require_message(message_id)
        if shown.content != "card":
            raise ValueError("这条消息不是卡片")
        if self._now() - shown.at > EDITABLE:
            raise ValueError("这张卡片已超过 14 天，不能再操作")
        action = clicks.action(shown.payload, interaction)
        shown.clicked = interaction
        status, answer = await self.pusher.callback(self._click_event(shown, user, action))
        return self._shown_answer(shown, status, answer)

    def _require_member(self, user: str) -> None:
        if user not in self.directory.members:
            raise ValueError(f"飞书里没有这个人：{user}")

    def _require_message(self, message_id: str) -> Shown:
        shown = self._world.find(PLATFORM, message_id)
        if shown is None or message_id in self.api.recalled:
            raise ValueError("这条消息不存在或已撤回")
        return shown

    def _written(self, shown: Shown, text: str) -> dict[str, Any]:
        """The message as the client holds it."""
        match shown.content:
            case "text":
                return {"text": text}
            case "markdown":
                lines = [[{"tag": "text", "text": line, "style": []}] for line in text.split("\n")]
                return {"title": "", "content": lines}
            case "image":
                return {"image_key": self._stored(shown, "img_v3_", text)}
            case "voice":
                return {"file_key": self._stored(shown, "file_v3_", text), "duration": 3000}
            case "file":
                return {"file_key": self._stored(shown, "file_v3_", text), "file_name": text}
        raise ValueError("成员不能自己发卡片")

    def _stored(self, shown: Shown, prefix: str, text: str) -> str:
        key = f"{prefix}{secrets.token_hex(10)}"
        content_type = _CONTENT_TYPES.get(shown.content, "application/octet-stream")
        upload = self._uploads.pop(text, (text.encode(), content_type))
        self.api.files[shown.id, key] = upload
        return key

    def _message_event(self, shown: Shown) -> dict[str, Any]:
        milliseconds = str(int(shown.at.timestamp() * 1000))
        in_group = shown.chat not in self.directory.members
        content = dict(shown.payload)
        message: dict[str, Any] = {
            "message_id": shown.id,
            "create_time": milliseconds,
            "update_time": milliseconds,
            "chat_id": self.directory.chat_id(shown.chat),
            "chat_type": "group" if in_group else "p2p",
            "message_type": _MESSAGE_TYPES.get(shown.content, "text"),
        }
        if in_group and shown.content == "text":
            content["text"] = f"@_user_1 {content['text']}"
            message["mentions"] = [self._bot_mention()]
        if shown.reply_to:
            message |= {"root_id": shown.reply_to, "parent_id": shown.reply_to}
        message["content"] = _compact(content)
        sender = {
            "sender_id": self.directory.ids(shown.sender),
            "sender_type": "user",
            "tenant_key": self.directory.tenant_key,
        }
        body = {"sender": sender, "message": message}
        return self._envelope("im.message.receive_v1", body, per_second=1000)

    def _bot_mention(self) -> dict[str, Any]:
        return {
            "key": "@_user_1",
            "id": {"open_id": self._bot_open_id, "union_id": "", "user_id": ""},
            "mentioned_type": "bot",
            "name": _BOT_NAME,
            "tenant_key": self.directory.tenant_key,
        }

    def _click_event(self, shown: Shown, user: str, action: dict[str, Any]) -> dict[str, Any]:
        body = {
            "operator": {"tenant_key": self.directory.tenant_key} | self.directory.ids(user),
            "token": f"c-{secrets.token_hex(20)}",
            "action": action,
            "host": "im_message",
            "context": {
                "open_message_id": shown.id,
                "open_chat_id": self.directory.chat_id(shown.chat),
            },
        }
        return self._envelope("card.action.trigger", body, per_second=1_000_000)

    def _envelope(
        self, event_type: str, event: dict[str, Any], *, per_second: int
    ) -> dict[str, Any]:
        """Times of events are milliseconds, those of card callbacks microseconds."""
        header = {
            "event_id": secrets.token_hex(16),
            "event_type": event_type,
            "create_time": str(int(self._now().timestamp() * per_second)),
            "token": self._verification_token,
            "app_id": self.api.app_id,
            "tenant_key": self.directory.tenant_key,
        }
        return {"schema": "2.0", "header": header, "event": event}

    def _shown_answer(self, shown: Shown, status: int, answer: bytes) -> dict[str, Any]:
        """What the client makes of the answer to a callback."""
        if status != 200:
            return _client_error({0: 200342, NO_ANSWER_IN_TIME: 200341}.get(status, 200671))
        try:
            said = json.loads(answer or b"{}")
            toast, card = said.get("toast", {}), said.get("card", {})
            content = str(toast.get("content", ""))
            data = card.get("data")
        except (ValueError, AttributeError):
            return _client_error(200672)
        if data is not None:
            if not isinstance(data, dict) or data.get("schema") != "2.0":
                return _client_error(200830)
            try:
                self.api.refuse_bad_card(data)
            except ApiError:
                return _client_error(200673)
            self._world.change(shown, data)
        return {"toast": content} if content else {}


def _client_error(code: int) -> dict[str, Any]:
    return {"toast": f"出错了，请稍后重试 code：{code}"}


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
