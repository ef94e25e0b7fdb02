"""Frames of the smart robot's long connection, and the ids that tie answers to them (D101463)."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SUBSCRIBE, PING = "aibot_subscribe", "ping"
MESSAGE, EVENT = "aibot_msg_callback", "aibot_event_callback"
SEND, RESPOND = "aibot_send_msg", "aibot_respond_msg"
WELCOME, UPDATE = "aibot_respond_welcome_msg", "aibot_respond_update_msg"

FRAME_CHARACTERS = 256 * 1024


@dataclass(frozen=True, slots=True)
class Frame:
    """What WeCom sends: a callback with a `cmd`, or the answer to one of our commands."""

    req_id: str
    cmd: str = ""
    body: Mapping[str, Any] = field(default_factory=dict)
    code: int = 0
    text: str = ""


def read_frame(raw: str) -> Frame:
    """Raises ValueError when this is not a frame."""
    if len(raw) > FRAME_CHARACTERS:
        raise ValueError(f"{len(raw)} characters are too many")
    try:
        found = json.loads(raw)
    except RecursionError:
        raise ValueError("nested too deep") from None
    if not isinstance(found, dict):
        raise ValueError("not a frame: no object")
    headers, body, code = found.get("headers"), found.get("body"), found.get("errcode")
    req_id = headers.get("req_id") if isinstance(headers, dict) else None
    if not (isinstance(req_id, str) and req_id):
        raise ValueError("not a frame: no req_id")
    return Frame(
        req_id,
        cmd=str(found.get("cmd") or ""),
        body=body if isinstance(body, dict) else {},
        code=code if isinstance(code, int) else 0,
        text=str(found.get("errmsg") or "")[:300],
    )


def command(cmd: str, req_id: str, body: Mapping[str, Any] | None = None) -> str:
    frame: dict[str, Any] = {"cmd": cmd, "headers": {"req_id": req_id}}
    return json.dumps(frame if body is None else {**frame, "body": body}, ensure_ascii=False)


def new_id(cmd: str) -> str:
    """As the SDKs make them: the answer's command can be read off it."""
    return f"{cmd}_{secrets.token_hex(12)}"
