"""How late timers fire while very many others wait."""

import asyncio
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, insert, select
from sqlmodel import Session

from bench.report import Figure, Table, spread
from bot.clock import Clock
from bot.context import Context
from bot.events import TimerFired
from bot.router import Router
from bot.runtime.runtime import Runtime
from cards.help import parked_card
from commands.opening import open_database
from config.loader import load_rules
from config.settings import Settings
from storage.db import Database
from storage.models import Timer

PENDING = 100_000
SOON = 500
"""How many of them are due while we watch, evenly spread."""
SECONDS = 5.0
LEAD_SECONDS = 0.5
"""From writing them to the first one, and from the last of those to the ones due at once."""


def measure(*, pending: int = PENDING, soon: int = SOON, seconds: float = SECONDS) -> list[Table]:
    with tempfile.TemporaryDirectory() as folder:
        db = open_database(Settings(data=Path(folder), _env_file=None))
        _fill(db, _rows(pending - soon, datetime.now(UTC) + timedelta(days=1), days=90))
        late, at_once = asyncio.run(_watch(db, soon, seconds))
    figures = [
        Figure(f"{soon} of {pending} in {seconds:.0f} s: late by, p50 / p99", spread(late)),
        Figure("the latest", f"{max(late):.1f} ms"),
        Figure(f"{soon} due at the same moment: the last one late by", f"{max(at_once):.0f} ms"),
    ]
    note = "From the moment asked for to the handler, through timer, inbox and dispatch."
    return [Table("Timers", figures, note)]


async def _watch(db: Database, soon: int, seconds: float) -> tuple[list[float], list[float]]:
    """Milliseconds by which timers came late: those spread over time, then those all at once."""
    late: list[float] = []
    router = Router()

    @router.timer("bench")
    def fired(event: TimerFired, ctx: Context) -> None:
        late.append((datetime.now(UTC) - event.at).total_seconds() * 1000)

    runtime = _runtime(db, router)
    db.open()
    begin = datetime.now(UTC) + timedelta(seconds=LEAD_SECONDS)
    _fill(db, _rows(soon, begin, days=seconds / 86400, first=10**6))
    _fill(
        db, _rows(soon, begin + timedelta(seconds=seconds + LEAD_SECONDS), days=0, first=2 * 10**6)
    )
    await runtime.start()
    while len(late) < 2 * soon:  # noqa: ASYNC110  the handler runs in another thread
        await asyncio.sleep(0.01)
    await runtime.stop()
    await asyncio.to_thread(db.close)
    return late[:soon], late[soon:]


def _runtime(db: Database, router: Router) -> Runtime:
    rules = load_rules()
    return Runtime(
        db,
        Clock(),
        platforms={},
        routers=(router,),
        rules=lambda: rules,
        calls={},
        sorry=parked_card,
    )


def _rows(count: int, begin: datetime, *, days: float, first: int = 0) -> Iterator[dict[str, Any]]:
    """Timers from `begin` on, evenly over the days."""
    step = timedelta(days=days) / count
    for number in range(count):
        due = begin + step * number
        yield {"name": "bench", "subject": first + number, "data": {}, "due": due}


def _fill(db: Database, rows: Iterator[dict[str, Any]]) -> int:
    with Session(db.engine) as session:
        session.execute(insert(Timer), list(rows))
        session.commit()
        return session.scalar(select(func.count()).select_from(Timer)) or 0
