"""Speech to text by any endpoint that speaks OpenAI's transcription protocol.

POST …/v1/audio/transcriptions, multipart: `file`, `model`, and what the endpoint may leave aside
(https://platform.openai.com/docs/api-reference/audio/createTranscription).
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
import structlog

from bot.platforms.protocol import RateLimited, Unreachable
from bot.speech.sound import Reason, Unhearable, seconds_of, to_wav
from config.schema import SpeechSettings

log = structlog.get_logger()

PATH = "/audio/transcriptions"
ANSWER_SECONDS = 28.0
"""With fetching and decoding it stays below the time limit of a slow call."""
ANSWER_BYTES = 1024 * 1024
LISTED_ERROR = 200
_REASONS: dict[int, Reason] = {401: "key", 403: "key", 413: "too_large"}
_TOO_MANY = 429
_BUSY = (408, 425, _TOO_MANY)


@dataclass(frozen=True, slots=True)
class Heard:
    """What was said. `certainty` is between 0 and 1, None where the endpoint gives none."""

    text: str
    seconds: float
    certainty: float | None = None


class Ear:
    """Hears nothing while `settings` is None."""

    def __init__(self, settings: SpeechSettings | None = None) -> None:
        self.settings = settings
        self._tells_certainty = True

    async def hear(self, sound: bytes) -> Heard:
        """Raises Unhearable; PlatformError when it is worth trying again."""
        settings = self.settings
        if settings is None:
            raise Unhearable("off")
        wav = await to_wav(sound, longest_seconds=settings.seconds)
        answer = await self._ask(settings, wav)
        text = answer.get("text")
        if not isinstance(text, str):
            raise Unreachable("the speech endpoint answered without a text")
        return Heard(text.strip(), seconds_of(wav), certainty_of(answer))

    async def _ask(self, settings: SpeechSettings, wav: bytes) -> dict[str, Any]:
        """In detail, and plainly where the endpoint knows no detail."""
        timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
        try:
            async with aiohttp.ClientSession(timeout=timeout) as session:
                if self._tells_certainty:
                    status, answer = await _post(session, settings, wav, detailed=True)
                    if status not in (400, 422):
                        return _checked(status, answer)
                status, answer = await _post(session, settings, wav, detailed=False)
        except (aiohttp.ClientError, TimeoutError, OSError) as problem:
            raise Unreachable(f"the speech endpoint: {type(problem).__name__}") from None
        self._tells_certainty = self._tells_certainty and status != 200
        return _checked(status, answer)


async def _post(
    session: aiohttp.ClientSession, settings: SpeechSettings, wav: bytes, *, detailed: bool
) -> tuple[int, Any]:
    """Status, and the parsed JSON or None."""
    form = aiohttp.FormData()
    form.add_field("file", wav, filename="voice.wav", content_type="audio/wav")
    form.add_field("model", settings.model)
    if settings.language:
        form.add_field("language", settings.language)
    if detailed:
        form.add_field("response_format", "verbose_json")
    key = settings.key.get_secret_value()
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    url = settings.url.rstrip("/").removesuffix(PATH) + PATH
    async with session.post(url, data=form, headers=headers, allow_redirects=False) as response:
        return response.status, _json(await response.content.read(ANSWER_BYTES))


def _json(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        return None


def _checked(status: int, answer: Any) -> dict[str, Any]:
    """Raises Unhearable, RateLimited or Unreachable for what is no success."""
    if status == 200:
        if not isinstance(answer, dict):
            raise Unreachable("the speech endpoint's answer is no JSON object")
        return answer
    code, text = _error(answer)
    said = f"the speech endpoint answered HTTP {status} {code}".strip()
    log.warning("speech.refused", status=status, code=code, message=text)
    if status == _TOO_MANY and code != "insufficient_quota":
        raise RateLimited(said, 20.0)
    if status >= 500 or status in _BUSY[:2]:
        raise Unreachable(said)
    raise Unhearable(_REASONS.get(status, "refused"), said)


def _error(answer: Any) -> tuple[str, str]:
    """Code and message of `{"error": {"code", "message"}}`."""
    error = answer.get("error") if isinstance(answer, dict) else None
    if not isinstance(error, Mapping):
        return "", ""
    return str(error.get("code") or "")[:40], str(error.get("message") or "")[:LISTED_ERROR]


def certainty_of(answer: Mapping[str, Any]) -> float | None:
    """The mean probability of the words, weighed by how long each segment is."""
    weighed = total = 0.0
    segments = answer.get("segments")
    for segment in segments if isinstance(segments, list) else ():
        try:
            length = max(float(segment["end"]) - float(segment["start"]), 0.01)
            weighed += length * math.exp(min(float(segment["avg_logprob"]), 0.0))
        except (KeyError, TypeError, ValueError):
            return None
        total += length
    return weighed / total if total else None
