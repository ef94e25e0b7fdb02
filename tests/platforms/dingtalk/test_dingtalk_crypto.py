"""Every signature and encryption vector, the bad ones with the right refusal."""

import base64
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.platforms.dingtalk.crypto import (
    EventCrypto,
    Refused,
    check_card_sign,
    check_robot_sign,
)

VECTORS = json.loads(
    (Path(__file__).parents[2] / "payloads/vectors/dingtalk.json").read_text(encoding="utf-8")
)


def cases(section: str) -> list[Any]:
    return [
        pytest.param(case, id=case.get("name", case.get("nonce")))
        for case in VECTORS[section]["cases"]
    ]


def moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def refusal(error: pytest.ExceptionInfo[Refused]) -> str:
    return error.value.reason


@pytest.mark.parametrize("case", cases("robot_http"))
def test_robot_messages_over_http_are_signed_with_the_app_secret(case: dict[str, Any]) -> None:
    given: dict[str, Any] = {"app_secret": case["app_secret"], "now": moment(case["now_ms"])}
    if case["expect"]["valid"]:
        check_robot_sign(case["headers"], **given)
        return
    with pytest.raises(Refused) as error:
        check_robot_sign(case["headers"], **given)
    assert refusal(error) == case["expect"]["reason"]


def test_header_names_are_compared_without_case() -> None:
    case = VECTORS["robot_http"]["cases"][0]
    headers = {name.title(): value for name, value in case["headers"].items()}
    check_robot_sign(headers, app_secret=case["app_secret"], now=moment(case["now_ms"]))


@pytest.mark.parametrize("case", cases("card_http"))
def test_card_clicks_over_http_sign_the_bare_timestamp(case: dict[str, Any]) -> None:
    given: dict[str, Any] = {"api_secret": case["api_secret"], "now": moment(case["now_ms"])}
    if case["expect"]["valid"]:
        check_card_sign(case["headers"], **given)
        return
    with pytest.raises(Refused) as error:
        check_card_sign(case["headers"], **given)
    assert refusal(error) == case["expect"]["reason"]


@pytest.mark.parametrize("case", VECTORS["custom_robot_sign"]["cases"])
def test_robots_of_a_group_sign_by_the_same_recipe(case: dict[str, Any]) -> None:
    """The bot uses no such robots; what it checks of its own is the same HMAC."""
    headers = {"timestamp": case["timestamp"], "sign": case["sign_base64"]}
    now = moment(int(case["timestamp"]))
    check_robot_sign(headers, app_secret=case["secret"], now=now)
    with pytest.raises(Refused):
        check_robot_sign(headers, app_secret=case["secret"] + "x", now=now)


def decrypt(case: dict[str, Any]) -> str:
    crypto = EventCrypto(case["token"], case["aes_key"], case["owner_key"])
    now = moment(int(case["query"]["timestamp"]))
    return crypto.decrypt(case["query"], case["body"]["encrypt"], now=now)


SEVERAL_REASONS = {
    "wrong_aes_key": {"padding", "length", "owner_key"},
    "truncated_whole_blocks": {"padding", "length", "owner_key"},
}


@pytest.mark.parametrize("case", cases("event_crypto"))
def test_events_over_http_are_opened_or_refused(case: dict[str, Any]) -> None:
    if case["expect"]["valid"]:
        assert decrypt(case) == case["expect"]["plaintext"]
        return
    with pytest.raises(Refused) as error:
        decrypt(case)
    assert refusal(error) in SEVERAL_REASONS.get(case["name"], {case["expect"]["reason"]})


def test_a_stale_event_is_refused() -> None:
    case = VECTORS["event_crypto"]["cases"][0]
    crypto = EventCrypto(case["token"], case["aes_key"], case["owner_key"])
    late = moment(int(case["query"]["timestamp"]) + 3_600_000)
    with pytest.raises(Refused, match="timestamp"):
        crypto.decrypt(case["query"], case["body"]["encrypt"], now=late)


def test_the_reply_to_an_event_is_the_encrypted_word_success() -> None:
    case = VECTORS["event_reply"]["cases"][0]
    crypto = EventCrypto(case["token"], case["aes_key"], case["owner_key"])
    reply = crypto.reply(
        case["plaintext"],
        timestamp_ms=int(case["timestamp"]),
        nonce=case["nonce"],
        random16=case["random16"].encode(),
    )
    assert reply == case["reply"]


@pytest.mark.parametrize("case", cases("event_reply"))
def test_any_recorded_reply_can_be_opened_again(case: dict[str, Any]) -> None:
    """The official Python sample leaves a newline in the ciphertext; a decoder survives it."""
    crypto = EventCrypto(case["token"], case["aes_key"], case["owner_key"])
    reply = case["reply"]
    query = {
        "msg_signature": reply["msg_signature"],
        "timestamp": reply["timeStamp"],
        "nonce": reply["nonce"],
    }
    milliseconds = int(reply["timeStamp"])
    assert crypto.decrypt(query, reply["encrypt"], now=moment(milliseconds)) == "success"


def test_secrets_are_not_shown() -> None:
    key = base64.b64encode(bytes(32)).decode().rstrip("=")
    assert key not in repr(EventCrypto("token-of-ours", key, "dingclient"))
    assert "token-of-ours" not in repr(EventCrypto("token-of-ours", key, "dingclient"))
