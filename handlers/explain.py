"""来历: who, when, why and from which sentence; and who can see it (F58)."""

from bot.context import Context
from bot.events import CardClicked
from bot.router import Router
from cards import actions, reasons, words
from cards import origins as origin_cards
from cards import promises as cards
from handlers import ledger, origins, views
from handlers.echo import own_note
from nlp import llm
from storage import facts, leads, people, promises
from storage.models import Fact

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
    note = ledger.note_of(ctx, promise)
    read = [each for each in origins.of(note) if each.promise == promise.id]
    sees = who_sees(ctx, promise.rep_id, promise.owner_id)
    told = origin_cards.lines(read, [view])
    rules = origin_cards.rules(read) if told else ""
    ctx.reply(cards.history_card(view, lines, sees, told, rules))


@router.action(actions.ExplainFollowUp)
def explain_note(click: CardClicked[actions.ExplainFollowUp], ctx: Context) -> None:
    """What its writer may ask of every note: which words, what was assumed, how sure."""
    note = own_note(ctx, click.action.followup)
    if note is None:
        ctx.reply(origin_cards.no_origins_card())
        return
    owed = promises.of_followup(ctx.db, ctx.id_of(note))
    found = [views.of_promise(ctx, promise) for promise in owed]
    lead = leads.get(ctx.db, note.lead_id) if note.lead_id else None
    customer = leads.title_of(ctx.db, lead) if lead else ""
    sees = who_sees(ctx, note.author_id, *(promise.owner_id for promise in owed))
    ctx.reply(origin_cards.origins_card(customer, note.text, origins.of(note), found, sees))


def _line(ctx: Context, fact: Fact) -> tuple[Fact, str, str]:
    who = people.get(ctx.db, fact.person_id).name if fact.person_id else None
    when = words.moment(fact.at.astimezone(ctx.zone))
    what = facts.CATALOGUE[fact.type]
    if fact.data.get("rule") == llm.RULE:
        what = reasons.by_model(what)
    return fact, when, reasons.happened(who, what)


def who_sees(ctx: Context, rep_id: int, *owners: int | None) -> str:
    manager = people.manager_of(ctx.db, people.get(ctx.db, rep_id))
    sees = ctx.colleagues([rep_id, *owners, manager.id if manager else None])
    return reasons.seen_by([person.label for person in sees])
