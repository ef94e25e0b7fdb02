"""Accepted promises in the list of tasks of whoever keeps them, both ways (Feishu, DingTalk).

Ours is the truth: what stands there follows it, and only that somebody ticks a task off comes
back. One task a promise at any time, and one call about it.
"""

from dataclasses import replace
from datetime import datetime, time, timedelta

import structlog

from bot.context import Context
from bot.events import JobFinished, TaskChanged, TimerFired
from bot.router import Router
from cards import promises as promise_cards
from cards import tasks as cards
from handlers import ledger, views
from handlers.reported import show_echo_of
from storage import jobs, people, promises, tasks
from storage.models import MirroredTask, Promise, PromiseState

log = structlog.get_logger()
router = Router()
OVER = (PromiseState.CANCELLED, PromiseState.REFUSED, PromiseState.DRAFT)
WRITE = "task.write"
"""The slow call; it is made to one platform, which stands behind a colon."""
LATER = timedelta(days=1)
"""When a month that had little left is looked at again."""


# Here → there ----------------------------------------------------------------------------


@router.timer(ledger.MIRROR)
def mirror_task(event: TimerFired, ctx: Context) -> None:
    promise = promises.get(ctx.db, event.subject)
    if promise is not None:
        bring_into_line(ctx, promise)


def bring_into_line(ctx: Context, promise: Promise) -> None:
    """Ask for the one thing that has to change there next; its answer leads back here."""
    row = tasks.of(ctx.db, ctx.id_of(promise))
    if row is None or (row.ended_at and row.person_id != promise.owner_id):
        begin(ctx, promise)
        return
    if row.ended_at or not ctx.can_call(call(row)) or is_asked(ctx, row):
        return
    handed_on = row.person_id != promise.owner_id
    if not row.task:  # never made, or refused
        begin(ctx, promise, row)
    elif promise.state == PromiseState.DONE and not handed_on:
        ask(ctx, row, "finish", at=(promise.done_at or ctx.now).isoformat())
    elif not promise.is_open or promise.state in OVER or handed_on:
        ask(ctx, row, "drop")
    elif promise.state == PromiseState.ACCEPTED and (row.title, row.due) != wanted(ctx, promise):
        title, due = wanted(ctx, promise)
        ask(ctx, row, "move", title=title, due=due)


def begin(ctx: Context, promise: Promise, row: MirroredTask | None = None) -> None:
    """Make a task; what was asked for before and is not known to be there keeps its key, so that
    there are never two."""
    address = list_of(ctx, promise)
    if row is not None and row.address != address:
        tasks.drop(ctx.db, row)
        row = None
    if not address or promise.owner_id is None:
        return
    title, due = wanted(ctx, promise)
    row = row or tasks.add(
        ctx.db,
        ctx.id_of(promise),
        person_id=promise.owner_id,
        address=address,
        title=title,
        due=due,
    )
    row.title, row.due = title, due
    ctx.db.add(row)
    ask(ctx, row, "add")


def list_of(ctx: Context, promise: Promise) -> str:
    """The account of whoever keeps an accepted promise of ours, in an IM with tasks; or empty."""
    if not promise.is_ours or promise.state != PromiseState.ACCEPTED or promise.owner_id is None:
        return ""
    accounts = people.addresses(ctx.db, promise.owner_id)
    return next((each for each in accounts if ctx.can_call(call_of(each))), "")


def wanted(ctx: Context, promise: Promise) -> tuple[str, datetime | None]:
    """Title and time as they should read there. A day ends there when work does."""
    customer, due = views.of_promise(ctx, promise).customer, promise.due_at
    local = due.astimezone(ctx.zone) if due else None
    if local is not None and local.time() == time():
        due = ctx.moment(local.date() - timedelta(days=1), ctx.rules.timing.working.end)
    return cards.title(promise, customer), due


