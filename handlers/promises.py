"""The promise loop: asked of delivery, accepted or countered, decided by the rep, kept."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from bot.context import Context
from bot.events import CardClicked
from bot.router import Router
from cards import actions, words
from cards import promises as cards
from handlers import views
from storage import facts, followups, people, promises
from storage.models import Fact, Person, Promise, PromiseState

router = Router()
OPEN = (
    PromiseState.DRAFT,
    PromiseState.PENDING,
    PromiseState.COUNTERED,
    PromiseState.ACCEPTED,
    PromiseState.REFUSED,
)
Was = Sequence[tuple[str, str]]


# Asking ----------------------------------------------------------------------------------


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


# Who may answer --------------------------------------------------------------------------


def of_owner(
    ctx: Context, number: int, *, then: PromiseState, states: Sequence[PromiseState] = OPEN
) -> Promise | None:
    """The promise, if whoever clicked has to fulfil it and it can still become `then`."""
    promise = promises.get(ctx.db, number)
    return _checked(ctx, promise, promise.owner_id if promise else None, then, states)


def of_rep(
    ctx: Context, number: int, *, then: PromiseState, states: Sequence[PromiseState] = OPEN
) -> Promise | None:
    """The same for whoever made it."""
    promise = promises.get(ctx.db, number)
    return _checked(ctx, promise, promise.rep_id if promise else None, then, states)


def _checked(
    ctx: Context,
    promise: Promise | None,
    allowed: int | None,
    then: PromiseState,
    states: Sequence[PromiseState],
) -> Promise | None:
    if promise is None:
        ctx.reply(cards.unknown_promise_card())
    elif ctx.me.id != allowed:
        ctx.reply(cards.not_yours_card())
    elif promise.state in states:
        return promise
    elif promise.state != then:
        ctx.reply(cards.outdated_card(views.of_promise(ctx, promise)))
    return None


# Delivery answers ------------------------------------------------------------------------


@router.action(actions.AcceptPromise)
def accept_promise(click: CardClicked[actions.AcceptPromise], ctx: Context) -> None:
    promise = of_owner(
        ctx, click.action.promise, then=PromiseState.ACCEPTED, states=(PromiseState.PENDING,)
    )
    if promise is None:
        return
    promise.state, promise.accepted_at = PromiseState.ACCEPTED, ctx.now
    ctx.db.add(promise)
    ctx.let_sleep("promise.unanswered", ctx.id_of(promise))
    ctx.fact("promise.accepted", promise=promise)
    show_task(ctx, promise)
    ctx.tell(
        people.get(ctx.db, promise.rep_id),
        cards.accepted_card(views.of_promise(ctx, promise)),
        slot=f"promise:{promise.id}:answer",
        subject=f"promise:{promise.id}",
    )


@router.action(actions.CounterPromise)
def counter_promise(click: CardClicked[actions.CounterPromise], ctx: Context) -> None:
    """最早哪天. A day inside the window is an acceptance: nothing changes for the customer."""
    promise = of_owner(
        ctx, click.action.promise, then=PromiseState.COUNTERED, states=(PromiseState.PENDING,)
    )
    if promise is None:
        return
    day = chosen_day(click)
    if day is None or day < ctx.today:
        ctx.reply(cards.no_day_card(click.action.promise))
        return
    promise.counter, promise.state = day, PromiseState.COUNTERED
    ctx.db.add(promise)
    ctx.let_sleep("promise.unanswered", ctx.id_of(promise))
    ctx.fact("promise.countered", promise=promise, day=day.isoformat())
    show_task(ctx, promise)
    ask_rep(ctx, promise)


def chosen_day(click: CardClicked[actions.CounterPromise]) -> date | None:
    try:
        return date.fromisoformat(next(iter(click.form.get("day", ())), ""))
    except ValueError:
        return None


@router.action(actions.RefusePromise)
def refuse_promise(click: CardClicked[actions.RefusePromise], ctx: Context) -> None:
    promise = of_owner(
        ctx,
        click.action.promise,
        then=PromiseState.REFUSED,
        states=(PromiseState.PENDING, PromiseState.ACCEPTED),
    )
    if promise is None:
        return
    promise.state = PromiseState.REFUSED
    ctx.db.add(promise)
    ctx.let_sleep("promise.unanswered", ctx.id_of(promise))
    ctx.fact("promise.refused", promise=promise)
    show_task(ctx, promise)
    ask_rep(ctx, promise)


def ask_rep(ctx: Context, promise: Promise) -> None:
    """The decision goes back to whoever gave the word to the customer; a new question each time."""
    rep = people.get(ctx.db, promise.rep_id)
    for address in people.addresses(ctx.db, promise.rep_id):
        ctx.start_afresh(address, f"promise:{promise.id}:answer")
    ctx.tell(
        rep,
        cards.counter_card(views.of_promise(ctx, promise)),
        slot=f"promise:{promise.id}:answer",
        subject=f"promise:{promise.id}",
    )


# The rep decides -------------------------------------------------------------------------


@router.action(actions.AgreeCounter)
def agree_to_counter(click: CardClicked[actions.AgreeCounter], ctx: Context) -> None:
    """Delivery's day becomes the promise; the rep gets the words for the customer."""
    promise = of_rep(
        ctx, click.action.promise, then=PromiseState.ACCEPTED, states=(PromiseState.COUNTERED,)
    )
    if promise is None or promise.counter is None:
        return
    was = remember(promise)
    set_due(ctx, promise, plan=promise.counter, latest=promise.counter)
    promise.state, promise.accepted_at = PromiseState.ACCEPTED, ctx.now
    promise.why_due = f"{words.day(promise.counter)}：交付最早，{ctx.me.name}已接受"
    ctx.db.add(promise)
    ctx.fact("promise.agreed", promise=promise, day=promise.counter.isoformat())
    show_task(ctx, promise, changes(promise, was))
    view = views.of_promise(ctx, promise)
    text = cards.customer_text(view, promise.latest)
    ctx.reply(cards.agreed_card(view, text), slot=f"promise:{promise.id}:answer")


