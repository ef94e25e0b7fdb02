"""Is the DingTalk app set up? Asks what our calls need, sends nothing, tells where to mend it.

Facts: open.dingtalk.com, "获取企业内部应用的accessToken", "计费模型说明", "获取部门列表",
"下载机器人接收消息的文件内容", "更新卡片"; open-dingtalk/developerpedia, stream/protocol and
best-practices/permission-deny.
"""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import aiohttp

from bot.platforms.checkup import (
    ADDRESS,
    CALLBACK_CHANGES,
    CLOCK_ITEM,
    CREDENTIALS,
    QUOTA,
    REACH,
    SECONDS,
    UNREACHABLE,
    Findings,
    Item,
    Probe,
    Reply,
    Step,
    tell_callback,
    tell_stream,
)
from bot.platforms.dingtalk.callbacks import (
    CARDS,
    EMPTY,
    EVENTS,
    ROBOT,
    callback_path,
    card_secret,
    event_crypto,
)
from bot.platforms.dingtalk.crypto import EventCrypto, Refused, card_headers, robot_headers
from bot.platforms.dingtalk.frames import SUBSCRIPTIONS
from bot.platforms.dingtalk.todos import PAGE as TODO_PAGE
from bot.platforms.protocol import Now
from config.schema import DingTalkSettings

_APP = "钉钉开发者后台 https://open-dev.dingtalk.com/ → 应用开发 → 这个应用"
_SCOPES = f"{_APP} → 权限管理"
_TOO_FAST = ("QpsLimitForAppkeyAndApi", "QpsLimitForApi", "90018", "90002")
_NO_ROBOT = {
    "invalidParameter.robotCode.notExsit": "在“添加应用能力”里加上机器人，然后发布版本",
    "resource.unavailable": "在“机器人”页启用机器人，然后发布版本",
}
_NOBODY = "doctor-0"
FOUND = 302

ITEMS = (
    Item(
        REACH,
        "连接",
        "机器人所在机器的网络与防火墙",
        "放行到 api.dingtalk.com:443 和 oapi.dingtalk.com:443 的出口；"
        "设过 DINGTALK__API_URL 或 DINGTALK__OAPI_URL 的，核对它",
    ),
    Item(
        CREDENTIALS,
        "凭证",
        f"{_APP} → 凭证与基础信息",
        "把 Client ID 和 Client Secret 重新抄到 DINGTALK__CLIENT_ID 和 DINGTALK__CLIENT_SECRET",
    ),
    CLOCK_ITEM,
    Item(ADDRESS, "出口 IP", f"{_APP} → 安全设置", "在“服务器出口IP”里加上本机的出口地址"),
    Item(
        "robot",
        "机器人消息",
        _SCOPES,
        "申请权限 qyapi_robot_sendmsg",
        _NO_ROBOT,
    ),
    Item("card", "互动卡片", _SCOPES, "申请权限 Card.Instance.Write（没有它，卡片改成消息发）"),
    Item(
        "contacts",
        "通讯录",
        _SCOPES,
        "申请权限 qyapi_get_department_list，权限范围选上用机器人的部门",
    ),
    Item(
        QUOTA,
        "额度",
        "钉钉开发者后台 https://open-dev.dingtalk.com/（组织本月的 API 调用量，所有应用共用）",
        "本月的调用次数用完了：等到下个月 1 日，或由管理员升级套餐",
        dict.fromkeys(_TOO_FAST, "调用太快：等几秒再查，并看看有没有别的程序在用这个应用"),
    ),
)
STREAM = (
    Item(
        "stream",
        "Stream 长连接",
        f"{_APP} → 机器人 → 消息接收模式；机器人所在机器的防火墙",
        "消息接收模式选 Stream 并发布版本；放行到 wss-open-connection.dingtalk.com:443 的出口",
    ),
)
_DOORS = "https://你的地址/callback/dingtalk/你的 DINGTALK__CALLBACK_KEY"
HTTP = (
    Item(
        "callback",
        "接收消息",
        f"{_APP} → 机器人 → 消息接收模式",
        f"选 HTTP 模式，消息接收地址填 {_DOORS}/robot，发布版本；反向代理转给机器人",
        CALLBACK_CHANGES,
    ),
    Item(
        "clicks",
        "卡片回调",
        "机器人所在的机器（卡片回调地址由机器人自己登记，后台不用填）",
        f"反向代理把 {_DOORS}/cards 也转给机器人",
        CALLBACK_CHANGES,
    ),
    Item(
        "events",
        "事件订阅",
        f"{_APP} → 事件订阅",
        f"选 HTTP 推送，请求网址填 {_DOORS}/events，签名 token 和加密 aes_key 与 .env 一致",
        CALLBACK_CHANGES,
    ),
    Item(
        "public",
        "公网地址",
        "机器人所在机器的网络：域名、证书、反向代理、防火墙",
        "DINGTALK__PUBLIC_URL 填钉钉能打开的 https 地址，不带路径",
        {UNREACHABLE: "检查域名、证书和防火墙；有的内网绕不回自己的公网地址，换台外面的机器再查"},
    ),
)
"""In place of `STREAM`: each of our doors, knocked at as DingTalk would."""
TODOS = (
    Item("todos", "待办", _SCOPES, "申请权限 Todo.Todo.Write；不要待办就去掉 DINGTALK__TODOS"),
    Item(
        "todo_page",
        "待办页面",
        "机器人所在机器的网络：域名、证书、反向代理",
        "反向代理把 DINGTALK__PUBLIC_URL 下的 /todo/dingtalk 也转给机器人，重启机器人",
    ),
)
"""Where todos are wanted."""
BLAME = {
    "invalidClientIdOrSecret": CREDENTIALS,
    "IpNotInWhiteList": ADDRESS,
    **dict.fromkeys(("ApiCountLimitForOrg", "90020", *_TOO_FAST), QUOTA),
}
"""By the last part of a code."""


