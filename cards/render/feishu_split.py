"""Cards that are too long for Feishu, as several that are not: nothing is lost."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace

from cards.model import Card
from cards.render.feishu import render

MAX_BYTES = 28_000
"""Feishu refuses more than 30 KB; the rest is room for what it adds itself."""

MAX_ELEMENTS = 180
"""Of 200, text objects included."""

_CHUNK_CHARACTERS = 1500
_ENDS = (
    re.compile(r"[。！？!?；;…][”’」』）)]*|\.(?=\s)"),
    re.compile(r"[，,、：:]|\s"),
)
"""Of sentences, then of clauses."""


def split(card: Card) -> tuple[Card, ...]:
    """The card, or as many as it takes to stay inside Feishu's limits; form and buttons last."""
    if _fits(card):
        return (card,)
    parts: list[Card] = []
    for piece in _pieces(card):
        joined = _join(parts[-1], piece) if parts else None
        if joined is not None and _fits(joined):
            parts[-1] = joined
        else:
            parts.append(replace(piece, title=card.title, subtitle=card.subtitle, tone=card.tone))
    if not card.title or len(parts) == 1:
        return tuple(parts)
    count = len(parts)
    return tuple(
        replace(part, title=f"{card.title}（{number}/{count}）")
        for number, part in enumerate(parts, start=1)
    )


def _fits(card: Card) -> bool:
    payload = render(card, "0" * 12, direct=True)
    text = json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
    return len(text.encode()) <= MAX_BYTES and _count(payload) <= MAX_ELEMENTS


def _count(node: object) -> int:
    """Everything that has a tag: elements and text objects."""
    if isinstance(node, list):
        return sum(_count(item) for item in node)
    if isinstance(node, dict):
        return ("tag" in node) + sum(_count(item) for item in node.values())
    return 0


def _pieces(card: Card) -> Iterator[Card]:
    """The card's content in its order, in pieces of which each fits."""
    yield from (Card(text=chunk) for chunk in _chunks(card.text))
    for field in card.fields:
        for chunk in _chunks(field.value) or [""]:
            yield Card(fields=(replace(field, value=chunk),))
    yield from (Card(quote=chunk) for chunk in _chunks(card.quote))
    yield from (Card(notes=(chunk,)) for note in card.notes for chunk in _chunks(note))
    if card.form is not None and not card.closed:
        yield Card(form=card.form)
    if not card.closed:
        yield from (Card(buttons=(button,)) for button in card.buttons)
    if card.replace or card.closed:
        yield Card(replace=card.replace, closed=card.closed)


def _chunks(text: str) -> list[str]:
    """Lines together as long as they are short enough; a longer line sentence by sentence."""
    chunks: list[str] = []
    for line in text.split("\n") if text else []:
        for number, piece in enumerate(_sentences(line)):
            is_new = number > 0 or not chunks
            if is_new or len(chunks[-1]) + len(piece) > _CHUNK_CHARACTERS:
                chunks.append(piece)
            else:
                chunks[-1] += f"\n{piece}"
    return chunks


def _sentences(line: str) -> Iterator[str]:
    """The line in pieces that fit, each as long as can be and none broken inside a sentence; where
    a single sentence is too long, inside no clause, and only then anywhere."""
    while len(line) > _CHUNK_CHARACTERS:
        head = line[:_CHUNK_CHARACTERS]
        ends = (max((found.end() for found in mark.finditer(head)), default=0) for mark in _ENDS)
        cut = next((end for end in ends if end), _CHUNK_CHARACTERS)
        yield line[:cut]
        line = line[cut:]
    yield line


def _join(first: Card, then: Card) -> Card:
    return replace(
        first,
        text="\n".join(text for text in (first.text, then.text) if text),
        fields=first.fields + then.fields,
        quote="\n".join(words for words in (first.quote, then.quote) if words),
        notes=first.notes + then.notes,
        form=then.form or first.form,
        buttons=first.buttons + then.buttons,
        closed=then.closed or first.closed,
        replace=then.replace or first.replace,
    )
