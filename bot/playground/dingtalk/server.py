"""DingTalk as its users and our bot see it: people write and press, the API answers."""

import json
import secrets
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

from aiohttp import web
from pydantic import SecretStr

from bot.platforms.protocol import Now
from bot.playground.dingtalk.calendar import BUSY_SCOPE, EVENT_SCOPE, Calendars
from bot.playground.dingtalk.cards import CARD_SCOPE, Cards, Instance
from bot.playground.dingtalk.courier import Courier
from bot.playground.dingtalk.directory import CONTACT_SCOPE, MEMBER_SCOPE, Directory
from bot.playground.dingtalk.door import BASE, App, Door
from bot.playground.dingtalk.gateway import Gateway, Pace
from bot.playground.dingtalk.limits import Faults, Limits, Quota
from bot.playground.dingtalk.messages import (
    conversation,
    envelope,
    quoting,
    spoken,
    without_words,
)
from bot.playground.dingtalk.robot import DING_SCOPE, ROBOT_SCOPE, Robot
from bot.playground.dingtalk.todos import TODO_SCOPE, Todos
from bot.playground.world import Content, Member, Shown, World
from config.schema import DingTalkSettings

MESSAGES = "/v1.0/im/bot/messages/get"
CLICKS = "/v1.0/card/instances/callback"
PAGE = "/todo/dingtalk"
"""Of the bot: what the operator wrote as 重定向 URL."""


