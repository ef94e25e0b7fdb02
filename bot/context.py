"""What a handler may touch."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.events import (
    CardClicked,
    ChatOpened,
    ContactAdded,
    ContactChanged,
    Event,
    LinkUsed,
    MessageReceived,
    TaskChanged,
)
from cards.model import Card, dump
from config.schema import Rules
from nlp.lexicon import Lexicon
from nlp.time.workdays import is_workday, next_workday
from storage import facts, outbox, people, timers
from storage import jobs as job_rows
from storage.models import Lead, Person, Promise, Role


@dataclass
class Context:
    """One event's session, clock and voice. Everything it does is saved with the event, or not
    at all."""

    db: Session
    event: Event
    inbox_id: int
    now: datetime
    rules: Rules
    lexicon: Lexicon
    calls: Collection[str] = ()
    """Names of the slow calls that can be made; which ones depends on the settings."""

    # Who and when --------------------------------------------------------------------

    @cached_property
    def person(self) -> Person | None:
        """The colleague who wrote or clicked; None for strangers and clocks."""
        match self.event:
            case MessageReceived() | CardClicked() | ChatOpened() | TaskChanged():
                return people.by_address(self.db, self.event.sender)
            case ContactAdded() | ContactChanged() | LinkUsed():
                return people.by_address(self.db, self.event.member)
            case _:
                return None

    @property
    def me(self) -> Person:
        """The colleague who wrote or clicked, where a stranger cannot get. Raises LookupError."""
        if self.person is None:
            raise LookupError("this event has no colleague behind it")
        return self.person

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.rules.timing.zone)

    @property
    def local_now(self) -> datetime:
        return self.now.astimezone(self.zone)

    @property
    def today(self) -> date:
        return self.local_now.date()

    def moment(self, day: date, at: time = time()) -> datetime:
        """A local day and time as an aware moment."""
        return datetime.combine(day, at, self.zone)

    def working_moment(self, moment: datetime) -> datetime:
        """The moment itself if it lies in working hours, else when work next begins."""
        local, hours = moment.astimezone(self.zone), self.rules.timing.working
        if is_workday(local.date()) and local.time() < hours.end:
            return max(moment, self.moment(local.date(), hours.start))
        return self.moment(next_workday(local.date() + timedelta(days=1)), hours.start)

    def awake_moment(self, moment: datetime) -> datetime:
        """The moment itself unless it lies in quiet hours, else when those end."""
        local, quiet = moment.astimezone(self.zone), self.rules.timing.quiet
        if not quiet.holds(local.time()):
            return moment
        over_night = quiet.start > quiet.end and local.time() >= quiet.start
        return self.moment(local.date() + timedelta(days=1 if over_night else 0), quiet.end)

    # Saying something ----------------------------------------------------------------

    def reply(self, card: Card, *, slot: str = "", subject: str = "") -> None:
        """Answer in the conversation the event came from."""
        if isinstance(self.event, MessageReceived | CardClicked):
            self.send(self.event.chat, card, slot=slot, subject=subject)

    def send(
        self,
        to: str,
        card: Card,
        *,
        slot: str = "",
        subject: str = "",
        once: str = "",
        person_id: int | None = None,
    ) -> None:
        """Queue a card for an address. With a `slot` the live card of that matter is edited in
        place; `once` makes a second call do nothing."""
        draft = outbox.Draft(
            to,
            dump(card),
            slot=slot,
            subject=subject,
            once=once,
            person_id=person_id,
            inbox_id=self.inbox_id,
        )
        outbox.put(self.db, draft, self.now)

    def tell(
        self, person: Person, card: Card, *, slot: str = "", subject: str = "", once: str = ""
    ) -> bool:
        """Queue a card for a colleague, in the IM used last; False if none is bound. A live card
        of the slot is edited wherever it is."""
        addresses = people.addresses(self.db, self.id_of(person))
        if not addresses:
            return False
        to = outbox.where_live(self.db, addresses, slot) or addresses[0]
        self.send(to, card, slot=slot, subject=subject, once=once, person_id=person.id)
        return True

    def tell_administrators(self, card: Card, *, once: str) -> None:
        """`once` is completed by whom it is told to."""
        for person in people.in_role(self.db, Role.ADMIN):
            self.tell(person, card, once=f"{once}:{person.id}")

    def shows(self, person_id: int, slot: str) -> bool:
        """Whether a colleague has a live card of that matter."""
        addresses = people.addresses(self.db, person_id)
        return outbox.where_live(self.db, addresses, slot) is not None

    def start_afresh(self, address: str, slot: str) -> None:
        """Let the next card of this matter be a new message, because it asks something new."""
        outbox.retire(self.db, address, slot)

    def settle_clicked(self, card: Card, click: CardClicked[Any]) -> None:
        """Replace the very card that was clicked, unless its matter was already edited by now;
        a typed answer has no card and gets a plain one."""
        if not outbox.touched(self.db, click.card, self.inbox_id):
            draft = outbox.Draft(click.chat, dump(card), inbox_id=self.inbox_id)
            outbox.edit(self.db, click.card, draft, self.now)

    def welcome(self, to: str, code: str, text: str) -> None:
        """Greet a new contact for a colleague, in the 20 s the platform allows."""
        slot = f"welcome:{self.id_of(self.me)}"
        draft = outbox.Draft(to, text, slot=slot, inbox_id=self.inbox_id)
        outbox.put_welcome(self.db, draft, code, self.now)

    # Waking and working --------------------------------------------------------------

    def wake(
        self, name: str, subject: int, at: datetime, data: dict[str, str] | None = None
    ) -> None:
        """Ask for a TimerFired at that moment, instead of any earlier wish of the same name."""
        timers.set(self.db, name, subject, at, data)

    def let_sleep(self, name: str, subject: int) -> None:
        timers.drop(self.db, name, subject)

    def can_call(self, name: str) -> bool:
        """Whether a slow call of that name is configured."""
        return name in self.calls

    def job(self, name: str, subject: int = 0, **data: str) -> None:
        """Queue a slow call; its answer comes back as JobFinished."""
        job_rows.add(self.db, name, subject, data, self.now)

    def fact(
        self,
        type: str,  # the field's name in the catalogue
        *,
        lead: Lead | None = None,
        promise: Promise | None = None,
        words: str = "",
        **data: Any,
    ) -> None:
        """Record a business fact that this event is the origin of."""
        facts.record(
            self.db,
            type,
            at=self.now,
            inbox_id=self.inbox_id,
            person=self.person,
            lead=lead,
            promise=promise,
            words=words,
            **data,
        )

    @staticmethod
    def id_of(record: Any) -> int:
        """A saved record's id. Raises LookupError when it was not saved."""
        if record.id is None:
            raise LookupError(f"{record!r} was not saved")
        return int(record.id)

    def colleagues(self, ids: Sequence[int | None]) -> list[Person]:
        """Those people, each once, in that order."""
        known = dict.fromkeys(i for i in ids if i is not None)
        return [people.get(self.db, person_id) for person_id in known]
