"""The adapter against the imitated servers: what people do arrives, what the bot says is shown."""

from datetime import date, timedelta

import pytest

from bot.events import CardClicked, MessageReceived
from bot.platforms.feishu.errors import CODES, TokenExpired
from bot.platforms.feishu.post import DLP
from bot.platforms.protocol import (
    EditRefused,
    PlatformError,
    RateLimited,
    Rejected,
    Unauthorized,
    Unreachable,
)
from cards.actions import AcceptPromise, CounterPromise, SaveFollowUp
from cards.model import Button, Card, Choice, DateInput, Field, Form, Option, TextInput
from tests.platforms.feishu.conftest import CHEN, GROUP, LIN, Stage

CARD_ID = "k3f9a0b1c2d3"
PERSON = f"feishu:{LIN}"

PROMISE = Card(
    title="宏远要报价",
    text="周五前给**宏远**报价",
    fields=(Field("客户", "宏远"), Field("日期", "5月10日", was="5月9日")),
    buttons=(Button("接单", AcceptPromise(12), style="primary", typed="接单 P12"),),
)
FOLLOW_UP = Card(
    title="跟进",
    form=Form(
        (
            Choice("stage", "阶段", (Option("new", "初步接触"), Option("quoted", "已报价"))),
            Choice("tags", "标签", (Option("a", "急"), Option("b", "大单")), many=True),
            DateInput("day", "下次", selected=date(2024, 5, 10)),
            TextInput("note", "备注"),
        ),
        Button("保存", SaveFollowUp(7), style="primary"),
    ),
)


async def test_what_a_person_writes_arrives_as_one_event(stage: Stage) -> None:
    shown = await stage.feishu.say(LIN, "周五前给宏远报价")

    assert stage.event == MessageReceived(
        key=f"feishu:{stage.feishu.gate.app_id}:{stage.feishu.directory.tenant_key}:msg:{shown.id}",
        at=stage.clock(),
        sender=PERSON,
        chat=PERSON,
        text="周五前给宏远报价",
        message_id=shown.id,
    )


async def test_a_group_message_belongs_to_the_group_and_loses_the_mention(stage: Stage) -> None:
    await stage.feishu.say(CHEN, "今天有什么", chat=GROUP)

    assert (stage.event.chat, stage.event.sender) == (f"feishu:{GROUP}", f"feishu:{CHEN}")
    assert (stage.event.text, stage.event.in_group) == ("今天有什么", True)


async def test_the_same_message_twice_has_the_same_key(stage: Stage) -> None:
    shown = await stage.feishu.say(LIN, "记一下")
    await stage.feishu.redeliver(shown.id)

    first, second = stage.accepted
    assert first == second
    assert stage.feishu.pusher.pushes[0].event_id != stage.feishu.pusher.pushes[1].event_id


async def test_a_plain_sentence_is_a_text_message(stage: Stage) -> None:
    sent = await stage.bot.send(PERSON, Card(text="记下了"), card_id=CARD_ID)

    assert (stage.last.id, stage.last.chat, stage.last.content) == (sent.message_id, LIN, "text")
    assert stage.last.payload == {"text": "记下了"}


async def test_a_card_is_shown_and_its_button_comes_back(stage: Stage) -> None:
    sent = await stage.bot.send(PERSON, PROMISE, card_id=CARD_ID)
    answer = await stage.feishu.click(
        LIN,
        sent.message_id,
        {"tag": "button", "value": {"a": "promise.accept?promise=12", "c": CARD_ID, "p": 1}},
    )

    assert answer == {}
    assert isinstance(stage.event, CardClicked)
    assert stage.event.action == AcceptPromise(12)
    assert (stage.event.sender, stage.event.chat) == (PERSON, PERSON)
    assert (stage.event.card, stage.event.message_id) == (CARD_ID, sent.message_id)
    assert stage.event.at == stage.clock()


async def test_a_click_in_a_group_belongs_to_the_group(stage: Stage) -> None:
    sent = await stage.bot.send(f"feishu:{GROUP}", PROMISE, card_id=CARD_ID)
    await stage.feishu.click(CHEN, sent.message_id, {"tag": "button"})

    assert (stage.event.sender, stage.event.chat) == (f"feishu:{CHEN}", f"feishu:{GROUP}")


