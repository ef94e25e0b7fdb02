"""What becomes of a promise: set in motion, changed, cancelled, kept; with its cards and clocks."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from bot.context import Context
from cards import promises as cards
from cards import words
from handlers import views
from storage import followups, people
from storage.models import Promise, PromiseState

Was = Sequence[tuple[str, str]]
"""Pairs of field name and what it said before."""
UNSETTLED = (PromiseState.COUNTERED, PromiseState.REFUSED)


# In motion ----------------------------------------------------------------------------------


def put_in_motion(ctx: Context, promise: Promise) -> None:
    """The rep has confirmed: somebody becomes responsible and the clocks start."""
    if promise.state != PromiseState.DRAFT:
        return
    if not promise.is_ours:
        wait_for_customer(ctx, promise)
        return
    if promise.owner_id is None:
        promise.owner_id = find_owner(ctx, promise.kind, promise.rep_id)
    if promise.owner_id is None:
        everybody = people.who_delivers(ctx.db, promise.kind)
        ctx.send(
            chat_of(ctx, promise),
            cards.owner_card(views.of_promise(ctx, promise), everybody),
            slot=f"promise:{promise.id}:owner",
        )
    elif promise.owner_id == promise.rep_id:
        keep_oneself(ctx, promise)
    else:
        ask_delivery(ctx, promise)


def find_owner(ctx: Context, kind: str, rep_id: int) -> int | None:
    """The only colleague who delivers that kind; the rep where nobody does; None when there
    are several, who are never guessed between."""
    able = people.who_delivers(ctx.db, kind)
    if not able:
        return rep_id
    return able[0].id if len(able) == 1 else None


def ask_delivery(ctx: Context, promise: Promise) -> None:
    promise.state, promise.asked_at = PromiseState.PENDING, ctx.now
    ctx.db.add(promise)
    ctx.fact("promise.asked", promise=promise, owner=promise.owner_id)
    show_task(ctx, promise)
    answer_by = ctx.now + timedelta(hours=ctx.rules.timing.accept_hours)
    ctx.wake("promise.unanswered", ctx.id_of(promise), ctx.working_moment(answer_by))
    watch_lateness(ctx, promise)


def keep_oneself(ctx: Context, promise: Promise) -> None:
    """The rep's own promise needs no handshake."""
    promise.state, promise.accepted_at = PromiseState.ACCEPTED, ctx.now
    ctx.db.add(promise)
    ctx.fact("promise.accepted", promise=promise)
    watch_lateness(ctx, promise)


def wait_for_customer(ctx: Context, promise: Promise) -> None:
    """What they owe us comes back on its day."""
    promise.state = PromiseState.ACCEPTED
    ctx.db.add(promise)
    if promise.latest is not None:
        morning = ctx.moment(promise.latest, ctx.rules.timing.working.start)
        ctx.wake("promise.owed", ctx.id_of(promise), ctx.working_moment(max(morning, ctx.now)))


def show_task(ctx: Context, promise: Promise, was: Was = ()) -> None:
    """The one live task card of a promise, in delivery's IM."""
    if promise.owner_id is None or promise.owner_id == promise.rep_id:
        return
    ctx.tell(
        people.get(ctx.db, promise.owner_id),
        cards.task_card(views.of_promise(ctx, promise, was)),
        slot=f"promise:{promise.id}:task",
        subject=f"promise:{promise.id}",
    )


def watch_lateness(ctx: Context, promise: Promise) -> None:
    if promise.due_at is not None and promise.is_ours:
        late = promise.due_at + timedelta(hours=ctx.rules.timing.late_hours)
        ctx.wake("promise.late", ctx.id_of(promise), ctx.awake_moment(max(late, ctx.now)))


def chat_of(ctx: Context, promise: Promise) -> str:
    """Where the rep said it."""
    note = followups.get(ctx.db, promise.followup_id)
    if note is None:
        raise LookupError(f"{promise.code} has no note {promise.followup_id}")
    return note.chat


# Changing and ending ---------------------------------------------------------------------


def remember(promise: Promise) -> dict[str, str]:
    """How a promise reads now, to show the difference later."""
    return {
        "what": promise.what,
        "plan": words.day(promise.plan),
        "latest": words.day(promise.latest),
    }


def changes(promise: Promise, was: dict[str, str]) -> Was:
    now = remember(promise)
    return [(name, old) for name, old in was.items() if old != now[name]]


def set_due(ctx: Context, promise: Promise, *, plan: date | None, latest: date | None) -> None:
    """Move the day; the clock of lateness moves with it."""
    promise.plan, promise.latest = plan, latest
    promise.due_at = ctx.moment(latest + timedelta(days=1)) if latest else None
    promise.other_plan = promise.other_latest = None
    promise.version += 1
    if promise.state != PromiseState.DRAFT:
        watch_lateness(ctx, promise)


def change_promise(
    ctx: Context,
    promise: Promise,
    *,
    plan: date | None = None,
    latest: date | None = None,
    due_at: datetime | None = None,
    why_due: str = "",
    model: str = "",
    deliverable: str = "",
) -> Was:
    """Apply a correction everywhere it matters; returns what was different before.

    An earlier day than the accepted one has to be accepted anew.
    """
    was, accepted = remember(promise), promise.latest
    if latest is not None:
        set_due(ctx, promise, plan=plan, latest=latest)
        promise.due_at, promise.why_due = due_at or promise.due_at, why_due
    promise.model = model or promise.model
    promise.deliverable = deliverable or promise.deliverable
    different = changes(promise, was)
    if not different:
        return []
    ctx.fact("promise.changed", promise=promise, was=dict(different))
    sooner = latest is not None and accepted is not None and latest < accepted
    if promise.state != PromiseState.DRAFT and (sooner or promise.state in UNSETTLED):
        promise.state = PromiseState.PENDING
    ctx.db.add(promise)
    if promise.asked_at is not None:
        show_task(ctx, promise, different)
        renew_customer_text(ctx, promise)
    return different


def renew_customer_text(ctx: Context, promise: Promise) -> None:
    """The words the rep may copy to the customer never say what has been corrected since."""
    if promise.state != PromiseState.ACCEPTED:
        return
    slot = f"promise:{promise.id}:answer"
    if ctx.shows(promise.rep_id, slot):
        card = cards.accepted_card(views.of_promise(ctx, promise))
        ctx.tell(people.get(ctx.db, promise.rep_id), card, slot=slot)


def cancel(ctx: Context, promise: Promise) -> None:
    """Take a promise back, wherever it has got to."""
    if not promise.is_open:
        return
    promise.state = PromiseState.CANCELLED
    ctx.db.add(promise)
    ctx.fact("promise.cancelled", promise=promise)
    sleep_all(ctx, promise)
    if promise.asked_at is not None:
        show_task(ctx, promise)


def finish(ctx: Context, promise: Promise) -> None:
    """It was kept; the other side hears."""
    promise.state, promise.done_at = PromiseState.DONE, ctx.now
    ctx.db.add(promise)
    ctx.fact("promise.done", promise=promise)
    sleep_all(ctx, promise)
    if promise.asked_at is not None:
        show_task(ctx, promise)
    if promise.is_ours and ctx.me.id != promise.rep_id:
        card = cards.finished_card(views.of_promise(ctx, promise), ctx.me.label)
        ctx.tell(people.get(ctx.db, promise.rep_id), card, once=f"done:{promise.id}")


def sleep_all(ctx: Context, promise: Promise) -> None:
    for name in ("promise.unanswered", "promise.late", "promise.owed"):
        ctx.let_sleep(name, ctx.id_of(promise))