def ask(
    ctx: Context,
    row: MirroredTask,
    verb: str,
    *,
    title: str = "",
    due: datetime | None = None,
    at: str = "",
) -> None:
    promise = promises.get(ctx.db, row.promise_id)
    due = due if verb == "move" else row.due
    ctx.job(
        call(row),
        row.promise_id,
        verb=verb,
        key=row.key,
        address=row.address,
        task=row.task,
        title=title or row.title,
        about=cards.about(views.of_promise(ctx, promise)) if promise else "",
        due=due.isoformat() if due else "",
        at=at,
    )


def call(row: MirroredTask) -> str:
    return call_of(row.address)


def call_of(address: str) -> str:
    return f"{WRITE}:{address.partition(':')[0]}"


def is_asked(ctx: Context, row: MirroredTask) -> bool:
    return jobs.waits(ctx.db, call(row), row.promise_id)


@router.job(WRITE)
def take_answer(event: JobFinished, ctx: Context) -> None:
    """What stands there now; then whatever has changed here meanwhile."""
    row, promise = tasks.of(ctx.db, event.subject), promises.get(ctx.db, event.subject)
    if row is None or promise is None or row.key != event.data["key"]:
        return
    if event.error:
        tell_of_refusal(ctx, event)
        return
    if event.result.get("low"):
        tasks.drop(ctx.db, row)
        ctx.wake(ledger.MIRROR, event.subject, ctx.now + LATER)
        return
    note_answer(ctx, promise, row, event)
    bring_into_line(ctx, promise)


def note_answer(ctx: Context, promise: Promise, row: MirroredTask, event: JobFinished) -> None:
    verb, gone = event.data["verb"], event.result.get("gone")
    if verb == "drop":
        tasks.drop(ctx.db, row)
        return
    if verb == "add":
        task_id = event.result["id"]
        row.task = f"{row.address.partition(':')[0]}:{task_id}" if task_id else ""
        row.ended_at = None if task_id else ctx.now  # there, and out of our reach
    elif verb == "move" and not gone:
        row.title = event.data["title"]
        row.due = datetime.fromisoformat(event.data["due"]) if event.data["due"] else None
    elif verb == "finish" or gone or event.result.get("done"):
        row.ended_at = ctx.now
    ctx.db.add(row)
    if event.result.get("done"):
        # What was asked stands for what was heard: the person whose list it is ticked it off.
        ticked = TaskChanged(event.key, event.at, row.task, "done", row.address)
        tick(replace(ctx, event=ticked), row, promise)


def tell_of_refusal(ctx: Context, event: JobFinished) -> None:
    """The promise is none the worse for it; the next change of it tries again."""
    log.warning("task.failed", promise=event.subject, verb=event.data["verb"], error=event.error)
    platform = event.name.partition(":")[2]
    card = cards.refused_card(platform, event.error)
    ctx.tell_administrators(card, once=f"tasks:{platform}:{ctx.today}")


# There → here ----------------------------------------------------------------------------


@router.on(TaskChanged)
def hear_of_task(event: TaskChanged, ctx: Context) -> None:
    """Our own changes echo as well: what is settled here needs no look."""
    row = tasks.called(ctx.db, event.task)
    promise = promises.get(ctx.db, row.promise_id) if row else None
    if row is None or promise is None:
        log.info("task.unknown", inbox=ctx.inbox_id)
        return
    if event.change == "deleted":
        row.ended_at = row.ended_at or ctx.now
        ctx.db.add(row)
    elif promise.is_open and event.sender:
        tick(ctx, row, promise)
    elif promise.is_open and ctx.can_call(call(row)):
        ask(ctx, row, "look")


def tick(ctx: Context, row: MirroredTask, promise: Promise) -> None:
    """As if "已完成" had been pressed on the card, by the same people. `ctx` is of who ticked."""
    if ctx.person is None or ctx.me.id not in (promise.rep_id, promise.owner_id):
        log.warning("task.not_theirs", inbox=ctx.inbox_id, promise=promise.id)
        if ctx.person is not None:
            ctx.tell(ctx.me, promise_cards.not_yours_card())
        return
    if promise.is_open:
        ledger.finish(ctx, promise)
        show_echo_of(ctx, promise)
