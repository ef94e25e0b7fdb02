"""One note, end to end: from the callback that is sent to the echo card that is shown."""

import asyncio
import socket
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from bench.report import Figure, Table, quantile
from bench.sources import notes
from bot.clock import Clock
from bot.playground.player import Player
from bot.playground.script import Note
from bot.playground.world import Shown
from bot.program import Program
from commands.play import ground_of
from config.settings import Settings
from main import build

WARM_UP = 10
"""Notes that are not counted: the first ones fill caches."""


def measure(*, most: int = 160) -> list[Table]:
    sentences = notes()[: most + WARM_UP]
    shown, settled, busy = asyncio.run(replay(sentences))
    figures = [
        Figure("echo card shown, median", f"{statistics.median(shown):.1f} ms", "20 ms"),
        Figure("echo card shown, p95", f"{quantile(shown, 0.95):.1f} ms"),
        Figure("all settled, median", f"{statistics.median(settled):.1f} ms"),
        Figure("all settled, p95", f"{quantile(settled, 0.95):.1f} ms"),
        Figure("processor time until settled, median", f"{statistics.median(busy):.1f} ms"),
        Figure("notes with a card / of all", f"{len(shown)} / {len(settled)}"),
    ]
    note = (
        "Encrypted WeCom callbacks through the whole program, SQLite with full durability; the "
        "imitated server that sends them and shows the cards lives in the same process and is "
        "part of the time."
    )
    return [Table("A note, end to end", figures, note)]


async def replay(sentences: Sequence[Note]) -> tuple[list[float], list[float], list[float]]:
    """Milliseconds until the first card was shown, until nothing was left to do, and of work."""
    shown, settled, busy = [], [], []
    async with running(Clock(sentences[0].now - timedelta(minutes=1), frozen=True)) as program:
        player = Player(ground_of(program), program.runtime)
        for number, note in enumerate(sentences):
            await player.at(max(note.now, program.clock()))
            before = time.process_time()
            first, whole = await _say(player, note)
            if number >= min(WARM_UP, len(sentences) // 2):
                settled.append(whole)
                busy.append((time.process_time() - before) * 1000)
                shown += [] if first is None else [first]
    return shown, settled, busy


async def _say(player: Player, note: Note) -> tuple[float | None, float]:
    messages = player.ground.world.watch()
    began = time.perf_counter()
    first = asyncio.create_task(_first_card(messages))
    await player.says("sales", note.text)
    whole = time.perf_counter()
    player.ground.world.unwatch(messages)
    if first.done():
        return (first.result() - began) * 1000, (whole - began) * 1000
    first.cancel()
    return None, (whole - began) * 1000


async def _first_card(messages: "asyncio.Queue[Shown]") -> float:
    while (await messages.get()).sender != "bot":
        pass
    return time.perf_counter()


@asynccontextmanager
async def running(clock: Clock) -> AsyncIterator[Program]:
    """The whole program with its playground, on a database that is thrown away."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data=Path(folder), _env_file=None)
        program = build(settings, clock, rate_limits=False)
        await program.start(socket.create_server(("127.0.0.1", 0)))
        try:
            yield program
        finally:
            await program.stop()
