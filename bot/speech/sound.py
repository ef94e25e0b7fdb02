"""Voice messages of any platform as the one form that recognisers take."""

import asyncio
import sys
from pathlib import Path
from typing import Literal

import structlog

log = structlog.get_logger()

DECODER = Path(__file__).with_name("decoder.py")
DECODE_SECONDS = 8.0
HEADER_BYTES, BYTES_A_SECOND = 44, 32_000

Reason = Literal[
    "off", "gone", "too_large", "unknown", "broken", "too_long", "key", "refused", "empty"
]
"""Why a voice message stays unheard: nobody is there to hear it; the file is no longer there, too
large, of an unknown format, damaged, or too long; the recogniser does not take our key, does not
take the request, or heard no words."""
_REASONS: dict[int, Reason] = {10: "unknown", 12: "too_long"}
"""Of the decoder's exit statuses; any other means that the file is broken."""


class Unhearable(Exception):
    """Trying again would not help. The text is for operators and holds no secret."""

    def __init__(self, reason: Reason, text: str = "") -> None:
        super().__init__(text or reason)
        self.reason = reason


async def to_wav(sound: bytes, *, longest_seconds: int) -> bytes:
    """16 kHz mono WAV. Raises Unhearable."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", str(DECODER), str(longest_seconds)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={},  # it has no use for our secrets
    )
    try:
        async with asyncio.timeout(DECODE_SECONDS):
            wav, _ = await process.communicate(sound)
    except TimeoutError:
        raise Unhearable("broken", f"decoding took more than {DECODE_SECONDS} s") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        reason = _REASONS.get(process.returncode or 0, "broken")
        log.info("speech.undecodable", status=process.returncode, bytes=len(sound))
        raise Unhearable(reason, f"the decoder ended with status {process.returncode}")
    return wav


def seconds_of(wav: bytes) -> float:
    return max(len(wav) - HEADER_BYTES, 0) / BYTES_A_SECOND
