"""The loops of the program, started and stopped together."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from bot.clock import Clock
from bot.events import Event
from bot.platforms.protocol import Platform
from bot.router import Router
from bot.runtime.budget import Budget, Meter
from bot.runtime.delivery import Delivery
from bot.runtime.dispatch import Dispatcher, Heard, all_is_heard
from bot.runtime.jobs import Call, Jobs
from bot.runtime.leases import Leases
from bot.runtime.loop import Loop
from bot.runtime.timers import Timers
from cards.model import Card
from config.schema import Rules
from nlp.lexicon import Lexicon, default_lexicon
from storage import jobs, leases, parcels
from storage.db import Database

NO_BUDGETS: Mapping[str, Budget] = {}
GLANCE = 0.0005
"""Seconds between two looks while somebody waits for all work to be done."""


class Runtime:
    """Inbox, outbox, timers and jobs of one process."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        *,
        platforms: Mapping[str, Platform],
        routers: Sequence[Router],
        rules: Callable[[], Rules],
        lexicon: Callable[[], Lexicon] = default_lexicon,
        calls: Mapping[str, Call],
        sorry: Callable[[int], Card],
        budgets: Mapping[str, Budget] = NO_BUDGETS,
        heard: Heard = all_is_heard,
    ) -> None:
        self.db = db
        self.clock = clock
        self.dispatcher = Dispatcher(
            db,
            clock,
            routers=routers,
            rules=rules,
            lexicon=lexicon,
            calls=calls.keys(),
            sorry=sorry,
            after=self.ring,
            heard=heard,
        )
        self.meter = Meter(db, clock, budgets, after=self.dispatcher.ring)
        self.leases = Leases(db, clock)
        self.delivery = Delivery(db, clock, platforms, self.meter, after=self.dispatcher.ring)
        self.timers = Timers(db, clock, after=self.dispatcher.ring)
        self.jobs = Jobs(db, clock, calls=calls, after=self.dispatcher.ring)
        self._loops: tuple[Loop, ...] = (self.dispatcher, self.delivery, self.timers, self.jobs)
        clock.on_move(self.ring)

    async def accept(self, event: Event) -> bool:
        """Save an event before it is acknowledged; False when it was known already."""
        return await self.dispatcher.accept(event)

    def ring(self) -> None:
        for loop in self._loops:
            loop.ring()

    async def start(self) -> None:
        """Take up what an earlier process left. Only one process may run on SQLite, so all
        leases found there belong to the dead."""
        if self.db.engine.dialect.name == "sqlite":
            now = self.clock()
            await self.db.write(lambda db: parcels.release(db, now))
            await self.db.write(lambda db: jobs.release(db, now))
            await self.db.write(lambda db: leases.release_all(db, now))
        for loop in self._loops:
            loop.start()

    async def stop(self) -> None:
        for loop in self._loops:
            await loop.stop()

    async def settle(self) -> None:
        """Wait until nothing is left to do at the clock's present moment."""
        while not self._is_settled():  # noqa: ASYNC110  # four bells, not one
            await asyncio.sleep(GLANCE)

    async def advance(self, to: datetime) -> None:
        """Move the clock, stopping at every moment on the way at which something is due."""
        await self.settle()
        while (due := self._next_moment()) is not None and due <= to:
            self.clock.move_to(max(due, self.clock()))
            await self.settle()
        self.clock.move_to(max(to, self.clock()))
        await self.settle()

    def _is_settled(self) -> bool:
        if not all(loop.is_idle for loop in self._loops):
            return False
        due = self._next_moment()
        return due is None or due > self.clock()

    def _next_moment(self) -> datetime | None:
        return min((loop.due for loop in self._loops if loop.due is not None), default=None)
