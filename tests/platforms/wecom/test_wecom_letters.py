"""Words that a member confirms, against a server that keeps the limits of 企业群发."""

from typing import Any

import pytest

from bot.platforms.protocol import CustomerDesk, Rejected, Unauthorized
from bot.playground.wecom.letters import MassSends
from bot.playground.world import ExternalContact
from tests.platforms.wecom.conftest import Stage

CUSTOMER = ExternalContact("wmK3aZ01", "李女士")
OTHER = ExternalContact("wmOther", "周院长")
WEI = "wecom:zhang.wei"
TEXT = "您好，样机预计2月5日寄出。"


@pytest.fixture
async def sends(stage: Stage) -> MassSends:
    for customer in (CUSTOMER, OTHER):
        await stage.server.add_contact("zhang.wei", customer)
    return stage.server.customers.letters


async def handed(stage: Stage, text: str = TEXT, known: tuple[str, ...] = ()) -> str:
    desk: CustomerDesk = stage.adapter.desk
    made = await desk.hand_over(WEI, CUSTOMER.id, text, since=stage.clock(), known=known)
    return str(made["task"])


async def state(stage: Stage, task: str) -> dict[str, Any]:
    return await stage.adapter.desk.look_after(WEI, CUSTOMER.id, task)


async def test_one_sender_one_customer_and_nobody_else(stage: Stage, sends: MassSends) -> None:
    task = await handed(stage)
    assert sends.tasks[task].status == {CUSTOMER.id: 0}
    assert (await state(stage, task))["state"] == "waiting"
    stage.after(minutes=5)
    sends.confirm(task)
    sent_at = int(stage.clock().timestamp())
    assert await state(stage, task) == {"state": "sent", "at": sent_at}


async def test_never_without_a_customer(stage: Stage, sends: MassSends) -> None:
    """A sender alone would stand for all of his customers."""
    with pytest.raises(Rejected):
        await stage.adapter.desk.hand_over(WEI, "", TEXT, since=stage.clock(), known=())
    assert sends.tasks == {}


async def test_an_earlier_try_is_found_again_and_older_tasks_are_not(
    stage: Stage, sends: MassSends
) -> None:
    task = await handed(stage)
    assert await handed(stage) == task
    assert await handed(stage, known=(task,)) != task
    stage.after(minutes=30)
    assert await handed(stage) not in (task, "")
    assert len(sends.tasks) == 3


async def test_what_was_said_to_another_customer_is_none_of_this(
    stage: Stage, sends: MassSends
) -> None:
    desk = stage.adapter.desk
    other = await desk.hand_over(WEI, OTHER.id, TEXT, since=stage.clock(), known=())
    assert await handed(stage) != other["task"]


async def test_who_had_enough_or_is_no_contact_gets_nothing(stage: Stage, sends: MassSends) -> None:
    sends.received[CUSTOMER.id] = [stage.clock()] * 31
    full = await handed(stage)
    sends.confirm(full)
    assert (await state(stage, full))["state"] == "used_up"
    sends.received.clear()
    sends.a_day = 1
    first, second = await handed(stage, "第一"), await handed(stage, "第二")
    sends.confirm(first)
    sends.confirm(second)
    assert (await state(stage, second))["state"] == "used_up"
    third = await handed(stage, "第三")
    stage.server.contacts.part("zhang.wei", CUSTOMER.id)
    sends.confirm(third)
    assert (await state(stage, third))["state"] == "gone"


async def test_a_stopped_task_cannot_be_confirmed_a_sent_one_stays_sent(
    stage: Stage, sends: MassSends
) -> None:
    task = await handed(stage)
    assert (await stage.adapter.desk.stop(WEI, CUSTOMER.id, task))["state"] == "waiting"
    with pytest.raises(ValueError, match="停"):
        sends.confirm(task)
    other = await handed(stage, "又一份")
    sends.confirm(other)
    assert (await stage.adapter.desk.stop(WEI, CUSTOMER.id, other))["state"] == "sent"


async def test_refusals_have_their_codes(stage: Stage, sends: MassSends) -> None:
    stage.server.contacts.part("zhang.wei", CUSTOMER.id)
    with pytest.raises(Rejected, match="请自己发") as refusal:
        await handed(stage)
    assert refusal.value.code == "41048"
    with pytest.raises(Rejected, match="4000"):
        await handed(stage, "长" * 1334)
    stage.server.gate.forbidden.add("externalcontact/add_msg_template")
    with pytest.raises(Unauthorized):
        await handed(stage, "权限")
