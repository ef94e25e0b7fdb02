"""One question to an endpoint that speaks OpenAI's chat completions, answered as a JSON object.

Facts: platform.openai.com, "Chat Completions", "Structured Outputs", "Streaming"; what vLLM,
Ollama, DeepSeek, Qwen and others share with it. Parameters that some of them refuse (temperature,
token limits) are left out; the size of an answer is limited while it is read.
"""

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp

from bot.platforms.protocol import (
    PlatformError,
    RateLimited,
    Rejected,
    Unauthorized,
    Unreachable,
)
from config.schema import ModelSettings

LONGEST_BODY = 1024 * 1024
"""Bytes on the wire: a stream needs some two hundred for each token."""
LONGEST_ANSWER = 32 * 1024
"""Letters of the answer itself."""
SHOWN = 200
"""Letters of a refusal that operators are shown."""
RETRY_AFTER = 30.0
"""Seconds, where an endpoint names none."""
LONGEST_WAIT = 86_400.0
MOST_TOKENS = 1_000_000
"""That an answer is believed to have cost."""
UNKNOWN_FORM = (400, 404, 415, 422, 501)
"""How endpoints answer to a form of answer that they do not know."""


@dataclass(frozen=True, slots=True)
class Reply:
    """`text` is one JSON object; `tokens` is 0 where the endpoint does not count."""

    text: str
    tokens: int


class ModelClient:
    """Every call raises PlatformError and its kinds. The key is in no message."""

    def __init__(self, settings: ModelSettings) -> None:
        self._settings = settings
        self._strict = True

    async def ask(self, *, system: str, user: str, schema: Mapping[str, Any]) -> Reply:
        """Once the loose form was understood where the strict one was not, it is used at once."""
        timeout = aiohttp.ClientTimeout(total=self._settings.seconds)
        try:
            async with aiohttp.ClientSession(timeout=timeout) as session:
                try:
                    return await self._post(session, self._body(system, user, schema))
                except UnknownForm:
                    if not self._strict:
                        raise
                loose = self._body(system, user, schema, strict=False)
                reply = await self._post(session, loose)
        except (aiohttp.ClientError, TimeoutError) as problem:
            raise Unreachable(f"the model does not answer: {type(problem).__name__}") from None
        self._strict = False
        return reply

    def _body(
        self, system: str, user: str, schema: Mapping[str, Any], *, strict: bool = True
    ) -> dict[str, Any]:
        form: dict[str, Any] = {"type": "json_object"}
        if strict and self._strict:
            answer = {"name": "answer", "strict": True, "schema": schema}
            form = {"type": "json_schema", "json_schema": answer}
        else:
            system += f"\n\nAnswer with one JSON object of this schema: {json.dumps(schema)}"
        body: dict[str, Any] = {"model": self._settings.name, "response_format": form}
        body["messages"] = [
            {"role": "system", "content": system},
            {"role": "user", "content": user},
        ]
        if self._settings.stream:
            body["stream"] = True
            body["stream_options"] = {"include_usage": True}
        return body

    async def _post(self, session: aiohttp.ClientSession, body: Mapping[str, Any]) -> Reply:
        key = self._settings.key.get_secret_value()
        headers = {"Accept-Encoding": "identity"}
        if key:
            headers["Authorization"] = f"Bearer {key}"
        url = f"{self._settings.url}/chat/completions"
        async with session.post(url, json=body, headers=headers, allow_redirects=False) as answer:
            if answer.status != 200:
                text = (await _head(answer)).replace(key or "\0", "…")
                raise error(answer.status, text, answer.headers)
            if answer.content_type == "text/event-stream":
                content, tokens = await _streamed(answer)
            else:
                content, tokens = _whole(await _read(answer))
        return Reply(_object(content), tokens)


class UnknownForm(Rejected):
    """The request was refused, perhaps for the form it asks the answer in."""


