"""The bot's menu in Feishu: what each item of type 推送事件 says for whoever presses it."""

from collections.abc import Mapping

WORDS: Mapping[str, str] = {
    "today": "今日",
    "my_tasks": "今日",
    "follow_up": "+跟进",
    "new_lead": "+跟进",
    "words": "原话",
    "undo": "撤回",
    "bind": "绑定",
    "help": "帮助",
}
"""Key of the item, as the console has it → the same in typed words."""


def words_of(event_key: str) -> str:
    """Empty for a key that stands for nothing. The words themselves may be a key as well."""
    key = event_key.strip()
    return key if key in WORDS.values() else WORDS.get(key.lower(), "")
