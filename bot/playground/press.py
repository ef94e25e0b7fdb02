"""Finding a button by its label in what a client shows: for playing without a hand on the mouse."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from bot.playground.world import Shown

ANSWER_VARIABLES = ("msgTitle", "msgContent", "staticMsgContent")
"""Of DingTalk's public template for answers."""
Values = Mapping[str, tuple[str, ...]]
Interaction = dict[str, Any]


class NoSuchButton(LookupError):
    """The card shows no button of that label; the text lists those it shows."""


def interaction(shown: Shown, label: str, values: Values | None = None) -> Interaction:
    """What the client would send for that button, with the form's inputs filled by `values`."""
    finder = {"wecom": _wecom, "feishu": _feishu, "dingtalk": _dingtalk}[shown.platform]
    return finder(shown.payload, label, values or {})


def labels(shown: Shown) -> list[str]:
    """The labels of all buttons on a message."""
    match shown.platform:
        case "wecom":
            submit = shown.payload.get("submit_button")
            buttons = [*shown.payload.get("button_list", ()), *([submit] if submit else ())]
            return [button["text"] for button in buttons]
        case "feishu":
            return [button["text"]["content"] for button in _feishu_buttons(shown.payload)]
        case _:
            return [button["text"] for button in _dingtalk_buttons(shown.payload)]


def _wecom(payload: dict[str, Any], label: str, values: Values) -> Interaction:
    submit = payload.get("submit_button")
    for button in (*payload.get("button_list", ()), *([submit] if submit else ())):
        if button["text"] == label:
            return {"key": button["key"], "selected": {k: list(v) for k, v in values.items()}}
    raise NoSuchButton(f"{label!r} is not on the card {payload.get('main_title')}")


def _feishu(payload: dict[str, Any], label: str, values: Values) -> Interaction:
    for button in _feishu_buttons(payload):
        if button["text"]["content"] == label:
            sent: Interaction = {"tag": "button", "value": _feishu_callback(button)}
            if "name" in button:
                sent["name"] = button["name"]
            if button.get("form_action_type") == "submit":
                sent["form_value"] = {k: _feishu_value(payload, k, v) for k, v in values.items()}
            return sent
    raise NoSuchButton(f"{label!r} is not on the card {payload.get('header')}")


def _feishu_callback(button: dict[str, Any]) -> Any:
    return next((b["value"] for b in button.get("behaviors", ()) if "value" in b), {})


def _feishu_value(payload: dict[str, Any], name: str, value: tuple[str, ...]) -> Any:
    element = next((e for e in _walk(payload) if e.get("name") == name), {})
    if element.get("tag") == "multi_select_static":
        return list(value)
    return f"{value[0]} +0800" if element.get("tag") == "date_picker" else value[0]


def _feishu_buttons(payload: dict[str, Any]) -> Iterator[dict[str, Any]]:
    return (element for element in _walk(payload) if element.get("tag") == "button")


def _walk(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for child in node.values():
            yield from _walk(child)
    elif isinstance(node, list):
        for child in node:
            yield from _walk(child)


def _dingtalk(payload: dict[str, Any], label: str, values: Values) -> Interaction:
    """A form's single choice is a row of buttons there: the chosen option is the button."""
    wanted = [f"{name}={value}" for name, chosen in values.items() for value in chosen]
    for button in _dingtalk_buttons(payload):
        fits = all(value in button.get("id", "") for value in wanted) if wanted else False
        if fits or (not wanted and button["text"] == label):
            return {"action_id": button["id"]}
    raise NoSuchButton(f"{label!r} {wanted} is not on the card {payload.get('cardParamMap')}")


def _dingtalk_buttons(payload: dict[str, Any]) -> list[dict[str, Any]]:
    raw = payload.get("cardParamMap", {}).get("sys_full_json_obj", "{}")
    buttons: list[dict[str, Any]] = json.loads(raw).get("msgButtons", [])
    return buttons


def text_of(shown: Shown) -> str:
    """Everything a person can read on a message, line by line, whatever the platform."""
    payload = shown.payload
    match shown.platform:
        case "wecom":
            return "\n".join(_wecom_lines(payload))
        case "feishu":
            return "\n".join(_feishu_lines(payload))
        case _:
            parts = payload.get("cardParamMap") or payload
            names = ("title", "markdown", "text", "content", "tips", *ANSWER_VARIABLES)
            lines = [str(parts[name]) for name in names if parts.get(name)]
            return "\n".join([*lines, *_row(labels(shown))])


def _wecom_lines(payload: dict[str, Any]) -> Iterator[str]:
    if "card_type" not in payload:
        yield str(payload.get("content", ""))
        return
    for name in ("title", "desc"):
        yield from filter(None, (payload.get("main_title", {}).get(name),))
    yield from filter(None, (payload.get("sub_title_text"),))
    for item in payload.get("horizontal_content_list", ()):
        yield f"{item['keyname']}：{item.get('value', '')}"
    yield from filter(None, (payload.get("quote_area", {}).get("quote_text"),))
    choices = [payload.get("button_selection"), payload.get("checkbox")]
    for choice in filter(None, (*choices, *payload.get("select_list", ()))):
        options = "／".join(option["text"] for option in choice["option_list"])
        yield f"{choice.get('title', '')}（{options}）"
    submit = payload.get("submit_button")
    buttons = [*payload.get("button_list", ()), *([submit] if submit else ())]
    yield from _row(
        [payload["replace_text"]]
        if "replace_text" in payload
        else [button["text"] for button in buttons]
    )


def _feishu_lines(payload: dict[str, Any]) -> Iterator[str]:
    if "schema" not in payload:
        yield str(payload.get("text", ""))
        return
    for name in ("title", "subtitle"):
        yield from filter(None, (payload.get("header", {}).get(name, {}).get("content"),))
    for element in _walk(payload.get("body", {})):
        if element.get("tag") in ("markdown", "plain_text") and element.get("content"):
            yield re.sub(r"</?font[^>]*>|\*\*", "", str(element["content"]))
    yield from _row([button["text"]["content"] for button in _feishu_buttons(payload)])


def _row(texts: list[str]) -> list[str]:
    return [" ".join(f"[{text}]" for text in texts)] if texts else []
