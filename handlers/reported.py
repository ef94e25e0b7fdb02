"""Notes that report on promises instead of making them: kept, withdrawn, or asked about."""

from collections.abc import Sequence

from bot.context import Context
from cards import followups as cards
from cards import promises as promise_cards
from handlers import views
from handlers.echo import show_echo
from handlers.ledger import cancel, finish
from nlp.types import PromiseFound, Reading
from storage import followups, promises
from storage.models import Promise


def report_kept(ctx: Context, reading: Reading, *, about: Promise | None = None) -> bool:
    """ "样机已发，顺丰SF123": the one open promise of that kind is kept, or withdrawn; of
    several, which one is asked, unless the card of one of them (`about`) was answered."""
    named = [slot.value for slot in reading.people]
    ended = [p for p in reading.promises if p.state in ("done", "cancelled")]
    if not ended or any(p.state == "open" for p in reading.promises):
        return False
    settled = [settle_one(ctx, found, named, about) for found in ended]
    return any(settled)


def settle_one(
    ctx: Context, found: PromiseFound, named: Sequence[str], about: Promise | None = None
) -> bool:
    """False when no open promise fits."""
    mine = promises.open_of(ctx.db, ctx.id_of(ctx.me))
    fitting = [p for p in mine if p.kind == found.kind and p.promiser == found.promiser]
    if about in fitting:
        fitting = [about]
    shown = [views.of_promise(ctx, p) for p in fitting]
    meant = [v for v in shown if any(name in v.customer for name in named)] or shown
    if len(meant) == 1:
        change = finish if found.state == "done" else cancel
        change(ctx, meant[0].promise)
        show_echo_of(ctx, meant[0].promise)
    elif meant:
        word = "完成" if found.state == "done" else "取消"
        ctx.reply(promise_cards.which_promise_card(meant, word))
    return bool(meant)


def show_echo_of(ctx: Context, promise: Promise) -> None:
    note = followups.get(ctx.db, promise.followup_id)
    if note is not None and promise.rep_id == ctx.me.id:
        show_echo(ctx, note)


def answer_question(ctx: Context, reading: Reading) -> bool:
    """ "合同发了没？": where the promises of that kind stand. Other words in it make it a note."""
    if not only_asks(reading):
        return False
    kinds = {found.kind for found in reading.promises}
    mine = promises.open_of(ctx.db, ctx.id_of(ctx.me))
    fitting = [views.of_promise(ctx, p) for p in mine if p.kind in kinds]
    ctx.reply(cards.status_card(fitting))
    return True


def only_asks(reading: Reading) -> bool:
    said = reading.tags or reading.stage or reading.amount or reading.next_contact
    return not (said or reading.expected_close) and all(_asks(p) for p in reading.promises)


def _asks(found: PromiseFound) -> bool:
    return found.state == "question"
