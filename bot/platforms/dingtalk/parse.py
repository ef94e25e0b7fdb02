"""What DingTalk says, as our events: robot messages and card clicks."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog

from bot.events import CardClicked, MessageKind, MessageReceived
from cards.actions import Action, UnknownAction
from cards.render.dingtalk_buttons import read_button_id

GROUP = "2"
USER_ID = 1
QUOTA_USED_UP = 20001
KINDS: Mapping[str, MessageKind] = {
    "text": "text",
    "richText": "text",
    "picture": "image",
    "audio": "voice",
    "video": "file",
    "file": "file",
    "unknownMsgType": "other",
}

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Said:
    text: str = ""
    media: str = ""


def address(platform_id: str) -> str:
    return f"dingtalk:{platform_id}"


def is_group(platform_id: str) -> bool:
    """`openConversationId` starts with cid; a staff id is what the company chose."""
    return platform_id.startswith("cid")


def quota_used_up(body: Mapping[str, Any]) -> bool:
    """The month's Stream deliveries are gone: messages come without text (计费模型说明).
    Two pages spell the key differently."""
    return QUOTA_USED_UP in (body.get("errorCode"), body.get("errCode"))


def parse_message(body: Mapping[str, Any], *, now: datetime) -> MessageReceived | None:
    """A robot message, or None with the reason in the log (消息发送与接收类型)."""
    msg_id, staff_id = _text(body.get("msgId")), _text(body.get("senderStaffId"))
    kind = _kind(_text(body.get("msgtype")))
    if reason := _why_ignored(body, msg_id=msg_id, staff_id=staff_id, kind=kind):
        log.warning("dingtalk.message_ignored", reason=reason, msg_id=msg_id)
        return None
    said = _said(body)
    in_group = _text(body.get("conversationType")) == GROUP
    return MessageReceived(
        key=address(f"message:{msg_id}"),
        at=_moment(body.get("createAt"), now),
        sender=address(staff_id),
        chat=address(_text(body.get("conversationId")) if in_group else staff_id),
        text=said.text,
        kind="image" if kind == "text" and said.media and not said.text else kind or "other",
        media=said.media,
        message_id=msg_id,
        reply_to=_quoted(body),
        sender_name=_text(body.get("senderNick")),
        in_group=in_group,
    )


def _why_ignored(
    body: Mapping[str, Any], *, msg_id: str, staff_id: str, kind: MessageKind | None
) -> str:
    if quota_used_up(body):
        return "the month's Stream quota is used up"
    if not msg_id:
        return "no msgId"
    if not staff_id:
        return "no senderStaffId: not an employee, or the app is not published"
    if _text(body.get("conversationType")) == GROUP and not body.get("conversationId"):
        return "a group without conversationId"
    return "" if kind else "no msgtype"


def _kind(msgtype: str) -> MessageKind | None:
    """A kind that came after this was written is answered like any other that cannot be read."""
    return KINDS.get(msgtype, "other") if msgtype else None


def _said(body: Mapping[str, Any]) -> _Said:
    content = body.get("content")
    if isinstance(content, str):  # one official page shows a bare string
        return _Said(content.strip())
    if not isinstance(content, Mapping):
        return _Said(_text(_mapping(body.get("text")).get("content")).strip())
    if isinstance(content.get("richText"), list):
        return _rich(content["richText"])
    # A voice message arrives transcribed, a file has its name; the rest is not of interest.
    text = _text(content.get("recognition")) or _text(content.get("fileName"))
    return _Said(text.strip(), _code(content))


def _rich(items: list[Any]) -> _Said:
    pieces = [_mapping(item) for item in items]
    texts = [_text(piece.get("text")).strip() for piece in pieces]
    media = [code for piece in pieces if (code := _code(piece))]
    if len(media) > 1:
        log.info("dingtalk.pictures_left", count=len(media) - 1)
    return _Said("\n".join(text for text in texts if text), media[0] if media else "")


def _code(content: Mapping[str, Any]) -> str:
    """A picture has two of them; either fetches it."""
    return _text(content.get("downloadCode")) or _text(content.get("pictureDownloadCode"))


def _quoted(body: Mapping[str, Any]) -> str:
    """The id of the message that was quoted; for a robot message its `processQueryKey`, which is
    what sending it returned. Not on an official page: used when present."""
    text = _mapping(body.get("text"))
    for source in (body, text, _mapping(text.get("repliedMsg"))):
        for key in ("originalProcessQueryKey", "originalMsgId"):
            if source.get(key):
                return _text(source[key])
    return _text(_mapping(text.get("repliedMsg")).get("msgId"))


def parse_click(
    body: Mapping[str, Any], *, frame_id: str, at: datetime
) -> CardClicked[Action] | None:
    """A pressed button, or None with the reason in the log (事件回调). `frame_id` is unique for a
    short time only, so the key names the card as well.

    In a one-to-one chat `spaceId` may be a conversation's id like a group's; the button knows."""
    card, user = _text(body.get("outTrackId")), _text(body.get("userId"))
    if not (card and user) or body.get("userIdType", USER_ID) != USER_ID:
        log.warning("dingtalk.click_ignored", reason="no outTrackId or userId", card=card)
        return None
    private, params = _pressed(body)
    names = private.get("actionIds")
    identity = _text(names[0]) if isinstance(names, list) and names else ""
    try:
        pressed = read_button_id(identity)
    except UnknownAction as problem:
        log.warning("dingtalk.click_ignored", reason=f"foreign button: {problem}", card=card)
        return None
    group = _text(body.get("spaceId")) if pressed.in_group else ""
    return CardClicked(
        key=address(f"click:{card}:{frame_id}"),
        at=at,
        sender=address(user),
        chat=address(group if is_group(group) else user),
        action=pressed.action,
        card=card,
        form=pressed.form | _form(params.get("form")),
    )


def _pressed(body: Mapping[str, Any]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """`cardPrivateData` and the params, which one official page shows beside it."""
    content = body.get("content") or body.get("value") or {}
    if isinstance(content, str):
        try:
            content = json.loads(content)
        except ValueError:
            content = {}
    content = _mapping(content)
    private = _mapping(content.get("cardPrivateData"))
    return private, _mapping(private.get("params") or content.get("params"))


def _form(values: Any) -> dict[str, tuple[str, ...]]:
    """What the form of a template of one's own holds: field → value | {index, value} (表单变量)."""
    found = {}
    for name, value in _mapping(values).items():
        chosen = value.get("value") if isinstance(value, Mapping) else value
        listed = chosen if isinstance(chosen, list) else [chosen]
        found[name] = tuple(str(item) for item in listed if item not in (None, ""))
    return found


def _moment(milliseconds: Any, now: datetime) -> datetime:
    """Documented as text, sent as number: both are read."""
    try:
        return datetime.fromtimestamp(int(milliseconds) / 1000, UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return now


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
