"""What `doctor` asks of a platform and how it tells: one step at a time, bounded, no secrets."""

import asyncio
import contextlib
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Literal, Protocol
from urllib.parse import urlsplit

import aiohttp

SECONDS = 5.0
"""The longest any one call may take."""
SKEW_SECONDS = 60
"""A clock that is further off than this is set wrong; networks are never so slow."""
UNREACHABLE = "unreachable"
NOT_CHECKED = "前面有一步没通过，这一步没法查"
LATER = "平台一时出错，过一会儿再查"
REACH, CREDENTIALS, CLOCK, ADDRESS, QUOTA = "reach", "credentials", "clock", "ip", "quota"
_ANSWER_LIMIT = 1024 * 1024

State = Literal["ok", "failed", "unknown"]


@dataclass(frozen=True, slots=True)
class Step:
    """One line. `page` and `change` say where to mend what failed; both are for operators."""

    key: str
    name: str
    state: State
    told: str
    page: str = ""
    change: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """What is checked, and where in the platform's console it is mended."""

    key: str
    name: str
    page: str
    change: str
    special: Mapping[str, str] = field(default_factory=dict)
    """Other changes, by the platform's code."""


class Doctor(Protocol):
    """One for each platform: `bot/platforms/<name>/doctor.py`. Sends nothing to anybody."""

    name: str
    title: str

    async def examine(self) -> Sequence[Step]:
        """Every step, in order. Raises nothing: what goes wrong is a step that failed."""


@dataclass(frozen=True, slots=True)
class Reply:
    """`code` is empty when the platform did what was asked."""

    code: str
    text: str
    status: int = 0
    body: Mapping[str, Any] = field(default_factory=dict, repr=False)
    content: bytes = field(default=b"", repr=False)
    date: datetime | None = None


CodeOf = Callable[[int, Mapping[str, Any]], tuple[str, str]]
"""A platform's way to say no: status and body → code (empty: none) and message."""


