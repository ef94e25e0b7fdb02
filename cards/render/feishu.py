"""Cards as Feishu draws them: card JSON 2.0, or a text message for a plain sentence.

Facts: open.feishu.cn, "卡片 JSON 2.0 结构" and the pages of its components; a property or tag
that 2.0 does not know makes the whole card fail.
"""

import re
from collections.abc import Iterator
from typing import Any

from cards.model import Button, Card, Field
from cards.render import plain
from cards.render.feishu_elements import (
    Element,
    button,
    checker,
    column,
    columns,
    markdown,
    small,
    text,
)
from cards.render.feishu_form import render_form
from cards.render.feishu_markdown import escape, link, with_bold

DEAD_BUTTON = "这个按钮已经失效，请发消息给我说明要做什么"

_TEMPLATES = {"neutral": "default", "info": "blue", "good": "green", "warn": "orange", "bad": "red"}
_SHORT_CHARACTERS = 14
"""A value up to this length shares its row with another one."""

_SUMMARY_CHARACTERS = 80


def render(card: Card, card_id: str, *, direct: bool = False, thread: str = "") -> dict[str, Any]:
    """`direct` cards go to one person: their clicks belong to that person's conversation, which
    the callback itself does not tell. Neither does it tell the `thread`."""
    carried: dict[str, Any] = {"c": card_id} | ({"p": 1} if direct else {})
    if thread:
        carried["t"] = thread
    payload: dict[str, Any] = {
        "schema": "2.0",
        "config": {
            "update_multi": True,
            "width_mode": "fill",
            "enable_forward_interaction": False,
            "summary": {"content": _summary(card)},
        },
        "body": {
            "direction": "vertical",
            "vertical_spacing": "medium",
            "elements": list(_elements(card, carried)),
        },
    }
    if card.title:
        payload["header"] = _header(card)
    return payload


def render_text(card: Card) -> str:
    """The content of a text message. It knows tags and links, so neither survives in it."""
    words = plain.render(card).translate(str.maketrans("<>", "＜＞"))
    return re.sub(r"\]\(", "］（", words)


def _header(card: Card) -> Element:
    header: Element = {"title": text(card.title), "template": _TEMPLATES[card.tone]}
    if card.subtitle:
        header["subtitle"] = text(card.subtitle)
    return header


def _summary(card: Card) -> str:
    """The line in the list of chats."""
    first = card.title or next(iter(plain.render(card).splitlines()), "")
    return first[:_SUMMARY_CHARACTERS]


def _elements(card: Card, carried: dict[str, Any]) -> Iterator[Element]:
    if card.subtitle and not card.title:
        yield markdown(escape(card.subtitle))
    if card.text:
        yield markdown(with_bold(card.text))
    yield from _fields(card.fields, {} if card.closed else carried)
    if card.quote:
        yield _quotation(card.quote)
    if any(card.notes):
        yield _small_print(card.notes)
    if card.replace:
        yield markdown(f"**{escape(card.replace)}**")
    if card.closed:
        return
    if card.form is not None:
        yield from render_form(card.form, carried)
    if card.buttons:
        yield _button_row(card.buttons, carried)


def _fields(fields: tuple[Field, ...], carried: dict[str, Any]) -> Iterator[Element]:
    """Two short facts to a row, a long one on its own, a box for what can be ticked off."""
    row: list[Field] = []
    for number, field in enumerate(fields):
        alone = field.tick is not None or not _is_short(field)
        if alone or len(row) == 2:
            yield from _rows(row)
            row = []
        if not alone:
            row.append(field)
        elif field.tick is not None and carried:
            yield checker(f"{field.name} {field.value}", field.tick, f"tick{number}", carried)
        else:
            yield from _rows([field])
    yield from _rows(row)


def _rows(fields: list[Field]) -> Iterator[Element]:
    if fields:
        yield columns([column(_field(field)) for field in fields], flex="stretch")


def _is_short(field: Field) -> bool:
    return len(field.was + field.value) <= _SHORT_CHARACTERS and "\n" not in field.value


def _field(field: Field) -> list[Element]:
    name = small(f"<font color='grey'>{escape(field.name)}</font>")
    if not field.was and not field.url:
        return [name, {"tag": "div", "text": text(field.value or "—")}]
    value = link(field.value, field.url)
    return [name, markdown(f"~~{escape(field.was)}~~ → {value}" if field.was else value)]


def _quotation(words: str) -> Element:
    return columns([column([{"tag": "div", "text": text(words)}])], background="grey")


def _small_print(notes: tuple[str, ...]) -> Element:
    lines = [line for note in notes for line in note.splitlines()]
    grey = [f"<font color='grey'>{escape(line)}</font>" for line in lines]
    return small("\n".join(grey))


def _button_row(buttons: tuple[Button, ...], carried: dict[str, Any]) -> Element:
    side_by_side = [
        {"tag": "column", "width": "auto", "elements": [button(shown, carried)]}
        for shown in buttons
    ]
    return columns(side_by_side, flex="flow")
