"""Which accounts are one's own, which is written to unasked, and taking one away (K15)."""

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from bot.context import Context
from bot.events import CardClicked, MessageReceived
from bot.router import Router
from cards import accounts as cards
from cards import actions
from cards.accounts import AccountView
from cards.model import Card
from storage import accounts, people
from storage.models import Account

router = Router()
Said = MessageReceived | CardClicked[Any]
SERVICES = {
    "企业微信": "wecom",
    "企微": "wecom",
    "wecom": "wecom",
    "钉钉": "dingtalk",
    "dingtalk": "dingtalk",
    "飞书": "feishu",
    "feishu": "feishu",
    "lark": "feishu",
}
LAST_USED = "最近用的"
_NAMES = "|".join(SERVICES)
MINE = re.compile(r"^\s*(?:我的账号|账号|解除绑定)[\s。?？]*$")
PREFER = re.compile(
    r"^\s*(?:(?:以后|通知|提醒)(?:都|的)?)+发[到在]\s*"
    rf"(?P<where>{_NAMES}|{LAST_USED})(?:那个)?[\s。!！]*$",
    re.IGNORECASE,
)
REMOVE = re.compile(
    rf"^\s*解绑\s*(?P<where>{_NAMES})?(?:账号)?\s*(?P<sure>确认)?[\s。!！]*$", re.IGNORECASE
)
PROBATION = timedelta(hours=24)
"""So long an account takes away none that was there before it: whoever stole a code does not lock
the owner out."""


@router.message(lambda event, ctx: MINE.match(event.text) is not None)
def show_accounts(event: MessageReceived, ctx: Context) -> None:
    ctx.reply(card_of(event, ctx))


@router.message(lambda event, ctx: PREFER.match(event.text) is not None)
def prefer_in_words(event: MessageReceived, ctx: Context) -> None:
    said = PREFER.match(event.text)
    if said is not None:
        prefer(event, ctx, SERVICES.get(said["where"].lower(), ""))


@router.action(actions.PreferAccount)
def prefer_clicked(click: CardClicked[actions.PreferAccount], ctx: Context) -> None:
    if is_own(ctx, click.action.person):
        prefer(click, ctx, click.action.service)


@router.message(lambda event, ctx: REMOVE.match(event.text) is not None)
def remove_in_words(event: MessageReceived, ctx: Context) -> None:
    """Without a name: the account bound last, if that was today and from elsewhere."""
    said = REMOVE.match(event.text)
    if said is None:
        return
    told = SERVICES.get((said["where"] or "").lower(), "") or newcomer(event, ctx)
    if told:
        remove(event, ctx, told, sure=said["sure"] is not None)
    else:
        ctx.reply(card_of(event, ctx))


@router.action(actions.RemoveAccount)
def remove_clicked(click: CardClicked[actions.RemoveAccount], ctx: Context) -> None:
    if is_own(ctx, click.action.person):
        remove(click, ctx, click.action.service)


def is_own(ctx: Context, person_id: int) -> bool:
    """In a group others may click as well."""
    if ctx.me.id != person_id:
        ctx.reply(cards.not_your_accounts_card())
    return ctx.me.id == person_id


def mine(ctx: Context) -> Sequence[Account]:
    return accounts.of(ctx.db, ctx.id_of(ctx.me))


# Where to ----------------------------------------------------------------------------------


def prefer(event: Said, ctx: Context, service: str) -> None:
    """What was asked for is answered where it was asked; this is about everything else."""
    chosen = next((each for each in mine(ctx) if each.service == service), None)
    if service and chosen is None:
        ctx.reply(cards.not_bound_card(service))
        return
    accounts.prefer(ctx.db, ctx.id_of(ctx.me), chosen)
    ctx.fact("person.prefers", who=ctx.me.id, service=service)
    show(event, ctx, cards.prefers(service))


# Taking away -------------------------------------------------------------------------------


def newcomer(event: MessageReceived, ctx: Context) -> str:
    """The IM of an account that was bound after the one that speaks, within its probation."""
    here = accounts.at(ctx.db, event.sender)
    since = max(here.bound_at, ctx.now - PROBATION) if here else ctx.now
    fresh = [each for each in mine(ctx) if each.bound_at > since]
    return max(fresh, key=lambda each: each.bound_at).service if fresh else ""


def remove(event: Said, ctx: Context, service: str, *, sure: bool = False) -> None:
    """Of several accounts in that IM, the others than the one that speaks."""
    own, here = mine(ctx), accounts.at(ctx.db, event.sender)
    there = [each for each in own if each.service == service]
    gone = [each for each in there if each is not here] or there
    if not gone:
        ctx.reply(cards.not_bound_card(service))
    elif len(gone) == len(own) and not sure:
        ctx.reply(cards.last_account_card(service))
    elif here is not None and is_too_fresh(ctx, here, gone):
        ctx.reply(cards.too_fresh_card(int(PROBATION.total_seconds() // 3600)))
    else:
        take_away(event, ctx, gone)


def is_too_fresh(ctx: Context, here: Account, gone: Sequence[Account]) -> bool:
    return here.bound_at > ctx.now - PROBATION and any(
        each.bound_at < here.bound_at for each in gone
    )


def take_away(event: Said, ctx: Context, gone: Sequence[Account]) -> None:
    """Codes that were given to that account go with it; it hears of it, as the others do."""
    person, service = ctx.me, gone[0].service
    people.void_codes(ctx.db, ctx.id_of(person))
    for account in gone:
        ctx.fact("person.unbound", who=person.id, address=account.address)
        accounts.remove(ctx.db, account)
        ctx.send(account.address, cards.goodbye_card(service))
    left = mine(ctx)
    if any(each.address.casefold() == event.sender.casefold() for each in left):
        show(event, ctx, cards.removed(service))
    elif left:
        ctx.send(left[0].address, card_of(event, ctx, cards.removed(service)), person_id=person.id)


def show(event: Said, ctx: Context, news: str) -> None:
    """On the card that was clicked, if one was."""
    if isinstance(event, CardClicked):
        ctx.settle_clicked(card_of(event, ctx, news), event)
    else:
        ctx.reply(card_of(event, ctx, news))


def card_of(event: Said, ctx: Context, news: str = "") -> Card:
    here = accounts.at(ctx.db, event.sender)
    views = [
        AccountView(
            each.service,
            each.last_seen.astimezone(ctx.zone),
            preferred=each.preferred,
            here=each is here,
        )
        for each in mine(ctx)
    ]
    return cards.accounts_card(ctx.id_of(ctx.me), views, news=news)
