"""Which handler an event goes to: the first that wants it."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from bot.context import Context
from bot.events import (
    CardClicked,
    ChatOpened,
    ContactAdded,
    ContactChange,
    ContactChanged,
    Event,
    FilesChanged,
    GroupChanged,
    GroupJoined,
    JobFinished,
    LinkUsed,
    MessageRecalled,
    MessageReceived,
    PushRefused,
    QuotaLow,
    TaskChanged,
    TimerFired,
    WasOffline,
)
from cards.actions import Action

A = TypeVar("A", bound=Action)
Handler = Callable[[Any, Context], None]
Wants = Callable[[Any, Context], bool]
H = TypeVar("H", bound=Handler)


class Router:
    """The handlers of one feature, in the order they are tried."""

    def __init__(self) -> None:
        self._handlers: list[tuple[Wants, Handler]] = []

    def message(
        self, wants: Callable[[MessageReceived, Context], bool]
    ) -> Callable[
        [Callable[[MessageReceived, Context], None]], Callable[[MessageReceived, Context], None]
    ]:
        return self._add(lambda e, ctx: isinstance(e, MessageReceived) and wants(e, ctx))

    def action(
        self, kind: type[A]
    ) -> Callable[
        [Callable[[CardClicked[A], Context], None]], Callable[[CardClicked[A], Context], None]
    ]:
        return self._add(lambda e, _: isinstance(e, CardClicked) and isinstance(e.action, kind))

    def click(
        self, wants: Callable[[CardClicked[Action], Context], bool]
    ) -> Callable[
        [Callable[[CardClicked[Action], Context], None]],
        Callable[[CardClicked[Action], Context], None],
    ]:
        """Any click that fits, whatever its action."""
        return self._add(lambda e, ctx: isinstance(e, CardClicked) and wants(e, ctx))

    def contact(
        self,
    ) -> Callable[
        [Callable[[ContactAdded, Context], None]], Callable[[ContactAdded, Context], None]
    ]:
        return self._add(lambda e, _: isinstance(e, ContactAdded))

    def contact_change(
        self, change: ContactChange
    ) -> Callable[
        [Callable[[ContactChanged, Context], None]], Callable[[ContactChanged, Context], None]
    ]:
        return self._add(lambda e, _: isinstance(e, ContactChanged) and e.change == change)

    def link(
        self, wants: Callable[[LinkUsed, Context], bool]
    ) -> Callable[[Callable[[LinkUsed, Context], None]], Callable[[LinkUsed, Context], None]]:
        return self._add(lambda e, ctx: isinstance(e, LinkUsed) and wants(e, ctx))

    def group(
        self,
    ) -> Callable[
        [Callable[[GroupChanged, Context], None]], Callable[[GroupChanged, Context], None]
    ]:
        return self._add(lambda e, _: isinstance(e, GroupChanged))

    def refusal(
        self,
    ) -> Callable[[Callable[[PushRefused, Context], None]], Callable[[PushRefused, Context], None]]:
        return self._add(lambda e, _: isinstance(e, PushRefused))

    def recall(
        self,
    ) -> Callable[
        [Callable[[MessageRecalled, Context], None]], Callable[[MessageRecalled, Context], None]
    ]:
        return self._add(lambda e, _: isinstance(e, MessageRecalled))

    def opening(
        self,
    ) -> Callable[[Callable[[ChatOpened, Context], None]], Callable[[ChatOpened, Context], None]]:
        return self._add(lambda e, _: isinstance(e, ChatOpened))

    def joining(
        self,
    ) -> Callable[[Callable[[GroupJoined, Context], None]], Callable[[GroupJoined, Context], None]]:
        return self._add(lambda e, _: isinstance(e, GroupJoined))

    def timer(
        self, name: str
    ) -> Callable[[Callable[[TimerFired, Context], None]], Callable[[TimerFired, Context], None]]:
        return self._add(lambda e, _: isinstance(e, TimerFired) and e.name == name)

    def job(
        self, name: str
    ) -> Callable[[Callable[[JobFinished, Context], None]], Callable[[JobFinished, Context], None]]:
        """The answer of that call, whichever platform it was made to ("calendar.write:feishu")."""
        return self._add(
            lambda e, _: isinstance(e, JobFinished) and e.name.partition(":")[0] == name
        )

    def files(
        self,
    ) -> Callable[
        [Callable[[FilesChanged, Context], None]], Callable[[FilesChanged, Context], None]
    ]:
        return self._add(lambda e, _: isinstance(e, FilesChanged))

    def quota(
        self,
    ) -> Callable[[Callable[[QuotaLow, Context], None]], Callable[[QuotaLow, Context], None]]:
        return self._add(lambda e, _: isinstance(e, QuotaLow))

    def offline(
        self,
    ) -> Callable[[Callable[[WasOffline, Context], None]], Callable[[WasOffline, Context], None]]:
        return self._add(lambda e, _: isinstance(e, WasOffline))

    def task(
        self,
    ) -> Callable[[Callable[[TaskChanged, Context], None]], Callable[[TaskChanged, Context], None]]:
        return self._add(lambda e, _: isinstance(e, TaskChanged))

    def _add(self, wants: Wants) -> Callable[[H], H]:
        def register(handler: H) -> H:
            self._handlers.append((wants, handler))
            return handler

        return register

    def find(self, event: Event, ctx: Context) -> Handler | None:
        return next((handler for wants, handler in self._handlers if wants(event, ctx)), None)


def route(routers: Iterable[Router], event: Event, ctx: Context) -> bool:
    """Hand the event to the first handler that wants it; False when nobody does."""
    for router in routers:
        handler = router.find(event, ctx)
        if handler is not None:
            handler(event, ctx)
            return True
    return False
