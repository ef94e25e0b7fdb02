"""The adapter against the imitated server: what people do arrives, what the bot says is shown."""

import asyncio
from datetime import date, timedelta

import pytest
from structlog.testing import capture_logs

from bot.events import CardClicked, ContactAdded, MessageReceived
from bot.platforms.protocol import (
    EditRefused,
    PlatformError,
    RateLimited,
    Rejected,
    Unauthorized,
    Unreachable,
)
from bot.platforms.wecom.adapter import WeCom
from bot.platforms.wecom.errors import CODES, TokenRefused
from bot.playground.sounds import amr
from bot.playground.world import ExternalContact
from cards.actions import AcceptPromise, CounterPromise, RefusePromise, SaveFollowUp
from cards.model import Button, Card, Choice, DateInput, Field, Form, Option
from tests.platforms.wecom.conftest import Stage

ZHANG = "wecom:zhang.wei"
CARD = "k3f9a0b1c2d3"
OTHER = "k3f9a0b1c2d4"
LONG = "样机下周三前寄出，含说明书与合格证，" * 12

PROMISE = Card(
    title="宏远要样机",
    text="样机**下周三前**寄出",
    fields=(Field("客户", "宏远"), Field("日期", "02-03", was="02-04")),
    buttons=(
        Button("接单", AcceptPromise(12), style="primary", typed="接单 P12"),
        Button("做不到", RefusePromise(12), style="danger", typed="做不到 P12"),
    ),
)
COUNTER = Card(
    title="最早哪天",
    form=Form(
        (DateInput("day", "最早哪天", (date(2026, 2, 5), date(2026, 2, 6))),),
        Button("就这天", CounterPromise(12)),
    ),
)
TAGS = Card(
    title="跟进",
    form=Form(
        (Choice("tags", "标签", (Option("price", "价格"), Option("rival", "竞品")), many=True),),
        Button("保存", SaveFollowUp(7)),
    ),
)
DONE = Card(title="宏远要样机", text="样机02-03寄出", closed=True, replace="已接单")
CUSTOMER = ExternalContact(
    "wmK3aZ01", "李女士", corp_name="某某科技", mobiles=("13800000000",), state="expo2026-hall3"
)


# What reaches the bot --------------------------------------------------------------------------


async def test_what_a_member_writes_arrives_as_one_event(stage: Stage) -> None:
    shown = await stage.server.say("zhang.wei", "张总说]]>价格<高>\n再谈 & 再议")

    corp = stage.server.corp_id
    assert stage.events == [
        MessageReceived(
            key=f"wecom:{corp}:{shown.id}",
            at=stage.clock(),
            sender=ZHANG,
            chat=ZHANG,
            text="张总说]]>价格<高>\n再谈 & 再议",
            message_id=shown.id,
        )
    ]


async def test_a_voice_message_can_be_fetched_for_three_days(stage: Stage) -> None:
    await stage.server.say("LiNa", "样机周五寄", content="voice")

    event = stage.events[0]
    assert isinstance(event, MessageReceived)
    assert (event.kind, event.text) == ("voice", "")
    assert await stage.adapter.fetch(event.media) == (amr(50 + 5 * 12), "audio/amr")
    with pytest.raises(Rejected, match="more than 4 bytes"):
        await stage.adapter.fetch(event.media, limit=4)
    stage.after(days=3)
    with pytest.raises(Rejected) as refused:
        await stage.adapter.fetch(event.media)
    assert refused.value.code == "40007"


async def test_a_click_brings_action_card_and_a_fresh_right_to_edit(stage: Stage) -> None:
    sent = await stage.adapter.send(ZHANG, PROMISE, card_id=CARD)
    assert await stage.press(sent, AcceptPromise(12)) == {}

    click = stage.events[0]
    assert isinstance(click, CardClicked)
    assert (click.action, click.card, click.sender) == (AcceptPromise(12), CARD, ZHANG)
    assert click.edit_code not in ("", sent.edit_code)


