"""Is the WeCom app set up? Asks what our calls need, sends nothing, tells where to mend it.

Facts: developer.work.weixin.qq.com/document/path/N: 91039 gettoken, 90227 agent/get, 90313 error
codes, 90238 the check of the receiving URL; "获取子部门ID列表", "获取配置了客户联系功能的成员列表".
"""

from collections.abc import Mapping, Sequence
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
    Findings,
    Item,
    Probe,
    Step,
    tell_callback,
)
from bot.platforms.protocol import Now
from bot.platforms.wecom.crypto import CallbackCrypto
from bot.platforms.wecom.proof import ask_to_prove
from bot.platforms.wecom.robot.doctor import RobotDoctor
from config.schema import WeComSettings

CALLBACK_PATH = "/callback/wecom"
_CONSOLE = "企业微信管理后台 https://work.weixin.qq.com/wework_admin/frame"
_APP = f"{_CONSOLE} → 应用管理 → 自建 → 这个应用"

ITEMS = (
    Item(
        REACH,
        "连接",
        "机器人所在机器的网络与防火墙",
        "放行到 qyapi.weixin.qq.com:443 的出口；设过 WECOM__API_URL 的，核对它",
    ),
    Item(
        CREDENTIALS,
        "凭证",
        f"{_APP}（Secret）；我的企业 → 企业信息（企业 ID）",
        "把应用页的 Secret 重新抄到 WECOM__SECRET；应用若被停用，先启用",
        {"40013": "把“我的企业”最下面的企业 ID 抄到 WECOM__CORP_ID"},
    ),
    CLOCK_ITEM,
    Item(
        ADDRESS,
        "可信 IP",
        f"{_APP} → 企业可信IP",
        "把上面文字里的 from ip 地址加进去（先要设过可信域名或接收消息的 URL），约 1 分钟生效",
    ),
    Item(
        "app",
        "应用",
        _APP,
        "把应用页的 AgentId 抄到 WECOM__AGENT_ID，它和 Secret 要出自同一个应用",
        {
            "closed": "启用这个应用",
            "nobody": "在“可见范围”里选上销售、交付和主管所在的部门",
        },
    ),
    Item(
        "contacts",
        "通讯录",
        f"{_APP} → 可见范围",
        "在“可见范围”里选上销售、交付和主管所在的部门",
    ),
    Item(
        "customers",
        "客户联系",
        f"{_CONSOLE} → 客户与上下游 → 客户联系 → API → 可调用接口的应用",
        "选上这个应用；再到“使用范围”给销售开通客户联系",
    ),
    Item(
        QUOTA,
        "额度",
        f"{_APP}；频率限制见 developer.work.weixin.qq.com/document/path/90312",
        "分钟的限制等 1 分钟，小时的等到下个小时，日的等到第二天；查一查有没有别的程序在用这个应用",
    ),
    Item(
        "callback",
        "接收消息",
        f"{_APP} → 接收消息 → 设置 API 接收",
        "URL 填 https://你的地址/callback/wecom，反向代理转给机器人；"
        "Token 和 EncodingAESKey 与 .env 一致",
        CALLBACK_CHANGES,
    ),
)
BLAME = {
    **dict.fromkeys(("40001", "40013", "41002", "41004", "40091"), CREDENTIALS),
    **dict.fromkeys(("60020", "301042"), ADDRESS),
    **dict.fromkeys(("45009", "45033"), QUOTA),
    **dict.fromkeys(("40056", "301002", "50003"), "app"),
}