class DingTalkDoctor:
    """Never connects to the stream: a second connection would take messages from the bot's own.
    `origin` is where the bot's callbacks are asked for, without a path."""

    name = "dingtalk"
    title = "钉钉"

    def __init__(
        self, settings: DingTalkSettings, now: Now, origin: str, *, seconds: float = SECONDS
    ) -> None:
        self._settings = settings
        self._now = now
        self._origin = origin.rstrip("/")
        self._seconds = seconds

    @property
    def _is_http(self) -> bool:
        return self._settings.transport == "http"

    async def examine(self) -> Sequence[Step]:
        own, way = self._settings, HTTP if self._is_http else STREAM
        findings = Findings((*ITEMS, *way, *(TODOS if own.todos else ())), BLAME)
        hidden = (own.client_secret, own.callback_key, own.event_token, own.event_aes_key)
        async with aiohttp.ClientSession(headers={"Accept": "application/json"}) as session:
            values = [secret.get_secret_value() for secret in hidden]
            probe = Probe(session, _code, values, seconds=self._seconds)
            token = await self._token(probe, findings)
            if token:
                await self._calls(probe, token, findings)
                await self._people(probe, token, findings)
                if not self._is_http:
                    await self._stream(probe, findings)
            if self._is_http:
                await self._doors(probe, findings)
            if own.todos:
                await self._todos(probe, token, findings)
        used = 3 if own.todos else 2
        return findings.close(f"还没有用完（余量只在后台看得到；这次检查用掉 {used} 次）")

    async def _token(self, probe: Probe, findings: Findings) -> str:
        body = {
            "appKey": self._settings.client_id,
            "appSecret": self._settings.client_secret.get_secret_value(),
        }
        reply = await probe.ask("POST", self._api("/v1.0/oauth2/accessToken"), json=body)
        token = str(reply.body.get("accessToken", ""))
        probe.hide(token)
        if reply.body:
            findings.good(REACH, self._settings.api_url)
            findings.tell_clock(reply, self._now())
        if reply.code:
            findings.judge(CREDENTIALS, reply)
            return ""
        findings.good(CREDENTIALS, "Client ID 和 Client Secret 有效")
        return token

    async def _stream(self, probe: Probe, findings: Findings) -> None:
        """A ticket that is not used ends by itself after 90 s."""
        body = {
            "clientId": self._settings.client_id,
            "clientSecret": self._settings.client_secret.get_secret_value(),
            "subscriptions": list(SUBSCRIPTIONS),
            "ua": "yinuo-doctor",
        }
        path = self._api("/v1.0/gateway/connections/open")
        reply = await probe.ask("POST", path, json=body)
        probe.hide(str(reply.body.get("ticket", "")))
        if reply.code:
            findings.judge("stream", reply)
            return
        address = str(reply.body.get("endpoint", ""))
        await tell_stream(findings, address, seconds=self._seconds)

    async def _calls(self, probe: Probe, token: str, findings: Findings) -> None:
        """Two of our calls about things that do not exist: the permission is looked at first."""
        headers = {"x-acs-dingtalk-access-token": token}
        body = {"robotCode": self._settings.client_id, "downloadCode": _NOBODY}
        path = self._api("/v1.0/robot/messageFiles/download")
        reply = await probe.ask("POST", path, json=body, headers=headers)
        told = "权限 qyapi_robot_sendmsg 已开通"
        findings.judge("robot", reply, told, fine=_let_in(reply))
        card = {"outTrackId": _NOBODY, "cardData": {"cardParamMap": {}}}
        path = self._api("/v1.0/card/instances")
        reply = await probe.ask("PUT", path, json=card, headers=headers)
        told = "权限 Card.Instance.Write 已开通"
        findings.judge("card", reply, told, fine=_let_in(reply))

    async def _todos(self, probe: Probe, token: str, findings: Findings) -> None:
        """A todo of nobody's, and whether our page sends its reader to log in."""
        if token:
            headers = {"x-acs-dingtalk-access-token": token}
            path = self._api(f"/v1.0/todo/users/{_NOBODY}/tasks/{_NOBODY}?operatorId={_NOBODY}")
            reply = await probe.ask("DELETE", path, json={}, headers=headers)
            told = "权限 Todo.Todo.Write 已开通"
            findings.judge("todos", reply, told, fine=_let_in(reply))
        url = f"{self._settings.public_url}{TODO_PAGE}"
        reply = await probe.ask("GET", f"{url}/{'0' * 32}")
        if reply.status == FOUND:
            findings.good("todo_page", f"{url} 应答正确")
        else:
            told = reply.text if reply.code == UNREACHABLE else f"不是机器人（HTTP {reply.status}）"
            findings.bad("todo_page", f"{url} {told}")

    async def _people(self, probe: Probe, token: str, findings: Findings) -> None:
        """Contacts cost none of the month's calls."""
        url = self._settings.oapi_url.rstrip("/") + "/topapi/v2/department/listsub"
        params = {"access_token": token}
        reply = await probe.ask("POST", url, params=params, json={"dept_id": 1})
        count = len(reply.body.get("result") or [])
        findings.judge("contacts", reply, f"最上层有 {count} 个部门")

    async def _doors(self, probe: Probe, findings: Findings) -> None:
        """Signed, and empty: nothing of it becomes a message, a click or an event."""
        await self._knock_as_robot(probe, findings, self._origin, "callback")
        headers = card_headers(api_secret=card_secret(self._settings), now=self._now())
        url = self._origin + callback_path(self._settings, CARDS)
        reply = await probe.ask("POST", url, json={}, headers=headers)
        proved = reply.status == 200 and reply.content == b"{}"
        tell_callback(findings, self._shown(CARDS), reply, proved=proved, key="clicks")
        if self._settings.hears_events:
            await self._knock_as_event(probe, findings)
        else:
            told = (
                "没有填 DINGTALK__EVENT_TOKEN 和 DINGTALK__EVENT_AES_KEY，不收事件；现有功能用不到"
            )
            findings.unknown("events", told)
        await self._knock_as_robot(probe, findings, self._settings.public_url, "public")

    async def _knock_as_robot(
        self, probe: Probe, findings: Findings, origin: str, key: str
    ) -> None:
        secret = self._settings.client_secret.get_secret_value()
        headers = robot_headers(app_secret=secret, now=self._now())
        url = origin + callback_path(self._settings, ROBOT)
        reply = await probe.ask("POST", url, json={}, headers=headers)
        proved = reply.body == EMPTY
        tell_callback(findings, self._shown(ROBOT, origin), reply, proved=proved, key=key)

    async def _knock_as_event(self, probe: Probe, findings: Findings) -> None:
        """What saving the address in the console does."""
        crypto, now = event_crypto(self._settings), self._now()
        sealed = crypto.reply(
            '{"EventType":"check_url"}',
            timestamp_ms=int(now.timestamp() * 1000),
            nonce=secrets.token_hex(8),
            random16=secrets.token_bytes(16),
        )
        query = {
            "msg_signature": sealed["msg_signature"],
            "timestamp": sealed["timeStamp"],
            "nonce": sealed["nonce"],
        }
        url = self._origin + callback_path(self._settings, EVENTS)
        body = {"encrypt": sealed["encrypt"]}
        reply = await probe.ask("POST", url, json=body, params=query)
        proved = _is_success(crypto, reply.body, now)
        tell_callback(findings, self._shown(EVENTS), reply, proved=proved, key="events")

    def _shown(self, door: str, origin: str = "") -> str:
        """An address without its key."""
        return f"{origin or self._origin}/callback/dingtalk/…/{door}"

    def _api(self, path: str) -> str:
        return self._settings.api_url.rstrip("/") + path


