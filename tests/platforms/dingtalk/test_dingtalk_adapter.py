"""The adapter against the imitated DingTalk: what people see and what the bot hears."""

from collections.abc import MutableMapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.platforms.dingtalk.adapter import DingTalk
from bot.platforms.protocol import (
    EditRefused,
    RateLimited,
    Rejected,
    Sent,
    Unauthorized,
    Unreachable,
)
from bot.playground.press import text_of
from bot.playground.sounds import opus
from cards.actions import AcceptPromise, CounterPromise
from cards.model import Button, Card, DateInput, Form
from cards.render.dingtalk_buttons import ANSWER_TEMPLATE
from tests.platforms.dingtalk.conftest import FAST, Metered, Stage, until

CARD_ID = "c0000000001a"
GROUP = "cidGROUP0001=="
TASK = Card(
    title="承诺 P12",
    text="样机 **本周** 寄出",
    buttons=(
        Button("接单", AcceptPromise(12), style="primary", typed="接单 P12"),
        Button("查看", url="https://bot.example.com/p/12"),
    ),
)
EARLIEST = Card(
    title="最早哪天",
    form=Form(
        (DateInput("day", "最早", (date(2026, 2, 5), date(2026, 2, 6)), typed="最早 2-5 P12"),),
        Button("提交", CounterPromise(12)),
    ),
)
CREATE = "createAndDeliver"


# Hearing ---------------------------------------------------------------------------------


async def test_a_sentence_reaches_the_bot(stage: Stage) -> None:
    said = await stage.server.say("chen", "张总说价格高")
    assert (stage.message.text, stage.message.sender) == ("张总说价格高", "dingtalk:chen")
    assert (stage.message.chat, stage.message.message_id) == ("dingtalk:chen", said.id)
    assert (stage.message.at, stage.message.sender_name) == (stage.clock(), "小陈")
    assert not stage.server.gateway.complaints


async def test_in_a_group_the_mention_is_gone_and_the_chat_is_the_group(stage: Stage) -> None:
    await stage.server.say("chen", "样机寄出了吗", chat=GROUP)
    assert (stage.message.text, stage.message.in_group) == ("样机寄出了吗", True)
    assert (stage.message.chat, stage.message.sender) == (f"dingtalk:{GROUP}", "dingtalk:chen")


async def test_a_voice_message_arrives_as_its_transcript(stage: Stage) -> None:
    await stage.server.say("chen", "样机下周三前寄出", content="voice")
    assert (stage.message.kind, stage.message.text) == ("voice", "样机下周三前寄出")
    sound = opus(50 + 8 * 12)
    assert await stage.adapter.fetch(stage.message.media) == (sound, "audio/ogg")


async def test_a_picture_can_be_fetched_within_a_limit(stage: Stage) -> None:
    await stage.server.say("chen", "", content="image")
    data, content_type = await stage.adapter.fetch(stage.message.media)
    assert (stage.message.kind, content_type, data[:4]) == ("image", "image/png", b"\x89PNG")
    with pytest.raises(Rejected, match="larger than 10 bytes"):
        await stage.adapter.fetch(stage.message.media, limit=10)


async def test_an_expired_file_is_rejected(stage: Stage) -> None:
    with pytest.raises(Rejected, match="downloadCode"):
        await stage.adapter.fetch("long gone")


async def test_quoting_a_card_names_the_receipt_it_answers(stage: Stage) -> None:
    sent = await stage.adapter.send("dingtalk:chen", TASK, card_id=CARD_ID)
    await stage.server.say("chen", "是X2型号", reply_to=sent.message_id)
    assert stage.message.reply_to == sent.message_id


async def test_a_month_without_deliveries_left_is_seen_in_health(stage: Stage) -> None:
    stage.server.quota.deliveries["2026-01"] = 3000
    await stage.server.say("chen", "还在吗")
    assert stage.events == []
    assert "Stream quota used up" in stage.adapter.health


# Cards -----------------------------------------------------------------------------------


async def test_a_card_is_shown_and_its_button_comes_back(stage: Stage) -> None:
    sent = await stage.adapter.send("dingtalk:chen", TASK, card_id=CARD_ID)
    assert (stage.shown[-1].id, sent.edit_code, sent.note) == (sent.message_id, CARD_ID, "")
    assert await stage.press("chen", "接单") == {}
    assert (stage.click.action, stage.click.card) == (AcceptPromise(12), CARD_ID)
    assert (stage.click.sender, stage.click.chat) == ("dingtalk:chen", "dingtalk:chen")
    assert not stage.server.gateway.complaints


