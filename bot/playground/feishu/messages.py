"""Messages and cards as a bot sends, answers and edits them, and the files in them.

Facts: open.feishu.cn, "发送消息", "回复消息", "更新已发送的消息卡片", "获取消息中的资源文件".
"""

import json
import re
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from bot.platforms.protocol import Now
from bot.playground.feishu import errors
from bot.playground.feishu.card_rules import MAX_BYTES, first_problem
from bot.playground.feishu.directory import PLATFORM, Directory
from bot.playground.feishu.errors import ApiError
from bot.playground.feishu.gate import URGENT_SCOPE, Gate, json_body
from bot.playground.feishu.limits import Limits
from bot.playground.world import Content, Shown, World

SAME_UUID = timedelta(hours=1)
EDITABLE = timedelta(days=14)
MAX_UUID = 50
MAX_TEXT_BYTES = 150 * 1024
MAX_URGENT_PEOPLE = 200
_PLAIN_NUMBER = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)|[\w.+-]+@[\w-]+\.\w")


class Messages:
    """What the server keeps of them beyond what the world shows."""

    def __init__(
        self, world: World, now: Now, directory: Directory, limits: Limits, gate: Gate
    ) -> None:
        self.files: dict[tuple[str, str], tuple[bytes, str]] = {}
        """Bytes and content type by message id and key."""
        self.recalled: set[str] = set()
        self.urgent: list[tuple[str, str]] = []
        """Message and person, each time somebody was rung for."""
        self.urgent_refusal = 0
        """Code with which ringing is refused; 0: it is not."""
        self.no_threads = False
        """Whether the groups refuse threads."""
        self.leaks_nothing = False
        """Whether the tenant's DLP refuses plain phone numbers and mail addresses."""
        self._world = world
        self._now = now
        self._directory = directory
        self._limits = limits
        self._gate = gate
        self._sent: dict[str, tuple[datetime, dict[str, Any]]] = {}

    def routes(self) -> Sequence[web.RouteDef]:
        one, gate = "im/v1/messages/{message_id}", self._gate
        return [
            gate.route("POST", "im/v1/messages", "create", self._create),
            gate.route("POST", f"{one}/reply", "reply", self._reply),
            gate.route("PATCH", one, "patch", self._patch),
            gate.route("PATCH", f"{one}/urgent_app", "urgent", self._urge),
            gate.route("GET", one + "/resources/{key}", "resource", self._resource),
        ]

    def find(self, message_id: str) -> Shown:
        """Raises ApiError when it does not exist or was recalled."""
        shown = self._world.find(PLATFORM, message_id)
        if shown is None:
            raise ApiError(errors.NO_SUCH_MESSAGE, f"not a valid open_message_id: {message_id}")
        if message_id in self.recalled:
            raise ApiError(errors.RECALLED, "The message was recalled.")
        return shown

    def refuse_bad_card(self, card: dict[str, Any]) -> None:
        """Raises ApiError 230099, or 230025 when it is too large."""
        if len(compact(card).encode()) > MAX_BYTES:
            raise ApiError(errors.TOO_LONG, "The message content reaches its limit: card of 30 KB")
        if problem := first_problem(card, self._directory.people):
            raise ApiError(errors.CARD_FAILED, str(problem))

    async def _create(self, request: web.Request) -> web.Response:
        body = await json_body(request)
        _require(body, "receive_id", "msg_type", "content")
        id_type = request.query.get("receive_id_type", "open_id")
        return self._send(body, self._directory.chat(id_type, str(body["receive_id"])))

    async def _reply(self, request: web.Request) -> web.Response:
        body = await json_body(request)
        _require(body, "msg_type", "content")
        answered = self.find(request.match_info["message_id"])
        if body.get("reply_in_thread") and self.no_threads:
            raise ApiError(errors.NO_THREADS_HERE, "The group does not support threads.")
        return self._send(body, answered.chat, reply_to=answered.id)

    def _send(self, body: dict[str, Any], chat: str, *, reply_to: str = "") -> web.Response:
        """The same uuid within an hour gets the first answer again, and nothing is shown."""
        uuid = str(body.get("uuid", ""))
        if len(uuid) > MAX_UUID:
            raise errors.bad_field("uuid", f"the length must be at most {MAX_UUID}")
        before = self._sent.get(uuid)
        if uuid and before and self._now() - before[0] < SAME_UUID:
            return _ok(before[1])
        content, payload = self._content(str(body["msg_type"]), body["content"])
        self._refuse_leak(body["content"])
        self._limits.send(chat, self._now())
        shown = Shown(
            new_message_id(), PLATFORM, chat, "bot", content, payload, self._now(), 0, reply_to
        )
        self._world.show(shown)
        data = self._described(shown, str(body["msg_type"]), body["content"])
        self._sent[uuid] = (self._now(), data)
        return _ok(data)

    def _refuse_leak(self, content: str) -> None:
        if self.leaks_nothing and _PLAIN_NUMBER.search(content):
            raise ApiError(errors.DLP, "The message is refused by the tenant's DLP policy.")

    def _content(self, msg_type: str, content: Any) -> tuple[Content, dict[str, Any]]:
        payload = _content_object(content)
        if msg_type == "interactive":
            self.refuse_bad_card(payload)
            return "card", payload
        if msg_type != "text":
            raise ApiError(errors.BAD_PARAMETER, f"msg_type {msg_type} is not imitated")
        if not isinstance(payload.get("text"), str) or not payload["text"]:
            raise ApiError(errors.BAD_PARAMETER, "Your request contains an invalid parameter: text")
        if len(content.encode()) > MAX_TEXT_BYTES:
            raise ApiError(errors.TOO_LONG, "The message content reaches its limit: text of 150 KB")
        return "text", payload

    def _described(self, shown: Shown, msg_type: str, content: str) -> dict[str, Any]:
        milliseconds = str(int(shown.at.timestamp() * 1000))
        answered = {"parent_id": shown.reply_to, "root_id": shown.reply_to}
        return {
            "message_id": shown.id,
            "msg_type": msg_type,
            "create_time": milliseconds,
            "update_time": milliseconds,
            "deleted": False,
            "updated": False,
            "chat_id": self._directory.chat_id(shown.chat),
            "sender": {
                "id": self._gate.app_id,
                "id_type": "app_id",
                "sender_type": "app",
                "tenant_key": self._directory.tenant_key,
            },
            "body": {"content": content},
        } | (answered if shown.reply_to else {})

    async def _patch(self, request: web.Request) -> web.Response:
        body = await json_body(request)
        _require(body, "content")
        shown = self.find(request.match_info["message_id"])
        if shown.sender != "bot":
            raise ApiError(errors.NOT_THE_SENDER, "The operator is NOT the message's sender.")
        if shown.content != "card":
            raise ApiError(errors.BAD_PARAMETER, "This message is NOT a card.")
        if self._now() - shown.at > EDITABLE:
            raise ApiError(errors.TOO_OLD, "The message sent exceeds 14 days and is not editable.")
        card = _content_object(body["content"])
        self.refuse_bad_card(card)
        self._refuse_leak(body["content"])
        self._limits.edit(shown.id, self._now())
        self._world.change(shown, card)
        return _ok({})

    async def _urge(self, request: web.Request) -> web.Response:
        """Rings in the app; the answer lists whom it could not reach."""
        self._gate.need_scope(URGENT_SCOPE)
        body = await json_body(request)
        people = body.get("user_id_list")
        if not isinstance(people, list) or not 1 <= len(people) <= MAX_URGENT_PEOPLE:
            raise errors.bad_field("user_id_list", "must hold 1 to 200 ids")
        shown = self.find(request.match_info["message_id"])
        if shown.sender != "bot":
            raise ApiError(errors.NOT_THE_SENDER, "The operator is NOT the message's sender.")
        if self.urgent_refusal:
            raise ApiError(self.urgent_refusal, "urgent is refused")
        id_type = request.query.get("user_id_type", "")
        members = [self._directory.chat(id_type, str(person)) for person in people]
        self.urgent += [(shown.id, member) for member in members]
        return _ok({"invalid_user_id_list": []})

    async def _resource(self, request: web.Request) -> web.Response:
        shown = self.find(request.match_info["message_id"])
        key = request.match_info["key"]
        found = self.files.get((shown.id, key))
        kind = "image" if key.startswith("img_") else "file"
        if found is None or request.query.get("type") != kind:
            raise ApiError(errors.FOREIGN_KEY, "File key and message id do not match.")
        return web.Response(body=found[0], content_type=found[1])


def new_message_id() -> str:
    return f"om_x100{secrets.token_hex(14)}"


def compact(value: Any) -> str:
    """JSON as Feishu writes it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _ok(data: dict[str, Any]) -> web.Response:
    headers = {"X-Tt-Logid": errors.new_log_id()}
    return web.json_response({"code": 0, "msg": "success", "data": data}, headers=headers)


def _require(body: dict[str, Any], *names: str) -> None:
    for name in names:
        if not body.get(name):
            raise errors.bad_field(name, "is required")


def _content_object(content: Any) -> dict[str, Any]:
    """Content is JSON in a string, in both directions."""
    try:
        payload = json.loads(content)
    except (TypeError, ValueError):
        payload = None
    if not isinstance(payload, dict):
        raise ApiError(errors.BAD_PARAMETER, "invalid message content: not a JSON string")
    return payload