async def test_a_form_comes_back_with_its_values(stage: Stage) -> None:
    sent = await stage.bot.send(PERSON, FOLLOW_UP, card_id=CARD_ID)
    form = {"stage": "quoted", "tags": ["a", "b"], "day": "2024-05-10", "note": "要寄样品"}
    await stage.feishu.click(
        LIN, sent.message_id, {"tag": "button", "name": "submit", "form_value": form}
    )

    assert stage.event.action == SaveFollowUp(7)
    assert stage.event.form == {
        "stage": ("quoted",),
        "tags": ("a", "b"),
        "day": ("2024-05-10",),
        "note": ("要寄样品",),
    }


async def test_a_card_is_edited_in_place(stage: Stage) -> None:
    sent = await stage.bot.send(PERSON, PROMISE, card_id=CARD_ID)
    after = await stage.bot.edit(
        PERSON, sent, Card(title="宏远要报价", closed=True, replace="已接单"), card_id=CARD_ID
    )

    assert after == sent
    assert (len(stage.world.messages), stage.last.edits) == (1, 1)
    assert "已接单" in str(stage.last.payload)


async def test_a_card_older_than_14_days_cannot_be_edited(stage: Stage) -> None:
    sent = await stage.bot.send(PERSON, PROMISE, card_id=CARD_ID)
    stage.clock.move_to(stage.clock() + timedelta(days=14, seconds=1))

    with pytest.raises(EditRefused, match="230031"):
        await stage.bot.edit(PERSON, sent, PROMISE, card_id=CARD_ID)


async def test_a_recalled_card_cannot_be_edited(stage: Stage) -> None:
    sent = await stage.bot.send(PERSON, PROMISE, card_id=CARD_ID)
    stage.feishu.recall(sent.message_id)

    with pytest.raises(EditRefused, match="230011"):
        await stage.bot.edit(PERSON, sent, PROMISE, card_id=CARD_ID)


async def test_a_text_message_cannot_become_a_card(stage: Stage) -> None:
    sent = await stage.bot.send(PERSON, Card(text="记下了"), card_id=CARD_ID)

    with pytest.raises(EditRefused):
        await stage.bot.edit(PERSON, sent, PROMISE, card_id=CARD_ID)


async def test_a_send_that_got_no_answer_can_be_repeated(stage: Stage) -> None:
    stage.feishu.drop_next()
    with pytest.raises(Unreachable):
        await stage.bot.send(PERSON, PROMISE, card_id=CARD_ID)
    sent = await stage.bot.send(PERSON, PROMISE, card_id=CARD_ID)

    assert [message.id for message in stage.world.messages] == [sent.message_id]


async def test_a_silent_server_is_unreachable(stage: Stage) -> None:
    stage.feishu.hang_next()

    with pytest.raises(Unreachable, match="TimeoutError"):
        await stage.bot.send(PERSON, PROMISE, card_id=CARD_ID)
    assert stage.world.messages == []


async def test_an_expired_token_is_replaced_and_the_call_repeated(stage: Stage) -> None:
    await stage.bot.send(PERSON, Card(text="一"), card_id="one")
    stage.feishu.gate.forget_tokens()
    await stage.bot.send(PERSON, Card(text="二"), card_id="two")

    assert [message.payload["text"] for message in stage.world.messages] == ["一", "二"]


async def test_a_token_is_renewed_before_it_expires(stage: Stage) -> None:
    await stage.bot.send(PERSON, Card(text="一"), card_id="one")
    assert stage.feishu.gate.calls == {"token": 1, "create": 1}
    stage.clock.move_to(stage.clock() + timedelta(minutes=96))
    await stage.bot.send(PERSON, Card(text="二"), card_id="two")

    assert stage.feishu.gate.calls == {"token": 2, "create": 2}, "no call was refused"


async def test_the_sixth_message_within_a_second_must_wait(stage: Stage) -> None:
    for number in range(5):
        await stage.bot.send(PERSON, Card(text=str(number)), card_id=f"c{number}")
    with pytest.raises(RateLimited) as limited:
        await stage.bot.send(PERSON, Card(text="5"), card_id="c5")

    assert limited.value.retry_after == 1.0
    assert stage.feishu.gate.calls["create"] == 5, "Feishu never had to refuse it"
    stage.clock.move_to(stage.clock() + timedelta(seconds=1))
    await stage.bot.send(PERSON, Card(text="5"), card_id="c5")


async def test_the_platforms_own_waiting_time_is_honoured(stage: Stage) -> None:
    stage.feishu.fail_next(code=99991400, status=429, retry_after=17)

    with pytest.raises(RateLimited) as limited:
        await stage.bot.send(PERSON, PROMISE, card_id=CARD_ID)
    assert limited.value.retry_after == 17


