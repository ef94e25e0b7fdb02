"""One client of the imitated gateway: what it listens to, is asked, and answers."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

ANSWER_CODES = frozenset((200, 400, 404, 500))


@dataclass(frozen=True, slots=True)
class Answer:
    """What a client sent back for a frame; `data` is parsed."""

    code: int
    data: Any


@dataclass(slots=True)
class Line:
    id: str
    topics: frozenset[tuple[str, str]]
    """Kind and topic of each subscription."""
    socket: web.WebSocketResponse
    request: web.Request
    leaving: bool = False
    _waiting: dict[str, asyncio.Future[Answer]] = field(default_factory=dict)

    def hears(self, kind: str, topic: str) -> bool:
        return not (self.leaving or self.socket.closed) and (kind, topic) in self.topics

    async def ask(self, frame: dict[str, Any], *, seconds: float) -> Answer | None:
        """None without an answer in time."""
        message_id = frame["headers"]["messageId"]
        waiting: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting[message_id] = waiting
        try:
            await self.socket.send_json(frame)
            async with asyncio.timeout(seconds):
                return await waiting
        except (TimeoutError, ConnectionError):
            return None
        finally:
            waiting.cancel()

    def take(self, raw: str) -> str:
        """An answer has come; what is wrong with it, if anything. Late ones are not wrong."""
        try:
            message_id, answer = _read_answer(raw)
        except (ValueError, KeyError, TypeError, AttributeError) as problem:
            return f"not an answer: {problem!r}: {raw[:200]}"
        waiting = self._waiting.pop(message_id, None)
        if waiting is None:
            return f"an answer to nothing: {raw[:200]}"
        if not waiting.done():
            waiting.set_result(answer)
        return ""

    def cut(self) -> None:
        """The wire breaks without a word."""
        if self.request.transport is not None:
            self.request.transport.abort()

    def give_up(self) -> None:
        """The client is gone: nobody will answer any more."""
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(ConnectionError("the client is gone"))


def _read_answer(raw: str) -> tuple[str, Answer]:
    """Raises ValueError, KeyError, TypeError or AttributeError when it is none."""
    found = json.loads(raw)
    message_id = found["headers"]["messageId"]
    if found["code"] not in ANSWER_CODES:
        raise ValueError(f"code {found['code']!r}")
    if not isinstance(found["message"], str):
        raise ValueError("message is not text")
    return message_id, Answer(found["code"], json.loads(found["data"]))
