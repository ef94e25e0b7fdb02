"""How long the reader of times takes: per note of the corpus, and on ten thousand characters.

python bench/time.py
"""

import statistics
import time
import tomllib
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path

from nlp.time import find

CORPUS = Path(__file__).parents[1] / "tests" / "corpus" / "time.toml"
LONG = (
    "样机下周三前寄出，客户说月底签。",
    "明天",
    "下",
    "1",
    "in 3 days and ",
    "3天又",
)
ROUNDS = 5


def micros(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1e6


def main() -> None:
    corpus = tomllib.loads(CORPUS.read_text(encoding="utf-8"))
    now = datetime.fromisoformat(corpus["now"])
    notes = [
        said for kind in ("time", "nothing") for group in corpus[kind] for said in group["said"]
    ]
    find(notes[0], now)
    taken = [min(micros(partial(find, note, now)) for _ in range(ROUNDS)) for note in notes]
    tail = statistics.quantiles(taken, n=100)[98]
    print(f"{len(notes)} notes: median {statistics.median(taken):.0f} us, 99 % {tail:.0f} us")
    for seed in LONG:
        text = (seed * 10_000)[:10_000]
        print(f"{micros(partial(find, text, now)) / 1000:6.1f} ms  {seed!r} repeated")


if __name__ == "__main__":
    main()
