"""Buttons of DingTalk's public card template: what they carry, and how it is read again.

The template has no inputs, so a choice becomes one button per option that carries the form's
action and the value chosen.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qsl, quote_plus, urlencode

from cards.actions import Action, decode
from cards.model import Button, Choice, DateInput, Form, Input, TextInput
from cards.render.dingtalk_markdown import size
from cards.words import day

PUBLIC_TEMPLATE = "1366a1eb-bc54-4859-ac88-517c56a9acb1.schema"
ANSWER_TEMPLATE = "382e4302-551d-4880-bf29-a30acfab2e71.schema"
"""Made for answers of a model, and public as the other one (DingTalk's SDK ships both ids)."""
ANSWER_ORDER = ("msgTitle", "msgContent", "staticMsgContent", "msgButtons")
COLOURS = {"default": "gray", "primary": "blue", "danger": "red"}
IN_GROUP = "@"


@dataclass(frozen=True, slots=True)
class Look:
    """What draws a card: a template, and how that has its buttons tell of a press. Projects
    differ on the latter, and no official page says."""

    template: str = PUBLIC_TEMPLATE
    press: Literal["request", "callback"] = "request"

    @property
    def is_answer(self) -> bool:
        return self.template == ANSWER_TEMPLATE

    def shaped(self, button: dict[str, Any]) -> dict[str, Any]:
        if self.press == "request" or "url" in button:
            return button
        kept = {key: value for key, value in button.items() if key != "request"}
        return kept | {"actionType": "callback"}


PUBLIC = Look()


@dataclass(frozen=True, slots=True)
class Pressed:
    """What a button of ours says when it comes back."""

    action: Action
    form: dict[str, tuple[str, ...]] = field(default_factory=dict)
    in_group: bool = False


def button_id(action: Action, form: Mapping[str, Iterable[str]], *, in_group: bool) -> str:
    """The whole meaning of a button, `action#input=value`: projects differ on whether a button's
    `params` come back, and a click does not tell a group from a one-to-one chat."""
    values = urlencode([(name, value) for name, chosen in form.items() for value in chosen])
    fragment = "&".join(part for part in (IN_GROUP if in_group else "", values) if part)
    return f"{action.encode()}#{fragment}" if fragment else action.encode()


def read_button_id(text: str) -> Pressed:
    """The other end of `button_id`. Raises cards.actions.UnknownAction."""
    action, _, fragment = text.partition("#")
    form: dict[str, tuple[str, ...]] = {}
    for name, value in parse_qsl(fragment, keep_blank_values=True):
        form[name] = (*form.get(name, ()), value)
    in_group = form.pop(IN_GROUP, None) is not None
    return Pressed(decode(action), form, in_group)


def card_button(button: Button, *, in_group: bool) -> dict[str, Any]:
    if button.action is None:
        return {"text": button.text, "color": COLOURS[button.style], "url": button.url}
    return _pressable(button.text, button.style, button_id(button.action, {}, in_group=in_group))


def option_buttons(form: Form, *, in_group: bool) -> list[dict[str, Any]]:
    """Each option of each single choice, with the other inputs' defaults; then the form's own
    button, if nothing has to be chosen any more."""
    action, style = form.submit.action, form.submit.style
    if action is None:
        return []
    defaults = {i.name: chosen for i in form.inputs if (chosen := default(i))}
    tappable = [(i, options(i)) for i in form.inputs if options(i)]
    found = []
    for question, offered in tappable:
        lead = f"{question.title}：" if len(tappable) > 1 else ""
        for value, text in offered:
            identity = button_id(action, defaults | {question.name: (value,)}, in_group=in_group)
            found.append(_pressable(lead + text, style, identity))
    if all(default(i) for i in form.inputs if not isinstance(i, TextInput)):
        identity = button_id(action, defaults, in_group=in_group)
        found.append(_pressable(form.submit.text, style, identity))
    return found


def _pressable(text: str, style: str, identity: str) -> dict[str, Any]:
    return {"text": text, "color": COLOURS[style], "id": identity, "request": True}


def options(question: Input) -> list[tuple[str, str]]:
    """Value and words of what one tap can choose."""
    if isinstance(question, DateInput):
        return [(one.isoformat(), day(one)) for one in question.suggested]
    if isinstance(question, Choice) and not question.many:
        return [(o.id, o.text) for o in question.options]
    return []


def default(question: Input) -> tuple[str, ...]:
    if isinstance(question, DateInput):
        return (question.selected.isoformat(),) if question.selected else ()
    return question.selected if isinstance(question, Choice) else ()


def as_many_as_fit(
    own: list[dict[str, Any]], offered: list[dict[str, Any]], room: int, look: Look = PUBLIC
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Those shown, the card's own first and then a form's options, and those left out."""
    shown: list[dict[str, Any]] = []
    for button in [*own, *offered]:
        if size(msg_buttons([*shown, button], look)) > room:
            break
        shown.append(button)
    left_out = [*own, *offered][len(shown) :]
    return shown, left_out


def msg_buttons(buttons: list[dict[str, Any]], look: Look = PUBLIC) -> str:
    """The template's variable `sys_full_json_obj`."""
    order = {"order": ANSWER_ORDER} if look.is_answer else {}
    full = {**order, "msgButtons": [look.shaped(button) for button in buttons]}
    return json.dumps(full, ensure_ascii=False, separators=(",", ":"))


def spoken_link(typed: str) -> str:
    """A link that posts the words as the person's own message; the host must be lower case."""
    return f"dtmd://dingtalkclient/sendMessage?content={quote_plus(typed)}"
