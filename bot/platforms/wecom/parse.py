"""Turn WeCom's XML into events, or into nothing with a logged reason (D90239, D90240, D92130)."""

from collections.abc import Callable
from datetime import UTC, datetime
from xml.etree.ElementTree import Element, ParseError

import structlog
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from bot.events import (
    CardClicked,
    ContactAdded,
    ContactChange,
    ContactChanged,
    Event,
    GroupChange,
    GroupChanged,
    LinkUsed,
    MessageKind,
    MessageReceived,
)
from bot.platforms.wecom.crypto import CallbackRefused
from cards.actions import UnknownAction, decode
from cards.kinds import named

BODY_LIMIT = 128 * 1024
"""Bytes of a callback; a text is at most 2 KiB, only member lists of customer groups are longer."""

_MESSAGE_KINDS: dict[str, MessageKind] = {
    "text": "text",
    "voice": "voice",
    "image": "image",
    "video": "file",
    "shortvideo": "file",
    "location": "other",
    "link": "other",
}
_TITLES = {"location": "Label", "link": "Title"}
"""What such a message is called to its sender; it has no `Content`."""

log = structlog.get_logger()


def read_encrypt(body: bytes) -> str:
    """The ciphertext of a callback's outer XML, which nobody has vouched for yet."""
    root = _xml(body, refusal="malformed_body")
    found = root.findall("Encrypt")
    text = found[0].text if len(found) == 1 else None
    if not text:
        raise CallbackRefused("malformed_body")
    return text


def read_event(plaintext: bytes) -> Event | None:
    """What happened; None for what the bot does not handle. Raises CallbackRefused."""
    root = _xml(plaintext, refusal="bad_plaintext")
    kind = _text(root, "MsgType")
    if kind != "event":
        return _message(root, kind)
    name, change = _text(root, "Event"), _text(root, "ChangeType")
    read = _EVENTS.get((name, change)) or _EVENTS.get((name, ""))
    if change:
        name = f"{name}/{change}"
    if read is None:
        _log_ignored(root, f"event {name[:60]!r} is not handled")
        return None
    return read(root)


def _message(root: Element, kind: str) -> MessageReceived | None:
    if kind not in _MESSAGE_KINDS:
        _log_ignored(root, f"message type {kind[:60]!r} is not handled")
        return None
    message_id = _needed(root, "MsgId")
    sender = _address(_needed(root, "FromUserName"))
    return MessageReceived(
        key=_key(root, message_id),
        at=_at(root),
        sender=sender,
        chat=sender,
        text=_said(root, kind),
        kind=_MESSAGE_KINDS[kind],
        media=_text(root, "MediaId"),
        message_id=message_id,
    )


def _said(root: Element, kind: str) -> str:
    title = _TITLES.get(kind)
    return named(kind, _text(root, title)) if title else _text(root, "Content")


def _contact(root: Element) -> ContactAdded:
    change, member = _text(root, "ChangeType"), _needed(root, "UserID")
    external = _needed(root, "ExternalUserID")
    return ContactAdded(
        key=_key(root, _text(root, "CreateTime"), change, member.lower(), external),
        at=_at(root),
        member=_address(member),
        external_id=external,
        state=_text(root, "State"),
        welcome_code=_text(root, "WelcomeCode"),
        mutual=change == "add_external_contact",
    )


_CHANGES: dict[str, ContactChange] = {
    "edit_external_contact": "edited",
    "del_external_contact": "deleted",
    "del_follow_user": "left",
    "transfer_fail": "transfer_failed",
}


def _contact_changed(root: Element) -> ContactChanged:
    change, member = _text(root, "ChangeType"), _needed(root, "UserID")
    external = _needed(root, "ExternalUserID")
    return ContactChanged(
        key=_key(root, _text(root, "CreateTime"), change, member.lower(), external),
        at=_at(root),
        member=_address(member),
        external_id=external,
        change=_CHANGES[change],
        by_transfer=_text(root, "Source") == "DELETE_BY_TRANSFER",
        reason=_text(root, "FailReason"),
    )


