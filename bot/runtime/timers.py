"""Moments that have come become events."""

from collections.abc import Callable
from datetime import datetime

from sqlmodel import Session

from bot import events
from bot.events import TimerFired
from bot.platforms.protocol import Now
from bot.runtime.loop import Loop
from storage import inbox, timers
from storage.db import Database

BATCH = 200


class Timers(Loop):
    """`after` is called when events were put in the inbox."""

    def __init__(self, db: Database, now: Now, *, after: Callable[[], None]) -> None:
        super().__init__(now)
        self.db = db
        self._after = after

    async def step(self) -> bool:
        fired = await self.db.write(self._fire)
        if fired:
            self._after()
        return bool(fired)

    async def next_due(self) -> datetime | None:
        return await self.db.write(timers.next_due)

    def _fire(self, db: Session) -> int:
        now = self.now()
        rows = timers.due(db, now, BATCH)
        for row in rows:
            event = TimerFired(
                f"timer:{row.id}:{row.name}", row.due, row.name, row.subject, row.data
            )
            kind, body = events.dump(event)
            lane = events.lane(event)
            inbox.add(db, key=event.key, kind=kind, body=body, lane=lane, at=now)
            db.delete(row)
        return len(rows)
