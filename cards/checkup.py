"""The card that `doctor --card` sends to see whether a click comes back."""

from cards import actions
from cards.model import Button, Card

TYPED = "体检"


def test_card(code: str) -> Card:
    pressed = actions.PressTestCard(code)
    return Card(
        title="一诺体检",
        text="管理员在检查机器人通不通。点一下“收到”就好，别的不用做。",
        buttons=(Button("收到", pressed, style="primary", typed=f"{TYPED} {code}"),),
    )


def pressed_card() -> Card:
    return Card(
        title="一诺体检", tone="good", text="收到了，谢谢。", closed=True, replace="按钮是通的"
    )
