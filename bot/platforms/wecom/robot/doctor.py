"""Is the smart robot set up? Subscribes and hangs up, unless the running bot is connected itself:
a second subscription would drive it out (D101463)."""

from collections.abc import Sequence

import aiohttp

from bot.platforms.checkup import (
    CALLBACK_CHANGES,
    UNREACHABLE,
    Findings,
    Item,
    Probe,
    Step,
    tell_callback,
)
from bot.platforms.protocol import Now, RateLimited, Unauthorized, Unreachable
from bot.platforms.wecom.crypto import CallbackCrypto
from bot.platforms.wecom.proof import ask_to_prove
from bot.platforms.wecom.robot.hook import PATH
from bot.platforms.wecom.robot.line import KICKED, open_socket
from config.schema import RobotSettings

_ROBOT = (
    "企业微信管理后台 https://work.weixin.qq.com/wework_admin/frame → 管理工具 → 智能机器人 "
    "→ 这个机器人 → API 模式"
)
_CONNECTED = ("robot; long connection since", "robot; standing by")
"""How the running bot's health begins when one of its processes is connected."""

ROBOT = Item(
    "robot",
    "智能机器人",
    f"{_ROBOT} → 使用长连接",
    "把 Bot ID 和 Secret 重新抄到 WECOM__ROBOT__BOT_ID、WECOM__ROBOT__SECRET",
    {
        UNREACHABLE: "放行到 openws.work.weixin.qq.com:443 的出口；"
        "设过 WECOM__ROBOT__URL 的，核对它",
        "taken": "停掉另一个程序，或给它另建一个机器人：一个机器人同时只能有一个连接",
        "limited": "过一分钟再查；查一查有没有别的程序在反复连这个机器人",
    },
)
ROBOT_HTTP = Item(
    "robot",
    "智能机器人",
    f"{_ROBOT} → 使用 URL 回调",
    f"URL 填 https://你的地址{PATH}，反向代理转给机器人；"
    "Token 和 EncodingAESKey 与 WECOM__ROBOT__TOKEN、WECOM__ROBOT__AES_KEY 一致",
    CALLBACK_CHANGES,
)


class RobotDoctor:
    """`origin` is where the running bot is asked for, without a path."""

    def __init__(self, settings: RobotSettings, now: Now, origin: str, *, seconds: float) -> None:
        self._settings = settings
        self._now = now
        self._origin = origin.rstrip("/")
        self._seconds = seconds

    async def examine(self) -> Sequence[Step]:
        is_long = self._settings.transport == "long"
        findings = Findings([ROBOT if is_long else ROBOT_HTTP], {})
        hidden = (self._settings.secret, self._settings.token, self._settings.aes_key)
        async with aiohttp.ClientSession() as session:
            values = [secret.get_secret_value() for secret in hidden]
            probe = Probe(session, lambda status, body: ("", ""), values, seconds=self._seconds)
            if is_long:
                await self._connection(session, probe, findings)
            else:
                await self._address(probe, findings)
        return findings.told()

    async def _connection(
        self, session: aiohttp.ClientSession, probe: Probe, findings: Findings
    ) -> None:
        reply = await probe.ask("GET", f"{self._origin}/healthz")
        lines = reply.body.get("platforms")
        told = str(lines.get("wecom", "")) if isinstance(lines, dict) else ""
        if KICKED in told:
            findings.bad("robot", "另一个程序用同一个 Bot ID 连着", code="taken")
        elif any(state in told for state in _CONNECTED):
            findings.good("robot", "正在运行的机器人连着长连接（再连一次会把它挤下线，没有试）")
        else:
            await self._subscribe(session, findings)

    async def _subscribe(self, session: aiohttp.ClientSession, findings: Findings) -> None:
        try:
            socket = await open_socket(session, self._settings, seconds=self._seconds)
        except Unreachable:
            findings.bad("robot", f"连不上 {self._settings.url}", code=UNREACHABLE)
        except RateLimited as problem:
            findings.bad("robot", str(problem), code="limited")
        except Unauthorized as problem:
            findings.bad("robot", str(problem))
        else:
            findings.good("robot", "Bot ID 和 Secret 有效，长连接连得上")
            await socket.close()

    async def _address(self, probe: Probe, findings: Findings) -> None:
        token, key = self._settings.token, self._settings.aes_key
        try:
            crypto = CallbackCrypto(token.get_secret_value(), key.get_secret_value(), "")
        except ValueError:
            findings.bad("robot", "WECOM__ROBOT__AES_KEY 不是 43 个字母和数字")
            return
        url = f"{self._origin}{PATH}"
        reply, proved = await ask_to_prove(probe, crypto, url, self._now)
        tell_callback(findings, url, reply, proved=proved, key="robot")
