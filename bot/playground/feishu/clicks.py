"""What a client can send from a card: which component, and the values of its form."""

import re
from typing import Any

from bot.playground.feishu.card_rules import elements

_PICKED = re.compile(r"(\d{4}-\d\d-\d\d(?: \d\d:\d\d)?|\d\d:\d\d)(?: [+-]\d{4})?")
_OFFSET = "+0800"
_PICKERS = ("date_picker", "picker_time", "picker_datetime")
_INITIAL = {
    "select_static": "initial_option",
    "select_person": "initial_option",
    "multi_select_static": "selected_values",
    "multi_select_person": "selected_values",
    "input": "default_value",
    "date_picker": "initial_date",
    "picker_time": "initial_time",
    "picker_datetime": "initial_datetime",
    "checker": "checked",
}
_OUTSIDE_FORMS = ("name", "option", "options", "input_value", "checked")


def action(card: dict[str, Any], interaction: dict[str, Any]) -> dict[str, Any]:
    """The `action` of the callback. Raises ValueError when the card has nothing like it."""
    element, form = _pressed(card, interaction)
    if element.get("disabled"):
        raise ValueError("这个按钮现在不能点")
    sent = {"tag": element["tag"], "value": _callback_value(element)}
    if form is None or element.get("form_action_type") != "submit":
        return sent | {key: interaction[key] for key in _OUTSIDE_FORMS if key in interaction}
    if not element.get("name"):
        raise ValueError("出错了，请稍后重试（200530：表单组件没有名字）")
    filled = _form_value(form, interaction.get("form_value"))
    return sent | {"name": element["name"], "form_value": filled, "timezone": "Asia/Shanghai"}


def _pressed(card: dict[str, Any], interaction: dict[str, Any]) -> tuple[Any, Any]:
    for element, form in elements(card):
        if element["tag"] != interaction.get("tag", "button"):
            continue
        if interaction.get("name") and element.get("name") != interaction["name"]:
            continue
        value = _callback_value(element)
        if value is not None and interaction.get("value", value) == value:
            return element, form
    raise ValueError("卡片上没有这个按钮，可能已经更新")


def _callback_value(element: dict[str, Any]) -> Any:
    callbacks = [b for b in element.get("behaviors", []) if b.get("type") == "callback"]
    return callbacks[0].get("value") if callbacks else None


def _form_value(form: dict[str, Any], given: dict[str, Any] | None) -> dict[str, Any]:
    """As the client sends it: what is filled in, or everything preset when nobody touched it."""
    inputs = {
        element["name"]: element
        for element, _ in elements(form["elements"])
        if element["tag"] in _INITIAL and element.get("name")
    }
    values = _preset(inputs) if given is None else given
    if foreign := values.keys() - inputs.keys():
        raise ValueError(f"表单里没有这一项：{'、'.join(sorted(foreign))}")
    filled = {name: value for name, value in values.items() if value not in ("", [], None)}
    for name, element in inputs.items():
        if element.get("required") and name not in filled:
            raise ValueError(f"请先填写：{_title(element)}")
    return {name: _value(inputs[name], value) for name, value in filled.items()}


def _preset(inputs: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return {
        name: element[_INITIAL[element["tag"]]]
        for name, element in inputs.items()
        if _INITIAL[element["tag"]] in element
    }


def _value(element: dict[str, Any], value: Any) -> Any:
    tag = element["tag"]
    if tag in _PICKERS:
        picked = _PICKED.fullmatch(str(value))
        if picked is None:
            raise ValueError(f"不是日期或时间：{value}")
        return f"{picked[1]} {_OFFSET}"
    if tag.endswith("select_static"):
        known = {option["value"] for option in element["options"]}
        chosen = value if tag.startswith("multi") else [value]
        if not isinstance(chosen, list) or not known.issuperset(chosen):
            raise ValueError(f"没有这个选项：{value}")
    if tag == "input" and len(value) > element.get("max_length", 1000):
        raise ValueError(f"最多 {element.get('max_length', 1000)} 个字")
    return value


def _title(element: dict[str, Any]) -> str:
    label = element.get("label") or element.get("placeholder") or {}
    return str(label.get("content", element["name"]))
