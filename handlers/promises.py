"""The two-sided handshake: delivery accepts or counters, the rep decides, either says done."""

from collections.abc import Sequence
from datetime import date

import structlog

from bot.context import Context
from bot.events import CardClicked
from bot.router import Router
from cards import actions, reasons
from cards import promises as cards
from handlers import appointments, customer_words, ledger, views
from handlers.customer_words import answer_slot
from storage import people, promises
from storage.models import Person, Promise, PromiseState

log = structlog.get_logger()
router = Router()
OPEN = (
    PromiseState.DRAFT,
    PromiseState.PENDING,
    PromiseState.COUNTERED,
    PromiseState.ACCEPTED,
    PromiseState.REFUSED,
)


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
        log.warning("click.not_theirs", inbox=ctx.inbox_id, promise=promise.id, by=ctx.me.id)
        ctx.reply(cards.not_yours_card())
    elif promise.state in states:
        return promise
    elif promise.state != then:
        log.info("click.outdated", inbox=ctx.inbox_id, promise=promise.id, state=promise.state)
        ctx.reply(cards.outdated_card(views.of_promise(ctx, promise)))
    return None


def of_either(ctx: Context, number: int, *, then: PromiseState) -> Promise | None:
    promise = promises.get(ctx.db, number)
    mine = promise is not None and ctx.me.id in (promise.rep_id, promise.owner_id)
    return _checked(ctx, promise, ctx.me.id if mine else None, then, OPEN)


# Delivery answers ------------------------------------------------------------------------


@router.action(actions.AcceptPromise)
def accept_promise(click: CardClicked[actions.AcceptPromise], ctx: Context) -> None:
    promise = of_owner(
        ctx, click.action.promise, then=PromiseState.ACCEPTED, states=(PromiseState.PENDING,)
    )
    if promise is None:
        return
    accepted(ctx, promise)


def accepted(ctx: Context, promise: Promise) -> None:
    """Delivery said yes: the rep hears, with words for the customer."""
    promise.state, promise.accepted_at = PromiseState.ACCEPTED, ctx.now
    ctx.db.add(promise)
    ctx.let_sleep("promise.unanswered", ctx.id_of(promise))
    ctx.fact("promise.accepted", promise=promise)
    ledger.show_task(ctx, promise)
    ledger.mirror(ctx, promise)
    ctx.tell(
        people.get(ctx.db, promise.rep_id),
        customer_words.card_of(ctx, promise),
        slot=answer_slot(promise),
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
    if promise.latest is not None and day <= promise.latest:
        promise.plan = day
        accepted(ctx, promise)
        return
    promise.counter, promise.state = day, PromiseState.COUNTERED
    ctx.db.add(promise)
    ctx.let_sleep("promise.unanswered", ctx.id_of(promise))
    ctx.fact("promise.countered", promise=promise, day=day.isoformat())
    ledger.show_task(ctx, promise)
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
    ledger.show_task(ctx, promise)
    customer_words.withdraw(ctx, promise)
    ledger.mirror(ctx, promise)
    ask_rep(ctx, promise)


def ask_rep(ctx: Context, promise: Promise) -> None:
    """The decision goes back to whoever gave the word to the customer; a new question each time."""
    rep = people.get(ctx.db, promise.rep_id)
    for address in people.addresses(ctx.db, promise.rep_id):
        ctx.start_afresh(address, answer_slot(promise))
    ctx.tell(
        rep,
        cards.counter_card(views.of_promise(ctx, promise)),
        slot=answer_slot(promise),
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
    was = ledger.remember(promise)
    ledger.set_due(ctx, promise, plan=promise.counter, latest=promise.counter)
    appointments.move_day(ctx, appointments.of_promise(ctx, promise), promise.counter)
    promise.state, promise.accepted_at = PromiseState.ACCEPTED, ctx.now
    promise.why_due = reasons.agreed(promise.counter, ctx.me.name)
    ctx.db.add(promise)
    ctx.fact("promise.agreed", promise=promise, day=promise.counter.isoformat())
    ledger.show_task(ctx, promise, ledger.changes(promise, was))
    ledger.mirror(ctx, promise)
    ctx.reply(customer_words.card_of(ctx, promise), slot=answer_slot(promise))


@router.action(actions.InsistDue)
def insist_on_due(click: CardClicked[actions.InsistDue], ctx: Context) -> None:
    """The same question again, with the rep's word behind it."""
    promise = of_rep(
        ctx,
        click.action.promise,
        then=PromiseState.PENDING,
        states=(PromiseState.COUNTERED, PromiseState.REFUSED, PromiseState.PENDING),
    )
    if promise is None or promise.owner_id is None:
        return
    ctx.fact("promise.insisted", promise=promise)
    for address in people.addresses(ctx.db, promise.owner_id):
        ctx.start_afresh(address, f"promise:{promise.id}:task")
    ledger.ask_delivery(ctx, promise)
    view = views.of_promise(ctx, promise)
    ctx.reply(cards.settled_card(view, "已再问交付"), slot=answer_slot(promise))


@router.action(actions.ChooseOwner)
def choose_owner(click: CardClicked[actions.ChooseOwner], ctx: Context) -> None:
    promise = of_rep(
        ctx, click.action.promise, then=PromiseState.PENDING, states=(PromiseState.DRAFT,)
    )
    owner = named_person(ctx, next(iter(click.form.get("owner", ())), ""))
    if promise is None:
        return
    if owner is None:
        ctx.reply(cards.unknown_owner_card(promise.code))
        return
    promise.owner_id = owner.id
    ledger.put_in_motion(ctx, promise)
    card = cards.settled_card(views.of_promise(ctx, promise), f"交给{owner.label}")
    ctx.reply(card, slot=f"promise:{promise.id}:owner")


def named_person(ctx: Context, told: str) -> Person | None:
    """An active colleague: by id, as a form sends it, or by name, as people type it."""
    if told.isdigit():
        person = ctx.db.get(Person, int(told))
        return person if person is not None and person.active else None
    return people.named(ctx.db, told.removeprefix("交付-"))


# Over and done ---------------------------------------------------------------------------


@router.action(actions.FinishPromise)
def finish_promise(click: CardClicked[actions.FinishPromise], ctx: Context) -> None:
    """Either side may say so."""
    promise = of_either(ctx, click.action.promise, then=PromiseState.DONE)
    if promise is not None:
        ledger.finish(ctx, promise)
        ctx.settle_clicked(cards.settled_card(views.of_promise(ctx, promise), "已完成"), click)


@router.action(actions.CancelPromise)
def cancel_promise(click: CardClicked[actions.CancelPromise], ctx: Context) -> None:
    promise = of_rep(ctx, click.action.promise, then=PromiseState.CANCELLED)
    if promise is not None:
        ledger.cancel(ctx, promise)
        ctx.settle_clicked(cards.settled_card(views.of_promise(ctx, promise), "已取消"), click)