async def test_a_form_brings_what_was_chosen(stage: Stage) -> None:
    sent = await stage.adapter.send(ZHANG, COUNTER, card_id=CARD)
    await stage.press(sent, CounterPromise(12), day=["2026-02-06"])
    tags = await stage.adapter.send(ZHANG, TAGS, card_id=OTHER)
    await stage.press(tags, SaveFollowUp(7), tags=["price", "rival"])

    forms = [event.form for event in stage.events if isinstance(event, CardClicked)]
    assert forms == [{"day": ("2026-02-06",)}, {"tags": ("price", "rival")}]


async def test_a_foreign_button_is_ignored_with_a_reason(stage: Stage) -> None:
    sent = await stage.adapter.send(ZHANG, PROMISE, card_id=CARD)
    stage.world.messages[-1].payload["button_list"][0]["key"] = "transfer.money?to=me"
    with capture_logs() as logs:
        await stage.server.click("zhang.wei", sent.message_id, {"key": "transfer.money?to=me"})

    assert stage.events == []
    assert ["not ours" in line["reason"] for line in logs] == [True]


async def test_a_new_customer_arrives_half_and_then_whole(stage: Stage) -> None:
    await stage.server.add_contact("zhang.wei", CUSTOMER, half=True)
    await stage.server.add_contact("zhang.wei", CUSTOMER)

    half, whole = stage.events
    assert isinstance(half, ContactAdded)
    assert isinstance(whole, ContactAdded)
    assert (half.mutual, whole.mutual) == (False, True)
    assert half.key != whole.key
    assert (whole.member, whole.external_id, whole.state) == (ZHANG, "wmK3aZ01", "expo2026-hall3")


async def test_the_server_repeats_what_was_not_taken_with_the_same_identity(stage: Stage) -> None:
    stage.refusals = 2
    await stage.server.say("zhang.wei", "你好")
    await stage.server.callbacks.deliver(stage.server.callbacks.sent[-1])

    assert len(stage.events) == 2
    assert len({event.key for event in stage.events}) == 1


async def test_what_nobody_takes_is_given_up_after_three_repetitions(stage: Stage) -> None:
    stage.refusals = 9
    await stage.server.say("zhang.wei", "你好")
    assert stage.refusals == 9 - 4
    assert stage.events == []


async def test_the_console_accepts_the_address(stage: Stage) -> None:
    assert await stage.server.check_url()
    stage.server.callbacks.token = "another"
    assert not await stage.server.check_url()


# What the bot says -----------------------------------------------------------------------------


async def test_a_plain_sentence_is_a_text_message(stage: Stage) -> None:
    sent = await stage.adapter.send(ZHANG, Card(text="记下了"), card_id=CARD)
    shown = stage.said("zhang.wei")
    assert [(one.content, one.payload) for one in shown] == [("text", {"content": "记下了"})]
    assert (sent.message_id, sent.edit_code) == (shown[0].id, "")


async def test_a_long_text_is_split_and_nothing_is_lost(stage: Stage) -> None:
    text = LONG * 6 + "\n" + "🙂" * 1200
    await stage.adapter.send(ZHANG, Card(text=text), card_id=CARD)
    parts = [one.payload["content"] for one in stage.said("zhang.wei")]
    assert len(parts) > 2
    assert "".join(parts) == text


async def test_a_repeated_send_is_shown_once(stage: Stage) -> None:
    for card in (PROMISE, Card(text="记下了"), Card(text=LONG * 20)):
        before = len(stage.world.messages)
        await stage.adapter.send(ZHANG, card, card_id=CARD)
        once = len(stage.world.messages)
        await stage.adapter.send(ZHANG, card, card_id=CARD)
        assert before < once == len(stage.world.messages)


async def test_the_same_sentence_may_be_said_twice(stage: Stage) -> None:
    await stage.adapter.send(ZHANG, Card(text="记下了"), card_id=CARD)
    await stage.adapter.send(ZHANG, Card(text="记下了"), card_id=OTHER)
    assert len(stage.said("zhang.wei")) == 2


