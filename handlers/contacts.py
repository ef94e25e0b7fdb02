"""Customers and members who become contacts in an IM, and what becomes of that (F1, F2)."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from bot.context import Context
from bot.events import (
    ContactAdded,
    ContactChanged,
    GroupChanged,
    JobFinished,
    LinkUsed,
    TimerFired,
)
from bot.router import Router
from cards import contacts as cards
from handlers.customer_tags import mirror_tags
from handlers.leads import card_of, show_lead, watch_silence
from storage import channels, friendships, leads, people
from storage.friendships import CUSTOMER, MEMBER, TRANSFER
from storage.models import Contact, Friendship, Lead, Person

log = structlog.get_logger()
router = Router()
WROTE = ("customer_start_chat", "message_from_customer")
ADDED, ADDED_BY_LINK = "企业微信加好友", "获客链接"
HANDING_OVER = timedelta(minutes=1)
"""Within it both halves of a transfer have been heard of."""
MOST_WAITING = 20
"""Leads that somebody gets at once when he is bound."""


# First touch -----------------------------------------------------------------------------


@router.on(ContactAdded)
def take_first_touch(event: ContactAdded, ctx: Context) -> None:
    """F1: one lead and one card for a customer, however often and by whomever he is added."""
    address = customer_address(event.member, event.external_id)
    before = friendships.of(ctx.db, event.member, address)
    was_live = before is not None and before.is_live
    befriend(ctx, event.member, address, event.at, mutual=event.mutual)
    if ctx.person is None:
        tell_of_stranger(ctx, event.member)
        return
    greet(event, ctx)
    lead = leads.of_external(ctx.db, address)
    if lead is None:
        open_lead(ctx, address, ADDED, event.state, mutual=event.mutual)
    elif not was_live:
        ctx.fact("contact.added", lead=lead, state=event.state, again=before is not None)
        if not hand_over(ctx, lead, address):
            tell_of_old_lead(ctx, lead, event)


def customer_address(member: str, external_id: str) -> str:
    """The customer in the IM of the member who was added."""
    return f"{member.partition(':')[0]}:{external_id}"


def greet(event: ContactAdded, ctx: Context) -> None:
    text = ctx.rules.words.welcome
    if event.welcome_code and text:
        address = customer_address(event.member, event.external_id)
        ctx.welcome(address, event.welcome_code, text.format(name=ctx.me.name))


def befriend(
    ctx: Context, member: str, address: str, at: datetime, *, mutual: bool = True
) -> Friendship:
    person = people.by_address(ctx.db, member)
    return friendships.begin(
        ctx.db,
        member,
        address,
        at,
        person_id=person.id if person else None,
        mutual=mutual,
    )


def open_lead(ctx: Context, address: str, source: str, state: str, *, mutual: bool = True) -> Lead:
    """The first touch of a customer: what is known now, at once; the rest is asked for."""
    contact = leads.contact_by_external(ctx.db, address) or leads.add_contact(
        ctx.db, "新客户", external_id=address
    )
    lead = leads.add(
        ctx.db,
        owner_id=ctx.id_of(ctx.me),
        now=ctx.now,
        contact=contact,
        touch_key=address,
        source=source,
        channel=channel_name(ctx, state),
    )
    ctx.fact("lead.created", lead=lead, state=state, mutual=mutual)
    watch_silence(ctx, lead)
    mirror_tags(ctx, lead)
    show_lead(ctx, lead)
    ctx.job("contact.details", ctx.id_of(lead), address=address)
    return lead


def channel_name(ctx: Context, state: str) -> str:
    """展会A for a code of ours; 展会（expo2026-hall3） where a configured word begins it."""
    channel = channels.by_state(ctx.db, state)
    if channel is not None:
        return channel.name
    for start, name in ctx.rules.words.channels.items():
        if state.startswith(start):
            return f"{name}（{state}）"
    return state


def tell_of_old_lead(ctx: Context, lead: Lead, event: ContactAdded) -> None:
    """He is known already: whoever added him hears whose he is, unless he is being handed over."""
    if lead.owner_id == ctx.me.id:
        card = cards.returned_card(leads.title_of(ctx.db, lead), lead.code)
        ctx.tell(ctx.me, card, once=f"added:{event.key}", subject=f"lead:{lead.id}")
    else:
        known = {"lead": str(lead.id), "person": str(ctx.me.id)}
        ctx.wake("contact.second", ctx.inbox_id, ctx.now + HANDING_OVER, known)


@router.timer("contact.second")
def tell_whose_he_is(event: TimerFired, ctx: Context) -> None:
    lead = leads.get(ctx.db, int(event.data["lead"]))
    person = people.get(ctx.db, int(event.data["person"]))
    if lead is not None and lead.owner_id != person.id:
        owner = people.get(ctx.db, lead.owner_id).name
        card = cards.second_member_card(leads.title_of(ctx.db, lead), lead.code, owner)
        ctx.tell(person, card, once=f"added:{event.key}", subject=f"lead:{lead.id}")


def take_waiting(ctx: Context, person: Person, member: str) -> None:
    """Customers who came before their member was bound become his leads now."""
    waiting = friendships.adopt(ctx.db, member, ctx.id_of(person))
    ctx.person = person
    for friend in waiting[:MOST_WAITING]:
        lead = leads.of_external(ctx.db, friend.external_id)
        if lead is None:
            open_lead(ctx, friend.external_id, ADDED, "", mutual=friend.mutual)
        else:
            hand_over(ctx, lead, friend.external_id)


def tell_of_stranger(ctx: Context, member: str) -> None:
    log.warning("contact.unknown_member", inbox=ctx.inbox_id, member=member)
    name = member.partition(":")[2]
    once = f"unbound:{member}:{ctx.today}"
    ctx.tell_administrators(cards.stranger_member_card(name), once=once)


@router.job("contact.details")
def add_details(event: JobFinished, ctx: Context) -> None:
    """F2: what the platform knows of the customer is filled in on the same card."""
    lead = leads.get(ctx.db, event.subject)
    contact = leads.contact_of(ctx.db, lead) if lead else None
    if lead is None or contact is None:
        return
    if event.error:
        log.warning("contact.details_failed", lead=lead.id, error=event.error)
        return
    before = card_of(ctx, lead)
    learn(ctx, lead, contact, event.result)
    ctx.fact("lead.enriched", lead=lead, fields=sorted(event.result))
    take_followers(ctx, event.data["address"], event.result.get("followers") or ())
    hand_over(ctx, lead, event.data["address"])
    if card_of(ctx, lead) != before and "silent" not in event.data:
        show_lead(ctx, lead)


def learn(ctx: Context, lead: Lead, contact: Contact, told: dict[str, Any]) -> None:
    contact.name = told.get("name") or contact.name
    contact.title = told.get("position") or contact.title
    contact.phone = next(iter(told.get("mobiles") or ()), contact.phone)
    if told.get("company"):
        customer = leads.customer_named(ctx.db, told["company"])
        contact.customer_id = lead.customer_id = customer.id
    lead.channel = lead.channel or channel_name(ctx, told.get("state") or "")
    ctx.db.add_all((contact, lead))


def take_followers(ctx: Context, address: str, told: Sequence[dict[str, Any]]) -> None:
    """Who is a contact of the customer now: events may have been lost (D90238). A member whom the
    customer deleted may still have him in his list: what began before that stays ended."""
    for follower in told:
        found = friendships.of(ctx.db, follower["member"], address)
        if found is None or not found.is_live:
            since = datetime.fromtimestamp(follower["since"], UTC)
            befriend(ctx, follower["member"], address, since)


# Changes ---------------------------------------------------------------------------------


@router.on(ContactChanged, lambda event, ctx: event.change == "edited")
def read_again(event: ContactChanged, ctx: Context) -> None:
    """A member wrote down more. The card is not shown anew: he knows what he wrote, and a card of
    WeCom can be edited but once."""
    address = customer_address(event.member, event.external_id)
    lead = leads.of_external(ctx.db, address)
    if lead is not None:
        ctx.job("contact.details", ctx.id_of(lead), address=address, silent="yes")


@router.on(ContactChanged, lambda event, ctx: event.change == "deleted")
def lose_contact(event: ContactChanged, ctx: Context) -> None:
    """Our member deleted the customer, or handed him over."""
    friend, lead = parted(event, ctx, TRANSFER if event.by_transfer else MEMBER)
    if lead is None:
        return
    ctx.fact("contact.deleted", lead=lead, member=event.member, by_transfer=event.by_transfer)
    if event.by_transfer and not hand_over(ctx, lead, friend.external_id):
        ctx.job("contact.details", ctx.id_of(lead), address=friend.external_id, silent="yes")


@router.on(ContactChanged, lambda event, ctx: event.change == "left")
def hear_of_leaving(event: ContactChanged, ctx: Context) -> None:
    """The customer deleted our member: who hears of it in time may still ask why."""
    _, lead = parted(event, ctx, CUSTOMER)
    if lead is None:
        return
    ctx.fact("contact.left", lead=lead, member=event.member)
    title, member = leads.title_of(ctx.db, lead), ctx.person
    if member is not None:
        card = cards.left_card(title, lead.code)
        ctx.tell(member, card, once=f"left:{event.key}", subject=f"lead:{lead.id}")
    manager = people.manager_of(ctx.db, people.get(ctx.db, lead.owner_id))
    if lead.is_deal and manager is not None and manager != member:
        name = member.name if member else event.member.partition(":")[2]
        stage = ctx.rules.words.stages.get(lead.stage, lead.stage)
        card = cards.manager_left_card(title, lead.code, name, stage)
        ctx.tell(manager, card, once=f"left:{event.key}:manager", subject=f"lead:{lead.id}")


def parted(event: ContactChanged, ctx: Context, by: str) -> tuple[Friendship, Lead | None]:
    """The friendship that has ended, and the customer's lead; no lead when the event is older than
    the friendship. One that we had not heard of began unseen."""
    address = customer_address(event.member, event.external_id)
    friend = friendships.of(ctx.db, event.member, address)
    friend = friend or befriend(ctx, event.member, address, event.at)
    if not friendships.end(ctx.db, friend, by, event.at):
        return friend, None
    return friend, leads.of_external(ctx.db, address)


@router.on(ContactChanged, lambda event, ctx: event.change == "transfer_failed")
def hear_of_failure(event: ContactChanged, ctx: Context) -> None:
    """Whoever was to take over, and whoever has the lead, hear that nothing changed."""
    lead = leads.of_external(ctx.db, customer_address(event.member, event.external_id))
    if lead is None:
        return
    ctx.fact("lead.transfer_failed", lead=lead, member=event.member, reason=event.reason)
    card = cards.transfer_failed_card(leads.title_of(ctx.db, lead), event.reason)
    for person in ctx.colleagues([ctx.person.id if ctx.person else None, lead.owner_id]):
        ctx.tell(person, card, once=f"{event.key}:{person.id}", subject=f"lead:{lead.id}")


def hand_over(ctx: Context, lead: Lead, address: str) -> bool:
    """Give the lead to whoever the platform gave the customer to; False when nobody did, or not
    yet: the two halves of a transfer come in any order."""
    found = friendships.with_customer(ctx.db, address)
    owners = [f for f in found if f.person_id == lead.owner_id]
    lost = max((f.ended_at for f in owners if f.ended_at and f.ended_by == TRANSFER), default=None)
    if lost is None or any(f.is_live for f in owners):
        return False
    heirs = (f for f in found if f.is_live and f.since >= lost - HANDING_OVER)
    heir = next(heirs, None)  # whoever has long been a contact beside the owner is none
    if heir is None:
        return False
    if heir.person_id is None:
        tell_of_stranger(ctx, heir.member)
        return False
    before, after = people.get(ctx.db, lead.owner_id), people.get(ctx.db, heir.person_id)
    lead.owner_id = ctx.id_of(after)
    ctx.db.add(lead)
    mirror_tags(ctx, lead)
    ctx.fact("lead.transferred", lead=lead, was=before.id, now=after.id)
    tell_of_transfer(ctx, lead, before, after)
    return True


def tell_of_transfer(ctx: Context, lead: Lead, before: Person, after: Person) -> None:
    title, once = leads.title_of(ctx.db, lead), f"transfer:{ctx.inbox_id}"
    for person, card in (
        (after, cards.taken_over_card(title, lead.code, before.name)),
        (before, cards.handed_over_card(title, lead.code, after.name)),
    ):
        ctx.tell(person, card, once=f"{once}:{person.id}", subject=f"lead:{lead.id}")


# Links and groups ------------------------------------------------------------------------


@router.on(LinkUsed, lambda event, ctx: event.change in WROTE)
def ask_who_wrote(event: LinkUsed, ctx: Context) -> None:
    """A customer of a 获客链接 wrote. Who, and by which link, is asked for."""
    ctx.fact("link.used", change=event.change, link=event.link, state=event.state)
    ctx.job(
        "link.details",
        platform=event.platform,
        link=event.link,
        chat_key=event.chat_key,
        member=event.member,
        external_id=event.external_id,
        state=event.state,
    )


@router.on(LinkUsed, lambda event, ctx: event.change in cards.LINKS)
def warn_of_link(event: LinkUsed, ctx: Context) -> None:
    ctx.fact("link.used", change=event.change, link=event.link)
    ctx.tell_administrators(cards.link_card(event.change, event.link), once=event.key)


@router.on(LinkUsed)
def note_link(event: LinkUsed, ctx: Context) -> None:
    """A request that tells no person, a profile that was opened, a budget that was filled."""
    ctx.fact("link.used", change=event.change, link=event.link, state=event.state)


@router.job("link.details")
def take_link(event: JobFinished, ctx: Context) -> None:
    """The lead's channel is the link; where its addition went unheard, this is its first touch."""
    if event.error:
        log.warning("link.details_failed", inbox=ctx.inbox_id, error=event.error)
    known, told = event.data, event.result
    external_id = known["external_id"] or told.get("external_id", "")
    member = known["member"]
    if not member and told.get("member"):
        member = f"{known['platform']}:{told['member']}"
    if not external_id or not member:
        return
    state = known["state"] or told.get("state", "")
    address = customer_address(member, external_id)
    lead = leads.of_external(ctx.db, address) or lead_by_link(ctx, member, address, event.at)
    if lead is not None and not lead.channel:
        lead.channel = link_name(ctx, state, told.get("name", ""))
        ctx.db.add(lead)
        ctx.fact("lead.enriched", lead=lead, fields=["channel"])


def lead_by_link(ctx: Context, member: str, address: str, at: datetime) -> Lead | None:
    ctx.person = people.by_address(ctx.db, member)
    befriend(ctx, member, address, at)
    if ctx.person is None:
        tell_of_stranger(ctx, member)
        return None
    return open_lead(ctx, address, ADDED_BY_LINK, "")


def link_name(ctx: Context, state: str, name: str) -> str:
    link = f"{ADDED_BY_LINK} {name}".strip()
    return f"{channel_name(ctx, state)} · {link}" if state else link


@router.on(GroupChanged)
def note_group(event: GroupChanged, ctx: Context) -> None:
    """Kept as a fact: no bot can be in a group with customers."""
    ctx.fact(
        "group.changed",
        group=event.group,
        change=event.change,
        detail=event.detail,
        members=event.members,
    )
