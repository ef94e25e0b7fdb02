"""What a platform can do for the bot, and how it fails."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from aiohttp import web

from bot.events import Event
from cards.model import Card

Accept = Callable[[Event], Awaitable[bool]]
"""Saves an event before it is acknowledged; False means it was already known."""

Now = Callable[[], datetime]
"""The one clock of the program; aware."""


class Spend(Protocol):
    """Counts one use of a monthly allowance ("calls", "stream"); all of it when the platform says
    that nothing is left."""

    async def __call__(self, kind: str, *, all_of_it: bool = False) -> None: ...


async def uncounted(kind: str, *, all_of_it: bool = False) -> None:
    """Where nobody meters."""


class PlatformError(Exception):
    """A call to a platform failed. The text is for operators and holds no secret."""


class RateLimited(PlatformError):
    """Too many calls; come back after `retry_after` seconds."""

    def __init__(self, message: str, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unauthorized(PlatformError):
    """Credentials or permissions are wrong, and a fresh token did not help."""


class Rejected(PlatformError):
    """The platform refused the request itself; repeating it is of no use."""

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class EditRefused(Rejected):
    """This card can no longer be edited (its right is used up or expired, or it was withdrawn).
    `unused`: not because an earlier try took effect without our hearing of it."""

    def __init__(self, message: str, code: str = "", *, unused: bool = False) -> None:
        super().__init__(message, code)
        self.unused = unused


class Unreachable(PlatformError):
    """No answer, or a passing fault of theirs: it may or may not have taken effect; try again."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A receipt. `message_id` is the platform's id; `edit_code` the one-time right to edit."""

    message_id: str
    edit_code: str = ""
    note: str = ""
    """What was degraded or cannot be guaranteed, for the receipt ("no idempotency key")."""


class CustomerDesk(Protocol):
    """Customer contact beside the chat (WeCom's 客户联系). Members are addresses, customers the
    platform's own ids."""

    async def open_channel(
        self, state: str, name: str, members: Sequence[str], *, asks: bool
    ) -> dict[str, Any]:
        """Make a code that customers scan; `asks`: the member confirms each. `config_id` and
        `picture_url`."""

    async def change_channel(
        self, config_id: str, state: str, name: str, members: Sequence[str], *, asks: bool
    ) -> None: ...

    async def close_channel(self, config_id: str) -> None: ...

    async def write_tags(
        self, member: str, external_id: str, add: Sequence[str], remove: Sequence[str]
    ) -> None:
        """Put tags on a member's customer, by their names, and take others away."""

    async def hand_over(
        self,
        member: str,
        external_id: str,
        text: str,
        *,
        since: datetime,
        known: Collection[str],
    ) -> dict[str, Any]:
        """Words that reach the customer once the member confirms them: the `task`. One that an
        earlier try since then has made is found again; `known` are tasks from before."""

    async def look_after(self, member: str, external_id: str, task: str) -> dict[str, Any]:
        """`state`: waiting, sent (with the Unix second `at`), gone or used_up."""

    async def stop(self, member: str, external_id: str, task: str) -> dict[str, Any]:
        """Let it not be confirmed any more; what `look_after` would say now."""

    async def link(self, link_id: str, chat_key: str) -> dict[str, Any]:
        """A link that brings customers: name, and member, external_id, state of who wrote."""

    async def colleague(self, member: str) -> dict[str, Any]:
        """What the directory knows of a member: name."""


@runtime_checkable
class KeepsCustomers(Protocol):
    """A platform that has such a desk."""

    @property
    def desk(self) -> CustomerDesk: ...


@dataclass(frozen=True, slots=True)
class CalendarEvent:
    """A meeting as it shall stand in somebody's calendar. Times are aware."""

    title: str
    """At most 128 characters."""
    text: str
    """At most 1 000 characters."""
    begins: datetime
    ends: datetime
    remind_minutes: int = 15
    """Before it begins, where an app can set that for somebody."""