async def test_a_press_in_a_group_names_the_group(stage: Stage) -> None:
    await stage.adapter.send(f"dingtalk:{GROUP}", TASK, card_id=CARD_ID)
    await stage.press("wang", "接单")
    assert (stage.click.sender, stage.click.chat) == ("dingtalk:wang", f"dingtalk:{GROUP}")


async def test_a_suggested_day_comes_back_as_the_value_of_the_form(stage: Stage) -> None:
    await stage.adapter.send("dingtalk:chen", EARLIEST, card_id=CARD_ID)
    await stage.press("chen", "2月5日 周四")
    assert stage.click.action == CounterPromise(12)
    assert stage.click.form == {"day": ("2026-02-05",)}


async def test_an_edited_card_loses_its_buttons_for_everybody(stage: Stage) -> None:
    sent = await stage.adapter.send(f"dingtalk:{GROUP}", TASK, card_id=CARD_ID)
    settled = replace(TASK, closed=True, buttons=(), replace="小陈 10:32 已接单")
    again = await stage.adapter.edit(f"dingtalk:{GROUP}", sent, settled, card_id=CARD_ID)
    assert (again, stage.buttons) == (sent, [])
    assert "小陈 10:32 已接单" in stage.shown[-1].payload["cardParamMap"]["markdown"]
    assert (len(stage.shown), stage.shown[-1].edits) == (1, 1)


async def test_a_press_on_a_button_that_has_gone_never_leaves_the_client(stage: Stage) -> None:
    sent = await stage.adapter.send("dingtalk:chen", TASK, card_id=CARD_ID)
    await stage.adapter.edit("dingtalk:chen", sent, replace(TASK, closed=True), card_id=CARD_ID)
    with pytest.raises(ValueError, match="没有这个按钮"):
        await stage.server.click("chen", sent.message_id, {"action_id": "promise.accept"})


async def test_a_message_cannot_be_edited(stage: Stage) -> None:
    sent = await stage.adapter.send("dingtalk:chen", Card(text="记下了"), card_id=CARD_ID)
    assert (stage.shown[-1].content, sent.note) == ("text", "no idempotency key")
    with pytest.raises(EditRefused):
        await stage.adapter.edit("dingtalk:chen", sent, Card(text="改了"), card_id=CARD_ID)


async def test_a_card_that_dingtalk_forgot_cannot_be_edited(stage: Stage) -> None:
    unknown = Sent("carrier", edit_code="c000000000zz")
    with pytest.raises(EditRefused, match="cardNotExist"):
        await stage.adapter.edit("dingtalk:chen", unknown, TASK, card_id="c000000000zz")


async def test_what_a_card_cannot_hold_follows_in_a_message(stage: Stage) -> None:
    long = replace(TASK, text="\n".join(f"{n}. 一位客户还在等样机和报价" for n in range(60)))
    sent = await stage.adapter.send("dingtalk:chen", long, card_id=CARD_ID)
    card, rest = stage.shown
    assert (card.id, sent.note) == (sent.message_id, "continued in a message")
    whole = card.payload["cardParamMap"]["markdown"] + rest.payload["text"]
    assert all(f"{n}. 一位客户还在等样机和报价" in whole for n in range(60))


# Falling back ----------------------------------------------------------------------------


async def test_without_the_card_scope_the_buttons_become_links(stage: Stage) -> None:
    stage.server.app.scopes.discard("Card.Instance.Write")
    sent = await stage.adapter.send("dingtalk:chen", TASK, card_id=CARD_ID)
    assert sent.edit_code == ""
    assert sent.note.startswith("sent as a message, cannot be edited")
    shown = stage.shown[-1].payload
    assert (shown["msgKey"], shown["actionTitle1"]) == ("sampleActionCard2", "接单")
    assert "Card.Instance.Write" in stage.adapter.health
    await stage.server.click("chen", sent.message_id, {"url": shown["actionURL1"]})
    assert stage.message.text == "接单 P12"


async def test_a_missing_scope_is_remembered_for_an_hour(stage: Stage) -> None:
    stage.server.app.scopes.discard("Card.Instance.Write")
    await stage.adapter.send("dingtalk:chen", TASK, card_id=CARD_ID)
    stage.server.app.scopes.add("Card.Instance.Write")
    await stage.adapter.send("dingtalk:chen", TASK, card_id="c0000000002a")
    assert "cardParamMap" not in stage.shown[-1].payload
    stage.clock.move_to(stage.clock() + timedelta(hours=1))
    await stage.adapter.send("dingtalk:chen", TASK, card_id="c0000000003a")
    assert "cardParamMap" in stage.shown[-1].payload


