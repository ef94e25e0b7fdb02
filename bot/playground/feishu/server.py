"""The imitation of Feishu as a whole: its app, its API, its clients and its callbacks."""

import json
import secrets
from collections.abc import Sequence
from typing import Any

from aiohttp import web
from pydantic import SecretStr

from bot.platforms.protocol import Now
from bot.playground.feishu import clicks
from bot.playground.feishu.calendar import Calendars
from bot.playground.feishu.contacts import Contacts
from bot.playground.feishu.directory import PLATFORM, Directory
from bot.playground.feishu.errors import ApiError
from bot.playground.feishu.events import Events
from bot.playground.feishu.gate import Fault, Gate
from bot.playground.feishu.limits import Limits
from bot.playground.feishu.lines import Lines
from bot.playground.feishu.messages import EDITABLE, Messages, new_message_id
from bot.playground.feishu.push import ANSWER_SECONDS, NO_ANSWER_IN_TIME, RETRY_SECONDS, Pusher
from bot.playground.feishu.setup import Setup
from bot.playground.feishu.tasks import COMPLETED, DELETED, Task, Tasks
from bot.playground.sounds import FRAME_MILLISECONDS, opus
from bot.playground.world import Content, Shown, World
from config.schema import FeishuSettings

_CONTENT_TYPES = {"voice": "audio/ogg", "image": "image/png"}


