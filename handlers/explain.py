"""来历: who, when, why and from which sentence; and who can see it (F58)."""

from bot.context import Context
from bot.events import CardClicked
from bot.router import Router
from cards import actions, reasons, words
from cards import promises as cards
from handlers import views
from nlp import llm
from storage import facts, people, promises
from storage.models import Fact, Promise

router = Router()


@router.action(actions.ExplainPromise)
def explain_promise(click: CardClicked[actions.ExplainPromise], ctx: Context) -> None:
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
    who = people.get(ctx.db, fact.person_id).name if fact.person_id else None
    when = words.moment(fact.at.astimezone(ctx.zone))
    what = facts.CATALOGUE[fact.type]
    if fact.data.get("rule") == llm.RULE:
        what = reasons.by_model(what)
    return fact, when, reasons.happened(who, what)


def who_sees(ctx: Context, promise: Promise) -> str:
    rep = people.get(ctx.db, promise.rep_id)
    manager = people.manager_of(ctx.db, rep)
    sees = ctx.colleagues([promise.rep_id, promise.owner_id, manager.id if manager else None])
    return reasons.seen_by([person.label for person in sees])
