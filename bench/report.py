"""What was measured, as tables for the screen and for `bench/RESULTS.md`."""

import os
import platform
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

MIB = 1024 * 1024
SYNCS = 20


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of a table; `target` is what we hold ourselves to, if anything."""

    what: str
    value: str
    target: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    title: str
    figures: Sequence[Figure]
    note: str = ""
    """How it was measured, in a sentence."""

    def __str__(self) -> str:
        lines = [f"## {self.title}", "", "| | measured | target |", "|---|---:|---:|"]
        lines += [f"| {f.what} | {f.value} | {f.target} |" for f in self.figures]
        return "\n".join([*lines, *(["", self.note] if self.note else [])]) + "\n"


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that `share` of all do not exceed."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


def spread(values: Sequence[float], unit: str = "ms") -> str:
    """Median and 99th percentile."""
    return f"{statistics.median(values):.1f} / {quantile(values, 0.99):.1f} {unit}"


def machine() -> str:
    """What the numbers depend on, in one line."""
    return "; ".join(
        (
            f"{datetime.now().astimezone():%Y-%m-%d %H:%M %z}",
            f"{os.cpu_count()} × {_processor()}",
            f"{_memory_gib():.0f} GiB",
            platform.system(),
            f"Python {platform.python_version()}",
            f"SQLite {sqlite3.sqlite_version}",
            f"fsync {_sync_millis():.1f} ms",
            f"load {os.getloadavg()[0]:.1f}",
        )
    )


def _processor() -> str:
    facts = Path("/proc/cpuinfo")
    lines = facts.read_text(encoding="utf-8").splitlines() if facts.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _memory_gib() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024 / MIB


def _sync_millis() -> float:
    """What the disk takes to promise that 4 KiB are there to stay."""
    taken = []
    with tempfile.NamedTemporaryFile() as file:
        for _ in range(SYNCS):
            file.write(bytes(4096))
            file.flush()
            began = time.perf_counter()
            os.fsync(file.fileno())
            taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken)
