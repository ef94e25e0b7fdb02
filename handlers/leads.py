"""A lead's card, the follow-up form, and the clock of silence."""

import re
from datetime import datetime, timedelta

from bot.context import Context
from bot.events import CardClicked, MessageReceived
from bot.router import Router
from cards import actions
from cards import leads as cards
from cards.model import Card
from handlers import views
from handlers.customer_tags import mirror_tags
from handlers.examples import keep_ticked
from storage import followups, leads, people
from storage.models import FollowUp, Lead

router = Router()
CONTACTED = "contacted"


# The card --------------------------------------------------------------------------------


def card_of(ctx: Context, lead: Lead) -> Card:
    return cards.lead_card(views.of_lead(ctx, lead), ctx.rules.words)


def show_lead(ctx: Context, lead: Lead) -> None:
    ctx.tell(
        people.get(ctx.db, lead.owner_id),
        card_of(ctx, lead),
        slot=f"lead:{lead.id}:card",
        subject=f"lead:{lead.id}",
    )


# +跟进 ------------------------------------------------------------------------------------


ASK_FORM = re.compile(r"^\s*[+＋]跟进\s*(?P<who>\S*)\s*(?P<note>.*)$", re.DOTALL)


def form_of(text: str, *, filled: bool) -> re.Match[str] | None:
    """What is asked for, or `filled` in at once with the sentence after it."""
    match = ASK_FORM.match(text)
    return match if match is not None and bool(match["note"].strip()) == filled else None


@router.message(lambda event, ctx: form_of(event.text, filled=False) is not None)
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
    mirror_tags(ctx, lead)


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
