"""Is the Feishu app set up? Asks what our calls need, sends nothing, tells where to mend it.

Facts: open.feishu.cn, "自建应用获取 tenant_access_token", "获取机器人信息", "查询租户授权状态",
"通过手机号或邮箱获取用户 ID", "获取消息中的资源文件", "通用错误码"; `endpoint.py`.
"""

import base64
import hashlib
import json
import os
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

import aiohttp
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from bot.platforms.checkup import (
    ADDRESS,
    CALLBACK_CHANGES,
    CLOCK_ITEM,
    CREDENTIALS,
    QUOTA,
    REACH,
    SECONDS,
    Findings,
    Item,
    Probe,
    Step,
    tell_callback,
    tell_stream,
)
from bot.platforms.feishu.endpoint import PATH as ENDPOINT_PATH
from bot.platforms.protocol import Now
from config.schema import FeishuSettings

CALLBACK_PATH = "/callback/feishu"
NEEDED = (
    ("im:message:send_as_bot", "im:message"),
    ("im:message.p2p_msg:readonly",),
    ("im:message.group_at_msg:readonly",),
    ("im:message:readonly", "im:message", "im:message.history:readonly"),
)
"""What sending, the two kinds of messages and downloading need; of each line one is enough."""
OPTIONAL = {
    "im:message.urgent": "红卡不加急",
    "im:chat:readonly": "被拉进群时不打招呼",
    "contact:user.base:readonly": "名片认不出是谁",
}
"""What one may do without, and what is missed then."""
TASKS = {"task:task:write": "承诺写不进任务清单"}
"""The same, where tasks are wanted."""
_APP = "飞书开发者后台 https://open.feishu.cn/app → 这个应用"
_RELEASE = "，然后到“版本管理与发布”发布一个版本"
_ENABLED = 2
_BLOCK = 16

ITEMS = (
    Item(
        REACH,
        "连接",
        "机器人所在机器的网络与防火墙",
        "放行到 open.feishu.cn:443 的出口；设过 FEISHU__API_URL 的，核对它",
    ),
    Item(
        CREDENTIALS,
        "凭证",
        f"{_APP} → 凭证与基础信息",
        "把 App ID 和 App Secret 重新抄到 FEISHU__APP_ID 和 FEISHU__APP_SECRET",
    ),
    CLOCK_ITEM,
    Item(
        ADDRESS,
        "IP 白名单",
        f"{_APP} → 安全设置 → IP 白名单",
        "把本机的出口地址加进去，或清空白名单",
    ),
    Item(
        "app",
        "应用与机器人",
        f"{_APP} → 添加应用能力 → 机器人",
        f"开启机器人{_RELEASE}，由管理员批准",
    ),
    Item("scopes", "权限", f"{_APP} → 权限管理 → 批量导入权限", f"开通上面缺的权限{_RELEASE}"),
    Item(
        "contacts",
        "通讯录",
        f"{_APP} → 权限管理 → 通讯录权限范围",
        f"开通 contact:user.id:readonly，范围选上用机器人的人{_RELEASE}",
    ),
    Item(
        QUOTA,
        "额度",
        "飞书管理后台（企业本月的 API 调用量，所有自建应用共用）",
        "本月的调用次数用完了：等到下个月 1 日，或由管理员升级版本",
        {"99991400": "调用太快：等几秒再查，并看看有没有别的程序在用这个应用"},
    ),
)
CALLBACK = Item(
    "callback",
    "请求地址",
    f"{_APP} → 事件与回调 → 事件配置、回调配置、加密策略",
    "两处都填 https://你的地址/callback/feishu，反向代理转给机器人",
    CALLBACK_CHANGES,
)
STREAM = Item(
    "stream",
    "长连接",
    f"{_APP} → 事件与回调 → 事件配置、回调配置；机器人所在机器的防火墙",
    "两处的订阅方式都选“使用长连接接收”；放行到 msg-frontier.feishu.cn:443 的出口",
    {"1000040350": "连接太多：关掉用同一个应用的其他程序"},
)
BLAME = {
    **dict.fromkeys(("10003", "10014"), CREDENTIALS),
    "99991401": ADDRESS,
    **dict.fromkeys(("99991400", "99991403"), QUOTA),
    **dict.fromkeys(("99991673", "230006", "212100"), "app"),
}


