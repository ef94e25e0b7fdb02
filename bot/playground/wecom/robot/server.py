"""A smart robot of the imitated enterprise: what members do, and how the bot hears of it."""

import json
import secrets
from collections.abc import Sequence
from typing import Any, Literal

from aiohttp import web
from pydantic import SecretStr

from bot.platforms.protocol import Now
from bot.playground.wecom import choices
from bot.playground.wecom.cards import keys
from bot.playground.wecom.gate import ApiError
from bot.playground.wecom.robot import files, gateway, hook
from bot.playground.wecom.robot.files import Files
from bot.playground.wecom.robot.gateway import Gateway, Kind
from bot.playground.wecom.robot.hook import Hook
from bot.playground.wecom.robot.talk import Talk
from bot.playground.world import Content, Shown, World
from config.schema import RobotSettings

Transport = Literal["long", "http"]
Body = dict[str, Any]


class RobotServer:
    """Its credentials are its own. `transport` is empty while the enterprise has no robot."""

    def __init__(self, world: World, now: Now, *, retry_seconds: float) -> None:
        self.transport: Transport | Literal[""] = ""
        self.bot_id = f"aib{secrets.token_hex(12)}"
        self.secret = secrets.token_urlsafe(32)
        self.name = "一诺"
        self.talk = Talk(world, now)
        self.gateway = Gateway(self.bot_id, self.secret, self.talk, now)
        self.hook = Hook(self.talk, now, retry_seconds=retry_seconds)
        self.files = Files(now)
        self._world = world
        self._now = now

    def settings(self, api_url: str) -> RobotSettings:
        """What the operator would copy from the console."""
        origin = api_url.removesuffix("/playground/wecom")
        self.files.origin = self.hook.origin = origin
        return RobotSettings(
            transport=self.transport or "long",
            bot_id=self.bot_id,
            secret=SecretStr(self.secret),
            token=SecretStr(self.hook.token),
            aes_key=SecretStr(self.hook.aes_key),
            url=f"ws{origin.removeprefix('http')}{gateway.PATH}",
        )

    def routes(self) -> Sequence[web.RouteDef]:
        return [
            web.get(gateway.PATH, self.gateway.connect),
            web.get(files.PATH, self.files.give),
            web.post(hook.PATH, self.hook.take),
        ]

    async def stop(self) -> None:
        await self.gateway.stop()
        await self.hook.stop()

    def meet(self) -> None:
        """Everybody has written to the robot before, so that it may write to them."""
        self.talk.known.update(self._world.members.get("wecom", {}))

    # What members do ---------------------------------------------------------------------

    async def say(
        self, user: str, text: str, *, content: Content = "text", chat: str = "", reply_to: str = ""
    ) -> Shown:
        """In a group (`chat`) the robot is mentioned. What is spoken arrives written down."""
        if chat and content not in ("text", "image"):
            raise ValueError("群里只有 @ 机器人的文字和图文会送到")
        talk = chat or user
        body = self._head(user, chat) | self._spoken(text, content, in_group=bool(chat))
        quoted = self._world.find("wecom", reply_to) if reply_to else None
        if quoted is not None:
            words = str(quoted.payload.get("content", ""))
            body["quote"] = {"msgtype": "text", "text": {"content": words}}
        shown = Shown(
            body["msgid"], "wecom", talk, user, content, {"content": text}, self._now(),
            reply_to=reply_to,
        )  # fmt: skip
        self._world.show(shown)
        self.talk.known.add(talk)
        await self._deliver("message", talk, body)
        return shown

    async def enter(self, user: str) -> bool:
        """A member opens the robot's chat for the first time today."""
        body = self._head(user, "")
        return await self._deliver("enter", user, body | _event("enter_chat"))

    async def click(self, user: str, shown: Shown, interaction: Body) -> Body:
        card, key = shown.payload, str(interaction.get("key", ""))
        if card.get("replace_text") or key not in keys(card):
            raise ValueError("这张卡片上没有这个按钮，或者它已经不能再点")
        selected = [
            {"question_key": name, "option_ids": {"option_id": ids}}
            for name, ids in choices.chosen(card, interaction.get("selected", {})).items()
        ]
        shown.clicked = interaction
        pressed: Body = {
            "card_type": card["card_type"],
            "event_key": key,
            "task_id": card["task_id"],
        }
        if selected:
            pressed["selected_items"] = {"selected_item": selected}
        group = "" if shown.chat == user else shown.chat
        body = self._head(user, group) | _event("template_card_event", pressed)
        taken = await self._deliver("click", shown.chat, body, card["task_id"])
        return {} if taken else {"toast": "网络异常，请稍后再试"}

    # How the bot hears of it -------------------------------------------------------------

    def _head(self, user: str, group: str) -> Body:
        talk: Body = {"chatid": group, "chattype": "group"} if group else {"chattype": "single"}
        return {**self.gateway.head(), **talk, "from": {"userid": user}}

    def _spoken(self, text: str, content: Content, *, in_group: bool) -> Body:
        mention = f"@{self.name} " if in_group else ""
        key = self.hook.aes_key if self.transport == "http" else ""
        if content == "text":
            return {"msgtype": "text", "text": {"content": f"{mention}{text}"}}
        if content == "voice":
            return {"msgtype": "voice", "voice": {"content": text}}
        if content == "image":
            image = {"msgtype": "image", "image": self.files.keep(text.encode(), key)}
            if not in_group:
                return image
            words = {"msgtype": "text", "text": {"content": mention.strip()}}
            return {"msgtype": "mixed", "mixed": {"msg_item": [words, image]}}
        if content == "file":
            return {"msgtype": "file", "file": self.files.keep(text.encode(), key)}
        raise ValueError("成员不能给机器人发这种消息")

    async def _deliver(self, kind: Kind, chat: str, body: Body, task_id: str = "") -> bool:
        if self.transport == "long":
            return await self.gateway.deliver(kind, chat, body, task_id)
        if kind != "enter":
            body["response_url"] = self.hook.response_url(chat)
        taken = await self.hook.deliver(json.dumps(body, ensure_ascii=False))
        if taken and self.hook.answer:
            self._take_answer(kind, chat, task_id)
        return taken

    def _take_answer(self, kind: Kind, chat: str, task_id: str) -> None:
        try:
            if kind == "click":
                self.talk.update(task_id, self.hook.answer)
            else:
                allowed = gateway.MAY_SAY[kind] - {"markdown"}
                self.talk.say(chat, self.hook.answer, allowed)
        except ApiError as problem:
            self.hook.complaints.append(f"{problem.code} {problem.text}")


def _event(name: str, told: Body | None = None) -> Body:
    event: Body = {"eventtype": name}
    return {"msgtype": "event", "event": event if told is None else {**event, name: told}}
