"""Judge template cards as WeCom's server does, with its own error codes (D90236, D90313)."""

import re
from collections.abc import Iterator
from typing import Any

Problem = tuple[int, str]
Part = dict[str, Any]

CALLING_BACK = frozenset({"button_interaction", "vote_interaction", "multiple_interaction"})
_TYPES = CALLING_BACK | {"text_notice", "news_notice"}
_KEY_BYTES, _ID_BYTES = 1024, 128
_TASK_ID = re.compile(r"[0-9A-Za-z_\-@]{1,128}")


def problem_of(card: Any) -> Problem | None:
    """The first thing the server would complain about. Lengths of texts are none: clients cut."""
    if not isinstance(card, dict):
        return 40058, "template_card missing"
    kind = card.get("card_type")
    if kind not in _TYPES:
        return 42031, "invalid card_type"
    return next(_problems(card, str(kind)), None)


def calls_back(card: Part) -> bool:
    """Whether a member can press something, so that the card has a right to be edited."""
    return card["card_type"] in CALLING_BACK or "action_menu" in card


def questions(card: Part) -> list[Part]:
    """Everything on a card that asks for a choice."""
    parts = [card.get("button_selection"), card.get("checkbox"), *card.get("select_list", [])]
    return [part for part in parts if part]


def keys(card: Part) -> set[str]:
    """Keys of all buttons that send something."""
    pressed = [one for one in card.get("button_list", []) if one.get("type", 0) == 0]
    pressed += [card["submit_button"]] if "submit_button" in card else []
    pressed += card.get("action_menu", {}).get("action_list", [])
    return {one["key"] for one in pressed}


def _problems(card: Part, kind: str) -> Iterator[Problem]:
    if calls_back(card) and not _TASK_ID.fullmatch(str(card.get("task_id", ""))):
        yield 42014, "invalid task_id"
    yield from _texts(card, kind)
    yield from _horizontal(card.get("horizontal_content_list", []))
    yield from _jumps(card.get("jump_list", []))
    yield from _action(card, kind)
    yield from _menu(card.get("action_menu", {}))
    if kind == "button_interaction":
        yield from _buttons(card.get("button_list", []))
        yield from _question(card.get("button_selection"), most=10, needed=False)
    elif kind == "vote_interaction":
        yield from _question(card.get("checkbox"), most=20)
        yield from _submit(card.get("submit_button"))
    elif kind == "multiple_interaction":
        yield from _selects(card.get("select_list", []))
        yield from _submit(card.get("submit_button"))


def _texts(card: Part, kind: str) -> Iterator[Problem]:
    title = card.get("main_title", {}).get("title")
    if not title and (kind != "text_notice" or not card.get("sub_title_text")):
        yield 42033, "main_title.title missing"
    if kind == "news_notice" and not (card.get("card_image") or card.get("image_text_area")):
        yield 42044, "card_image.url missing"
    for part in card.get("vertical_content_list", []):
        if not part.get("title"):
            yield 42033, "vertical_content_list.title missing"
    if len(card.get("vertical_content_list", [])) > 4:
        yield 42036, "vertical_content_list too long"


def _horizontal(parts: list[Part]) -> Iterator[Problem]:
    if len(parts) > 6:
        yield 42035, "horizontal_content_list too long"
    needs = {1: (42028, "url"), 2: (42029, "media_id"), 3: (42050, "userid")}
    for part in parts:
        if not part.get("keyname"):
            yield 42027, "horizontal_content_list.keyname missing"
        code, name = needs.get(part.get("type", 0), (0, "keyname"))
        if not part.get(name):
            yield code, f"horizontal_content_list.{name} missing"


def _jumps(parts: list[Part]) -> Iterator[Problem]:
    if len(parts) > 3:
        yield 42042, "jump_list too long"
    for part in parts:
        if not part.get("title"):
            yield 42033, "jump_list.title missing"
        yield from _link(part)


def _action(card: Part, kind: str) -> Iterator[Problem]:
    action = card.get("card_action")
    if action is None:
        if kind in {"text_notice", "news_notice"}:
            yield 42045, "card_action missing"
        return
    if action.get("type") not in {1, 2}:
        yield 42045, "card_action.type invalid"
    yield from _link(action)


def _link(part: Part) -> Iterator[Problem]:
    if part.get("type") == 1 and not part.get("url"):
        yield 42028, "url missing"
    if part.get("type") == 2 and not part.get("appid"):
        yield 42030, "appid missing"


def _menu(menu: Part) -> Iterator[Problem]:
    found = [part.get("key", "") for part in menu.get("action_list", [])]
    if menu and not 1 <= len(found) <= 3:
        yield 40058, "action_list length"
    if len(set(found)) != len(found) or not all(_fits(key, _KEY_BYTES) for key in found):
        yield 42051, "action_list.key conflict"


def _buttons(parts: list[Part]) -> Iterator[Problem]:
    if not 1 <= len(parts) <= 6:
        yield 40058, "button_list length"
    seen: set[str] = set()
    for part in parts:
        if not part.get("text"):
            yield 42038, "button_list.text missing"
        if part.get("type", 0) == 1:
            yield from _link(part)
            continue
        key = part.get("key", "")
        if not _fits(key, _KEY_BYTES) or key in seen:
            yield 42039, "button_list.key missing or invalid"
        seen.add(key)


def _selects(parts: list[Part]) -> Iterator[Problem]:
    if not 1 <= len(parts) <= 3:
        yield 42047, "select_list length"
    names = [part.get("question_key") for part in parts]
    if len(set(names)) != len(names):
        yield 42043, "question_key conflict"
    for part in parts:
        yield from _question(part, most=10)


def _question(part: Part | None, *, most: int, needed: bool = True) -> Iterator[Problem]:
    if part is None:
        if needed:
            yield 42043, "question_key missing"
        return
    if not _fits(part.get("question_key"), _KEY_BYTES):
        yield 42043, "question_key missing or invalid"
    options = part.get("option_list", [])
    if not 1 <= len(options) <= most:
        yield 42037, "option_list length"
    ids = [option.get("id") for option in options]
    if len(set(ids)) != len(ids) or not all(_fits(one, _ID_BYTES) for one in ids):
        yield 42040, "option_list.id missing or invalid"
    if not all(option.get("text") for option in options):
        yield 42041, "option_list.text missing"


def _submit(part: Part | None) -> Iterator[Problem]:
    if not part or not _fits(part.get("key"), _KEY_BYTES):
        yield 42046, "submit_button.key missing or invalid"


def _fits(text: Any, limit_bytes: int) -> bool:
    return isinstance(text, str) and 0 < len(text.encode()) <= limit_bytes
