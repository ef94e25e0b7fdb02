"""Slow calls are made here, outside of any transaction; their answers become events."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from sqlmodel import Session

from bot import events
from bot.events import JobFinished
from bot.platforms.protocol import Now, PlatformError, Rejected
from bot.runtime.loop import Errands, Round
from storage import inbox, jobs
from storage.db import Database
from storage.models import Job

log = structlog.get_logger()
Call = Callable[[dict[str, str]], Awaitable[dict[str, Any]]]
TIMEOUT = 45.0
"""Seconds; below the lease, so that nobody else takes a job that still runs."""
AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Errand:
    """One job row, read out of its session."""

    id: int
    name: str
    subject: int
    data: dict[str, str]
    token: str


class Jobs(Errands):
    """`calls` holds what each job name means."""

    def __init__(
        self, db: Database, now: Now, *, calls: Mapping[str, Call], after: Callable[[], None]
    ) -> None:
        super().__init__(now, at_once=AT_ONCE)
        self.db = db
        self._calls = calls
        self._after = after

    async def step(self) -> Round:
        if not self.free:
            return Round(worked=False)
        errands, due = await self.db.write(self._claim)
        for errand in errands:
            self.set_out(self._do(errand))
        return Round(bool(errands), due)

    def _claim(self, db: Session) -> tuple[list[Errand], datetime | None]:
        rows = jobs.claim(db, self.now(), secrets.token_hex(8), self.free)
        return [_errand(row) for row in rows], None if rows else jobs.next_due(db)

    async def _do(self, errand: Errand) -> None:
        try:
            async with asyncio.timeout(TIMEOUT):
                result = await self._calls[errand.name](errand.data)
        except Rejected as problem:
            await self._answer(errand, {}, str(problem))
        except (PlatformError, TimeoutError) as problem:
            await self._try_again(errand, f"{type(problem).__name__}: {problem}")
        except Exception as problem:  # also a defect of ours ends as an answer that says so
            log.exception("job.fault", job=errand.name, id=errand.id)
            await self._try_again(errand, f"{type(problem).__name__}: {problem}")
        else:
            await self._answer(errand, result, "")

    async def _try_again(self, errand: Errand, error: str) -> None:
        now = self.now()
        log.warning("job.failed", job=errand.name, id=errand.id, error=error)
        if not await self.db.write(lambda db: jobs.retry(db, errand.id, errand.token, now, error)):
            await self._answer(errand, {}, error)

    async def _answer(self, errand: Errand, result: dict[str, Any], error: str) -> None:
        key, now = f"job:{errand.id}:{errand.name}", self.now()
        event = JobFinished(key, now, errand.name, errand.subject, errand.data, result, error)
        kind, body = events.dump(event)
        lane = events.lane(event)

        def save(db: Session) -> None:
            if jobs.finish(db, errand.id, errand.token):
                inbox.add(db, key=key, kind=kind, body=body, lane=lane, at=now)

        await self.db.write(save)
        self._after()


def _errand(row: Job) -> Errand:
    return Errand(row.id or 0, row.name, row.subject, row.data, row.token)
