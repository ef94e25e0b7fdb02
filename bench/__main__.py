"""Measure what we promise, print it, and write it to `bench/RESULTS.md`.

python -m bench [NAME ...]: only those (understanding, start, …), printed and not written.
"""

import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import structlog

from bench import acknowledge, facts, folds, notes, start, timers, understanding
from bench.report import Table, machine

RESULTS = Path(__file__).with_name("RESULTS.md")
MEASUREMENTS: Mapping[str, Callable[[], list[Table]]] = {
    "understanding": understanding.measure,
    "folds": folds.measure,
    "start": start.measure,
    "acknowledge": acknowledge.measure,
    "notes": notes.measure,
    "timers": timers.measure,
    "facts": facts.measure,
}
QUIET = 50


def main(names: list[str]) -> int:
    """Exit status 2 for a measurement that does not exist."""
    unknown = [name for name in names if name not in MEASUREMENTS]
    if unknown:
        print(f"there is no measurement {unknown[0]!r}: {', '.join(MEASUREMENTS)}", file=sys.stderr)
        return 2
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(QUIET))
    began = time.perf_counter()
    tables = [f"# Measured\n\n{machine()}\n"]
    print(tables[0])
    for name in names or MEASUREMENTS:
        for table in MEASUREMENTS[name]():
            tables.append(str(table))
            print(table)
    print(f"{time.perf_counter() - began:.0f} s")
    if not names:
        RESULTS.write_text("\n".join(tables), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
