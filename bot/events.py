"""What can happen to the bot: frozen facts, each with the identity its source gave it.

People and conversations are addresses such as `feishu:ou_12` (a person) or `feishu:oc_9`
(a group): the platform's name and its own id. In a one-to-one chat the conversation is the
person's address.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, Literal, TypeVar, get_args

from pydantic import TypeAdapter

from cards.actions import Action
from cards.model import ActionText

A = TypeVar("A", bound=Action)
MessageKind = Literal["text", "voice", "image", "file", "person", "sticker", "other"]


@dataclass(frozen=True, slots=True)
class MessageReceived:
    """Somebody wrote to the bot, or spoke, or sent a picture."""

    key: str
    """Identity, unique over all platforms: `wecom:<corp>:<MsgId>`."""
    at: datetime
    sender: str
    chat: str
    text: str = ""
    """Mentions of the bot are removed; a voice message holds the platform's transcript if any, a
    file its name, anything else what it is in words (位置：…)."""
    kind: MessageKind = "text"
    media: str = ""
    """The platform's handle for fetching voice, picture or file; of a name card (`person`) the
    address of whoever it shows."""
    message_id: str = ""
    reply_to: str = ""
    """Platform id of the message that was answered or quoted; empty if none."""
    sender_name: str = ""
    in_group: bool = False
    overheard: bool = False
    """Said in a group without mentioning the bot, where a platform lets it hear such talk."""


@dataclass(frozen=True, slots=True)
class MessageRecalled:
    """Somebody took back a message in his client (Feishu)."""

    key: str
    at: datetime
    message: str
    """Key of the event that the message was."""


@dataclass(frozen=True, slots=True)
class ChatOpened:
    """Somebody opened the conversation with the bot for the first time (Feishu)."""

    key: str
    at: datetime
    sender: str


@dataclass(frozen=True, slots=True)
class GroupJoined:
    """The bot was put into a group."""

    key: str
    at: datetime
    chat: str
    external: bool = False
    """People of other companies are in it."""


@dataclass(frozen=True, slots=True)
class CardClicked(Generic[A]):
    """Somebody pressed a button or sent a form of one of our cards. A request, not a fact yet."""

    key: str
    at: datetime
    sender: str
    chat: str
    action: A
    card: str = ""
    """Our own id of the card that was clicked."""
    message_id: str = ""
    form: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Values of the form's inputs by name; days as YYYY-MM-DD."""
    edit_code: str = ""
    """A fresh right to edit this card, where a platform hands one out with each click (WeCom)."""
    sender_name: str = ""


@dataclass(frozen=True, slots=True)
class ContactAdded:
    """A customer and a member of ours became contacts (WeCom)."""

    key: str
    at: datetime
    member: str
    """Address of our member."""
    external_id: str
    """The platform's id of the customer."""
    state: str = ""
    """The channel the customer came through; empty if the platform gave none."""
    welcome_code: str = ""
    """Right to one welcome message within 20 s; empty if none was given."""
    mutual: bool = True
    """False while only the customer has added the member (WeCom "half" contact)."""


ContactChange = Literal["edited", "deleted", "left", "transfer_failed"]


@dataclass(frozen=True, slots=True)
class ContactChanged:
    """Something became of a customer and a member of ours who are contacts (WeCom)."""

    key: str
    at: datetime
    member: str
    """Address of our member."""
    external_id: str
    """The platform's id of the customer."""
    change: ContactChange
    """`deleted` by our member, `left` when the customer deleted our member."""
    by_transfer: bool = False
    """The member lost the customer because he was handed over to a colleague."""
    reason: str = ""
    """Why a transfer failed, in the platform's word."""


@dataclass(frozen=True, slots=True)
class LinkUsed:
    """Something happened to a link that brings customers (获客链接, WeCom)."""

    key: str
    at: datetime
    platform: str
    change: str
    """In the platform's word: `customer_start_chat`, `link_unavailable` …"""
    link: str = ""
    """The platform's id of the link."""
    state: str = ""
    """The channel the link was published on; empty if the platform gave none."""
    member: str = ""
    """Address of our member, where one is told."""
    external_id: str = ""
    chat_key: str = ""
    """Right to ask, within 30 minutes, who wrote; where no person is told."""