def _is_success(crypto: EventCrypto, body: Mapping[str, Any], now: datetime) -> bool:
    names = ("msg_signature", "timeStamp", "nonce")
    query = {name: str(body.get(name, "")) for name in names}
    try:
        return crypto.decrypt(query, str(body.get("encrypt", "")), now=now) == "success"
    except Refused:
        return False


def _let_in(reply: Reply) -> tuple[str, ...]:
    """What is refused about the thing itself comes after the permission (403) and the token."""
    of_the_thing = reply.status in (400, 404) and reply.code not in _NO_ROBOT
    return (reply.code,) if of_the_thing and reply.code != "InvalidAuthentication" else ()


def _code(status: int, body: Mapping[str, Any]) -> tuple[str, str]:
    """The new API answers a status and `code`, the old one 200 and `errcode`."""
    code = body.get("code", body.get("errcode", 0 if status < 300 else f"http {status}"))
    if code in (0, "0", ""):
        return "", ""
    message = str(body.get("message") or body.get("errmsg") or "")
    detail = body.get("accessdenieddetail")
    scopes = detail.get("requiredScopes") if isinstance(detail, Mapping) else None
    if isinstance(scopes, list):
        message += f" 缺权限：{'、'.join(map(str, scopes))}"
    return str(code), f"{message} {body.get('sub_code') or ''}".strip()
