"""Where an answer appears, when somebody is rung for, what is masked, and what the month pays."""

from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from bot.platforms.feishu.adapter import Feishu
from bot.platforms.protocol import EditRefused, Rejected, Sent
from bot.playground.feishu.gate import PERSON_SCOPE, URGENT_SCOPE
from cards.actions import AcceptPromise
from cards.model import Button, Card, Field
from cards.render.masked import hide
from tests.platforms.feishu.conftest import CHEN, GROUP, LIN, Stage

CARD_ID = "k3f9a0b1c2d3"
PERSON, PLACE = f"feishu:{LIN}", f"feishu:{GROUP}"
RED = Card(
    title="P12 已超 12 小时",
    tone="bad",
    fields=(Field("客户", "宏远"),),
    buttons=(Button("接单", AcceptPromise(12), typed="接单 P12"),),
)


# Threads ---------------------------------------------------------------------------------


async def test_F57_a_topic_is_answered_in_the_topic(stage: Stage) -> None:
    asked = await stage.feishu.say(CHEN, "今日", chat=GROUP, thread="omt_1")
    assert stage.event.chat == f"{PLACE}#{asked.id}"

    await stage.bot.send(stage.event.chat, RED, card_id=CARD_ID)
    assert (stage.last.chat, stage.last.reply_to) == (GROUP, asked.id)
    assert stage.feishu.gate.calls["reply"] == 1

    await stage.feishu.click(CHEN, stage.last.id, {"tag": "button"})
    assert stage.event.chat == f"{PLACE}#{asked.id}", "the click belongs to the topic too"


async def test_what_is_said_later_in_a_topic_stays_in_it(stage: Stage) -> None:
    first = await stage.feishu.say(CHEN, "张总说价格高", chat=GROUP, thread="omt_1")
    await stage.feishu.say(CHEN, "撤回", chat=GROUP, thread="omt_1", reply_to=first.id)

    assert {event.chat for event in stage.said} == {f"{PLACE}#{first.id}"}


@pytest.mark.parametrize("refused", ["threads", "recalled"])
async def test_without_a_topic_the_answer_goes_to_the_group(stage: Stage, refused: str) -> None:
    asked = await stage.feishu.say(CHEN, "今日", chat=GROUP, thread="omt_1")
    if refused == "threads":
        stage.feishu.messages.no_threads = True
    else:
        stage.feishu.recall(asked.id)
    await stage.bot.send(f"{PLACE}#{asked.id}", RED, card_id=CARD_ID)

    assert (stage.last.chat, stage.last.reply_to) == (GROUP, "")


# Red -------------------------------------------------------------------------------------


async def test_red_rings_once_for_a_person(stage: Stage) -> None:
    sent = await stage.bot.send(PERSON, RED, card_id=CARD_ID)
    again = await stage.bot.send(PERSON, RED, card_id=CARD_ID)

    assert stage.feishu.messages.urgent == [(sent.message_id, LIN)]
    assert (sent.note, again.note) == ("urgent", "")


@pytest.mark.parametrize(
    ("to", "card"),
    [
        (PLACE, RED),
        (PERSON, replace(RED, tone="warn")),
        (PERSON, replace(RED, closed=True, replace="已完成")),
        (PERSON, Card(text="坏了", tone="bad")),
    ],
)
async def test_nothing_else_rings(stage: Stage, to: str, card: Card) -> None:
    await stage.bot.send(to, card, card_id=CARD_ID)
    assert stage.feishu.gate.calls["urgent"] == 0


async def test_without_the_permission_the_card_arrives_and_one_line_says_why(stage: Stage) -> None:
    stage.feishu.gate.scopes.remove(URGENT_SCOPE)
    with capture_logs() as logs:
        notes = [
            (await stage.bot.send(PERSON, RED, card_id=f"{CARD_ID}{n}")).note for n in range(3)
        ]
    assert notes == ["not urgent: not permitted", "", ""]
    told = [line for line in logs if line["event"] == "feishu.urgent_not_permitted"]
    assert len(told) == 1
    assert "im:message.urgent" in told[0]["remedy"]
    assert [shown.content for shown in stage.world.messages] == ["card"] * 3