class FeishuServer:
    """One tenant with one app, whose credentials it makes itself.

    `callback_url` is the app's request address and may be set later; an app that was told to
    `subscribe_long` has none. Events that fail come again after each of `retry_seconds`.
    `rate_limits` count by `now`: where that clock stands still, switch them off.
    """

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
        self._world = world
        self._now = now
        self._encrypt_key = secrets.token_urlsafe(24)
        self._verification_token = secrets.token_urlsafe(24)
        self._uploads: dict[str, tuple[bytes, str]] = {}
        limits = Limits(enabled=rate_limits)
        self.directory = Directory(world, tenant_key=secrets.token_hex(8))
        self.gate = Gate(now, limits)
        self.messages = Messages(world, now, self.directory, limits, self.gate)
        self.events = Events(
            now, self.directory, app_id=self.gate.app_id, token=self._verification_token
        )
        self.pusher = Pusher(
            now,
            url=callback_url,
            encrypt_key=self._encrypt_key,
            retry_seconds=retry_seconds,
            answer_seconds=answer_seconds,
        )
        self.lines = Lines(self.gate)
        self.tasks = Tasks(now, self.directory, limits, self.gate)
        self.calendars = Calendars(self.directory, self.gate)
        self.contacts = Contacts(self.gate, self.directory)
        self.setup = Setup(self.gate, self.directory, self.events.bot_open_id)

    def subscribe_long(self) -> None:
        """What choosing 使用长连接接收 in the console does, for events and callbacks."""
        self.pusher.deliver = self.lines.deliver

    @property
    def is_long(self) -> bool:
        return self.pusher.deliver is not None

    @property
    def callback_url(self) -> str:
        return self.pusher.url

    @callback_url.setter
    def callback_url(self, url: str) -> None:
        self.pusher.url = url

    def settings(self, api_url: str) -> FeishuSettings:
        """What the operator would copy from the console. `api_url` is the address in front of
        `/open-apis`: `http://127.0.0.1:8080/playground/feishu`."""
        return FeishuSettings(
            app_id=self.gate.app_id,
            app_secret=SecretStr(self.gate.app_secret),
            transport="long" if self.is_long else "http",
            encrypt_key=SecretStr(self._encrypt_key),
            verification_token=SecretStr(self._verification_token),
            api_url=api_url,
        )

    def routes(self) -> Sequence[web.RouteDef]:
        calls = [*self.setup.routes(), *self.messages.routes(), *self.tasks.routes()]
        calls += self.calendars.routes()
        calls += self.contacts.routes()
        return [self.gate.token_route(), *calls, *self.lines.routes()]

    async def stop(self) -> None:
        self.gate.stop()
        await self.pusher.stop()
        await self.lines.stop()

    async def check_url(self) -> bool:
        """What saving the request address in the console does."""
        return await self.pusher.check_url(self._verification_token)

    def open_group(self, chat: str) -> None:
        """A group that the bot is a member of; `chat` is its id (`oc_…`)."""
        self.directory.groups.add(chat)

    def upload(self, name: str, data: bytes, content_type: str) -> None:
        """Bytes for the voice, picture or file that `say` sends under this text."""
        self._uploads[name] = (data, content_type)

    def recall(self, message_id: str) -> None:
        self.messages.recalled.add(message_id)

    async def take_back(self, message_id: str) -> None:
        """A member recalls what he wrote, and the app hears of it."""
        shown = self._require_message(message_id)
        self.recall(message_id)
        await self.pusher.event(self.events.recalled(shown))

    async def press_menu(self, user: str, event_key: str) -> None:
        self._require_member(user)
        await self.pusher.event(self.events.menu(user, event_key))

    async def enter(self, user: str) -> None:
        """Opens the conversation with the bot; the very first time there are two events."""
        self._require_member(user)
        said = self._world.chat(PLATFORM, user)
        if not said:
            await self.pusher.event(self.events.first_chat(user))
        await self.pusher.event(self.events.entered(user, said[-1].id if said else ""))

    async def invite(self, group: str, user: str, *, external: bool = False) -> None:
        """A member puts the bot into a group."""
        self._require_member(user)
        self.open_group(group)
        await self.pusher.event(self.events.joined(group, user, external=external))

    async def tick(self, user: str, title: str) -> Task:
        """A member ticks a task off in his list; the app hears that something changed. Raises
        ValueError when there is none of that title."""
        task = self.tasks.open_of(user, title)
        self.tasks.tick(task, user)
        await self.pusher.event(self.events.task(task.guid, COMPLETED))
        return task

    async def throw_away(self, user: str, title: str) -> None:
        """A member deletes a task from his list."""
        task = self.tasks.open_of(user, title)
        del self.tasks.found[task.guid]
        await self.pusher.event(self.events.task(task.guid, DELETED))

    async def react(self, user: str, message_id: str, emoji: str = "OK") -> None:
        shown = self._require_message(message_id)
        await self.pusher.event(self.events.reaction(shown, user, emoji))

    def fail_next(
        self, count: int = 1, *, code: int, status: int = 400, retry_after: float | None = None
    ) -> None:
        """The next calls are answered with an error and do nothing."""
        self.gate.faults.extend([Fault("error", code, status, retry_after)] * count)

    def hang_next(self, count: int = 1) -> None:
        """The next calls do nothing and are not answered while the server runs."""
        self.gate.faults.extend([Fault("hang")] * count)

    def drop_next(self, count: int = 1) -> None:
        """The next calls take effect, but the connection breaks before the answer."""
        self.gate.faults.extend([Fault("drop")] * count)

    async def say(
        self,
        user: str,
        text: str,
        *,
        content: Content = "text",
        chat: str = "",
        reply_to: str = "",
        thread: str = "",
        mentioned: bool = True,
    ) -> Shown:
        """The `text` of a file is its name, that of a voice message what is spoken in it; Feishu
        sends no transcript. A picture holds the text as its bytes, unless `upload` gave others."""
        self._require_member(user)
        if chat and chat not in self.directory.groups:
            raise ValueError(f"机器人不在这个群里：{chat}")
        shown = Shown(
            new_message_id(), PLATFORM, chat or user, user, content, {}, self._now(), 0, reply_to
        )
        shown.payload = self._written(shown, text)
        self._world.show(shown)
        await self.pusher.event(self.events.message(shown, thread=thread, mentioned=mentioned))
        return shown

    async def share(
        self, user: str, message_type: str, content: dict[str, Any], *, chat: str = ""
    ) -> Shown:
        """Something of another type, with the content that Feishu gives it: a name card, a place,
        a sticker. In a group that is never a mention."""
        self._require_member(user)
        payload = {"message_type": message_type, **content}
        shown = Shown(new_message_id(), PLATFORM, chat or user, user, "file", payload, self._now())
        self._world.show(shown)
        await self.pusher.event(self.events.message(shown))
        return shown

    async def redeliver(self, message_id: str) -> None:
        """The same message once more under another event id, which Feishu may do even after a
        good answer. Raises ValueError."""
        await self.pusher.event(self.events.message(self._require_message(message_id)))

    async def click(
        self, user: str, message_id: str, interaction: dict[str, Any]
    ) -> dict[str, Any]:
        """`form_value` holds what is filled in; without it a form is sent as it was preset."""
        self._require_member(user)
        shown = self._require_message(message_id)
        if shown.content != "card":
            raise ValueError("这条消息不是卡片")
        if shown.chat in self.directory.members and shown.chat != user:
            raise ValueError("这个会话里没有这张卡片")
        if self._now() - shown.at > EDITABLE:
            raise ValueError("这张卡片已超过 14 天，不能再操作")
        action = clicks.action(shown.payload, interaction)
        shown.clicked = interaction
        status, answer = await self.pusher.callback(self.events.click(shown, user, action))
        return self._shown_answer(shown, status, answer)

    def _require_member(self, user: str) -> None:
        if user not in self.directory.members:
            raise ValueError(f"飞书里没有这个人：{user}")

    def _require_message(self, message_id: str) -> Shown:
        try:
            return self.messages.find(message_id)
        except ApiError:
            raise ValueError("这条消息不存在，或者已经撤回") from None

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
                frames = self._world.speak(text)
                key = self._stored(shown, "file_v3_", text, opus(frames))
                return {"file_key": key, "duration": frames * FRAME_MILLISECONDS}
            case "file":
                return {"file_key": self._stored(shown, "file_v3_", text), "file_name": text}
        raise ValueError("成员不能自己发卡片")

    def _stored(self, shown: Shown, prefix: str, text: str, data: bytes | None = None) -> str:
        key = f"{prefix}{secrets.token_hex(10)}"
        content_type = _CONTENT_TYPES.get(shown.content, "application/octet-stream")
        upload = self._uploads.pop(text, (data or text.encode(), content_type))
        self.messages.files[shown.id, key] = upload
        return key

    def _shown_answer(self, shown: Shown, status: int, answer: bytes) -> dict[str, Any]:
        """What the client makes of the answer to a callback: a toast, a new card, or an error."""
        if status <= 0 and self.is_long:
            return _client_error(200340)
        if status != 200:
            return _client_error({0: 200342, NO_ANSWER_IN_TIME: 200341}.get(status, 200671))
        try:
            said = json.loads(answer or b"{}")
            toast = str(said.get("toast", {}).get("content", ""))
            card = said.get("card", {}).get("data")
        except (ValueError, AttributeError):
            return _client_error(200672)
        if card is not None:
            if not isinstance(card, dict) or card.get("schema") != "2.0":
                return _client_error(200830)
            try:
                self.messages.refuse_bad_card(card)
            except ApiError:
                return _client_error(200673)
            self._world.change(shown, card)
        return {"toast": toast} if toast else {}


def _client_error(code: int) -> dict[str, Any]:
    return {"toast": f"出错了，请稍后重试 code：{code}"}
