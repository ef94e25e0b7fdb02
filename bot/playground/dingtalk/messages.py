"""Bodies of robot messages as the imitated DingTalk delivers them (消息发送与接收类型)."""

import base64
import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from bot.playground.dingtalk.door import App
from bot.playground.sounds import FRAME_MILLISECONDS, opus
from bot.playground.world import Content, Member, Shown

OUR_ID = "$:LWCP_v1:$bot"
PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYGBgAAAABQABh6FO1AAAAABJRU5ErkJggg=="
)
QUOTA_USED_UP = "受调用量超量影响，当前我的消息服务已经暂停。"

Keep = Callable[[bytes, str], str]
"""Stores a file; its `downloadCode`."""
Speak = Callable[[str], int]
"""Makes a sound of some words; its length in frames."""


def spoken(
    text: str, content: Content, *, in_group: bool, keep: Keep, speak: Speak
) -> dict[str, Any]:
    """The kind of a message and what it holds. Raises ValueError in Chinese."""
    if content == "text":
        # The mention of the robot is removed and leaves its blank.
        return {"msgtype": "text", "text": {"content": f" {text}" if in_group else text}}
    if content == "image":
        picture = {"downloadCode": keep(PICTURE, "image/png")}
        if not text:
            return {"msgtype": "picture", "content": picture}
        items = [{"text": text}, {"type": "picture", **picture}]
        return {"msgtype": "richText", "content": {"richText": items}}
    if in_group or content not in ("voice", "file"):
        raise ValueError("钉钉群里只能给机器人发文字和图片")
    if content == "voice":
        frames = speak(text)
        code, length = keep(opus(frames), "audio/ogg"), frames * FRAME_MILLISECONDS
        voice = {"recognition": text, "downloadCode": code, "duration": length}
        return {"msgtype": "audio", "content": voice}
    code = keep(text.encode(), "application/octet-stream")
    return {"msgtype": "file", "content": {"downloadCode": code, "fileName": text}}


def envelope(
    app: App, member: Member, shown: Shown, *, webhook: str, until: datetime
) -> dict[str, Any]:
    in_group = shown.chat != member.id
    body: dict[str, Any] = {
        "conversationId": shown.chat if in_group else conversation(app, member.id),
        "conversationType": "2" if in_group else "1",
        "msgId": shown.id,
        "senderStaffId": member.id,
        "senderNick": member.name,
        "senderId": f"$:LWCP_v1:${_short_hash(member.id)}",
        "senderCorpId": app.corp_id,
        "isAdmin": False,
        "chatbotCorpId": app.corp_id,
        "chatbotUserId": OUR_ID,
        "robotCode": app.client_id,
        "sessionWebhook": webhook,
        "sessionWebhookExpiredTime": _milliseconds(until),
        "createAt": _milliseconds(shown.at),
        "senderPlatform": "Mac",
    }
    if in_group:
        mentioned = [{"dingtalkId": OUR_ID}]
        body |= {"conversationTitle": shown.chat, "isInAtList": True, "atUsers": mentioned}
    return body


def quoting(body: Mapping[str, Any], quoted: Shown) -> dict[str, Any]:
    """A message that quotes an earlier one, as clients were seen to send it."""
    key = "originalProcessQueryKey" if quoted.sender == "bot" else "originalMsgId"
    if "text" not in body:
        return {**body, key: quoted.id}
    replied = {"msgType": "text", "msgId": quoted.id, "senderId": quoted.sender}
    text = {**body["text"], "isReplyMsg": True, "repliedMsg": replied}
    return {**body, "text": text, key: quoted.id}


def without_words(body: Mapping[str, Any]) -> dict[str, Any]:
    """What arrives when the month's deliveries are used up (计费模型说明)."""
    rest = {key: value for key, value in body.items() if key not in ("text", "content")}
    return rest | {"errorCode": 20001, "errorMessage": QUOTA_USED_UP}


def conversation(app: App, user: str) -> str:
    """The id of a one-to-one chat, which looks like a group's."""
    return f"cid{_short_hash(app.corp_id + user)}=="


def _short_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
