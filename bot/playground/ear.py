"""A recogniser of speech, imitated on the wire: OpenAI's transcription protocol over HTTP.

Facts: platform.openai.com, "Create transcription". It hears what was said in this playground by
the length of the sound (`sounds.py`), and nothing in any other sound.
"""

import asyncio
import io
import math
import secrets
import wave
from collections import deque
from collections.abc import Sequence
from typing import Any, Literal

from aiohttp import BodyPartReader, web
from pydantic import SecretStr

from bot.playground.sounds import FRAME_MILLISECONDS
from bot.playground.world import World
from config.schema import SpeechSettings

BASE = "/playground/speech/v1"
MODEL = "whisper-1"
LARGEST_BYTES = 25 * 1024 * 1024
RATE = 16_000
SAMPLES_A_FRAME = RATE * FRAME_MILLISECONDS // 1000

Fault = int | Literal["silence", "nonsense", "empty"]
"""An HTTP status instead of an answer; no answer; an answer that is no JSON; one without words."""


class EarServer:
    """`certainty` is how sure it is of what it hears; `plain` endpoints know no verbose answers."""

    def __init__(self, world: World) -> None:
        self.key = secrets.token_urlsafe(24)
        self.certainty = 0.9
        self.plain = False
        self.faults: deque[Fault] = deque()
        self.requests: list[dict[str, str]] = []
        """The form of each request, without the sound."""
        self._world = world
        self._stopped = asyncio.Event()

    def settings(self, origin: str) -> SpeechSettings:
        return SpeechSettings(url=f"{origin}{BASE}", key=SecretStr(self.key), model=MODEL)

    def routes(self) -> Sequence[web.RouteDef]:
        return [web.post(f"{BASE}/audio/transcriptions", self._transcribe)]

    async def stop(self) -> None:
        """Lets go of the requests that a fault keeps waiting."""
        self._stopped.set()

    async def _transcribe(self, request: web.Request) -> web.Response:
        fault = self.faults.popleft() if self.faults else None
        if fault == "silence":
            await self._stopped.wait()
        if fault == "nonsense":
            return web.Response(text="<html>502</html>", content_type="text/html")
        if isinstance(fault, int):
            return _refusal(fault, "fault on request")
        if request.headers.get("Authorization") != f"Bearer {self.key}":
            return _refusal(401, "Incorrect API key provided", "invalid_api_key")
        return await self._answer(request, deaf=fault == "empty")

    async def _answer(self, request: web.Request, *, deaf: bool) -> web.Response:
        form, sound = await _read(request)
        self.requests.append(form)
        detailed = form.get("response_format", "json") == "verbose_json"
        if form.get("model") != MODEL:
            return _refusal(404, f"The model {form.get('model')!r} does not exist")
        if self.plain and detailed:
            return _refusal(400, "response_format 'verbose_json' is not compatible with the model")
        samples = _samples(sound)
        if samples is None:
            return _refusal(400, "Audio file might be corrupted or unsupported")
        text = "" if deaf else self._world.spoken.get(round(samples / SAMPLES_A_FRAME), "")
        return web.json_response(
            self._verbose(text, samples / RATE) if detailed else {"text": text}
        )

    def _verbose(self, text: str, seconds: float) -> dict[str, Any]:
        segment = {"id": 0, "start": 0.0, "end": seconds, "text": text, "no_speech_prob": 0.01}
        segment["avg_logprob"] = math.log(self.certainty)
        whole = {"task": "transcribe", "language": "chinese", "duration": seconds, "text": text}
        return {**whole, "segments": [segment] if text else []}


async def _read(request: web.Request) -> tuple[dict[str, str], bytes]:
    form: dict[str, str] = {}
    sound = bytearray()
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader):
            continue
        if part.name == "file":
            while chunk := await part.read_chunk():
                sound += chunk[: LARGEST_BYTES - len(sound)]
            form["file"] = part.filename or ""
        elif part.name:
            form[part.name] = await part.text()
    return form, bytes(sound)


def _samples(sound: bytes) -> int | None:
    """Of a WAV as recognisers like it best; None for anything else."""
    try:
        with wave.open(io.BytesIO(sound)) as file:
            shape = (file.getnchannels(), file.getsampwidth(), file.getframerate())
            return file.getnframes() if shape == (1, 2, RATE) else None
    except (wave.Error, EOFError):
        return None


def _refusal(status: int, message: str, code: str | None = None) -> web.Response:
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": code}
    return web.json_response({"error": error}, status=status)
