"""Three platforms in this process, a bot in another one that may be killed, and who restarts it."""

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from aiohttp import web
from sqlalchemy import func
from sqlmodel import col, select

from bot.clock import Clock
from bot.playground.ground import Part, Playground
from bot.playground.player import Player
from bot.playground.press import text_of
from main import settle_in
from storage import demo, inbox, jobs, parcels, timers
from storage.db import Database, connect
from storage.models import Fact, FollowUp, Lead, Outbox, Promise
from tests.conftest import MEMBERS

KINDS = (Fact, Lead, FollowUp, Promise)
T = TypeVar("T", Fact, Lead, FollowUp, Promise)
GLANCE = 0.004
NEWS_GAP = 0.05
PATIENCE = 60.0


class Nursery:
    """The process that forks bots."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def open(cls) -> "Nursery":
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.bot.crash_child",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        return cls(process)

    def order(self, **order: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order).encode() + b"\n")

    async def news(self) -> dict[str, int]:
        """`serving` or `dying`, with the bot's process id."""
        assert self._process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            line = await self._process.stdout.readline()
        news: dict[str, int] = json.loads(line)
        return news

    async def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()


@dataclass(frozen=True)
class Record:
    """Everything that matters in the end."""

    shown: Mapping[str, list[str]]
    """What each seat sees, message by message."""
    facts: list[tuple[Any, ...]]
    leads: list[tuple[Any, ...]]
    notes: list[tuple[Any, ...]]
    promises: list[tuple[Any, ...]]
    unsettled: list[str]
    """Outbox rows that are not delivered."""


class Yard:
    """`start` a bot, play, and look at the `record`. Whoever dies is restarted unharmed."""

    def __init__(self, nursery: Nursery, data: Path, now: datetime) -> None:
        self.clock = Clock(now)
        self.nursery = nursery
        self.kills = 0
        cast = demo.players()
        self.parts = [
            Part("sales", "wecom", MEMBERS["sales", "wecom"], cast.rep),
            Part("delivery", "feishu", MEMBERS["delivery", "feishu"], cast.delivery),
        ]
        self.ground = Playground(self.clock, self.parts, rate_limits=False)
        self.ground.wecom.callbacks.pause = self._restarted
        self.player = Player(self.ground, self)
        self._data = data
        self.db = Database(connect(f"sqlite:///{data / 'yinuo.db'}"))
        settle_in(self.db, now, self.parts)
        with self.db.read() as db:
            self._before = {kind: db.scalar(func.max(col(kind.id))) or 0 for kind in KINDS}
        self._bot = 0
        self._serving = asyncio.Event()
        self._watch: asyncio.Task[None] | None = None

    async def open(self) -> None:
        app = web.Application()
        app.add_routes(self.ground.routes())
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        listener = socket.create_server(("127.0.0.1", 0))
        await web.SockSite(self._runner, listener).start()
        self._origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = free.getsockname()[1]
        self.ground.call_back(f"http://127.0.0.1:{self._port}")

    async def close(self) -> None:
        await self.kill()
        await self.ground.stop()
        await self._runner.cleanup()
        self.db.close()

    # The bot -----------------------------------------------------------------------------

    async def start(self, point: str = "", passage: int = 1) -> None:
        """Returns when it serves; it dies at the point, and the next one does not."""
        self._order(point, passage)
        self._bot = (await self.nursery.news())["serving"]
        self._serving.set()
        self._watch = asyncio.create_task(self._restart())

    async def kill(self) -> None:
        """From outside, at no moment in particular."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
            os.kill(self._bot, signal.SIGKILL)
            await self._gone()
            self._watch = None
            self._serving.clear()

    def _order(self, point: str, passage: int) -> None:
        start = self.clock().isoformat()
        self.nursery.order(env=self._env(), start=start, point=point, passage=passage)

    async def _restart(self) -> None:
        while True:
            assert "dying" in await self.nursery.news()
            self._serving.clear()
            await self._gone()
            self.kills += 1
            self._order("", 1)
            self._bot = (await self.nursery.news())["serving"]
            self._serving.set()

    async def _restarted(self) -> None:
        """A callback that found nobody is repeated when the next bot serves: the news of a death
        may come a little later than its consequences."""
        await asyncio.sleep(NEWS_GAP)
        await self._serving.wait()

    async def _gone(self) -> None:
        while _is_alive(self._bot):  # noqa: ASYNC110  # another process
            await asyncio.sleep(GLANCE)

    def _env(self) -> dict[str, str]:
        wecom, _, feishu = self.ground.settings(self._origin)
        env = {"DATA": str(self._data), "PORT": str(self._port), "LOG_LEVEL": "error"}
        for name, settings in (("WECOM", wecom), ("FEISHU", feishu)):
            for key, value in settings:
                if value is None:
                    continue
                plain = getattr(value, "get_secret_value", lambda value=value: value)()
                env[f"{name}__{key.upper()}"] = str(plain)
        return env

    # Loops, as a player needs them -------------------------------------------------------

    async def settle(self) -> None:
        """Wait until a bot serves and has nothing left to do."""
        async with asyncio.timeout(PATIENCE):
            while not _is_alive(self._bot) or self._is_busy():  # noqa: ASYNC110
                await asyncio.sleep(GLANCE)

    async def advance(self, to: datetime) -> None:
        raise NotImplementedError("the clock of another process is moved by starting it anew")

    def _is_busy(self) -> bool:
        """Retries of the next minutes are waited for, as everything else that is not a timer."""
        now = self.clock()
        with self.db.read() as db:
            moments = [look(db) for look in (inbox.next_due, parcels.next_due, jobs.next_due)]
            waking = timers.next_due(db)
        soon = any(due is not None and due <= now + timedelta(minutes=2) for due in moments)
        return soon or (waking is not None and waking <= now)

    # What came of it ---------------------------------------------------------------------

    def record(self) -> Record:
        with self.db.read() as db:
            facts = db.exec(self._since(Fact)).all()
            rows = db.exec(select(Outbox).where(Outbox.state != "delivered")).all()
            return Record(
                {p.role: [text_of(m) for m in self.ground.shown_to(p.role)] for p in self.parts},
                [(f.type, f.lead_id, f.promise_id, f.words, f.data) for f in facts],
                [(x.id, x.touch_key, x.stage, x.tags) for x in db.exec(self._since(Lead))],
                [(n.id, n.lead_id, n.text, n.state) for n in db.exec(self._since(FollowUp))],
                [(p.id, p.state, p.plan, p.latest) for p in db.exec(self._since(Promise))],
                [f"{row.action} {row.address}: {row.state} {row.error}" for row in rows],
            )

    def _since(self, kind: type[T]) -> Any:
        """What the bot has added to the demo company."""
        number = col(kind.id)
        return select(kind).where(number > self._before[kind]).order_by(number)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
