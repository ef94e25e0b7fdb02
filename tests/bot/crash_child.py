"""A bot that kills itself: `python -m tests.bot.crash_child`, told on standard input what to do.

Each line is a JSON object: the environment of a bot, the moment its clock starts at, and the
point (if any) at whose n-th passage it dies by SIGKILL. This process only forks, so that a bot is
there at once; the bots say on standard output that they serve, and that they are about to die.
"""

import asyncio
import functools
import json
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog

from bot.clock import Clock
from bot.platforms.feishu.adapter import Feishu
from bot.platforms.wecom.adapter import WeCom
from bot.runtime import dispatch
from bot.runtime.delivery import Delivery
from bot.runtime.dispatch import Dispatcher
from bot.runtime.jobs import Jobs
from bot.runtime.timers import Timers
from config.settings import Settings, load_settings
from main import build, listen
from storage import inbox, parcels, timers

Wanted = Callable[..., bool]


@dataclass(frozen=True)
class Point:
    """Before or after a function, when its arguments (and, after it, its result) fit."""

    owner: Any
    function: str
    after: bool
    wanted: Wanted = lambda *_, **__: True
    alone: bool = False
    """What else is on its way arrives before, so that the outcome is always the same."""


def _worked(result: Any, *_: object) -> bool:
    return bool(result.worked)


POINTS: Mapping[str, Point] = {
    "before the event is saved": Point(inbox, "add", after=False),
    "saved, not committed": Point(inbox, "add", after=True),
    "committed, not acknowledged": Point(Dispatcher, "accept", after=True),
    "before the handler": Point(dispatch, "route", after=False),
    "handled, not committed": Point(dispatch, "route", after=True),
    "handled and committed": Point(Dispatcher, "step", after=True, wanted=_worked),
    "claimed, not committed": Point(parcels, "claim", after=True, wanted=lambda rows, *_: rows),
    "claimed, not sent": Point(Delivery, "_deliver", after=False),
    "sent, no receipt": Point(Delivery, "_delivered", after=False),
    "receipt not committed": Point(parcels, "delivered", after=True),
    "receipt written": Point(Delivery, "_delivered", after=True),
    "before an edit": Point(WeCom, "edit", after=False),
    "edited, nobody told": Point(WeCom, "edit", after=True),
    "before an edit of Feishu's": Point(Feishu, "edit", after=False),
    "edited by Feishu, nobody told": Point(Feishu, "edit", after=True),
    "timer fired, not committed": Point(timers, "due", after=True, wanted=lambda rows, *_: rows),
    "timer fired, not handled": Point(Timers, "step", after=True, wanted=_worked),
    "job taken, not done": Point(Jobs, "_do", after=False, alone=True),
    "job done, not answered": Point(Jobs, "_answer", after=False, alone=True),
}


async def _all_is_said(jobs: Jobs) -> None:
    while True:
        with jobs.db.read() as db:
            if inbox.next_due(db) is None and parcels.next_due(db) is None:
                return
        await asyncio.sleep(0.005)


def arm(point: Point, passage: int) -> None:
    """Die at the n-th passage. The wrapped function stays what it was in every other way."""
    function = getattr(point.owner, point.function)
    passed = iter(range(1, passage + 1))

    def pass_by(*seen: object) -> None:
        if point.wanted(*seen) and next(passed) == passage:
            tell(dying=os.getpid())
            os.kill(os.getpid(), signal.SIGKILL)

    async def asynchronous(*args: Any, **options: Any) -> Any:
        if point.alone:
            await _all_is_said(args[0])
        if not point.after:
            pass_by(*args)
        result = await function(*args, **options)
        if point.after:
            pass_by(result, *args)
        return result

    def synchronous(*args: Any, **options: Any) -> Any:
        if not point.after:
            pass_by(*args)
        result = function(*args, **options)
        if point.after:
            pass_by(result, *args)
        return result

    wrapper = asynchronous if asyncio.iscoroutinefunction(function) else synchronous
    setattr(point.owner, point.function, functools.wraps(function)(wrapper))


async def serve(start: datetime) -> None:
    settings = load_settings()
    program = build(settings, Clock(start))
    await program.start(listen(settings))
    tell(serving=os.getpid())
    await asyncio.Event().wait()


def tell(**news: int) -> None:
    os.write(1, json.dumps(news).encode() + b"\n")


def be_a_bot(order: dict[str, Any]) -> None:
    os.environ.update(order["env"])
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    if order["point"]:
        arm(POINTS[order["point"]], order["passage"])
    asyncio.run(serve(datetime.fromisoformat(order["start"])))


def warm_up() -> None:
    """Load here, once, what every bot would have to load."""
    with tempfile.TemporaryDirectory() as folder:
        build(Settings(data=Path(folder), _env_file=None), Clock()).db.engine.dispose()


def main() -> None:
    warm_up()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # so that the dead are really gone
    for line in sys.stdin:
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            be_a_bot(json.loads(line))


if __name__ == "__main__":
    main()
