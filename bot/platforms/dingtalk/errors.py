"""DingTalk's error codes as our small family of errors."""

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from bot.platforms.meaning import Meaning
from bot.platforms.protocol import PlatformError, RateLimited, Rejected, Unauthorized, Unreachable

CHINA = timezone(timedelta(hours=8))
IP_BAN_SECONDS = 300.0
MINUTES_A_DAY = 24 * 60


class StaleToken(Unauthorized):
    """The access token is old: drop it, fetch one, repeat once."""


class MonthUsedUp(RateLimited):
    """Nothing is left of the month's API calls."""


class AddressBanned(RateLimited):
    """Every further call would only prolong it."""


class ScopeMissing(Unauthorized):
    """The app lacks a permission; the text names the scope."""


_KEYS = "核对 DINGTALK__CLIENT_ID 和 DINGTALK__CLIENT_SECRET（开放平台 → 应用 → 凭证与基础信息）"
_GONE = "此人已离职或不在通讯录，请改绑：让本人重新发“绑定”"
_GROUP = "把机器人重新加进群；群已解散的无需处理"
_WORDS = "内容被钉钉拦下，请换个说法"
_TEMPLATE = "核对 DINGTALK__CARD_TEMPLATE，并在卡片平台发布该模板"

_OURS = "这是程序的问题，请把这一行报给维护者"

_STALE = Meaning(StaleToken, _KEYS)
_SCOPE = Meaning(ScopeMissing, "到开放平台 → 应用 → 权限管理申请错误里列出的权限，再发布一个版本")
_PASSING = Meaning(Unreachable, "钉钉忙，会自动重试")
_OFTEN = Meaning(RateLimited, "发得太快，稍后自动继续", 1.0)
_SLOWER = Meaning(RateLimited, "发得太快，稍后自动继续", 2.0)
_MINUTE = Meaning(RateLimited, "发得太快，一分钟后自动继续", 60.0)
_MONTH = Meaning(MonthUsedUp, "本月接口调用已用完：到开放平台 → 资源用量加购或升级，或等下个月")
_UNKNOWN = Meaning(Rejected, "在钉钉开放平台 → 全局错误码里查这个码")

CODES: dict[str, Meaning] = {
    **dict.fromkeys(("invalidauthentication", "invalidparameter.token.invalid"), _STALE),
    **dict.fromkeys(("40014", "42001", "40001", "33001"), _STALE),
    "invalidclientidorsecret": Meaning(Unauthorized, _KEYS),
    **dict.fromkeys(("60011", "43007"), _SCOPE),
    "90018": _OFTEN,
    **dict.fromkeys(("90002", "send.too.fast", "send.bytoken.toofast"), _SLOWER),
    **dict.fromkeys(("too.many.group", "too.many.people"), _MINUTE),
    "410100": Meaning(RateLimited, "群机器人发得太快，10 分钟后自动继续", 600.0),
    "90020": _MONTH,
    **dict.fromkeys(("-1", "system.error", "system.busy", "servicebusy", "660026"), _PASSING),
    **dict.fromkeys(("staffid.notexisted", "60121", "33012"), Meaning(Rejected, _GONE)),
    **dict.fromkeys(
        (
            *("400101", "400102", "400106", "bot.stopped", "group.disbanded"),
            *("invalid.openconversationid", "resource.unavailable"),
        ),
        Meaning(Rejected, _GROUP),
    ),
    "invalidparameter.robotcode.notexsit": Meaning(
        Rejected, "到开放平台 → 应用 → 机器人，打开机器人能力并发布"
    ),
    **dict.fromkeys(
        ("chatbotid.notallow.sendoto", "robot.oto.notexist"),
        Meaning(Rejected, "请此人先在钉钉里打开机器人的单聊，发一句话"),
    ),
    **dict.fromkeys(
        ("430101", "430102", "430103", "430104", "param.contentunsafe"), Meaning(Rejected, _WORDS)
    ),
    "param.cardalreadyexist": Meaning(Rejected, "这张卡片已经发过，无需处理"),
    "param.cardnotexist": Meaning(Rejected, "原卡片已不在，会改发新卡"),
    **dict.fromkeys(
        ("param.templatenotexist", "param.templateunpublished"), Meaning(Rejected, _TEMPLATE)
    ),
    "ding.serverquota.insufficient": Meaning(
        Rejected, "本月的 DING 已用完：加购，或设 DINGTALK__DING=false"
    ),
    "ding.receivercount.limit": Meaning(Rejected, _OURS),
    "toomuch.msg": _MINUTE,
    "invalidparameter.callbackurl": Meaning(
        Rejected, "核对 DINGTALK__PUBLIC_URL：钉钉能打开的 https 地址，不带路径"
    ),
    "300001": Meaning(Rejected, "会话地址已过期，会改用接口发送"),
    "310000": Meaning(Rejected, "核对自定义机器人的关键词、加签和 IP 段"),
}
"""By the code in lower case: DingTalk spells it in several ways."""
ENDINGS: dict[str, Meaning] = {
    "apicountlimitfororg": _MONTH,
    "qpslimitforappkeyandapi": _OFTEN,
    "qpslimitforapi": _SLOWER,
    "qpmlimitforappkeyandapi": _MINUTE,
    "qpmlimitforapi": _MINUTE,
    "accesstokenpermissiondenied": _SCOPE,
    "ipnotinwhitelist": Meaning(
        ScopeMissing, "到开放平台 → 应用 → 安全设置，把本机的出口 IP 加进服务器出口 IP"
    ),
}
"""Of the codes that begin with Forbidden.AccessDenied."""


