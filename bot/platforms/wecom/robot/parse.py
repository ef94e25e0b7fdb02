"""What a smart robot is told, as our events: messages, clicks on cards, and who came in.

Facts: D100719 messages, D101027 events. A quotation comes with its words and without the id of
what was quoted, so it cannot be tied to one of our cards: `reply_to` stays empty.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog

from bot.events import CardClicked, ChatOpened, Event, MessageKind, MessageReceived
from cards.actions import UnknownAction, decode

RIGHT = "robot:"
"""Begins what is ours alone: rights to edit, and handles of files."""
KINDS: Mapping[str, MessageKind] = {
    "text": "text",
    "mixed": "text",
    "voice": "voice",
    "image": "image",
    "file": "file",
    "video": "file",
}
GROUPS = "wr"
_GROUP = re.compile(rf"{GROUPS}[0-9A-Za-z_-]{{18,126}}")
_FIRST = re.compile(r"^@\S+\s*")
_LAST = re.compile(r"\s+@\S+$")

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Told:
    """One callback. `right` is what an answer to it has to name."""

    body: Mapping[str, Any]
    right: str
    at: datetime
    robot_name: str = ""

    @property
    def event_type(self) -> str:
        if self.body.get("msgtype") != "event":
            return ""
        return _text(_mapping(self.body.get("event")).get("eventtype"))

    @property
    def is_enter_chat(self) -> bool:
        return self.event_type == "enter_chat"

    @property
    def is_click(self) -> bool:
        return self.event_type == "template_card_event"

    @property
    def is_message(self) -> bool:
        return self.body.get("msgtype") != "event"

    @property
    def in_group(self) -> bool:
        return self.body.get("chattype") == "group"

    @property
    def user(self) -> str:
        return _text(_mapping(self.body.get("from")).get("userid"))

    @property
    def chat(self) -> str:
        """The platform's id of the conversation: a person's, or a group's (case-sensitive)."""
        return _text(self.body.get("chatid")) if self.in_group else self.user


def is_group(platform_id: str) -> bool:
    """Ids of groups begin with wr and are long; a user id is what the enterprise chose."""
    return _GROUP.fullmatch(platform_id) is not None


def read_event(told: Told) -> Event | None:
    """What happened, or None with the reason in the log."""
    reason = _why_ignored(told)
    if reason:
        log.info("wecom.robot_ignored", reason=reason)
        return None
    if told.is_click:
        return _click(told)
    return _opened(told) if told.is_enter_chat else _message(told)


def _why_ignored(told: Told) -> str:
    kind = _text(told.body.get("msgtype"))
    if kind == "event" and not (told.is_click or told.is_enter_chat):
        return f"event {told.event_type[:60]!r} is not handled"
    if kind != "event" and kind not in KINDS:
        return f"message type {kind[:60]!r} is not handled"
    if not _text(told.body.get("msgid")):
        return "no msgid"
    if _mapping(told.body.get("from")).get("corpid"):
        return "from a member of another enterprise"
    if not told.user or not told.chat:
        return "nobody in `from`, or a group without its chatid"
    return ""


def _message(told: Told) -> MessageReceived:
    kind = _text(told.body.get("msgtype"))
    text, media = _said(told.body, kind)
    if told.in_group:
        text = without_mention(text, told.robot_name)
    return MessageReceived(
        key=_key(told),
        at=told.at,
        sender=_address(told.user),
        chat=_address(told.chat),
        text=text,
        kind="image" if kind == "mixed" and media and not text else KINDS[kind],
        media=media,
        message_id=_text(told.body.get("msgid")),
        in_group=told.in_group,
    )


def _opened(told: Told) -> ChatOpened:
    """WeCom tells of the first visit of each day; one key makes it the first of all."""
    robot = _text(told.body.get("aibotid"))
    return ChatOpened(f"wecom:{robot}:opened:{told.user}", _moment(told), _address(told.user))


def _said(body: Mapping[str, Any], kind: str) -> tuple[str, str]:
    """Words, and the handle of a file. Voice comes as words alone."""
    part = _mapping(body.get(kind))
    if kind == "mixed":
        items = part.get("msg_item")
        said = [_said(one, _text(one.get("msgtype"))) for one in _mappings(items)]
        texts = [text for text, _ in said if text]
        return "\n".join(texts), next((media for _, media in said if media), "")
    url = _text(part.get("url"))
    media = f"{RIGHT}{_text(part.get('aeskey'))}:{url}" if url else ""
    return _text(part.get("content")).strip(), media


def without_mention(text: str, name: str) -> str:
    """A group's message still holds the mention it came by. Where the robot's name is not known,
    one mention at the very beginning is taken for it, else one at the very end."""
    if name:
        return re.sub(rf"\s*@{re.escape(name)}(?=\s|$)\s*", " ", text).strip()
    shorter = _FIRST.sub("", text)
    return (shorter if shorter != text else _LAST.sub("", text)).strip()


def _click(told: Told) -> Event | None:
    pressed = _mapping(_mapping(told.body.get("event")).get("template_card_event"))
    try:
        action = decode(_text(pressed.get("event_key")))
    except UnknownAction as problem:
        log.info("wecom.robot_ignored", reason=f"the button is not ours: {problem}")
        return None
    return CardClicked(
        key=_key(told),
        at=_moment(told),
        sender=_address(told.user),
        chat=_address(told.chat),
        action=action,
        card=_text(pressed.get("task_id")),
        form=_selected(_mapping(pressed.get("selected_items")).get("selected_item")),
        edit_code=f"{RIGHT}{told.right}",
    )


def _selected(items: Any) -> dict[str, tuple[str, ...]]:
    return {
        _text(item.get("question_key")): tuple(
            _texts(_mapping(item.get("option_ids")).get("option_id"))
        )
        for item in _mappings(items)
    }


def _moment(told: Told) -> datetime:
    seconds = told.body.get("create_time")
    try:
        return datetime.fromtimestamp(int(str(seconds)), UTC)
    except (ValueError, OverflowError, OSError):
        return told.at


def _address(platform_id: str) -> str:
    return f"wecom:{platform_id}"


def _key(told: Told) -> str:
    """`msgid` is there for telling repetitions (D100719), on events as well."""
    robot, message = _text(told.body.get("aibotid")), _text(told.body.get("msgid"))
    return f"wecom:{robot}:{message}"


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _mappings(value: Any) -> list[Mapping[str, Any]]:
    """A list, or the one thing that stands for a list of one."""
    return [one for one in (value if isinstance(value, list) else [value]) if _mapping(one)]


def _texts(value: Any) -> list[str]:
    return [one for one in (value if isinstance(value, list) else [value]) if _text(one)]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