async def test_a_send_whose_answer_got_lost_is_not_shown_twice(stage: Stage) -> None:
    stage.server.fail("lost", path="message/send")
    with pytest.raises(Unreachable):
        await stage.adapter.send(ZHANG, PROMISE, card_id=CARD)
    again = await stage.adapter.send(ZHANG, PROMISE, card_id=CARD)

    assert len(stage.said("zhang.wei")) == 1
    assert again.message_id == stage.said("zhang.wei")[0].id
    assert "without a right to edit" in again.note


async def test_user_ids_are_compared_without_case(stage: Stage) -> None:
    await stage.adapter.send("wecom:lina", Card(text="在"), card_id=CARD)
    assert len(stage.said("LiNa")) == 1


@pytest.mark.parametrize(
    "address", ["wecom:", "feishu:ou_1", "zhang.wei", "wecom:a|b", "wecom:@all"]
)
async def test_what_is_no_member_is_refused_at_once(stage: Stage, address: str) -> None:
    with pytest.raises(Rejected, match="not the address"):
        await stage.adapter.send(address, Card(text="在"), card_id=CARD)
    assert not stage.server.gate.calls


async def test_an_unknown_member_is_refused(stage: Stage) -> None:
    with pytest.raises(Rejected) as refused:
        await stage.adapter.send("wecom:nobody", Card(text="在"), card_id=CARD)
    assert refused.value.code == "81013"


async def test_the_thirty_first_message_of_a_minute_waits_instead_of_vanishing(
    stage: Stage,
) -> None:
    for number in range(30):
        await stage.adapter.send(ZHANG, Card(text="嗯"), card_id=f"card{number}")
        stage.after(seconds=1)
    with pytest.raises(RateLimited) as limited:
        await stage.adapter.send(ZHANG, Card(text="嗯"), card_id=CARD)
    assert limited.value.retry_after == 30
    await stage.adapter.send("wecom:LiNa", Card(text="嗯"), card_id=OTHER)

    stage.after(seconds=30)
    await stage.adapter.send(ZHANG, Card(text="嗯"), card_id=CARD)
    assert stage.server.messages.dropped == []


async def test_a_card_that_cannot_be_shown_is_refused_before_sending(stage: Stage) -> None:
    twice = Card(title="a", buttons=(Button("x", AcceptPromise(1)), Button("y", AcceptPromise(1))))
    with pytest.raises(Rejected, match="stands twice"):
        await stage.adapter.send(ZHANG, twice, card_id=CARD)
    assert not stage.server.gate.calls


# Editing ---------------------------------------------------------------------------------------


async def test_a_card_is_edited_in_place(stage: Stage) -> None:
    sent = await stage.adapter.send(ZHANG, PROMISE, card_id=CARD)
    edited = await stage.adapter.edit(ZHANG, sent, DONE, card_id=CARD)

    (shown,) = stage.said("zhang.wei")
    assert (shown.edits, shown.payload["replace_text"]) == (1, "已接单")
    assert (edited.message_id, edited.edit_code) == (sent.message_id, "")


async def test_a_right_to_edit_is_good_for_once_and_a_click_brings_the_next(stage: Stage) -> None:
    sent = await stage.adapter.send(ZHANG, PROMISE, card_id=CARD)
    await stage.adapter.edit(ZHANG, sent, PROMISE, card_id=CARD)
    with pytest.raises(EditRefused):
        await stage.adapter.edit(ZHANG, sent, DONE, card_id=CARD)

    await stage.press(sent, AcceptPromise(12))
    fresh = stage.with_right(sent)
    await stage.adapter.edit(ZHANG, fresh, DONE, card_id=CARD)
    assert stage.said("zhang.wei")[0].edits == 2


async def test_after_72_hours_a_card_stays_as_it_is(stage: Stage) -> None:
    sent = await stage.adapter.send(ZHANG, PROMISE, card_id=CARD)
    stage.after(hours=72)
    with pytest.raises(EditRefused):
        await stage.adapter.edit(ZHANG, sent, DONE, card_id=CARD)