class FeishuDoctor:
    """`origin` is where the bot's callback is asked for, without a path; `used` how many of the
    month's calls the bot has counted."""

    name = "feishu"
    title = "飞书"

    def __init__(
        self,
        settings: FeishuSettings,
        now: Now,
        origin: str,
        *,
        seconds: float = SECONDS,
        used: int | None = None,
    ) -> None:
        self._settings = settings
        self._now = now
        self._url = origin.rstrip("/") + CALLBACK_PATH
        self._seconds = seconds
        self._used = used

    async def examine(self) -> Sequence[Step]:
        long = self._settings.transport == "long"
        findings = Findings((*ITEMS, STREAM if long else CALLBACK), BLAME)
        own = self._settings
        hidden = (own.app_secret, own.encrypt_key, own.verification_token)
        async with aiohttp.ClientSession() as session:
            values = [secret.get_secret_value() for secret in hidden]
            probe = Probe(session, _code, values, seconds=self._seconds)
            token = await self._token(probe, findings)
            if token:
                headers = {"Authorization": f"Bearer {token}"}
                await self._app(probe, headers, findings)
                await self._scopes(probe, headers, findings)
                await self._people(probe, headers, findings)
                if long:
                    await self._stream(probe, findings)
            if not long:
                await self._callback(probe, findings)
        return findings.close(self._quota)

    @property
    def _quota(self) -> str:
        """`used` is what the bot has counted; other apps of the company spend as well."""
        told, most = "还没有用完（余量只在管理后台看得到）", self._settings.calls_a_month
        if self._used is None or not most:
            return told
        return f"{told}；机器人本月用了 {self._used} 次，上限按 {most} 次算"

    async def _token(self, probe: Probe, findings: Findings) -> str:
        body = {
            "app_id": self._settings.app_id,
            "app_secret": self._settings.app_secret.get_secret_value(),
        }
        path = self._api("auth/v3/tenant_access_token/internal")
        reply = await probe.ask("POST", path, json=body)
        token = str(reply.body.get("tenant_access_token", ""))
        probe.hide(token)
        if reply.body:
            findings.good(REACH, self._settings.api_url)
            findings.tell_clock(reply, self._now())
        if reply.code:
            findings.judge(CREDENTIALS, reply)
            return ""
        findings.good(CREDENTIALS, "App ID 和 App Secret 有效")
        return token

    async def _app(self, probe: Probe, headers: Mapping[str, str], findings: Findings) -> None:
        reply = await probe.ask("GET", self._api("bot/v3/info"), headers=headers)
        bot = reply.body.get("bot") or {}
        if not reply.code and bot.get("activate_status") != _ENABLED:
            findings.bad("app", f"应用没有启用（activate_status {bot.get('activate_status')}）")
        findings.judge("app", reply, f"{bot.get('app_name', '')}，机器人已启用")

    async def _scopes(self, probe: Probe, headers: Mapping[str, str], findings: Findings) -> None:
        reply = await probe.ask("GET", self._api("application/v6/scopes"), headers=headers)
        listed = (reply.body.get("data") or {}).get("scopes") or []
        granted = {one.get("scope_name") for one in listed if one.get("grant_status") == 1}
        missing = [any_of[0] for any_of in NEEDED if not granted & set(any_of)]
        if not reply.code and missing:
            findings.bad("scopes", f"缺 {'、'.join(missing)}")
        wanted = OPTIONAL | (TASKS if self._settings.tasks else {})
        missed = [f"{name}（{then}）" for name, then in wanted.items() if name not in granted]
        without = f"；可选的还没开 {'、'.join(missed)}" if missed else ""
        findings.judge("scopes", reply, f"{len(NEEDED)} 项都已开通{without}")

    async def _people(self, probe: Probe, headers: Mapping[str, str], findings: Findings) -> None:
        """Somebody who does not exist: an empty answer shows that one may ask."""
        body = {"emails": ["nobody@example.invalid"]}
        path = self._api("contact/v3/users/batch_get_id")
        reply = await probe.ask("POST", path, json=body, headers=headers)
        findings.judge("contacts", reply, "可以按手机号和邮箱找到同事")

    async def _stream(self, probe: Probe, findings: Findings) -> None:
        """The address holds a ticket that is not used and never shown."""
        body = {
            "AppID": self._settings.app_id,
            "AppSecret": self._settings.app_secret.get_secret_value(),
        }
        url = self._settings.api_url.rstrip("/") + ENDPOINT_PATH
        reply = await probe.ask("POST", url, json=body, headers={"locale": "zh"})
        if reply.code:
            findings.judge("stream", reply)
            return
        address = str((reply.body.get("data") or {}).get("URL", ""))
        await tell_stream(findings, address, seconds=self._seconds)

    async def _callback(self, probe: Probe, findings: Findings) -> None:
        """What the console does when the request address is saved. The Verification Token goes to
        our own address alone."""
        challenge = secrets.token_urlsafe(12)
        payload = {
            "challenge": challenge,
            "token": self._settings.verification_token.get_secret_value(),
            "type": "url_verification",
        }
        key = self._settings.encrypt_key.get_secret_value()
        body = {"encrypt": _encrypt(key, json.dumps(payload).encode())} if key else payload
        reply = await probe.ask("POST", self._url, json=body)
        proved = reply.body.get("challenge") == challenge
        tell_callback(findings, self._url, reply, proved=proved)

    def _api(self, path: str) -> str:
        return f"{self._settings.api_url.rstrip('/')}/open-apis/{path}"


def _encrypt(encrypt_key: str, plain: bytes) -> str:
    """AES-256-CBC with the IV in front, as "配置 Encrypt Key" tells."""
    key, start = hashlib.sha256(encrypt_key.encode()).digest(), os.urandom(_BLOCK)
    pad = _BLOCK - len(plain) % _BLOCK
    encryptor = Cipher(algorithms.AES(key), modes.CBC(start)).encryptor()
    sealed = encryptor.update(plain + bytes([pad]) * pad) + encryptor.finalize()
    return base64.b64encode(start + sealed).decode()


def _code(status: int, body: Mapping[str, Any]) -> tuple[str, str]:
    """`code` counts, whatever the HTTP status says."""
    code = body.get("code", 0 if status < 300 else f"http {status}")
    return ("", "") if code == 0 else (str(code), str(body.get("msg", "")))
