"""Feishu's form container: inputs that one button sends together."""

from collections.abc import Iterator
from typing import Any

from cards.model import Choice, DateInput, Form, Input, Option, TextInput
from cards.render.feishu_elements import Element, button, small, text
from cards.render.feishu_markdown import escape

MAX_OPTIONS = 120
"""Of all choices of a form together; further options are listed as text."""

_INPUT_CHARACTERS = 1000


def render_form(form: Form, carried: dict[str, Any]) -> Iterator[Element]:
    """The form, after the options that found no room in it. Names are unique in the card: the
    model's inputs have theirs, form and submit button take others."""
    taken = {entry.name for entry in form.inputs}
    choices = [entry for entry in form.inputs if isinstance(entry, Choice)]
    room = MAX_OPTIONS // max(len(choices), 1)
    yield from (_left_options(choice, room) for choice in choices if len(choice.options) > room)
    submit = button(form.submit, carried) | {
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
            return [small(escape(f"{entry.title}：没有可选项"))]
        case Choice():
            return [small(escape(entry.title)), _choice(entry, room)]
        case DateInput():
            return [small(escape(entry.title)), _date_picker(entry)]
        case TextInput():
            return [_text_input(entry)]


def _choice(choice: Choice, room: int) -> Element:
    shown, _ = _options(choice, room)
    selected = [option.id for option in shown if option.id in choice.selected]
    element: Element = {
        "tag": "multi_select_static" if choice.many else "select_static",
        "name": choice.name,
        "width": "fill",
        "placeholder": text(f"选择{choice.title}"),
        "options": [{"text": text(option.text), "value": option.id} for option in shown],
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
    return small(escape(f"{choice.title}还可以是：{'、'.join(option.text for option in left)}"))


def _date_picker(entry: DateInput) -> Element:
    element: Element = {
        "tag": "date_picker",
        "name": entry.name,
        "width": "fill",
        "placeholder": text(f"选择{entry.title}"),
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
        "label": text(entry.title),
        "label_position": "top",
        "placeholder": text(entry.hint or entry.title),
    }
