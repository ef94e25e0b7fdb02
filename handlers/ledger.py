"""What becomes of a promise: set in motion, changed, cancelled, kept; with its cards and clocks."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from bot.context import Context
from cards import promises as cards
from cards import words
from handlers import appointments, customer_words, views
from handlers.customer_words import answer_slot
from nlp.time.types import TimeSpan
from storage import followups, people
from storage.models import FollowUp, Promise, PromiseState

Was = Sequence[tuple[str, str]]
"""Pairs of field name and what it said before."""
MIRROR = "task.mirror"
"""The timer after which lists of tasks follow what has become of a promise."""
MERGING = timedelta(minutes=1)
"""What changes within it is written there at once."""
TASK_CALLS = ("task.write:feishu", "task.write:dingtalk")
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
            note_of(ctx, promise).chat,
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


def ask_delivery(ctx: Context, promise: Promise, was: Was = ()) -> None:
    """The question stands on the task card, and delivery's own clock runs."""
    promise.state, promise.asked_at = PromiseState.PENDING, ctx.now
    ctx.db.add(promise)
    ctx.fact("promise.asked", promise=promise, owner=promise.owner_id)
    show_task(ctx, promise, was)
    answer_by = ctx.now + timedelta(hours=ctx.rules.timing.accept_hours)
    ctx.wake("promise.unanswered", ctx.id_of(promise), ctx.working_moment(answer_by))
    watch_due(ctx, promise)


def keep_oneself(ctx: Context, promise: Promise) -> None:
    """The rep's own promise needs no handshake."""
    promise.state, promise.accepted_at = PromiseState.ACCEPTED, ctx.now
    ctx.db.add(promise)
    ctx.fact("promise.accepted", promise=promise)
    watch_due(ctx, promise)
    mirror(ctx, promise)


def wait_for_customer(ctx: Context, promise: Promise) -> None:
    """What they owe us comes back on its day."""
    promise.state = PromiseState.ACCEPTED
    ctx.db.add(promise)
    watch_due(ctx, promise)


def show_task(ctx: Context, promise: Promise, was: Was = ()) -> None:
    """The one live task card of a promise, in delivery's IM."""
    if promise.owner_id is None or promise.owner_id == promise.rep_id:
        return
    ctx.tell(
        people.get(ctx.db, promise.owner_id),
        cards.task_card(views.of_task(ctx, promise, was)),
        slot=f"promise:{promise.id}:task",
        subject=f"promise:{promise.id}",
    )


def mirror(ctx: Context, promise: Promise) -> None:
    """A promise may read or stand otherwise than in its keeper's list of tasks: compare, a little
    later."""
    if promise.is_ours and any(ctx.can_call(name) for name in TASK_CALLS):
        ctx.wake(MIRROR, ctx.id_of(promise), ctx.now + MERGING)


def watch_due(ctx: Context, promise: Promise) -> None:
    """The clock of its day: ours is late some hours after it, theirs is due in its morning."""
    if promise.is_ours and promise.due_at is not None:
        late = promise.due_at + timedelta(hours=ctx.rules.timing.late_hours)
        ctx.wake("promise.late", ctx.id_of(promise), ctx.awake_moment(max(late, ctx.now)))
    elif not promise.is_ours and promise.latest is not None:
        morning = ctx.moment(promise.latest, ctx.rules.timing.working.start)
        ctx.wake("promise.owed", ctx.id_of(promise), ctx.working_moment(max(morning, ctx.now)))


def note_of(ctx: Context, promise: Promise) -> FollowUp:
    """The note it was heard in."""
    note = followups.get(ctx.db, promise.followup_id)
    if note is None:
        raise LookupError(f"{promise.code} has no note {promise.followup_id}")
    return note


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


def set_due(
    ctx: Context,
    promise: Promise,
    *,
    plan: date | None,
    latest: date,
    due_at: datetime | None = None,
) -> None:
    """Move the day, and its clock with it; without `due_at` it ends with the day."""
    promise.plan, promise.latest = plan, latest
    promise.due_at = due_at or ctx.moment(latest + timedelta(days=1))
    promise.other_plan = promise.other_latest = None
    promise.version += 1
    if promise.state != PromiseState.DRAFT:
        watch_due(ctx, promise)