@pytest.mark.parametrize("code", [230023, 230024, 230012, 99991400])
async def test_a_ring_that_fails_is_no_failed_card(stage: Stage, code: int) -> None:
    stage.feishu.messages.urgent_refusal = code
    sent = await stage.bot.send(PERSON, RED, card_id=CARD_ID)
    assert sent.note.startswith("not urgent: R")
    assert stage.last.id == sent.message_id


async def test_one_may_switch_it_off(stage: Stage) -> None:
    quiet = Feishu(stage.settings.model_copy(update={"urgent": False}), stage.clock)
    await quiet.start(stage.accept)
    await quiet.send(PERSON, RED, card_id=CARD_ID)
    await quiet.stop()
    assert stage.feishu.messages.urgent == []


# Numbers ---------------------------------------------------------------------------------


async def test_numbers_are_masked_where_the_company_lets_none_through(stage: Stage) -> None:
    stage.feishu.messages.leaks_nothing = True
    card = replace(RED, tone="info", fields=(Field("电话", "13800130123"),), quote="写给 li@a.cn")
    sent = await stage.bot.send(PERSON, card, card_id=CARD_ID)

    assert "DLP" in sent.note
    shown = str(stage.last.payload)
    assert "138****0123" in shown
    assert "li@a.cn" not in shown
    await stage.bot.edit(PERSON, Sent(sent.message_id), card, card_id=CARD_ID)
    assert stage.last.edits == 1


async def test_what_is_refused_even_then_is_refused(stage: Stage) -> None:
    stage.feishu.fail_next(2, code=230028)
    with pytest.raises(Rejected, match="数据防泄漏"):
        await stage.bot.send(PERSON, RED, card_id=CARD_ID)


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("打 13800130123 找他", "打 138****0123 找他"),
        ("138 0013 0123", "138****0123"),
        ("单号 202601281020001", "单号 202601281020001"),
        ("li.lei@example.com", "l***＠example.com"),
        ("P12 2月5日 3万", "P12 2月5日 3万"),
    ],
)
def test_what_is_hidden(text: str, hidden: str) -> None:
    assert hide(text) == hidden


# The month -------------------------------------------------------------------------------


async def test_what_the_month_pays_for_is_counted_as_feishu_counts(stage: Stage) -> None:
    spent: list[bool] = []

    async def spend(kind: str, *, all_of_it: bool = False) -> None:
        assert kind == "calls"
        spent.append(all_of_it)

    bot = Feishu(stage.settings, stage.clock, spend=spend)
    await bot.start(stage.accept)
    sent = await bot.send(PERSON, RED, card_id=CARD_ID)
    await bot.edit(PERSON, sent, RED, card_id=CARD_ID)
    await bot.contact(CHEN)
    with pytest.raises(Rejected):
        await bot.send("feishu:ou_nobody", RED, card_id="another00000")
    with pytest.raises(EditRefused):
        await bot.edit(PERSON, Sent("om_none"), replace(RED, text="长" * 20_000), card_id=CARD_ID)
    assert spent == [False] * 3, "card, ring and edit; contacts and refusals are free"
    assert stage.feishu.gate.charged == 3

    stage.feishu.gate.month_used_up = True
    with pytest.raises(Rejected, match="FEISHU__CALLS_A_MONTH=0"):
        await bot.send(PERSON, RED, card_id="another00001")
    assert spent[-1] is True
    await bot.stop()


# Name cards ------------------------------------------------------------------------------


async def test_whom_a_name_card_shows(stage: Stage) -> None:
    await stage.feishu.share(LIN, "share_user", {"user_id": CHEN})
    assert (stage.event.kind, stage.event.media) == ("person", f"feishu:{CHEN}")
    assert await stage.bot.contact(CHEN) == {"name": "陈宇"}

    stage.feishu.gate.scopes.remove(PERSON_SCOPE)
    with pytest.raises(Exception, match=PERSON_SCOPE):
        await stage.bot.contact(CHEN)
