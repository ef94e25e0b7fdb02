"""Records dressed with the names that cards show around them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.context import Context
from cards.followups import EchoView
from cards.leads import LeadView
from cards.promises import PromiseView
from cards.remarks import remark
from handlers import appointments, doubts, origins
from storage import facts, followups, leads, people, promises
from storage.models import FollowUp, Lead, Promise

REMARKS = 2
"""So many of the last ones stand on a task card."""


def of_lead(ctx: Context, lead: Lead) -> LeadView:
    return LeadView(
        lead,
        title=leads.title_of(ctx.db, lead),
        owner=people.get(ctx.db, lead.owner_id).name,
        created=lead.created_at.astimezone(ctx.zone),
        contact=leads.contact_of(ctx.db, lead),
        customer=leads.customer_of(ctx.db, lead),
    )


def of_promise(ctx: Context, promise: Promise, was: Sequence[tuple[str, str]] = ()) -> PromiseView:
    lead = leads.get(ctx.db, promise.lead_id) if promise.lead_id else None
    note = followups.get(ctx.db, promise.followup_id)
    return PromiseView(
        promise,
        customer=leads.title_of(ctx.db, lead) if lead else "新客户",
        rep=people.get(ctx.db, promise.rep_id).name,
        owner=people.get(ctx.db, promise.owner_id).label if promise.owner_id else "",
        quote=note.text if note else promise.text,
        was=was,
    )


def of_task(ctx: Context, promise: Promise, was: Sequence[tuple[str, str]] = ()) -> PromiseView:
    """With what was said about it last."""
    said = facts.said_on(ctx.db, ctx.id_of(promise), REMARKS)
    lines = [
        remark(people.get(ctx.db, fact.person_id).label, fact.words)
        for fact in reversed(said)
        if fact.person_id is not None
    ]
    return replace(of_promise(ctx, promise, was), remarks=lines)


def of_note(
    ctx: Context,
    note: FollowUp,
    *,
    is_new: bool = False,
    changed: Mapping[int, Sequence[tuple[str, str]]] | None = None,
) -> EchoView:
    """`changed` holds, per promise id, what its fields said before the last correction."""
    lead = leads.get(ctx.db, note.lead_id) if note.lead_id else None
    found = promises.of_followup(ctx.db, ctx.id_of(note))
    return EchoView(
        note,
        customer=leads.title_of(ctx.db, lead) if lead else "新客户",
        lead=lead,
        promises=[of_promise(ctx, p, (changed or {}).get(p.id or 0, ())) for p in found],
        is_new=is_new,
        asked=doubts.pending(ctx, note),
        unsure=origins.unsure(note),
        proposed=followups.proposal(ctx.db, note).get("lines", ()),
        appointment=appointments.view(ctx, note),
    )
