"""One scenario, on all three platforms and every way to be connected with them (F55 to F57)."""

from pathlib import Path

import pytest

from bot.platforms.wecom.robot.adapter import Robot
from bot.platforms.wecom.robot.hook import HttpWay
from tests.conftest import Bot, Start
from tests.scenario.stage import Stage, read_steps
from tests.scenario.ways import WAYS, Way

STEPS = read_steps(Path(__file__).parent / "story.toml")
HOLD_SECONDS = 0.3
CAPABILITIES = {step.needs for step in STEPS if step.needs}


def hold_shorter(bot: Bot) -> None:
    """Over HTTP a robot holds each click back for 2 s, in case there is something to show."""
    robot = bot.program.platforms["wecom"]
    if isinstance(robot, Robot) and isinstance(robot._way, HttpWay):
        robot._way._hold_seconds = HOLD_SECONDS


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
async def test_F55_F56_F57_the_scenario_passes(start: Start, way: Way) -> None:
    bot = await start(way.seating, now="2026-01-28T08:50:00+08:00", **way.options)
    stage = Stage(bot, way)
    hold_shorter(bot)
    for step in STEPS:
        if step.needs not in way.lacks:
            await stage.play(step)
    assert bot.ground.wecom.robot.hook.complaints == []
    assert list(bot.ground.wecom.robot.gateway.complaints) == []


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
def test_whatever_a_platform_lacks_is_asked_for_by_a_step(way: Way) -> None:
    assert set(way.lacks) <= CAPABILITIES
    assert all("[" in reason for reason in way.lacks.values()), "with its source"
