"""The building blocks of card JSON 2.0 that our cards use."""

from typing import Any

from cards.actions import Action
from cards.model import Button

Element = dict[str, Any]

_BUTTON_TYPES = {"default": "default", "primary": "primary_filled", "danger": "danger"}


def text(content: str) -> Element:
    return {"tag": "plain_text", "content": content}


def markdown(content: str) -> Element:
    return {"tag": "markdown", "content": content}


def small(content: str) -> Element:
    return {"tag": "markdown", "content": content, "text_size": "notation"}


def column(elements: list[Element]) -> Element:
    return {"tag": "column", "width": "weighted", "weight": 1, "elements": elements}


def columns(columns: list[Element], *, flex: str = "none", background: str = "default") -> Element:
    return {
        "tag": "column_set",
        "flex_mode": flex,
        "background_style": background,
        "horizontal_spacing": "small",
        "columns": columns,
    }


def button(shown: Button, carried: dict[str, Any]) -> Element:
    """`carried` comes back with every click, beside the action."""
    element: Element = {
        "tag": "button",
        "type": _BUTTON_TYPES[shown.style],
        "text": text(shown.text),
    }
    behaviors: list[Element] = []
    if shown.action is not None:
        value = {"a": shown.action.encode()} | carried
        behaviors.append({"type": "callback", "value": value})
    if shown.url:
        behaviors.append({"type": "open_url", "default_url": shown.url})
    if behaviors:
        return element | {"behaviors": behaviors}
    return element | {"disabled": True, "text": text(_spoken(shown))}


def checker(words: str, action: Action, name: str, carried: dict[str, Any]) -> Element:
    """A box to tick off (勾选器); clients from 7.9 on."""
    value = {"a": action.encode()} | carried
    return {
        "tag": "checker",
        "name": name,
        "checked": False,
        "text": text(words),
        "checked_style": {"show_strikethrough": True},
        "behaviors": [{"type": "callback", "value": value}],
    }


def _spoken(shown: Button) -> str:
    return f"{shown.text}（回复“{shown.typed}”）" if shown.typed else shown.text
