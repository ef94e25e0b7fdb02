"""Moments that have come become events."""

from collections.abc import Callable

from sqlmodel import Session

from bot import events
from bot.events import TimerFired
from bot.platforms.protocol import Now
from bot.runtime.loop import Loop, Round
from storage import inbox, timers
from storage.db import Database

BATCH = 200


class Timers(Loop):
    """`after` is called when events were put in the inbox."""

    def __init__(self, db: Database, now: Now, *, after: Callable[[], None]) -> None:
        super().__init__(now)
        self.db = db
        self._after = after

    async def step(self) -> Round:
        look = await self.db.write(self._fire)
        if look.worked:
            self._after()
        return look

    def _fire(self, db: Session) -> Round:
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
        return Round(worked=True) if rows else Round(worked=False, due=timers.next_due(db))