class WeComDoctor:
    """`origin` is where the bot's callback is asked for, without a path."""

    name = "wecom"
    title = "企业微信"

    def __init__(
        self, settings: WeComSettings, now: Now, origin: str, *, seconds: float = SECONDS
    ) -> None:
        self._settings = settings
        self._now = now
        self._origin = origin.rstrip("/")
        self._url = self._origin + CALLBACK_PATH
        self._seconds = seconds

    async def examine(self) -> Sequence[Step]:
        """Of the app, the robot, or both."""
        steps = await self._examine_app() if self._settings.has_app else ()
        if self._settings.robot is None:
            return steps
        robot = RobotDoctor(self._settings.robot, self._now, self._origin, seconds=self._seconds)
        return [*steps, *await robot.examine()]

    async def _examine_app(self) -> Sequence[Step]:
        findings = Findings(ITEMS, BLAME)
        hidden = (self._settings.secret, self._settings.token, self._settings.aes_key)
        async with aiohttp.ClientSession() as session:
            values = [secret.get_secret_value() for secret in hidden]
            probe = Probe(session, _code, values, seconds=self._seconds)
            token = await self._token(probe, findings)
            if token:
                await self._app(probe, token, findings)
                await self._people(probe, token, findings)
            await self._callback(probe, findings)
        return findings.close("这几次调用没有被限流（平台不提供余量查询）")

    async def _token(self, probe: Probe, findings: Findings) -> str:
        secret = self._settings.secret.get_secret_value()
        params = {"corpid": self._settings.corp_id, "corpsecret": secret}
        reply = await probe.ask("GET", self._api("gettoken"), params=params)
        token = str(reply.body.get("access_token", ""))
        probe.hide(token)
        if not reply.code or reply.body:
            findings.good(REACH, self._settings.api_url)
            findings.tell_clock(reply, self._now())
        if reply.code:
            findings.judge(CREDENTIALS, reply)
            return ""
        findings.good(CREDENTIALS, "企业 ID 和 Secret 有效")
        return token

    async def _app(self, probe: Probe, token: str, findings: Findings) -> None:
        params = {"access_token": token, "agentid": str(self._settings.agent_id)}
        reply = await probe.ask("GET", self._api("agent/get"), params=params)
        if reply.body.get("close"):
            findings.bad("app", "应用已停用", code="closed")
        elif not reply.code and not _seen_by_somebody(reply.body):
            findings.bad("app", "没有一个人看得见这个应用", code="nobody")
        findings.judge("app", reply, f"{reply.body.get('name', '')}，可见范围不是空的")

    async def _people(self, probe: Probe, token: str, findings: Findings) -> None:
        params = {"access_token": token}
        reply = await probe.ask("GET", self._api("department/simplelist"), params=params)
        count = len(reply.body.get("department_id") or [])
        findings.judge("contacts", reply, f"看得见 {count} 个部门")
        path = self._api("externalcontact/get_follow_user_list")
        reply = await probe.ask("GET", path, params=params)
        if not reply.code and not reply.body.get("follow_user"):
            findings.bad("customers", "没有一个成员开通了客户联系", code="nobody")
        count = len(reply.body.get("follow_user") or [])
        findings.judge("customers", reply, f"{count} 个成员开通了客户联系")

    async def _callback(self, probe: Probe, findings: Findings) -> None:
        try:
            crypto = CallbackCrypto(
                self._settings.token.get_secret_value(),
                self._settings.aes_key.get_secret_value(),
                self._settings.corp_id,
            )
        except ValueError:
            findings.bad("callback", "WECOM__AES_KEY 不是 43 个字母和数字")
            return
        reply, proved = await ask_to_prove(probe, crypto, self._url, self._now)
        tell_callback(findings, self._url, reply, proved=proved)

    def _api(self, path: str) -> str:
        return f"{self._settings.api_url.rstrip('/')}/cgi-bin/{path}"


def _code(status: int, body: Mapping[str, Any]) -> tuple[str, str]:
    """Errors come with status 200: `errcode` alone counts."""
    code = body.get("errcode", 0 if status < 300 else f"http {status}")
    return ("" if code == 0 else str(code)), str(body.get("errmsg", "")) if code else ""


def _seen_by_somebody(app: Mapping[str, Any]) -> bool:
    listed = (("allow_userinfos", "user"), ("allow_partys", "partyid"), ("allow_tags", "tagid"))
    return any((app.get(part) or {}).get(inner) for part, inner in listed)
