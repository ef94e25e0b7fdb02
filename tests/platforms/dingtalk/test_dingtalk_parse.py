"""Recorded payloads in, events out; what cannot be understood is None with a reason."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from bot.events import CardClicked, MessageReceived
from bot.platforms.dingtalk.parse import parse_click, parse_message, quota_used_up
from cards.actions import AcceptPromise, CounterPromise

VECTORS = json.loads(
    (Path(__file__).parents[2] / "payloads/vectors/dingtalk.json").read_text(encoding="utf-8")
)
NOW = datetime(2026, 1, 5, 2, 0, tzinfo=UTC)
KINDS = {"text": "text", "audio": "voice", "richText": "text", "unknown": "other"}
MESSAGES = [
    pytest.param(case["frame"], case["parsed"], id=case["name"])
    for case in VECTORS["stream"]["frames"]
    if "text" in case.get("parsed", {}) and case["parsed"]["kind"] in KINDS
]
PRESSES = [
    pytest.param(case["body"], case["expect"]["parsed"], id=case["name"])
    for case in VECTORS["card_http"]["cases"]
    if "parsed" in case["expect"]
]


def message(**changes: Any) -> MessageReceived | None:
    body = {
        "msgId": "msg1",
        "msgtype": "text",
        "text": {"content": "你好"},
        "conversationType": "1",
        "conversationId": "cidSINGLE==",
        "senderStaffId": "chen",
        "senderNick": "小陈",
        "createAt": 1767225600000,
    }
    return parse_message({**body, **changes}, now=NOW)


def press(action_id: str, **changes: Any) -> CardClicked[Any] | None:
    content = {"cardPrivateData": {"actionIds": [action_id], "params": changes.pop("params", {})}}
    body = {
        "outTrackId": "c0000000001a",
        "userId": "chen",
        "userIdType": 1,
        "spaceId": "cidANY==",
        "content": json.dumps(content),
    }
    return parse_click({**body, **changes}, frame_id="m-1", at=NOW)


@pytest.mark.parametrize(("frame", "expected"), MESSAGES)
def test_recorded_messages(frame: dict[str, Any], expected: dict[str, Any]) -> None:
    found = parse_message(json.loads(frame["data"]), now=NOW)
    assert found is not None
    in_group = expected["conversation_type"] == "group"
    chat = expected["conversation_id"] if in_group else expected["sender_user_id"]
    media = [one["download_code"] for one in expected.get("media", [])]
    assert found == MessageReceived(
        key=f"dingtalk:message:{expected['message_id']}",
        at=datetime(2026, 1, 1, tzinfo=UTC),
        sender=f"dingtalk:{expected['sender_user_id']}",
        chat=f"dingtalk:{chat}",
        text=expected["text"],
        kind=KINDS[expected["kind"]],  # type: ignore[arg-type]
        media="".join(media),
        message_id=expected["message_id"],
        sender_name=expected["sender_name"],
        in_group=in_group,
    )


@pytest.mark.parametrize(
    ("changes", "kind", "text", "media"),
    [
        ({"msgtype": "picture", "content": {"downloadCode": "p"}}, "image", "", "p"),
        ({"msgtype": "audio", "content": {"downloadCode": "a"}}, "voice", "", "a"),
        (
            {"msgtype": "file", "content": {"downloadCode": "f", "fileName": "报价.pdf"}},
            "file",
            "报价.pdf",
            "f",
        ),
        ({"msgtype": "picture", "content": {"pictureDownloadCode": "q"}}, "image", "", "q"),
        ({"msgtype": "unknownMsgType", "content": {"unknownMsgType": "暂不支持"}}, "other", "", ""),
        ({"msgtype": "hologram", "text": None, "content": {"x": 1}}, "other", "", ""),
        (
            {
                "msgtype": "richText",
                "content": {
                    "richText": [
                        {"text": "名片见图"},
                        {"type": "picture", "pictureDownloadCode": "p1"},
                        {"type": "picture", "downloadCode": "p2"},
                        {"text": "请建线索"},
                    ]
                },
            },
            "text",
            "名片见图\n请建线索",
            "p1",
        ),
        ({"msgtype": "video", "content": {"downloadCode": "v", "duration": "5"}}, "file", "", "v"),
        (
            {"msgtype": "richText", "content": {"richText": [{"downloadCode": "p"}]}},
            "image",
            "",
            "p",
        ),
        ({"msgtype": "richText", "content": {"richText": ["?", {"text": 5}]}}, "text", "", ""),
        ({"text": {}, "content": " 另一页上的写法 "}, "text", "另一页上的写法", ""),
        ({"text": None}, "text", "", ""),
    ],
)
def test_kinds_of_messages(changes: dict[str, Any], kind: str, text: str, media: str) -> None:
    found = message(**changes)
    assert found is not None
    assert (found.kind, found.text, found.media) == (kind, text, media)


@pytest.mark.parametrize(
    ("changes", "quoted"),
    [
        ({"originalProcessQueryKey": "sent1", "originalMsgId": "m9"}, "sent1"),
        ({"text": {"content": "好", "originalProcessQueryKey": "sent1"}}, "sent1"),
        ({"originalMsgId": "m9"}, "m9"),
        ({"text": {"content": "好", "repliedMsg": {"msgId": "m8"}}}, "m8"),
        ({}, ""),
    ],
)
def test_a_quotation_names_what_it_answers(changes: dict[str, Any], quoted: str) -> None:
    found = message(**changes)
    assert found is not None
    assert found.reply_to == quoted


@pytest.mark.parametrize("created", [1767225600000, "1767225600000"])
def test_times_come_as_numbers_or_text(created: object) -> None:
    found = message(createAt=created)
    assert found is not None
    assert found.at == datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("created", [None, "soon", 10**30, []])
def test_a_time_that_is_none_becomes_now(created: object) -> None:
    found = message(createAt=created)
    assert found is not None
    assert found.at == NOW


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"msgtype": None}, "no msgtype"),
        ({"msgId": ""}, "no msgId"),
        ({"senderStaffId": ""}, "not an employee"),
        ({"conversationType": "2", "conversationId": ""}, "group without conversationId"),
        ({"errorCode": 20001}, "quota"),
        ({"errCode": 20001}, "quota"),
    ],
)
def test_what_is_no_message_is_none_with_a_reason(changes: dict[str, Any], reason: str) -> None:
    with capture_logs() as logs:
        assert message(**changes) is None
    assert reason in logs[0]["reason"]


def test_the_recorded_quota_message_is_recognised() -> None:
    (case,) = (c for c in VECTORS["stream"]["frames"] if c["name"] == "bot_quota_exhausted")
    assert quota_used_up(json.loads(case["frame"]["data"]))


@pytest.mark.parametrize(("body", "expected"), PRESSES)
def test_recorded_presses_are_read_in_every_shape(body: str, expected: dict[str, Any]) -> None:
    """Their buttons are not ours, so they are foreign; ours in the same shape is understood."""
    ours = body.replace(expected["action_ids"][0], "promise.accept?promise=12")
    with capture_logs() as logs:
        assert parse_click(json.loads(body), frame_id="m", at=NOW) is None
    assert expected["action_ids"][0] in logs[0]["reason"]
    found = parse_click(json.loads(ours), frame_id="m", at=NOW)
    assert found is not None
    assert (found.card, found.sender) == (
        expected["out_track_id"],
        f"dingtalk:{expected['user_id']}",
    )
    assert found.action == AcceptPromise(12)


def test_a_press_says_card_action_and_person() -> None:
    assert press("promise.accept?promise=12") == CardClicked(
        key="dingtalk:click:c0000000001a:m-1",
        at=NOW,
        sender="dingtalk:chen",
        chat="dingtalk:chen",
        action=AcceptPromise(12),
        card="c0000000001a",
    )


@pytest.mark.parametrize(
    ("action_id", "space", "chat"),
    [
        ("promise.accept?promise=12#@", "cidGROUP==", "dingtalk:cidGROUP=="),
        ("promise.accept?promise=12#@", "", "dingtalk:chen"),
        ("promise.accept?promise=12", "cidSINGLE==", "dingtalk:chen"),
    ],
    ids=["group", "group of unknown id", "one to one"],
)
def test_the_button_knows_whether_it_stood_in_a_group(
    action_id: str, space: str, chat: str
) -> None:
    found = press(action_id, spaceId=space)
    assert found is not None
    assert found.chat == chat


def test_a_form_of_a_template_of_ones_own_is_read() -> None:
    form = {"day": "2026-02-05", "tags": {"index": [0, 1], "value": ["价格", "竞品"]}, "no": None}
    found = press("promise.counter?promise=12", params={"form": form})
    assert found is not None
    assert found.action == CounterPromise(12)
    assert found.form == {"day": ("2026-02-05",), "tags": ("价格", "竞品"), "no": ()}


@pytest.mark.parametrize(
    "action_id",
    ["", "task_done", "promise.accept?promise=x", "promise.accept", "promise.accept?promise=1&x=2"],
)
def test_a_foreign_button_is_none_with_a_reason(action_id: str) -> None:
    with capture_logs() as logs:
        assert press(action_id) is None
    assert "foreign button" in logs[0]["reason"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
MESSAGE_FIELDS = ("msgtype", "text", "content", "createAt", "conversationType", "originalMsgId")


@settings(deadline=None)
@given(st.fixed_dictionaries({}, optional=dict.fromkeys(MESSAGE_FIELDS, JSON)))
def test_no_message_makes_the_parser_fail(changes: dict[str, Any]) -> None:
    message(**changes)


@settings(deadline=None)
@given(st.fixed_dictionaries({}, optional=dict.fromkeys(("content", "value", "spaceId"), JSON)))
def test_no_press_makes_the_parser_fail(changes: dict[str, Any]) -> None:
    press("promise.accept?promise=12", **changes)


@settings(deadline=None)
@given(JSON)
def test_no_form_makes_the_parser_fail(params: Any) -> None:
    press("promise.accept?promise=12", params={"form": params})
    press("promise.accept?promise=12", params=params)
