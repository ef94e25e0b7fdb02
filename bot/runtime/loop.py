"""A loop that works while there is work, and sleeps until the next moment or a bell."""

import asyncio
from collections.abc import Coroutine
from datetime import datetime
from typing import Any, NamedTuple

import structlog

from bot.platforms.protocol import Now

log = structlog.get_logger()
LONGEST_SLEEP = 30.0
"""Seconds after which a loop looks again although nobody rang: another process may have written."""
PAUSE_AFTER_FAULT = 1.0
GRACE = 5.0
"""Seconds that errands on their way have for coming home when the loop is stopped."""


class Round(NamedTuple):
    """What one look came to."""

    worked: bool
    """Something was done, so that more may be ready."""
    due: datetime | None = None
    """When nothing was: the moment at which there will be work; None if nothing waits."""


class Loop:
    """Subclasses do one round of work in `step`."""

    def __init__(self, now: Now) -> None:
        self.now = now
        self._bell = asyncio.Event()
        self._sleeping = False
        self.due: datetime | None = None
        """When there will be work, as of the last look that found none."""
        self.longest_sleep = LONGEST_SLEEP
        self._task: asyncio.Task[None] | None = None

    async def step(self) -> Round:
        """Do what is ready."""
        raise NotImplementedError

    def ring(self) -> None:
        """Work may be ready: look now."""
        self._bell.set()

    @property
    def is_idle(self) -> bool:
        """It has looked since the last bell, and found nothing."""
        return self._sleeping and not self._bell.is_set()

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name=type(self).__name__)

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            self._bell.clear()
            try:
                look = await self.step()
                if not look.worked:
                    await self._sleep(look.due)
            except Exception:  # a fault of the database must not end the loop
                log.exception("loop.fault", loop=type(self).__name__)
                await asyncio.sleep(PAUSE_AFTER_FAULT)

    async def _sleep(self, due: datetime | None) -> None:
        seconds = (due - self.now()).total_seconds() if due else self.longest_sleep
        self.due, self._sleeping = due, True
        try:
            async with asyncio.timeout(min(max(seconds, 0.001), self.longest_sleep)):
                await self._bell.wait()
        except TimeoutError:
            return
        finally:
            self._sleeping = False


class Errands(Loop):
    """A loop that sends errands out into the world, beside each other: none waits for another."""

    def __init__(self, now: Now, *, at_once: int) -> None:
        super().__init__(now)
        self._at_once = at_once
        self._out: set[asyncio.Task[None]] = set()

    @property
    def free(self) -> int:
        """How many more may set out."""
        return self._at_once - len(self._out)

    @property
    def is_idle(self) -> bool:
        return super().is_idle and not self._out

    def set_out(self, errand: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(errand)
        self._out.add(task)
        task.add_done_callback(self._home)

    async def stop(self) -> None:
        """Nobody sets out any more, and whoever is out may come home with a receipt."""
        await super().stop()
        if self._out:
            _, late = await asyncio.wait(self._out, timeout=GRACE)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def _home(self, task: asyncio.Task[None]) -> None:
        self._out.discard(task)
        if not task.cancelled() and (fault := task.exception()) is not None:
            log.error("errand.fault", loop=type(self).__name__, exc_info=fault)
        self.ring()
