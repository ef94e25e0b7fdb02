"""The click on the card of `doctor --card`: answered on the card itself, which doctor waits for."""

import re

from bot.context import Context
from bot.events import CardClicked, MessageReceived
from bot.router import Router
from cards import actions
from cards import checkup as cards

router = Router()
TYPED = re.compile(rf"^\s*{cards.TYPED}\s*(?P<code>[0-9a-f]{{8}})\s*$")


def subject(code: str) -> str:
    return f"doctor:{code}"


@router.action(actions.PressTestCard)
def answer_press(click: CardClicked[actions.PressTestCard], ctx: Context) -> None:
    ctx.settle_clicked(cards.pressed_card(), click)


@router.message(lambda event, ctx: TYPED.match(event.text) is not None)
def answer_words(event: MessageReceived, ctx: Context) -> None:
    """Where the card came as text."""
    said = TYPED.match(event.text)
    if said is not None:
        ctx.reply(cards.pressed_card(), subject=subject(said["code"]))
