"""A loop that works while there is work, and sleeps until the next moment or a bell."""

import asyncio
from datetime import datetime
from typing import NamedTuple

import structlog

from bot.platforms.protocol import Now

log = structlog.get_logger()
LONGEST_SLEEP = 30.0
"""Seconds after which a loop looks again although nobody rang: another process may have written."""
PAUSE_AFTER_FAULT = 1.0


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
        seconds = (due - self.now()).total_seconds() if due else LONGEST_SLEEP
        self._sleeping = True
        try:
            async with asyncio.timeout(min(max(seconds, 0.001), LONGEST_SLEEP)):
                await self._bell.wait()
        except TimeoutError:
            return
        finally:
            self._sleeping = False
