"""What must be noticed, and what must be said although the month's calls are used up."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.platforms.dingtalk.adapter import DingTalk
from bot.platforms.protocol import EditRefused, RateLimited
from bot.playground.dingtalk.robot import DING_SCOPE
from cards.actions import AcceptPromise
from cards.model import Button, Card
from tests.conftest import Start
from tests.platforms.dingtalk.conftest import FAST, Metered, Stage, until

CARD_ID = "c0000000001a"
GROUP = "cidGROUP0001=="
BUTTONS = (
    Button("接单", AcceptPromise(12), style="primary", typed="接单 P12"),
    Button("做不到", AcceptPromise(12), typed="做不到 P12"),
)
TASK = Card(title="承诺 P12", text="样机本周寄出", buttons=BUTTONS)
RED = Card(title="样机已超 12 小时", tone="bad", buttons=BUTTONS[:1])
DING = "/v1.0/robot/ding/send"


def ringing(stage: Stage, metered: Metered) -> DingTalk:
    settings = stage.adapter._settings.model_copy(update={"ding": True})
    bot = DingTalk(settings, stage.clock, timings=FAST, spend=metered.spend)
    bot._client.open()
    return bot


@pytest.fixture
async def bot(door: Stage, metered: Metered) -> Any:
    ready = ringing(door, metered)
    yield ready
    await ready.stop()


# Red ---------------------------------------------------------------------------------------


async def test_a_red_card_rings_once_and_the_month_pays(
    door: Stage, bot: DingTalk, metered: Metered
) -> None:
    sent = await bot.send("dingtalk:chen", RED, card_id=CARD_ID)
    assert door.server.robot.dings == [("chen", "样机已超 12 小时")]
    assert sent.note == "with a DING"
    again = await bot.send("dingtalk:chen", RED, card_id=CARD_ID)
    assert (again.note, len(door.server.robot.dings)) == ("was already there", 1)
    await bot.edit("dingtalk:chen", sent, RED, card_id=CARD_ID)
    assert len(door.server.robot.dings) == 1
    assert metered.used["calls"] == door.server.quota.calls["2026-01"]


@pytest.mark.parametrize(
    ("to", "card"),
    [
        ("dingtalk:chen", TASK),
        ("dingtalk:chen", Card(text="记下了", tone="bad")),
        ("dingtalk:chen", replace(RED, closed=True)),
        (f"dingtalk:{GROUP}", RED),
    ],
    ids=["not red", "a sentence", "settled", "a group"],
)
async def test_nothing_else_rings(door: Stage, bot: DingTalk, to: str, card: Card) -> None:
    await bot.send(to, card, card_id=CARD_ID)
    assert door.server.robot.dings == []


async def test_unless_it_was_switched_on_nothing_rings(door: Stage) -> None:
    await door.adapter.send("dingtalk:chen", RED, card_id=CARD_ID)
    assert door.server.door.called[DING] == 0


async def test_a_missing_permission_is_told_with_its_remedy_and_remembered(
    door: Stage, bot: DingTalk
) -> None:
    door.server.app.scopes.discard(DING_SCOPE)
    with capture_logs() as logs:
        sent = await bot.send("dingtalk:chen", RED, card_id=CARD_ID)
        await bot.send("dingtalk:chen", RED, card_id="c0000000002a")
    assert (len(door.shown), sent.note) == (2, "no DING: not permitted")
    (told,) = (line for line in logs if "ding" in line["event"].removeprefix("dingtalk"))
    assert DING_SCOPE in told["reason"]
    assert "DINGTALK__DING=false" in told["remedy"]
    assert door.server.door.called[DING] == 1
    door.clock.move_to(door.clock() + timedelta(days=1))
    door.server.app.scopes.add(DING_SCOPE)
    assert (await bot.send("dingtalk:chen", RED, card_id="c3")).note == "with a DING"


async def test_a_ding_that_fails_leaves_the_card_delivered(door: Stage, bot: DingTalk) -> None:
    door.server.faults.refuse("ding.serverquota.insufficient", on="ding/send")
    sent = await bot.send("dingtalk:chen", RED, card_id=CARD_ID)
    assert (len(door.shown), sent.note) == (1, "no DING: Rejected")
    door.server.faults.hang(on="ding/send")
    sent = await bot.send("dingtalk:chen", RED, card_id="c0000000002a")
    assert (len(door.shown), sent.note) == (2, "no DING: Unreachable")


# Answers when the month is used up --------------------------------------------------------------


def use_up(stage: Stage) -> None:
    stage.server.quota.calls["2026-01"] = 5000


async def test_while_calls_are_left_the_session_is_not_used(either: Stage) -> None:
    """It gives no id, no card and no edit, and may cost of the smaller allowance."""
    await either.server.say("chen", "在吗")
    await either.adapter.send("dingtalk:chen", Card(text="在"), card_id=CARD_ID)
    await either.adapter.send("dingtalk:chen", TASK, card_id=CARD_ID)
    assert [shown.payload.get("msgKey", "card") for shown in either.shown] == ["sampleText", "card"]


async def test_a_used_up_month_still_answers_who_has_just_written(
    either: Stage, metered: Metered
) -> None:
    await either.server.say("chen", "在吗")
    await until(lambda: metered.used["stream"] == 1)
    use_up(either)
    sent = await either.adapter.send("dingtalk:chen", Card(text="在"), card_id=CARD_ID)
    assert either.shown[-1].payload == {"msgKey": "text", "content": "在"}
    assert (sent.message_id, sent.edit_code) == ("", "")
    assert "month's calls are used up" in sent.note
    assert metered.used["stream"] == 2


async def test_the_whole_bot_answers_to_the_end_of_a_used_up_month(start: Start) -> None:
    bot = await start(("dingtalk", "wecom", "feishu"))
    bot.ground.dingtalk.quota.calls["2026-01"] = 5000
    await bot.says("sales", "张总说价格高，对比了XX，样机下周三前寄出")
    answer = bot.ground.shown_to("sales")[-1].payload
    assert answer["msgKey"] == "actionCard"
    assert "张总" in answer["text"]
    assert bot.ground.dingtalk.cards.instances == {}


@pytest.mark.parametrize("count", [0, 1, 2])
async def test_a_card_goes_as_words_that_can_be_tapped(either: Stage, count: int) -> None:
    await either.server.say("chen", "样机呢", chat=GROUP)
    use_up(either)
    card = replace(TASK, buttons=BUTTONS[:count])
    await either.adapter.send(f"dingtalk:{GROUP}", card, card_id=CARD_ID)
    shown = either.shown[-1]
    assert (shown.chat, "样机本周寄出" in shown.payload["text"]) == (GROUP, True)
    buttons = shown.payload.get("btns", [])
    urls = [button["actionURL"] for button in buttons] or [shown.payload.get("singleURL")]
    if count:
        await either.server.click("chen", shown.id, {"url": urls[0]})
        assert either.message.text == "接单 P12"
    assert len(buttons) == (count if count > 1 else 0)


async def test_an_edit_in_such_a_month_becomes_a_new_message(either: Stage) -> None:
    await either.server.say("chen", "在吗")
    sent = await either.adapter.send("dingtalk:chen", TASK, card_id=CARD_ID)
    use_up(either)
    with pytest.raises(EditRefused):
        await either.adapter.edit("dingtalk:chen", sent, TASK, card_id=CARD_ID)
    either.clock.move_to(either.clock() + timedelta(minutes=90))
    with pytest.raises(RateLimited):
        await either.adapter.edit("dingtalk:chen", sent, TASK, card_id=CARD_ID)


@pytest.mark.parametrize(("minutes", "answered"), [(84, True), (86, False)])
async def test_a_session_is_taken_for_over_five_minutes_early(
    door: Stage, minutes: int, answered: bool
) -> None:
    await door.server.say("chen", "在吗")
    use_up(door)
    door.clock.move_to(door.clock() + timedelta(minutes=minutes))
    if answered:
        await door.adapter.send("dingtalk:chen", Card(text="在"), card_id=CARD_ID)
    else:
        with pytest.raises(RateLimited):
            await door.adapter.send("dingtalk:chen", Card(text="在"), card_id=CARD_ID)
    assert len(door.shown) == answered


async def test_a_session_that_dingtalk_forgot_is_forgotten(door: Stage) -> None:
    await door.server.say("chen", "在吗")
    use_up(door)
    door.server.robot.sessions.clear()
    for _ in range(2):
        with pytest.raises(RateLimited):
            await door.adapter.send("dingtalk:chen", Card(text="在"), card_id=CARD_ID)


async def test_nobody_elses_chat_is_written_to(door: Stage) -> None:
    await door.server.say("chen", "在吗")
    use_up(door)
    with pytest.raises(RateLimited):
        await door.adapter.send("dingtalk:wang", Card(text="在"), card_id=CARD_ID)


@pytest.mark.parametrize(
    "changed",
    [
        {"sessionWebhook": "http://169.254.169.254/robot/sendBySession?session=x"},
        {"sessionWebhook": None},
        {"sessionWebhookExpiredTime": "soon"},
        {"sessionWebhookExpiredTime": 10**30},
    ],
)
async def test_a_webhook_that_leads_elsewhere_is_never_called(
    door: Stage, changed: dict[str, Any]
) -> None:
    """Over HTTP the signature does not cover the body."""
    start = door.adapter._settings.oapi_url + "/robot/sendBySession?session=x"
    later = int((door.clock() + timedelta(hours=1)).timestamp() * 1000)
    body = {
        "msgId": "m1",
        "msgtype": "text",
        "senderStaffId": "chen",
        "text": {"content": "在吗"},
        "sessionWebhook": start,
        "sessionWebhookExpiredTime": later,
    }
    await door.server.courier.message(body | changed)
    use_up(door)
    with pytest.raises(RateLimited):
        await door.adapter.send("dingtalk:chen", Card(text="在"), card_id=CARD_ID)


async def test_the_webhook_itself_is_shown_to_nobody(door: Stage) -> None:
    await door.server.say("chen", "在吗")
    (session,) = door.server.robot.sessions
    assert session not in repr(vars(door.adapter._sessions))