async def test_a_template_that_is_gone_falls_back_as_well(stage: Stage) -> None:
    stage.server.cards.templates.clear()
    sent = await stage.adapter.send("dingtalk:chen", TASK, card_id=CARD_ID)
    assert (stage.shown[-1].payload["msgKey"], sent.edit_code) == ("sampleActionCard2", "")


async def test_the_switch_is_told_once_with_its_remedy_and_so_is_the_way_back(
    stage: Stage,
) -> None:
    templates, stage.server.cards.templates = stage.server.cards.templates, set()
    with capture_logs() as logs:
        for number in range(3):
            await stage.adapter.send("dingtalk:chen", TASK, card_id=f"c{number:011}")
        (told,) = about_cards(logs)
        assert (told["event"], told["log_level"]) == ("dingtalk.cards_off", "warning")
        assert "DINGTALK__CARD_TEMPLATE" in told["reason"]
        assert stage.server.door.called["/v1.0/card/instances/createAndDeliver"] == 1
        stage.server.cards.templates = templates
        stage.clock.move_to(stage.clock() + timedelta(hours=1))
        for number in range(3, 6):
            await stage.adapter.send("dingtalk:chen", TASK, card_id=f"c{number:011}")
    events = [told["event"] for told in about_cards(logs)]
    assert events == ["dingtalk.cards_off", "dingtalk.cards_on"]
    assert "no cards" not in stage.adapter.health


async def test_a_template_of_ones_own_is_used(stage: Stage) -> None:
    stage.server.cards.templates = {"own.schema"}
    adapter = another(stage, card_template="own.schema")
    await adapter.start(stage.accept)
    await adapter.send("dingtalk:chen", TASK, card_id=CARD_ID)
    await adapter.stop()
    assert stage.shown[-1].payload["cardTemplateId"] == "own.schema"


async def test_buttons_of_the_other_shape_come_back_too(stage: Stage) -> None:
    stage.server.cards.press = "callback"
    adapter = another(stage, card_buttons="callback")
    await adapter.start(stage.accept)
    await adapter.send("dingtalk:chen", TASK, card_id=CARD_ID)
    await adapter.stop()
    assert await stage.press("chen", "接单") == {}
    assert stage.click.action == AcceptPromise(12)
    assert "actionType" not in stage.buttons[1], "a link needs no answer"


async def test_the_template_for_answers_is_shown_as_complete(stage: Stage) -> None:
    adapter = another(stage, card_template=ANSWER_TEMPLATE)
    await adapter.start(stage.accept)
    sent = await adapter.send("dingtalk:chen", TASK, card_id=CARD_ID)
    assert await stage.press("chen", "接单") == {}
    settled = replace(TASK, closed=True, buttons=(), replace="已接单")
    await adapter.edit("dingtalk:chen", sent, settled, card_id=CARD_ID)
    await adapter.stop()
    assert "已接单" in text_of(stage.shown[-1])
    assert stage.shown[-1].payload["cardParamMap"]["flowStatus"] == "3"


async def test_a_scope_lost_after_the_card_makes_the_edit_a_new_message(stage: Stage) -> None:
    sent = await stage.adapter.send("dingtalk:chen", TASK, card_id=CARD_ID)
    stage.server.app.scopes.discard("Card.Instance.Write")
    with pytest.raises(EditRefused, match=r"Card\.Instance\.Write"):
        await stage.adapter.edit("dingtalk:chen", sent, TASK, card_id=CARD_ID)
    assert "no cards" in stage.adapter.health


def about_cards(logs: Sequence[MutableMapping[str, Any]]) -> list[MutableMapping[str, Any]]:
    return [told for told in logs if "card" in told["event"]]


def another(stage: Stage, **changed: object) -> DingTalk:
    """A bot of the same app with other settings."""
    settings = stage.adapter._settings.model_copy(update=changed)
    return DingTalk(settings, stage.clock, timings=FAST)


async def test_a_delivery_that_failed_inside_a_200_falls_back_for_this_card_only(
    stage: Stage,
) -> None:
    stage.server.cards.broken_spaces.add("chen")
    await stage.adapter.send("dingtalk:chen", TASK, card_id=CARD_ID)
    await stage.adapter.send("dingtalk:wang", TASK, card_id="c0000000002a")
    first, second = stage.shown
    assert (first.payload["msgKey"], "cardParamMap" in second.payload) == (
        "sampleActionCard2",
        True,
    )


