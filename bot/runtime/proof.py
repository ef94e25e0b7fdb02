"""A test card through the bot that runs: sent, pressed, changed in place. For `doctor --card`.

It goes by way of the database, so that it passes everything a real card passes: the outbox, the
platform's call, the callback, the inbox, a handler, and the edit.
"""

import asyncio
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from bot.platforms.checkup import State, Step
from bot.platforms.protocol import Now
from cards.checkup import test_card
from cards.model import dump
from storage import outbox, people
from storage.db import Database
from storage.models import Outbox
from storage.outbox import Draft

CONSOLE: Mapping[str, str] = {
    "wecom": "企业微信管理后台 → 应用管理 → 这个应用 → 接收消息",
    "dingtalk": "钉钉开放平台 → 这个应用 → 事件与回调，和卡片模板的回调",
    "feishu": "飞书开发者后台 → 这个应用 → 事件与回调 → 回调配置",
}
SUBSCRIBE = "订阅方式要和机器人的配置一致（飞书：添加 card.action.trigger），改完发布版本"
START = "先启动机器人（make run），让它和 doctor 用同一份 .env、同一个数据库"
NAMES = {"card": "测试卡", "press": "点按钮", "change": "原地更新"}
ON_THE_WAY = ("queued", "held")


@dataclass(frozen=True, slots=True)
class Patience:
    send_seconds: float = 45.0
    """The bot looks every 30 s for what another process wrote."""
    press_seconds: float = 120.0
    look_seconds: float = 0.5


@dataclass(frozen=True, slots=True)
class Proof:
    """`tell` says to whoever waits what to do meanwhile."""

    db: Database
    now: Now
    patience: Patience
    tell: Callable[[str], None]

    async def of(self, platform: str, title: str, name: str) -> Sequence[Step]:
        """Each step that was reached, up to the first that failed."""
        address = await self.db.write(lambda db: _address(db, name, platform))
        if not address:
            change = f"让{name}在{title}里给机器人发“绑定 六位码”（main.py invite {name}）"
            page = f"{title}里和机器人的单聊"
            return [_failed("card", f"{name}没有绑定{title}", page, change)]
        code = secrets.token_hex(4)
        subject = f"doctor:{code}"
        draft = Draft(address, dump(test_card(code)), subject=subject)
        await self.db.write(lambda db: outbox.put(db, draft, self.now()))
        sent = await self._settled(subject, 0, self.patience.send_seconds)
        if sent is None or sent.state != "delivered":
            why = sent.error if sent and sent.error else "没有发出"
            return [_failed("card", why, "机器人所在的机器", START)]
        self.tell(f"已在{title}里发给{name}，请点一下“收到”（没有按钮就回复“体检 {code}”）…")
        steps = [_good("card", f"已送到{name}" + (f"（{sent.note}）" if sent.note else ""))]
        return [*steps, *await self._pressed(platform, subject)]

    async def _pressed(self, platform: str, subject: str) -> Sequence[Step]:
        answer = await self._settled(subject, 1, self.patience.press_seconds)
        if answer is None:
            told = f"{self.patience.press_seconds:g} 秒里没有收到点击：没人点，或点了传不回来"
            return [_failed("press", told, CONSOLE.get(platform, "平台的后台"), SUBSCRIBE)]
        pressed = _good("press", "收到点击")
        if answer.state != "delivered":
            why = answer.error or "还在路上"
            return [pressed, _failed("change", why, CONSOLE.get(platform, ""), START)]
        return [pressed, _good("change", answer.note or "卡片已原地更新")]

    async def _settled(self, subject: str, index: int, seconds: float) -> Outbox | None:
        """The card itself (0) or what followed it (1), when it is settled or time is up."""
        found: Outbox | None = None
        for _ in range(max(round(seconds / self.patience.look_seconds), 1)):
            rows = await self.db.write(lambda db: outbox.of_subject(db, subject))
            found = rows[index] if len(rows) > index else None
            if found is not None and found.state not in ON_THE_WAY:
                break
            await asyncio.sleep(self.patience.look_seconds)
        return found


def _address(db: Session, name: str, platform: str) -> str:
    person = people.named(db, name)
    known = people.addresses(db, person.id or 0) if person is not None else ()
    return next((one for one in known if one.startswith(f"{platform}:")), "")


def _good(key: str, told: str) -> Step:
    return _step(key, "ok", told)


def _failed(key: str, told: str, page: str, change: str) -> Step:
    return _step(key, "failed", told, page, change)


def _step(key: str, state: State, told: str, page: str = "", change: str = "") -> Step:
    return Step(key, NAMES[key], state, told, page, change)