class Calendar(Protocol):
    """Events in a colleague's own calendar. `who` is an address."""

    async def add(self, who: str, event: CalendarEvent, *, key: str) -> str:
        """The event's id. Safe to repeat with the same `key` (32 characters), or Rejected where
        what became of a try is not known."""

    async def move(self, who: str, event_id: str, event: CalendarEvent) -> None: ...

    async def remove(self, who: str, event_id: str) -> None:
        """One that is gone already is no error."""


@runtime_checkable
class KeepsCalendar(Protocol):
    """A platform that has such calendars."""

    @property
    def calendar(self) -> Calendar: ...


@runtime_checkable
class TellsBusy(Protocol):
    """A calendar that can be asked when somebody is busy."""

    async def busy(
        self, who: str, begins: datetime, ends: datetime
    ) -> Sequence[tuple[datetime, datetime]]:
        """What lies between the two moments, wholly or in part."""


class TaskGone(Rejected):
    """There is no such task any more."""


@dataclass(frozen=True, slots=True)
class Task:
    """Something to do, for the list of tasks that an IM keeps beside the chats."""

    key: str
    """Ours, 32 characters of hex: adding the same one twice makes one task."""
    title: str
    about: str = ""
    due: datetime | None = None


class TaskList(Protocol):
    """Tasks (Feishu) or todos (DingTalk) of people, who are the platform's own ids. What is gone
    raises TaskGone."""

    async def add(self, person: str, task: Task) -> str:
        """The platform's id; empty when the task is there and its id cannot be learnt."""

    async def move(self, person: str, task_id: str, task: Task) -> None:
        """Another title or another time."""

    async def finish(self, person: str, task_id: str, at: datetime) -> None: ...

    async def drop(self, person: str, task_id: str) -> None: ...

    async def is_done(self, person: str, task_id: str) -> bool:
        """Whether this very person has ticked it off."""


@runtime_checkable
class KeepsTasks(Protocol):
    """A platform that has such lists."""

    @property
    def tasks(self) -> TaskList: ...


@runtime_checkable
class SendsOnOneLine(Protocol):
    """A platform that sends over its long connection, which one process alone has."""

    @property
    def out_of_reach(self) -> Sequence[str]:
        """Beginnings of addresses that only another process can write to at present."""


@runtime_checkable
class WatchesALine(Protocol):
    """A platform whose long connection takes a clock that jumps for a machine that slept."""

    def clock_moved(self) -> None:
        """Somebody has put the program's clock on, in the playground: nobody slept."""


class Platform(Protocol):
    """One IM, both ways. Implemented by `bot/platforms/<name>/adapter.py`.

    Addresses in calls are complete ("wecom:zhang.wei"). `card_id` is our own id of the card
    (12 characters of [0-9a-z]); it is the platform's idempotency key on sending and comes back
    with every click.
    """

    name: str

    def routes(self, accept: Accept) -> Sequence[web.RouteDef]:
        """HTTP routes of the callback, below `/callback/<name>`; empty on long connections."""

    async def start(self, accept: Accept) -> None:
        """Open what has to be open (HTTP session, long connection). Returns when running."""

    async def stop(self) -> None: ...

    async def send(self, to: str, card: Card, *, card_id: str) -> Sent:
        """Deliver a new card (or text). Safe to repeat with the same `card_id`."""

    async def edit(self, to: str, sent: Sent, card: Card, *, card_id: str) -> Sent:
        """Replace a card in place. Raises EditRefused when that is no longer possible."""

    async def welcome(self, code: str, text: str) -> None:
        """Greet a new contact (WeCom only; Rejected elsewhere)."""

    async def contact(self, external_id: str) -> dict[str, Any]:
        """What the platform knows of a customer: name, company, position, mobiles, state, unionid,
        followers (WeCom only; Rejected elsewhere). Missing values are missing keys."""

    async def fetch(self, media: str, *, limit: int = 20 * 1024 * 1024) -> tuple[bytes, str]:
        """Bytes and content type of a file that a message referred to."""

    @property
    def health(self) -> str:
        """One line for operators: connected since when, last frame, refusals."""
