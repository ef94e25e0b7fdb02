"""The one clock of the program."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class Clock:
    """Tells the real time until it is moved; a moved clock goes on from where it was put.

    `frozen` clocks stand still between moves: tests and the playground's replays use them.
    """

    def __init__(self, start: datetime | None = None, *, frozen: bool = False) -> None:
        self._frozen = frozen
        self._offset = timedelta()
        self._watchers: list[Callable[[], None]] = []
        self._still = start or datetime.now(UTC)
        if start is not None and not frozen:
            self._offset = start - datetime.now(UTC)

    def __call__(self) -> datetime:
        """Now, aware, in UTC."""
        if self._frozen:
            return self._still.astimezone(UTC)
        return datetime.now(UTC) + self._offset

    def move_to(self, moment: datetime) -> None:
        """Raises ValueError when the moment lies in the past: what happened has happened."""
        if moment < self():
            raise ValueError(f"the clock already shows {self():%Y-%m-%d %H:%M}; it only moves on")
        if self._frozen:
            self._still = moment
        else:
            self._offset += moment - self()
        for wake in self._watchers:
            wake()

    def on_move(self, wake: Callable[[], None]) -> None:
        """Call `wake` after each move (sleepers re-read their alarm)."""
        self._watchers.append(wake)
