"""Tags put right in words: 去掉价格疑虑, 不是价格疑虑, 加上交期担忧."""

import re
from typing import NamedTuple

from bot.context import Context
from bot.events import MessageReceived
from bot.router import Router
from cards import followups as cards
from handlers import origins
from handlers.customer_tags import mirror_tags
from handlers.echo import answered_note, show_echo
from handlers.examples import keep
from storage import followups, leads
from storage.models import FollowUp, Lead

router = Router()
SAID = re.compile(
    r"^\s*(?:不对[，,]?\s*)?(?:(?P<drop>去掉|删掉|去除|不是|没有)|(?P<add>加上?|补上?|标上|还有|漏了))"
    r"\s*(?:标签|顾虑)?\s*[“\"]?(?P<tag>[^\s“”\"。!！]+)[”\"]?[\s。!！]*$"
)
RULE = "tags.told"


class Told(NamedTuple):
    tag: str
    holds: bool


def told(event: MessageReceived, ctx: Context) -> Told | None:
    """None unless a tag is called by its full name, and nothing else is said."""
    said = SAID.match(event.text)
    if said is None:
        return None
    names = {name: tag for tag, name in ctx.rules.words.tags.items()}
    tag = names.get(said["tag"])
    return Told(tag, said["add"] is not None) if tag else None


@router.message(lambda event, ctx: told(event, ctx) is not None)
def correct_tag(event: MessageReceived, ctx: Context) -> None:
    note = answered_note(event, ctx) or followups.latest_of(ctx.db, ctx.id_of(ctx.me))
    lead = leads.get(ctx.db, note.lead_id) if note is not None and note.lead_id else None
    meant = told(event, ctx)
    if meant is None:
        return
    if note is None or lead is None or (meant.tag in note.tags) == meant.holds:
        ctx.reply(cards.no_tag_to_change_card(ctx.rules.words.tags[meant.tag]))
    elif meant.holds:
        add_tag(ctx, note, lead, meant.tag, event.text)
    else:
        drop_tag(ctx, note, lead, meant.tag, event.text)


def add_tag(ctx: Context, note: FollowUp, lead: Lead, tag: str, words: str) -> None:
    note.tags = [*note.tags, tag]
    lead.tags = list(dict.fromkeys([*lead.tags, tag]))
    ctx.db.add_all((note, lead))
    mirror_tags(ctx, lead)
    ctx.fact("objection.raised", lead=lead, words=words, tag=tag, rule=RULE)
    keep(ctx, note, "tag", became=tag, words=words)
    show_echo(ctx, note)


def drop_tag(ctx: Context, note: FollowUp, lead: Lead, tag: str, words: str) -> None:
    """What the lead had before the note it keeps."""
    note.tags = [other for other in note.tags if other != tag]
    origins.drop(note, f"tag:{tag}")
    if tag not in note.before.get("tags", ()):
        lead.tags = [other for other in lead.tags if other != tag]
    ctx.db.add_all((note, lead))
    mirror_tags(ctx, lead)
    ctx.fact("objection.denied", lead=lead, words=words, tag=tag, rule=RULE)
    keep(ctx, note, "tag", was=tag, words=words)
    show_echo(ctx, note)