async def test_an_undelivered_card_does_not_pass_for_done_when_sent_again(stage: Stage) -> None:
    stage.server.cards.broken_spaces.add("chen")
    stage.server.faults.refuse("system.busy", status=503, on="batchSend")
    with pytest.raises(Unreachable):
        await stage.adapter.send("dingtalk:chen", TASK, card_id=CARD_ID)
    await stage.adapter.send("dingtalk:chen", TASK, card_id=CARD_ID)
    assert [shown.payload["msgKey"] for shown in stage.shown] == ["sampleActionCard2"]


# Failing ---------------------------------------------------------------------------------


async def test_a_card_repeated_after_an_unclear_failure_is_shown_once(stage: Stage) -> None:
    stage.server.faults.drop(on=CREATE)
    with pytest.raises(Unreachable):
        await stage.adapter.send("dingtalk:chen", TASK, card_id=CARD_ID)
    sent = await stage.adapter.send("dingtalk:chen", TASK, card_id=CARD_ID)
    assert (len(stage.shown), sent.note) == (1, "was already there")
    edited = replace(TASK, text="改过")
    await stage.adapter.edit("dingtalk:chen", sent, edited, card_id=CARD_ID)
    assert "改过" in stage.shown[-1].payload["cardParamMap"]["markdown"]


async def test_a_call_that_never_ends_is_unreachable(stage: Stage) -> None:
    stage.server.faults.hang(on=CREATE)
    with pytest.raises(Unreachable, match="TimeoutError"):
        await stage.adapter.send("dingtalk:chen", TASK, card_id=CARD_ID)


async def test_the_twenty_first_call_of_a_second_waits(stage: Stage) -> None:
    for number in range(20):
        await stage.adapter.send("dingtalk:chen", TASK, card_id=f"c{number:011}")
    with pytest.raises(RateLimited) as error:
        await stage.adapter.send("dingtalk:chen", TASK, card_id=CARD_ID)
    assert (error.value.retry_after, len(stage.shown)) == (1.0, 20)
    assert stage.server.quota.calls.total() == 20, "DingTalk never had to refuse it"


async def test_a_used_up_month_waits_for_the_next(stage: Stage) -> None:
    stage.server.quota.calls["2026-01"] = 5000
    with pytest.raises(RateLimited) as error:
        await stage.adapter.send("dingtalk:chen", TASK, card_id=CARD_ID)
    # from 01-05 10:00 to 02-01 00:00 in China
    assert error.value.retry_after == (26 * 24 + 14) * 3600


async def test_a_throttled_person_gets_it_later_and_an_unknown_one_never(stage: Stage) -> None:
    stage.server.robot.throttled.add("chen")
    with pytest.raises(RateLimited):
        await stage.adapter.send("dingtalk:chen", Card(text="在吗"), card_id=CARD_ID)
    with pytest.raises(Rejected) as error:
        await stage.adapter.send("dingtalk:nobody", Card(text="在吗"), card_id=CARD_ID)
    assert error.value.code == "staffId.notExisted"


async def test_a_banned_address_makes_no_more_calls_for_five_minutes(stage: Stage) -> None:
    stage.server.faults.page(on=CREATE)
    with pytest.raises(RateLimited) as error:
        await stage.adapter.send("dingtalk:chen", TASK, card_id=CARD_ID)
    assert error.value.retry_after == 300
    before = stage.server.quota.calls.total()
    with pytest.raises(RateLimited):
        await stage.adapter.send("dingtalk:chen", TASK, card_id=CARD_ID)
    assert stage.server.quota.calls.total() == before
    stage.clock.move_to(stage.clock() + timedelta(minutes=5))
    await stage.adapter.send("dingtalk:chen", TASK, card_id=CARD_ID)


async def test_the_time_a_ban_tells_is_kept(stage: Stage) -> None:
    ban = {"status": 1111, "wait": 7, "source": "x5"}
    stage.server.faults.answer(ban, status=200, on=CREATE)
    with pytest.raises(RateLimited) as error:
        await stage.adapter.send("dingtalk:chen", TASK, card_id=CARD_ID)
    assert error.value.retry_after == 420
    stage.clock.move_to(stage.clock() + timedelta(minutes=7))
    await stage.adapter.send("dingtalk:chen", TASK, card_id=CARD_ID)


