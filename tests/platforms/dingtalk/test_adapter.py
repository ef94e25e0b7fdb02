"""The adapter against the imitated DingTalk: what people see and what the bot hears."""

import json
from typing import Any

import pytest

from bot.platforms.protocol import (
    EditRefused,
    RateLimited,
    Rejected,
    Sent,
    Unauthorized,
    Unreachable,
)
from cards.actions import AcceptPromise, CounterPromise
from cards.model import Button, Card, Choice, Form, Option, TextInput

from .conftest import Bot

TASK = Card(
    title="承诺 P12",
    text="样机 **本周** 寄出",
    buttons=(
        Button("接单", AcceptPromise(12), style="primary", typed="接单 P12"),
        Button("查看", url="https://bot.example.com/p/12"),
    ),
)
GROUP = "cidGROUP0001=="


def buttons(bot: Bot) -> list[dict[str, Any]]:
    full = json.loads(bot.shown[-1].payload["cardParamMap"]["sys_full_json_obj"])
    found: list[dict[str, Any]] = full["msgButtons"]
    return found


async def test_a_sentence_reaches_the_bot(bot: Bot) -> None:
    said = await bot.server.say("chen", "张总说价格高")
    assert (bot.message.text, bot.message.sender) == ("张总说价格高", "dingtalk:chen")
    assert (bot.message.chat, bot.message.message_id) == ("dingtalk:chen", said.id)
    assert (bot.message.at, bot.message.sender_name) == (bot.clock(), "小陈")
    assert bot.server.gateway.complaints == []


async def test_a_card_is_shown_and_its_button_comes_back(bot: Bot) -> None:
    sent = await bot.adapter.send("dingtalk:chen", TASK, card_id="c0000000001a")
    assert bot.shown[-1].id == sent.message_id
    assert (
        await bot.server.click("chen", sent.message_id, {"action_id": buttons(bot)[0]["id"]}) == {}
    )
    assert bot.click.action == AcceptPromise(12)
    assert (bot.click.card, bot.click.sender) == ("c0000000001a", "dingtalk:chen")
    assert bot.click.chat == "dingtalk:chen"
