"""DING: rings for a red card, once, where the company has switched it on (发送DING消息)."""

from collections import deque
from datetime import datetime, timedelta

import structlog

from bot.platforms.dingtalk.client import DingTalkClient
from bot.platforms.dingtalk.errors import ScopeMissing
from bot.platforms.dingtalk.parse import is_group
from bot.platforms.pace import Pace
from bot.platforms.protocol import Now, PlatformError
from cards.model import Card
from cards.render.dingtalk import headline
from config.schema import DingTalkSettings

AGAIN = timedelta(days=1)
"""How long a missing permission is remembered before it is asked for again."""
REMEMBERED = 1000
RUNG = "with a DING"

log = structlog.get_logger()


class Ding:
    """The card has arrived in any case: what goes wrong here is told and no more."""

    def __init__(
        self, client: DingTalkClient, settings: DingTalkSettings, now: Now, pace: Pace
    ) -> None:
        self._client = client
        self._wanted = settings.ding
        self._now = now
        self._pace = pace
        self._again: datetime | None = None
        self._rung: deque[str] = deque(maxlen=REMEMBERED)

    def is_due(self, target: str, card: Card, card_id: str) -> bool:
        """For one person only: a group is never rung for."""
        is_red = card.tone == "bad" and not card.closed and not card.is_plain
        allowed = self._again is None or self._now() >= self._again
        wanted = self._wanted and is_red and allowed and not is_group(target)
        return wanted and card_id not in self._rung

    async def ring(self, person: str, card: Card, card_id: str) -> str:
        """What to note on the receipt."""
        self._rung.append(card_id)
        try:
            self._pace.take(self._now(), api="ding")
            await self._client.ding(person, headline(card))
        except ScopeMissing as refusal:
            self._again = self._now() + AGAIN
            remedy = "申请权限 Premium.Ding.Write 并发布版本；不要 DING 就设 DINGTALK__DING=false"
            log.warning("dingtalk.ding_not_permitted", reason=str(refusal), remedy=remedy)
            return "no DING: not permitted"
        except PlatformError as problem:
            log.warning("dingtalk.ding_refused", reason=str(problem))
            return f"no DING: {type(problem).__name__}"
        return RUNG
