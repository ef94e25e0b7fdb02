"""Imitated cards: their limits, where they arrive, and who sees what after a press."""

import asyncio
from typing import Any

import pytest

from tests.playground.dingtalk.conftest import Client, answer_to, recorded


async def test_a_card_is_delivered_as_recorded(client: Client) -> None:
    status, answer = await client.call("/v1.0/card/instances/createAndDeliver", client.card())
    expected = recorded("card_create_ok")["response"]
    (result,) = answer["result"]["deliverResults"]
    assert result.pop("carrierId") == client.world.messages[0].id
    del expected["result"]["deliverResults"][0]["carrierId"]
    assert (status, answer) == (200, expected)
    update = recorded("card_update_ok")
    answer = await client.call("/v1.0/card/instances", update["request"]["json"], method="PUT")
    assert answer == (200, update["response"])
    assert "已完成 by 王小明" in client.world.messages[0].payload["cardParamMap"]["markdown"]


def card_data(**data: Any) -> dict[str, Any]:
    return {"cardData": {"cardParamMap": {"title": "a", **data}}}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"outTrackId": "x" * 101}, "invalidParameter.outTrackId"),
        ({"cardTemplateId": "mine.schema"}, "param.templateNotExist"),
        (card_data(count=5), "MissingStringValue"),
        (card_data(markdown="字" * 342), "invalidParameter.cardData"),
        (card_data(**{"k" * 101: "v"}), "invalidParameter.cardData"),
        (card_data(**{f"k{n}": "v" * 1024 for n in range(101)}), "invalidParameter.cardData"),
        (card_data(sys_full_json_obj="{"), "invalidParameter.cardData"),
        (card_data(sys_full_json_obj='{"msgButtons":5}'), "invalidParameter.cardData"),
        ({"cardData": {}}, "invalidParameter.cardData"),
        ({"openSpaceId": "IM_GROUP.cid"}, "invalidParameter.openSpaceId"),
        ({"openSpaceId": "dtv1.card//IM_GROUP." + "c" * 1000}, "invalidParameter.openSpaceId"),
    ],
)
async def test_a_card_that_breaks_a_limit_is_refused(
    client: Client, changes: dict[str, Any], code: str
) -> None:
    body = client.card(**changes)
    status, answer = await client.call("/v1.0/card/instances/createAndDeliver", body)
    assert (status, answer["code"], client.world.messages) == (400, code, [])


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"imGroupOpenSpaceModel": None}, "SPACE_NOT_OPEN"),
        ({"imGroupOpenDeliverModel": None}, "DELIVER_MODEL_MISSING"),
        ({"imGroupOpenDeliverModel": {"robotCode": "other"}}, "ROBOT_NOT_IN_GROUP"),
        ({"openSpaceId": "dtv1.card//IM_GROUP.manager0001"}, "SYSTEM_ERROR"),
        ({"openSpaceId": "dtv1.card//IM_ROBOT.manager0001"}, "SPACE_NOT_OPEN"),
    ],
)
async def test_a_failed_delivery_hides_in_a_success(
    client: Client, changes: dict[str, Any], reason: str
) -> None:
    body = {k: v for k, v in client.card(**changes).items() if v is not None}
    status, answer = await client.call("/v1.0/card/instances/createAndDeliver", body)
    (result,) = answer["result"]["deliverResults"]
    assert (status, answer["success"], result["success"]) == (200, True, False)
    assert result["errorMsg"] == reason


async def test_the_same_card_twice_is_refused(client: Client) -> None:
    await client.call("/v1.0/card/instances/createAndDeliver", client.card())
    _, answer = await client.call("/v1.0/card/instances/createAndDeliver", client.card())
    assert (answer["code"], len(client.world.messages)) == ("param.cardAlreadyExist", 1)


async def test_an_answer_changes_the_card_for_the_one_who_pressed(client: Client) -> None:
    await client.call("/v1.0/card/instances/createAndDeliver", client.card())
    socket = await client.connect()
    pressing = asyncio.create_task(press(client, "manager0001"))
    frame = await socket.receive_json()
    response = {"cardData": {"cardParamMap": {"tips": "您已完成"}}}
    await socket.send_json(answer_to(frame, {"response": response}))
    assert await pressing == {}
    payload = client.world.messages[0].payload
    assert payload["privateData"] == {"manager0001": {"tips": "您已完成"}}
    assert payload["cardParamMap"]["tips"] == ""
    assert client.world.messages[0].clicked == {"user": "manager0001", "action_id": "task_done"}


async def press(client: Client, user: str, action_id: str = "task_done") -> dict[str, Any]:
    return await client.server.click(user, client.world.messages[0].id, {"action_id": action_id})


async def test_a_press_nobody_answers_ends_in_a_toast(client: Client) -> None:
    await client.call("/v1.0/card/instances/createAndDeliver", client.card())
    toast = {"toast": "操作失败，请稍后再试"}
    assert await press(client, "manager0001") == toast
    await client.connect()
    assert await press(client, "manager0001") == toast


@pytest.mark.parametrize(
    ("user", "action_id", "sentence"),
    [("manager0001", "gone", "没有这个按钮"), ("stranger", "task_done", "没有 stranger 这个人")],
)
async def test_a_press_the_client_could_not_make(
    client: Client, user: str, action_id: str, sentence: str
) -> None:
    await client.call("/v1.0/card/instances/createAndDeliver", client.card())
    with pytest.raises(ValueError, match=sentence):
        await press(client, user, action_id)


async def test_a_message_of_another_chat_cannot_be_pressed(client: Client) -> None:
    shown = await client.server.say("manager0001", "你好")
    with pytest.raises(ValueError, match="不在你的会话里"):
        await client.server.click("manager0002", shown.id, {"action_id": "x"})
    with pytest.raises(ValueError, match="没有可以点的按钮"):
        await client.server.click("manager0001", shown.id, {"action_id": "x"})
