"""Frames of Feishu's long connection: protobuf by hand, for exactly the one message it uses.

No official page describes it; the facts are the SDKs' sources (larksuite/oapi-sdk-python and
oapi-sdk-go, package `pbbp2`): `Frame{1 SeqID, 2 LogID, 3 service, 4 method, 5 headers,
6 payload_encoding, 7 payload_type, 8 payload, 9 LogIDNew}`, `Header{1 key, 2 value}`.
"""

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

CONTROL, DATA = 0, 1

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_FIXED_LENGTH = {_FIXED64: 8, _FIXED32: 4}
_NUMBERS = {1: "seq_id", 2: "log_id", 3: "service", 4: "method"}
_TEXTS = {6: "payload_encoding", 7: "payload_type", 9: "log_id_new"}
_HEADER, _PAYLOAD = 5, 8
_VARINT_BITS = 64


@dataclass(frozen=True, slots=True)
class Frame:
    """None is a member that was not sent."""

    seq_id: int = 0
    log_id: int = 0
    service: int = 0
    method: int = CONTROL
    headers: tuple[tuple[str, str], ...] = ()
    payload_encoding: str | None = None
    payload_type: str | None = None
    payload: bytes | None = None
    log_id_new: str | None = None

    def header(self, name: str) -> str:
        return dict(self.headers).get(name, "")


def ping(service: int) -> Frame:
    return Frame(service=service, method=CONTROL, headers=(("type", "ping"),))


def answer(frame: Frame, code: int, said: Mapping[str, Any], milliseconds: int) -> Frame:
    """The same frame sent back: what is said to a callback travels as base64 inside JSON."""
    body: dict[str, Any] = {"code": code}
    if said:
        body["data"] = base64.b64encode(_json(said)).decode()
    took = (("biz_rt", str(milliseconds)),)
    return replace(frame, headers=frame.headers + took, payload=_json(body))


def failure(frame: Frame) -> Frame:
    """Asks for the event once more."""
    return replace(frame, payload=_json({"code": 500}))


def json_object(payload: bytes) -> dict[str, Any]:
    """Raises ValueError."""
    try:
        found = json.loads(payload)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(found, dict):
        raise ValueError("not a JSON object")
    return found


def encode(frame: Frame) -> bytes:
    out = bytearray()
    for tag, name in _NUMBERS.items():
        out += _key(tag, _VARINT) + _varint(getattr(frame, name))
    for key, value in frame.headers:
        out += _block(_HEADER, _block(1, key.encode()) + _block(2, value.encode()))
    texts = {tag: getattr(frame, name) for tag, name in _TEXTS.items()}
    members = {tag: text.encode() for tag, text in texts.items() if text is not None}
    if frame.payload is not None:
        members[_PAYLOAD] = frame.payload
    for tag in sorted(members):
        out += _block(tag, members[tag])
    return bytes(out)


def decode(data: bytes) -> Frame:
    """Members it does not know are passed over. Raises ValueError."""
    found: dict[str, Any] = {}
    headers: list[tuple[str, str]] = []
    for tag, value in _members(data):
        if tag in _NUMBERS:
            found[_NUMBERS[tag]] = _number(value)
        elif tag == _HEADER:
            headers.append(_read_header(_bytes(value)))
        elif tag == _PAYLOAD:
            found["payload"] = _bytes(value)
        elif tag in _TEXTS:
            found[_TEXTS[tag]] = _bytes(value).decode()
    return Frame(headers=tuple(headers), **found)


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _key(tag: int, kind: int) -> bytes:
    return bytes([tag << 3 | kind])


def _block(tag: int, data: bytes) -> bytes:
    return _key(tag, _BYTES) + _varint(len(data)) + data


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    """The number, and where it ends."""
    number = 0
    for shift in range(0, _VARINT_BITS, 7):
        if at >= len(data):
            raise ValueError("truncated frame")
        number |= (data[at] & 0x7F) << shift
        at += 1
        if data[at - 1] <= 0x7F:
            return number, at
    raise ValueError("a number of more than 64 bits")


def _members(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    at = 0
    while at < len(data):
        key, at = _read_varint(data, at)
        tag, kind = key >> 3, key & 7
        if kind == _VARINT:
            number, at = _read_varint(data, at)
            yield tag, number
            continue
        if kind == _BYTES:
            length, at = _read_varint(data, at)
        elif kind in _FIXED_LENGTH:
            length = _FIXED_LENGTH[kind]
        else:
            raise ValueError(f"unknown wire type {kind}")
        if at + length > len(data):
            raise ValueError("truncated frame")
        yield tag, data[at : at + length]
        at += length


def _read_header(data: bytes) -> tuple[str, str]:
    parts = dict(_members(data))
    return _bytes(parts.get(1, b"")).decode(), _bytes(parts.get(2, b"")).decode()


def _number(value: int | bytes) -> int:
    if isinstance(value, bytes):
        raise ValueError("a number was expected")
    return value


def _bytes(value: int | bytes) -> bytes:
    if isinstance(value, int):
        raise ValueError("bytes were expected")
    return value
