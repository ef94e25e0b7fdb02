"""Administrators hear that a month's allowance runs out, once; the health page always says it."""

from config.settings import Settings
from main import budgets
from tests.bot.test_health import health
from tests.conftest import Bot
from tests.handlers.test_files import becomes_admin


async def test_administrators_are_told_once(bot: Bot) -> None:
    await becomes_admin(bot, "manager")
    meter = bot.program.runtime.meter
    for _ in range(2):
        await meter.spend("dingtalk", "stream", all_of_it=True)
        await bot.program.runtime.settle()
    (card,) = [text for text in bot.cards("manager") if "额度不多了" in text]
    assert "3000" in card


async def test_the_health_page_shows_the_meter(bot: Bot) -> None:
    await bot.says("manager", "帮助")
    told = await health(bot)
    quota = told["quotas"]["dingtalk"]
    assert quota["stream"] == {"used": 1, "allowed": 3000, "low": False}
    assert quota["calls"]["used"] == bot.ground.dingtalk.quota.calls.total()


async def test_the_month_of_feishu_is_metered_as_well(bot: Bot) -> None:
    await becomes_admin(bot, "manager")
    await bot.says("delivery", "帮助")
    quota = (await health(bot))["quotas"]["feishu"]
    assert quota["calls"] == {
        "used": bot.ground.feishu.gate.charged,
        "allowed": 10_000,
        "low": False,
    }
    await bot.program.runtime.meter.spend("feishu", "calls", all_of_it=True)
    await bot.program.runtime.settle()
    (card,) = [text for text in bot.cards("manager") if "额度不多了" in text]
    assert "飞书本月接口调用" in card
    assert "FEISHU__CALLS_A_MONTH=0" in card


def test_what_is_not_limited_is_not_metered() -> None:
    credentials = {"app_id": "cli_1", "app_secret": "s"}
    limited = Settings.model_validate({"feishu": credentials})
    unlimited = Settings.model_validate({"feishu": credentials | {"calls_a_month": 0}})
    assert budgets(limited)["feishu"].allowed == {"calls": 10_000}
    assert budgets(unlimited) == {}
