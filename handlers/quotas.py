"""Little is left of a month's allowance: administrators hear of it, once a month and kind."""

from bot.context import Context
from bot.events import QuotaLow
from bot.router import Router
from cards import quotas as cards
from storage import people
from storage.models import Role

router = Router()


@router.on(QuotaLow)
def tell_administrators(event: QuotaLow, ctx: Context) -> None:
    card = cards.low_card(event.platform, event.kind, event.used, event.allowed)
    for person in people.in_role(ctx.db, Role.ADMIN):
        ctx.tell(person, card, once=f"{event.key}:{person.id}")
