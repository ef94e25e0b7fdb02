"""Frames of DingTalk's Stream mode and the answers to them (developerpedia, stream/protocol)."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog

MESSAGES = "/v1.0/im/bot/messages/get"
CLICKS = "/v1.0/card/instances/callback"
SUBSCRIPTIONS = (
    {"type": "EVENT", "topic": "*"},
    {"type": "CALLBACK", "topic": MESSAGES},
    {"type": "CALLBACK", "topic": CLICKS},
)
EMPTY = '{"response":null}'

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Frame:
    type: str
    topic: str
    message_id: str
    data: str
    time: str = ""

    def body(self) -> Mapping[str, Any]:
        """Raises ValueError when `data` is not a JSON object."""
        found = json.loads(self.data)
        if not isinstance(found, dict):
            raise ValueError("data is not a JSON object")
        return found

    def at(self, now: datetime) -> datetime:
        try:
            return datetime.fromtimestamp(int(self.time) / 1000, UTC)
        except (ValueError, OverflowError, OSError):
            return now


class UnknownTopic(Exception):
    """Nobody here listens to this topic."""


Receive = Callable[[Frame], Awaitable[None]]
"""Takes a frame; returns when it is safely stored. ValueError: the frame's data are bad."""


def read_frame(raw: str) -> Frame:
    """Raises ValueError when this is not a frame."""
    found = json.loads(raw)
    headers = found.get("headers") if isinstance(found, dict) else None
    if not isinstance(headers, dict):
        raise ValueError("not a frame: no headers")
    return Frame(
        type=str(found.get("type", "")),
        topic=str(headers.get("topic", "")),
        message_id=str(headers.get("messageId") or ""),
        data=str(found.get("data") or ""),
        time=str(headers.get("time", "")),
    )


def answer(frame: Frame, code: int, message: str, data: str) -> str:
    headers = {"contentType": "application/json", "messageId": frame.message_id}
    return json.dumps(
        {"code": code, "headers": headers, "message": message, "data": data}, ensure_ascii=False
    )


async def answer_to(frame: Frame, receive: Receive) -> str:
    """Stores a delivery, then says so. What failed is asked for again where that is possible."""
    try:
        await receive(frame)
    except UnknownTopic:
        return answer(frame, 404, "topic not found", EMPTY)
    except ValueError as problem:
        log.warning("dingtalk.frame_ignored", reason=str(problem), topic=frame.topic)
        return answer(frame, 500, "bad data", EMPTY)
    except Exception:  # the socket's counterpart of a web server's 500
        log.exception("dingtalk.frame_failed", topic=frame.topic, message_id=frame.message_id)
        if frame.type == "EVENT":
            return answer(frame, 200, "OK", '{"status":"LATER","message":"not stored"}')
        return answer(frame, 500, "not stored", EMPTY)
    if frame.type == "EVENT":
        return answer(frame, 200, "OK", '{"status":"SUCCESS","message":"success"}')
    return answer(frame, 200, "OK", EMPTY if frame.topic == MESSAGES else '{"response":{}}')
