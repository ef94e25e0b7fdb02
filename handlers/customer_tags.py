"""A deal's stage and tags, written back to its customer in the IM: once for many changes."""

import json
from datetime import timedelta

import structlog

from bot.context import Context
from bot.events import JobFinished, TimerFired
from bot.router import Router
from cards import contacts as cards
from storage import friendships, leads
from storage.models import Friendship, Lead

log = structlog.get_logger()
router = Router()
CALL = "tags.write"
"""Of the slow call; there is none unless it is wanted (WECOM__WRITE_TAGS)."""
MERGING = timedelta(minutes=1)
"""What changes within it is written at once."""


def mirror_tags(ctx: Context, lead: Lead) -> None:
    """A lead's stage, tags or owner may have changed: compare, a little later."""
    if ctx.can_call(CALL) and lead.contact_id is not None:
        ctx.wake("tags.mirror", ctx.id_of(lead), ctx.now + MERGING)


@router.timer("tags.mirror")
def write_tags(event: TimerFired, ctx: Context) -> None:
    """Only what differs from what we wrote last, and only for the member who owns the lead."""
    lead = leads.get(ctx.db, event.subject)
    friend = friend_of(ctx, lead) if lead else None
    if lead is None or friend is None or not ctx.can_call(CALL):
        return
    wanted = names_of(ctx, lead)
    add = [name for name in wanted if name not in friend.tags]
    remove = [name for name in friend.tags if name not in wanted]
    if add or remove:
        ctx.job(
            CALL,
            ctx.id_of(lead),
            address=friend.external_id,
            member=friend.member,
            add=json.dumps(add),
            remove=json.dumps(remove),
        )


def friend_of(ctx: Context, lead: Lead) -> Friendship | None:
    """The lead's customer as a contact of its owner."""
    contact = leads.contact_of(ctx.db, lead)
    found = friendships.with_customer(ctx.db, contact.external_id or "") if contact else ()
    return next((f for f in found if f.is_live and f.person_id == lead.owner_id), None)


def names_of(ctx: Context, lead: Lead) -> list[str]:
    """What stands on the customer: the stage and the tags, as people call them."""
    words = ctx.rules.words
    names = [words.stages.get(lead.stage, lead.stage)]
    return list(dict.fromkeys([*names, *(words.tags.get(tag, tag) for tag in lead.tags)]))


@router.job(CALL)
def remember_tags(event: JobFinished, ctx: Context) -> None:
    """What stands there now, so that it is not written twice; a refusal is told once a day."""
    lead = leads.get(ctx.db, event.subject)
    friend = friendships.of(ctx.db, event.data["member"], event.data["address"])
    if lead is None or friend is None or event.result.get("gone"):
        return
    if event.error:
        log.warning("tags.failed", lead=lead.id, error=event.error)
        card = cards.tags_failed_card(event.error)
        ctx.tell_administrators(card, once=f"tags:{ctx.today}")
        return
    add, remove = json.loads(event.data["add"]), json.loads(event.data["remove"])
    kept = [name for name in friend.tags if name not in remove]
    friend.tags = list(dict.fromkeys([*kept, *add]))
    ctx.db.add(friend)
    ctx.fact("contact.tagged", lead=lead, added=add, removed=remove)
