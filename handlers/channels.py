"""Channel codes by command (渠道码): made, listed, given to others, stopped."""

import json
import re
from collections.abc import Sequence

from bot.context import Context
from bot.events import JobFinished, MessageReceived
from bot.router import Router
from cards import channels as cards
from cards.channels import ChannelView
from cards.model import Card
from storage import channels, leads, people
from storage.models import Channel, Person, Role

router = Router()
SAID = re.compile(
    r"^\s*(?P<stop>停用|删除|停)?\s*渠道码(?:[\s:：]+(?P<name>[^\s,，、]+)(?P<rest>.*))?\s*$",
    re.DOTALL,
)
ASKS = re.compile(r"^(?:需|要)?(?:验证|确认|同意)$")
"""Said among the names: each customer has to be confirmed by the member."""
LONGEST_NAME, MOST_MEMBERS = 30, 100
KEEPERS = (Role.MANAGER, Role.ADMIN, Role.EXEC)


@router.message(lambda event, ctx: SAID.match(event.text) is not None)
def keep_channels(event: MessageReceived, ctx: Context) -> None:
    said = SAID.match(event.text)
    if said is None:
        return
    name = said["name"] or ""
    words = [word for word in re.split(r"[\s,，、]+", said["rest"] or "") if word]
    if ctx.me.role not in KEEPERS:
        ctx.reply(cards.not_allowed_card())
    elif said["stop"]:
        stop(ctx, name)
    elif not name:
        ctx.reply(cards.list_card([view_of(ctx, each) for each in mine(ctx)]))
    elif not words:
        show(ctx, name)
    else:
        give(ctx, name, words)


def mine(ctx: Context) -> Sequence[Channel]:
    """Those whose members the asker may see."""
    return [channel for channel in channels.live(ctx.db) if may_keep(ctx, channel)]


def may_keep(ctx: Context, channel: Channel) -> bool:
    return channel.created_by == ctx.me.id or all(
        people.may_see(ctx.db, ctx.me, owner_id=number) for number in channel.member_ids
    )


def named(ctx: Context, name: str) -> Channel | None:
    """The live one of that name, if it is the asker's to keep; else they are told."""
    channel = channels.named(ctx.db, name)
    if channel is None or not may_keep(ctx, channel):
        ctx.reply(cards.unknown_card(name))
        return None
    if not channel.is_live:
        ctx.reply(cards.making_card(name))
        return None
    return channel


def show(ctx: Context, name: str) -> None:
    channel = named(ctx, name)
    if channel is not None:
        ctx.reply(cards.channel_card(view_of(ctx, channel)))


def stop(ctx: Context, name: str) -> None:
    channel = named(ctx, name)
    if channel is not None:
        ctx.job("channel.close", ctx.id_of(channel), config_id=channel.config_id, **asker(ctx))


def give(ctx: Context, name: str, words: Sequence[str]) -> None:
    """A new code for those people, or a known one from now on to them: what is printed stays."""
    asks = any(ASKS.match(word) for word in words)
    found = members_of(ctx, name, [word for word in words if not ASKS.match(word)])
    if isinstance(found, Card):
        ctx.reply(found)
        return
    members, accounts = found
    ids = [ctx.id_of(person) for person in members]
    if channels.named(ctx.db, name) is None:
        call = "channel.open"
        channel: Channel | None = channels.add(ctx.db, name, ids, ctx.id_of(ctx.me), ctx.now)
    else:
        call, channel = "channel.change", named(ctx, name)
    if channel is not None:
        ctx.job(
            call,
            ctx.id_of(channel),
            config_id=channel.config_id,
            state=channel.state,
            called=name,
            members=json.dumps(accounts),
            ids=json.dumps(ids),
            asks="yes" if asks else "",
            **asker(ctx),
        )


def members_of(
    ctx: Context, name: str, words: Sequence[str]
) -> tuple[list[Person], list[str]] | Card:
    """Who was named, and their accounts where customers are; else what is wrong."""
    if len(name) > LONGEST_NAME:
        return cards.too_long_card(LONGEST_NAME)
    if not words:
        return cards.unknown_card(name)
    if len(words) > MOST_MEMBERS:
        return cards.too_many_card(MOST_MEMBERS)
    members: list[Person] = []
    accounts: list[str] = []
    for word in dict.fromkeys(words):
        found = member_of(ctx, word)
        if isinstance(found, Card):
            return found
        members.append(found)
        accounts.append(people.account_in(ctx.db, ctx.id_of(found), "wecom"))
    return members, accounts


def member_of(ctx: Context, word: str) -> Person | Card:
    """A colleague of that name whom the asker may give customers to, and who can be given some."""
    person = ctx.me if word in ("我", ctx.me.name) else people.named(ctx.db, word)
    if person is None:
        return cards.nobody_card(word)
    if not people.may_see(ctx.db, ctx.me, owner_id=ctx.id_of(person)):
        return cards.not_your_team_card(word)
    if not people.account_in(ctx.db, ctx.id_of(person), "wecom"):
        return cards.not_in_wecom_card(person.name)
    return person


def asker(ctx: Context) -> dict[str, str]:
    """Who waits for the answer, and where."""
    event = ctx.event
    chat = event.chat if isinstance(event, MessageReceived) else ""
    return {"chat": chat, "by": str(ctx.me.id)}


# What became of it -----------------------------------------------------------------------


def answered(event: JobFinished, ctx: Context, what: str) -> Channel | None:
    """The channel, when the platform did it; else whoever asked hears why not."""
    channel = channels.get(ctx.db, event.subject)
    if channel is None:
        return None
    ctx.person = people.get(ctx.db, int(event.data["by"]))
    if event.error:
        ctx.send(event.data["chat"], cards.failed_card(what, channel.name, event.error))
        return None
    return channel


@router.job("channel.open")
def open_channel(event: JobFinished, ctx: Context) -> None:
    """One that the platform would not make leaves its name to the next."""
    channel = answered(event, ctx, "建渠道码")
    if channel is None:
        channels.give_up(ctx.db, event.subject, ctx.now)
        return
    channel.config_id = event.result["config_id"]
    channel.picture_url = event.result["picture_url"]
    ctx.db.add(channel)
    ctx.fact("channel.opened", channel=channel.id, name=channel.name, members=channel.member_ids)
    ctx.send(event.data["chat"], cards.channel_card(view_of(ctx, channel), news="已建好"))


@router.job("channel.change")
def change_channel(event: JobFinished, ctx: Context) -> None:
    channel = answered(event, ctx, "渠道码换人")
    if channel is None:
        return
    channel.member_ids = json.loads(event.data["ids"])
    ctx.db.add(channel)
    ctx.fact("channel.changed", channel=channel.id, name=channel.name, members=channel.member_ids)
    news = "接待的人换好了，印出去的码不用换"
    ctx.send(event.data["chat"], cards.channel_card(view_of(ctx, channel), news=news))


@router.job("channel.close")
def close_channel(event: JobFinished, ctx: Context) -> None:
    channel = answered(event, ctx, "停用渠道码")
    if channel is None or not channel.is_live:
        return
    channel.stopped_at = ctx.now
    ctx.db.add(channel)
    ctx.fact("channel.closed", channel=channel.id, name=channel.name)
    ctx.send(event.data["chat"], cards.stopped_card(channel.name))


def view_of(ctx: Context, channel: Channel) -> ChannelView:
    return ChannelView(
        channel.name,
        members=[people.get(ctx.db, number).name for number in channel.member_ids],
        picture_url=channel.picture_url,
        leads=leads.count_of_channel(ctx.db, channel.name),
    )
