"""The robot on its long connection, against the imitated gateway, over real sockets."""

import asyncio
from dataclasses import replace
from datetime import date

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from bot.events import CardClicked, ChatOpened, Event, MessageReceived
from bot.platforms.protocol import EditRefused, RateLimited, Rejected, Unreachable
from bot.platforms.wecom.robot.adapter import Robot
from cards.actions import AcceptPromise, CounterPromise, RefusePromise, SaveFollowUp
from cards.model import Button, Card, Choice, DateInput, Field, Form, Option
from cards.robot import ELSEWHERE, NOT_SAVED
from tests.platforms.wecom_robot.conftest import GROUP, QUICK, TICKING, Begin, Stage

ZHANG, TEAM = "wecom:zhang.wei", f"wecom:{GROUP}"
CARD, OTHER = "k3f9a0b1c2d3", "k3f9a0b1c2d4"
PROMISE = Card(
    title="宏远要样机",
    text="样机**下周三前**寄出",
    fields=(Field("客户", "宏远"),),
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
LONG = Card(title="长", text="样机下周三前寄出，含说明书与合格证，" * 30, buttons=PROMISE.buttons)


# What reaches the bot --------------------------------------------------------------------------


async def test_K13_what_a_member_writes_arrives_without_any_public_address(stage: Stage) -> None:
    shown = await stage.wecom.say("zhang.wei", "张总说价格<高>\n再谈")

    assert stage.adapter.routes(stage.accept) == ()
    assert stage.events == [
        MessageReceived(
            key=f"wecom:{stage.server.bot_id}:{shown.id}",
            at=stage.clock(),
            sender=ZHANG,
            chat=ZHANG,
            text="张总说价格<高>\n再谈",
            message_id=shown.id,
        )
    ]


async def test_in_a_group_the_mention_is_removed_and_the_group_is_the_chat(stage: Stage) -> None:
    await stage.wecom.say("LiNa", "认领 8812", chat=GROUP)

    (event,) = stage.events
    assert isinstance(event, MessageReceived)
    assert (event.text, event.sender, event.chat) == ("认领 8812", "wecom:LiNa", TEAM)
    assert event.in_group


async def test_voice_comes_written_down(stage: Stage) -> None:
    await stage.wecom.say("zhang.wei", "样机周五寄", content="voice")
    (event,) = stage.events
    assert isinstance(event, MessageReceived)
    assert (event.kind, event.text, event.media) == ("voice", "样机周五寄", "")


async def test_a_file_is_fetched_opened_and_bounded_for_five_minutes(stage: Stage) -> None:
    await stage.wecom.say("zhang.wei", "报价单" * 100, content="file")
    await stage.wecom.say("LiNa", "名片", content="image", chat=GROUP)

    file, card = stage.events
    assert isinstance(file, MessageReceived)
    assert isinstance(card, MessageReceived)
    assert (file.kind, card.kind, card.text) == ("file", "image", "")
    assert (await stage.adapter.fetch(file.media))[0] == ("报价单" * 100).encode()
    assert (await stage.adapter.fetch(card.media))[0] == "名片".encode()
    with pytest.raises(Rejected, match="more than 899 bytes"):
        await stage.adapter.fetch(file.media, limit=899)
    stage.after(minutes=5)
    with pytest.raises(Rejected, match="5 分钟") as refused:
        await stage.adapter.fetch(file.media)
    assert "sign=" not in str(refused.value)


async def test_a_click_brings_action_card_and_what_was_chosen(stage: Stage) -> None:
    await stage.wecom.say("zhang.wei", "在吗")
    await stage.adapter.send(ZHANG, COUNTER, card_id=CARD)
    await stage.adapter.send(ZHANG, TAGS, card_id=OTHER)
    await stage.press("zhang.wei", CARD, CounterPromise(12), day=["2026-02-06"])
    await stage.press("zhang.wei", OTHER, SaveFollowUp(7), tags=["price", "rival"])

    one, two = stage.events[1:]
    assert isinstance(one, CardClicked)
    assert isinstance(two, CardClicked)
    assert (one.action, one.card, one.sender) == (CounterPromise(12), CARD, ZHANG)
    assert (one.form, two.form) == ({"day": ("2026-02-06",)}, {"tags": ("price", "rival")})
    assert one.edit_code != two.edit_code


async def test_what_could_not_be_saved_is_asked_for_again(stage: Stage) -> None:
    stage.refusals = 1
    with capture_logs():
        await stage.wecom.say("zhang.wei", "样机周五寄")
        await stage.until(lambda: bool(stage.said("zhang.wei")))
    assert stage.said("zhang.wei")[0].payload == {"content": NOT_SAVED}


async def test_beside_an_app_the_robots_chat_says_where_answers_are(begin: Begin) -> None:
    stage = await begin(beside_app=True)
    assert await stage.server.enter("zhang.wei")
    await stage.until(lambda: bool(stage.said("zhang.wei")))
    assert stage.said("zhang.wei")[0].payload == {"content": ELSEWHERE}


async def test_whoever_opens_the_chat_may_be_greeted_before_he_says_a_word(stage: Stage) -> None:
    await stage.server.enter("zhang.wei")
    stage.after(days=1)
    await stage.server.enter("zhang.wei")

    first, second = stage.events
    assert isinstance(first, ChatOpened)
    assert first.sender == ZHANG
    assert first.key == second.key
    await stage.adapter.send(ZHANG, Card(text="先发**绑定**"), card_id=CARD)
    (greeting,) = stage.said("zhang.wei")
    assert (greeting.content, greeting.payload) == ("text", {"content": "先发绑定"})
    with pytest.raises(Rejected, match="93006"):
        await stage.adapter.send(ZHANG, Card(text="再一句"), card_id=OTHER)


async def test_a_visitor_is_greeted_within_five_seconds_or_not_at_all(stage: Stage) -> None:
    await stage.server.enter("zhang.wei")
    stage.after(seconds=6)
    with pytest.raises(Rejected, match="93006"):
        await stage.adapter.send(ZHANG, Card(text="先发绑定"), card_id=CARD)


# What the bot says -----------------------------------------------------------------------------


async def test_sentences_go_as_markdown_and_cards_as_cards_into_the_group(stage: Stage) -> None:
    await stage.wecom.say("LiNa", "在吗", chat=GROUP)
    plain = await stage.adapter.send(TEAM, Card(text="在的"), card_id=CARD)
    sent = await stage.adapter.send(TEAM, PROMISE, card_id=OTHER)

    text, card = stage.said(GROUP)
    assert (text.content, text.payload) == ("markdown", {"content": "在的"})
    assert card.payload["task_id"] == OTHER
    assert (plain.note, sent.note) == ("no idempotency key", "")


async def test_sending_a_card_again_shows_it_once(stage: Stage) -> None:
    await stage.wecom.say("zhang.wei", "在吗")
    await stage.adapter.send(ZHANG, PROMISE, card_id=CARD)
    again = await stage.adapter.send(ZHANG, PROMISE, card_id=CARD)
    assert again.note == "was already there"
    assert len(stage.said("zhang.wei")) == 1


async def test_what_found_no_room_on_the_card_is_said_before_it_and_only_once(
    stage: Stage,
) -> None:
    await stage.wecom.say("zhang.wei", "在吗")
    await stage.adapter.send(ZHANG, LONG, card_id=CARD)
    text, card = stage.said("zhang.wei")
    assert LONG.text in text.payload["content"]
    assert "<font" not in text.payload["content"]
    assert card.content == "card"


async def test_a_try_that_broke_off_goes_on_where_it_was(stage: Stage) -> None:
    await stage.wecom.say("zhang.wei", "在吗")
    stage.server.gateway.fail(0, cmd="aibot_send_msg")
    stage.server.gateway.fail(-1, cmd="aibot_send_msg")
    with pytest.raises(Unreachable):
        await stage.adapter.send(ZHANG, LONG, card_id=CARD)
    await stage.adapter.send(ZHANG, LONG, card_id=CARD)
    assert stage.server.gateway.commands["aibot_send_msg"] == 3
    assert [one.content for one in stage.said("zhang.wei")] == ["card"]


async def test_somebody_who_never_wrote_cannot_be_pushed_to_and_the_remedy_is_told(
    stage: Stage,
) -> None:
    with pytest.raises(Rejected, match="先给机器人发一句话") as refused:
        await stage.adapter.send(ZHANG, PROMISE, card_id=CARD)
    assert refused.value.code == "93006"


async def test_a_conversations_limit_is_kept_before_sending(stage: Stage) -> None:
    await stage.wecom.say("zhang.wei", "在吗")
    for number in range(30):
        await stage.adapter.send(ZHANG, Card(text=f"第{number}句"), card_id=f"k{number:011d}")
    with pytest.raises(RateLimited) as limit:
        await stage.adapter.send(ZHANG, Card(text="再一句"), card_id=CARD)
    assert limit.value.retry_after == 60
    assert stage.server.gateway.commands["aibot_send_msg"] == 30
    stage.after(minutes=1)
    await stage.adapter.send(ZHANG, Card(text="再一句"), card_id=CARD)


async def test_a_refusal_of_the_server_waits_too(stage: Stage) -> None:
    await stage.wecom.say("zhang.wei", "在吗")
    stage.server.gateway.fail(45009)
    with pytest.raises(RateLimited):
        await stage.adapter.send(ZHANG, PROMISE, card_id=CARD)


# Editing ---------------------------------------------------------------------------------------


async def test_a_click_in_a_group_changes_the_card_for_everybody(stage: Stage) -> None:
    await stage.wecom.say("LiNa", "在吗", chat=GROUP)
    sent = await stage.adapter.send(TEAM, PROMISE, card_id=CARD)
    await stage.press("zhang.wei", CARD, AcceptPromise(12))

    await stage.adapter.edit(TEAM, stage.with_right(sent), DONE, card_id=CARD)

    (card,) = stage.said(GROUP)
    assert (card.edits, card.payload["replace_text"]) == (1, "已接单")


async def test_a_right_works_once_and_for_five_seconds(stage: Stage) -> None:
    await stage.wecom.say("zhang.wei", "在吗")
    sent = await stage.adapter.send(ZHANG, PROMISE, card_id=CARD)
    with pytest.raises(EditRefused):
        await stage.adapter.edit(ZHANG, sent, DONE, card_id=CARD)
    await stage.press("zhang.wei", CARD, AcceptPromise(12))
    await stage.adapter.edit(ZHANG, stage.with_right(sent), PROMISE, card_id=CARD)
    with pytest.raises(EditRefused):
        await stage.adapter.edit(ZHANG, stage.with_right(sent), DONE, card_id=CARD)
    await stage.press("zhang.wei", CARD, AcceptPromise(12))
    stage.after(seconds=6)
    with pytest.raises(EditRefused) as refused:
        await stage.adapter.edit(ZHANG, stage.with_right(sent), DONE, card_id=CARD)
    assert refused.value.unused
    assert stage.said("zhang.wei")[0].edits == 1


async def test_an_update_without_an_answer_continues_on_a_new_card(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.platforms.wecom.robot.line.ANSWER_SECONDS", 0.05)
    await stage.wecom.say("zhang.wei", "在吗")
    sent = await stage.adapter.send(ZHANG, PROMISE, card_id=CARD)
    await stage.press("zhang.wei", CARD, AcceptPromise(12))
    stage.server.gateway.losing.add("aibot_respond_update_msg")
    with pytest.raises(EditRefused):
        await stage.adapter.edit(ZHANG, stage.with_right(sent), DONE, card_id=CARD)


# The connection --------------------------------------------------------------------------------


async def test_a_broken_wire_is_replaced_and_nothing_more_is_lost(stage: Stage) -> None:
    gateway, old = stage.server.gateway, stage.server.gateway.live
    await stage.wecom.say("zhang.wei", "一")
    with capture_logs():
        gateway.cut()
        await stage.until(lambda: gateway.live not in (None, old))
        await stage.wecom.say("zhang.wei", "二")
    assert [event.text for event in stage.events if isinstance(event, MessageReceived)] == [
        "一",
        "二",
    ]


async def test_a_card_whose_answer_was_lost_with_the_wire_is_shown_once(stage: Stage) -> None:
    gateway, old = stage.server.gateway, stage.server.gateway.live
    await stage.wecom.say("zhang.wei", "在吗")
    gateway.losing.add("aibot_send_msg")
    sending = asyncio.create_task(stage.adapter.send(ZHANG, PROMISE, card_id=CARD))
    await stage.until(lambda: gateway.commands["aibot_send_msg"] == 1)
    with capture_logs():
        gateway.cut()
        with pytest.raises(Unreachable, match="broke before the answer"):
            await sending
        gateway.losing.clear()
        await stage.until(lambda: gateway.live not in (None, old))
        await stage.until(lambda: "long connection since" in stage.adapter.health)
        again = await stage.adapter.send(ZHANG, PROMISE, card_id=CARD)
    assert again.note == "was already there"
    assert len(stage.said("zhang.wei")) == 1


async def test_silence_is_noticed_although_the_socket_looks_healthy(begin: Begin) -> None:
    stage = await begin(timings=TICKING)
    old = stage.server.gateway.live
    stage.server.gateway.fall_silent()
    with capture_logs() as logs:
        for _ in range(12):
            stage.after(seconds=10)
            await asyncio.sleep(0.01)
        await stage.until(lambda: stage.server.gateway.live not in (None, old))
    assert any(line["event"] == "wecom.connection_retired" for line in logs)


async def test_pings_keep_it_alive_while_nobody_says_anything(begin: Begin) -> None:
    stage = await begin(timings=TICKING)
    line = stage.server.gateway.live
    assert line is not None
    for number in range(1, 30):
        await stage.until(lambda number=number: line.pings == number)  # type: ignore[misc]
        await stage.until(lambda: stage.heard_at == stage.clock())
        stage.after(seconds=31)
    assert stage.server.gateway.live is line


async def test_a_robot_that_was_taken_over_does_not_fight(stage: Stage, begin: Begin) -> None:
    settings = stage.adapter._way._settings  # type: ignore[attr-defined]
    rival = Robot(settings, stage.clock, timings=QUICK)
    with capture_logs() as logs:
        await rival.start(stage.accept)
        await stage.until(lambda: "took over" in stage.adapter.health)
        await asyncio.sleep(0.1)
    assert stage.server.gateway.kicked == 1
    assert any(line["event"] == "wecom.robot_taken_over" for line in logs)
    with pytest.raises(Unreachable, match="another program took over"):
        await stage.adapter.send(ZHANG, PROMISE, card_id=CARD)
    await rival.stop()


async def test_a_wrong_secret_is_told_with_its_remedy_and_never_shown(begin: Begin) -> None:
    stage = await begin()
    settings = stage.adapter._way._settings  # type: ignore[attr-defined]
    wrong = Robot(
        settings.model_copy(update={"secret": SecretStr("hush-hush")}),
        stage.clock,
        timings=replace(QUICK, start_seconds=0.2),
    )
    with capture_logs() as logs:
        await wrong.start(stage.accept)
    assert "853000" in wrong.health
    assert "WECOM__ROBOT__SECRET" in wrong.health
    assert "hush-hush" not in f"{wrong.health} {logs}"
    await wrong.stop()


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "[]",
        "{}",
        '{"headers":{}}',
        '{"headers":{"req_id":7}}',
        '{"cmd":"aibot_msg_callback","headers":{"req_id":"x"}}',
        '{"cmd":"aibot_msg_callback","headers":{"req_id":"x"},"body":{"msgtype":"text"}}',
        '{"cmd":"tomorrow","headers":{"req_id":"x"},"body":{}}',
        '{"headers":{"req_id":"nobody asked"},"errcode":"0"}',
        "x" * 300_000,
    ],
)
async def test_whatever_the_server_sends_the_connection_lives(stage: Stage, raw: str) -> None:
    with capture_logs():
        await stage.server.gateway.send_raw(raw)
        await stage.wecom.say("zhang.wei", "还在")
    assert len(stage.events) == 1
    assert stage.server.gateway.kicked == 0


async def test_a_command_after_the_subscription_only(stage: Stage) -> None:
    """Nothing that the adapter does makes the gateway complain."""

    async def answer(event: Event) -> None:
        await stage.adapter.send(ZHANG, PROMISE, card_id=CARD)

    stage.on_event = answer
    await stage.wecom.say("zhang.wei", "在吗")
    await stage.until(lambda: bool(stage.said("zhang.wei")))
    assert list(stage.server.gateway.complaints) == []