@router.action(actions.InsistDue)
def insist_on_due(click: CardClicked[actions.InsistDue], ctx: Context) -> None:
    """The same question again, with the rep's word behind it."""
    promise = of_rep(
        ctx,
        click.action.promise,
        then=PromiseState.ACCEPTED,
        states=(PromiseState.COUNTERED, PromiseState.REFUSED, PromiseState.PENDING),
    )
    if promise is None or promise.owner_id is None:
        return
    ctx.fact("promise.insisted", promise=promise)
    for address in people.addresses(ctx.db, promise.owner_id):
        ctx.start_afresh(address, f"promise:{promise.id}:task")
    ask_delivery(ctx, promise)
    view = views.of_promise(ctx, promise)
    ctx.reply(cards.settled_card(view, "已再问交付"), slot=f"promise:{promise.id}:answer")


@router.action(actions.ChooseOwner)
def choose_owner(click: CardClicked[actions.ChooseOwner], ctx: Context) -> None:
    promise = of_rep(
        ctx, click.action.promise, then=PromiseState.PENDING, states=(PromiseState.DRAFT,)
    )
    owner = named_person(ctx, next(iter(click.form.get("owner", ())), ""))
    if promise is None or owner is None:
        return
    promise.owner_id = owner.id
    ask_delivery(ctx, promise)
    view = views.of_promise(ctx, promise)
    said = f"已请{owner.label}接单"
    ctx.reply(cards.settled_card(view, said), slot=f"promise:{promise.id}:owner")


def named_person(ctx: Context, told: str) -> Person | None:
    """By id, as a form sends it, or by name, as people type it."""
    if told.isdigit():
        return ctx.db.get(Person, int(told))
    return people.named(ctx.db, told.removeprefix("交付-"))


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
    if promise.state != PromiseState.DRAFT and (sooner or promise.state in _UNSETTLED):
        promise.state = PromiseState.PENDING
    ctx.db.add(promise)
    if promise.asked_at is not None:
        show_task(ctx, promise, different)
    return different


_UNSETTLED = (PromiseState.COUNTERED, PromiseState.REFUSED)


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


@router.action(actions.FinishPromise)
def finish_promise(click: CardClicked[actions.FinishPromise], ctx: Context) -> None:
    """Either side may say so."""
    promise = of_either(ctx, click.action.promise, then=PromiseState.DONE)
    if promise is not None:
        finish(ctx, promise)
        ctx.settle_clicked(cards.settled_card(views.of_promise(ctx, promise), "已完成"), click)


@router.action(actions.CancelPromise)
def cancel_promise(click: CardClicked[actions.CancelPromise], ctx: Context) -> None:
    promise = of_rep(ctx, click.action.promise, then=PromiseState.CANCELLED)
    if promise is not None:
        cancel(ctx, promise)
        ctx.settle_clicked(cards.settled_card(views.of_promise(ctx, promise), "已取消"), click)


def of_either(ctx: Context, number: int, *, then: PromiseState) -> Promise | None:
    promise = promises.get(ctx.db, number)
    mine = promise is not None and ctx.me.id in (promise.rep_id, promise.owner_id)
    return _checked(ctx, promise, ctx.me.id if mine else None, then, OPEN)


@router.action(actions.ExplainPromise)
def explain_promise(click: CardClicked[actions.ExplainPromise], ctx: Context) -> None:
    """来历: who, when, why, from which sentence, and who can see it (F58)."""
    promise = promises.get(ctx.db, click.action.promise)
    if promise is None:
        ctx.reply(cards.unknown_promise_card())
        return
    owners = [p for p in (promise.owner_id,) if p is not None]
    if not people.may_see(ctx.db, ctx.me, owner_id=promise.rep_id, collaborator_ids=owners):
        ctx.reply(cards.not_yours_card())
        return
    lines = [_line(ctx, fact) for fact in facts.of_promise(ctx.db, click.action.promise)]
    view = views.of_promise(ctx, promise)
    ctx.reply(cards.history_card(view, lines, who_sees(ctx, promise)))


def _line(ctx: Context, fact: Fact) -> tuple[Fact, str, str]:
    who = people.get(ctx.db, fact.person_id).name if fact.person_id else "时钟"
    when = words.moment(fact.at.astimezone(ctx.zone))
    return fact, when, f"{who}：{facts.CATALOGUE[fact.type]}"


def who_sees(ctx: Context, promise: Promise) -> str:
    rep = people.get(ctx.db, promise.rep_id)
    manager = people.manager_of(ctx.db, rep)
    sees = ctx.colleagues([promise.rep_id, promise.owner_id, manager.id if manager else None])
    return "、".join(person.label for person in sees) + "，及上级主管和管理员"
