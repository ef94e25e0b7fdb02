"""The first word: to whoever opens the conversation, and to a group that the bot was put into."""

import structlog

from bot.context import Context
from bot.events import ChatOpened, GroupJoined
from bot.router import Router
from cards import accounts
from cards import help as cards

log = structlog.get_logger()
router = Router()


@router.on(ChatOpened)
def greet_newcomer(event: ChatOpened, ctx: Context) -> None:
    """Once for ever: platforms tell of every visit, under one key."""
    if ctx.person is not None:
        ctx.send(event.sender, cards.newcomer_card(ctx.person.name))
    else:
        once = f"stranger:{event.sender}:{ctx.today}"
        ctx.send(event.sender, accounts.stranger_card(), once=once)


@router.on(GroupJoined)
def greet_group(event: GroupJoined, ctx: Context) -> None:
    """Before people of other companies nothing is said of what we do here."""
    if event.external:
        log.info("group.external", inbox=ctx.inbox_id)
    else:
        ctx.send(event.chat, cards.group_card())
