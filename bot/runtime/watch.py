"""Files the customer may change, taken up while the bot runs."""

import asyncio
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Generic, TypeVar

import structlog

from bot.events import FilesChanged
from bot.platforms.protocol import Accept, Now

log = structlog.get_logger()
T = TypeVar("T")
Stamp = Sequence[tuple[str, int, int]]
EVERY = 1.0
"""Seconds between two looks; a look costs a tenth of a millisecond."""
FINE = "ok"


class Watch(Generic[T]):
    """Holds what the files of some folders said when they were last in order.

    `load` may take half a second and runs in a thread of its own; whoever asks for `current` gets
    one whole snapshot or the next. It raises one of `faults` for files that cannot be used, which
    leaves the last good snapshot and is told once.
    """

    def __init__(
        self,
        load: Callable[[], T],
        folders: Sequence[Path],
        *,
        faults: tuple[type[Exception], ...],
        now: Now,
    ) -> None:
        self._load = load
        self._folders = folders
        self._faults = faults
        self._now = now
        self._taken = self._before = stamp(folders)
        self.current = load()
        self.problem = ""
        self._task: asyncio.Task[None] | None = None

    @property
    def health(self) -> str:
        return self.problem or FINE

    def start(self, accept: Accept) -> None:
        self._task = asyncio.create_task(self._run(accept), name="Watch")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def look(self, accept: Accept) -> None:
        """Take up what has changed and stood still since the last look: a file is not read while
        it is being written."""
        seen = await asyncio.to_thread(stamp, self._folders)
        stands, self._before = seen == self._before, seen
        if stands and seen != self._taken:
            self._taken = seen
            await self._take(accept)

    async def _take(self, accept: Accept) -> None:
        was = self.problem
        try:
            self.current = await asyncio.to_thread(self._load)
        except self._faults as fault:
            self.problem = str(fault)
            log.error("files.refused", problem=self.problem)
        else:
            self.problem = ""
            log.info("files.taken_up")
        if self.problem != was:
            await accept(FilesChanged(self._key(), self._now(), self.problem))

    def _key(self) -> str:
        """The same in every process that sees the same files."""
        told = f"{self.problem} {self._taken}".encode()
        return f"files:{sha256(told).hexdigest()[:16]}"

    async def _run(self, accept: Accept) -> None:
        while True:
            await asyncio.sleep(EVERY)
            try:
                await self.look(accept)
            except Exception:  # a fault of the database must not end the watch
                log.exception("watch.fault")


def stamp(folders: Sequence[Path]) -> Stamp:
    """Another one as soon as a file has come, gone or changed."""
    found = []
    for folder in folders:
        for file in folder.glob("*.toml"):
            try:
                told = file.stat()
            except FileNotFoundError:  # gone between two glances
                continue
            found.append((str(file), told.st_mtime_ns, told.st_size))
    return sorted(found)
