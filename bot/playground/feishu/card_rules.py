"""Which cards Feishu builds and which it refuses: card JSON 2.0, as its pages describe it.

Sub-codes as they appear inside 230099: 11310 limits, 200621 not readable (also for properties and
values that 2.0 does not know), 200861 tags of 1.0, 100290 unknown people.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bot.playground.feishu.card_schema import (
    BODY,
    CONFIG,
    CONTAINERS,
    HEADER,
    OTHER_TAGS,
    PROPERTIES,
    TEMPLATES,
    TOP,
    TOP_ONLY,
    V1_TAGS,
)

MAX_BYTES = 30 * 1024
MAX_ELEMENTS = 200
MAX_DEPTH = 5
MAX_TABLES = 3

_REQUIRED = {"markdown": "content", "plain_text": "content", "column_set": "columns"}
_ELEMENT_ID = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,19}")
_AT = re.compile(r"<at\s+id=\"?'?([^\s>\"']+)")


@dataclass(frozen=True, slots=True)
class Problem:
    sub_code: int
    message: str
    path: str = "ROOT"

    def __str__(self) -> str:
        return (
            f"Failed to create card content, ext=ErrCode: {self.sub_code}; "
            f"ErrMsg: {self.message}; ErrPath: {self.path}"
        )


def first_problem(card: Any, people: frozenset[str]) -> Problem | None:
    """Why the card would not be built; None if it would. `people` may be named in it, by id."""
    try:
        return next(_problems(card, people), None)
    except (AttributeError, TypeError):
        return Problem(200621, "parse card json err, a member has the wrong type")


def elements(node: Any, form: dict[str, Any] | None = None) -> Iterator[tuple[Any, Any]]:
    """Everything with a tag, and the form it lies in."""
    if isinstance(node, list):
        for item in node:
            yield from elements(item, form)
    elif isinstance(node, dict):
        inner = node if node.get("tag") == "form" else form
        if "tag" in node:
            yield node, form
        for value in node.values():
            yield from elements(value, inner)


def _problems(card: Any, people: frozenset[str]) -> Iterator[Problem]:
    if not isinstance(card, dict) or card.get("schema") != "2.0":
        yield Problem(200621, "parse card json err, schema 2.0 is imitated only")
        return
    yield from _unknown(card, TOP, "ROOT")
    yield from _config_problems(card.get("config", {}))
    yield from _header_problems(card.get("header", {}))
    body = card.get("body", {})
    yield from _unknown(body, BODY, "ROOT -> body")
    for index, element in enumerate(body.get("elements", [])):
        yield from _element_problems(element, f"ROOT -> body -> elements -> [{index}]", 0)
    yield from _whole_problems(card, people)


def _unknown(node: dict[str, Any], known: frozenset[str], path: str) -> Iterator[Problem]:
    for name in node.keys() - known:
        yield Problem(200621, f"unknown property, property: {name}", path)


def _config_problems(config: dict[str, Any]) -> Iterator[Problem]:
    yield from _unknown(config, CONFIG, "ROOT -> config")
    if config.get("update_multi", True) is not True:
        yield Problem(200621, "update_multi must be true", "ROOT -> config")


def _header_problems(header: dict[str, Any]) -> Iterator[Problem]:
    path = "ROOT -> header"
    yield from _unknown(header, HEADER, path)
    if header.get("template", "default") not in TEMPLATES:
        yield Problem(200621, f"unknown template {header['template']}", path)
    if len(header.get("text_tag_list", [])) > 3:
        yield Problem(11310, "more than 3 text tags", path)


def _element_problems(element: Any, path: str, depth: int) -> Iterator[Problem]:
    """Of one element and everything in it; `depth` counts the containers around it."""
    tag = element.get("tag") if isinstance(element, dict) else None
    path = f"{path}(tag: {tag})"
    if tag in V1_TAGS:
        yield Problem(200861, f"cards of schema V2 no longer support this capability: {tag}", path)
    elif tag not in PROPERTIES and tag not in OTHER_TAGS:
        yield Problem(200621, f"unknown tag {tag}", path)
    else:
        yield from _own_problems(element, tag, path, depth)
        yield from _inner_problems(element, path, depth + (tag in CONTAINERS))


def _own_problems(element: dict[str, Any], tag: str, path: str, depth: int) -> Iterator[Problem]:
    if tag in PROPERTIES:
        yield from _unknown(element, PROPERTIES[tag], path)
    if tag in _REQUIRED and _REQUIRED[tag] not in element:
        yield Problem(200621, f"{_REQUIRED[tag]} is missing", path)
    if tag in TOP_ONLY and depth:
        yield Problem(200621, f"{tag} is only allowed in body.elements", path)
    if tag in CONTAINERS and depth >= MAX_DEPTH:
        yield Problem(11310, f"nested deeper than {MAX_DEPTH}", path)
    if tag.endswith("select_static") and not element.get("options"):
        yield Problem(200621, "options are empty", path)
    if tag == "input" and not 1 <= element.get("max_length", 1000) <= 1000:
        yield Problem(200621, "max_length must be 1 to 1000", path)
    if tag == "form" and not any(_submits(inner) for inner, _ in elements(element)):
        yield Problem(200621, "the form has no submit button", path)
    yield from _behavior_problems(element.get("behaviors", []), path)


def _submits(element: dict[str, Any]) -> bool:
    return element["tag"] == "button" and element.get("form_action_type") == "submit"


def _behavior_problems(behaviors: Any, path: str) -> Iterator[Problem]:
    for behavior in behaviors:
        kind = behavior.get("type")
        if kind not in ("callback", "open_url"):
            yield Problem(200621, f"unknown behavior {kind}", path)
        elif kind == "callback" and not isinstance(behavior.get("value"), dict | str):
            yield Problem(200621, "value of a callback must be an object or a string", path)
        elif kind == "open_url" and not behavior.get("default_url"):
            yield Problem(200621, "default_url is missing", path)


def _inner_problems(element: dict[str, Any], path: str, depth: int) -> Iterator[Problem]:
    for name, value in element.items():
        if isinstance(value, dict) and "tag" in value:
            yield from _element_problems(value, f"{path} -> {name}", depth)
        elif isinstance(value, list):
            for index, item in enumerate(value):
                if isinstance(item, dict) and "tag" in item:
                    yield from _element_problems(item, f"{path} -> {name} -> [{index}]", depth)


def _whole_problems(card: dict[str, Any], people: frozenset[str]) -> Iterator[Problem]:
    found = [element for element, _ in elements(card)]
    if len(found) > MAX_ELEMENTS:
        yield Problem(11310, f"element exceeds the limit; ErrorValue: {len(found)}")
    if sum(element["tag"] == "table" for element in found) > MAX_TABLES:
        yield Problem(11310, "table number over limit")
    for what in ("name", "element_id"):
        values = [element[what] for element in found if what in element]
        for value in {value for value in values if values.count(value) > 1}:
            yield Problem(200621, f"duplicate {what} {value}")
    for element in found:
        if "element_id" in element and not _ELEMENT_ID.fullmatch(element["element_id"]):
            yield Problem(200621, f"element_id {element['element_id']} is not valid")
        yield from _people_problems(element, people)


def _people_problems(element: dict[str, Any], people: frozenset[str]) -> Iterator[Problem]:
    if element["tag"] not in ("markdown", "lark_md"):
        return
    for person in _AT.findall(str(element.get("content", ""))):
        if person != "all" and person not in people:
            yield Problem(100290, f"invalid user id {person}")