class Probe:
    """HTTP with finite time; no text that it makes holds one of the secrets."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        code_of: CodeOf,
        secrets: Sequence[str],
        *,
        seconds: float,
    ) -> None:
        self._session = session
        self._code_of = code_of
        self._secrets = [secret for secret in secrets if secret]
        self._timeout = aiohttp.ClientTimeout(total=seconds)

    def hide(self, secret: str) -> None:
        """From now on this is a secret too (a token that was just received)."""
        if secret:
            self._secrets.append(secret)

    async def ask(self, method: str, url: str, **options: Any) -> Reply:
        try:
            async with self._session.request(
                method, url, timeout=self._timeout, allow_redirects=False, **options
            ) as response:
                content = await response.content.read(_ANSWER_LIMIT)
                return self._read(response.status, content, response.headers.get("Date", ""))
        except TimeoutError:
            return Reply(UNREACHABLE, "没有在限定的时间里回答")
        except (aiohttp.ClientError, OSError, ValueError) as problem:
            # Their own texts may hold the address with a secret in it: the name must do.
            return Reply(UNREACHABLE, f"连不上（{type(problem).__name__}）")

    def _read(self, status: int, content: bytes, date: str) -> Reply:
        body = _json_object(content)
        if body is None:
            return Reply(
                f"http {status}", f"HTTP {status}，不是 JSON", status, {}, content, _date(date)
            )
        code, message = self._code_of(status, body)
        text = self._clean(f"{code} {message}".strip())[:300]
        return Reply(code, text, status, body, content, _date(date))

    def _clean(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "…")
        return " ".join(text.split())


class Findings:
    """The steps of one examination. The first failure of a step stands, then the first word."""

    def __init__(self, items: Sequence[Item], blame: Mapping[str, str]) -> None:
        self._items = items
        self._blame = blame
        self._steps: dict[str, Step] = {}
        self._answered = False

    def good(self, key: str, told: str) -> None:
        self._say(key, "ok", told)

    def bad(self, key: str, told: str, *, code: str = "", change: str = "") -> None:
        item = next(item for item in self._items if item.key == key)
        change = change or item.special.get(code, item.change)
        before = self._steps.get(key)
        if before is None or before.state != "failed":
            self._steps[key] = Step(key, item.name, "failed", told, item.page, change)

    def unknown(self, key: str, told: str) -> None:
        self._say(key, "unknown", told)

    def judge(self, key: str, reply: Reply, told: str = "", *, fine: Collection[str] = ()) -> bool:
        """Whether a call went well. What hinders every call is blamed on its own step; `fine` are
        refusals that come only after the permission was found good."""
        if not reply.code or reply.code in fine:
            self._answered = True
            self.good(key, told)
            return True
        blamed = REACH if reply.status >= 500 else self._blamed(reply.code, key)
        self._answered = self._answered or blamed == key != CREDENTIALS
        self.bad(blamed, reply.text, code=reply.code, change=LATER if reply.status >= 500 else "")
        return False

    def tell_clock(self, reply: Reply, now: datetime) -> None:
        if reply.date is None:
            self.unknown(CLOCK, "服务器没有告诉时间")
            return
        ahead = round((now - reply.date).total_seconds())
        if abs(ahead) > SKEW_SECONDS:
            self.bad(CLOCK, f"本机时钟比服务器{'快' if ahead > 0 else '慢'} {abs(ahead)} 秒")
        else:
            self.good(CLOCK, f"与服务器相差 {abs(ahead)} 秒")

    def close(self, quota: str) -> Sequence[Step]:
        """All steps in order; the ones that only failures speak of are good when calls passed."""
        if self._answered:
            self.good(ADDRESS, "平台接受本机的出口地址")
            self.good(QUOTA, quota)
        return self.told()

    def told(self) -> Sequence[Step]:
        """All steps in order, as they stand."""
        for item in self._items:
            self.unknown(item.key, NOT_CHECKED)
        return [self._steps[item.key] for item in self._items]

    def _blamed(self, code: str, key: str) -> str:
        if code == UNREACHABLE or code.startswith("http "):
            return REACH
        return self._blame.get(code.rpartition(".")[2], key)

    def _say(self, key: str, state: State, told: str) -> None:
        name = next(item.name for item in self._items if item.key == key)
        self._steps.setdefault(key, Step(key, name, state, told))


async def tell_stream(findings: Findings, address: str, *, seconds: float) -> None:
    """Whether the place a gateway named can be reached. Connects to its port and no further: a
    second client of the stream would take messages from the bot's own."""
    place = urlsplit(address)
    host, port = place.hostname or "", place.port or 443
    try:
        async with asyncio.timeout(seconds):
            _, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError):
        findings.bad("stream", f"网关给了地址，但连不上 {host}:{port}")
        return
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    findings.good("stream", f"网关给了地址，{host}:{port} 连得上")


def tell_callback(
    findings: Findings, url: str, reply: Reply, *, proved: bool, key: str = "callback"
) -> None:
    """What a check of our own callback address says, asked as the platform would ask."""
    if proved:
        findings.good(key, f"{url} 应答正确")
    elif reply.code == UNREACHABLE:
        findings.bad(key, f"{url} {reply.text}", code=UNREACHABLE)
    elif reply.status == 403:
        findings.bad(key, f"{url} 不认这份配置里的密钥", code="403")
    else:
        findings.bad(key, f"{url} 答的不是机器人（HTTP {reply.status}）")


CLOCK_ITEM = Item(
    CLOCK,
    "时钟",
    "机器人所在的机器",
    "打开时间同步（timedatectl set-ntp true），然后重试",
)
CALLBACK_CHANGES = {
    UNREACHABLE: "先启动机器人再查；公网地址用 --address https://你的地址，并检查反向代理和防火墙",
    "403": "让正在运行的机器人和 doctor 用同一份 .env，重启机器人",
}


def as_lines(title: str, steps: Sequence[Step]) -> list[str]:
    """For people: one line a step, two more for what failed."""
    marks = {"ok": "✓", "failed": "✗", "unknown": "–"}
    lines = [title]
    for step in steps:
        lines.append(f"  {marks[step.state]} {step.name}：{step.told}")
        if step.state == "failed":
            lines += [f"      打开：{step.page}", f"      改成：{step.change}"]
    return lines


def _json_object(content: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _date(header: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(header)
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
