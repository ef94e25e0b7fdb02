"""发给客户: words that the rep confirms on his phone before they reach the customer (F41)."""

import json
from datetime import UTC, datetime, timedelta

import structlog

from bot.context import Context
from bot.events import CardClicked, JobFinished, TimerFired
from bot.router import Router
from cards import actions
from cards import letters as cards
from handlers import customer_words
from handlers.customer_words import INSIST_AFTER, LOOK, show, stop, view_of, whose
from handlers.promises import of_rep
from storage import letters, people, promises
from storage.models import LIVE_LETTERS, Friendship, Letter, LetterState, Promise, PromiseState

log = structlog.get_logger()
router = Router()
HAND_OVER = "letter.hand_over"
SLOW, AT_ONCE = "letter.slow", timedelta(seconds=5)
"""What the platform has not taken by then is said to be on its way."""
LOOKS = tuple(
    timedelta(minutes=minutes) for minutes in (1, 2, 5, 10, 30, 60, 120, 240, 480, 960, 1440, 1440)
)
"""Pauses between two looks whether it was confirmed; after the last one nobody looks any more."""
LONGEST = 300


@router.action(actions.SendToCustomer)
def send_to_customer(click: CardClicked[actions.SendToCustomer], ctx: Context) -> None:
    """Nothing leaves yet: the platform asks the rep on his phone. Once for the same words."""
    then = PromiseState.ACCEPTED
    promise = of_rep(ctx, click.action.promise, then=then, states=(then,))
    if promise is None or promise.state != then:
        return
    view, friend = view_of(ctx, promise), customer_words.friend_of(ctx, promise)
    current = view.current
    if current is not None and current.state in (*LIVE_LETTERS, LetterState.SENT):
        ctx.reply(cards.already_card(view, current))
    elif friend is None or not view.can_send:
        ctx.reply(cards.no_friend_card(view.text))
    else:
        hand_over(ctx, promise, friend, view.text)


def hand_over(ctx: Context, promise: Promise, friend: Friendship, text: str) -> None:
    number = ctx.id_of(promise)
    known = [letter.task for letter in letters.of_promise(ctx.db, number) if letter.task]
    letter = letters.add(
        ctx.db,
        number,
        member=friend.member,
        external_id=friend.external_id,
        text=text,
        at=ctx.now,
    )
    ctx.fact("letter.asked", promise=promise)
    ctx.wake(SLOW, ctx.id_of(letter), ctx.now + AT_ONCE)
    ctx.job(
        HAND_OVER,
        ctx.id_of(letter),
        member=letter.member,
        address=letter.external_id,
        text=text,
        since=ctx.now.isoformat(),
        known=json.dumps(known),
    )


def found(ctx: Context, number: int) -> tuple[Letter, Promise] | None:
    letter = letters.get(ctx.db, number)
    promise = promises.get(ctx.db, letter.promise_id) if letter else None
    return (letter, promise) if letter and promise else None


@router.timer(SLOW)
def say_it_takes_long(event: TimerFired, ctx: Context) -> None:
    known = found(ctx, event.subject)
    if known is not None and known[0].state == LetterState.ASKED:
        show(ctx, known[1])


@router.job(HAND_OVER)
def handed_over(event: JobFinished, ctx: Context) -> None:
    known = found(ctx, event.subject)
    if known is None:
        return
    letter, promise = known
    ctx.let_sleep(SLOW, event.subject)
    denied = str(event.result.get("not_granted", ""))
    if denied:
        ctx.tell_administrators(cards.not_granted_card(denied), once=f"letters:{ctx.today}")
    if event.error or denied:
        log.warning("letter.refused", letter=letter.id, error=event.error or denied)
        if letter.state == LetterState.ASKED:
            why = cards.NOT_GRANTED if denied else remedy(event.error)
            refuse(ctx, letter, promise, LetterState.REFUSED, why)
        return
    letter.task = event.result["task"]
    ctx.db.add(letter)
    if letter.state == LetterState.STOPPED:
        stop(ctx, letter)
        return
    letter.state = LetterState.WAITING
    ctx.wake(LOOK, event.subject, ctx.now + LOOKS[0])
    show(ctx, promise)


def remedy(error: str) -> str:
    """What the rep can do with it; the whole of it is in the log."""
    told, _, todo = error.partition(cards.REMEDY)
    return (todo or told)[:LONGEST]


def refuse(ctx: Context, letter: Letter, promise: Promise, state: LetterState, why: str) -> None:
    """The words come again, as a message that is noticed and can be copied."""
    letter.state, letter.error = state, why
    ctx.db.add(letter)
    ctx.fact("letter.refused", promise=promise, why=why)
    show(ctx, promise, anew=True)


# What became of it -----------------------------------------------------------------------


@router.timer(LOOK)
def look(event: TimerFired, ctx: Context) -> None:
    letter = letters.get(ctx.db, event.subject)
    if letter is not None and letter.state == LetterState.WAITING:
        ctx.job(LOOK, event.subject, **whose(letter))


@router.job(LOOK)
def looked(event: JobFinished, ctx: Context) -> None:
    known = found(ctx, event.subject)
    if known is None or known[0].state != LetterState.WAITING:
        return
    letter, promise = known
    letter.looks += 1
    ctx.db.add(letter)
    match event.result.get("state", "waiting"):
        case "sent":
            sent(ctx, letter, promise, event)
            show(ctx, promise)
        case "gone":
            refuse(ctx, letter, promise, LetterState.REFUSED, cards.NO_FRIEND_ANY_MORE)
        case "used_up":
            refuse(ctx, letter, promise, LetterState.USED_UP, cards.NONE_LEFT)
        case _:
            wait_on(ctx, letter, promise)


def wait_on(ctx: Context, letter: Letter, promise: Promise) -> None:
    if letter.looks >= len(LOOKS):
        letter.state = LetterState.UNCONFIRMED
    else:
        ctx.wake(LOOK, ctx.id_of(letter), ctx.now + LOOKS[letter.looks])
    if letter.looks == INSIST_AFTER:
        ctx.fact("letter.unconfirmed", promise=promise)
        show(ctx, promise)


def sent(ctx: Context, letter: Letter, promise: Promise, event: JobFinished) -> datetime:
    """When the customer got it."""
    second = int(event.result.get("at") or 0)
    at = datetime.fromtimestamp(second, UTC) if second else ctx.now
    letter.state, letter.sent_at = LetterState.SENT, at
    ctx.db.add(letter)
    ctx.fact("letter.sent", promise=promise, words=letter.text)
    return at.astimezone(ctx.zone)


@router.job("letter.stop")
def stopped(event: JobFinished, ctx: Context) -> None:
    """One that was confirmed in time reached the customer: the rep has to know."""
    known = found(ctx, event.subject)
    if known is None:
        return
    letter, promise = known
    rep = people.get(ctx.db, promise.rep_id)
    if event.error:
        log.warning("letter.not_stopped", letter=letter.id, error=event.error)
        ctx.tell(rep, cards.not_stopped_card(promise.code), once=f"letter:{letter.id}:not_stopped")
    elif event.result.get("state") == "sent":
        at = sent(ctx, letter, promise, event)
        card = cards.too_late_card(promise.code, letter.text, at)
        ctx.tell(rep, card, once=f"letter:{letter.id}:late")
