"""Turn a card into WeCom's template card, and into messages for what that cannot show (D90236).

A template card holds little and its inputs are choices only. So a long value is shown shortened
and said in full in a message before the card; what cannot be asked becomes a line that says how
to type it. Cards with nothing to press are messages: a notice card would need a link to open.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from cards.model import Button, Card, Field, Style, Tone
from cards.render.wecom_form import Asked, ask
from cards.render.wecom_text import (
    APP,
    Line,
    Message,
    Part,
    Room,
    bare,
    changed,
    field_line,
    given,
    messages_of,
    note_line,
    overflow_messages,
    quote_line,
    short,
    title_line,
    typed_line,
)

FIELDS, FIELD_NAME = 6, 5
BUTTONS, BUTTON_TEXT, KEY_BYTES = 6, 10, 1024
OPTION_ID_BYTES = 128

CLOSED_KEY = "closed"
"""Key of the greyed button of a settled card. It is no action of ours: a click is ignored."""

_CARD_ID = re.compile(r"[0-9A-Za-z_\-@]{1,128}")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")
_COLOURS: dict[Tone, int] = {"neutral": 0, "info": 1, "warn": 2, "bad": 2, "good": 3}
_STYLES: dict[Style, int] = {"primary": 1, "default": 2, "danger": 3}


@dataclass(frozen=True, slots=True)
class Rendered:
    """`messages` go out before `card`; without a card they are all there is."""

    messages: tuple[Message, ...]
    card: Part | None = None


def render(card: Card, card_id: str, *, editing: bool = False, room: Room = APP) -> Rendered:
    """`editing` replaces a template card, so the result is one even with nothing to press.

    Raises ValueError for what a builder got wrong: a long or repeated key or option id, no text.
    """
    if not _CARD_ID.fullmatch(card_id):
        raise ValueError(f"{card_id!r} cannot be a task_id of WeCom")
    if card.closed:
        card = replace(card, form=None, buttons=())
    asked = ask(card.form, room)
    pressable = any(map(_pressable, card.buttons)) or asked.checkbox or asked.selects
    if not (pressable or editing):
        lines = (*asked.lines, *map(typed_line, card.buttons))
        rendered = Rendered(messages_of(card, lines))
    elif asked.checkbox or len(asked.selects) > 1:
        rendered = _form_card(_titled(card), asked, room)
    else:
        rendered = _button_card(_titled(card), asked, room, editing=editing)
    return _finish(rendered, card_id)


def _finish(rendered: Rendered, card_id: str) -> Rendered:
    messages: tuple[Message, ...] = _clean(rendered.messages)
    if rendered.card is None:
        if not messages:
            raise ValueError("the card says nothing")
        return Rendered(messages)
    card = _clean({**rendered.card, "task_id": card_id})
    _check_keys(card)
    return Rendered(messages, card)


def _titled(card: Card) -> Card:
    """Template cards need a title: the first line of the text serves."""
    if card.title:
        return card
    first, _, rest = card.text.partition("\n")
    return replace(card, title=bare(first) or card.subtitle or "一诺", text=rest)


def _button_card(card: Card, asked: Asked, room: Room, *, editing: bool) -> Rendered:
    submit = (asked.submit,) if asked.selects else ()
    buttons = (*submit, *card.buttons)
    desc, subtitle = _place(_subtitle_lines(card), room.desc)
    lines = [
        *_cut_line(card.title, room.title, title_line(card.title)),
        *subtitle,
        *_text_lines(card),
        *_field_lines(card.fields, room),
        *_cut_line(card.quote, room.quote, quote_line(card.quote)),
        *asked.lines,
        *_button_lines(buttons),
        *_state_lines(card),
        *map(note_line, card.notes),
    ]
    inside, outside = _place(lines, room.sub_title)
    template = {
        "card_type": "button_interaction",
        **_source(card.tone),
        "main_title": {"title": short(card.title, room.title), **given("desc", desc)},
        **given("quote_area", _quote(card.quote, room)),
        **given("sub_title_text", inside),
        **given("horizontal_content_list", [_field(one, room) for one in card.fields[:FIELDS]]),
        **given("button_selection", next(iter(asked.selects), None)),
        **_buttons(card, buttons, editing=editing),
    }
    return Rendered(overflow_messages(card.title, outside), template)


def _form_card(card: Card, asked: Asked, room: Room) -> Rendered:
    """Vote and multiple cards show a title and a line; all else is said before."""
    lines = [
        *_cut_line(card.title, room.title, title_line(card.title)),
        *_subtitle_lines(card),
        *_text_lines(card),
        *map(field_line, card.fields),
        *([quote_line(card.quote)] if card.quote else ()),
        *asked.lines,
        *_cut_line(asked.submit.text, BUTTON_TEXT, Line(asked.submit.text)),
        *map(typed_line, card.buttons),
        *map(note_line, card.notes),
    ]
    inside, outside = _place(lines, room.desc)
    kind = "vote_interaction" if asked.checkbox else "multiple_interaction"
    template = {
        "card_type": kind,
        **_source(card.tone),
        "main_title": {"title": short(card.title, room.title), **given("desc", inside)},
        **given("checkbox", asked.checkbox),
        **given("select_list", list(asked.selects)),
        "submit_button": {
            "text": short(asked.submit.text or "提交", BUTTON_TEXT),
            "key": _key(asked.submit),
        },
    }
    return Rendered(overflow_messages(card.title, outside), template)


def _place(lines: list[Line], room: int) -> tuple[str, list[Line]]:
    """What fits into `room` characters, and what does not; if nothing does, a start is shown."""
    inside, outside = "", []
    for line in lines:
        longer = f"{inside}\n{line.bare}" if inside else line.bare
        if len(bare(longer)) <= room:
            inside = bare(longer)
        else:
            outside.append(line)
    if outside and not inside:
        inside = short(bare(outside[0].bare), room)
    return inside, outside


def _subtitle_lines(card: Card) -> list[Line]:
    return [Line(card.subtitle)] if card.subtitle not in ("", card.title) else []


def _text_lines(card: Card) -> list[Line]:
    return [Line(card.text)] if card.text else []


def _state_lines(card: Card) -> list[Line]:
    return _cut_line(card.replace, BUTTON_TEXT, Line(card.replace)) if card.closed else []


def _field_lines(fields: tuple[Field, ...], room: Room) -> list[Line]:
    """Fields beyond the sixth, and those that do not fit whole."""
    whole = (
        len(one.name) <= FIELD_NAME and len(changed(one)) <= room.value for one in fields[:FIELDS]
    )
    cut = [one for one, fits in zip(fields, whole, strict=False) if not fits]
    return [field_line(one) for one in (*cut, *fields[FIELDS:])]


def _button_lines(buttons: tuple[Button, ...]) -> list[Line]:
    shown = [button for button in buttons if _pressable(button)][:BUTTONS]
    cut = [Line(one.text) for one in shown if len(one.text) > BUTTON_TEXT]
    return [*cut, *(typed_line(one) for one in buttons if one not in shown)]


def _source(tone: Tone) -> Part:
    return {"source": {"desc": "一诺", "desc_color": _COLOURS[tone]}}


def _quote(quote: str, room: Room) -> Part:
    return {"type": 0, "quote_text": short(quote, room.quote)} if quote else {}


def _field(one: Field, room: Room) -> Part:
    value = changed(one)
    shown = value if len(value) <= room.value else short(one.value, room.value)
    link = {"type": 1, "url": one.url} if one.url else {}
    return {"keyname": short(one.name, FIELD_NAME) or "—", "value": shown or "—", **link}


def _buttons(card: Card, buttons: tuple[Button, ...], *, editing: bool) -> Part:
    shown = [_button(one) for one in buttons if _pressable(one)][:BUTTONS]
    if shown or not editing:
        return {"button_list": shown}
    state = short(card.replace or ("已处理" if card.closed else "已更新"), BUTTON_TEXT)
    return {"button_list": [{"text": state, "key": CLOSED_KEY}], "replace_text": state}


def _pressable(button: Button) -> bool:
    return button.action is not None or bool(button.url)


def _button(button: Button) -> Part:
    part = {"text": short(button.text, BUTTON_TEXT), "style": _STYLES[button.style]}
    if button.action is None:
        return {**part, "type": 1, "url": button.url}
    return {**part, "key": _key(button)}


def _cut_line(text: str, room: int, line: Line) -> list[Line]:
    return [line] if len(text) > room else []


def _key(button: Button) -> str:
    return button.action.encode() if button.action else ""


def _check_keys(card: Part) -> None:
    """Keys cannot be shortened: what is wrong here is wrong in a builder."""
    buttons = [one["key"] for one in card.get("button_list", ()) if "key" in one]
    buttons += [card["submit_button"]["key"]] if "submit_button" in card else []
    asked = [card[name] for name in ("button_selection", "checkbox") if name in card]
    asked += card.get("select_list", ())
    _check_unique("button key", buttons, KEY_BYTES)
    _check_unique("question key", [one["question_key"] for one in asked], KEY_BYTES)
    for one in asked:
        _check_unique("option id", [option["id"] for option in one["option_list"]], OPTION_ID_BYTES)
    texts = [one["text"] for one in card.get("button_list", ())]
    texts += [option["text"] for one in asked for option in one["option_list"]]
    if not all(texts):
        raise ValueError("a button or an option has no text")


def _check_unique(what: str, keys: Iterable[str], limit_bytes: int) -> None:
    seen: set[str] = set()
    for key in keys:
        if not key or len(key.encode()) > limit_bytes:
            raise ValueError(f"{what} {key[:60]!r} is empty or longer than {limit_bytes} bytes")
        if key in seen:
            raise ValueError(f"{what} {key[:60]!r} stands twice on the card")
        seen.add(key)


def _clean(value: Any) -> Any:
    """Without control characters: JSON would escape them, and WeCom refuses escapes (40033)."""
    if isinstance(value, str):
        return _CONTROL.sub(" ", value)
    if isinstance(value, dict):
        return {key: _clean(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_clean(one) for one in value)
    return value
