"""Feishu's payloads as events; what the bot has no use for becomes None, with a logged reason.

Facts: open.feishu.cn, "接收消息 v2.0", "卡片回传交互", "机器人自定义菜单事件", "机器人进群",
"用户进入与机器人的会话", "用户和机器人的会话首次被创建", "撤回消息事件".
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from pydantic import ValidationError

from bot.events import (
    CardClicked,
    ChatOpened,
    Event,
    GroupJoined,
    MessageRecalled,
    MessageReceived,
    TaskChanged,
)
from bot.platforms.feishu import menu
from bot.platforms.feishu.contents import mentions, read_content
from bot.platforms.feishu.payloads import (
    ClickPush,
    Context,
    EnteredPush,
    FirstChatPush,
    Header,
    JoinedPush,
    MenuPush,
    Message,
    MessagePush,
    Pressed,
    RecalledPush,
    TaskPush,
)
from cards.actions import Action, UnknownAction, decode

log = structlog.get_logger()

MESSAGE = "im.message.receive_v1"
CLICK = "card.action.trigger"
NO_USE = frozenset(
    (
        "im.message.reaction.created_v1",
        "im.message.reaction.deleted_v1",
        "im.message.message_read_v1",
        "im.chat.member.bot.deleted_v1",
        "im.chat.updated_v1",
        "im.chat.disbanded_v1",
    )
)
"""Often subscribed to, acknowledged, of no use to us."""
THREAD = "#"
"""Between a group and the message a thread of it began with, in the address of a conversation."""

_COMPLETED, _DELETED = 5, 7
"""Of a task's `obj_type`; the rest is our own doing or of no use [T2]."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PICKED = re.compile(r"(\d{4}-\d\d-\d\d(?: \d\d:\d\d)?|\d\d:\d\d) [+-]\d{4}")


def event_type(payload: dict[str, Any]) -> str:
    """Of both envelopes: schema 2.0 has a header, the old one names it inside the event."""
    for part, key in (("header", "event_type"), ("event", "type")):
        inner = payload.get(part)
        if isinstance(inner, dict) and inner.get(key):
            return str(inner[key])
    return ""


def names_a_bot(payload: dict[str, Any]) -> bool:
    """Whether a message mentions what is, or may be, a bot: us or another one."""
    if event_type(payload) != MESSAGE:
        return False
    try:
        mentioned = MessagePush.model_validate(payload).event.message.mentions
    except ValidationError:
        return False
    return any(mention.mentioned_type in ("bot", "") for mention in mentioned)


def parse(payload: dict[str, Any], bot: str = "") -> Event | None:
    """The event in an authentic payload; `bot` is our own open_id, empty while it is not known."""
    kind = event_type(payload)
    try:
        if kind == MESSAGE:
            return _read_message(MessagePush.model_validate(payload), bot)
        if kind in _READERS:
            return _READERS[kind](payload)
    except ValidationError as problem:
        where = [".".join(str(step) for step in error["loc"]) for error in problem.errors()]
        log.warning("feishu.ignored", event_type=kind, reason="malformed", where=where[:5])
        return None
    if kind not in NO_USE:
        log.info("feishu.ignored", event_type=kind, reason="no use for this type")
    return None


def moment(digits: str) -> datetime:
    """Seconds, milliseconds or microseconds since 1970, told apart by their length: messages carry
    milliseconds, card callbacks microseconds."""
    microseconds = int(digits) * 10 ** (16 - len(digits))
    return _EPOCH + timedelta(microseconds=microseconds)


def _read_message(push: MessagePush, bot: str) -> MessageReceived | None:
    header, message, sender = push.header, push.event.message, push.event.sender
    address = sender.sender_id.address
    if sender.sender_type != "user" or not address:
        log.info("feishu.ignored", message_id=message.message_id, reason="not from a person")
        return None
    in_group = message.chat_type != "p2p"
    said = read_content(message, bot)
    return MessageReceived(
        # The message's id, not the event's: one message may be pushed under two event ids.
        key=_message_key(header, message.message_id),
        at=moment(message.create_time),
        sender=address,
        chat=_conversation(message) if in_group else address,
        text=said.text,
        kind=said.kind,
        media=said.media,
        message_id=message.message_id,
        reply_to=message.parent_id or message.root_id,
        in_group=in_group,
        overheard=in_group and not mentions(message, bot),
    )


