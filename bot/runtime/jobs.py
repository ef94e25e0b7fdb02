"""Slow calls are made here, outside of any transaction; their answers become events."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import structlog
from sqlmodel import Session

from bot import events
from bot.events import JobFinished
from bot.platforms.protocol import Now, PlatformError, Rejected
from bot.runtime.loop import Loop, Round
from storage import inbox, jobs
from storage.db import Database
from storage.models import Job

log = structlog.get_logger()
Call = Callable[[dict[str, str]], Awaitable[dict[str, Any]]]
TIMEOUT = 45.0
"""Seconds; below the lease, so that nobody else takes a job that still runs."""
AT_ONCE = 8


class Jobs(Loop):
    """`calls` holds what each job name means."""

    def __init__(
        self, db: Database, now: Now, *, calls: Mapping[str, Call], after: Callable[[], None]
    ) -> None:
        super().__init__(now)
        self.db = db
        self._calls = calls
        self._after = after
        self._token = secrets.token_hex(8)

    async def step(self) -> Round:
        rows, due = await self.db.write(self._claim)
        await asyncio.gather(*(self._do(row) for row in rows))
        return Round(bool(rows), due)

    def _claim(self, db: Session) -> tuple[Sequence[Job], datetime | None]:
        rows = jobs.claim(db, self.now(), self._token, AT_ONCE)
        return rows, None if rows else jobs.next_due(db)

    async def _do(self, row: Job) -> None:
        try:
            async with asyncio.timeout(TIMEOUT):
                result = await self._calls[row.name](row.data)
        except Rejected as problem:
            await self._answer(row, {}, str(problem))
        except (PlatformError, TimeoutError, KeyError) as problem:
            await self._try_again(row, f"{type(problem).__name__}: {problem}")
        else:
            await self._answer(row, result, "")

    async def _try_again(self, row: Job, error: str) -> None:
        now, row_id = self.now(), row.id or 0
        log.warning("job.failed", job=row.name, id=row_id, error=error)
        if not await self.db.write(lambda db: jobs.retry(db, row_id, now, error)):
            await self._answer(row, {}, error)

    async def _answer(self, row: Job, result: dict[str, Any], error: str) -> None:
        now, row_id = self.now(), row.id or 0
        event = JobFinished(
            f"job:{row_id}:{row.name}", now, row.name, row.subject, row.data, result, error
        )
        kind, body = events.dump(event)
        lane = events.lane(event)

        def save(db: Session) -> None:
            inbox.add(db, key=event.key, kind=kind, body=body, lane=lane, at=now)
            jobs.finish(db, row_id)

        await self.db.write(save)
        self._after()
