"""What a member's client sends of the choices on a card: those made, else those preset."""

from typing import Any

from bot.playground.wecom.cards import questions


def chosen(card: dict[str, Any], given: dict[str, list[str]]) -> dict[str, list[str]]:
    """Question key → ids of options. Raises ValueError for what the client could not have sent."""
    asked = {part["question_key"]: part for part in questions(card)}
    if not given.keys() <= asked.keys():
        raise ValueError("这张卡片上没有这个选项")
    found = {key: given.get(key, _preset(part)) for key, part in asked.items()}
    for key, ids in found.items():
        _check(asked[key], ids)
    return {key: ids for key, ids in found.items() if ids}


def _preset(part: dict[str, Any]) -> list[str]:
    if "selected_id" in part:
        return [part["selected_id"]]
    return [one["id"] for one in part["option_list"] if one.get("is_checked")]


def _check(part: dict[str, Any], ids: list[str]) -> None:
    options = {one["id"] for one in part["option_list"]}
    if not set(ids) <= options:
        raise ValueError("这张卡片上没有这个选项")
    if len(ids) > 1 and part.get("mode") != 1:
        raise ValueError("这里只能选一项")
    if part.get("disable"):
        raise ValueError("这张卡片已经不能再选")