async def test_nobody_edits_the_card_of_someone_else(stage: Stage) -> None:
    sent = await stage.adapter.send(ZHANG, PROMISE, card_id=CARD)
    with pytest.raises(EditRefused) as refused:
        await stage.adapter.edit("wecom:LiNa", sent, DONE, card_id=CARD)
    assert refused.value.code == "82102"


async def test_without_a_right_nothing_is_sent(stage: Stage) -> None:
    sent = await stage.adapter.send(ZHANG, Card(text="记下了"), card_id=CARD)
    with pytest.raises(EditRefused):
        await stage.adapter.edit(ZHANG, sent, Card(title="x", text=LONG), card_id=CARD)
    assert len(stage.said("zhang.wei")) == 1


async def test_an_edit_whose_answer_got_lost_counts_when_it_is_repeated(stage: Stage) -> None:
    sent = await stage.adapter.send(ZHANG, PROMISE, card_id=CARD)
    stage.server.fail("lost", path="message/update_template_card")
    with pytest.raises(Unreachable):
        await stage.adapter.edit(ZHANG, sent, DONE, card_id=CARD)
    again = await stage.adapter.edit(ZHANG, sent, DONE, card_id=CARD)

    assert stage.said("zhang.wei")[0].edits == 1
    assert "earlier try" in again.note


async def test_what_overflows_a_card_is_not_repeated_when_the_card_is_edited(stage: Stage) -> None:
    wordy = Card(title="宏远", text=LONG, buttons=PROMISE.buttons)
    sent = await stage.adapter.send(ZHANG, wordy, card_id=CARD)
    await stage.press(sent, AcceptPromise(12))
    settled = Card(title="宏远", text=LONG, closed=True, replace="已接单")
    await stage.adapter.edit(ZHANG, stage.with_right(sent), settled, card_id=CARD)

    assert [one.content for one in stage.said("zhang.wei")] == ["markdown", "card"]


# Customers -------------------------------------------------------------------------------------


async def test_a_welcome_reaches_the_customer_once_and_within_20_seconds(stage: Stage) -> None:
    await stage.server.add_contact("zhang.wei", CUSTOMER)
    code = stage.welcome_code
    stage.after(seconds=20)
    await stage.adapter.welcome(code, "您好，我是张伟")
    assert [one.payload for one in stage.said(CUSTOMER.id)] == [{"content": "您好，我是张伟"}]
    with pytest.raises(Rejected) as used:
        await stage.adapter.welcome(code, "您好")
    stage.after(seconds=1)
    with pytest.raises(Rejected) as late:
        await stage.adapter.welcome(code, "您好")
    assert (used.value.code, late.value.code) == ("41051", "41050")
    with pytest.raises(Rejected, match="3000 bytes"):
        await stage.adapter.welcome(code, "您" * 1001)


async def test_a_customer_is_told_as_far_as_wecom_knows(stage: Stage) -> None:
    await stage.server.add_contact("zhang.wei", CUSTOMER)
    assert await stage.adapter.contact(CUSTOMER.id) == {
        "name": "李女士",
        "company": "某某科技",
        "state": "expo2026-hall3",
        "mobiles": ["13800000000"],
        "followers": [{"member": "wecom:zhang.wei", "since": 1769565600}],
    }
    with pytest.raises(Rejected) as refused:
        await stage.adapter.contact("wmNobody")
    assert refused.value.code == "40096"


# Tokens and failures ---------------------------------------------------------------------------


async def test_one_token_serves_all_until_it_grows_old(stage: Stage) -> None:
    await asyncio.gather(
        *(
            stage.adapter.send(ZHANG, Card(text="在"), card_id=f"card{number}")
            for number in range(5)
        )
    )
    assert stage.server.gate.calls["gettoken"] == 1
    stage.after(seconds=7200)
    await stage.adapter.send(ZHANG, Card(text="在"), card_id=CARD)
    assert stage.server.gate.calls["gettoken"] == 2


