"""One person, several IMs: accounts are tied to colleagues by a six-digit code (K15)."""

import re
from datetime import timedelta

import structlog

from bot.context import Context
from bot.events import CardClicked, JobFinished, MessageReceived
from bot.router import Router
from cards import accounts as cards
from cards.actions import Action
from handlers.contacts import take_waiting
from storage import people

log = structlog.get_logger()
router = Router()
BIND = re.compile(r"^\s*(?:绑定|bind)\s*(\d{6})?\s*$", re.IGNORECASE)


def asks_to_bind(event: MessageReceived, ctx: Context) -> bool:
    return BIND.match(event.text) is not None and not event.in_group


def is_stranger(event: MessageReceived | CardClicked[Action], ctx: Context) -> bool:
    return ctx.person is None


@router.message(asks_to_bind)
def bind_account(event: MessageReceived, ctx: Context) -> None:
    """With a code: this account becomes its person's. Without: a code for the next account."""
    match = BIND.match(event.text)
    code = match.group(1) if match else None
    if code:
        redeem_code(event, ctx, code)
    elif ctx.person is None:
        ctx.reply(cards.stranger_card())
    else:
        minutes = ctx.rules.timing.bind_minutes
        fresh = people.new_code(ctx.db, ctx.id_of(ctx.me), ctx.now, timedelta(minutes=minutes))
        ctx.reply(cards.code_card(fresh, minutes))


def redeem_code(event: MessageReceived, ctx: Context, code: str) -> None:
    if not people.may_try(ctx.db, event.sender, ctx.now):
        ctx.reply(cards.too_many_card())
        return
    person = people.redeem(ctx.db, code, ctx.now)
    if person is None:
        people.failed_try(ctx.db, event.sender, ctx.now)
        ctx.reply(cards.wrong_code_card())
        return
    people.bind(ctx.db, ctx.id_of(person), event.sender, ctx.now)
    ctx.fact("person.bound", who=person.id, address=event.sender)
    ctx.reply(cards.bound_card(person.name))
    ctx.job("colleague.details", ctx.id_of(person), member=event.sender)
    take_waiting(ctx, person, event.sender)


@router.job("colleague.details")
def put_name_right(event: JobFinished, ctx: Context) -> None:
    """Whoever was invited is called what the directory calls him, unless somebody else is."""
    name, person = event.result.get("name", ""), people.get(ctx.db, event.subject)
    if not name or name == person.name or people.is_taken(ctx.db, name):
        return
    ctx.fact("person.renamed", who=person.id, was=person.name, now=name)
    person.name = name
    ctx.db.add(person)


@router.message(is_stranger)
def turn_stranger_away(event: MessageReceived, ctx: Context) -> None:
    log.warning("stranger.message", inbox=ctx.inbox_id, sender=event.sender)
    if not event.in_group:
        ctx.send(event.chat, cards.stranger_card(), once=f"stranger:{event.sender}:{ctx.today}")


@router.click(is_stranger)
def ignore_click_of_stranger(event: CardClicked[Action], ctx: Context) -> None:
    log.warning("stranger.click", inbox=ctx.inbox_id, sender=event.sender, action=event.action.name)
