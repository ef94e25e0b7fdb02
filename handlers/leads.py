"""Leads from first touch, the follow-up form, and the clock of silence."""

import re
from datetime import datetime, timedelta

import structlog

from bot.context import Context
from bot.events import CardClicked, ContactAdded, JobFinished, MessageReceived
from bot.router import Router
from cards import actions
from cards import leads as cards
from handlers import views
from handlers.examples import keep_ticked
from storage import followups, leads, people
from storage.models import FollowUp, Lead

log = structlog.get_logger()
router = Router()
CONTACTED = "contacted"


# First touch -----------------------------------------------------------------------------


@router.contact()
def take_first_touch(event: ContactAdded, ctx: Context) -> None:
    """F1: one lead and one card, however often and in whichever form the event arrives."""
    owner = ctx.person
    if owner is None:
        log.warning("contact.unknown_member", inbox=ctx.inbox_id, member=event.member)
        return
    greet(event, ctx)
    key = f"{event.member}/{event.external_id}".casefold()
    lead = leads.by_touch(ctx.db, key)
    if lead is not None:
        return
    address = customer_address(event)
    contact = leads.contact_by_external(ctx.db, address) or leads.add_contact(
        ctx.db, "新客户", external_id=address
    )
    lead = leads.add(
        ctx.db,
        owner_id=ctx.id_of(owner),
        now=ctx.now,
        contact=contact,
        touch_key=key,
        source="企业微信加好友",
        channel=channel_name(ctx, event.state),
    )
    ctx.fact("lead.created", lead=lead, state=event.state, mutual=event.mutual)
    watch_silence(ctx, lead)
    show_lead(ctx, lead)
    ctx.job("contact.details", ctx.id_of(lead), address=address)


def customer_address(event: ContactAdded) -> str:
    """The customer in the IM of the member who was added."""
    return f"{event.member.partition(':')[0]}:{event.external_id}"


def greet(event: ContactAdded, ctx: Context) -> None:
    text = ctx.rules.words.welcome
    if event.welcome_code and text:
        ctx.welcome(customer_address(event), event.welcome_code, text.format(name=ctx.me.name))


def channel_name(ctx: Context, state: str) -> str:
    """展会（expo2026-hall3）: the channel's own word where one is configured."""
    for start, name in ctx.rules.words.channels.items():
        if state.startswith(start):
            return f"{name}（{state}）"
    return state


@router.job("contact.details")
def add_details(event: JobFinished, ctx: Context) -> None:
    """F2: what the platform knows of the customer is filled in on the same card."""
    lead = leads.get(ctx.db, event.subject)
    contact = leads.contact_of(ctx.db, lead) if lead else None
    if lead is None or contact is None:
        return
    if event.error:
        log.warning("contact.details_failed", lead=lead.id, error=event.error)
        return
    told = event.result
    contact.name = told.get("name") or contact.name
    contact.title = told.get("position") or contact.title
    contact.phone = next(iter(told.get("mobiles") or ()), contact.phone)
    if told.get("company"):
        customer = leads.customer_named(ctx.db, told["company"])
        contact.customer_id = lead.customer_id = customer.id
    lead.channel = lead.channel or channel_name(ctx, told.get("state") or "")
    ctx.db.add_all((contact, lead))
    ctx.fact("lead.enriched", lead=lead, fields=sorted(told))
    show_lead(ctx, lead)


def show_lead(ctx: Context, lead: Lead) -> None:
    ctx.tell(
        people.get(ctx.db, lead.owner_id),
        cards.lead_card(views.of_lead(ctx, lead), ctx.rules.words),
        slot=f"lead:{lead.id}:card",
        subject=f"lead:{lead.id}",
    )


# +跟进 ------------------------------------------------------------------------------------


ASK_FORM = re.compile(r"^\s*[+＋]跟进\s*(?P<who>\S*)\s*(?P<note>.*)$", re.DOTALL)


@router.message(lambda event, ctx: ASK_FORM.match(event.text) is not None)
def ask_for_form(event: MessageReceived, ctx: Context) -> None:
    """+跟进 张总, +跟进 L12, or +跟进 alone for the lead touched last."""
    match = ASK_FORM.match(event.text)
    lead = find_own(ctx, match["who"] if match else "")
    if lead is None:
        ctx.reply(cards.unknown_lead_card())
    else:
        show_form(ctx, lead)


