"""What a note was understood to mean: every slot with its words, its rule and its doubts."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, Literal, TypeVar

from nlp.time.types import TimeSpan

T = TypeVar("T")

Promiser = Literal["us", "customer"]
PromiseState = Literal["open", "question", "done", "cancelled"]


@dataclass(frozen=True, slots=True)
class Slot(Generic[T]):
    """One understood value together with the words it came from."""

    value: T
    text: str
    """Verbatim words."""
    begin: int
    finish: int
    rule: str
    confidence: float = 1.0
    assumed: str = ""
    """In Chinese; empty when everything was said."""


@dataclass(frozen=True, slots=True)
class PromiseFound:
    """A deliverable or an action that one side owes the other. Fields follow the label guide."""

    text: str
    begin: int
    finish: int
    deliverable: str
    kind: str
    promiser: Promiser
    state: PromiseState
    conditional: bool
    due: TimeSpan | None
    rule: str
    owner: str = ""
    """The person named as the one who does it, verbatim; never guessed."""
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class Correction:
    """What a writer wants changed in what was understood last ("不对，是下周四", "是X2型号")."""

    text: str
    due: TimeSpan | None = None
    model: str = ""
    """New product model or deliverable detail, verbatim ("X2型号")."""
    deliverable: str = ""
    amount: int | None = None
    person: str = ""
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Doubt:
    """The one question worth asking about a note (`nlp/doubts.py` chooses and words it)."""

    about: Literal["day", "when", "promise", "stage", "tag"]
    """Which of two days; by when; whether it is a promise, that stage, that tag."""
    words: str
    """Verbatim."""
    begin: int
    """Where the slot in question begins: for a day its time, else the promise or the slot."""
    value: str = ""
    """Of a stage or a tag its id, of a promise what is owed."""
    promiser: Promiser = "us"
    days: Sequence[TimeSpan] = ()
    """To choose from, in their order."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything that was understood in one note."""

    text: str
    now: datetime
    people: Sequence[Slot[str]] = ()
    company: Slot[str] | None = None
    tags: Sequence[Slot[str]] = ()
    stage: Slot[str] | None = None
    amount: Slot[int] | None = None
    """In yuan."""
    next_contact: Slot[TimeSpan] | None = None
    expected_close: Slot[TimeSpan] | None = None
    promises: Sequence[PromiseFound] = ()
    models: Sequence[Slot[str]] = ()
    """Product models named ("X2型号")."""
    times: Sequence[TimeSpan] = ()
    summary: str = ""
    """At most 30 characters."""
    doubt: Doubt | None = None
    """None when the reading is sure."""

    @property
    def is_chat(self) -> bool:
        """Nothing a sales log would keep: no card is shown for it."""
        return not (
            self.tags
            or self.stage
            or self.amount
            or self.next_contact
            or self.expected_close
            or self.promises
        )


@dataclass(frozen=True, slots=True)
class ReadContext:
    """What the reader may know beside the text."""

    role: str = "sales"
    customers: Sequence[str] = field(default=())
    """Names of the customer organisations, for matching companies."""
    contacts: Sequence[str] = field(default=())
    """Names of known people, customer side and internal."""
