"""WeCom's text and markdown messages: what a card without buttons becomes, and what overflows."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from cards.model import Button, Card, Choice, DateInput, Field, Input, Option, Tone

MESSAGE_BYTES = 2048
"""Of `content`, text and markdown alike (D90236); a longer text would be cut."""

_FONT: dict[Tone, str] = {"neutral": "", "info": "", "good": "info", "warn": "warning"}
_BOLD = re.compile(r"\*\*(.+?)\*\*", re.DOTALL)
_TAG = re.compile(r"<(?=/?(?:a|font)\b)", re.IGNORECASE)
_WEEKDAYS = "一二三四五六日"

Part = dict[str, Any]
Message = Part


@dataclass(frozen=True, slots=True)
class Room:
    """Characters that a template card shows; clients cut what is longer. A quotation has no
    published limit and gets that of `sub_title_text`; the title of a selection is the robot's."""

    title: int
    desc: int
    sub_title: int
    quote: int
    value: int
    select: int
    vote: int
    """Texts of options: in a selection, and in a vote."""


APP = Room(title=36, desc=44, sub_title=160, quote=160, value=30, select=16, vote=17)
"""D90236."""
ROBOT = Room(title=26, desc=30, sub_title=112, quote=112, value=26, select=10, vote=11)
"""D101032."""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing to say: `bare` inside a template card, `marked` in a markdown message."""

    bare: str
    marked: str = ""

    @property
    def markdown(self) -> str:
        return self.marked or literal(self.bare)


def literal(text: str) -> str:
    """Whoever wrote `text` cannot smuggle a link or a tag into a message; bold stays."""
    return _TAG.sub("＜", text).replace("](", "] (")


def bare(text: str) -> str:
    """Template cards show no markup."""
    return _BOLD.sub(r"\1", text)


def short(text: str, room: int) -> str:
    return text if len(text) <= room else text[: room - 1] + "…"


def given(name: str, value: Any) -> Part:
    """A part that is left out when it is empty."""
    return {name: value} if value else {}


def messages_of(card: Card, hints: Iterable[Line] = ()) -> tuple[Message, ...]:
    """A card that has nothing to press. A plain sentence stays text, which every client shows."""
    said = card.text + card.subtitle
    if card.is_plain and not (card.quote or card.notes or _BOLD.search(said)):
        return split("text", literal(_joined(card.subtitle, card.text)))
    lines = [*_head(card), *(field_line(field) for field in card.fields), *_tail(card), *hints]
    return markdown_messages(lines)


def overflow_messages(title: str, lines: list[Line]) -> tuple[Message, ...]:
    """What found no room in a template card, sent before it under the same title."""
    if not lines:
        return ()
    head = title_line(title)
    return markdown_messages(lines if head in lines else [head, *lines])


def markdown_messages(lines: Iterable[Line]) -> tuple[Message, ...]:
    return split("markdown", "\n".join(line.markdown for line in lines))


def title_line(title: str, tone: Tone = "neutral") -> Line:
    bold = f"**{literal(title)}**"
    font = _FONT.get(tone, "warning")
    return Line(title, f'<font color="{font}">{bold}</font>' if font else bold)


def field_line(field: Field) -> Line:
    value = changed(field)
    shown = f"[{literal(value)}]({field.url})" if field.url else literal(value)
    return Line(
        _joined(f"{field.name}：{value}", field.url, between=" "),
        f"> {literal(field.name)}：{shown}",
    )


def changed(field: Field) -> str:
    return f"{field.was} → {field.value}" if field.was else field.value


def quote_line(quote: str) -> Line:
    return Line(
        f"「{quote}」", "\n".join(f"> {literal(line)}" for line in f"「{quote}」".split("\n"))
    )


def note_line(note: str) -> Line:
    return Line(note, f'<font color="comment">{literal(note)}</font>')


def typed_line(button: Button) -> Line:
    """A button that cannot be pressed: its link, or the words that do the same."""
    if button.action is None and button.url:
        return Line(f"{button.text}：{button.url}", f"[{literal(button.text)}]({button.url})")
    return Line(f"{button.text}：回复「{button.typed}」" if button.typed else button.text)


def asked_line(asked: Input) -> Line:
    """An input that WeCom's cards cannot ask for."""
    example = "" if isinstance(asked, Choice) or not asked.typed else f"，例如「{asked.typed}」"
    return Line(f"{asked.title}：{_how_to_answer(asked)}{example}")


def options_of(asked: Choice | DateInput) -> tuple[Option, ...]:
    if isinstance(asked, Choice):
        return asked.options
    return tuple(
        Option(day.isoformat(), f"{day.month}月{day.day}日 周{_WEEKDAYS[day.weekday()]}")
        for day in asked.suggested
    )


def names_of(options: Iterable[Option]) -> str:
    return "、".join(option.text for option in options)


def _how_to_answer(asked: Input) -> str:
    if isinstance(asked, Choice | DateInput):
        options = names_of(options_of(asked))
        how = "直接回复文字" if isinstance(asked, Choice) else "直接回复日期"
        return f"{how}，可选 {options}" if options else how
    return f"直接回复文字即可（{asked.hint}）" if asked.hint else "直接回复文字即可"


def _head(card: Card) -> Iterator[Line]:
    if card.title:
        yield title_line(card.title, card.tone)
    for text in (card.subtitle, card.text):
        if text:
            yield Line(text)


def _tail(card: Card) -> Iterator[Line]:
    if card.quote:
        yield quote_line(card.quote)
    yield from map(note_line, card.notes)
    if card.closed and card.replace:
        yield Line(f"〔{card.replace}〕")


def _joined(*parts: str, between: str = "\n") -> str:
    return between.join(part for part in parts if part)


def split(kind: str, text: str, limit: int = MESSAGE_BYTES) -> tuple[Message, ...]:
    """As few messages as hold the text, none of them blank; lines stay whole where they can."""
    chunks: list[str] = []
    for piece in _pieces(text, limit):
        if chunks and _size(chunks[-1] + piece) <= limit:
            chunks[-1] += piece
        else:
            chunks.append(piece)
    return tuple({"msgtype": kind, kind: {"content": chunk}} for chunk in chunks if chunk.strip())


def _pieces(text: str, limit: int) -> Iterator[str]:
    """Whole lines, and single characters of those that are too long for a message."""
    for line in text.splitlines(keepends=True):
        if _size(line) <= limit:
            yield line
        else:
            yield from line


def _size(text: str) -> int:
    return len(text.encode())