def find_own(ctx: Context, who: str) -> Lead | None:
    """One of the writer's open leads, by number, name or company; the latest for no name."""
    own = leads.open_of(ctx.db, ctx.id_of(ctx.me))
    for lead, contact, customer in own:
        names = [*([contact.name] if contact else []), *([customer.name] if customer else [])]
        if not who or who.upper() == lead.code or any(who in name for name in names):
            return lead
    return None


@router.action(actions.OpenFollowUpForm)
def open_form(click: CardClicked[actions.OpenFollowUpForm], ctx: Context) -> None:
    lead = own_lead(ctx, click.action.lead)
    if lead is not None:
        show_form(ctx, lead)


def show_form(ctx: Context, lead: Lead) -> None:
    view = views.of_lead(ctx, lead)
    slot = f"lead:{lead.id}:form:{ctx.inbox_id}"
    form = cards.followup_form(view, ctx.rules.words, ctx.me.role)
    ctx.reply(form, slot=slot, subject=f"lead:{lead.id}")


@router.action(actions.SaveFollowUp)
def save_form(click: CardClicked[actions.SaveFollowUp], ctx: Context) -> None:
    """F3: tags are saved at once; the sentence comes with the form, or as the next message."""
    lead = own_lead(ctx, click.action.lead)
    if lead is None:
        return
    known = ctx.rules.words
    tags = [tag for tag in click.form.get("tags", ()) if tag in known.tags]
    stage = next((s for s in click.form.get("stage", ()) if s in known.stages), None)
    words = " ".join(click.form.get("note", ())).strip()
    note = followups.add(
        ctx.db,
        FollowUp(
            lead_id=lead.id,
            author_id=ctx.id_of(ctx.me),
            inbox_id=ctx.inbox_id,
            chat=click.chat,
            text=words,
            tags=tags,
            stage=stage,
            before={"tags": list(lead.tags), "stage": lead.stage},
            state="confirmed" if words else "wordless",
            at=ctx.now,
        ),
    )
    keep_ticked(ctx, note, tags, stage)
    touch(ctx, lead, tags, stage)
    ctx.fact("followup.logged", lead=lead, words=words, followup=note.id, tags=tags)
    names = [known.tags[tag] for tag in tags]
    saved = cards.saved_card(views.of_lead(ctx, lead), names, words)
    ctx.settle_clicked(saved, click)


def touch(ctx: Context, lead: Lead, tags: list[str], stage: str | None) -> None:
    """A follow-up happened: silence starts anew."""
    lead.tags = list(dict.fromkeys([*lead.tags, *tags]))
    lead.touched_at, lead.silence_round = ctx.now, lead.silence_round + 1
    lead.silence_until = None
    if stage is not None and stage != lead.stage:
        lead.stage = stage
        ctx.fact("lead.stage", lead=lead, to=stage)
    ctx.db.add(lead)
    watch_silence(ctx, lead)


@router.action(actions.ContactedLead)
def mark_contacted(click: CardClicked[actions.ContactedLead], ctx: Context) -> None:
    lead = own_lead(ctx, click.action.lead)
    if lead is None:
        return
    touch(ctx, lead, [], CONTACTED if lead.stage == "new" else None)
    ctx.fact("followup.logged", lead=lead, words="已联系", tags=[])
    show_lead(ctx, lead)


def own_lead(ctx: Context, lead_id: int) -> Lead | None:
    """The lead, if whoever clicked owns it; else they are told."""
    lead = leads.get(ctx.db, lead_id)
    if lead is not None and lead.owner_id == ctx.me.id:
        return lead
    ctx.reply(cards.unknown_lead_card())
    return None


# Silence ---------------------------------------------------------------------------------


def silent_at(ctx: Context, lead: Lead) -> datetime:
    """When this lead's silence becomes an alarm (Interpretation 3)."""
    timing = ctx.rules.timing
    paused = ctx.moment(lead.next_contact + timedelta(days=1)) if lead.next_contact else None
    return lead.silent_at(
        silence=timedelta(hours=timing.silence_hours),
        paused_until=paused,
        cap=timedelta(days=timing.silence_pause_days),
    )


def watch_silence(ctx: Context, lead: Lead) -> None:
    """One clock per lead; a follow-up winds it anew."""
    ctx.let_sleep("lead.escalate", ctx.id_of(lead))
    if lead.is_open:
        ctx.wake("lead.silent", ctx.id_of(lead), silent_at(ctx, lead))
    else:
        ctx.let_sleep("lead.silent", ctx.id_of(lead))
