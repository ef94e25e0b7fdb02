"""The codec of the long connection against recorded frames, and frames that are none."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.platforms.feishu.frames import Frame, answer, decode, encode, failure, json_object, ping

FILE = json.loads(Path("tests/payloads/vectors/feishu.json").read_text(encoding="utf-8"))
FRAMES: dict[str, dict[str, Any]] = {each["id"]: each for each in FILE["websocket"]["frames"]}


def recorded(name: str) -> bytes:
    return bytes.fromhex(FRAMES[name]["hex"])


@pytest.mark.parametrize("name", FRAMES)
def test_each_recorded_frame_is_read_and_written_byte_by_byte(name: str) -> None:
    case, frame = FRAMES[name], decode(recorded(name))
    assert [list(pair) for pair in frame.headers] == case["headers"]
    numbers = (case["seq_id"], case["log_id"], case["service"], case["method"])
    assert (frame.seq_id, frame.log_id, frame.service, frame.method) == numbers
    if case.get("payload_utf8") is not None:
        assert frame.payload == case["payload_utf8"].encode()
    assert encode(frame) == recorded(name)


def test_pings_and_answers_are_those_of_the_sdk() -> None:
    event, click = decode(recorded("event")), decode(recorded("card_callback"))
    toast = {"toast": {"type": "success", "content": "已认领"}}
    assert encode(ping(FRAMES["ping"]["service"])) == recorded("ping")
    assert encode(answer(event, 200, {}, 5)) == recorded("ack_ok")
    assert encode(failure(event)) == recorded("ack_error")
    assert encode(answer(click, 200, toast, 12)) == recorded("card_callback_ack_with_toast")


def test_members_of_a_later_version_are_passed_over() -> None:
    later = (
        bytes([10 << 3, 7]) + bytes([11 << 3 | 1]) + b"8 octets" + bytes([12 << 3 | 5]) + b"four"
    )
    assert decode(recorded("event") + later) == decode(recorded("event"))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\x08", "truncated"),
        (b"\x42\x05abc", "truncated"),
        (b"\x59abc", "truncated"),
        (b"\x08" + b"\xff" * 11, "64 bits"),
        (b"\x0b", "wire type 3"),
        (b"\x0a\x01a", "a number was expected"),
        (b"\x40\x01", "bytes were expected"),
        (b"\x2a\x02\x08\x01", "bytes were expected"),
        (b"\x32\x01\xff", "utf-8"),
    ],
)
def test_what_is_no_frame_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        decode(data)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_frame_or_refused(data: bytes) -> None:
    try:
        frame = decode(data)
    except ValueError:
        return
    assert decode(encode(frame)) == frame


@given(
    st.builds(
        Frame,
        seq_id=st.integers(0, 2**64 - 1),
        log_id=st.integers(0, 2**64 - 1),
        service=st.integers(0, 2**31 - 1),
        method=st.integers(0, 1),
        headers=st.lists(st.tuples(st.text(), st.text())).map(tuple),
        payload_encoding=st.none() | st.text(),
        payload_type=st.none() | st.text(),
        payload=st.none() | st.binary(),
        log_id_new=st.none() | st.text(),
    )
)
def test_a_frame_comes_back_as_it_was(frame: Frame) -> None:
    assert decode(encode(frame)) == frame


@pytest.mark.parametrize("payload", [b"[]", b"{", b"\xff", b"[" * 200_000])
def test_a_payload_is_a_json_object(payload: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        json_object(payload)
