"""WeCom's server, imitated on the wire from its documentation, with seats for members to play."""

import base64
import secrets
from collections.abc import Sequence
from typing import Any

from aiohttp import web
from pydantic import SecretStr

from bot.platforms.protocol import Now
from bot.playground.sounds import amr
from bot.playground.wecom.calendar import Schedules
from bot.playground.wecom.callback import Callbacks, Tree, to_xml
from bot.playground.wecom.cards import keys
from bot.playground.wecom.choices import chosen
from bot.playground.wecom.contacts import Contacts
from bot.playground.wecom.customers import Customers
from bot.playground.wecom.directory import Directory
from bot.playground.wecom.gate import Fault, Gate
from bot.playground.wecom.media import Media
from bot.playground.wecom.messages import Messages
from bot.playground.wecom.robot import RobotServer
from bot.playground.wecom.robot.server import Transport
from bot.playground.world import Content, ExternalContact, Shown, World
from config.schema import WeComSettings

PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


class WeComServer:
    """One enterprise with one self-built app, whose credentials it makes itself.

    `callback_url` is the app's receiving address and may be set later. Callbacks that fail are
    repeated after `retry_seconds`, three times (D90238 does not tell the real spacing).
    """

    name = "wecom"

    def __init__(
        self, world: World, now: Now, callback_url: str = "", *, retry_seconds: float = 1.0
    ) -> None:
        self.corp_id = f"ww{secrets.token_hex(8)}"
        self.agent_id = 1000000 + secrets.randbelow(1000)
        self.callbacks = Callbacks(
            self.corp_id, self.agent_id, now, url=callback_url, retry_seconds=retry_seconds
        )
        self.gate = Gate(self.corp_id, now)
        self.messages = Messages(world, now, self.agent_id)
        self.contacts = Contacts(world, now)
        self.customers = Customers(world, self.contacts, self.messages.member, now, self._tell)
        self.media = Media(now)
        self.schedules = Schedules(self.messages.member, now, self.agent_id)
        self.directory = Directory(world, self.agent_id)
        self.robot = RobotServer(world, now, retry_seconds=retry_seconds)
        self.has_app = True
        self._world = world
        self._now = now
        self._last_message = secrets.randbelow(10**9) + 7 * 10**18

    @property
    def callback_url(self) -> str:
        return self.callbacks.url

    @callback_url.setter
    def callback_url(self, url: str) -> None:
        self.callbacks.url = url
        self.robot.hook.url = f"{url}/robot"

    def use_robot(self, transport: Transport = "long", *, beside_app: bool = False) -> None:
        """Make a smart robot in the console, instead of the app or beside it."""
        self.robot.transport, self.has_app = transport, beside_app

    def settings(self, api_url: str) -> WeComSettings:
        """What the operator would copy from the console. `api_url` is the address in front of
        `/cgi-bin`: `http://127.0.0.1:8080/playground/wecom`."""
        robot = self.robot.settings(api_url) if self.robot.transport else None
        if not self.has_app:
            return WeComSettings(robot=robot)
        return WeComSettings(
            robot=robot,
            corp_id=self.corp_id,
            agent_id=self.agent_id,
            secret=SecretStr(self.gate.secret),
            token=SecretStr(self.callbacks.token),
            aes_key=SecretStr(self.callbacks.aes_key),
            api_url=api_url,
        )

    def routes(self) -> Sequence[web.RouteDef]:
        return [
            self.gate.route("GET", "gettoken", self.gate.give_token),
            self.gate.route("GET", "agent/get", self.directory.app),
            self.gate.route("GET", "department/simplelist", self.directory.departments),
            self.gate.route("GET", "department/list", self.directory.department_list),
            self.gate.route("GET", "user/list", self.directory.user_list),
            self.gate.route("GET", "externalcontact/get_follow_user_list", self.directory.serving),
            self.gate.route("GET", "user/get", self.directory.member),
            self.gate.route("POST", "message/send", self.messages.send),
            self.gate.route("POST", "message/update_template_card", self.messages.update),
            self.gate.route("GET", "externalcontact/get", self.contacts.get),
            self.gate.route("POST", "externalcontact/send_welcome_msg", self.contacts.greet),
            *self.customers.routes(self.gate),
            self.gate.route("GET", "media/get", self.media.get),
            self.gate.route("POST", "media/upload", self.media.upload),
            self.gate.route("POST", "oa/schedule/add", self.schedules.add),
            self.gate.route("POST", "oa/schedule/update", self.schedules.update),
            self.gate.route("POST", "oa/schedule/del", self.schedules.delete),
            *self.robot.routes(),
        ]

    def fail(self, fault: Fault, *, times: int = 1, path: str = "") -> None:
        """Spoil the next API calls (`Gate.fail`)."""
        self.gate.fail(fault, times=times, path=path)

    async def check_url(self) -> bool:
        return await self.callbacks.check_url()

    async def stop(self) -> None:
        self.gate.stop()
        await self.callbacks.stop()
        await self.robot.stop()

    async def say(
        self,
        user: str,
        text: str,
        *,
        content: Content = "text",
        chat: str = "",
        reply_to: str = "",
    ) -> Shown:
        """`text` of a voice message is what was spoken; it stays here, the bot gets the sound."""
        if self.robot.transport and (chat or not self.has_app):
            member = self._user(user)
            return await self.robot.say(member, text, content=content, chat=chat, reply_to=reply_to)
        if chat:
            raise ValueError("企业微信的自建应用收不到群聊消息，请在单聊里说")
        if reply_to:
            raise ValueError("企业微信的应用会话里不能引用消息")
        sender = self._user(user)
        fields, payload = self._spoken(text, content)
        self._last_message += 1
        shown = Shown(
            str(self._last_message), "wecom", sender, sender, content, payload, self._now()
        )
        self._world.show(shown)
        await self._deliver(sender, {**fields, "MsgId": self._last_message})
        return shown

    async def click(
        self, user: str, message_id: str, interaction: dict[str, Any]
    ) -> dict[str, Any]:
        sender = self._user(user)
        shown = self._world.find("wecom", message_id)
        if shown is not None and self.customers.letters.owns(message_id):
            self.customers.letters.confirm(message_id)
            return {}
        if shown is not None and self.robot.talk.owns(message_id):
            return await self.robot.click(sender, shown, interaction)
        if shown is None or shown.chat != sender or shown.content != "card":
            raise ValueError("这个会话里没有这张卡片")
        card, key = shown.payload, str(interaction.get("key", ""))
        if card.get("replace_text") or key not in keys(card):
            raise ValueError("这张卡片上没有这个按钮，或者它已经不能再点")
        selected = _selected(card, interaction.get("selected", {}))
        shown.clicked = interaction
        task = self.messages.tasks[card["task_id"]]
        fields: Tree = {
            "MsgType": "event",
            "Event": "template_card_event",
            "EventKey": key,
            "TaskId": task.task_id,
            "CardType": card["card_type"],
            "ResponseCode": self.messages.new_code(task),
        }
        if selected:
            fields["SelectedItems"] = {"SelectedItem": selected}
        return {} if await self._deliver(sender, fields) else {"toast": "网络异常，请稍后再试"}

    async def add_contact(
        self, member: str, external: ExternalContact, *, half: bool = False
    ) -> bool:
        """A customer scans a member's code. False when the bot did not take the event."""
        added = self.contacts.add(self._user(member), external, half=half)
        return await self._tell({"Event": "change_external_contact", **added})

    async def _tell(self, event: Tree) -> bool:
        document = self._document("sys", {"MsgType": "event", **event})
        return await self.callbacks.deliver(document)

    async def _deliver(self, sender: str, fields: Tree) -> bool:
        document = self._document(sender, {**fields, "AgentID": self.agent_id})
        return await self.callbacks.deliver(document)

    def _document(self, sender: str, fields: Tree) -> str:
        created = int(self._now().timestamp())
        head: Tree = {"ToUserName": self.corp_id, "FromUserName": sender, "CreateTime": created}
        return to_xml({**head, **fields})

    def _user(self, user: str) -> str:
        member = self.messages.member(user)
        if member is None:
            raise ValueError(f"企业微信里没有成员 {user}")
        return member.id

    def _spoken(self, text: str, content: Content) -> tuple[Tree, dict[str, Any]]:
        """The callback's fields, and what the client shows."""
        if content == "text":
            return {"MsgType": "text", "Content": text}, {"content": text}
        if content == "voice":
            media_id = self.media.keep(amr(self._world.speak(text)), "audio/amr", "voice.amr")
            fields: Tree = {"MsgType": "voice", "MediaId": media_id, "Format": "amr"}
            return fields, {"media_id": media_id, "spoken": text}
        if content == "image":
            media_id = self.media.keep(PICTURE, "image/png", "image.png")
            url = "https://wework.qpic.cn/playground"
            return {"MsgType": "image", "PicUrl": url, "MediaId": media_id}, {"media_id": media_id}
        raise ValueError("企业微信不会把这种消息交给应用，请发文字、语音或图片")


def _selected(card: dict[str, Any], given: dict[str, list[str]]) -> list[Tree]:
    return [
        {"QuestionKey": key, "OptionIds": {"OptionId": ids}}
        for key, ids in chosen(card, given).items()
    ]
