"""The whole program on PostgreSQL."""

import socket
from collections.abc import AsyncIterator
from datetime import datetime
from functools import partial
from pathlib import Path

import pytest
from sqlmodel import select

from bot.clock import Clock
from bot.playground.world import ExternalContact
from config.settings import Settings
from main import build
from storage.models import Inbox, Outbox
from tests.conftest import NOW, STORY, Bot, seated
from tests.postgres import find, own_schema

CUSTOMER = ExternalContact("wm_pg_0001", "周敏", "明德诊所", mobiles=("13800138000",))


@pytest.fixture
async def bot(tmp_path: Path, quiet_logs: None) -> AsyncIterator[Bot]:
    with own_schema(find()) as url:
        settings = Settings(data=tmp_path, database_url=url, _env_file=None)
        clock = Clock(datetime.fromisoformat(NOW), frozen=True)
        program = build(settings, clock, parts=partial(seated, STORY), rate_limits=False)
        await program.start(socket.create_server(("127.0.0.1", 0)))
        yield Bot(program)
        await program.stop()


async def test_the_story_runs_there_as_well(bot: Bot) -> None:
    await bot.says("sales", "张总说价格高，对比了XX，样机下周三前寄出")
    await bot.presses("sales", "确认")
    await bot.until("2026-01-28 10:21")
    await bot.presses("delivery", "最早这天", {"day": ("2026-02-05",)})
    await bot.presses("sales", "接受")
    await bot.says("sales", "不对，是X2型号")
    await bot.ground.wecom.add_contact("li.xiao", CUSTOMER)
    await bot.until("2026-02-06 12:00")
    assert "已超 12 小时" in bot.cards("delivery")[-1]
    assert any("周敏（明德诊所）" in card for card in bot.cards("sales"))
    with bot.db() as db:
        assert set(db.exec(select(Inbox.state))) == {"done"}
        assert set(db.exec(select(Outbox.state))) == {"delivered"}