def _link(root: Element) -> LinkUsed:
    """What is missing stays empty: few changes tell a person (D97299, D101361).

    `ChatKey` joins the documented identity, because it is all that tells two messages apart.
    """
    parts = ("CreateTime", "ChangeType", "LinkId", "State", "ExternalUserID", "ChatKey")
    member = _text(root, "UserID")
    return LinkUsed(
        key=_key(root, *(_text(root, part) for part in parts)),
        at=_at(root),
        platform="wecom",
        change=_text(root, "ChangeType"),
        link=_text(root, "LinkId"),
        state=_text(root, "State"),
        member=_address(member) if member else "",
        external_id=_text(root, "ExternalUserID"),
        chat_key=_text(root, "ChatKey"),
    )


_GROUP_CHANGES: dict[str, GroupChange] = {
    "create": "create",
    "update": "update",
    "dismiss": "dismiss",
}


def _group(root: Element) -> GroupChanged:
    group = _needed(root, "ChatId")
    parts = ("CreateTime", "ChangeType", "ChatId", "UpdateDetail", "CurMemVer")
    count = _text(root, "MemChangeCnt")
    return GroupChanged(
        key=_key(root, *(_text(root, part) for part in parts)),
        at=_at(root),
        group=_address(group),
        change=_GROUP_CHANGES[_text(root, "ChangeType")],
        detail=_text(root, "UpdateDetail"),
        members=int(count) if count.isascii() and count.isdigit() and len(count) < 7 else 0,
    )


def _click(root: Element) -> Event | None:
    try:
        action = decode(_text(root, "EventKey"))
    except UnknownAction as problem:
        _log_ignored(root, f"the button is not ours: {problem}")
        return None
    user, code = _needed(root, "FromUserName"), _text(root, "ResponseCode")
    parts = ("CreateTime", "TaskId", "EventKey")
    identity = (code,) if code else (user.lower(), *(_text(root, part) for part in parts))
    return CardClicked(
        key=_key(root, *identity),
        at=_at(root),
        sender=_address(user),
        chat=_address(user),
        action=action,
        card=_text(root, "TaskId"),
        form=_selected(root),
        edit_code=code,
    )


def _selected(root: Element) -> dict[str, tuple[str, ...]]:
    return {
        _text(item, "QuestionKey"): tuple(
            option.text for option in item.findall("OptionIds/OptionId") if option.text
        )
        for item in root.findall("SelectedItems/SelectedItem")
    }


_EVENTS: dict[tuple[str, str], Callable[[Element], Event | None]] = {
    ("change_external_contact", "add_external_contact"): _contact,
    ("change_external_contact", "add_half_external_contact"): _contact,
    **{("change_external_contact", change): _contact_changed for change in _CHANGES},
    **{("change_external_chat", change): _group for change in _GROUP_CHANGES},
    ("customer_acquisition", ""): _link,
    ("template_card_event", ""): _click,
}
"""By `Event` and `ChangeType`; an empty one stands for any. `msg_audit_approved` is ignored: the
bot reads no archived chats."""


def _log_ignored(root: Element, reason: str) -> None:
    log.info("wecom.ignored", reason=reason, at=_text(root, "CreateTime")[:20])


def _xml(data: bytes, *, refusal: str) -> Element:
    if len(data) > BODY_LIMIT:
        raise CallbackRefused(refusal)
    try:
        root: Element = fromstring(data.decode(), forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError):
        raise CallbackRefused(refusal) from None
    if root.tag != "xml":
        raise CallbackRefused(refusal)
    return root


def _text(root: Element, tag: str) -> str:
    """The element's text; an empty element is as good as none."""
    return root.findtext(tag) or ""


def _needed(root: Element, tag: str) -> str:
    text = _text(root, tag)
    if not text:
        raise CallbackRefused("bad_plaintext")
    return text


def _at(root: Element) -> datetime:
    text = _text(root, "CreateTime")
    if not (text.isascii() and text.isdigit() and len(text) <= 10):
        raise CallbackRefused("bad_plaintext")
    return datetime.fromtimestamp(int(text), UTC)


def _address(user: str) -> str:
    return f"wecom:{user}"


def _key(root: Element, *parts: str) -> str:
    return ":".join(("wecom", _text(root, "ToUserName"), *parts))
