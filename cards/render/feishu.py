"""Cards as Feishu draws them: card JSON 2.0, or a text message for a plain sentence.

Facts: open.feishu.cn, "卡片 JSON 2.0 结构" and the pages of its components; a property or tag
that 2.0 does not know makes the whole card fail.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlsplit

from cards.model import Button, Card, Choice, DateInput, Field, Form, Input, Option, TextInput
from cards.render import plain
from cards.render.plain import BOLD

MAX_BYTES = 28_000
"""Feishu refuses more than 30 KB; the rest is room for what it adds itself."""

MAX_ELEMENTS = 180
"""Of 200, text objects included."""

MAX_OPTIONS = 120
"""Of all choices of a form together; further options are listed as text."""

DEAD_BUTTON = "这个按钮已经失效，请发消息给我说明要做什么"

Element = dict[str, Any]

_TEMPLATES = {"neutral": "default", "info": "blue", "good": "green", "warn": "orange", "bad": "red"}
_BUTTON_TYPES = {"default": "default", "primary": "primary_filled", "danger": "danger"}
_SHORT_CHARACTERS = 14
"""A value up to this length shares its row with another one."""

_CHUNK_CHARACTERS = 1500
_INPUT_CHARACTERS = 1000
_SUMMARY_CHARACTERS = 80

# How Feishu's markdown can be escaped is not documented; full-width substitutes always work.
_FULL_WIDTH = str.maketrans("<>[]*`~|\\&", "＜＞［］＊｀～｜＼＆")
_LOOSE_UNDERSCORE = re.compile(r"(?<![0-9A-Za-z])_|_(?![0-9A-Za-z])")
_LINE_START = re.compile(r"^([ \t]*)([-+=#]|\d{1,9}(?=[.)]))", re.MULTILINE)
_INDENT = re.compile(r"^[ \t]+", re.MULTILINE)
_LINE_SUBSTITUTES = str.maketrans("-+=#", "－＋＝＃")


def render(card: Card, card_id: str, *, direct: bool = False) -> dict[str, Any]:
    """`direct` cards go to one person: their clicks belong to that person's conversation, which
    the callback itself does not tell."""
    carried = {"c": card_id} | ({"p": 1} if direct else {})
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
    text = plain.render(card).translate(str.maketrans("<>", "＜＞"))
    return re.sub(r"\]\(", "］（", text)


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


def escape(text: str) -> str:
    """The same words with nothing in them that Feishu's markdown could take for markup."""
    text = _LINE_START.sub(_harmless_start, text.translate(_FULL_WIDTH))
    text = _INDENT.sub(lambda found: "\u3000" * len(found[0]), text)
    return _LOOSE_UNDERSCORE.sub("＿", text)


def _harmless_start(found: re.Match[str]) -> str:
    """A list mark, a heading or a rule at the start of a line becomes a mere character."""
    mark = found[2]
    return found[1] + (f"{mark}\u200b" if mark.isdigit() else mark.translate(_LINE_SUBSTITUTES))


def _header(card: Card) -> Element:
    header: Element = {"title": _text(card.title), "template": _TEMPLATES[card.tone]}
    if card.subtitle:
        header["subtitle"] = _text(card.subtitle)
    return header


def _summary(card: Card) -> str:
    """The line in the list of chats."""
    first = card.title or next(iter(plain.render(card).splitlines()), "")
    return first[:_SUMMARY_CHARACTERS]


def _elements(card: Card, carried: dict[str, Any]) -> Iterator[Element]:
    if card.subtitle and not card.title:
        yield _markdown(escape(card.subtitle))
    if card.text:
        yield _markdown(_with_bold(card.text))
    yield from _fields(card.fields)
    if card.quote:
        yield _quotation(card.quote)
    if card.notes:
        yield _small_print(card.notes)
    if card.replace:
        yield _markdown(f"**{escape(card.replace)}**")
    if card.closed:
        return
    if card.form is not None:
        yield from _form(card.form, carried)
    if card.buttons:
        yield _button_row(card.buttons, carried)


def _with_bold(text: str) -> str:
    """Escaped text in which `**bold**` stays bold."""
    marked = BOLD.sub("\0\\1\0", text.replace("\0", ""))
    return escape(marked).replace("\0", "**")


def _fields(fields: tuple[Field, ...]) -> Iterator[Element]:
    """Two short facts to a row, a long one on its own."""
    row: list[Field] = []
    for field in fields:
        if not _is_short(field) or len(row) == 2:
            yield from _rows(row)
            row = []
        if _is_short(field):
            row.append(field)
        else:
            yield from _rows([field])
    yield from _rows(row)


def _rows(fields: list[Field]) -> Iterator[Element]:
    if fields:
        yield _columns([_column(_field(field), weight=1) for field in fields], flex="stretch")


def _is_short(field: Field) -> bool:
    return len(field.was + field.value) <= _SHORT_CHARACTERS and "\n" not in field.value


def _field(field: Field) -> list[Element]:
    name = _small(f"<font color='grey'>{escape(field.name)}</font>")
    if not field.was and not field.url:
        return [name, {"tag": "div", "text": _text(field.value)}]
    value = _link(field.value, field.url)
    return [name, _markdown(f"~~{escape(field.was)}~~ → {value}" if field.was else value)]


def _link(text: str, url: str) -> str:
    """Only web addresses become links; anything else is shown as words."""
    if not url:
        return escape(text)
    if urlsplit(url).scheme not in ("http", "https"):
        return f"{escape(text)} {escape(url)}"
    return f"[{escape(text)}]({quote(url, safe=':/?#@!$&+,;=%~-._')})"