GroupChange = Literal["create", "update", "dismiss"]


@dataclass(frozen=True, slots=True)
class GroupChanged:
    """A group with customers was made, changed or dissolved (WeCom)."""

    key: str
    at: datetime
    group: str
    """Address of the group."""
    change: GroupChange
    detail: str = ""
    """What was updated, in the platform's word: `add_member` …"""
    members: int = 0
    """How many came or went."""


@dataclass(frozen=True, slots=True)
class PushRefused:
    """Something we had to say reached nobody: every channel of its receiver refused it."""

    key: str
    at: datetime
    outbox_id: int
    address: str
    """Where it was tried last."""
    reason: str
    person_id: int | None = None
    slot: str = ""
    """The matter it was about."""


@dataclass(frozen=True, slots=True)
class TimerFired:
    """A moment that somebody asked to be woken at has come."""

    key: str
    at: datetime
    """The moment that was asked for."""
    name: str
    subject: int = 0
    data: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class JobFinished:
    """The answer of a slow call (contact details, a file, a transcript)."""

    key: str
    at: datetime
    name: str
    subject: int = 0
    data: dict[str, str] = field(default_factory=dict)
    """What the caller passed along."""
    result: dict[str, Any] = field(default_factory=dict)
    error: str = ""
    """Why it finally failed; empty when it succeeded."""


@dataclass(frozen=True, slots=True)
class FilesChanged:
    """Rules or words were changed by hand and cannot be used, or can again."""

    key: str
    at: datetime
    problem: str = ""
    """File, key, value and remedy; empty when all is in order again."""


@dataclass(frozen=True, slots=True)
class QuotaLow:
    """Little is left of what a platform allows in this month."""

    key: str
    at: datetime
    platform: str
    kind: str
    """"calls" or "stream"."""
    used: int
    allowed: int


@dataclass(frozen=True, slots=True)
class WasOffline:
    """Nobody was connected to a platform for a while; `at` is when somebody was again."""

    key: str
    at: datetime
    platform: str
    since: datetime


@dataclass(frozen=True, slots=True)
class TaskChanged:
    """Something became of a task of ours in somebody's own list (Feishu's tasks, DingTalk's
    todos)."""

    key: str
    at: datetime
    task: str
    """The platform's name, and its id of the task or our own key of it."""
    change: Literal["done", "deleted"]
    sender: str = ""
    """Who did it; empty where the platform does not say: then it has to be asked."""


Event = (
    MessageReceived
    | CardClicked[Action]
    | ContactAdded
    | ContactChanged
    | LinkUsed
    | GroupChanged
    | PushRefused
    | MessageRecalled
    | ChatOpened
    | GroupJoined
    | TimerFired
    | JobFinished
    | FilesChanged
    | QuotaLow
    | WasOffline
    | TaskChanged
)

_STORED: dict[str, TypeAdapter[Any]] = {
    kind.__name__: TypeAdapter(kind) for kind in get_args(Event) if isinstance(kind, type)
}
_STORED["CardClicked"] = TypeAdapter(CardClicked[ActionText])


def dump(event: Event) -> tuple[str, str]:
    """Kind and JSON text of an event, for the inbox."""
    kind = type(event).__name__
    return kind, _STORED[kind].dump_json(event, exclude_defaults=True).decode()


def load(kind: str, text: str) -> Event:
    """The event that `dump` stored. Raises pydantic.ValidationError, KeyError on a foreign kind."""
    event: Event = _STORED[kind].validate_json(text)
    return event


def lane(event: Event) -> str:
    """Events of one lane are handled one after the other, in the order they were saved."""
    match event:
        case MessageReceived() | CardClicked() | GroupJoined():
            name = event.chat
        case ChatOpened():
            name = event.sender
        case MessageRecalled():
            name = event.message
        case ContactAdded() | ContactChanged():
            name = event.external_id
        case LinkUsed():
            name = event.external_id or event.link or event.platform
        case GroupChanged():
            name = event.group
        case TimerFired() | JobFinished():
            name = f"{event.name}/{event.subject}"
        case TaskChanged():
            name = event.task
        case FilesChanged() | QuotaLow() | WasOffline() | PushRefused():
            name = type(event).__name__
    return name
