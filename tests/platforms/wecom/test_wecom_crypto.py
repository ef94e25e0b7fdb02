"""Every vector of the WeCom reference that is about sealing and opening."""

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.platforms.wecom.crypto import CallbackCrypto, CallbackRefused, check_fresh

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "payloads/vectors/wecom.json").read_text()
)
SIGNED = {vector["id"]: vector for vector in VECTORS["vectors"]}
SPOILT = {vector["id"]: vector for vector in VECTORS["negative"] if "encrypt" in vector}
NOT_IN_CRYPTO = {"bad_plaintext", "accept_or_malformed_body"}
NOW = datetime(2026, 1, 28, 10, 0, tzinfo=UTC)


def crypto_of(vector: dict[str, Any]) -> CallbackCrypto:
    key = VECTORS["keys"][vector["key"]]
    return CallbackCrypto(key["token"], key["encoding_aes_key"], key["receive_id"])


def opened(vector: dict[str, Any]) -> bytes:
    encrypt = vector["encrypt"] if "encrypt" in vector else vector["echostr"]
    signature = vector.get("msg_signature") or ""
    return crypto_of(vector).open(signature, vector["timestamp"], vector["nonce"], encrypt)


@pytest.mark.parametrize("name", SIGNED)
def test_a_true_callback_opens(name: str) -> None:
    vector = SIGNED[name]
    assert opened(vector).decode() == vector["plaintext"]


@pytest.mark.parametrize("name", [name for name in SIGNED if "random16_hex" in SIGNED[name]])
def test_sealing_makes_the_same_bytes(name: str) -> None:
    vector = SIGNED[name]
    encrypt, signature = crypto_of(vector).seal(
        vector["plaintext"].encode(),
        vector["timestamp"],
        vector["nonce"],
        prefix=bytes.fromhex(vector["random16_hex"]),
    )
    assert encrypt == vector.get("encrypt", vector.get("echostr"))
    assert signature == vector["msg_signature"]


@pytest.mark.parametrize("name", SPOILT)
def test_a_spoilt_callback_is_refused_for_the_right_reason(name: str) -> None:
    vector = SPOILT[name]
    expected = vector["expect_error"]
    if expected in NOT_IN_CRYPTO or expected.startswith("accept_or_bad_padding"):
        assert opened(vector)
        return
    with pytest.raises(CallbackRefused) as refused:
        opened(vector)
    allowed = {expected.removeprefix("accept_or_"), *(vector.get("also_acceptable") or ())}
    assert refused.value.reason in allowed


def test_one_app_cannot_open_what_was_meant_for_another() -> None:
    vector = {**SIGNED["msg-text"], "key": "app_ascii"}
    with pytest.raises(CallbackRefused, match="bad_signature"):
        opened(vector)


def test_a_timestamp_exchanged_with_the_nonce_keeps_the_signature_but_is_stale() -> None:
    swapped = next(one for one in VECTORS["properties"] if "swapped" in one)
    vector = {
        **SIGNED[swapped["based_on"]],
        **swapped["swapped"],
        "msg_signature": swapped["msg_signature"],
    }
    assert opened(vector)
    with pytest.raises(CallbackRefused, match="stale"):
        check_fresh(vector["timestamp"], datetime.fromtimestamp(1767251285, UTC))


@pytest.mark.parametrize("age_seconds", [-300, 0, 3600])
def test_a_callback_of_the_last_hour_is_fresh(age_seconds: int) -> None:
    sent = NOW - timedelta(seconds=age_seconds)
    check_fresh(str(int(sent.timestamp())), NOW)


@pytest.mark.parametrize("age_seconds", [-301, 3601])
def test_an_older_callback_is_stale_and_so_is_one_from_the_future(age_seconds: int) -> None:
    sent = NOW - timedelta(seconds=age_seconds)
    with pytest.raises(CallbackRefused, match="stale"):
        check_fresh(str(int(sent.timestamp())), NOW)


@pytest.mark.parametrize("timestamp", ["", "-5", "1e9", "１７６９５９４４００", "17695944000000"])
def test_what_is_no_time_is_stale(timestamp: str) -> None:
    with pytest.raises(CallbackRefused, match="stale"):
        check_fresh(timestamp, NOW)


@pytest.mark.parametrize("key", ["", "short", "a" * 42, "a" * 44, "?" * 43])
def test_a_wrong_key_is_named_with_the_remedy(key: str) -> None:
    with pytest.raises(ValueError, match="43 base64 characters"):
        CallbackCrypto("token", key, "ww1")


@given(st.binary(max_size=200), st.integers(0, 10**10))
def test_what_is_sealed_opens(message: bytes, nonce: int) -> None:
    crypto = crypto_of(SIGNED["msg-text"])
    encrypt, signature = crypto.seal(message, "1", str(nonce))
    assert crypto.open(signature, "1", str(nonce), encrypt) == message


@given(st.binary(max_size=120))
def test_random_bytes_are_refused_not_stumbled_over(data: bytes) -> None:
    with pytest.raises(CallbackRefused):
        crypto_of(SIGNED["msg-text"]).decrypt(base64.b64encode(data).decode())
