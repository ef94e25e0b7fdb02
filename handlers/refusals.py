"""What reached nobody: administrators hear of it, one notice for each receiver and day."""

from datetime import date, timedelta

import structlog

from bot.context import Context
from bot.events import PushRefused, TimerFired
from bot.router import Router
from cards import refusals as cards
from storage import parcels, people
from storage.models import Person, Role

log = structlog.get_logger()
router = Router()
MERGING = timedelta(minutes=3)
"""What fails within it is told together."""
NOTICE = "refused:"
"""Begins the slot of such a notice: one that is refused itself makes no further one."""
STRANGER = "stranger:"
"""Begins the slot of what a stranger is told: that some cannot be reached is nobody's to mend."""


@router.on(PushRefused)
def note_refusal(event: PushRefused, ctx: Context) -> None:
    ctx.fact("push.refused", who=event.person_id, address=event.address, reason=event.reason)
    if event.slot.startswith((NOTICE, STRANGER)):
        log.warning("refusal.untold", outbox=event.outbox_id)
        return
    ctx.wake(
        "push.refused",
        event.outbox_id,
        ctx.awake_moment(ctx.now + MERGING),
        {
            "person": str(event.person_id or ""),
            "address": event.address,
            "reason": event.reason,
            "day": ctx.today.isoformat(),
        },
    )


@router.timer("push.refused")
def tell_of_refusals(event: TimerFired, ctx: Context) -> None:
    """The first of a receiver's day tells of all; later ones are counted on the health page.
    Without an administrator who can be reached the receiver's manager hears of it."""
    person = people.get(ctx.db, int(event.data["person"])) if event.data["person"] else None
    address, day = event.data["address"], date.fromisoformat(event.data["day"])
    receiver = f"person:{person.id}" if person else address
    count = parcels.count_refused(
        ctx.db, ctx.moment(day), address=address, person_id=person.id if person else None
    )
    card = cards.unreached_card(person.name if person else "", address, count, event.data["reason"])
    slot = f"{NOTICE}{receiver}:{day}"

    def tell(reader: Person) -> bool:
        return ctx.tell(reader, card, slot=slot, once=f"{slot}:{reader.id}")

    admins = [each for each in people.in_role(ctx.db, Role.ADMIN) if each != person]
    told = [tell(each) for each in admins]
    if any(told):
        return
    manager = people.manager_of(ctx.db, person) if person else None
    if manager is None or not tell(manager):
        log.warning("refusal.untold", outbox=event.subject)
