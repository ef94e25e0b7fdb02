"""Leads nobody follows up: the owner is reminded, then the manager decides (F6, F7)."""

from datetime import timedelta

from bot.context import Context
from bot.events import CardClicked, TimerFired
from bot.router import Router
from cards import actions, reasons
from cards import leads as cards
from handlers import views
from handlers.customer_tags import mirror_tags
from handlers.leads import silent_at, watch_silence
from handlers.promises import named_person
from storage import leads, people
from storage.models import Lead, Person, Role

router = Router()


@router.timer("lead.silent")
def remind_owner(event: TimerFired, ctx: Context) -> None:
    """72 natural hours, heard in working time; what happened since then counts."""
    lead = leads.get(ctx.db, event.subject)
    if lead is None or not lead.is_open:
        return
    due = max(silent_at(ctx, lead), ctx.working_moment(silent_at(ctx, lead)))
    if ctx.now < due:
        ctx.wake("lead.silent", event.subject, due)
        return
    ctx.fact("lead.silent", lead=lead, since=lead.touched_at.isoformat())
    owner = people.get(ctx.db, lead.owner_id)
    ctx.tell(
        owner,
        cards.silent_card(views.of_lead(ctx, lead), hours_silent(ctx, lead), counted(ctx, lead)),
        once=f"silent:{lead.id}:{lead.silence_round}:{owner.id}",
        subject=f"lead:{lead.id}",
    )
    later = ctx.now + timedelta(hours=ctx.rules.timing.escalate_hours)
    ctx.wake("lead.escalate", event.subject, ctx.working_moment(later))


@router.timer("lead.escalate")
def escalate(event: TimerFired, ctx: Context) -> None:
    """The owner was reminded and still nothing happened: the manager's to-do."""
    lead = leads.get(ctx.db, event.subject)
    if lead is None or not lead.is_open or ctx.now < silent_at(ctx, lead):
        return
    owner = people.get(ctx.db, lead.owner_id)
    manager = people.manager_of(ctx.db, owner)
    if manager is None:
        return
    ctx.fact("lead.escalated", lead=lead, manager=manager.id)
    mates = people.team_mates(ctx.db, owner)
    ctx.tell(
        manager,
        cards.escalated_card(views.of_lead(ctx, lead), mates, counted(ctx, lead)),
        slot=f"lead:{lead.id}:escalated:{lead.silence_round}",
        subject=f"lead:{lead.id}",
    )


def hours_silent(ctx: Context, lead: Lead) -> int:
    return int((ctx.now - lead.touched_at).total_seconds() // 3600)


def counted(ctx: Context, lead: Lead) -> str:
    since = lead.touched_at.astimezone(ctx.zone)
    return reasons.silence(since, ctx.rules.timing.silence_hours)


# The manager decides ---------------------------------------------------------------------


def led_lead(ctx: Context, lead_id: int) -> Lead | None:
    """The lead, if whoever clicked leads its owner's team; else they are told."""
    lead = leads.get(ctx.db, lead_id)
    if lead is not None and ctx.me.id != lead.owner_id:
        leads_it = ctx.me.role in (Role.MANAGER, Role.ADMIN, Role.EXEC)
        if leads_it and people.may_see(ctx.db, ctx.me, owner_id=lead.owner_id):
            return lead
    ctx.reply(cards.not_your_team_card())
    return None


@router.action(actions.NudgeOwner)
def nudge_owner(click: CardClicked[actions.NudgeOwner], ctx: Context) -> None:
    lead = led_lead(ctx, click.action.lead)
    if lead is None:
        return
    view = views.of_lead(ctx, lead)
    ctx.fact("lead.nudged", lead=lead)
    ctx.tell(
        people.get(ctx.db, lead.owner_id),
        cards.nudge_card(view, ctx.me.name),
        once=f"nudge:{lead.id}:{lead.silence_round}:{ctx.today}",
        subject=f"lead:{lead.id}",
    )
    ctx.settle_clicked(cards.decided_card(view, "已催办"), click)


@router.action(actions.ReassignLead)
def reassign_lead(click: CardClicked[actions.ReassignLead], ctx: Context) -> None:
    lead = led_lead(ctx, click.action.lead)
    owner = chosen_owner(ctx, next(iter(click.form.get("owner", ())), ""))
    if lead is None:
        return
    if owner is None:
        ctx.reply(cards.no_owner_card(lead.code))
        return
    before = lead.owner_id
    lead.owner_id, lead.touched_at = ctx.id_of(owner), ctx.now
    lead.silence_round += 1
    ctx.db.add(lead)
    watch_silence(ctx, lead)
    mirror_tags(ctx, lead)
    ctx.fact("lead.reassigned", lead=lead, was=before, now=owner.id)
    view = views.of_lead(ctx, lead)
    ctx.tell(
        owner,
        cards.reassigned_card(view, ctx.me.name),
        once=f"reassigned:{click.key}",
        subject=f"lead:{lead.id}",
    )
    ctx.settle_clicked(cards.decided_card(view, f"已改派给{owner.name}"), click)


def chosen_owner(ctx: Context, told: str) -> Person | None:
    """An active salesperson, by id (a form) or by name (typed)."""
    person = named_person(ctx, told)
    return person if person is not None and person.role == Role.SALES else None


@router.action(actions.ExtendSilence)
def extend_silence(click: CardClicked[actions.ExtendSilence], ctx: Context) -> None:
    lead = led_lead(ctx, click.action.lead)
    if lead is None:
        return
    days = min(click.action.days, ctx.rules.timing.silence_pause_days)
    lead.silence_until = ctx.now + timedelta(days=days)
    lead.silence_round += 1
    ctx.db.add(lead)
    watch_silence(ctx, lead)
    ctx.fact("lead.extended", lead=lead, days=days)
    ctx.settle_clicked(cards.decided_card(views.of_lead(ctx, lead), f"已延期{days}天"), click)