def change_promise(
    ctx: Context,
    promise: Promise,
    *,
    due: TimeSpan | None = None,
    why_due: str = "",
    model: str = "",
    deliverable: str = "",
) -> Was:
    """Apply a correction everywhere it matters; returns what was different before.

    Delivery is asked anew about a day sooner than the accepted one, and about any other day
    than the one it could not keep.
    """
    was, accepted = remember(promise), promise.latest
    moved = due is not None and due.last_day is not None
    if due is not None and due.last_day is not None:
        set_due(ctx, promise, plan=due.plan or due.last_day, latest=due.last_day, due_at=due.end)
        promise.why_due = why_due
        appointments.move(ctx, appointments.of_promise(ctx, promise), due)
    promise.model = model or promise.model
    promise.deliverable = deliverable or promise.deliverable
    different = changes(promise, was)
    if not different:
        return []
    ctx.db.add(promise)
    ctx.fact("promise.changed", promise=promise, was=dict(different))
    if promise.asked_at is None:
        mirror(ctx, promise)
        return different
    sooner = accepted is None or (promise.latest is not None and promise.latest < accepted)
    if moved and (sooner or promise.state in UNSETTLED):
        ask_delivery(ctx, promise, different)
        settle_answer(ctx, promise, "已按新日期再问交付")
    else:
        show_task(ctx, promise, different)
        renew_customer_text(ctx, promise)
        mirror(ctx, promise)
    customer_words.withdraw(ctx, promise)
    return different


def renew_customer_text(ctx: Context, promise: Promise) -> None:
    """The words the rep may copy to the customer never say what has been corrected since."""
    if promise.state == PromiseState.ACCEPTED and ctx.shows(promise.rep_id, answer_slot(promise)):
        customer_words.show(ctx, promise)


def settle_answer(ctx: Context, promise: Promise, said: str) -> None:
    """The rep's card on delivery's answer no longer holds: no buttons, no words to copy."""
    if ctx.shows(promise.rep_id, answer_slot(promise)):
        card = cards.settled_card(views.of_promise(ctx, promise), said)
        ctx.tell(people.get(ctx.db, promise.rep_id), card, slot=answer_slot(promise))


def cancel(ctx: Context, promise: Promise) -> None:
    """Take a promise back, wherever it has got to."""
    if not promise.is_open:
        return
    promise.state = PromiseState.CANCELLED
    ctx.db.add(promise)
    ctx.fact("promise.cancelled", promise=promise)
    appointments.call_off(ctx, appointments.of_promise(ctx, promise))
    sleep_all(ctx, promise)
    mirror(ctx, promise)
    customer_words.withdraw(ctx, promise)
    settle_answer(ctx, promise, "已取消")
    if promise.asked_at is not None:
        show_task(ctx, promise)


def finish(ctx: Context, promise: Promise) -> None:
    """It was kept; the other side hears."""
    promise.state, promise.done_at = PromiseState.DONE, ctx.now
    ctx.db.add(promise)
    ctx.fact("promise.done", promise=promise)
    sleep_all(ctx, promise)
    customer_words.withdraw(ctx, promise)
    mirror(ctx, promise)
    if promise.asked_at is not None:
        show_task(ctx, promise)
    if promise.is_ours and ctx.me.id != promise.rep_id:
        card = cards.finished_card(views.of_promise(ctx, promise), ctx.me.label)
        rep, about = people.get(ctx.db, promise.rep_id), f"promise:{promise.id}"
        ctx.tell(rep, card, once=f"done:{promise.id}", subject=about)


def sleep_all(ctx: Context, promise: Promise) -> None:
    for name in ("promise.unanswered", "promise.late", "promise.owed"):
        ctx.let_sleep(name, ctx.id_of(promise))
