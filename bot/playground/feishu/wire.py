"""Frames of the long connection as the imitated server writes and reads them.

The message, from the SDKs' sources (package `pbbp2`): `Frame{1 SeqID, 2 LogID, 3 service, 4 method
as numbers, 5 headers as pairs, 8 payload}`; it sends no other members and passes over them.
"""

from dataclasses import dataclass

NUMBERS = (1, 2, 3, 4)
HEADERS, PAYLOAD = 5, 8


@dataclass(frozen=True, slots=True)
class Frame:
    numbers: tuple[int, int, int, int]
    """SeqID, LogID, service, method."""
    headers: tuple[tuple[str, str], ...]
    payload: bytes = b""

    @property
    def method(self) -> int:
        return self.numbers[3]

    @property
    def named(self) -> dict[str, str]:
        return dict(self.headers)


def write(frame: Frame) -> bytes:
    parts = [_number(tag << 3) + _number(n) for tag, n in zip(NUMBERS, frame.numbers, strict=True)]
    for key, value in frame.headers:
        pair = _sized(1, key.encode()) + _sized(2, value.encode())
        parts.append(_sized(HEADERS, pair))
    if frame.payload:
        parts.append(_sized(PAYLOAD, frame.payload))
    return b"".join(parts)


def read(data: bytes) -> Frame:
    """Raises ValueError, also when one of the four required numbers is missing."""
    numbers: dict[int, int] = {}
    headers: list[tuple[str, str]] = []
    payload = b""
    for tag, value in _split(data):
        if isinstance(value, int):
            numbers[tag] = value
        elif tag == HEADERS:
            pair = dict(_split(value))
            headers.append((_text(pair[1]), _text(pair[2])))
        elif tag == PAYLOAD:
            payload = value
    missing = [tag for tag in NUMBERS if tag not in numbers]
    if missing:
        raise ValueError(f"required members are missing: {missing}")
    first, second, third, fourth = (numbers[tag] for tag in NUMBERS)
    return Frame((first, second, third, fourth), tuple(headers), payload)


def _number(value: int) -> bytes:
    rest, low = divmod(value, 128)
    return bytes([low | 128]) + _number(rest) if rest else bytes([low])


def _sized(tag: int, data: bytes) -> bytes:
    return _number(tag << 3 | 2) + _number(len(data)) + data


def _split(data: bytes) -> list[tuple[int, int | bytes]]:
    members: list[tuple[int, int | bytes]] = []
    stream = list(reversed(data))

    def number() -> int:
        if not stream:
            raise ValueError("the frame breaks off")
        low = stream.pop()
        return low if low < 128 else (low & 127) + 128 * number()

    while stream:
        key = number()
        if key & 7 not in (0, 2):
            raise ValueError(f"wire type {key & 7} does not occur in a frame")
        value = number()
        if key & 7 == 0:
            members.append((key >> 3, value))
            continue
        if value > len(stream):
            raise ValueError("the frame breaks off")
        members.append((key >> 3, bytes(stream.pop() for _ in range(value))))
    return members


def _text(value: int | bytes) -> str:
    if isinstance(value, int):
        raise ValueError("a header is not text")
    return value.decode()
