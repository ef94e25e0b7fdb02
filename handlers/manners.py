"""Manners in groups: what is said there, and not to us, is let go before anything is stored."""

import re
from dataclasses import replace

from sqlmodel import Session

from bot.events import Event, MessageReceived
from handlers.remarks import SAY
from handlers.typed import SAID, phrase_of
from storage import outbox

NAMED = re.compile(r"^\s*@?一诺(?:[\s,，:：、。!！]+|$)")


def heard(db: Session, event: Event) -> Event | None:
    """The event as it concerns us. A platform may let the bot hear all talk of a group: of that
    only what begins with our name, answers something we said, or is a command that names one of
    our records by its number ("接单 P12")."""
    if not isinstance(event, MessageReceived) or not event.overheard:
        return event
    called = NAMED.match(event.text)
    if called is not None:
        return replace(event, text=event.text[called.end() :], overheard=False)
    if is_numbered(event.text) or answers_us(db, event):
        return replace(event, overheard=False)
    return None


def is_numbered(text: str) -> bool:
    said = SAID.match(text)
    pressed = said is not None and bool(said["number"]) and phrase_of(text) is not None
    return pressed or SAY.match(text) is not None


def answers_us(db: Session, event: MessageReceived) -> bool:
    if not event.reply_to:
        return False
    return outbox.card_by_message(db, event.chat, event.reply_to) is not None
