"""The meter of monthly allowances: counted in the database, told once when little is left."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlmodel import Session

from bot import events
from bot.events import QuotaLow
from bot.platforms.protocol import Now
from storage import inbox, quotas
from storage.db import Database

CALLS = "calls"
"""The allowance that sending spends."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What one platform allows in a month, by kind of use."""

    allowed: Mapping[str, int]
    low_share: float
    """Low when no more than this share of it is left."""

    def is_low(self, kind: str, used: int) -> bool:
        return used >= self.allowed[kind] * (1 - self.low_share)


class Meter:
    """`after` is called when an event was put in the inbox. Platforms without a budget are not
    metered."""

    def __init__(
        self, db: Database, now: Now, budgets: Mapping[str, Budget], *, after: Callable[[], None]
    ) -> None:
        self.db = db
        self._now = now
        self._budgets = budgets
        self._after = after

    async def spend(self, service: str, kind: str, *, all_of_it: bool = False) -> None:
        """Count one; `all_of_it` when the platform says that nothing is left."""
        if service in self._budgets:
            await self.db.write(lambda db: self._spend(db, service, kind, all_of_it))
            self._after()

    def _spend(self, db: Session, service: str, kind: str, all_of_it: bool) -> None:
        now, budget = self._now(), self._budgets[service]
        most = budget.allowed[kind]
        if all_of_it:
            used = quotas.use_up(db, service, kind, now, most)
        else:
            used = quotas.spend(db, service, kind, now)
        if not budget.is_low(kind, used):
            return
        month = quotas.month_of(now)
        event = QuotaLow(f"quota:{service}:{kind}:{month}", now, service, kind, used, most)
        name, body = events.dump(event)
        inbox.add(db, key=event.key, kind=name, body=body, lane=events.lane(event), at=now)

    def is_low(self, db: Session, service: str) -> bool:
        """Whether notices had better wait."""
        budget = self._budgets.get(service)
        if budget is None:
            return False
        return budget.is_low(CALLS, quotas.used(db, service, CALLS, self._now()))

    def told(self, db: Session) -> dict[str, dict[str, dict[str, int | bool]]]:
        """Platform → kind → used, allowed and whether that is low: for whoever watches the bot."""
        found: dict[str, dict[str, dict[str, int | bool]]] = {}
        for service, budget in self._budgets.items():
            kinds = found[service] = {}
            for kind, most in budget.allowed.items():
                used = quotas.used(db, service, kind, self._now())
                kinds[kind] = {"used": used, "allowed": most, "low": budget.is_low(kind, used)}
        return found
