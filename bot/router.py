"""Which handler an event goes to: the first that wants it."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from bot.context import Context
from bot.events import CardClicked, Event, JobFinished, MessageReceived, TimerFired
from cards.actions import Action

A = TypeVar("A", bound=Action)
E = TypeVar("E", bound=Event)
Handler = Callable[[Any, Context], None]
Wants = Callable[[Any, Context], bool]
H = TypeVar("H", bound=Handler)


class Router:
    """The handlers of one feature, in the order they are tried."""

    def __init__(self) -> None:
        self._handlers: list[tuple[Wants, Handler]] = []

    def on(
        self, kind: type[E], wants: Callable[[E, Context], bool] = lambda _event, _ctx: True
    ) -> Callable[[Callable[[E, Context], None]], Callable[[E, Context], None]]:
        """Events of that kind, or those of them that fit."""
        return self._add(lambda e, ctx: isinstance(e, kind) and wants(e, ctx))

    def message(
        self, wants: Callable[[MessageReceived, Context], bool]
    ) -> Callable[
        [Callable[[MessageReceived, Context], None]], Callable[[MessageReceived, Context], None]
    ]:
        return self.on(MessageReceived, wants)

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
