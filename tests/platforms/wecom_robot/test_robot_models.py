"""A public SDK of the robot as witness: what we say has the types that it declares."""

import json
from collections.abc import Mapping
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints, is_typeddict

from wecom_aibot_sdk import types

from bot.platforms.wecom.robot import frames
from bot.platforms.wecom.robot.way import as_welcome, greeting, markdown
from cards.model import Card
from cards.render.wecom_robot import render_for_robot
from tests.platforms.wecom_robot.test_robot_long import CARD, DONE, PROMISE


def is_a(value: Any, declared: Any) -> bool:
    """As far as the SDK's declarations go: pydantic reads no such types before Python 3.12."""
    if is_typeddict(declared):
        hints = get_type_hints(declared)
        return declared.__required_keys__ <= value.keys() <= hints.keys() and all(
            is_a(one, hints[key]) for key, one in value.items()
        )
    kind, options = get_origin(declared), get_args(declared)
    if kind is Literal:
        return value in options
    if kind in (Union, UnionType):
        return any(is_a(value, option) for option in options)
    if kind is dict:
        return isinstance(value, dict) and all(is_a(one, options[1]) for one in value.values())
    return declared is Any or isinstance(value, kind or declared)


def shown(card: Card, *, editing: bool = False) -> Mapping[str, Any]:
    rendered = render_for_robot(card, CARD, editing=editing).card
    assert rendered is not None
    return rendered


def test_messages_and_cards_are_of_the_declared_types() -> None:
    card = {"msgtype": "template_card", "template_card": shown(PROMISE)}
    for body in (markdown("**好**"), card):
        assert is_a(body, types.SendMsgBody)
    for body in (greeting(), as_welcome(markdown("好")), as_welcome(card)):
        assert is_a(body, types.WelcomeReplyBody)
    assert shown(PROMISE)["card_type"] in list(types.TemplateCardType)


def test_the_answer_to_a_click_is_of_the_declared_type() -> None:
    body = {
        "response_type": "update_template_card",
        "template_card": shown(DONE, editing=True),
    }
    assert is_a(body, types.UpdateTemplateCardBody)


def test_what_is_of_no_declared_type_would_be_noticed() -> None:
    for body in (
        {"msgtype": "text", "text": {"content": "好"}},
        {**markdown("好"), "at": "all"},
        {"msgtype": "markdown"},
        {"msgtype": "markdown", "markdown": {"content": 1}},
    ):
        assert not is_a(body, types.SendMsgBody)


def test_commands_have_its_names_and_frames_its_shape() -> None:
    theirs = {value for name, value in vars(types.WsCmd).items() if name.isupper()}
    said = {frames.SUBSCRIBE, frames.PING, frames.SEND, frames.RESPOND}
    assert theirs >= said | {frames.WELCOME, frames.UPDATE, frames.MESSAGE, frames.EVENT}
    for frame in (
        frames.command(frames.PING, "r1"),
        frames.command(frames.SEND, "r2", {"chatid": "LiNa", **markdown("好")}),
    ):
        assert is_a(json.loads(frame), types.WsFrame)
