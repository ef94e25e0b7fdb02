"""DingTalk's markdown: escaping what people typed, and cutting text to a number of bytes."""

import json
import re
from collections.abc import Iterable

from cards.render.plain import BOLD

LINE = "  \n  "
"""A line break needs two blanks on both sides (消息发送与接收类型)."""
PARAGRAPH = "\n\n"
MORE = "……（余下的见下一条消息）"

_MARKUP = re.compile(r"[\\`*]|(?<=\])\(|<(?=[a-zA-Z/!])|~(?=~)|(?<!\w)_|_(?!\w)")
_LINE_MARKUP = re.compile(r"^(\s*)([#>])", re.MULTILINE)
_TOKENS = re.compile(r"\[(?:\\.|[^\]\\])*\]\([^)]*\)|\*\*|\\.|.", re.DOTALL)
_BOLD_MARK = "**"


def escape(text: str) -> str:
    """Text in which nothing is markup."""
    safe = _LINE_MARKUP.sub(r"\1\\\2", _MARKUP.sub(r"\\\g<0>", text.strip()))
    return LINE.join(safe.splitlines())


def escape_keeping_bold(text: str) -> str:
    """Text of a card, in which `**bold**` is the only markup."""
    pieces = BOLD.split(text.strip())
    return "".join(
        f"**{escape(piece)}**" if number % 2 else _escape_between(piece)
        for number, piece in enumerate(pieces)
    )


def _escape_between(piece: str) -> str:
    """Keeps the space around it, which parts it from the bold beside it."""
    core = piece.strip()
    if not core:
        return piece.replace("\n", LINE)
    before, after = piece.split(core, 1)
    return before.replace("\n", LINE) + escape(core) + after.replace("\n", LINE)


def has_bold(text: str) -> bool:
    return BOLD.search(text) is not None


def link(text: str, url: str) -> str:
    label = escape(text).replace("[", "\\[").replace("]", "\\]")
    return f"[{label}]({url.replace(' ', '%20').replace(')', '%29')})"


def paragraphs(blocks: Iterable[str]) -> str:
    return PARAGRAPH.join(block for block in blocks if block)


def size(text: str) -> int:
    """Bytes of the text inside a JSON string, which is never less than its own bytes."""
    return len(json.dumps(text, ensure_ascii=False).encode()) - 2


def fit(body: str, tail: str, room: int) -> tuple[str, str]:
    """Body and tail in `room` bytes, and the rest. A long body is cut and says so; the tail
    (what is asked of the reader) stays with the card unless it is too long itself."""
    whole = paragraphs([body, tail])
    if size(whole) <= room:
        return whole, ""
    if size(tail) > room // 2:
        body, tail = whole, ""
    head, rest = cut(body, room - size(paragraphs(["", MORE, tail])) - size(2 * PARAGRAPH))
    return paragraphs([head, MORE, tail]), rest


def parts(text: str, room: int) -> list[str]:
    """The text in pieces of at most `room` bytes; at least one."""
    found = []
    while size(text) > room:
        head, rest = cut(text, room)
        if len(rest) >= len(text):  # one link is longer than all the room
            head, rest = text[: room // 6], text[room // 6 :]
        found.append(head)
        text = rest
    return [*found, text]


def cut(text: str, room: int) -> tuple[str, str]:
    """A head of at most `room` bytes and the rest: at the end of a line if one is near, never
    inside an escape or a link, with bold closed and opened again."""
    used, at, line_end, bold = 0, 0, 0, False
    for token in _TOKENS.finditer(text):
        used += size(token[0])
        if used > room - len(_BOLD_MARK):
            break
        at, bold = token.end(), bold ^ (token[0] == _BOLD_MARK)
        if token[0] == "\n" and not bold:
            line_end = at
    if line_end > at // 2:
        at, bold = line_end, False
    mark = _BOLD_MARK if bold else ""
    return text[:at].rstrip() + mark, mark + text[at:].lstrip()
