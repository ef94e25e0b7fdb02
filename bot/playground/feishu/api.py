"""Feishu's open API as far as a bot calls it: token, messages, cards, files.

Facts: open.feishu.cn, "自建应用获取 tenant_access_token", "发送消息", "回复消息",
"更新已发送的消息卡片", "获取消息中的资源文件".
"""

import asyncio
import json
import secrets
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from aiohttp import web

from bot.platforms.protocol import Now
from bot.playground.feishu import errors
from bot.playground.feishu.card_rules import MAX_BYTES, first_problem
from bot.playground.feishu.directory import Directory
from bot.playground.feishu.errors import ApiError
from bot.playground.feishu.limits import Limits
from bot.playground.world import Content, Shown, World

PREFIX = "/playground/feishu"

TOKEN_SECONDS = 7200
RENEWABLE = timedelta(minutes=30)
SAME_UUID = timedelta(hours=1)
EDITABLE = timedelta(days=14)
MAX_TEXT_BYTES = 150 * 1024

Act = Callable[[web.Request], Awaitable[web.StreamResponse]]
FaultKind = Literal["error", "hang", "drop"]


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with one call: an error answer, none at all, or none after it was done."""

    kind: FaultKind
    code: int = 0
    status: int = 500
    retry_after: float | None = None


@dataclass(slots=True)
class OpenApi:
    """What the server remembers of one app, and its calls."""

    world: World
    directory: Directory
    now: Now
    limits: Limits
    app_id: str
    app_secret: str
    faults: deque[Fault] = field(default_factory=deque)
    files: dict[tuple[str, str], tuple[bytes, str]] = field(default_factory=dict)
    """Bytes and content type by message id and key."""
    recalled: set[str] = field(default_factory=set)
    calls: int = 0
    """Calls that count for the monthly quota: all but those for a token."""
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    _tokens: dict[str, datetime] = field(default_factory=dict)
    _sent: dict[str, tuple[datetime, dict[str, Any]]] = field(default_factory=dict)

    def routes(self) -> list[web.RouteDef]:
        messages = f"{PREFIX}/open-apis/im/v1/messages"
        one = messages + "/{message_id}"
        return [
            web.post(
                f"{PREFIX}/open-apis/auth/v3/tenant_access_token/internal",
                self._answering(self._token),
            ),
            web.post(messages, self._guarded("create", self._create)),
            web.post(one + "/reply", self._guarded("reply", self._reply)),
            web.patch(one, self._guarded("patch", self._patch)),
            web.get(one + "/resources/{key}", self._guarded("resource", self._resource)),
        ]

    def forget_tokens(self) -> None:
        self._tokens.clear()

    def refuse_bad_card(self, card: Any) -> None:
        """Raises ApiError 230099, or 230025 when it is too large."""
        if len(_compact(card).encode()) > MAX_BYTES:
            raise ApiError(errors.TOO_LONG, "The message content reaches its limit: card of 30 KB")
        if problem := first_problem(card, self.directory.people):
            raise ApiError(errors.CARD_FAILED, str(problem))

    def _answering(self, act: Act) -> Act:
        async def answer(request: web.Request) -> web.StreamResponse:
            try:
                return await act(request)
            except ApiError as refusal:
                return refusal.response()

        return answer

    def _guarded(self, name: str, act: Act) -> Act:
        """Token, limits and the faults that a test asked for stand before every call."""

        async def guarded(request: web.Request) -> web.StreamResponse:
            self.calls += 1
            fault = self.faults.popleft() if self.faults else None
            if fault is not None and fault.kind == "error":
                raise ApiError(
                    fault.code, "injected", status=fault.status, retry_after=fault.retry_after
                )
            if fault is not None and fault.kind == "hang":
                await self.closing.wait()
            self._check_token(request)
            self.limits.call(name, self.now())
            response = await act(request)
            if fault is not None and request.transport is not None:
                request.transport.abort()
            return response

        return self._answering(guarded)

    def _check_token(self, request: web.Request) -> None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer" or not token:
            raise ApiError(errors.NO_TOKEN, "Missing access token for authorization.")
        if self._tokens.get(token, self.now()) <= self.now():
            raise ApiError(errors.BAD_TOKEN, "Invalid access token for authorization.")

    async def _token(self, request: web.Request) -> web.Response:
        body = await _json_body(request)
        if body.get("app_id") != self.app_id or body.get("app_secret") != self.app_secret:
            raise ApiError(errors.BAD_SECRET, "app secret invalid", status=200)
        now = self.now()
        self._tokens = {token: end for token, end in self._tokens.items() if end > now}
        token, end = next(reversed(self._tokens.items()), ("", now))
        if end - now < RENEWABLE:
            token, end = f"t-{secrets.token_hex(16)}", now + timedelta(seconds=TOKEN_SECONDS)
            self._tokens[token] = end
        left = int((end - now).total_seconds())
        return web.json_response(
            {"code": 0, "msg": "ok", "tenant_access_token": token, "expire": left}
        )

    async def _create(self, request: web.Request) -> web.Response:
        body = await _json_body(request)
        _require(body, "receive_id", "msg_type", "content")
        chat = self.directory.chat(
            request.query.get("receive_id_type", "open_id"), str(body["receive_id"])
        )
        return self._send(body, chat)

    async def _reply(self, request: web.Request) -> web.Response:
        body = await _json_body(request)
        _require(body, "msg_type", "content")
        answered = self._message(request)
        return self._send(body, answered.chat, reply_to=answered.id)

    def _send(self, body: dict[str, Any], chat: str, *, reply_to: str = "") -> web.Response:
        uuid = str(body.get("uuid", ""))
        if len(uuid) > 50:
            raise _bad_field("uuid", "the length must be at most 50")
        before = self._sent.get(uuid)
        if uuid and before and self.now() - before[0] < SAME_UUID:
            return _ok(before[1])
        content, payload = self._content(str(body["msg_type"]), body["content"])
        self.limits.send(chat, self.now())
        shown = self.world.show(
            Shown(
                id=f"om_x100{secrets.token_hex(14)}",
                platform="feishu",
                chat=chat,
                sender="bot",
                content=content,
                payload=payload,
                at=self.now(),
                reply_to=reply_to,
            )
        )
        data = self._described(shown, str(body["msg_type"]), body["content"])
        if uuid:
            self._sent[uuid] = (self.now(), data)
        return _ok(data)

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
            "chat_id": self.directory.chat_id(shown.chat),
            "sender": {"id": self.app_id, "id_type": "app_id", "sender_type": "app"},
            "body": {"content": content},
        } | (answered if shown.reply_to else {})

    async def _patch(self, request: web.Request) -> web.Response:
        body = await _json_body(request)
        _require(body, "content")
        shown = self._message(request)
        if shown.content != "card":
            raise ApiError(errors.BAD_PARAMETER, "This message is NOT a card.")
        if shown.sender != "bot":
            raise ApiError(errors.NOT_THE_SENDER, "The operator is NOT the message's sender.")
        if self.now() - shown.at > EDITABLE:
            raise ApiError(errors.TOO_OLD, "The message sent exceeds 14 days and is not editable.")
        card = _content_object(body["content"])
        self.refuse_bad_card(card)
        self.limits.edit(shown.id, self.now())
        self.world.change(shown, card)
        return _ok({})

    async def _resource(self, request: web.Request) -> web.Response:
        shown = self._message(request)
        key = request.match_info["key"]
        found = self.files.get((shown.id, key))
        kind = "image" if key.startswith("img_") else "file"
        if found is None or request.query.get("type") != kind:
            raise ApiError(errors.FOREIGN_KEY, "File key and message id do not match.")
        return web.Response(body=found[0], content_type=found[1])

    def _message(self, request: web.Request) -> Shown:
        message_id = request.match_info["message_id"]
        shown = self.world.find("feishu", message_id)
        if shown is None:
            raise ApiError(errors.NO_SUCH_MESSAGE, f"not a valid open_message_id: {message_id}")
        if message_id in self.recalled:
            raise ApiError(errors.RECALLED, "The message was recalled.")
        return shown


def _ok(data: dict[str, Any]) -> web.Response:
    headers = {"X-Tt-Logid": errors.new_log_id()}
    return web.json_response({"code": 0, "msg": "success", "data": data}, headers=headers)


async def _json_body(request: web.Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.read())
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise _bad_field("body", "the body is not a JSON object")
    return body


def _require(body: dict[str, Any], *names: str) -> None:
    for name in names:
        if not body.get(name):
            raise _bad_field(name, "is required")


def _bad_field(name: str, why: str) -> ApiError:
    return ApiError(errors.BAD_FIELD, f"field validation failed: {name} {why}")


def _content_object(content: Any) -> dict[str, Any]:
    """Content is JSON in a string, in both directions."""
    try:
        payload = json.loads(content)
    except (TypeError, ValueError):
        payload = None
    if not isinstance(payload, dict):
        raise ApiError(errors.BAD_PARAMETER, "invalid message content: not a JSON string")
    return payload


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