def problem(
    status: int, body: Any, *, now: datetime, wait: float | None = None
) -> PlatformError | None:
    """What went wrong with an answer, or None. `body` is the parsed JSON, None if it is none;
    `wait` is what the answer's headers ask for."""
    if not isinstance(body, Mapping):
        return _unreadable(status, wait)
    if body.get("status") == 1111:
        return AddressBanned("dingtalk has banned this address", _ban_seconds(body))
    code = _code(body)
    if status < 300 and code in ("", "0"):
        return None
    return _named(status, code, body, now, wait)


def _ban_seconds(body: Mapping[str, Any]) -> float:
    """`wait` is in minutes (调用频次与限流: 5 of them)."""
    minutes = body.get("wait")
    if isinstance(minutes, int) and 0 < minutes <= MINUTES_A_DAY:
        return minutes * 60.0
    return IP_BAN_SECONDS


def _unreadable(status: int, wait: float | None) -> PlatformError:
    if status < 300:  # the ban comes as a page instead of JSON as well
        return AddressBanned("dingtalk answered with a page: address banned", IP_BAN_SECONDS)
    if status == 429:
        return _OFTEN.error("dingtalk: HTTP 429", "429", seconds=wait)
    return Unreachable(f"dingtalk: HTTP {status} without JSON")


def _code(body: Mapping[str, Any]) -> str:
    lower = {str(key).lower(): value for key, value in body.items()}
    found = lower.get("code", lower.get("errcode", ""))
    return str(found) if found is not None else ""


def _named(
    status: int, code: str, body: Mapping[str, Any], now: datetime, wait: float | None
) -> PlatformError:
    text = f"dingtalk: HTTP {status} {code} {_message(body)}".strip()
    meaning = _meaning(status, code.lower(), body)
    if meaning is _MONTH:
        return meaning.error(
            f"{text}: the month's API calls are used up", code, seconds=_rest_of_month(now)
        )
    if meaning.kind is ScopeMissing:
        text += _scopes(body)
    return meaning.error(text, code, seconds=wait)


def _meaning(status: int, key: str, body: Mapping[str, Any]) -> Meaning:
    """The code knows more than the status."""
    if _gateway_gave_up(key, body):
        return _PASSING
    if key == "88":
        return _SCOPE
    ending = next((one for end, one in ENDINGS.items() if key.endswith(f".{end}")), None)
    if found := CODES.get(key, ending):
        return found
    if "qpmlimit" in key:
        return _MINUTE
    if key.startswith("contain."):
        return CODES["param.contentunsafe"]
    by_status = _PASSING if status >= 500 else _UNKNOWN
    return {401: _STALE, 429: _OFTEN}.get(status, by_status)


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
