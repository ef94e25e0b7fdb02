"""A company's departments and people, whatever platform they are read from (K15)."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from bot.platforms.pace import Pace
from bot.platforms.protocol import Now, RateLimited, Rejected

T = TypeVar("T")
Id = int | str

MOST_DEPARTMENTS = 500
MOST_PEOPLE = 3000
CALL_SECONDS = 10.0
TRIES = 5
LONGEST_WAIT_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Department:
    """`leader` is the address of who leads it; empty when the company did not say."""

    id: Id
    name: str
    parent: Id
    leader: str = ""


@dataclass(frozen=True, slots=True)
class Colleague:
    """`manager` is the address of who leads this person; empty when the company did not say."""

    address: str
    name: str
    department: Id
    manager: str = ""
    is_active: bool = True


class Patience:
    """Calls within a platform's limits, made again when it was too often."""

    def __init__(
        self,
        now: Now,
        pace: Pace,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._now = now
        self._pace = pace
        self._pause = pause

    async def ask(self, api: str, call: Callable[[], Awaitable[T]]) -> T:
        """Raises PlatformError."""
        for _ in range(TRIES - 1):
            try:
                self._pace.take(self._now(), api=api)
                return await call()
            except RateLimited as limit:
                if limit.retry_after > LONGEST_WAIT_SECONDS:
                    raise
                await self._pause(limit.retry_after)
        self._pace.take(self._now(), api=api)
        return await call()


def below(departments: Sequence[Department], name: str) -> list[Department]:
    """The department of that name and all below it, in the same order; empty when none or
    several are called that."""
    called = [one for one in departments if one.name == name]
    if len(called) != 1:
        return []
    kept = {called[0].id}
    for one in departments:
        if one.parent in kept:
            kept.add(one.id)
    return [one for one in departments if one.id in kept]


def from_the_top(departments: Sequence[Department]) -> list[Department]:
    """Each after the one it belongs to; what belongs to itself in a circle is left out."""
    ids = {one.id for one in departments}
    placed = [one for one in departments if one.parent not in ids]
    for above in placed:  # grows on the way
        placed += [one for one in departments if one.parent == above.id]
    return placed


def check_size(platform: str, what: str, count: int, most: int, remedy: str) -> None:
    """Raises Rejected when there are more than anybody would want at once."""
    if count > most:
        raise Rejected(f"{platform} shows more than {most} {what}。处理：{remedy}", "too many")
