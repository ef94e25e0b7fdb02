"""One owner of each long connection among all processes: leases in the database.

A holder renews often and gives up while there is still time to close, so that two processes are
never connected together. One that dies holds on until its lease runs out. `hold` is what a keeper
of connections asks for; another keeper of leases (Redis) would offer the same.
"""

import asyncio
import os
import secrets
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from bot.platforms.keeper import Held
from bot.platforms.protocol import Now
from storage import leases
from storage.db import Database
from storage.leases import Taken

T = TypeVar("T")

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Terms:
    """Seconds, of the program's clock where it is compared, else real ones."""

    lease_seconds: float = 15.0
    renew_seconds: float = 3.0
    write_seconds: float = 2.0
    """How long one writing may take."""
    margin_seconds: float = 8.0
    """Kept for the last try and for closing, before the lease runs out."""
    retry_seconds: float = 2.0
    """Between two looks whether a lease of somebody else has run out."""


SLOW = Terms(lease_seconds=60.0, renew_seconds=20.0, margin_seconds=20.0)
"""For a database that one process has for itself: nobody waits, and each renewal costs a sync."""
TROUBLE = (SQLAlchemyError, TimeoutError, RuntimeError)
"""A database that does not answer, or is closed."""


class Leases:
    """Of one process."""

    def __init__(self, db: Database, now: Now, *, terms: Terms | None = None) -> None:
        self._db = db
        self._now = now
        usual = SLOW if db.engine.dialect.name == "sqlite" else Terms()
        self._terms = terms or usual
        self._process = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"

    @asynccontextmanager
    async def hold(
        self, name: str, *, waits: Callable[[], None] = lambda: None
    ) -> AsyncIterator[Held]:
        """Waits until this process alone may act in that name; gives it up at the end."""
        holder, held = f"{self._process}:{name}", Held()
        try:
            until, taken = await self._take(name, holder, waits)
            held.seen_at = taken.seen_at
            renewing = asyncio.create_task(self._keep(name, taken.fence, until, held))
            try:
                yield held
            finally:
                renewing.cancel()
                await asyncio.gather(renewing, return_exceptions=True)
        finally:
            await self._release(holder, held)

    async def _take(
        self, name: str, holder: str, waits: Callable[[], None]
    ) -> tuple[datetime, Taken]:
        while True:
            now = self._now()
            until = now + timedelta(seconds=self._terms.lease_seconds)
            taken = await self._try(_taking(name, holder, now, until))
            if taken is not None:
                log.info("lease.taken", name=name, holder=holder, fence=taken.fence)
                return until, taken
            waits()
            await asyncio.sleep(self._terms.retry_seconds)

    async def _keep(self, name: str, fence: int, until: datetime, held: Held) -> None:
        """Renews until that fails for so long that the lease has to be given up."""
        terms, margin = self._terms, timedelta(seconds=self._terms.margin_seconds)
        while True:
            left = (until - margin - self._now()).total_seconds()
            await asyncio.sleep(min(max(left, 0.0), terms.renew_seconds))
            now = self._now()
            renewed_until = now + timedelta(seconds=terms.lease_seconds)
            renewed = await self._renew(name, fence, renewed_until, held)
            if renewed:
                until = renewed_until
            elif renewed is False or self._now() >= until - margin:
                reason = "no answer from the database" if renewed is None else "taken by another"
                log.warning("lease.lost", name=name, fence=fence, reason=reason)
                held.lost.set()
                return

    async def _renew(self, name: str, fence: int, until: datetime, held: Held) -> bool | None:
        """None when it is not known whether it was renewed."""
        seen_at = held.seen_at = _seen_at(held)
        return await self._try(lambda db: leases.renew(db, name, fence, until, seen_at=seen_at))

    async def _release(self, holder: str, held: Held) -> None:
        now, seen_at = self._now(), _seen_at(held)
        await self._try(lambda db: leases.release(db, holder, now, seen_at=seen_at))

    async def _try(self, work: Callable[[Session], T]) -> T | None:
        """None when the database does not answer in time."""
        try:
            async with asyncio.timeout(self._terms.write_seconds):
                return await self._db.write(work, urgent=True)
        except TROUBLE as problem:
            log.warning("lease.not_written", reason=type(problem).__name__)
            return None


def _seen_at(held: Held) -> datetime | None:
    seen = (held.seen_at, held.connected_at())
    return max((moment for moment in seen if moment is not None), default=None)


def _taking(
    name: str, holder: str, now: datetime, until: datetime
) -> Callable[[Session], Taken | None]:
    return lambda db: leases.take(db, name, holder, now, until)
