"""The answer to the one question about a note, tapped or typed, settles it like a correction."""

import re
from datetime import date, timedelta

from bot.context import Context
from bot.events import CardClicked, MessageReceived
from bot.router import Router
from cards import actions, reasons, words
from cards import doubts as cards
from cards.doubts import NO, YES, Asked
from handlers import doubts, origins
from handlers.corrections import (
    correct_next_contact,
    correct_promise,
    deny_promise,
    deny_stage,
)
from handlers.echo import answered_note, clicked_note, show_echo
from handlers.tags import drop_tag
from handlers.understood import set_expected_close, why
from nlp.time import find
from nlp.time.types import TimeSpan
from nlp.types import Correction
from storage import followups, leads, promises
from storage.models import FollowUp

router = Router()
LONGEST = 20
"""An answer is short; anything longer is a note of its own."""
RULE = "answer"
CHOSEN = "问过后选定"
SAID_YES = re.compile(r"(?:是|是的|算|算的|嗯|(?:是|算)(?:一个)?承诺)[。!！~\s]*")
SAID_NO = re.compile(r"(?:不是|不是的|不算|不|(?:不是|不算)(?:一个)?承诺)[。!！~\s]*")
SAID_DAY = re.compile(r"(?:是|就|按|定|选)?\s*(?P<day>.+?)(?:吧|的|哈)?[。!！~\s]*")
WEEKDAY = re.compile(r"(?:这|本|下{1,2})?个?(?:周|星期|礼拜)(?P<day>[一二三四五六日天])")


# Tapped ----------------------------------------------------------------------------------


@router.action(actions.AnswerDoubt)
def answer_doubt(click: CardClicked[actions.AnswerDoubt], ctx: Context) -> None:
    note = clicked_note(ctx, click.action.followup)
    told = click.action.answer
    if note is None:
        return
    asked = doubts.pending(ctx, note)
    chosen = chosen_day(ctx, asked, told) if asked else None
    if asked and chosen:
        settle_day(ctx, note, asked, chosen, words.day(chosen.last_day))
    elif asked and told in (YES, NO) and not asked.days:
        settle(ctx, note, asked, holds=told == YES)
    else:
        ctx.reply(cards.nothing_asked_card())


def chosen_day(ctx: Context, asked: Asked, told: str) -> TimeSpan | None:
    """One of the days that were offered, with the day to plan for."""
    for last, plan in asked.days:
        if last == told:
            return span_of(ctx, date.fromisoformat(last), date.fromisoformat(plan))
    return None


def span_of(ctx: Context, last: date, plan: date) -> TimeSpan:
    text = f"{last.month}月{last.day}日"
    return TimeSpan(
        text=text,
        begin=0,
        finish=len(text),
        start=ctx.moment(last),
        end=ctx.moment(last + timedelta(days=1)),
        grain="day",
        kind="point",
        rule=RULE,
        said=words.day(last),
        assumed=CHOSEN,
        plan=plan,
    )


# Typed -----------------------------------------------------------------------------------


@router.message(lambda event, ctx: answer_of(event, ctx) is not None)
def answer_in_words(event: MessageReceived, ctx: Context) -> None:
    note, asked = asked_of(event, ctx)
    told = answer_of(event, ctx)
    if note is None or asked is None or told is None:
        return
    if isinstance(told, TimeSpan):
        settle_day(ctx, note, asked, told, event.text)
    else:
        settle(ctx, note, asked, holds=told == YES, told=event.text)


def asked_of(event: MessageReceived, ctx: Context) -> tuple[FollowUp | None, Asked | None]:
    """The question of the card that was answered, else of the last note while it is fresh."""
    note = answered_note(event, ctx) or followups.latest_of(ctx.db, ctx.id_of(ctx.me))
    fresh = timedelta(minutes=ctx.rules.timing.recent_minutes)
    if note is None or (not event.reply_to and note.at < ctx.now - fresh):
        return None, None
    return note, doubts.pending(ctx, note)


def answer_of(event: MessageReceived, ctx: Context) -> TimeSpan | str | None:
    """A day, yes or no; None for everything that does not answer the question that was asked."""
    text = event.text.strip()
    if not text or len(text) > LONGEST:
        return None
    _, asked = asked_of(event, ctx)
    if asked is None:
        return None
    if asked.about in ("day", "when"):
        return named_day(text, ctx, asked)
    if SAID_YES.fullmatch(text):
        return YES
    return NO if SAID_NO.fullmatch(text) else None


def named_day(text: str, ctx: Context, asked: Asked) -> TimeSpan | None:
    """One of the days offered, by its date or its weekday, else any day to come."""
    said = SAID_DAY.fullmatch(text)
    if said is None:
        return None
    weekday = WEEKDAY.fullmatch(said["day"])
    offered = [last for last, _ in asked.days]
    if weekday:
        index = words.WEEKDAYS.index(weekday["day"].replace("天", "日"))
        fitting = [last for last in offered if date.fromisoformat(last).weekday() == index]
        if len(fitting) == 1:
            return chosen_day(ctx, asked, fitting[0])
    spans = find(said["day"], ctx.local_now)
    if len(spans) != 1 or spans[0].text != said["day"] or spans[0].disagrees:
        return None
    last_day = spans[0].last_day
    if last_day is None or last_day < ctx.today:
        return None
    return chosen_day(ctx, asked, last_day.isoformat()) or spans[0]


# Settled ---------------------------------------------------------------------------------


def settle_day(ctx: Context, note: FollowUp, asked: Asked, day: TimeSpan, told: str) -> None:
    """For everything that the same words were read for."""
    close(ctx, note)
    for number in asked.promises:
        promise = promises.get(ctx.db, number)
        if promise is not None and promise.is_open:
            correct_promise(ctx, promise, Correction(told, due=day, rule=RULE))
    if "next_contact" in asked.slots:
        correct_next_contact(ctx, note, day)
    if "expected_close" in asked.slots:
        correct_expected_close(ctx, note, day)


def correct_expected_close(ctx: Context, note: FollowUp, day: TimeSpan) -> None:
    lead = leads.get(ctx.db, note.lead_id) if note.lead_id else None
    if lead is None:
        return
    set_expected_close(lead, day)
    note.why = {**note.why, "expected_close": reasons.closing(why(day))}
    origins.check(note, frozenset({"expected_close"}))
    ctx.db.add_all((lead, note))
    show_echo(ctx, note)


def settle(ctx: Context, note: FollowUp, asked: Asked, *, holds: bool, told: str = "") -> None:
    close(ctx, note)
    if holds:
        origins.check(note, asked.keys)
        show_echo(ctx, note)
        return
    lead = leads.get(ctx.db, note.lead_id) if note.lead_id else None
    match asked.about:
        case "promise":
            for number in asked.promises:
                promise = promises.get(ctx.db, number)
                if promise is not None and promise.is_open:
                    deny_promise(ctx, promise)
        case "stage" if lead is not None:
            deny_stage(ctx, note, lead, told)
        case "tag" if lead is not None:
            drop_tag(ctx, note, lead, asked.value, told)


def close(ctx: Context, note: FollowUp) -> None:
    """It is asked once."""
    note.doubt = {}
    ctx.db.add(note)
