"""A loop that works while there is work, and sleeps until the next moment or a bell."""

import asyncio
from datetime import datetime

import structlog

from bot.platforms.protocol import Now

log = structlog.get_logger()
LONGEST_SLEEP = 30.0
"""Seconds after which a loop looks again although nobody rang: another process may have written."""
PAUSE_AFTER_FAULT = 1.0


class Loop:
    """Subclasses do one round of work in `step` and say in `next_due` when there will be more."""

    def __init__(self, now: Now) -> None:
        self.now = now
        self._bell = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def step(self) -> bool:
        """Do what is ready; True when something was done, so that more may be ready."""
        raise NotImplementedError

    async def next_due(self) -> datetime | None:
        """When the next work will be ready; None when nothing is waiting."""
        raise NotImplementedError

    def ring(self) -> None:
        """Work may be ready: look now."""
        self._bell.set()

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
                if not await self.step():
                    await self._sleep()
            except Exception:  # a fault of the database must not end the loop
                log.exception("loop.fault", loop=type(self).__name__)
                await asyncio.sleep(PAUSE_AFTER_FAULT)

    async def _sleep(self) -> None:
        due = await self.next_due()
        seconds = (due - self.now()).total_seconds() if due else LONGEST_SLEEP
        try:
            async with asyncio.timeout(min(max(seconds, 0.001), LONGEST_SLEEP)):
                await self._bell.wait()
        except TimeoutError:
            return
