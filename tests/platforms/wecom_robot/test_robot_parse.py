"""What a robot is told, as events: mentions, quotations, strangers, and whatever else may come."""

import contextlib
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.events import CardClicked, MessageReceived
from bot.platforms.wecom.robot.frames import command, read_frame
from bot.platforms.wecom.robot.parse import Told, read_event, without_mention
from cards.actions import AcceptPromise

AT = datetime(2026, 1, 28, 2, 0, tzinfo=UTC)
SINGLE: dict[str, Any] = {
    "msgid": "CAIQ1",
    "aibotid": "aib1",
    "chattype": "single",
    "from": {"userid": "zhang.wei"},
    "msgtype": "text",
    "text": {"content": "在吗"},
}
CLICK = SINGLE | {
    "create_time": 1767251071,
    "msgtype": "event",
    "event": {
        "eventtype": "template_card_event",
        "template_card_event": {"event_key": AcceptPromise(12).encode(), "task_id": "k3f9a0b1c2d3"},
    },
}


def read(body: dict[str, Any], name: str = "") -> Any:
    return read_event(Told(body, "req1", AT, name))


@pytest.mark.parametrize(
    ("text", "name", "left"),
    [
        ("@线索助手 认领 8812", "", "认领 8812"),
        ("认领 8812 @线索助手", "", "认领 8812"),
        ("@线索助手", "", ""),
        ("@线索助手 @小王 张总要样机", "", "@小王 张总要样机"),
        ("@线索助手\u2005张总要样机", "", "张总要样机"),
        ("发到 a@b.com", "", "发到 a@b.com"),
        ("请 @线索 助手 记一下", "线索 助手", "请 记一下"),
        ("@小王 @一诺 张总要样机", "一诺", "@小王 张总要样机"),
        ("@一诺吧 张总要样机", "一诺", "@一诺吧 张总要样机"),
        ("@a.*b 你好", "a.*b", "你好"),
    ],
)
def test_the_robots_own_mention_is_taken_out(text: str, name: str, left: str) -> None:
    assert without_mention(text, name) == left


def test_one_to_one_nothing_is_taken_out() -> None:
    event = read(SINGLE | {"text": {"content": "@小王 在吗"}})
    assert event.text == "@小王 在吗"


def test_a_quotation_has_no_id_and_does_not_disturb() -> None:
    event = read(SINGLE | {"quote": {"msgtype": "text", "text": {"content": "样机周五寄"}}})
    assert isinstance(event, MessageReceived)
    assert (event.text, event.reply_to) == ("在吗", "")


def test_words_and_pictures_are_one_message() -> None:
    items = [
        {"msgtype": "text", "text": {"content": "@一诺 名片"}},
        {"msgtype": "image", "image": {"url": "https://x/1", "aeskey": "a"}},
        {"msgtype": "text", "text": {"content": "两张"}},
        {"msgtype": "image", "image": {"url": "https://x/2", "aeskey": "b"}},
    ]
    body = SINGLE | {"msgtype": "mixed", "mixed": {"msg_item": items}}
    event = read(body | {"chattype": "group", "chatid": "wrA"})
    assert (event.text, event.kind, event.media) == ("名片\n两张", "text", "robot:a:https://x/1")


def test_a_click_carries_the_right_to_answer_it_and_its_own_time() -> None:
    event = read(CLICK)
    assert isinstance(event, CardClicked)
    assert (event.action, event.edit_code) == (AcceptPromise(12), "robot:req1")
    assert event.at == datetime.fromtimestamp(1767251071, UTC)
    assert event.key == "wecom:aib1:CAIQ1"


def test_one_chosen_option_may_stand_for_a_list_of_one() -> None:
    chosen = {"selected_item": {"question_key": "day", "option_ids": {"option_id": "2026-02-05"}}}
    pressed = CLICK["event"]["template_card_event"] | {"selected_items": chosen}
    event = read(CLICK | {"event": CLICK["event"] | {"template_card_event": pressed}})
    assert event.form == {"day": ("2026-02-05",)}


@pytest.mark.parametrize(
    "changed",
    [
        {"msgtype": "stream"},
        {"msgtype": "location"},
        {"msgtype": None},
        {"msgid": ""},
        {"from": {}},
        {"from": {"userid": "zhang.wei", "corpid": "ww-another"}},
        {"chattype": "group"},
        {"msgtype": "event", "event": {"eventtype": "feedback_event"}},
        {"msgtype": "event", "event": "enter_chat"},
        {"msgtype": "event", "event": {"eventtype": "template_card_event"}},
    ],
)
def test_what_is_no_event_of_ours_is_ignored(changed: dict[str, Any]) -> None:
    assert read(SINGLE | changed) is None


WORDS = st.text("ab@:7 样\n", max_size=8)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=8,
)


@given(
    st.dictionaries(st.sampled_from([*CLICK, "chatid", "mixed", "voice"]), ANYTHING),
    st.sampled_from([SINGLE, CLICK]),
)
def test_no_callback_breaks_the_reading(changed: dict[str, Any], body: dict[str, Any]) -> None:
    read(body | changed)


@given(WORDS | st.builds(lambda body: command("ping", "x", {"b": body}), ANYTHING))
@example("[" * 200_000)
def test_a_frame_is_read_or_refused(raw: str) -> None:
    with contextlib.suppress(ValueError):
        assert read_frame(raw).req_id
