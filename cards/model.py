"""What a card says, free of any platform.

A card is one matter on one screen: a headline, a few facts, perhaps something to choose or
to write, and buttons. Builders fill it; `cards/render/*` turns it into a platform's payload and
must lose nothing: what a platform cannot show becomes text. A plain sentence is the smallest
card: `Card(text="记下了")`.
"""

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal

from pydantic import BeforeValidator, Discriminator, PlainSerializer, TypeAdapter

from cards.actions import Action, decode

Tone = Literal["neutral", "info", "good", "warn", "bad"]
Style = Literal["default", "primary", "danger"]

ActionText = Annotated[
    Action,
    BeforeValidator(lambda value: decode(value) if isinstance(value, str) else value),
    PlainSerializer(lambda action: action.encode(), return_type=str),
]
"""An action that is stored as its string."""


@dataclass(frozen=True, slots=True)
class Field:
    """One fact: a short name (at most 5 characters shows whole on WeCom) and its value."""

    name: str
    value: str
    was: str = ""
    """The earlier value, shown as a difference (was → value)."""
    url: str = ""
    tick: ActionText | None = None
    """Ticking it off asks for this, where cards have boxes to tick; a note says what to type."""


@dataclass(frozen=True, slots=True)
class Button:
    """`typed` is the equivalent in words, for platforms and people without buttons ("接单 P12")."""

    text: str
    action: ActionText | None = None
    url: str = ""
    style: Style = "default"
    typed: str = ""


@dataclass(frozen=True, slots=True)
class Option:
    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Choice:
    """Pick one, or several when `many`."""

    name: str
    title: str
    options: tuple[Option, ...]
    selected: tuple[str, ...] = ()
    many: bool = False
    kind: Literal["choice"] = "choice"


@dataclass(frozen=True, slots=True)
class TextInput:
    """A sentence in the person's own words. Where a platform's cards cannot ask for text, the
    renderer says that a plain message does the same, and `typed` shows how."""

    name: str
    title: str
    hint: str = ""
    typed: str = ""
    kind: Literal["text"] = "text"


@dataclass(frozen=True, slots=True)
class DateInput:
    """A day. `suggested` days are offered as options where a platform has no date picker."""

    name: str
    title: str
    suggested: tuple[date, ...] = ()
    selected: date | None = None
    typed: str = ""
    kind: Literal["date"] = "date"


Input = Annotated[Choice | TextInput | DateInput, Discriminator("kind")]


@dataclass(frozen=True, slots=True)
class Form:
    """Inputs that are sent together by one button whose action is `submit.action`."""

    inputs: tuple[Input, ...]
    submit: Button


@dataclass(frozen=True, slots=True)
class Card:
    """Order on every platform: title, text, fields, quote, notes, form, buttons.

    `text` may hold several lines and `**bold**`; nothing else is markup. A card with neither
    title nor fields nor buttons is a plain text message.
    """

    text: str = ""
    title: str = ""
    subtitle: str = ""
    tone: Tone = "neutral"
    fields: tuple[Field, ...] = ()
    quote: str = ""
    """Somebody's own words, shown as a quotation."""
    notes: tuple[str, ...] = ()
    """Small print: how something was counted, what was assumed."""
    form: Form | None = None
    buttons: tuple[Button, ...] = ()
    closed: bool = False
    """The matter is settled: buttons have gone, `replace` tells what was chosen."""
    replace: str = ""

    @property
    def is_plain(self) -> bool:
        return not (self.title or self.fields or self.form or self.buttons)


_ADAPTER = TypeAdapter(Card)


def dump(card: Card) -> str:
    """The card as JSON text, for the outbox."""
    return _ADAPTER.dump_json(card).decode()


def load(text: str) -> Card:
    """The card that `dump` stored. Raises pydantic.ValidationError."""
    return _ADAPTER.validate_json(text)
