"""The imitated API: its refusals, its limits, and messages."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.playground.dingtalk.conftest import GROUP, Client, assert_like, recorded


async def test_a_token_stays_the_same_within_its_life(client: Client) -> None:
    app = client.server.app
    body = {"appKey": app.client_id, "appSecret": app.client_secret}
    answer = await client.post("/v1.0/oauth2/accessToken", body)
    assert_like(answer, "token_ok")
    assert answer[1]["expireIn"] == 7200
    first = await client.token()
    client.clock.move_to(client.clock() + timedelta(seconds=7199))
    assert await client.token() == first
    client.clock.move_to(client.clock() + timedelta(seconds=1))
    assert await client.token() != first


async def test_refusals_look_as_recorded(client: Client) -> None:
    wrong = await client.post("/v1.0/oauth2/accessToken", {"appKey": "x", "appSecret": "y"})
    assert_like(wrong, "token_bad_secret")
    stale = await client.post("/v1.0/robot/oToMessages/batchSend", {})
    assert_like(stale, "token_invalid")
    client.server.app.scopes.clear()
    denied = await client.call("/v1.0/card/instances/createAndDeliver", client.card())
    assert_like(denied, "permission_missing")
    assert denied[1]["accessdenieddetail"] == {"requiredScopes": ["Card.Instance.Write"]}


async def test_more_than_twenty_calls_a_second_are_refused(client: Client) -> None:
    for _ in range(20):
        await client.call("/v1.0/robot/oToMessages/batchSend", {})
    assert_like(await client.call("/v1.0/robot/oToMessages/batchSend", {}), "qps_app_api")
    other = await client.call("/v1.0/robot/groupMessages/send", {})
    assert other[1]["code"] == "invalidParameter.robotCode.notExsit"


async def test_the_month_has_five_thousand_calls(client: Client) -> None:
    client.server.quota.calls["2026-01"] = 4999
    await client.call("/v1.0/robot/oToMessages/batchSend", {})
    assert_like(await client.call("/v1.0/robot/oToMessages/batchSend", {}), "monthly_quota")
    client.clock.move_to(datetime(2026, 1, 31, 16, 0, tzinfo=UTC))  # February in China
    answer = await client.call("/v1.0/robot/oToMessages/batchSend", {})
    assert answer[1]["code"] == "invalidParameter.robotCode.notExsit"


def message(client: Client, **changes: Any) -> dict[str, Any]:
    return {
        "robotCode": client.server.app.client_id,
        "msgKey": "sampleMarkdown",
        "msgParam": json.dumps({"title": "任务提醒", "text": "**张先生** 还没有回电"}),
        **changes,
    }


async def test_some_get_it_some_later_some_never(client: Client) -> None:
    client.server.robot.throttled.add("manager0002")
    request = recorded("oto_partial")["request"]["json"]
    answer = await client.call(
        "/v1.0/robot/oToMessages/batchSend", message(client, userIds=request["userIds"])
    )
    expected = recorded("oto_partial")["response"]
    assert {**answer[1], "processQueryKey": ""} == {**expected, "processQueryKey": ""}
    (shown,) = client.world.messages
    assert (shown.chat, shown.id) == ("manager0001", answer[1]["processQueryKey"])
    assert shown.payload == {
        "msgKey": "sampleMarkdown",
        "title": "任务提醒",
        "text": "**张先生** 还没有回电",
    }


async def test_a_group_gets_a_message(client: Client) -> None:
    answer = await client.call(
        "/v1.0/robot/groupMessages/send", message(client, openConversationId=GROUP)
    )
    assert_like(answer, "group_send_ok")
    assert client.world.messages[0].chat == GROUP


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"robotCode": "other"}, "invalidParameter.robotCode.notExsit"),
        ({"msgKey": "sampleHologram"}, "invalidParameter.msgKey"),
        ({"msgKey": None}, "invalidParameter.msgKey"),
        ({"msgParam": {"title": "a", "text": "b"}}, "invalidParameter.msgParam"),
        ({"msgParam": '{"title": "a"}'}, "invalidParameter.msgParam"),
        ({"msgParam": '{"title": "a", "text": 5}'}, "invalidParameter.msgParam"),
        ({"msgParam": "{"}, "invalidParameter.msgParam"),
        (
            {"msgParam": json.dumps({"title": "a", "text": "x" * 15_000})},
            "invalidParameter.msgParam",
        ),
        ({"openConversationId": "manager0001"}, "invalid.openConversationId"),
    ],
)
async def test_a_message_that_breaks_a_rule_is_refused(
    client: Client, changes: dict[str, Any], code: str
) -> None:
    body = message(client, **({"openConversationId": GROUP} | changes))
    status, answer = await client.call("/v1.0/robot/groupMessages/send", body)
    assert (status, answer["code"], client.world.messages) == (400, code, [])


async def test_a_session_reply_lives_ninety_minutes(client: Client) -> None:
    await client.connect()
    await client.server.say("manager0001", "在吗")
    url = json.loads(client.server.gateway.sent[-1]["data"])["sessionWebhook"]
    body = recorded("session_webhook_ok")["request"]["json"]
    async with client.http.post(url, json=body) as response:
        assert await response.json() == recorded("session_webhook_ok")["response"]
    assert client.world.messages[-1].payload["content"] == "收到 @manager0001"
    client.clock.move_to(client.clock() + timedelta(minutes=90))
    async with client.http.post(url, json=body) as response:
        assert await response.json() == recorded("session_webhook_expired")["response"]
