"""What every call to the imitated API passes: ordered faults, token, scope, quota."""

import secrets
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

from aiohttp import web

from bot.platforms.protocol import Now
from bot.playground.dingtalk.limits import FORBIDDEN, Faults, Quota, Refusal, missing_scope

BASE = "/playground/dingtalk"
TOKEN_SECONDS = 7200

OldHandler = Callable[[dict[str, Any]], dict[str, Any]]
Handler = Callable[[web.Request, dict[str, Any]], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class App:
    """The registered app. `scopes` may be taken away by a test."""

    client_id: str
    client_secret: str
    corp_id: str
    scopes: set[str]


class Door:
    def __init__(self, app: App, now: Now, faults: Faults, quota: Quota) -> None:
        self.app = app
        self.faults = faults
        self.called: Counter[str] = Counter()
        """How often each path was called."""
        self.blocked = False
        """Whether the caller's address is not among 服务器出口IP."""
        self.clock_ahead = timedelta()
        """How far this server's clock is ahead of the world's."""
        self._now = now
        self._quota = quota
        self._token = ""
        self._token_until = now()

    def guard(self, handler: Handler, *, scope: str = "") -> Callable[..., Any]:
        """A route's function. `scope` empty: the call needs no token and costs nothing."""

        async def answer(request: web.Request) -> web.StreamResponse:
            self.called[request.path.removeprefix(BASE)] += 1
            fault = self.faults.take(request.path)
            if fault is None:
                response = await self._answer(handler, request, scope)
                date = self._now() + self.clock_ahead
                response.headers["Date"] = format_datetime(date, usegmt=True)
                return response
            if fault.refusal is not None:
                return fault.refusal.response()
            if fault.kind == "answer":
                return fault.response()
            if fault.kind == "page":
                return web.Response(text="<html>denied</html>", content_type="text/html")
            if fault.kind == "hang":
                await self.faults.wait()
            else:
                await self._answer(handler, request, scope)
            if request.transport is not None:
                request.transport.abort()
            return web.Response()

        return answer

    async def _answer(
        self, handler: Handler, request: web.Request, scope: str
    ) -> web.StreamResponse:
        try:
            if scope:
                self._check(request, scope)
                self._quota.spend_call(f"{request.method} {request.path}")
            return await handler(request, await json_object(request))
        except Refusal as refusal:
            return refusal.response()

    def _check(self, request: web.Request, scope: str) -> None:
        given = request.headers.get("x-acs-dingtalk-access-token", "")
        if not given or given != self._token or self._now() >= self._token_until:
            raise Refusal("InvalidAuthentication", "不合法的access_token")
        if self.blocked:
            raise Refusal(f"{FORBIDDEN}.IpNotInWhiteList", "访问ip不在白名单之中", status=403)
        if scope not in self.app.scopes:
            raise missing_scope(scope)

    def guard_old(self, handler: OldHandler, *, scope: str) -> Callable[..., Any]:
        """A route's function of the old API: token in the query, errors with status 200."""

        async def answer(request: web.Request) -> web.StreamResponse:
            self.called[request.path.removeprefix(BASE)] += 1
            fault = self.faults.take(request.path)
            if fault is not None and fault.kind == "answer":
                return fault.response()
            given = request.query.get("access_token", "")
            if not given or given != self._token or self._now() >= self._token_until:
                return web.json_response({"errcode": 40014, "errmsg": "不合法的access_token"})
            if scope not in self.app.scopes:
                more = f"应用尚未开通所需的权限：[{scope}]"
                return web.json_response(
                    {"errcode": 88, "errmsg": more, "sub_code": "60011", "sub_msg": more}
                )
            if not self._quota.has_room(request.path):
                return web.json_response({"errcode": 90018, "errmsg": "QPS 限流"})
            return web.json_response(handler(await json_object(request)))

        return answer

    async def token(self, _: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        given = (body.get("appKey"), body.get("appSecret"))
        if given != (self.app.client_id, self.app.client_secret):
            raise Refusal("invalidClientIdOrSecret", "无效的clientId或者clientSecret")
        if self._now() >= self._token_until:
            self._token = secrets.token_hex(16)
            self._token_until = self._now() + timedelta(seconds=TOKEN_SECONDS)
        left = int((self._token_until - self._now()).total_seconds())
        return web.json_response({"accessToken": self._token, "expireIn": left})

    def revoke_token(self) -> None:
        self._token_until = self._now()


async def json_object(request: web.Request) -> dict[str, Any]:
    try:
        body = await request.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Refusal("invalidParameter.body", "请求体不是 JSON 对象")
    return body
