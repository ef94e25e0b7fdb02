"""Everything that is remembered, as tables, with the rules that concern one record alone."""

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Column, Index, UniqueConstraint
from sqlmodel import Field, SQLModel
from sqlmodel.sql.sqltypes import AutoString

from storage.columns import Sealed, UtcTime

STAGES = ("new", "contacted", "qualified", "proposal_sent", "negotiation", "won", "lost")
CLOSED_STAGES = ("won", "lost")


def _time(**options: Any) -> Any:
    return Field(sa_type=UtcTime, **options)


def _json(kind: type) -> Any:
    def empty() -> Any:  # pydantic inspects a builtin factory anew for each record
        return kind()

    return Field(default_factory=empty, sa_column=Column(JSON, nullable=False))


# People ----------------------------------------------------------------------------------


class Role(StrEnum):
    SALES = "sales"
    MANAGER = "manager"
    DELIVERY = "delivery"
    SUPPORT = "support"
    FINANCE = "finance"
    MARKETING = "marketing"
    ADMIN = "admin"
    EXEC = "exec"


class Team(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    name: str
    parent_id: int | None = Field(default=None, foreign_key="team.id", index=True)
    manager_id: int | None = None


class Person(SQLModel, table=True):
    """A colleague of ours."""

    id: int | None = Field(default=None, primary_key=True)
    name: str
    role: Role = Field(sa_type=AutoString)
    team_id: int | None = Field(default=None, foreign_key="team.id", index=True)
    delivers: list[str] = _json(list)
    """Kinds of promises this person fulfils ("sample", "install"); only for delivery roles."""
    active: bool = True

    @property
    def label(self) -> str:
        prefix = {"delivery": "交付", "finance": "财务", "support": "售后"}.get(self.role)
        return f"{prefix}-{self.name}" if prefix else self.name


class Account(SQLModel, table=True):
    """One person's account in one IM."""

    key: str = Field(primary_key=True)
    """The address without case: WeCom echoes ids in lower case."""
    address: str
    """As the platform wrote it."""
    person_id: int = Field(foreign_key="person.id", index=True)
    bound_at: datetime = _time()
    last_seen: datetime = _time()
    preferred: bool = False
    """The person wants here what nobody asked for."""

    @property
    def service(self) -> str:
        """The IM: `wecom`, `dingtalk`, `feishu`."""
        return self.address.partition(":")[0]


class BindCode(SQLModel, table=True):
    """Six digits that tie a new IM account to a person; valid for a short time, usable once."""

    code: str = Field(primary_key=True)
    person_id: int = Field(foreign_key="person.id")
    expires: datetime = _time()


class BindTry(SQLModel, table=True):
    """Wrong codes somebody tried, so that guessing does not pay."""

    address: str = Field(primary_key=True)
    failures: int = 0
    since: datetime = _time()


# Customers and leads ---------------------------------------------------------------------


class Customer(SQLModel, table=True):
    """An organisation that buys or may buy."""

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(index=True)
    industry: str = ""
    industry_inferred: bool = False
    region: str = ""
    aliases: list[str] = _json(list)


class Contact(SQLModel, table=True):
    """A person on the customer's side."""

    id: int | None = Field(default=None, primary_key=True)
    customer_id: int | None = Field(default=None, foreign_key="customer.id", index=True)
    name: str = Field(index=True)
    title: str = ""
    phone: str | None = Field(default=None, sa_type=Sealed)
    external_id: str | None = Field(default=None, index=True)
    """Address of the customer in an IM ("wecom:wm…")."""
    aliases: list[str] = _json(list)


class Lead(SQLModel, table=True):
    """A possible customer from first touch on."""

    id: int | None = Field(default=None, primary_key=True)
    owner_id: int = Field(foreign_key="person.id", index=True)
    customer_id: int | None = Field(default=None, foreign_key="customer.id", index=True)
    contact_id: int | None = Field(default=None, foreign_key="contact.id", index=True)
    touch_key: str | None = Field(default=None, unique=True)
    """Identity of the first touch, so that the same one never makes two leads."""
    stage: str = "new"
    source: str = ""
    channel: str = ""
    region: str = ""
    pages: str = ""
    utm: str = ""
    tags: list[str] = _json(list)
    amount: int | None = None
    """In yuan."""
    expected_close: date | None = None
    close_estimated: bool = False
    next_contact: date | None = None
    next_estimated: bool = False
    created_at: datetime = _time()
    touched_at: datetime = _time(index=True)
    """The last follow-up, or the creation."""
    silence_until: datetime | None = _time(default=None, nullable=True)
    """A manager's extension: no alarm before."""
    silence_round: int = 0
    """Raised by each follow-up; an alarm belongs to one round."""

    @property
    def code(self) -> str:
        return f"L{self.id}"

    @property
    def is_open(self) -> bool:
        return self.stage not in CLOSED_STAGES

    @property
    def is_deal(self) -> bool:
        """A confirmed need, not won or lost yet (商机)."""
        return self.is_open and STAGES.index(self.stage) >= STAGES.index("qualified")

    def may_move_to(self, stage: str) -> bool:
        """Stages only advance; a deal can be won or lost from anywhere."""
        if stage in CLOSED_STAGES or stage == self.stage:
            return stage != self.stage
        return self.is_open and STAGES.index(stage) > STAGES.index(self.stage)

    def silent_at(
        self, *, silence: timedelta, paused_until: datetime | None, cap: timedelta
    ) -> datetime:
        """When silence becomes an alarm: `silence` after the last touch; a stated next contact
        (`paused_until`, the end of that day) pauses it, at most for `cap` after the touch."""
        due = self.touched_at + silence
        if paused_until is not None:
            due = max(due, min(paused_until, self.touched_at + cap))
        return max(due, self.silence_until) if self.silence_until else due


class Friendship(SQLModel, table=True):
    """A member of ours and a customer who are contacts in an IM; it stays when it has ended."""

    key: str = Field(primary_key=True)
    """Both addresses; the member's without case, as IMs echo it in lower case."""
    member: str
    """Address of our member."""
    external_id: str = Field(index=True)
    """Address of the customer ("wecom:wm…")."""
    person_id: int | None = Field(default=None, foreign_key="person.id", index=True)
    """Our member, once bound."""
    mutual: bool = True
    since: datetime = _time()
    ended_at: datetime | None = _time(default=None, nullable=True)
    ended_by: str = ""
    """Who ended it: member, customer or transfer."""
    tags: list[str] = _json(list)
    """Names of the tags we have put on the customer there."""

    @property
    def is_live(self) -> bool:
        return self.ended_at is None


class Channel(SQLModel, table=True):
    """A code that customers scan to become contacts of ours (渠道活码)."""

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(index=True)
    """As people say it."""
    state: str = Field(unique=True)
    """What the platform tells with each customer who came through it."""
    member_ids: list[int] = _json(list)
    """Who receives those customers."""
    config_id: str = ""
    """The platform's id; empty until it has made the code."""
    picture_url: str = ""
    created_by: int = Field(foreign_key="person.id")
    created_at: datetime = _time()
    stopped_at: datetime | None = _time(default=None, nullable=True)

    @property
    def is_live(self) -> bool:
        return bool(self.config_id) and self.stopped_at is None


class FollowUp(SQLModel, table=True):
    """One logged touch: the words and what was understood."""

    __tablename__ = "follow_up"
    id: int | None = Field(default=None, primary_key=True)
    lead_id: int | None = Field(default=None, foreign_key="lead.id", index=True)
    author_id: int = Field(foreign_key="person.id", index=True)
    inbox_id: int = Field(index=True)
    chat: str
    text: str
    summary: str = ""
    tags: list[str] = _json(list)
    stage: str | None = None
    why: dict[str, str] = _json(dict)
    """Slot name → the words it came from and how they were read."""
    before: dict[str, Any] = _json(dict)
    """The lead's fields as they were, for undo."""
    people: list[str] = _json(list)
    company: str = ""
    proposal: dict[str, Any] = _json(dict)
    """What a model would add, until somebody adopts it: its words, the card's, and the mark of
    the note they were said about."""
    origins: list[dict[str, Any]] = _json(list)
    """What each slot was read from (`cards.origins.Origin`)."""
    doubt: dict[str, Any] = _json(dict)
    """The one question about it (`cards.doubts.Asked`); empty when there is none."""
    state: str = "open"
    """open → confirmed, or undone; asking while the lead is unknown, wordless while only tags
    were ticked, heard while the speaker is asked whether it was heard right."""
    at: datetime = _time(index=True)


class PromiseState(StrEnum):
    DRAFT = "draft"
    PENDING = "pending"
    COUNTERED = "countered"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    DONE = "done"
    CANCELLED = "cancelled"


SETTLED = (PromiseState.DONE, PromiseState.CANCELLED)


class Promise(SQLModel, table=True):
    """What one side owes the other."""

    id: int | None = Field(default=None, primary_key=True)
    lead_id: int | None = Field(default=None, foreign_key="lead.id", index=True)
    followup_id: int = Field(foreign_key="follow_up.id", index=True)
    rep_id: int = Field(foreign_key="person.id", index=True)
    owner_id: int | None = Field(default=None, foreign_key="person.id", index=True)
    text: str
    deliverable: str
    model: str = ""
    kind: str
    promiser: str
    state: PromiseState = Field(default=PromiseState.DRAFT, sa_type=AutoString)
    conditional: bool = False
    plan: date | None = None
    latest: date | None = None
    """The last admissible day."""
    due_at: datetime | None = _time(default=None, nullable=True)
    """The end of the last admissible moment."""
    other_plan: date | None = None
    other_latest: date | None = None
    """The other reading of the date, offered as a button."""
    why_due: str = ""
    counter: date | None = None
    """The earliest day delivery offered."""
    version: int = 1
    created_at: datetime = _time()
    asked_at: datetime | None = _time(default=None, nullable=True)
    accepted_at: datetime | None = _time(default=None, nullable=True)
    done_at: datetime | None = _time(default=None, nullable=True)

    @property
    def code(self) -> str:
        return f"P{self.id}"

    @property
    def what(self) -> str:
        return f"{self.model}{self.deliverable}" if self.model else self.deliverable

    @property
    def is_open(self) -> bool:
        return self.state not in SETTLED

    @property
    def is_ours(self) -> bool:
        return self.promiser == "us"

    def is_late(self, now: datetime, after: timedelta) -> bool:
        return self.is_open and self.due_at is not None and now >= self.due_at + after


class MirroredTask(SQLModel, table=True):
    """What stands for a promise in the list of tasks of whoever keeps it, in his IM: one task at
    a time."""

    __tablename__ = "mirrored_task"
    promise_id: int = Field(primary_key=True, foreign_key="promise.id")
    key: str = Field(unique=True)
    """32 characters of hex; the platform's idempotency key."""
    person_id: int = Field(foreign_key="person.id")
    address: str
    """The account whose list it is in."""
    task: str = Field(default="", index=True)
    """The platform and its id of the task ("feishu:<guid>"); empty until it is made."""
    title: str
    """As it reads there, like `due`."""
    due: datetime | None = _time(default=None, nullable=True)
    ended_at: datetime | None = _time(default=None, nullable=True)
    """When it was ticked off or deleted, here or there."""


class Appointment(SQLModel, table=True):
    """A meeting that a note speaks of, and the event it became in its author's calendar."""

    id: int | None = Field(default=None, primary_key=True)
    followup_id: int = Field(foreign_key="follow_up.id", unique=True)
    promise_id: int | None = Field(default=None, foreign_key="promise.id", index=True)
    """The promise that moves it; None: the next contact does."""
    begins: datetime = _time()
    ends: datetime = _time()
    state: str = "offered"
    """offered → wanted, once somebody asked for it, or dropped."""
    address: str = ""
    """Whose calendar holds it; empty until it is wanted."""
    key: str
    """Of the event at the platform: a repeated call makes no second one."""
    event: str = ""
    """The platform's id; empty until there is one."""
    shown_begins: datetime | None = _time(default=None, nullable=True)
    shown_ends: datetime | None = _time(default=None, nullable=True)
    """What the calendar shows."""
    busy: list[list[str]] = _json(list)
    """Beginnings and ends of what else is in the calendar at that time."""
    error: str = ""
    """Why the last call was refused."""

    @property
    def is_up_to_date(self) -> bool:
        return bool(self.event) and (self.shown_begins, self.shown_ends) == (self.begins, self.ends)

    def move(self, begins: datetime, ends: datetime) -> None:
        self.begins, self.ends, self.busy, self.error = begins, ends, [], ""


class LetterState(StrEnum):
    ASKED = "asked"
    WAITING = "waiting"
    """The platform has it; our member has to confirm it in his client."""
    SENT = "sent"
    UNCONFIRMED = "unconfirmed"
    """Nobody looks any more whether it was confirmed."""
    REFUSED = "refused"
    USED_UP = "used_up"
    """The customer may get no more of them in this month."""
    STOPPED = "stopped"
    """What it says holds no longer."""


LIVE_LETTERS = (LetterState.ASKED, LetterState.WAITING, LetterState.UNCONFIRMED)
"""Those that may still reach the customer."""


class Letter(SQLModel, table=True):
    """Words on a promise that reach a customer once our member confirms them in the IM."""

    id: int | None = Field(default=None, primary_key=True)
    promise_id: int = Field(foreign_key="promise.id")
    number: int
    """Of that promise, from 1: two at once cannot both be the next."""
    member: str
    """Address of our member."""
    external_id: str
    """Address of the customer ("wecom:wm…")."""
    text: str
    state: LetterState = Field(default=LetterState.ASKED, sa_type=AutoString)
    task: str = ""
    """The platform's id; empty until it has taken it."""
    looks: int = 0
    """How often we have asked what became of it."""
    error: str = ""
    created_at: datetime = _time()
    sent_at: datetime | None = _time(default=None, nullable=True)

    __table_args__ = (UniqueConstraint("promise_id", "number"),)


class Example(SQLModel, table=True):
    """What somebody put right: a field of a note, how we had understood it, what it became."""

    id: int | None = Field(default=None, primary_key=True)
    followup_id: int = Field(foreign_key="follow_up.id", index=True)
    person_id: int = Field(foreign_key="person.id")
    kind: str
    text: str = Field(sa_type=Sealed)
    """The note. Sealed like what it was changed from and to: words hold names."""
    was: str = Field(default="", sa_type=Sealed)
    became: str = Field(default="", sa_type=Sealed)
    words: str = Field(default="", sa_type=Sealed)
    """Those it was put right with, or that it rests on."""
    at: datetime = _time()

    # An id is never given twice: how many are kept is counted by it.
    __table_args__ = {"sqlite_autoincrement": True}


# What happened ---------------------------------------------------------------------------


class Fact(SQLModel, table=True):
    """An atomic, immutable business event with a snapshot of its context."""

    id: int | None = Field(default=None, primary_key=True)
    type: str = Field(index=True)
    at: datetime = _time(index=True)
    inbox_id: int | None = Field(default=None, index=True)
    """The inbox event it came from: lineage."""
    person_id: int | None = Field(default=None, index=True)
    """Who did it."""
    lead_id: int | None = Field(default=None, index=True)
    promise_id: int | None = Field(default=None, index=True)
    customer_id: int | None = Field(default=None, index=True)
    words: str = ""
    """The words it came from, verbatim."""
    data: dict[str, Any] = _json(dict)
    snapshot: dict[str, Any] = _json(dict)


# The runtime's own rows ------------------------------------------------------------------


class Inbox(SQLModel, table=True):
    """What reached us. Never deleted."""

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True)
    kind: str
    body: str = Field(sa_type=Sealed)
    """Sealed whole: what people write to us holds names and numbers."""
    lane: str
    received_at: datetime = _time()
    state: str = "new"
    """new → done, or parked after the last retry."""
    attempts: int = 0
    due: datetime = _time()
    error: str = ""
    """Traceback of the last failure."""
    handled_at: datetime | None = _time(default=None, nullable=True)

    __table_args__ = (
        Index("ix_inbox_ready", "state", "due"),
        Index("ix_inbox_lane", "lane", "state", "id"),
    )


