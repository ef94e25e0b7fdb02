"""Payloads nobody recorded: what is odd or foreign is left for a reason, never a crash."""

from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.events import CardClicked, MessageReceived
from bot.platforms.feishu.parse import parse


def header(event_type: str, **changes: Any) -> dict[str, Any]:
    return {
        "event_id": "e1",
        "event_type": event_type,
        "create_time": "1760000000123",
        "app_id": "cli_1",
        "tenant_key": "t1",
    } | changes


def message(**changes: Any) -> dict[str, Any]:
    raw = {
        "message_id": "om_1",
        "create_time": "1760000000000",
        "chat_id": "oc_1",
        "chat_type": "group",
        "message_type": "text",
        "content": '{"text":"在吗"}',
    } | changes
    sender = {"sender_id": {"open_id": "ou_1"}, "sender_type": "user"}
    return {
        "schema": "2.0",
        "header": header("im.message.receive_v1"),
        "event": {"sender": sender, "message": raw},
    }


def click(**changes: Any) -> dict[str, Any]:
    event = {
        "operator": {"open_id": "ou_1"},
        "action": {"tag": "button", "value": {"a": "promise.accept?promise=12", "c": "card1"}},
        "context": {"open_message_id": "om_1", "open_chat_id": "oc_1"},
    } | changes
    return {
        "schema": "2.0",
        "header": header("card.action.trigger", create_time="1760000000456789"),
        "event": event,
    }


def text_of(**changes: Any) -> str:
    event = parse(message(**changes))
    assert isinstance(event, MessageReceived)
    return event.text


def mention(number: int, name: str, kind: str = "user") -> dict[str, Any]:
    return {"key": f"@_user_{number}", "id": {}, "name": name, "mentioned_type": kind}


def test_mentions_become_names_and_the_tenth_is_not_the_first() -> None:
    mentions = [mention(1, "一诺", "bot"), mention(10, "李雷"), mention(2, "韩梅梅")]
    content = '{"text":"@_user_1 请 @_user_10 和 @_user_2 看，@_all 也看，@_user_3 不在"}'

    assert text_of(content=content, mentions=mentions) == (
        "请 @李雷 和 @韩梅梅 看，@所有人 也看，@_user_3 不在"
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"content": "not json"},
        {"content": "[]"},
        {"content": {"text": "在吗"}},
        {"message_id": ""},
        {"message_id": None},
        {"create_time": "soon"},
        {"create_time": "17600000000000000"},
        {"mentions": "all"},
        {"chat_type": 3},
    ],
)
def test_a_malformed_message_is_left_and_logged(changes: dict[str, Any]) -> None:
    with capture_logs() as logs:
        assert parse(message(**changes)) is None
    assert logs[-1]["event"] == "feishu.ignored"
    assert logs[-1]["reason"] == "malformed"


def test_null_counts_as_missing() -> None:
    assert text_of(mentions=None, parent_id=None) == "在吗"


@pytest.mark.parametrize("content", ['{"content":7}', '{"content":[7,[8,{"tag":"x"}]]}', "{}"])
def test_odd_rich_text_is_empty(content: str) -> None:
    assert text_of(message_type="post", content=content) == ""


def test_further_pictures_of_rich_text_are_logged() -> None:
    content = (
        '{"title":"","content":[[{"tag":"img","image_key":"a"},{"tag":"img","image_key":"b"}]]}'
    )
    with capture_logs() as logs:
        event = parse(message(message_type="post", content=content))

    assert isinstance(event, MessageReceived)
    assert event.media == "om_1/image/a"
    assert (logs[-1]["event"], logs[-1]["count"]) == ("feishu.pictures_left", 1)


def test_a_message_without_a_person_is_left() -> None:
    payload = message()
    payload["event"]["sender"]["sender_id"] = {}

    assert parse(payload) is None


@pytest.mark.parametrize(
    "payload", [{}, {"header": 3}, {"header": {}}, {"schema": "2.0", "event": {}}, {"event": []}]
)
def test_an_unknown_type_is_left_and_logged(payload: dict[str, Any]) -> None:
    with capture_logs() as logs:
        assert parse(payload) is None
    assert logs[-1]["reason"] == "no use for this type"


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"a": 7},
        {"a": "promise.accept?promise=x"},
        {"a": "promise.accept"},
        "claim:L-1",
        7,
        None,
    ],
)
def test_a_foreign_action_is_no_click(value: object) -> None:
    assert parse(click(action={"tag": "button", "value": value})) is None


def test_a_click_in_a_one_to_one_chat_belongs_to_the_person() -> None:
    value = {"a": "promise.accept?promise=12", "c": "card1", "p": 1}
    event = parse(click(action={"tag": "button", "value": value}))

    assert isinstance(event, CardClicked)
    assert event.chat == event.sender == "feishu:ou_1"


def test_the_context_may_stand_beside_the_event() -> None:
    payload = click()
    payload["context"] = payload["event"].pop("context")
    event = parse(payload)

    assert isinstance(event, CardClicked)
    assert (event.message_id, event.chat) == ("om_1", "feishu:oc_1")


def test_nobody_cannot_click() -> None:
    assert parse(click(operator={})) is None


def test_empty_fields_of_a_form_are_missing() -> None:
    action = {
        "value": "promise.counter?promise=12",
        "form_value": {"day": "", "tags": [], "note": None, "n": 3},
    }
    event = parse(click(action=action))

    assert isinstance(event, CardClicked)
    assert event.form == {"n": ("3",)}
