"""What the imitated DingTalk refuses: its error bodies, quotas, and faults that tests order."""

import asyncio
import time
import uuid
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta, timezone
from typing import Any, Literal

from aiohttp import web

from bot.platforms.protocol import Now

CHINA = timezone(timedelta(hours=8))
FORBIDDEN = "Forbidden.AccessDenied"


class Refusal(Exception):
    """An answer of the new API that is an error (developerpedia, permission-deny)."""

    def __init__(self, code: str, message: str = "", *, status: int = 400, **more: Any) -> None:
        super().__init__(code)
        self.code = code
        self.message = message
        self.status = status
        self.more = more

    def response(self) -> web.Response:
        body = {"code": self.code, "requestid": str(uuid.uuid4()), "message": self.message}
        return web.json_response(body | self.more, status=self.status)


def missing_scope(scope: str) -> Refusal:
    return Refusal(
        f"{FORBIDDEN}.AccessTokenPermissionDenied",
        "没有调用该接口的权限",
        status=403,
        accessdenieddetail={"requiredScopes": [scope]},
    )


@dataclass(frozen=True, slots=True)
class Limits:
    """Of a free organisation (计费模型说明)."""

    calls_per_second: int = 20
    calls_per_month: int = 5000
    deliveries_per_month: int = 3000


class Quota:
    """Counts calls and deliveries. Months go by the world's clock, seconds by the real one:
    a server protects itself in real time."""

    def __init__(self, limits: Limits, now: Now) -> None:
        self.limits = limits
        self.calls: Counter[str] = Counter()
        self.deliveries: Counter[str] = Counter()
        self._now = now
        self._recent: dict[str, deque[float]] = {}

    def spend_call(self, api: str) -> None:
        """Raises Refusal. Throttled calls do not count for the month."""
        if self.calls[self._month()] >= self.limits.calls_per_month:
            raise Refusal(f"{FORBIDDEN}.ApiCountLimitForOrg", "monthly quota used up", status=403)
        if not self.has_room(api):
            raise Refusal(
                f"{FORBIDDEN}.QpsLimitForAppkeyAndApi",
                "您的企业应用调用钉钉开放平台当前接口的所有请求都被暂时禁用了",
                status=403,
            )
        self.calls[self._month()] += 1

    def has_room(self, api: str) -> bool:
        """Whether this second takes one more call, which it then has."""
        recent = self._recent.setdefault(api, deque())
        moment = time.monotonic()
        while recent and recent[0] <= moment - 1:
            recent.popleft()
        if len(recent) >= self.limits.calls_per_second:
            return False
        recent.append(moment)
        return True

    def spend_delivery(self) -> bool:
        """False when the month's deliveries are used up."""
        self.deliveries[self._month()] += 1
        return self.deliveries[self._month()] <= self.limits.deliveries_per_month

    def _month(self) -> str:
        return f"{self._now().astimezone(CHINA):%Y-%m}"


@dataclass(slots=True)
class Fault:
    """`drop` takes effect before the line breaks; `hang` never answers."""

    kind: Literal["refuse", "hang", "drop", "page", "answer"]
    on: str
    left: int
    refusal: Refusal | None = None
    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self) -> web.Response:
        """Of `answer`; without a body it is no JSON."""
        headers = dict(self.headers)
        if self.body is None:
            return web.Response(status=self.status, headers=headers)
        return web.json_response(self.body, status=self.status, headers=headers)


@dataclass(slots=True)
class Faults:
    """What goes wrong next. `on` is a part of the path; empty: any call."""

    ordered: list[Fault] = field(default_factory=list)
    _released: asyncio.Event = field(default_factory=asyncio.Event)

    def refuse(self, code: str, *, status: int = 400, on: str = "", times: int = 1) -> None:
        self.ordered.append(Fault("refuse", on, times, Refusal(code, "injected", status=status)))

    def hang(self, *, on: str = "", times: int = 1) -> None:
        self.ordered.append(Fault("hang", on, times))

    def drop(self, *, on: str = "", times: int = 1) -> None:
        self.ordered.append(Fault("drop", on, times))

    def page(self, *, on: str = "", times: int = 1) -> None:
        """The page that a banned address gets instead of JSON."""
        self.ordered.append(Fault("page", on, times))

    def answer(
        self, body: Any, *, status: int, headers: Mapping[str, str] | None = None, on: str = ""
    ) -> None:
        """Something between us and DingTalk answers once: the wall before it, or a proxy."""
        self.ordered.append(Fault("answer", on, 1, body=body, status=status, headers=headers or {}))

    def take(self, path: str) -> Fault | None:
        fault = next((f for f in self.ordered if f.left > 0 and f.on in path), None)
        if fault is not None:
            fault.left -= 1
        return fault

    async def wait(self) -> None:
        await self._released.wait()

    def release(self) -> None:
        """Lets hanging calls end."""
        self._released.set()
