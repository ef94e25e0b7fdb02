"""加到日历: the tap, and what the calendar answered."""

import re
from datetime import datetime

import structlog

from bot.context import Context
from bot.events import CardClicked, JobFinished, MessageReceived
from bot.router import Router
from cards import actions
from cards import appointments as cards
from handlers.appointments import BUSY, WRITE, next_step, of_note, sync, view, want
from handlers.echo import answered_note, own_note, show_echo
from storage import appointments, followups, leads
from storage.models import Appointment, FollowUp

log = structlog.get_logger()
router = Router()
FACTS = {"add": "calendar.added", "move": "calendar.moved", "remove": "calendar.removed"}
SAID = re.compile(r"^\s*(加到|加进|写进|放进)日历[\s。!！]*$")


@router.message(lambda event, ctx: SAID.match(event.text) is not None)
def add_in_words(event: MessageReceived, ctx: Context) -> None:
    note = answered_note(event, ctx) or followups.latest_of(ctx.db, ctx.id_of(ctx.me))
    put_in_calendar(ctx, note)


@router.action(actions.PutInCalendar)
def add_clicked(click: CardClicked[actions.PutInCalendar], ctx: Context) -> None:
    put_in_calendar(ctx, own_note(ctx, click.action.followup))


def put_in_calendar(ctx: Context, note: FollowUp | None) -> None:
    """Once: who taps again is told how it stands."""
    found = of_note(ctx, note) if note else None
    seen = view(ctx, note) if note else None
    if note is None or found is None or note.state != "confirmed" or found.state == "dropped":
        ctx.reply(cards.no_hour_card())
    elif seen is None:
        ctx.reply(cards.not_possible_card())
    elif found.is_up_to_date:
        ctx.reply(cards.there_already_card(seen))
    elif found.state == "wanted" and not found.error:
        ctx.reply(cards.under_way_card())
    elif seen.is_over:
        ctx.reply(cards.no_hour_card())
    else:
        want(ctx, note, found)
        show_echo(ctx, note)


@router.job(BUSY)
def tell_clash(event: JobFinished, ctx: Context) -> None:
    """A line on the card, if it still asks; without the permission to look nothing is said."""
    found = appointments.get(ctx.db, event.subject)
    if event.error:
        log.warning("calendar.busy_unknown", appointment=event.subject, error=event.error)
    busy = event.result.get("busy") or []
    if found is None or found.state != "offered" or not busy or not asked_of(found, event):
        return
    found.busy = busy
    ctx.db.add(found)
    note = followups.get(ctx.db, found.followup_id)
    if note is not None and note.state == "confirmed":
        show_echo(ctx, note)


def asked_of(found: Appointment, event: JobFinished) -> bool:
    """Whether a call was made about the time it still has."""
    told = tuple(datetime.fromisoformat(event.data[name]) for name in ("begins", "ends"))
    return told == (found.begins, found.ends)


@router.job(WRITE)
def remember_event(event: JobFinished, ctx: Context) -> None:
    """What stands in the calendar now; if that is no longer what is wanted, the next call."""
    found = appointments.get(ctx.db, event.subject)
    note = followups.get(ctx.db, found.followup_id) if found else None
    if found is None or note is None:
        return
    if event.error:
        refused(ctx, event, found, note)
    else:
        written(ctx, event, found)
        sync(ctx, found)
    if note.state == "confirmed":
        show_echo(ctx, note)


def written(ctx: Context, event: JobFinished, found: Appointment) -> None:
    found.event, found.error = str(event.result.get("event", "")), ""
    if event.data["do"] == "remove":
        found.shown_begins = found.shown_ends = None
    else:
        found.shown_begins = datetime.fromisoformat(event.data["begins"])
        found.shown_ends = datetime.fromisoformat(event.data["ends"])
    note = followups.get(ctx.db, found.followup_id)
    lead = leads.get(ctx.db, note.lead_id) if note and note.lead_id else None
    ctx.fact(FACTS[event.data["do"]], lead=lead, followup=found.followup_id)


def refused(ctx: Context, event: JobFinished, found: Appointment, note: FollowUp) -> None:
    """Told on the card, with the remedy; what has been wished for since is tried all the same."""
    log.warning("calendar.refused", appointment=found.id, did=event.data["do"], error=event.error)
    step = next_step(found)
    if step and (step != event.data["do"] or (step != "remove" and not asked_of(found, event))):
        sync(ctx, found)
        return
    found.error = event.error
    if step == "add":
        found.state = "offered"
    ctx.db.add(found)
    if step == "remove":
        card = cards.not_removed_card(event.data["title"], event.error)
        ctx.send(note.chat, card, once=f"calendar:{found.id}:kept")