def error(status: int, text: str, headers: Mapping[str, str]) -> PlatformError:
    """Our error for an HTTP status. A refused key is not repeated, however it is quoted."""
    message = f"the model answered HTTP {status}: {text}"
    if status in (401, 403):
        return Unauthorized(f"the model answered HTTP {status}, check MODEL__KEY and MODEL__NAME")
    if status == 429:
        return RateLimited(message, _seconds(headers.get("Retry-After")))
    if status >= 500 and status not in UNKNOWN_FORM:
        return Unreachable(message)
    if status == 408:
        return Unreachable(message)
    return UnknownForm(message) if status in UNKNOWN_FORM else Rejected(message)


def _seconds(header: str | None) -> float:
    """Some endpoints give a date instead; then our own waiting time holds."""
    try:
        return min(max(1.0, float(header or RETRY_AFTER)), LONGEST_WAIT)
    except ValueError:
        return RETRY_AFTER


async def _head(answer: aiohttp.ClientResponse) -> str:
    """The begin of a refusal, on one line."""
    data = await answer.content.read(4 * SHOWN)
    return " ".join(data.decode(errors="replace").split())[:SHOWN]


async def _pieces(answer: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    """The body as it comes. Raises Rejected once it is too long."""
    size = 0
    async for piece in answer.content.iter_any():
        size += len(piece)
        if size > LONGEST_BODY:
            raise Rejected(f"the model's answer is longer than {LONGEST_BODY} bytes")
        yield piece


async def _read(answer: aiohttp.ClientResponse) -> bytes:
    return b"".join([piece async for piece in _pieces(answer)])


def _whole(data: bytes) -> tuple[str, int]:
    """Content and tokens of an answer in one piece."""
    told = _json(data)
    try:
        content = told["choices"][0]["message"]["content"]
    except (KeyError, IndexError, TypeError):
        raise Rejected("the model's answer is no chat completion") from None
    return content if isinstance(content, str) else "", _tokens(told)


async def _streamed(answer: aiohttp.ClientResponse) -> tuple[str, int]:
    """Content and tokens of an answer in events."""
    content: list[str] = []
    length = tokens = 0
    async for event in _events(answer):
        told = _json(event)
        if "error" in told:
            raise Unreachable(f"the model broke off: {str(told['error'])[:SHOWN]}")
        tokens = _tokens(told) or tokens
        piece = _delta(told)
        content.append(piece)
        length += len(piece)
        if length > LONGEST_ANSWER:
            raise Rejected(f"the model's answer is longer than {LONGEST_ANSWER} letters")
    return "".join(content), tokens


async def _events(answer: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    """The data of each server-sent event, until [DONE]."""
    rest = b""
    async for piece in _pieces(answer):
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            data = line.removeprefix(b"data:").strip()
            if data == b"[DONE]":
                return
            if line.startswith(b"data:") and data:
                yield data


def _delta(told: Mapping[str, Any]) -> str:
    """The last event of a stream counts tokens and has no choices."""
    try:
        piece = told["choices"][0]["delta"].get("content") if told.get("choices") else ""
    except (KeyError, IndexError, TypeError, AttributeError):
        raise Rejected("the model's stream is no chat completion") from None
    return piece if isinstance(piece, str) else ""


def _tokens(told: Mapping[str, Any]) -> int:
    usage = told.get("usage")
    total = usage.get("total_tokens") if isinstance(usage, dict) else None
    return min(max(total, 0), MOST_TOKENS) if isinstance(total, int) else 0


def _json(data: bytes | str) -> dict[str, Any]:
    try:
        told = json.loads(data)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise Rejected("the model's answer is no JSON object")
    return told


def _object(content: str) -> str:
    """The JSON object in an answer: some models think aloud before it or fence it in."""
    if len(content) > LONGEST_ANSWER:
        raise Rejected(f"the model's answer is longer than {LONGEST_ANSWER} letters")
    spoken = content.rpartition("</think>")[2]
    text = spoken[spoken.find("{") : spoken.rfind("}") + 1]
    _json(text)
    return text.encode(errors="replace").decode()
