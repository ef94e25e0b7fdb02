"""DingTalk's error codes as our small family of errors."""

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from bot.platforms.protocol import PlatformError, RateLimited, Rejected, Unauthorized, Unreachable

CHINA = timezone(timedelta(hours=8))
IP_BAN_SECONDS = 300.0

STALE_TOKEN = frozenset(
    ("invalidauthentication", "40014", "42001", "40001", "33001", "invalidparameter.token.invalid")
)
WRONG_CREDENTIALS = frozenset(("invalidclientidorsecret",))
NO_PERMISSION = (".accesstokenpermissiondenied", ".ipnotinwhitelist")
NO_PERMISSION_CODES = frozenset(("60011", "43007", "88"))
RETRY_AFTER_SECONDS = {
    "90018": 1.0,
    "90002": 2.0,
    "send.too.fast": 2.0,
    "send.bytoken.toofast": 2.0,
    "too.many.group": 60.0,
    "too.many.people": 60.0,
    "410100": 600.0,
}
PASSING = frozenset(("-1", "system.error", "system.busy", "servicebusy", "660026"))
MONTH_USED_UP = ("apicountlimitfororg", "90020")


class StaleToken(Unauthorized):
    """The access token is old: drop it, fetch one, repeat once."""


class MonthUsedUp(RateLimited):
    """Nothing is left of the month's API calls."""


class ScopeMissing(Unauthorized):
    """The app lacks a permission; the text names the scope."""


def problem(status: int, body: Any, *, now: datetime) -> PlatformError | None:
    """What went wrong with an answer, or None. `body` is the parsed JSON, None if it is none."""
    if not isinstance(body, Mapping):
        return _unreadable(status)
    if body.get("status") == 1111:
        return RateLimited("dingtalk has banned this address for 5 minutes", IP_BAN_SECONDS)
    code = _code(body)
    if status < 300 and code in ("", "0"):
        return None
    return _named(status, code, body, now)


def _unreadable(status: int) -> PlatformError:
    if status < 300:  # the ban comes as a page instead of JSON as well
        return RateLimited("dingtalk answered with a page: address banned", IP_BAN_SECONDS)
    return Unreachable(f"dingtalk: HTTP {status} without JSON")


def _code(body: Mapping[str, Any]) -> str:
    lower = {str(key).lower(): value for key, value in body.items()}
    found = lower.get("code", lower.get("errcode", ""))
    return str(found) if found is not None else ""


def _named(status: int, code: str, body: Mapping[str, Any], now: datetime) -> PlatformError:
    key = code.lower()
    text = f"dingtalk: HTTP {status} {code} {_message(body)}".strip()
    if key.endswith(MONTH_USED_UP):
        return MonthUsedUp(f"{text}: the month's API calls are used up", _rest_of_month(now))
    seconds = _retry_after(status, key)
    if seconds is not None:
        return RateLimited(text, seconds)
    if status >= 500 or key in PASSING or _gateway_gave_up(key, body):
        return Unreachable(text)
    return _unauthorized(status, key, text, body) or Rejected(text, code)


def _unauthorized(status: int, key: str, text: str, body: Mapping[str, Any]) -> Unauthorized | None:
    if key in STALE_TOKEN or status == 401:
        return StaleToken(text)
    if key in WRONG_CREDENTIALS:
        return Unauthorized(f"{text}: check client_id and client_secret")
    if key.endswith(NO_PERMISSION) or key in NO_PERMISSION_CODES:
        return ScopeMissing(text + _scopes(body))
    return None


def _retry_after(status: int, key: str) -> float | None:
    if key.endswith("qpslimitforappkeyandapi"):
        return 1.0
    if key.endswith("qpslimitforapi"):
        return 2.0
    if "qpmlimit" in key:
        return 60.0
    return RETRY_AFTER_SECONDS.get(key, 1.0 if status == 429 else None)


def _gateway_gave_up(key: str, body: Mapping[str, Any]) -> bool:
    """After 3 s, with the action perhaps done. 88 with a sub code is a missing permission."""
    sub_code = str(body.get("sub_code") or "")
    return (key == "88" and not sub_code) or (key == "15" and sub_code.startswith("isp."))


def _rest_of_month(now: datetime) -> float:
    here = now.astimezone(CHINA)
    next_month = (here.replace(day=1) + timedelta(days=32)).replace(
        day=1, hour=0, minute=0, second=0, microsecond=0
    )
    return (next_month - here).total_seconds()


def _message(body: Mapping[str, Any]) -> str:
    lower = {str(key).lower(): value for key, value in body.items()}
    return str(lower.get("message") or lower.get("errmsg") or "")[:200]


def _scopes(body: Mapping[str, Any]) -> str:
    detail = body.get("accessdenieddetail")
    scopes = detail.get("requiredScopes") if isinstance(detail, Mapping) else None
    return f" (missing scope: {', '.join(map(str, scopes))})" if isinstance(scopes, list) else ""
