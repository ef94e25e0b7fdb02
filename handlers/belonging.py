"""Which lead a note belongs to: a rule across records, on plain data."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from storage.leads import Known


@dataclass(frozen=True, slots=True)
class Belongs:
    lead_id: int


@dataclass(frozen=True, slots=True)
class Fresh:
    """Named, and nobody of that name is known: a new lead."""


@dataclass(frozen=True, slots=True)
class Unsure:
    """Several fit, or nothing was said: ask, with these first."""

    lead_ids: tuple[int, ...]


Answer = Belongs | Fresh | Unsure


def belongs_to(
    candidates: Sequence[Known],
    *,
    named: Sequence[str],
    company: str,
    replied: int | None,
    now: datetime,
    recent: timedelta,
) -> Answer:
    """By the card that was answered, by company, by name, by recency; else unsure.

    `candidates` come most recently touched first.
    """
    if replied is not None:
        return Belongs(replied)
    fitting = [c for c in candidates if _fits(c, named, company)]
    if len(fitting) == 1:
        return Belongs(fitting[0].lead_id)
    if fitting:
        return Unsure(tuple(c.lead_id for c in fitting))
    if named or company:
        return Fresh()
    lately = [c for c in candidates if now - c.touched_at <= recent]
    if len(lately) == 1:
        return Belongs(lately[0].lead_id)
    return Unsure(tuple(c.lead_id for c in (lately or candidates)[:4]))


def _fits(candidate: Known, named: Sequence[str], company: str) -> bool:
    if company:
        same_company = company in candidate.customer or candidate.customer in company
        return bool(candidate.customer) and (same_company or company in candidate.names)
    return any(name in candidate.names for name in named)
