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
from handlers.refusals import STRANGER
from storage import people
from storage.models import Person

log = structlog.get_logger()
router = Router()
BIND = re.compile(r"^\s*(?:绑定(?:新的?账号)?|bind)\s*(\d{6})?\s*$", re.IGNORECASE)


def asks_to_bind(event: MessageReceived, ctx: Context) -> bool:
    return BIND.match(event.text) is not None


def is_stranger(event: MessageReceived | CardClicked[Action], ctx: Context) -> bool:
    return ctx.person is None


@router.message(asks_to_bind)
def bind_account(event: MessageReceived, ctx: Context) -> None:
    """With a code: this account becomes its person's. Without: a code for the next account."""
    match = BIND.match(event.text)
    code = match.group(1) if match else None
    if event.in_group:
        bind_nobody(event, ctx, code or "")
    elif code:
        redeem_code(event, ctx, code)
    elif ctx.person is None:
        ctx.reply(cards.stranger_card())
    else:
        minutes = ctx.rules.timing.bind_minutes
        fresh = people.new_code(ctx.db, ctx.id_of(ctx.me), ctx.now, timedelta(minutes=minutes))
        ctx.reply(cards.code_card(fresh, minutes))


def bind_nobody(event: MessageReceived, ctx: Context, code: str) -> None:
    """A code that a whole group has read is void; a stranger who shows none is not answered."""
    owner = meant_person(event, ctx, code) if code else None
    if owner is not None:
        people.void_codes(ctx.db, ctx.id_of(owner))
    if owner is not None or ctx.person is not None:
        ctx.reply(cards.not_in_groups_card(is_void=owner is not None))


def meant_person(event: MessageReceived, ctx: Context, code: str) -> Person | None:
    """Whose code it is; a wrong one counts, and after too many none is right."""
    if not people.may_try(ctx.db, event.sender, ctx.now):
        return None
    person = people.whose_code(ctx.db, code, ctx.now)
    if person is None:
        log.warning("bind.wrong_code", inbox=ctx.inbox_id)
        people.failed_try(ctx.db, event.sender, ctx.now)
    return person


def redeem_code(event: MessageReceived, ctx: Context, code: str) -> None:
    """An account that is somebody's already stays so, and the code stays good."""
    if not people.may_try(ctx.db, event.sender, ctx.now):
        ctx.reply(cards.too_many_card())
        return
    person = meant_person(event, ctx, code)
    if person is None:
        ctx.reply(cards.wrong_code_card())
    elif ctx.person is not None:
        ctx.reply(cards.bound_already_card(ctx.me.name, service_of(event.sender)))
    else:
        people.redeem(ctx.db, code, ctx.now)
        take_in(event, ctx, person)


def take_in(event: MessageReceived, ctx: Context, person: Person) -> None:
    """The account is the person's, which all his others are told: somebody may have read his
    code."""
    earlier = people.addresses(ctx.db, ctx.id_of(person))
    people.bind(ctx.db, ctx.id_of(person), event.sender, ctx.now)
    ctx.fact("person.bound", who=person.id, address=event.sender)
    service = service_of(event.sender)
    ctx.reply(cards.bound_card(person.name, first=not earlier))
    for address in earlier:
        ctx.send(address, cards.new_account_card(ctx.id_of(person), service), person_id=person.id)
    ctx.job("colleague.details", ctx.id_of(person), member=event.sender)
    take_waiting(ctx, person, event.sender)


def service_of(address: str) -> str:
    return address.partition(":")[0]


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
        tell_stranger(ctx, event.sender)


@router.click(is_stranger)
def turn_click_of_stranger_away(event: CardClicked[Action], ctx: Context) -> None:
    """Told in private, because the card may stand in a group."""
    log.warning("stranger.click", inbox=ctx.inbox_id, sender=event.sender, action=event.action.name)
    tell_stranger(ctx, event.sender)


def tell_stranger(ctx: Context, stranger: str) -> None:
    """Once a day, each time as a message of its own."""
    slot = f"{STRANGER}{stranger}:{ctx.today}"
    ctx.send(stranger, cards.stranger_card(), slot=slot, once=slot)
