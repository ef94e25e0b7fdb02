"""A name card that somebody sends: of a colleague, or of a person we do not know."""

from bot.context import Context
from bot.events import JobFinished, MessageReceived
from bot.router import Router
from cards import namecards as cards
from storage import people

router = Router()
JOB = "namecard.details"


@router.message(lambda event, ctx: event.kind == "person")
def read_name_card(event: MessageReceived, ctx: Context) -> None:
    """The card holds an account and no name; the platform is asked whose it is."""
    colleague = people.by_address(ctx.db, event.media) if event.media else None
    if colleague is not None:
        ctx.reply(cards.colleague_card(colleague))
    elif event.media and ctx.can_call(JOB):
        ctx.job(JOB, ctx.inbox_id, address=event.media, chat=event.chat)
    else:
        ctx.reply(cards.unseen_card())


@router.job(JOB)
def tell_name(event: JobFinished, ctx: Context) -> None:
    """Somebody without an account here is no lead for that: the writer says what it is about."""
    name = event.result.get("name", "")
    title = event.result.get("position", "")
    card = cards.person_card(name, title) if name else cards.unseen_card()
    ctx.send(event.data["chat"], card)