class DingTalkServer:
    """Implements `Imitation`."""

    name = "dingtalk"

    def __init__(
        self, world: World, now: Now, *, limits: Limits | None = None, pace: Pace | None = None
    ) -> None:
        self.world = world
        self.transcribes = True
        """Whether voice messages come with their words."""
        self.faults = Faults()
        self.quota = Quota(limits or Limits(), now)
        self.app = App(
            client_id=f"ding{secrets.token_hex(8)}",
            client_secret=secrets.token_urlsafe(32),
            corp_id=f"dingcorp{secrets.token_hex(12)}",
            scopes={
                ROBOT_SCOPE,
                CARD_SCOPE,
                CONTACT_SCOPE,
                MEMBER_SCOPE,
                DING_SCOPE,
                EVENT_SCOPE,
                BUSY_SCOPE,
                TODO_SCOPE,
            },
        )
        self.gateway = Gateway(self.app.client_id, self.app.client_secret, now, pace or Pace())
        self.courier = Courier(self.app, now, pace or Pace())
        self.door = Door(self.app, now, self.faults, self.quota)
        self.robot = Robot(self.app, world, now)
        self.cards = Cards(self.app.client_id, world, now)
        self.directory = Directory(world)
        self.todos = Todos(self.app, world)
        self.has_todos = False
        """Whether the operator wants them."""
        self.calendars = Calendars(world, now)
        self._now = now
        self._base_url = ""
        self._is_http = False

    def subscribe_http(self) -> None:
        """What choosing HTTP in the console does, for robot messages and for events."""
        self._is_http = True

    @property
    def callback_url(self) -> str:
        return self.courier.url

    @callback_url.setter
    def callback_url(self, url: str) -> None:
        """`…/callback/dingtalk`; the operator adds what nobody guesses."""
        self.courier.url = f"{url}/{self.courier.callback_key}"

    def settings(self, base_url: str) -> DingTalkSettings:
        """What the bot needs to take this server for DingTalk; `base_url` as http://host:port, of
        this server and, over HTTP, of the bot."""
        self._base_url = base_url.rstrip("/")
        self.todos.login_url = f"{self._base_url}{BASE}/login"
        self.todos.redirect_url = f"{self._base_url}{PAGE}"
        return DingTalkSettings(
            transport="http" if self._is_http else "stream",
            public_url=self._base_url,
            todos=self.has_todos,
            login_url=self.todos.login_url,
            callback_key=SecretStr(self.courier.callback_key),
            event_token=SecretStr(self.courier.event_token),
            event_aes_key=SecretStr(self.courier.event_aes_key),
            client_id=self.app.client_id,
            client_secret=SecretStr(self.app.client_secret),
            api_url=self._base_url + BASE,
            oapi_url=f"{self._base_url}{BASE}/oapi",
        )

    def routes(self) -> Sequence[web.RouteDef]:
        guard, robot, cards = self.door.guard, self.robot, self.cards
        card_path = f"{BASE}/v1.0/card/instances"
        return [
            web.post(f"{BASE}/v1.0/oauth2/accessToken", guard(self.door.token)),
            web.post(f"{BASE}/v1.0/gateway/connections/open", guard(self.gateway.open)),
            web.get(f"{BASE}/connect", self.gateway.connect),
            web.post(
                f"{BASE}/v1.0/robot/oToMessages/batchSend",
                guard(robot.to_people, scope=ROBOT_SCOPE),
            ),
            web.post(
                f"{BASE}/v1.0/robot/groupMessages/send", guard(robot.to_group, scope=ROBOT_SCOPE)
            ),
            web.post(
                f"{BASE}/v1.0/robot/messageFiles/download",
                guard(robot.download_link, scope=ROBOT_SCOPE),
            ),
            web.post(f"{BASE}/v1.0/robot/ding/send", guard(robot.ding, scope=DING_SCOPE)),
            web.get(BASE + "/files/{link}.file", robot.file),
            web.post(f"{BASE}/oapi/robot/sendBySession", robot.reply),
            *self._directory_routes(),
            *self._todo_routes(),
            *self._calendar_routes(),
            web.post(
                f"{card_path}/createAndDeliver", guard(cards.create_and_deliver, scope=CARD_SCOPE)
            ),
            web.post(
                f"{BASE}/v1.0/card/callbacks/register",
                guard(self.courier.register, scope=CARD_SCOPE),
            ),
            web.post(card_path, guard(cards.create, scope=CARD_SCOPE)),
            web.post(f"{card_path}/deliver", guard(cards.deliver, scope=CARD_SCOPE)),
            web.put(card_path, guard(cards.update, scope=CARD_SCOPE)),
        ]

    def _calendar_routes(self) -> Sequence[web.RouteDef]:
        guard, calendars = self.door.guard, self.calendars
        person = f"{BASE}/v1.0/calendar/users/{{union}}"
        events = f"{person}/calendars/primary/events"
        return [
            web.post(events, guard(calendars.create, scope=EVENT_SCOPE)),
            web.put(events + "/{event}", guard(calendars.update, scope=EVENT_SCOPE)),
            web.delete(events + "/{event}", guard(calendars.delete, scope=EVENT_SCOPE)),
            web.post(f"{person}/querySchedule", guard(calendars.busy, scope=BUSY_SCOPE)),
        ]

    def _todo_routes(self) -> Sequence[web.RouteDef]:
        """Logging in costs nothing."""
        guard, todos = self.door.guard, self.todos
        old, lists = f"{BASE}/oapi/topapi", f"{BASE}/v1.0/todo/users/{{union}}/tasks"
        return [
            web.post(lists, guard(todos.add, scope=TODO_SCOPE)),
            web.put(lists + "/{task}", guard(todos.update, scope=TODO_SCOPE)),
            web.delete(lists + "/{task}", guard(todos.delete, scope=TODO_SCOPE)),
            web.post(f"{BASE}/v1.0/oauth2/userAccessToken", guard(todos.user_token)),
            web.get(f"{BASE}/v1.0/contact/users/me", guard(todos.me)),
            web.post(
                f"{old}/user/getbyunionid", self.door.guard_old(todos.user_of, scope=MEMBER_SCOPE)
            ),
        ]

    def _directory_routes(self) -> Sequence[web.RouteDef]:
        guard, directory = self.door.guard_old, self.directory
        old = f"{BASE}/oapi/topapi"
        return [
            web.post(f"{old}/v2/department/listsub", guard(directory.below, scope=CONTACT_SCOPE)),
            web.post(f"{old}/user/listid", guard(directory.members, scope=MEMBER_SCOPE)),
            web.post(f"{old}/v2/user/get", guard(directory.person, scope=MEMBER_SCOPE)),
        ]

    async def stop(self) -> None:
        self.faults.release()
        await self.gateway.stop()
        await self.courier.stop()

    # People write ------------------------------------------------------------------------

    async def say(
        self,
        user: str,
        text: str,
        *,
        content: Content = "text",
        chat: str = "",
        reply_to: str = "",
    ) -> Shown:
        """In a group (`chat` starts with cid) the robot is mentioned. What is said while nothing
        is connected is lost, as with DingTalk; it is not repeated either."""
        member = self._member(user)
        in_group = chat not in ("", user)
        said = spoken(
            text, content, in_group=in_group, keep=self.robot.keep, speak=self.world.speak
        )
        if content == "voice" and not self.transcribes:
            said["content"]["recognition"] = ""
        shown = self.world.show(
            Shown(
                id=f"msg{secrets.token_urlsafe(16)}",
                platform="dingtalk",
                chat=chat or user,
                sender=user,
                content=content,
                payload=dict(said.get("text") or said["content"]),
                at=self._now(),
                reply_to=reply_to,
            )
        )
        quoted = self.world.find("dingtalk", reply_to) if reply_to else None
        session, until = self.robot.open_session(shown.chat)
        webhook = f"{self._base_url}{BASE}/oapi/robot/sendBySession?session={session}"
        body = envelope(self.app, member, shown, webhook=webhook, until=until) | said
        await self._deliver(quoting(body, quoted) if quoted else body)
        return shown

    async def _deliver(self, body: dict[str, Any]) -> None:
        told = body if self.quota.spend_delivery() else without_words(body)
        if self._is_http:
            await self.courier.message(told)
        else:
            seconds = self.gateway.pace.message_seconds
            await self.gateway.deliver(MESSAGES, told, seconds=seconds)

    async def emit(self, event_type: str, body: Mapping[str, Any]) -> int:
        """An event; how often it was delivered until it was taken or given up."""
        way = self.courier.event if self._is_http else self.gateway.emit
        return await way(event_type, body)

    def _member(self, user: str) -> Member:
        member = self.world.members.get("dingtalk", {}).get(user)
        if member is None:
            raise ValueError(f"钉钉里没有 {user} 这个人")
        return member

    # People press ------------------------------------------------------------------------

    async def click(
        self, user: str, message_id: str, interaction: dict[str, Any]
    ) -> dict[str, Any]:
        """Interactive cards: {"action_id", "params"?}. Links of any card: {"url"}."""
        self._member(user)
        shown = self.world.find("dingtalk", message_id)
        if shown is None or not (shown.chat == user or shown.chat.startswith("cid")):
            raise ValueError("这条消息不在你的会话里")
        if url := interaction.get("url"):
            return await self._follow(user, shown, str(url))
        instance = self.cards.instances.get(shown.payload.get("outTrackId", ""))
        if instance is None:
            raise ValueError("这条消息没有可以点的按钮")
        return await self._press(user, shown, instance, interaction)

    async def _follow(self, user: str, shown: Shown, url: str) -> dict[str, Any]:
        """A dtmd link posts its words as the person's message; others open a page."""
        if not url.startswith("dtmd://"):
            return {"open": url}
        parts = urlsplit(url)
        words = parse_qs(parts.query).get("content", [""])[0]
        if not url.startswith("dtmd://dingtalkclient/sendMessage?") or not words:
            return {}  # another spelling of the host does nothing at all
        await self.say(user, words, chat="" if shown.chat == user else shown.chat)
        return {}

    async def _press(
        self, user: str, shown: Shown, instance: Instance, interaction: dict[str, Any]
    ) -> dict[str, Any]:
        action_id = str(interaction.get("action_id", ""))
        button = self.cards.button(instance, user, action_id)
        if button is None:
            raise ValueError("这张卡片上已经没有这个按钮了")
        params = button.get("params", {}) | interaction.get("params", {})
        pressed = {"cardPrivateData": {"actionIds": [action_id], "params": params}}
        shown.clicked = {"user": user, "action_id": action_id}
        taken, response = await self._tell_of_press(
            instance, self._click_body(user, shown, instance, pressed)
        )
        if not taken:
            return {"toast": "操作失败，请稍后再试"}
        self.cards.apply(instance, user, response)
        return {}

    async def _tell_of_press(self, instance: Instance, body: dict[str, Any]) -> tuple[bool, Any]:
        """Each card says where its clicks go, whatever the console says of messages and events:
        whether it was answered in time, and what."""
        if instance.callback == "HTTP":
            posted = await self.courier.click(instance.route_key, body)
            return posted.status == 200, posted.json()
        seconds = self.gateway.pace.click_seconds
        answer = await self.gateway.deliver(CLICKS, body, seconds=seconds)
        if answer is None or answer.code != 200:
            return False, None
        return True, answer.data.get("response") if isinstance(answer.data, dict) else None

    def _click_body(
        self, user: str, shown: Shown, instance: Instance, pressed: dict[str, Any]
    ) -> dict[str, Any]:
        in_group = shown.chat.startswith("cid")
        return {
            "type": "actionCallback",
            "outTrackId": instance.track_id,
            "corpId": self.app.corp_id,
            "userId": user,
            "userIdType": 1,
            "spaceType": "im",
            "spaceId": shown.chat if in_group else conversation(self.app, user),
            "extension": "{}",
            "content": json.dumps(pressed, ensure_ascii=False),
        }