async def test_the_wait_in_the_answer_is_kept(stage: Stage) -> None:
    code = {"code": "Forbidden.AccessDenied.QpsLimitForApi"}
    stage.server.faults.answer(code, status=429, headers={"Retry-After": "17"}, on=CREATE)
    with pytest.raises(RateLimited) as error:
        await stage.adapter.send("dingtalk:chen", TASK, card_id=CARD_ID)
    assert error.value.retry_after == 17
    stage.server.faults.answer(None, status=429, headers={"Retry-After": "18"}, on=CREATE)
    with pytest.raises(RateLimited) as error:
        await stage.adapter.send("dingtalk:chen", TASK, card_id=CARD_ID)
    assert error.value.retry_after == 18


async def test_a_stale_token_is_replaced_once(stage: Stage) -> None:
    await stage.adapter.send("dingtalk:chen", TASK, card_id=CARD_ID)
    stage.server.door.revoke_token()
    await stage.adapter.send("dingtalk:chen", TASK, card_id="c0000000002a")
    assert len(stage.shown) == 2
    stage.server.faults.refuse("InvalidAuthentication", on=CREATE, times=2)
    with pytest.raises(Unauthorized):
        await stage.adapter.send("dingtalk:chen", TASK, card_id="c0000000003a")


@pytest.mark.parametrize(
    "to", ["feishu:ou_1", "dingtalk:", "chen"], ids=["another IM", "nobody", "no platform"]
)
async def test_an_address_of_another_kind_is_rejected(stage: Stage, to: str) -> None:
    with pytest.raises(Rejected, match="not a DingTalk address"):
        await stage.adapter.send(to, TASK, card_id=CARD_ID)


async def test_what_dingtalk_cannot_do_is_rejected(stage: Stage) -> None:
    with pytest.raises(Rejected):
        await stage.adapter.welcome("code", "您好")
    with pytest.raises(Rejected):
        await stage.adapter.contact("wm1")


async def test_no_secret_reaches_logs_or_errors(stage: Stage) -> None:
    stage.server.faults.refuse("param.error", on="accessToken")
    stage.server.faults.hang(on="batchSend")
    with capture_logs() as logs:
        for _ in range(2):
            with pytest.raises((Rejected, Unreachable)) as error:
                await stage.adapter.send("dingtalk:chen", Card(text="x"), card_id=CARD_ID)
            assert stage.server.app.client_secret not in repr(error.value)
    assert stage.server.app.client_secret not in repr(logs)
    assert stage.server.app.client_secret not in repr(vars(stage.adapter))


async def test_every_call_that_dingtalk_counts_is_metered(stage: Stage, metered: Metered) -> None:
    await stage.adapter.send("dingtalk:chen", TASK, card_id=CARD_ID)
    sent = await stage.adapter.send("dingtalk:chen", TASK, card_id="c0000000002a")
    await stage.adapter.edit("dingtalk:chen", sent, TASK, card_id="c0000000002a")
    await stage.adapter.send("dingtalk:chen", Card(text="在吗"), card_id="c0000000003a")
    with pytest.raises(Rejected):
        await stage.adapter.send("dingtalk:nobody", Card(text="在吗"), card_id=CARD_ID)
    assert metered.used["calls"] == stage.server.quota.calls["2026-01"] == 5


async def test_throttled_and_unanswered_calls_are_not_metered(
    stage: Stage, metered: Metered
) -> None:
    stage.server.faults.refuse("Forbidden.AccessDenied.QpsLimitForApi", status=403, on=CREATE)
    with pytest.raises(RateLimited):
        await stage.adapter.send("dingtalk:chen", TASK, card_id=CARD_ID)
    stage.server.faults.hang(on=CREATE)
    with pytest.raises(Unreachable):
        await stage.adapter.send("dingtalk:chen", TASK, card_id=CARD_ID)
    assert not metered.used


async def test_messages_from_people_are_metered_apart(stage: Stage, metered: Metered) -> None:
    await stage.server.say("chen", "在吗")
    await until(lambda: metered.used["stream"] == 1)
    assert metered.used["calls"] == 0


async def test_a_platform_that_has_nothing_left_says_so_to_the_meter(
    stage: Stage, metered: Metered
) -> None:
    stage.server.quota.calls["2026-01"] = 5000
    with pytest.raises(RateLimited):
        await stage.adapter.send("dingtalk:chen", TASK, card_id=CARD_ID)
    stage.server.quota.deliveries["2026-01"] = 3000
    await stage.server.say("chen", "在吗")
    await until(lambda: metered.gone == ["calls", "stream"])