class ShownCard(SQLModel, table=True):
    """A card that somebody has in a chat: one live card per matter (`slot`) and address."""

    __tablename__ = "shown_card"
    id: str = Field(primary_key=True)
    """12 characters of [0-9a-z]; the idempotency key on the platform."""
    address: str
    slot: str = ""
    subject: str = ""
    """The record it is about ("lead:3"), to find it again when somebody replies to it."""
    message_id: str = Field(default="", index=True)
    edit_codes: list[str] = _json(list)
    """Unused one-time rights to edit, oldest first (WeCom: from sending and from each click)."""
    person_id: int | None = None
    at: datetime = _time()

    __table_args__ = (Index("ix_shown_card_slot", "address", "slot"),)


class Outbox(SQLModel, table=True):
    """What is to be said, and what became of it."""

    id: int | None = Field(default=None, primary_key=True)
    card_id: str = Field(foreign_key="shown_card.id", index=True)
    address: str
    action: str
    """send, edit or welcome."""
    body: str
    once: str | None = Field(default=None, unique=True)
    inbox_id: int | None = Field(default=None, index=True)
    state: str = "queued"
    """queued → delivered, refused (with reason) or expired; on the way a notice may be held, then
    queued again or merged into another row."""
    attempts: int = 0
    due: datetime = _time()
    token: str = ""
    """Holder of the lease while somebody is sending it."""
    plain: bool = False
    """The platform refused the card at this address: its text goes instead."""
    tried: list[str] = _json(list)
    """Addresses of the same person that refused it before."""
    error: str = ""
    note: str = ""
    created_at: datetime = _time()
    expires_at: datetime | None = _time(default=None, nullable=True)
    held_at: datetime | None = _time(default=None, nullable=True)
    """When a low allowance kept it back."""
    settled_at: datetime | None = _time(default=None, nullable=True)

    __table_args__ = (
        Index("ix_outbox_ready", "state", "due"),
        Index("ix_outbox_lane", "address", "state", "id"),
    )