@pytest.mark.parametrize("code", [40001, 40014, 41001, 42001])
async def test_a_token_that_is_no_longer_taken_is_renewed_once(stage: Stage, code: int) -> None:
    await stage.adapter.send(ZHANG, Card(text="在"), card_id=CARD)
    stage.server.gate.revoke_token()
    stage.server.fail(code, path="message/send")
    await stage.adapter.send(ZHANG, Card(text="在"), card_id=OTHER)
    assert stage.server.gate.calls == {"gettoken": 2, "message/send": 3}

    stage.server.fail(code, path="message/send", times=2)
    with pytest.raises(Unauthorized):
        await stage.adapter.send(ZHANG, Card(text="在"), card_id="third")


async def test_a_wrong_secret_is_not_tried_again_at_once(stage: Stage) -> None:
    stage.server.gate.secret = "changed in the console"
    for _ in range(3):
        with pytest.raises(Unauthorized, match="40001"):
            await stage.adapter.send(ZHANG, Card(text="在"), card_id=CARD)
    assert stage.server.gate.calls == {"gettoken": 1}
    assert "40001" in stage.adapter.health

    stage.after(seconds=60)
    with pytest.raises(Unauthorized):
        await stage.adapter.send(ZHANG, Card(text="在"), card_id=CARD)
    assert stage.server.gate.calls == {"gettoken": 2}


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (-1, Unreachable),
        (45009, RateLimited),
        (45033, RateLimited),
        (48002, Unauthorized),
        (60020, Unauthorized),
        (42038, Rejected),
        ("silence", Unreachable),
        ("lost", Unreachable),
    ],
)
async def test_a_failure_is_one_of_our_errors_and_holds_no_secret(
    stage: Stage, fault: int, error: type[Exception]
) -> None:
    stage.server.fail(fault, path="message/send")
    with pytest.raises(error) as failed, capture_logs() as logs:
        await stage.adapter.send(ZHANG, Card(text="在"), card_id=CARD)
    said = f"{failed.value!r} {failed.value.__cause__!r} {logs} {stage.adapter.health}"
    assert "access_token" not in said
    assert stage.server.gate.secret not in said


@pytest.mark.parametrize("code", CODES)
async def test_each_code_becomes_its_error_with_a_remedy(stage: Stage, code: int) -> None:
    meaning = CODES[code]
    stage.server.fail(code, path="message/send", times=2 if meaning.kind is TokenRefused else 1)
    with pytest.raises(PlatformError) as failed:
        await stage.adapter.send(ZHANG, Card(text="在"), card_id=CARD)
    assert type(failed.value) is meaning.kind
    assert f"处理：{meaning.remedy}" in str(failed.value)
    if isinstance(failed.value, RateLimited):
        assert failed.value.retry_after == meaning.seconds > 0


async def test_a_limit_names_the_time_to_wait(stage: Stage) -> None:
    stage.server.gate.calls_per_minute = 1
    await stage.adapter.send(ZHANG, Card(text="在"), card_id=CARD)
    with pytest.raises(RateLimited) as limited:
        await stage.adapter.send(ZHANG, Card(text="在"), card_id=OTHER)
    assert limited.value.retry_after == 60


async def test_a_server_that_is_not_there_is_unreachable(stage: Stage) -> None:
    settings = stage.server.settings("http://127.0.0.1:9/playground/wecom")
    adapter = WeCom(settings, stage.clock)
    await adapter.start(stage.accept)
    with pytest.raises(Unreachable):
        await adapter.send(ZHANG, Card(text="在"), card_id=CARD)
    await adapter.stop()


async def test_health_tells_of_the_last_callback_and_of_refusals(stage: Stage) -> None:
    assert stage.adapter.health == "last callback never; 0 callbacks refused"
    await stage.server.say("zhang.wei", "你好")
    stage.clock.move_to(stage.clock() + timedelta(minutes=1))
    stage.server.callbacks.token = "another"
    await stage.server.say("zhang.wei", "你好")
    assert stage.adapter.health == "last callback 2026-01-28 02:00:00Z; 4 callbacks refused"