def _message_key(header: Header, message_id: str) -> str:
    return f"feishu:{header.app_id}:{header.tenant_key}:msg:{message_id}"


def _conversation(message: Message) -> str:
    """A thread is a conversation of its own: what is answered outside of it would, in a group of
    topics, begin another topic."""
    thread = f"{THREAD}{message.root_id or message.message_id}" if message.thread_id else ""
    return f"feishu:{message.chat_id}{thread}"


def _read_menu(payload: dict[str, Any]) -> MessageReceived | None:
    """A command, as if it had been typed. Only in one-to-one chats are there menus [G5]."""
    push = MenuPush.model_validate(payload)
    header, event = push.header, push.event
    sender, words = event.operator.operator_id.address, menu.words_of(event.event_key)
    if not (sender and words):
        known = "、".join(menu.WORDS)
        log.warning("feishu.menu_unknown", event_key=event.event_key[:50], remedy=f"用 {known}")
        return None
    return MessageReceived(
        key=f"feishu:{header.app_id}:evt:{header.event_id}",
        at=moment(header.create_time),
        sender=sender,
        chat=sender,
        text=words,
        sender_name=event.operator.operator_name,
    )


def _read_entered(payload: dict[str, Any]) -> ChatOpened | None:
    """Comes each time the conversation is entered [G3]; where something was said before, whoever
    enters knows us."""
    push = EnteredPush.model_validate(payload)
    sender = push.event.operator_id.address
    if push.event.last_message_id or not sender:
        return None
    return _opened(push.header.app_id, sender, moment(push.header.create_time))


def _read_first_chat(payload: dict[str, Any]) -> ChatOpened | None:
    push = FirstChatPush.model_validate(payload)
    sender = push.event.user.address
    at = datetime.fromtimestamp(float(push.ts), UTC)
    return _opened(push.event.app_id, sender, at) if sender else None


def _opened(app_id: str, sender: str, at: datetime) -> ChatOpened:
    """One key for ever, so that a person is greeted once."""
    return ChatOpened(f"feishu:{app_id}:opened:{sender}", at, sender)


def _read_joined(payload: dict[str, Any]) -> GroupJoined:
    push = JoinedPush.model_validate(payload)
    header, event = push.header, push.event
    key = f"feishu:{header.app_id}:evt:{header.event_id}"
    return GroupJoined(key, moment(header.create_time), f"feishu:{event.chat_id}", event.external)


def _read_recalled(payload: dict[str, Any]) -> MessageRecalled:
    push = RecalledPush.model_validate(payload)
    header = push.header
    message = _message_key(header, push.event.message_id)
    return MessageRecalled(f"{message}:recalled", moment(header.create_time), message)


def _read_task(payload: dict[str, Any]) -> TaskChanged | None:
    """It says that something changed, never who did it [T2]."""
    push = TaskPush.model_validate(payload)
    header, event = push.header, push.event
    key, at = f"feishu:{header.app_id}:evt:{header.event_id}", moment(header.create_time)
    if event.obj_type == _COMPLETED:
        return TaskChanged(key, at, f"feishu:{event.task_id}", "done")
    if event.obj_type == _DELETED:
        return TaskChanged(key, at, f"feishu:{event.task_id}", "deleted")
    return None


def _read_click(payload: dict[str, Any]) -> CardClicked[Action] | None:
    push = ClickPush.model_validate(payload)
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
        chat=sender if "p" in carried or not context.open_chat_id else _chat(context, carried),
        action=action,
        card=str(carried.get("c", "")),
        message_id=context.open_message_id,
        form=_form(event.action),
    )


def _chat(context: Context, carried: Mapping[str, Any]) -> str:
    """The callback does not tell the thread either."""
    thread = f"{THREAD}{carried['t']}" if carried.get("t") else ""
    return f"feishu:{context.open_chat_id}{thread}"


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


_READERS: Mapping[str, Callable[[dict[str, Any]], Event | None]] = {
    CLICK: _read_click,
    "application.bot.menu_v6": _read_menu,
    "im.chat.access_event.bot_p2p_chat_entered_v1": _read_entered,
    "p2p_chat_create": _read_first_chat,
    "im.chat.member.bot.added_v1": _read_joined,
    "im.message.recalled_v1": _read_recalled,
    "task.task.updated_v1": _read_task,
}
