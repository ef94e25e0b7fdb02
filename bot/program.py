"""One process of the bot: pages, platforms and loops, started and stopped together."""

import asyncio
import socket
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web

from bot.clock import Clock
from bot.customers import customer_calls
from bot.platforms.protocol import Platform, WatchesALine
from bot.playground.ground import Controls, Playground
from bot.runtime.jobs import Call
from bot.runtime.runtime import Runtime
from bot.runtime.watch import Watch
from bot.web import health
from storage.db import Database

GRACE = 5.0
"""Seconds that connections have for closing."""
Connect = Callable[[str], Mapping[str, Platform]]
"""Makes the platforms' adapters, for a bot that is reached at this origin."""


class Program:
    """`start` returns when it serves; `stop` loses nothing."""

    def __init__(
        self,
        *,
        clock: Clock,
        db: Database,
        runtime: Runtime,
        platforms: dict[str, Platform],
        connect: Connect,
        playground: Playground | None,
        files: Watch[Any],
    ) -> None:
        self.clock = clock
        self.db = db
        self.runtime = runtime
        self.platforms = platforms
        self.playground = playground
        self.files = files
        self.origin = ""
        self._connect = connect
        self._runner: web.AppRunner | None = None

    async def start(self, listener: socket.socket) -> None:
        """Serve on an open socket: pages first, because the imitated servers are among them."""
        host, port = listener.getsockname()[:2]
        self.origin = f"http://{host}:{port}"
        self.platforms.update(self._connect(self.origin))
        for platform in self.platforms.values():
            if isinstance(platform, WatchesALine):
                self.clock.on_move(platform.clock_moved)
        self.db.open()
        self._runner = web.AppRunner(self._app(), access_log=None, shutdown_timeout=GRACE)
        await self._runner.setup()
        await web.SockSite(self._runner, listener).start()
        await self.runtime.start()
        self.files.start(self.runtime.accept)
        await asyncio.gather(*(p.start(self.runtime.accept) for p in self.platforms.values()))
        self.runtime.ring()  # whoever sends on a connection can do so from now on

    def _app(self) -> web.Application:
        app = web.Application()
        app.add_routes(
            health.routes(
                self.db, self.platforms, lambda: self.files.health, self.runtime.meter.told
            )
        )
        for platform in self.platforms.values():
            app.add_routes(platform.routes(self.runtime.accept))
        if self.playground is not None:
            page = self.playground.page(Controls(self.clock, self.runtime.advance))
            app.add_routes([*self.playground.routes(), *page.routes()])
            app.on_shutdown.append(page.stop)
        return app

    async def stop(self) -> None:
        """Stop doing, then stop hearing; what is in the database waits for the next start."""
        await self.files.stop()
        await self.runtime.stop()
        await asyncio.gather(*(platform.stop() for platform in self.platforms.values()))
        if self.playground is not None:
            await self.playground.stop()
        if self._runner is not None:
            await self._runner.cleanup()
        await asyncio.to_thread(self.db.close)


def slow_calls(
    platforms: Mapping[str, Platform], opinion: Call | None = None, *, write_tags: bool = False
) -> dict[str, Call]:
    """What each job's name means; without a model there is no second opinion."""
    calls = customer_calls(platforms, write_tags=write_tags)
    calls["namecard.details"] = calls["contact.details"]
    return calls if opinion is None else {**calls, "note.opinion": opinion}
