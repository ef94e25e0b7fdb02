"""kill -9 at any point, restart: nothing is lost, and nobody sees a card twice."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from bot.playground.world import ExternalContact
from tests.bot.crash_child import POINTS
from tests.bot.crash_yard import Nursery, Record, Yard
from tests.conftest import NOW

NOTE = "张总说价格高，对比了XX，样机下周三前寄出"
CUSTOMER = ExternalContact("wm_crash_0001", "周敏", "明德诊所", mobiles=("13800138000",))
UNANSWERED = timedelta(hours=5)
"""After so long delivery's own clock has run out."""

MORNING = [
    ("before the event is saved", 1),
    ("saved, not committed", 2),
    ("committed, not acknowledged", 1),
    ("committed, not acknowledged", 2),
    ("before the handler", 1),
    ("handled, not committed", 2),
    ("handled and committed", 2),
    ("claimed, not committed", 1),
    ("claimed, not sent", 2),
    ("sent, no receipt", 1),
    ("sent, no receipt", 3),
    ("receipt not committed", 2),
    ("receipt written", 1),
    ("before an edit", 1),
    ("edited, nobody told", 1),
    ("job taken, not done", 1),
    ("job done, not answered", 1),
]
AFTERNOON = [
    ("timer fired, not committed", 1),
    ("timer fired, not handled", 1),
    ("handled, not committed", 1),
    ("sent, no receipt", 1),
    ("before an edit of Feishu's", 1),
    ("edited by Feishu, nobody told", 1),
]

pytestmark = pytest.mark.asyncio(loop_scope="module")
NOWHERE = ("", 1)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def nursery() -> AsyncIterator[Nursery]:
    nursery = await Nursery.open()
    yield nursery
    await nursery.close()


@asynccontextmanager
async def fresh_yard(nursery: Nursery, company: Path, data: Path) -> AsyncIterator[Yard]:
    shutil.copytree(company, data)
    yard = Yard(nursery, data, datetime.fromisoformat(NOW))
    await yard.open()
    yield yard
    await yard.close()


@pytest_asyncio.fixture(loop_scope="module")
async def yard(
    nursery: Nursery, company_file: Path, tmp_path: Path, quiet_logs: None
) -> AsyncIterator[Yard]:
    async with fresh_yard(nursery, company_file, tmp_path / "data") as yard:
        yield yard


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def undisturbed(
    nursery: Nursery, company_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> Record:
    """What comes of the day when nobody dies."""
    data = tmp_path_factory.mktemp("undisturbed") / "data"
    async with fresh_yard(nursery, company_file, data) as yard:
        return await play(yard, NOWHERE, NOWHERE)


async def play(yard: Yard, morning: tuple[str, int], afternoon: tuple[str, int]) -> Record:
    """A promise is given and asked for, a customer comes; nobody answers, then somebody does."""
    await yard.start(*morning)
    await yard.player.says("sales", NOTE)
    await yard.player.presses("sales", "确认")
    assert await yard.ground.wecom.add_contact("li.xiao", CUSTOMER)
    await yard.settle()
    await yard.kill()
    yard.clock.move_to(yard.clock() + UNANSWERED)
    await yard.start(*afternoon)
    await yard.settle()
    await yard.player.presses("delivery", "最早这天", {"day": ("2026-02-05",)})
    await yard.player.presses("sales", "接受")
    return yard.record()


async def test_the_day_has_all_that_can_be_lost_or_doubled(undisturbed: Record) -> None:
    assert [kind for kind, *_ in undisturbed.facts] == [
        "followup.logged",
        "objection.raised",
        "objection.raised",
        "promise.caught",
        "followup.confirmed",
        "promise.asked",
        "lead.created",
        "lead.enriched",
        "promise.unanswered",
        "promise.countered",
        "promise.agreed",
    ]
    assert [len(shown) for shown in undisturbed.shown.values()] == [5, 1]
    assert undisturbed.unsettled == []


@pytest.mark.parametrize(("point", "passage"), MORNING)
async def test_killed_in_the_morning_the_day_ends_as_if_nothing_had_been(
    yard: Yard, undisturbed: Record, point: str, passage: int
) -> None:
    record = await play(yard, (point, passage), NOWHERE)
    assert yard.kills == 1
    assert record == undisturbed


@pytest.mark.parametrize(("point", "passage"), AFTERNOON)
async def test_killed_in_the_afternoon_the_day_ends_as_if_nothing_had_been(
    yard: Yard, undisturbed: Record, point: str, passage: int
) -> None:
    record = await play(yard, NOWHERE, (point, passage))
    assert yard.kills == 1
    assert record == undisturbed


async def test_every_point_is_tried() -> None:
    assert {point for point, _ in (*MORNING, *AFTERNOON)} == POINTS.keys()
