"""What the two sides of a promise tell each other, as one line in the other's IM (K15)."""

from cards import words
from cards.model import Card
from cards.promises import PromiseView

LONGEST_SHOWN = 60
"""Characters of an earlier remark on a task card."""


def relayed_card(view: PromiseView, who: str, text: str) -> Card:
    code = view.promise.code
    return Card(
        text=f"{who} 说 {code} {view.customer}·{view.promise.what}：{text}\n"
        f"（回话：回复这条，或发“留言 {code} …”）"
    )


def passed_on_card(view: PromiseView, to: str, *, waits: bool) -> Card:
    """`waits`: whoever wrote has still to say whether he takes the task."""
    code = view.promise.code
    more = f"这件还等你答复：“接单 {code}”“最早 {code} 2月5号”“做不到 {code}”。" if waits else ""
    return Card(text=f"已转给{to}（{code}）。{more}")


def remark(who: str, text: str) -> str:
    """One line on the task card."""
    return f"{who}：{words.short(text, LONGEST_SHOWN)}"


def nobody_else_card(code: str) -> Card:
    return Card(text=f"{code} 现在只在你这边，没有另一方可转。先确认、派给交付，再留言。")


def settled_card(code: str) -> Card:
    return Card(text=f"{code} 已取消，留言没有转。")


def not_yours_card() -> Card:
    return Card(text="只有答应的人和交付的人能在这条承诺上留言，没有转。")


def unreached_card(to: str) -> Card:
    return Card(text=f"{to}还没绑定任何IM，没转到。请他先绑定，或当面说一声。")


def how_card() -> Card:
    return Card(text="留言给谁、说什么？比如“留言 P12 客户在催，周三能不能先发一台”。")


def too_long_card(most: int) -> Card:
    return Card(text=f"留言最多 {most} 个字，没有转。短一点再发一次。")
