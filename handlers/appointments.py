"""The meeting a note speaks of: offered, asked for, moved and called off, here and, by slow calls
one after the other, in its author's calendar."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from bot.context import Context
from cards import words
from cards.appointments import AppointmentView
from nlp.time.types import TimeSpan
from nlp.types import Reading
from storage import appointments, followups, jobs, leads, people, promises
from storage.models import Appointment, FollowUp, Promise

WRITE, BUSY = "calendar.write", "calendar.busy"
"""Of the slow calls; each is made to one platform, which stands behind a colon."""
TITLE_LETTERS, TEXT_LETTERS = 128, 1000
MEETINGS = ("visit", "demo")
"""Kinds of promises that are kept at an hour, together."""
HOURLY = ("hour", "minute")
AN_HOUR = timedelta(hours=1)
LONGEST = timedelta(hours=12)
VERBS = ("拜访", "演示", "上门", "见面", "面谈", "开会", "会议", "参观", "考察", "电话", "回访")


# What it is ------------------------------------------------------------------------------


def note_meeting(
    ctx: Context,
    note: FollowUp,
    reading: Reading,
    caught: Sequence[tuple[Promise, TimeSpan | None]],
) -> None:
    """The first meeting with an hour: one we promised, else the next contact."""
    for promise, due in caught:
        if promise.is_ours and promise.kind in MEETINGS and (hours := hours_of(due)):
            appointments.add(ctx.db, ctx.id_of(note), *hours, promise_id=promise.id)
            return
    contact = reading.next_contact.value if reading.next_contact else None
    if hours := hours_of(contact):
        appointments.add(ctx.db, ctx.id_of(note), *hours, promise_id=None)


def hours_of(span: TimeSpan | None) -> tuple[datetime, datetime] | None:
    """Both ends of what is said to the hour; until some hour is no meeting."""
    if span is None or span.start is None or span.end is None or span.disagrees:
        return None
    if span.grain not in HOURLY or span.kind not in ("point", "range"):
        return None
    said = span.end - span.start
    fits = span.kind == "range" and timedelta() < said <= LONGEST
    return span.start, span.start + (said if fits else AN_HOUR)


def account(ctx: Context, note: FollowUp) -> str:
    """The author's address in the IM the note was written in, if that has a calendar."""
    platform = note.chat.partition(":")[0]
    if not ctx.can_call(f"{WRITE}:{platform}"):
        return ""
    return people.account_in(ctx.db, note.author_id, platform)


def view(ctx: Context, note: FollowUp) -> AppointmentView | None:
    found = of_note(ctx, note)
    if found is None or not (found.address or account(ctx, note)):
        return None
    return AppointmentView(
        found,
        found.begins.astimezone(ctx.zone),
        found.ends.astimezone(ctx.zone),
        tuple((_local(ctx, start), _local(ctx, end)) for start, end in found.busy),
        is_over=found.begins <= ctx.now,
    )


def _local(ctx: Context, told: str) -> datetime:
    return datetime.fromisoformat(told).astimezone(ctx.zone)


def of_note(ctx: Context, note: FollowUp) -> Appointment | None:
    return appointments.of_followup(ctx.db, ctx.id_of(note))


def of_promise(ctx: Context, promise: Promise) -> Appointment | None:
    return appointments.of_promise(ctx.db, ctx.id_of(promise))


# What is asked for -----------------------------------------------------------------------


def ask_busy(ctx: Context, note: FollowUp) -> None:
    """Before anybody taps: what else is there at that time."""
    found, who = of_note(ctx, note), account(ctx, note)
    if found is None or not who or found.state != "offered" or found.begins <= ctx.now:
        return
    call = f"{BUSY}:{who.partition(':')[0]}"
    if ctx.can_call(call):
        begins, ends = found.begins.isoformat(), found.ends.isoformat()
        ctx.job(call, ctx.id_of(found), address=who, begins=begins, ends=ends)


def want(ctx: Context, note: FollowUp, found: Appointment) -> None:
    """It shall stand in the calendar."""
    found.state, found.error = "wanted", ""
    found.address = found.address or account(ctx, note)
    sync(ctx, found)


def call_off(ctx: Context, found: Appointment | None) -> None:
    if found is not None and found.state != "dropped":
        found.state, found.error = "dropped", ""
        sync(ctx, found)


def move(ctx: Context, found: Appointment | None, span: TimeSpan) -> None:
    """To another time; where only a day is said the hour stays, and a vague one ends it."""
    if found is None or found.state == "dropped":
        return
    day = span.start.date() if span.start else None
    if hours := hours_of(span):
        _put_off(ctx, found, *hours)
    elif day is not None and span.grain == "day" and not span.disagrees:
        move_day(ctx, found, span.last_day or day)
    else:
        call_off(ctx, found)


def move_day(ctx: Context, found: Appointment | None, day: date) -> None:
    """The same hour on that day."""
    if found is None or found.state == "dropped":
        return
    begins = ctx.moment(day, found.begins.astimezone(ctx.zone).time())
    _put_off(ctx, found, begins, begins + (found.ends - found.begins))


def _put_off(ctx: Context, found: Appointment, begins: datetime, ends: datetime) -> None:
    if (begins, ends) == (found.begins, found.ends):
        return
    found.move(begins, ends)
    sync(ctx, found)
    note = followups.get(ctx.db, found.followup_id)
    if note is not None and note.state == "confirmed":
        ask_busy(ctx, note)


# What the calendar is told ---------------------------------------------------------------


def sync(ctx: Context, found: Appointment) -> None:
    """Ask for what the calendar lacks, one call at a time: the answer of each looks again."""
    ctx.db.add(found)
    call = f"{WRITE}:{found.address.partition(':')[0]}"
    step = next_step(found)
    if not step or jobs.waits(ctx.db, call, ctx.id_of(found)):
        return
    title, text = described(ctx, found)
    ctx.job(
        call,
        ctx.id_of(found),
        do=step,
        address=found.address,
        key=found.key,
        event=found.event,
        title=title,
        text=text,
        begins=found.begins.astimezone(ctx.zone).isoformat(),
        ends=found.ends.astimezone(ctx.zone).isoformat(),
    )


def next_step(found: Appointment) -> str:
    if found.state == "wanted" and not found.is_up_to_date:
        return "move" if found.event else "add"
    return "remove" if found.state == "dropped" and found.event else ""


def described(ctx: Context, found: Appointment) -> tuple[str, str]:
    """拜访 王总（华康医疗）, and below it the sentence and where it is kept."""
    note = followups.get(ctx.db, found.followup_id)
    promise = promises.get(ctx.db, found.promise_id) if found.promise_id else None
    lead = leads.get(ctx.db, note.lead_id) if note and note.lead_id else None
    said = note.text if note else ""
    what = promise.what if promise else next((verb for verb in VERBS if verb in said), "联系")
    whom = leads.title_of(ctx.db, lead) if lead else "新客户"
    kept = f"一诺 {lead.code if lead else ''} 记录 {found.followup_id}"
    room = TEXT_LETTERS - len(kept) - 3
    return words.short(f"{what} {whom}", TITLE_LETTERS), f"“{words.short(said, room)}”\n{kept}"
