"""Rules or words that cannot be used: administrators hear of it, once, and when it is mended."""

from bot.context import Context
from bot.events import FilesChanged
from bot.router import Router
from cards import files as cards
from storage import people
from storage.models import Role

router = Router()


@router.on(FilesChanged)
def tell_administrators(event: FilesChanged, ctx: Context) -> None:
    card = cards.refused_card(event.problem) if event.problem else cards.mended_card()
    for person in people.in_role(ctx.db, Role.ADMIN):
        ctx.tell(person, card, once=f"{event.key}:{person.id}")
