"""What is in a Feishu message, by its type: words, a handle to fetch it by, or what it is.

Facts: open.feishu.cn, "接收消息内容结构" [M2].
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from bot.events import MessageKind
from bot.platforms.feishu.payloads import Mention, Message
from cards.kinds import named

log = structlog.get_logger()

_MENTION = re.compile(r"@_user_\d+|@_all\b")
_EVERYONE = {"@_all": "@所有人"}
_OTHERS: Mapping[str, str] = {
    "location": "location",
    "share_chat": "group",
    "merge_forward": "forwarded",
    "interactive": "card",
    "todo": "task",
    "vote": "vote",
    "calendar": "appointment",
    "share_calendar_event": "appointment",
    "general_calendar": "appointment",
    "video_chat": "call",
    "hongbao": "money",
}
"""Message type → `cards.kinds`."""
_FILES: Mapping[str, tuple[MessageKind, str, str]] = {
    "image": ("image", "image", "image_key"),
    "audio": ("voice", "file", "file_key"),
    "file": ("file", "file", "file_key"),
    "media": ("file", "file", "file_key"),
    "folder": ("file", "file", ""),
}
"""Message type → ours, the resource's, and the member with its key; a folder has none."""
_WORDLESS = frozenset(("sticker", "system"))
_TITLES = ("name", "title", "topic", "summary")


@dataclass(frozen=True, slots=True)
class Said:
    kind: MessageKind
    text: str = ""
    media: str = ""


def read_content(message: Message, bot: str = "") -> Said:
    """`bot` is our own open_id: mentions of it vanish, those of others become names."""
    kind, content = message.message_type, message.content
    if kind == "text":
        return Said("text", _with_names(str(content.get("text", "")), _names(message, bot)).strip())
    if kind == "post":
        return _rich(message, _names(message, bot))
    if kind == "share_user":
        who = content.get("user_id")
        return Said("person", media=f"feishu:{who}" if who else "")
    if kind in _FILES:
        ours, theirs, key = _FILES[kind]
        media = _handle(message, theirs, content.get(key))
        return Said(ours, str(content.get("file_name", "")), media)
    if kind in _WORDLESS:
        return Said("sticker")
    return Said("other", named(_OTHERS.get(kind, "unknown"), _title(content)))


def mentions(message: Message, bot: str) -> bool:
    """Whether it speaks to us. Where that cannot be told (our own id is not known, a mention says
    neither whose nor of what kind it is), it does: the usual permission delivers no other talk of
    groups, and what is dropped is lost."""
    return any(_is_us(mention, bot) or _may_be_us(mention, bot) for mention in message.mentions)


def _is_us(mention: Mention, bot: str) -> bool:
    return mention.id.open_id == bot if _tells(mention, bot) else mention.mentioned_type == "bot"


def _may_be_us(mention: Mention, bot: str) -> bool:
    return not mention.mentioned_type and not _tells(mention, bot)


def _tells(mention: Mention, bot: str) -> bool:
    return bool(bot and mention.id.open_id)


def _names(message: Message, bot: str) -> Mapping[str, str]:
    known = {m.key: "" if _is_us(m, bot) else f"@{m.name}" for m in message.mentions}
    return _EVERYONE | known


def _with_names(text: str, names: Mapping[str, str]) -> str:
    """A name that is not told stays a mark; `@_user_10` is not `@_user_1` with a nought."""
    return _MENTION.sub(lambda found: names.get(found[0], found[0]), text)


def _handle(message: Message, kind: str, key: object) -> str:
    """`message/kind/key`, which is what fetching takes."""
    return f"{message.message_id}/{kind}/{key}" if key else ""


def _rich(message: Message, names: Mapping[str, str]) -> Said:
    """Lines, and the first picture or film among them."""
    title = str(message.content.get("title", ""))
    paragraphs = list(_paragraphs(message.content.get("content")))
    lines = [title, *("".join(_span(span, names) for span in spans) for spans in paragraphs)]
    text = "\n".join(line for line in lines if line.strip()).strip()
    media = [handle for spans in paragraphs for span in spans if (handle := _film(message, span))]
    if len(media) > 1:
        log.info("feishu.pictures_left", message_id=message.message_id, count=len(media) - 1)
    return Said("text" if text or not media else "image", text, media[0] if media else "")


def _paragraphs(content: object) -> Iterator[list[dict[str, Any]]]:
    for paragraph in content if isinstance(content, list) else []:
        if isinstance(paragraph, list):
            yield [span for span in paragraph if isinstance(span, dict)]


def _span(span: dict[str, Any], names: Mapping[str, str]) -> str:
    match span.get("tag"):
        case "at":
            return names.get(str(span.get("user_id")), f"@{span.get('user_name', '')}")
        case "a":
            return str(span.get("text") or span.get("href") or "")
        case "emotion" | "img" | "media" | "hr":
            return ""
        case _:
            return str(span.get("text", ""))


def _film(message: Message, span: dict[str, Any]) -> str:
    """A film also has an `image_key`, of its cover."""
    if span.get("tag") == "media":
        return _handle(message, "file", span.get("file_key"))
    return _handle(message, "image", span.get("image_key"))


def _title(content: Mapping[str, Any]) -> str:
    """A task's summary is rich text of its own."""
    found = next((content[name] for name in _TITLES if content.get(name)), "")
    return str(found.get("title", "") if isinstance(found, dict) else found)
