"""No recorded vector lies about unused: each is given to a test, or its section says why not."""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from _pytest.mark import ParameterSet

from tests.platforms.dingtalk import (
    test_dingtalk_crypto,
    test_dingtalk_errors,
    test_dingtalk_http,
    test_dingtalk_stream,
)
from tests.platforms.feishu import test_feishu_frames, test_feishu_vectors
from tests.platforms.wecom import test_wecom_callbacks, test_wecom_crypto
from tests.platforms.wecom_robot import test_robot_http

VECTORS = Path(__file__).parents[1] / "payloads/vectors"
ROOT = Path(__file__).parents[2]
Test = Callable[..., object]

EACH: Mapping[str, tuple[Test, ...]] = {
    "wecom.vectors": (test_wecom_crypto.test_a_true_callback_opens,),
    "wecom.negative": (
        test_wecom_callbacks.test_a_spoilt_callback_gets_the_same_answer_whatever_is_wrong,
        test_robot_http.test_every_spoilt_callback_is_refused_alike,
    ),
    "wecom.media": (test_robot_http.test_every_recorded_file_is_opened,),
    "dingtalk.robot_http.cases": (test_dingtalk_http.test_recorded_robot_requests,),
    "dingtalk.custom_robot_sign.cases": (
        test_dingtalk_crypto.test_robots_of_a_group_sign_by_the_same_recipe,
    ),
    "dingtalk.card_http.cases": (test_dingtalk_http.test_recorded_clicks,),
    "dingtalk.event_crypto.cases": (test_dingtalk_http.test_recorded_events,),
    "dingtalk.event_reply.cases": (
        test_dingtalk_crypto.test_any_recorded_reply_can_be_opened_again,
    ),
    "dingtalk.stream.frames": (
        test_dingtalk_stream.test_each_frame_gets_the_answer_of_the_protocol,
        test_dingtalk_stream.test_what_wants_no_answer_gets_none_and_ends_nothing,
    ),
    "dingtalk.openapi.cases": (test_dingtalk_errors.test_recorded_answers,),
    "feishu.vectors": (test_feishu_vectors.test_the_answer_to_each,),
    "feishu.websocket.frames": (
        test_feishu_frames.test_each_recorded_frame_is_read_and_written_byte_by_byte,
    ),
}
"""Section → tests that are run once for each of its entries."""

BY_HAND: Mapping[str, tuple[Test, ...]] = {
    "wecom.properties": (
        test_wecom_crypto.test_a_timestamp_exchanged_with_the_nonce_keeps_the_signature_but_is_stale,
        test_wecom_callbacks.test_a_redelivery_has_the_same_identity,
        test_wecom_crypto.test_one_app_cannot_open_what_was_meant_for_another,
    ),
    "dingtalk.stream.open.request.json.subscriptions": (
        test_dingtalk_stream.test_the_connection_is_opened_with_the_subscriptions_of_the_protocol,
    ),
}
"""Section → the tests of its entries, one by one."""

ALONE = {test_dingtalk_stream.LATER, test_dingtalk_stream.CARD}
"""Frames with a test of their own."""

UNUSED = {"wecom.jssdk", "feishu.custom_bot_webhook_sign"}
"""Of what the bot does not do: docs/platforms.md says why."""


def sections() -> Iterator[tuple[str, list[Any]]]:
    for file in sorted(VECTORS.glob("*.json")):
        yield from _lists(file.stem, json.loads(file.read_text(encoding="utf-8")))


def _lists(name: str, part: Any) -> Iterator[tuple[str, list[Any]]]:
    """Wherever entries stand below one another."""
    if isinstance(part, dict):
        for key, value in part.items():
            yield from _lists(f"{name}.{key}", value)
    elif isinstance(part, list) and all(isinstance(entry, dict) for entry in part):
        yield name, part


def given_to(test: Test) -> list[Any]:
    """Whole entries or their names."""
    marks = [mark for mark in getattr(test, "pytestmark", ()) if mark.name == "parametrize"]
    values = [value for mark in marks for value in mark.args[1]]
    return [value.values[0] if isinstance(value, ParameterSet) else value for value in values]


@pytest.mark.parametrize(("section", "entries"), [*sections()])
def test_every_recorded_vector_is_given_to_a_test(section: str, entries: list[Any]) -> None:
    if section in BY_HAND or section in UNUSED:
        return
    given = [value for test in EACH[section] for value in given_to(test)]
    names = {value for value in given if isinstance(value, str)} | ALONE
    left = [entry for entry in entries if entry not in given and name_of(entry) not in names]
    assert left == []


def name_of(entry: Mapping[str, Any]) -> str:
    return str(entry.get("id") or entry.get("name") or "")


def test_every_section_that_is_left_out_has_its_reason() -> None:
    told = (ROOT / "docs/platforms.md").read_text(encoding="utf-8")
    assert {name for name in UNUSED if f"`{name}`" not in told} == set()
