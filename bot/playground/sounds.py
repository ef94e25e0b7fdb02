"""Sounds that phones send: valid voice files in which nobody speaks, of any length.

A playground has no voice to speak with. So each spoken sentence gets a sound of a length of its
own, and the imitated recogniser (`ear.py`) knows the sentence by that length.
"""

import struct

FRAME_MILLISECONDS = 20
AMR_HEAD = b"#!AMR\n"
AMR_FRAME = bytes([0x3C]) + bytes(31)
"""12.2 kbit/s, good quality (RFC 4867 §5.3)."""
OPUS_FRAME = b"\xf8\xff\xfe"
"""20 ms of silence at full bandwidth, as encoders write it (RFC 6716 §3.1)."""
OPUS_SAMPLES = 960
PACKETS_A_PAGE = 50
FIRST_PAGE, LAST_PAGE = 2, 4
POLYNOMIAL, HIGHEST_BIT = 0x04C11DB7, 0x80000000


def amr(frames: int) -> bytes:
    """AMR-NB, what WeCom keeps of a voice message."""
    return AMR_HEAD + AMR_FRAME * frames


def opus(frames: int) -> bytes:
    """Opus in Ogg, what Feishu and DingTalk keep (RFC 7845)."""
    head = b"OpusHead" + struct.pack("<BBHIhB", 1, 1, 0, 16_000, 0, 0)
    vendor = b"playground"
    tags = b"OpusTags" + struct.pack("<I", len(vendor)) + vendor + struct.pack("<I", 0)
    pages = [_page(FIRST_PAGE, 0, 0, [head]), _page(0, 0, 1, [tags])]
    for begin in range(0, frames, PACKETS_A_PAGE):
        done = min(begin + PACKETS_A_PAGE, frames)
        kind = LAST_PAGE if done == frames else 0
        packets = [OPUS_FRAME] * (done - begin)
        pages.append(_page(kind, done * OPUS_SAMPLES, len(pages), packets))
    return b"".join(pages)


def _page(kind: int, position: int, number: int, packets: list[bytes]) -> bytes:
    """One page of an Ogg stream (RFC 3533 §6); a packet has less than 255 bytes."""
    lengths = bytes(len(packet) for packet in packets)
    head = struct.pack("<4sBBqIIIB", b"OggS", 0, kind, position, 1, number, 0, len(lengths))
    page = head + lengths + b"".join(packets)
    return page[:22] + struct.pack("<I", _checksum(page)) + page[26:]


def _checksum(page: bytes) -> int:
    rest = 0
    for byte in page:
        rest ^= byte << 24
        for _ in range(8):
            rest = (rest << 1 ^ POLYNOMIAL if rest & HIGHEST_BIT else rest << 1) & 0xFFFFFFFF
    return rest
