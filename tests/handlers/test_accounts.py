"""One person, several IMs."""

import re

from bot.playground.ground import Part
from bot.playground.press import text_of
from bot.playground.world import Member
from tests.conftest import Bot

ELSEWHERE = Part("sales", "feishu", "ou_other000000000000000000000001", "小李")


async def says_elsewhere(bot: Bot, text: str) -> str:
    world = bot.ground.world
    world.join("feishu", Member(ELSEWHERE.member, ELSEWHERE.name))
    seen = len(world.chat("feishu", ELSEWHERE.member))
    await bot.ground.feishu.say(ELSEWHERE.member, text)
    await bot.loops.settle()
    fresh = world.chat("feishu", ELSEWHERE.member)[seen:]
    return "\n".join(text_of(m) for m in fresh if m.sender == "bot")


async def code_for(bot: Bot) -> str:
    found = re.search(r"\d{6}", await bot.says("sales", "绑定"))
    assert found
    return found.group()


async def test_K15_six_digits_bind_another_im(bot: Bot) -> None:
    answer = await says_elsewhere(bot, f"绑定 {await code_for(bot)}")
    assert "绑定好了，小李" in answer
    assert "华康医疗" in await says_elsewhere(bot, "今日")


async def test_K15_a_code_works_once_and_ten_minutes(bot: Bot) -> None:
    code = await code_for(bot)
    await bot.until("2026-01-28 10:31")
    assert "已过期" in await says_elsewhere(bot, f"绑定 {code}")
    fresh = await code_for(bot)
    await says_elsewhere(bot, f"绑定 {fresh}")
    assert "不对或已过期" in await says_elsewhere(bot, f"绑定 {fresh}")


async def test_K15_guessing_does_not_pay(bot: Bot) -> None:
    right = await code_for(bot)
    for _ in range(5):
        await says_elsewhere(bot, "绑定 000000")
    assert "试错太多次" in await says_elsewhere(bot, f"绑定 {right}")


async def test_K15_a_stranger_is_told_what_to_do_and_nothing_is_kept(bot: Bot) -> None:
    answer = await says_elsewhere(bot, "张总说价格高，样机下周三前寄出")
    assert "还不认识" in answer
    assert "绑定" in answer
    assert bot.cards("delivery") == []
