"""Where the long connection is opened: the address for an app's id and secret, and the socket.

Facts: open.feishu.cn, "使用长连接接收事件"; the call, its codes and the headers of a failed
handshake are from the SDKs' sources (larksuite/oapi-sdk-python, `ws/client.py`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp

from bot.platforms.protocol import PlatformError, RateLimited, Unauthorized, Unreachable
from config.schema import FeishuSettings

PATH = "/callback/ws/endpoint"
CROWDED_SECONDS = 60.0
"""How long to wait when the app has too many connections already."""
KEEPALIVE_SECONDS = 20.0
"""WebSocket pings on the wire, beside the protocol's own; the SDK's library sends them as well."""

_FORBIDDEN, _AUTH_FAILED, _NO_CREDENTIAL, _TOO_MANY = 403, 514, 1000040344, 1000040350
_REFUSED = frozenset((_FORBIDDEN, _AUTH_FAILED, _NO_CREDENTIAL))


@dataclass(frozen=True, slots=True)
class ClientConfig:
    """What the server asks of its clients, as far as it is followed."""

    ping_seconds: float = 120.0
    reconnect_seconds: float = 120.0


@dataclass(frozen=True, slots=True)
class Opened:
    """A connection; `service` stands in its address and in each ping."""

    socket: aiohttp.ClientWebSocketResponse
    service: int
    config: ClientConfig


async def connect(session: aiohttp.ClientSession, settings: FeishuSettings) -> Opened:
    """Raises PlatformError. The address holds a ticket and is never shown."""
    try:
        url, config = await _discover(session, settings)
        socket = await session.ws_connect(url, heartbeat=KEEPALIVE_SECONDS)
    except aiohttp.WSServerHandshakeError as refusal:
        raise _handshake_error(refusal.status, refusal.headers or {}) from None
    except (aiohttp.ClientError, TimeoutError) as problem:
        raise Unreachable(f"long connection: {type(problem).__name__}") from None
    return Opened(socket, _service(url), config)


def read_config(config: Any, before: ClientConfig) -> ClientConfig:
    """What is missing or makes no sense leaves things as they were."""
    if not isinstance(config, Mapping):
        return before
    return ClientConfig(
        _seconds(config.get("PingInterval"), before.ping_seconds),
        _seconds(config.get("ReconnectInterval"), before.reconnect_seconds),
    )


async def _discover(
    session: aiohttp.ClientSession, settings: FeishuSettings
) -> tuple[str, ClientConfig]:
    body = {"AppID": settings.app_id, "AppSecret": settings.app_secret.get_secret_value()}
    url = settings.api_url.rstrip("/") + PATH
    async with session.post(url, json=body, headers={"locale": "zh"}) as response:
        try:
            answer = await response.json(content_type=None)
        except ValueError:
            answer = None
    if not isinstance(answer, dict) or not isinstance(answer.get("code"), int):
        raise Unreachable(f"long connection: HTTP {response.status} without a code")
    if answer["code"] != 0:
        raise _error(answer["code"], str(answer.get("msg", "")))
    data = answer.get("data")
    found = data if isinstance(data, dict) else {}
    address = str(found.get("URL", ""))
    if not address.startswith(("wss://", "ws://")):
        raise Unreachable("long connection: no address was given")
    return address, read_config(found.get("ClientConfig"), ClientConfig())


def _service(url: str) -> int:
    given = parse_qs(urlsplit(url).query).get("service_id", ["0"])[0]
    return int(given) if given.isascii() and given.isdigit() else 0


def _handshake_error(status: int, headers: Mapping[str, str]) -> PlatformError:
    codes = [headers.get(f"handshake-{name}", "") for name in ("autherrcode", "status")]
    known = [int(code) for code in codes if code.isascii() and code.isdigit()]
    if _TOO_MANY in known:
        return _error(_TOO_MANY, headers.get("handshake-msg", ""))
    code = known[-1] if known else status
    return _error(code, headers.get("handshake-msg", "the handshake failed"))


def _error(code: int, text: str) -> PlatformError:
    message = f"long connection {code}: {text}"
    if code in _REFUSED:
        return Unauthorized(f"{message}; check app id and secret, and that the app is self-built")
    if code == _TOO_MANY:
        return RateLimited(
            f"{message}; another program is connected as this app: one app for each bot",
            CROWDED_SECONDS,
        )
    return Unreachable(message)


def _seconds(value: Any, before: float) -> float:
    sensible = isinstance(value, int) and not isinstance(value, bool) and value > 0
    return float(value) if sensible else before
