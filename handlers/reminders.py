"""The clocks of promises: not answered, not kept, not given to us (F45)."""

from datetime import timedelta

from bot.context import Context
from bot.events import TimerFired
from bot.router import Router
from cards import promises as cards
from handlers import views
from storage import people, promises
from storage.models import PromiseState

router = Router()


@router.timer("promise.unanswered")
def report_no_answer(event: TimerFired, ctx: Context) -> None:
    """Delivery did not answer within its clock: the rep, who can still do something, hears."""
    promise = promises.get(ctx.db, event.subject)
    if promise is None or promise.state != PromiseState.PENDING:
        return
    ctx.fact("promise.unanswered", promise=promise)
    card = cards.unanswered_card(views.of_promise(ctx, promise), ctx.rules.timing.accept_hours)
    ctx.tell(
        people.get(ctx.db, promise.rep_id),
        card,
        once=f"unanswered:{promise.id}:{promise.version}:{promise.asked_at}",
        subject=f"promise:{promise.id}",
    )


@router.timer("promise.late")
def report_lateness(event: TimerFired, ctx: Context) -> None:
    """12 h behind its latest time: both sides hear, once for each date that was missed."""
    promise = promises.get(ctx.db, event.subject)
    hours = ctx.rules.timing.late_hours
    if promise is None or not promise.is_late(ctx.now, timedelta(hours=hours)):
        return
    ctx.fact("promise.late", promise=promise)
    card = cards.late_card(views.of_promise(ctx, promise), hours)
    for person in ctx.colleagues([promise.rep_id, promise.owner_id]):
        ctx.tell(
            person,
            card,
            once=f"late:{promise.id}:{promise.latest}:{person.id}",
            subject=f"promise:{promise.id}",
        )


@router.timer("promise.owed")
def report_owed(event: TimerFired, ctx: Context) -> None:
    """The customer's day has come."""
    promise = promises.get(ctx.db, event.subject)
    if promise is None or not promise.is_open:
        return
    ctx.tell(
        people.get(ctx.db, promise.rep_id),
        cards.owed_card(views.of_promise(ctx, promise)),
        once=f"owed:{promise.id}:{promise.latest}",
        subject=f"promise:{promise.id}",
    )
