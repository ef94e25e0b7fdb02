"""Administrators hear when nobody was connected to a platform, once, and never at night."""

from datetime import datetime, timedelta

import pytest

from bot.events import WasOffline
from tests.conftest import Bot, Start
from tests.handlers.test_files import becomes_admin

NIGHT = "2026-01-28T02:00:00+08:00"


async def goes_offline(bot: Bot, platform: str, since: str, until: str) -> None:
    """Local times, "2026-01-28 03:12"; twice, as two copies of the same event."""
    began, ended = (datetime.fromisoformat(f"{moment}:00+08:00") for moment in (since, until))
    event = WasOffline(f"offline:{platform}:{began.isoformat()}", ended, platform, began)
    for _ in range(2):
        await bot.program.runtime.accept(event)
    await bot.program.runtime.settle()


async def test_an_outage_of_the_day_is_told_to_administrators_once(bot: Bot) -> None:
    await becomes_admin(bot, "manager")
    await goes_offline(bot, "dingtalk", "2026-01-28 10:12", "2026-01-28 10:20")
    await bot.until("2026-01-28 10:22")
    (card,) = bot.cards("manager")
    assert card.startswith("钉钉长连接 10:12–10:20 离线。")
    assert "钉钉不会补发" in card
    assert bot.cards("sales") == bot.cards("delivery") == []


async def test_outages_at_night_wait_for_the_morning_and_come_as_one(start: Start) -> None:
    bot = await start(now=NIGHT)
    await becomes_admin(bot, "manager")
    await bot.until("2026-01-28 03:20")
    await goes_offline(bot, "feishu", "2026-01-28 03:12", "2026-01-28 03:20")
    await bot.until("2026-01-28 05:01")
    await goes_offline(bot, "wecom", "2026-01-28 04:00", "2026-01-28 05:01")
    await bot.until("2026-01-28 08:29")
    assert bot.cards("manager") == []
    await bot.until("2026-01-28 08:30")
    (card,) = bot.cards("manager")
    feishu, wecom = card.splitlines()
    assert feishu.startswith("飞书长连接 03:12–03:20 离线。这段时间发给机器人的消息，飞书一般会")
    assert wecom.startswith("企业微信机器人长连接 04:00–05:01 离线。")


@pytest.mark.parametrize(
    ("since", "until", "told"),
    [
        ("2026-01-27 23:50", "2026-01-28 00:10", "1月27日 周二 23:50–1月28日 周三 00:10"),
        ("2026-01-26 09:00", "2026-01-26 10:00", "1月26日 周一 09:00–10:00"),
    ],
)
async def test_days_are_named_unless_it_was_today(
    bot: Bot, since: str, until: str, told: str
) -> None:
    await becomes_admin(bot, "manager")
    await goes_offline(bot, "feishu", since, until)
    await bot.until("2026-01-28 10:22")
    assert f"飞书长连接 {told} 离线" in bot.cards("manager")[0]


async def test_what_is_too_old_for_feishu_to_repeat_is_said(bot: Bot) -> None:
    await becomes_admin(bot, "manager")
    await goes_offline(bot, "feishu", "2026-01-26 18:00", "2026-01-28 08:00")
    await bot.until("2026-01-28 10:22")
    assert "更早的请大家再发一次" in bot.cards("manager")[0]


async def test_of_many_outages_the_last_are_named(bot: Bot) -> None:
    await becomes_admin(bot, "manager")
    began = datetime.fromisoformat("2026-01-28T00:00:00")
    for number in range(23):
        since = began + timedelta(minutes=10 * number)
        until = since + timedelta(minutes=5)
        await goes_offline(bot, "feishu", f"{since:%Y-%m-%d %H:%M}", f"{until:%Y-%m-%d %H:%M}")
    await bot.until("2026-01-28 10:22")
    (card,) = bot.cards("manager")
    lines = card.splitlines()
    assert len(lines) == 11
    assert lines[9].startswith("飞书长连接 03:40–03:45")
    assert "13 次" in lines[10]


async def test_the_time_between_two_runs_of_the_bot_counts(start: Start) -> None:
    first = await start()
    await becomes_admin(first, "manager")
    assert "long connection since" in first.program.platforms["dingtalk"].health
    await first.program.stop()
    second = await start(now="2026-01-28T13:05:00+08:00")
    await second.until("2026-01-28 13:07")
    (card,) = second.cards("manager")
    assert card.startswith("钉钉长连接 10:20–13:05 离线。")
