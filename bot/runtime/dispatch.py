"""From the inbox to a handler: one event, one transaction, in order per lane."""

import traceback
from collections import deque
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from time import perf_counter

import structlog
from sqlmodel import Session

from bot import events
from bot.context import Context
from bot.events import CardClicked, ContactAdded, Event, JobFinished, MessageReceived
from bot.platforms.protocol import Now
from bot.router import Router, route
from bot.runtime.loop import Loop, Round
from cards.model import Card
from config.schema import Rules
from nlp.lexicon import Lexicon, default_lexicon
from storage import inbox, outbox, people
from storage.db import Database
from storage.models import Inbox

log = structlog.get_logger()
BATCH = 8
ROUND_SECONDS = 0.005
PRESSING = 1000
"""Of that many events it is known that they press; the others come when it is their turn."""
Heard = Callable[[Session, Event], Event | None]
"""What was said in a group, as it concerns us; None if it does not."""
LISTED_ERROR = 8000
"""Characters of a traceback that are kept."""


def all_is_heard(db: Session, event: Event) -> Event | None:
    return event


class Dispatcher(Loop):
    """Takes events in and hands each to its handler.

    `sorry` builds the answer somebody gets when an event of theirs was given up.
    """

    def __init__(
        self,
        db: Database,
        now: Now,
        *,
        routers: Sequence[Router],
        rules: Callable[[], Rules],
        lexicon: Callable[[], Lexicon] = default_lexicon,
        calls: Collection[str] = (),
        sorry: Callable[[int], Card],
        after: Callable[[], None],
        heard: Heard = all_is_heard,
    ) -> None:
        super().__init__(now)
        self.db = db
        self._routers = routers
        self._rules = rules
        self._lexicon = lexicon
        self._calls = calls
        self._sorry = sorry
        self._after = after
        self._heard = heard
        self._pressing: deque[str] = deque(maxlen=PRESSING)

    async def accept(self, event: Event) -> bool:
        """Save an event; when this returns it is committed. False: it was known already, or is none
        of ours: what was overheard in a group is looked at before anything of it is stored."""
        if isinstance(event, MessageReceived) and event.overheard:
            concerning_us = await self.db.write(lambda db: self._heard(db, event), urgent=True)
            if concerning_us is None:
                return False
            event = concerning_us
        kind, body = events.dump(event)
        at, lane = self.now(), events.lane(event)
        new = await self.db.write(
            lambda db: inbox.add(db, key=event.key, kind=kind, body=body, lane=lane, at=at),
            urgent=True,
        )
        if new:
            if isinstance(event, ContactAdded) and event.welcome_code:
                self._pressing.append(event.key)
            self.ring()
        else:
            log.info("inbox.duplicate", key=event.key)
        return new

    async def step(self) -> Round:
        look = await self.db.write(self._handle_ready)
        if look.worked:
            self._after()
        return look

    def _handle_ready(self, db: Session) -> Round:
        """A few events at a time: whoever waits for an acknowledgement waits for this round.

        What has seconds to be answered in (a welcome: 20 s) goes before all that waits.
        """
        now, began = self.now(), perf_counter()
        pressing = inbox.ready_one(db, now, self._pressing.popleft()) if self._pressing else None
        rows = [pressing] if pressing is not None else inbox.ready(db, now, BATCH)
        for row in rows:
            self._handle(db, row)
            if perf_counter() - began > ROUND_SECONDS:
                break
        return Round(worked=True) if rows else Round(worked=False, due=inbox.next_due(db))

    def _handle(self, db: Session, row: Inbox) -> None:
        now = self.now()
        try:
            with db.begin_nested():
                self._hand_over(db, row, now)
        except Exception:  # whatever a handler raises is kept with its event
            error = traceback.format_exc()[-LISTED_ERROR:]
            log.exception("handler.failed", inbox=row.id, key=row.key, attempts=row.attempts + 1)
            if inbox.failed(db, row, now, error):
                self._apologise(db, row, now)
        else:
            inbox.done(db, row, now)

    def _hand_over(self, db: Session, row: Inbox, now: datetime) -> None:
        event = events.load(row.kind, row.body)
        if isinstance(event, MessageReceived | CardClicked):
            people.seen(db, event.sender, now)
        if isinstance(event, CardClicked):
            outbox.clicked(db, event.card, event.edit_code)
        ctx = self._context(db, event, row, now)
        if not route(self._routers, event, ctx):
            log.info("event.unwanted", inbox=row.id, kind=row.kind)

    def _context(self, db: Session, event: Event, row: Inbox, now: datetime) -> Context:
        """With one snapshot of rules and words for the whole event."""
        return Context(db, event, row.id or 0, now, self._rules(), self._lexicon(), self._calls)

    def _apologise(self, db: Session, row: Inbox, now: datetime) -> None:
        """Once, and as far as possible: the event may be one that can no longer be read."""
        try:
            with db.begin_nested():
                self._say_sorry(db, row, now)
        except Exception:  # a parked event must not hold up all others
            log.exception("apology.failed", inbox=row.id, key=row.key)

    def _say_sorry(self, db: Session, row: Inbox, now: datetime) -> None:
        event = events.load(row.kind, row.body)
        if chat := _who_waits(event):
            ctx = self._context(db, event, row, now)
            ctx.send(chat, self._sorry(row.id or 0), once=f"sorry:{row.id}")


def _who_waits(event: Event) -> str:
    """The conversation that expects an answer to it; a slow call may have been asked for there."""
    match event:
        case MessageReceived() | CardClicked():
            return event.chat
        case JobFinished():
            return event.data.get("chat", "")
        case _:
            return ""