class Timer(SQLModel, table=True):
    """A moment to be woken at; the row goes when it fires."""

    id: int | None = Field(default=None, primary_key=True)
    name: str
    subject: int = 0
    data: dict[str, str] = _json(dict)
    due: datetime = _time(index=True)

    # An id is never given twice: the inbox knows for ever which timers have fired.
    __table_args__ = (UniqueConstraint("name", "subject"), {"sqlite_autoincrement": True})


class Job(SQLModel, table=True):
    """A slow call whose answer becomes an event; the row goes when it is answered."""

    id: int | None = Field(default=None, primary_key=True)
    name: str
    subject: int = 0
    data: dict[str, str] = _json(dict)
    attempts: int = 0
    due: datetime = _time(index=True)
    token: str = ""
    error: str = ""

    # An id is never given twice: the inbox knows for ever which jobs were answered.
    __table_args__ = {"sqlite_autoincrement": True}


class Spent(SQLModel, table=True):
    """What a service that costs money was asked on one day, by all processes together."""

    service: str = Field(primary_key=True)
    day: date = Field(primary_key=True)
    """Of the team's calendar."""
    calls: int = 0
    tokens: int = 0


class Usage(SQLModel, table=True):
    """How much of a platform's monthly allowance all processes together have used."""

    service: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    """"calls" of the platform's API, or "stream" for what it delivers to us."""
    month: str = Field(primary_key=True)
    """"2026-01", in China time."""
    used: int = 0


class Lease(SQLModel, table=True):
    """Which process alone may act in a name, such as that of a platform's long connection."""

    name: str = Field(primary_key=True)
    holder: str
    fence: int
    """Grows whenever the lease is taken; tells an earlier taking from a later one."""
    until: datetime = _time()
    seen_at: datetime | None = _time(default=None, nullable=True)
    """When a holder was last known to be connected; kept for the next one."""