@pytest.mark.parametrize(
    ("code", "status", "error"),
    [
        (99991672, 400, Unauthorized),
        (230027, 400, Unauthorized),
        (230013, 400, Rejected),
        (99991403, 429, Rejected),
        (230049, 400, Unreachable),
        (55001, 500, Unreachable),
    ],
)
async def test_error_codes_become_our_errors(
    stage: Stage, code: int, status: int, error: type[Exception]
) -> None:
    stage.feishu.fail_next(code=code, status=status)

    with pytest.raises(error, match=str(code)):
        await stage.bot.send(PERSON, PROMISE, card_id=CARD_ID)


@pytest.mark.parametrize("code", CODES)
async def test_each_code_becomes_its_error_with_a_remedy(stage: Stage, code: int) -> None:
    meaning = CODES[code]
    for _ in range(2 if meaning.kind is TokenExpired or str(code) == DLP else 1):
        stage.feishu.fail_next(code=code, status=400)
    with pytest.raises(PlatformError) as failed:
        await stage.bot.send(PERSON, PROMISE, card_id=CARD_ID)
    assert type(failed.value) is meaning.kind
    assert f"处理：{meaning.remedy}" in str(failed.value)


async def test_a_card_that_feishu_cannot_build_is_rejected_with_its_code(stage: Stage) -> None:
    stage.feishu.fail_next(code=230099)

    with pytest.raises(Rejected) as refusal:
        await stage.bot.send(PERSON, PROMISE, card_id=CARD_ID)
    assert refusal.value.code == "230099"


async def test_unknown_people_and_foreign_addresses_are_rejected(stage: Stage) -> None:
    with pytest.raises(Rejected, match="99992351"):
        await stage.bot.send("feishu:ou_nobody", PROMISE, card_id=CARD_ID)
    with pytest.raises(Rejected, match="not a Feishu address"):
        await stage.bot.send("wecom:lin", PROMISE, card_id=CARD_ID)


async def test_a_long_card_is_split_and_continues_on_its_last_message(stage: Stage) -> None:
    long = Card(
        title="周报",
        text="\n".join(f"第{number}行：{'跟进' * 40}" for number in range(200)),
        buttons=(Button("来得及", AcceptPromise(1)), Button("最早", CounterPromise(1))),
    )
    sent = await stage.bot.send(PERSON, long, card_id=CARD_ID)
    assert await stage.bot.send(PERSON, long, card_id=CARD_ID) == sent

    assert len(stage.world.messages) == 2
    assert (sent.note, sent.message_id) == ("split into 2 messages", stage.last.id)
    shown = "".join(str(message.payload) for message in stage.world.messages)
    assert all(f"第{number}行" in shown for number in range(200))
    await stage.bot.edit(PERSON, sent, PROMISE, card_id=CARD_ID)
    assert [message.edits for message in stage.world.messages] == [0, 1]
    with pytest.raises(EditRefused):
        await stage.bot.edit(PERSON, sent, long, card_id=CARD_ID)


async def test_a_long_sentence_is_split_as_well(stage: Stage) -> None:
    await stage.bot.send(PERSON, Card(text="一二三四五六七八九\n" * 2000), card_id=CARD_ID)

    assert {message.content for message in stage.world.messages} == {"text"}
    assert str(stage.world.messages).count("一二三四五六七八九") == 2000


async def test_voice_is_fetched_by_its_handle(stage: Stage) -> None:
    stage.feishu.upload("voice", b"OggS...", "audio/ogg")
    await stage.feishu.say(LIN, "voice", content="voice")

    assert stage.event.kind == "voice"
    assert await stage.bot.fetch(stage.event.media) == (b"OggS...", "audio/ogg")
    with pytest.raises(Rejected, match="larger than 3 bytes"):
        await stage.bot.fetch(stage.event.media, limit=3)
    with pytest.raises(Rejected, match="234003"):
        await stage.bot.fetch(stage.event.media + "x")


async def test_the_request_address_is_confirmed(stage: Stage) -> None:
    assert await stage.feishu.check_url()


async def test_what_feishu_does_not_have_is_rejected(stage: Stage) -> None:
    with pytest.raises(Rejected):
        await stage.bot.welcome("code", "欢迎")
    with pytest.raises(Rejected):
        await stage.bot.contact("wm1")


async def test_health_tells_what_came(stage: Stage) -> None:
    assert "never" in stage.bot.health
    await stage.feishu.say(LIN, "在吗")
    assert "2024-05-06 02:00:00 UTC" in stage.bot.health
    assert "1 accepted" in stage.bot.health
