"""今日, ticked off where cards have boxes (Feishu)."""

from typing import Any

import pytest
from sqlmodel import col, select

from bot.playground.press import text_of
from bot.playground.world import Member, Shown
from storage.models import Promise, PromiseState
from tests.conftest import MEMBERS, Bot, Start

NOTE = "张总说价格高，样机今天寄出"


def boxes(shown: Shown) -> list[dict[str, Any]]:
    return [e for e in shown.payload["body"]["elements"] if e["tag"] == "checker"]


async def ticks(bot: Bot, role: str, shown: Shown, box: dict[str, Any]) -> None:
    sent = {
        "tag": "checker",
        "name": box["name"],
        "value": box["behaviors"][0]["value"],
        "checked": True,
    }
    await bot.ground.feishu.click(bot.ground.seat(role).member, shown.id, sent)
    await bot.loops.settle()


def last_promise(bot: Bot) -> Promise:
    with bot.db() as db:
        found = db.exec(select(Promise).order_by(col(Promise.id).desc())).first()
    assert found is not None
    return found


@pytest.fixture
async def feishu(start: Start) -> Bot:
    bot = await start(("feishu", "wecom", "dingtalk"))
    await bot.says("sales", NOTE)
    return bot


async def test_a_tick_finishes_a_promise_and_leaves_the_rest_of_the_day(feishu: Bot) -> None:
    await feishu.presses("sales", "确认")
    await feishu.says("sales", "今日")
    shown = feishu.ground.shown_to("sales")[-1]
    code = last_promise(feishu).code
    (box,) = [b for b in boxes(shown) if b["text"]["content"].startswith(f"{code} ")]
    assert "打勾" in text_of(shown)

    await ticks(feishu, "sales", shown, box)
    assert last_promise(feishu).state == PromiseState.DONE
    left = text_of(shown)
    assert "今日" in left
    assert code not in left.replace("完成 ", "")
    assert "已完成" in feishu.cards("delivery")[-1] or "已交付" in feishu.cards("delivery")[-1]


async def test_a_draft_has_no_box(feishu: Bot) -> None:
    await feishu.says("sales", "今日")
    shown = feishu.ground.shown_to("sales")[-1]
    code = last_promise(feishu).code
    assert code in text_of(shown)
    assert not [b for b in boxes(shown) if b["text"]["content"].startswith(f"{code} ")]


async def test_somebody_elses_tick_in_a_group_is_refused(feishu: Bot) -> None:
    await feishu.presses("sales", "确认")
    server, rep = feishu.ground.feishu, MEMBERS["sales", "feishu"]
    server.open_group("oc_east")
    await server.say(rep, "今日", chat="oc_east")
    await feishu.loops.settle()
    shown = feishu.ground.world.chat("feishu", "oc_east")[-1]
    sent = boxes(shown)[0]
    guest = MEMBERS["manager", "feishu"]
    feishu.ground.world.join("feishu", Member(guest, "外人"))
    before = text_of(shown)
    value = sent["behaviors"][0]["value"]
    await server.click(guest, shown.id, {"tag": "checker", "name": sent["name"], "value": value})
    await feishu.loops.settle()
    assert text_of(shown) == before
