"""The door of WeCom's API: tokens, call limits, error answers, and faults that tests ask for."""

import asyncio
import json
import secrets
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any, Literal

from aiohttp import web

from bot.platforms.protocol import Now

PREFIX = "/playground/wecom/cgi-bin/"
TOKEN_SECONDS = 7200
CALLS_PER_MINUTE = 10_000

Fault = int | Literal["silence", "lost"]
"""An errcode instead of an answer; no answer at all; or a connection that breaks after the call
has taken effect."""
Answer = dict[str, Any] | web.Response
Call = Callable[[web.Request], Awaitable[Answer]]


class ApiError(Exception):
    """What the platform refuses, by its code (D90313)."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


class Gate:
    """Credentials of one app, and everything that happens before a call is understood."""

    def __init__(self, corp_id: str, now: Now) -> None:
        self.secret = secrets.token_urlsafe(32)
        self.calls: Counter[str] = Counter()
        self.calls_per_minute = CALLS_PER_MINUTE
        self.blocked_ip = ""
        """A caller's address that is not among 企业可信IP."""
        self.forbidden: set[str] = set()
        """Paths the app was not granted."""
        self.clock_ahead = timedelta()
        """How far this server's clock is ahead of the world's."""
        self._corp_id = corp_id
        self._now = now
        self._token = ""
        self._token_until = now()
        self._faults: deque[tuple[Fault, str]] = deque()
        self._minutes: Counter[tuple[str, int]] = Counter()
        self._stopped = asyncio.Event()

    def route(self, method: str, path: str, call: Call) -> web.RouteDef:
        """One API call. Like the real one it answers status 200 even to errors."""

        async def respond(request: web.Request) -> web.StreamResponse:
            self.calls[path] += 1
            fault = self._next_fault(path)
            if fault == "silence":
                await self._stopped.wait()
                return web.Response(status=503)
            answer = await self._answer(request, path, call, fault)
            answer.headers["Date"] = format_datetime(self._now() + self.clock_ahead, usegmt=True)
            if fault == "lost" and request.transport is not None:
                request.transport.abort()
            return answer

        return web.route(method, PREFIX + path, respond)

    def fail(self, fault: Fault, *, times: int = 1, path: str = "") -> None:
        """Spoil the next calls (of `path`, if given)."""
        self._faults.extend([(fault, path)] * times)

    def revoke_token(self) -> None:
        """Early invalidation, which the platform reserves to itself (D91039)."""
        self._token = ""

    def stop(self) -> None:
        self._stopped.set()

    async def give_token(self, request: web.Request) -> Answer:
        if request.query.get("corpid") != self._corp_id:
            raise ApiError(40013, "invalid corpid")
        if request.query.get("corpsecret") != self.secret:
            raise ApiError(40001, "invalid credential")
        if not self._token or self._now() >= self._token_until:
            self._token = secrets.token_urlsafe(64)
            self._token_until = self._now() + timedelta(seconds=TOKEN_SECONDS)
        left = (self._token_until - self._now()).total_seconds()
        return {"access_token": self._token, "expires_in": int(left)}

    async def _answer(
        self, request: web.Request, path: str, call: Call, fault: Fault | None
    ) -> web.Response:
        try:
            if isinstance(fault, int):
                raise ApiError(fault, "fault on request")
            if path != "gettoken":
                self._check_token(request.query.get("access_token", ""))
                self._check_grant(path)
            self._count(path, self._now())
            answer = await call(request)
        except ApiError as problem:
            answer = {"errcode": problem.code, "errmsg": f"{problem.text}, hint: [playground]"}
        if isinstance(answer, web.Response):
            return answer
        text = json.dumps({"errcode": 0, "errmsg": "ok", **answer}, ensure_ascii=False)
        return web.Response(text=text, content_type="application/json")

    def _check_token(self, token: str) -> None:
        if not token:
            raise ApiError(41001, "access_token missing")
        if token != self._token:
            raise ApiError(40014, "invalid access_token")
        if self._now() >= self._token_until:
            raise ApiError(42001, "access_token expired")

    def _check_grant(self, path: str) -> None:
        if self.blocked_ip:
            text = f"not allow to access from your ip, from ip: {self.blocked_ip}"
            raise ApiError(60020, text)
        if path in self.forbidden:
            raise ApiError(48002, "api forbidden")

    def _count(self, path: str, now: datetime) -> None:
        minute = (path, int(now.timestamp()) // 60)
        self._minutes[minute] += 1
        if self._minutes[minute] > self.calls_per_minute:
            raise ApiError(45009, "api freq out of limit")

    def _next_fault(self, path: str) -> Fault | None:
        for index, (fault, wanted) in enumerate(self._faults):
            if wanted in ("", path):
                del self._faults[index]
                return fault
        return None


async def read_json(request: web.Request) -> tuple[bytes, dict[str, Any]]:
    r"""The body as bytes and as an object. Escapes such as \u4e00 are refused (D90313)."""
    raw = await request.read()
    try:
        body = json.loads(raw)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise ApiError(40058, "invalid request body")
    if b"\\u" in raw:
        raise ApiError(40033, "invalid charset")
    return raw, body
