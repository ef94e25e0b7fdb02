"""今日: what this day asks of somebody."""

import re
from datetime import timedelta

from bot.context import Context
from bot.events import CardClicked, MessageReceived
from bot.router import Router
from cards import actions
from cards import today as cards
from cards.leads import LeadView
from cards.model import Card
from handlers import ledger, views
from handlers.leads import silent_at
from handlers.promises import of_either
from storage import leads, people, promises
from storage.models import Lead, Person, PromiseState

router = Router()
ASKED = re.compile(
    r"^\s*(今日|今天|待办|today|今天(有什么|要做什么|做什么))[\s?？。]*$", re.IGNORECASE
)


@router.message(lambda event, ctx: ASKED.match(event.text) is not None)
def show_today(event: MessageReceived, ctx: Context) -> None:
    ctx.reply(day_of(ctx, ctx.me))


@router.action(actions.TickPromise)
def tick_promise(click: CardClicked[actions.TickPromise], ctx: Context) -> None:
    """What is left of that day, on the same card; in a group somebody else may tick on it."""
    promise = of_either(ctx, click.action.promise, then=PromiseState.DONE)
    if promise is not None:
        ledger.finish(ctx, promise)
        whose = people.get(ctx.db, click.action.person)
        ctx.settle_clicked(day_of(ctx, whose), click)


def day_of(ctx: Context, person: Person) -> Card:
    own = leads.open_of(ctx.db, ctx.id_of(person))
    urgent = promises.planned_on(promises.open_of(ctx.db, ctx.id_of(person)), ctx.today)
    found = [views.of_promise(ctx, promise) for promise in urgent]
    return cards.today_card(
        ctx.today,
        contacts=[(x, leads.title_of(ctx.db, x)) for x, _, _ in own if wants_contact(ctx, x)],
        ours=[view for view in found if view.promise.is_ours],
        theirs=[view for view in found if not view.promise.is_ours],
        at_risk=at_risk(ctx, person),
        whose=ctx.id_of(person),
    )


def at_risk(ctx: Context, person: Person) -> list[LeadView]:
    """What waits for a manager: leads below that were silent past the owner's reminder."""
    teams = people.subtree(ctx.db, person)
    overdue = ctx.now - timedelta(hours=ctx.rules.timing.escalate_hours)
    below = leads.open_of_teams(ctx.db, teams) if teams else ()
    return [views.of_lead(ctx, x) for x in below if silent_at(ctx, x) <= overdue]


def wants_contact(ctx: Context, lead: Lead) -> bool:
    """A contact was planned for today or before, or silence becomes an alarm within the day."""
    if lead.next_contact is not None:
        return lead.next_contact <= ctx.today
    return silent_at(ctx, lead) < ctx.moment(ctx.today + timedelta(days=1))