def _quotation(words: str) -> Element:
    column = _column([{"tag": "div", "text": _text(words)}], weight=1)
    return _columns([column], background="grey")


def _small_print(notes: tuple[str, ...]) -> Element:
    lines = [line for note in notes for line in note.splitlines()]
    grey = [f"<font color='grey'>{escape(line)}</font>" for line in lines]
    return _small("\n".join(grey))


def _form(form: Form, carried: dict[str, Any]) -> Iterator[Element]:
    """The form, after the options that found no room in it. Names are unique in the card: the
    model's inputs have theirs, form and submit button take others."""
    taken = {entry.name for entry in form.inputs}
    choices = [entry for entry in form.inputs if isinstance(entry, Choice)]
    room = MAX_OPTIONS // max(len(choices), 1)
    yield from (_left_options(choice, room) for choice in choices if len(choice.options) > room)
    submit = _button(form.submit, carried) | {
        "name": _unused("submit", taken),
        "form_action_type": "submit",
    }
    inputs = [element for entry in form.inputs for element in _input(entry, room)]
    yield {"tag": "form", "name": _unused("form", taken), "elements": [*inputs, submit]}


def _unused(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    return name


def _input(entry: Input, room: int) -> list[Element]:
    match entry:
        case Choice() if not entry.options:
            return [_small(escape(f"{entry.title}：没有可选项"))]
        case Choice():
            return [_small(escape(entry.title)), _choice(entry, room)]
        case DateInput():
            return [_small(escape(entry.title)), _date_picker(entry)]
        case TextInput():
            return [_text_input(entry)]


def _choice(choice: Choice, room: int) -> Element:
    shown, _ = _options(choice, room)
    selected = [option.id for option in shown if option.id in choice.selected]
    element: Element = {
        "tag": "multi_select_static" if choice.many else "select_static",
        "name": choice.name,
        "width": "fill",
        "placeholder": _text(f"选择{choice.title}"),
        "options": [{"text": _text(option.text), "value": option.id} for option in shown],
    }
    if selected and choice.many:
        element["selected_values"] = selected
    elif selected:
        element["initial_option"] = selected[0]
    return element


def _options(choice: Choice, room: int) -> tuple[list[Option], list[Option]]:
    """Those that are shown and those that are left; the selected ones come first if need be."""
    options = list(choice.options)
    if len(options) > room:
        options.sort(key=lambda option: option.id not in choice.selected)
    return options[:room], options[room:]


def _left_options(choice: Choice, room: int) -> Element:
    _, left = _options(choice, room)
    return _small(escape(f"{choice.title}还可以是：{'、'.join(option.text for option in left)}"))


def _date_picker(entry: DateInput) -> Element:
    element: Element = {
        "tag": "date_picker",
        "name": entry.name,
        "width": "fill",
        "placeholder": _text(f"选择{entry.title}"),
    }
    if entry.selected is not None:
        element["initial_date"] = entry.selected.isoformat()
    return element


def _text_input(entry: TextInput) -> Element:
    return {
        "tag": "input",
        "name": entry.name,
        "input_type": "multiline_text",
        "rows": 2,
        "auto_resize": True,
        "max_length": _INPUT_CHARACTERS,
        "width": "fill",
        "label": _text(entry.title),
        "label_position": "top",
        "placeholder": _text(entry.hint or entry.title),
    }


def _button_row(buttons: tuple[Button, ...], carried: dict[str, Any]) -> Element:
    columns = [
        {"tag": "column", "width": "auto", "elements": [_button(button, carried)]}
        for button in buttons
    ]
    return _columns(columns, flex="flow")


def _button(button: Button, carried: dict[str, Any]) -> Element:
    element: Element = {
        "tag": "button",
        "type": _BUTTON_TYPES[button.style],
        "text": _text(button.text),
    }
    behaviors: list[Element] = []
    if button.action is not None:
        value = {"a": button.action.encode()} | carried
        behaviors.append({"type": "callback", "value": value})
    if button.url:
        behaviors.append({"type": "open_url", "default_url": button.url})
    if behaviors:
        return element | {"behaviors": behaviors}
    return element | {"disabled": True, "text": _text(_spoken(button))}


def _spoken(button: Button) -> str:
    return f"{button.text}（回复“{button.typed}”）" if button.typed else button.text


def _text(content: str) -> Element:
    return {"tag": "plain_text", "content": content}


def _markdown(content: str) -> Element:
    return {"tag": "markdown", "content": content}


def _small(content: str) -> Element:
    return {"tag": "markdown", "content": content, "text_size": "notation"}


def _column(elements: list[Element], *, weight: int) -> Element:
    return {"tag": "column", "width": "weighted", "weight": weight, "elements": elements}


def _columns(columns: list[Element], *, flex: str = "none", background: str = "default") -> Element:
    return {
        "tag": "column_set",
        "flex_mode": flex,
        "background_style": background,
        "horizontal_spacing": "small",
        "columns": columns,
    }


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
    """Lines together as long as they are short enough; a longer line in slices."""
    chunks: list[str] = []
    for line in text.split("\n") if text else []:
        for start in range(0, max(len(line), 1), _CHUNK_CHARACTERS):
            piece = line[start : start + _CHUNK_CHARACTERS]
            is_new = start > 0 or not chunks
            if is_new or len(chunks[-1]) + len(piece) > _CHUNK_CHARACTERS:
                chunks.append(piece)
            else:
                chunks[-1] += f"\n{piece}"
    return chunks


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
