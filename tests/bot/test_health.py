"""What whoever watches the bot is told."""

from typing import Any

from aiohttp import ClientSession
from sqlmodel import col, select

from storage.models import Inbox, Outbox
from tests.conftest import Bot


async def health(bot: Bot) -> dict[str, Any]:
    url = f"{bot.program.origin}/healthz"
    async with ClientSession() as client, client.get(url) as answer:
        assert answer.status == 200
        told: dict[str, Any] = await answer.json()
    return told


async def test_a_healthy_bot_says_so_for_each_platform(bot: Bot) -> None:
    told = await health(bot)
    assert told["ok"]
    assert set(told["platforms"]) == {"wecom", "dingtalk", "feishu"}


async def test_what_was_refused_or_parked_is_counted(bot: Bot) -> None:
    before = await health(bot)
    await bot.says("sales", "帮助")
    with bot.db() as db:
        card = db.exec(select(Outbox).order_by(col(Outbox.id).desc())).first()
        event = db.exec(select(Inbox).order_by(col(Inbox.id).desc())).first()
        assert card is not None
        assert event is not None
        card.state, event.state = "refused", "parked"
        db.commit()
    told = await health(bot)
    assert told["refused"] == before["refused"] + 1
    assert told["parked"] == before["parked"] + 1
