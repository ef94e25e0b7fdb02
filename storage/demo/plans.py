"""What is written down of a lead before it happens; days are working days."""

from enum import StrEnum

from pydantic import Field

from storage.demo.data import Shape


class Came(StrEnum):
    """What came of a promise."""

    PENDING = "pending"
    COUNTERED = "countered"
    REFUSED = "refused"
    ACCEPTED = "accepted"
    AGREED = "agreed"
    DONE = "done"
    LATE = "late"
    CANCELLED = "cancelled"


class Word(Shape):
    """A promise within a sentence."""

    kind: str
    deliverable: str
    text: str
    days: int
    """From the sentence to the last admissible day."""
    promiser: str = "us"
    owner: str = ""
    """Who delivers, where several could."""
    came: Came = Came.DONE


class Touch(Shape):
    back: int
    """Days before today."""
    said: str
    stage: str = ""
    tags: tuple[str, ...] = ()
    promise: Word | None = None


class Plan(Shape):
    source: str
    channel: str
    said: str
    began: int
    """Days before today."""
    touches: tuple[Touch, ...] = ()
    amount: int | None = None
    next: int | None = Field(default=None, ge=0)
    """Days from today to the next contact."""
    close: int | None = Field(default=None, ge=0)
    """Days from today to the expected close."""
