"""The slow call behind a voice message: fetch it, decode it, have it written down."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog

from bot.platforms.protocol import Platform, Rejected
from bot.speech.ear import Ear
from bot.speech.sound import Reason, Unhearable

log = structlog.get_logger()

LARGEST_BYTES = 10 * 1024 * 1024


def transcripts(
    platforms: Mapping[str, Platform], ear: Ear
) -> Callable[[dict[str, str]], Awaitable[dict[str, Any]]]:
    """The call gives text, seconds and certainty; or `failed` with the reason, where trying again
    would not help; and raises PlatformError where it may."""

    async def transcript(data: dict[str, str]) -> dict[str, Any]:
        try:
            heard = await ear.hear(await fetched(data))
        except Unhearable as problem:
            log.warning("speech.unhearable", reason=problem.reason, error=str(problem))
            longest = ear.settings.seconds if ear.settings else 0
            return {"failed": problem.reason, "longest": longest}
        return {"text": heard.text, "seconds": heard.seconds, "certainty": heard.certainty}

    async def fetched(data: dict[str, str]) -> bytes:
        name = data["sender"].partition(":")[0]
        if ear.settings is None:
            raise Unhearable("off")
        if name not in platforms or not data["media"]:
            raise Unhearable("gone", f"no file, or no platform {name!r}")
        try:
            sound, _ = await platforms[name].fetch(data["media"], limit=LARGEST_BYTES)
        except Rejected as refusal:
            reason: Reason = "too_large" if refusal.code == "too_large" else "gone"
            raise Unhearable(reason, str(refusal)) from None
        return sound

    return transcript
