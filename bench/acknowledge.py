"""Taking callbacks in: verified, decrypted, saved to disk, answered."""

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from bench import load
from bench.report import Figure, Table, spread
from bench.sources import ROOT
from bot.playground.wecom.callback import Callbacks

CONNECTIONS = 64
PER_SECOND = 300
PACED_TARGET = "p99 50 ms"


def measure(*, most: int = 6000, seconds: float = 5.0) -> list[Table]:
    paced = int(PER_SECOND * seconds)
    with serving("idle") as server:
        calm = _paced(server, paced, after=0)
        rate, taken = _flat_out(server, most, after=paced)
    with serving("working") as server:
        busy = _paced(server, paced, after=0)
    figures = [
        Figure(f"flat out over {CONNECTIONS} connections", f"{rate:.0f} / s"),
        Figure("flat out, p50 / p99", spread(taken)),
        Figure(f"{PER_SECOND} / s, p50 / p99", spread(calm), PACED_TARGET),
        Figure(f"{PER_SECOND} / s, notes being handled, p50 / p99", spread(busy), PACED_TARGET),
    ]
    note = (
        "WeCom text messages of all salespeople against a program in a process of its own, SQLite "
        "with full durability; paced ones are counted from the moment they were due. In the last "
        "line each message is a note with a promise, understood and answered by the same process."
    )
    return [Table("Acknowledging callbacks", figures, note)]


def _flat_out(server: dict[str, Any], count: int, *, after: int) -> tuple[float, list[float]]:
    requests = _requests(server, count, after=after)
    began = time.perf_counter()
    taken = asyncio.run(load.flat_out(server["url"], requests, CONNECTIONS))
    return count / (time.perf_counter() - began), taken


def _paced(server: dict[str, Any], count: int, *, after: int) -> list[float]:
    requests = _requests(server, count, after=after)
    return asyncio.run(load.paced(server["url"], requests, CONNECTIONS, PER_SECOND))


def _requests(server: dict[str, Any], count: int, *, after: int) -> list[bytes]:
    """Messages that the server has not seen: the first `after` ones were sent before."""
    callbacks = Callbacks(
        server["corp_id"],
        server["agent_id"],
        lambda: datetime.now(UTC),
        url=server["url"],
        retry_seconds=0,
    )
    callbacks.token, callbacks.aes_key = server["token"], server["aes_key"]
    return load.sealed(callbacks, server["corp_id"], server["senders"], count, after=after)


@contextmanager
def serving(how: str) -> Iterator[dict[str, Any]]:
    """A program in a process of its own; what it tells about itself."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "bench.serving", folder, how]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
            try:
                assert process.stdout is not None
                yield json.loads(process.stdout.readline())
            finally:
                process.kill()
