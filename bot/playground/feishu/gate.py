"""The door of Feishu's API: tokens, call limits, error answers, and faults that tests ask for.

Facts: open.feishu.cn, "自建应用获取 tenant_access_token", "频控策略", "通用错误码".
"""

import asyncio
import json
import secrets
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any, Literal

from aiohttp import web

from bot.platforms.protocol import Now
from bot.playground.feishu import errors
from bot.playground.feishu.errors import ApiError
from bot.playground.feishu.limits import Limits

PREFIX = "/playground/feishu/open-apis/"

TOKEN_SECONDS = 7200
RENEWABLE = timedelta(minutes=30)
NEEDED_SCOPES = (
    "im:message:send_as_bot",
    "im:message.p2p_msg:readonly",
    "im:message.group_at_msg:readonly",
    "im:message:readonly",
)
CONTACT_SCOPE = "contact:user.id:readonly"
PERSON_SCOPE = "contact:user.base:readonly"
URGENT_SCOPE = "im:message.urgent"
CHAT_SCOPE = "im:chat:readonly"
TASK_SCOPE = "task:task:write"
CALENDAR_SCOPES = {act: f"calendar:calendar.event:{act}" for act in ("create", "update", "delete")}
BUSY_SCOPE = "calendar:calendar.free_busy:read"
KNOWN_SCOPES = (
    *NEEDED_SCOPES,
    CONTACT_SCOPE,
    PERSON_SCOPE,
    URGENT_SCOPE,
    CHAT_SCOPE,
    TASK_SCOPE,
    *CALENDAR_SCOPES.values(),
    BUSY_SCOPE,
)
FREE = frozenset(("find people", "person", "departments", "people"))
"""Calls that cost none of the month's."""

Act = Callable[[web.Request], Awaitable[web.StreamResponse]]
FaultKind = Literal["error", "hang", "drop"]


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with one call: an error answer, none at all, or none after it was done."""

    kind: FaultKind
    code: int = 0
    status: int = 500
    retry_after: float | None = None


class Gate:
    """Credentials of one app, and everything that happens before a call is understood."""

    def __init__(self, now: Now, limits: Limits) -> None:
        self.app_id = f"cli_{secrets.token_hex(8)}"
        self.app_secret = secrets.token_urlsafe(24)
        self.calls: Counter[str] = Counter()
        """By name."""
        self.charged = 0
        """How many were charged to the month: those that went well and are not free."""
        self.faults: deque[Fault] = deque()
        self.blocked = False
        """Whether the caller's address is not in the app's IP whitelist."""
        self.month_used_up = False
        self.scopes = {*KNOWN_SCOPES}
        """What the tenant granted the app."""
        self.clock_ahead = timedelta()
        """How far this server's clock is ahead of the world's."""
        self._now = now
        self._limits = limits
        self._tokens: dict[str, datetime] = {}
        self._stopped = asyncio.Event()

    def stop(self) -> None:
        """Lets go of the calls that a fault keeps waiting."""
        self._stopped.set()

    def forget_tokens(self) -> None:
        """Every token given out so far is invalid from now on."""
        self._tokens.clear()

    def token_route(self) -> web.RouteDef:
        async def give(request: web.Request) -> web.StreamResponse:
            try:
                response = await self._give_token(request)
            except ApiError as refusal:
                response = refusal.response()
            date = self._now() + self.clock_ahead
            response.headers["Date"] = format_datetime(date, usegmt=True)
            return response

        return web.post(f"{PREFIX}auth/v3/tenant_access_token/internal", give)

    def route(self, method: str, path: str, name: str, act: Act) -> web.RouteDef:
        """One API call, with everything that can go wrong before it and after it."""

        async def call(request: web.Request) -> web.StreamResponse:
            self.calls[name] += 1
            fault = self.faults.popleft() if self.faults else None
            try:
                await self._stumble(fault)
                self._check_token(request)
                self._check_caller(name)
                self._limits.call(name, self._now())
                response = await act(request)
            except ApiError as refusal:
                return refusal.response()
            self.charged += name not in FREE
            if fault is not None and request.transport is not None:
                request.transport.abort()
            return response

        return web.route(method, PREFIX + path, call)

    async def _stumble(self, fault: Fault | None) -> None:
        if fault is not None and fault.kind == "error":
            raise ApiError(
                fault.code, "injected", status=fault.status, retry_after=fault.retry_after
            )
        if fault is not None and fault.kind == "hang":
            await self._stopped.wait()
            raise ApiError(errors.INTERNAL, "the server stops", status=503)

    def need_scope(self, scope: str) -> None:
        """Raises ApiError, which names the scope."""
        if scope not in self.scopes:
            raise ApiError(
                errors.NO_SCOPE, f"Access denied. One of the scopes is required: [{scope}]"
            )

    def _check_token(self, request: web.Request) -> None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer" or not token:
            raise ApiError(errors.NO_TOKEN, "Missing access token for authorization.")
        if self._tokens.get(token, self._now()) <= self._now():
            raise ApiError(errors.BAD_TOKEN, "Invalid access token for authorization.")

    def _check_caller(self, name: str) -> None:
        """Contacts cost none of the month's calls."""
        if self.blocked:
            raise ApiError(errors.BLOCKED_IP, "ip is denied by app setting")
        if self.month_used_up and name not in FREE:
            raise ApiError(errors.MONTH_USED_UP, "monthly api call quota exceeded", status=429)

    async def _give_token(self, request: web.Request) -> web.Response:
        """The same token again while at least 30 minutes of it are left."""
        self.calls["token"] += 1
        body = await json_body(request)
        if body.get("app_id") != self.app_id or body.get("app_secret") != self.app_secret:
            raise ApiError(errors.BAD_SECRET, "app secret invalid", status=200)
        now = self._now()
        token, end = next(reversed(self._tokens.items()), ("", now))
        if end - now < RENEWABLE:
            token, end = f"t-{secrets.token_hex(16)}", now + timedelta(seconds=TOKEN_SECONDS)
            self._tokens[token] = end
        left = int((end - now).total_seconds())
        return web.json_response(
            {"code": 0, "msg": "ok", "tenant_access_token": token, "expire": left}
        )


async def json_body(request: web.Request) -> dict[str, Any]:
    """Raises ApiError."""
    try:
        body = json.loads(await request.read())
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise errors.bad_field("body", "is not a JSON object")
    return body
