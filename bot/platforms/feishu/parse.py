"""Feishu's payloads as events; what the bot has no use for becomes None, with a logged reason.

Facts: open.feishu.cn, "接收消息 v2.0" (im.message.receive_v1) and "卡片回传交互"
(card.action.trigger).
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from pydantic import ValidationError

from bot.events import CardClicked, MessageKind, MessageReceived
from bot.platforms.feishu.payloads import ClickPush, Context, Message, MessagePush, Pressed
from cards.actions import Action, UnknownAction, decode

log = structlog.get_logger()

MESSAGE = "im.message.receive_v1"
CLICK = "card.action.trigger"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PICKED = re.compile(r"(\d{4}-\d\d-\d\d(?: \d\d:\d\d)?|\d\d:\d\d) [+-]\d{4}")
_MENTION = re.compile(r"@_user_\d+|@_all\b")


def event_type(payload: dict[str, Any]) -> str:
    """Of both envelopes: schema 2.0 has a header, the old one names it inside the event."""
    for part, key in (("header", "event_type"), ("event", "type")):
        inner = payload.get(part)
        if isinstance(inner, dict) and inner.get(key):
            return str(inner[key])
    return ""


def parse(payload: dict[str, Any]) -> MessageReceived | CardClicked[Action] | None:
    """The event in an authentic payload."""
    kind = event_type(payload)
    try:
        if kind == MESSAGE:
            return _read_message(MessagePush.model_validate(payload))
        if kind == CLICK:
            return _read_click(ClickPush.model_validate(payload))
    except ValidationError as problem:
        where = [".".join(str(step) for step in error["loc"]) for error in problem.errors()]
        log.warning("feishu.ignored", event_type=kind, reason="malformed", where=where[:5])
        return None
    log.info("feishu.ignored", event_type=kind, reason="no use for this type")
    return None


def moment(digits: str) -> datetime:
    """Seconds, milliseconds or microseconds since 1970, told apart by their length: messages carry
    milliseconds, card callbacks microseconds."""
    microseconds = int(digits) * 10 ** (16 - len(digits))
    return _EPOCH + timedelta(microseconds=microseconds)


def _read_message(push: MessagePush) -> MessageReceived | None:
    header, message, sender = push.header, push.event.message, push.event.sender
    address = sender.sender_id.address
    if sender.sender_type != "user" or not address:
        log.info("feishu.ignored", message_id=message.message_id, reason="not from a person")
        return None
    in_group = message.chat_type != "p2p"
    kind, text, media = _read_content(message)
    return MessageReceived(
        # The message's id, not the event's: one message may be pushed under two event ids.
        key=f"feishu:{header.app_id}:{header.tenant_key}:msg:{message.message_id}",
        at=moment(message.create_time),
        sender=address,
        chat=f"feishu:{message.chat_id}" if in_group else address,
        text=text,
        kind=kind,
        media=media,
        message_id=message.message_id,
        reply_to=message.parent_id or message.root_id,
        in_group=in_group,
    )


def _read_content(message: Message) -> tuple[MessageKind, str, str]:
    """Kind, text and media handle (`message/kind/key`, what `fetch` takes)."""
    content = message.content
    match message.message_type:
        case "text":
            return "text", _plain_text(message), ""
        case "post":
            text, images = _post_text(message)
            return "text", text, _handle(message, "image", images[0]) if images else ""
        case "image":
            return "image", "", _handle(message, "image", content.get("image_key"))
        case "audio":
            return "voice", "", _handle(message, "file", content.get("file_key"))
        case "file" | "media":
            name = str(content.get("file_name", ""))
            return "file", name, _handle(message, "file", content.get("file_key"))
        case _:
            return "other", str(content.get("name", "")), ""


def _handle(message: Message, kind: str, key: object) -> str:
    return f"{message.message_id}/{kind}/{key}" if key else ""


def _plain_text(message: Message) -> str:
    names = _mention_names(message)
    text = str(message.content.get("text", ""))
    return _MENTION.sub(lambda found: names.get(found[0], found[0]), text).strip()


def _mention_names(message: Message) -> dict[str, str]:
    return {"@_all": "@所有人"} | {mention.key: mention.as_text for mention in message.mentions}


def _post_text(message: Message) -> tuple[str, list[str]]:
    """Rich text as lines, and the keys of its pictures."""
    names = _mention_names(message)
    lines = [str(message.content.get("title", ""))]
    images: list[str] = []
    paragraphs = message.content.get("content")
    for paragraph in paragraphs if isinstance(paragraphs, list) else []:
        if not isinstance(paragraph, list):
            continue
        spans = [span for span in paragraph if isinstance(span, dict)]
        lines.append("".join(_span_text(span, names) for span in spans))
        images += [str(span["image_key"]) for span in spans if span.get("image_key")]
    if len(images) > 1:
        log.info("feishu.pictures_left", message_id=message.message_id, count=len(images) - 1)
    return "\n".join(line for line in lines if line.strip()).strip(), images


def _span_text(span: dict[str, Any], names: dict[str, str]) -> str:
    if span.get("tag") == "at":
        return names.get(str(span.get("user_id")), f"@{span.get('user_name', '')}")
    return str(span.get("text", ""))


def _read_click(push: ClickPush) -> CardClicked[Action] | None:
    header, event = push.header, push.event
    context = event.context or push.context
    value = event.action.value
    carried = value if isinstance(value, dict) else {"a": value}
    try:
        action = decode(str(carried.get("a", "")))
    except UnknownAction as problem:
        log.warning("feishu.ignored", event_id=header.event_id, reason=str(problem))
        return None
    sender = event.operator.address
    if not sender:
        log.warning("feishu.ignored", event_id=header.event_id, reason="nobody clicked")
        return None
    return CardClicked(
        key=f"feishu:{header.app_id}:cb:{header.event_id}",
        at=moment(header.create_time),
        sender=sender,
        # The callback does not say whether its chat is one-to-one; our card does ("p").
        chat=sender if "p" in carried or not context.open_chat_id else _chat(context),
        action=action,
        card=str(carried.get("c", "")),
        message_id=context.open_message_id,
        form=_form(event.action),
    )


def _chat(context: Context) -> str:
    return f"feishu:{context.open_chat_id}"


def _form(action: Pressed) -> dict[str, tuple[str, ...]]:
    """Values by name. A component outside a form reports its one value under its own name."""
    values = dict(action.form_value)
    for value in (action.option, action.options, action.input_value, action.checked):
        if value is not None:
            values[action.name or action.tag] = value
    read = {name: _strings(value) for name, value in values.items()}
    return {name: strings for name, strings in read.items() if strings}


def _strings(value: object) -> tuple[str, ...]:
    if isinstance(value, list):
        return tuple(text for item in value for text in _strings(item))
    if isinstance(value, bool):
        return ("true" if value else "false",)
    text = "" if value is None else str(value)
    picked = _PICKED.fullmatch(text)
    return (picked[1] if picked else text,) if text else ()
