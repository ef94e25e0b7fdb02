"""Help, and a word for who just says hello."""

import re

from bot.context import Context
from bot.events import MessageReceived
from bot.router import Router
from cards import help as cards

router = Router()
HELP = re.compile(r"^\s*(帮助|help|怎么用|菜单|\?|？)\s*$", re.IGNORECASE)
GREETING = re.compile(r"^\s*(在吗|你好|您好|hi|hello)[\s!！。~～?？]*$", re.IGNORECASE)


@router.message(lambda event, ctx: HELP.match(event.text) is not None)
def explain_yourself(event: MessageReceived, ctx: Context) -> None:
    ctx.reply(cards.help_card())


@router.message(lambda event, ctx: GREETING.match(event.text) is not None and not event.in_group)
def greet_back(event: MessageReceived, ctx: Context) -> None:
    ctx.reply(cards.greeting_card(ctx.me.name))


@router.message(lambda event, ctx: event.kind in ("image", "file", "other"))
def keep_picture(event: MessageReceived, ctx: Context) -> None:
    """The inbox keeps the platform's handle; nothing is understood from pictures."""
    ctx.reply(cards.kept_card(event.kind, event.text))
