"""How long an answer asks us to wait before the next call."""

from collections.abc import Mapping
from email.utils import parsedate_to_datetime

SHORTEST_SECONDS = 0.1
LONGEST_SECONDS = 24 * 3600.0
"""Nobody is believed who says more."""


def told_seconds(headers: Mapping[str, str], *names: str) -> float | None:
    """Of the first header among `names` (seconds) and `Retry-After` (seconds, or a date by the
    answer's own clock; RFC 9110) that says something; None when none does."""
    for name in (*names, "Retry-After"):
        seconds = _seconds(headers.get(name, ""), headers.get("Date", ""))
        if seconds is not None:
            return min(max(seconds, SHORTEST_SECONDS), LONGEST_SECONDS)
    return None


def _seconds(told: str, date: str) -> float | None:
    if told.replace(".", "", 1).isdecimal() and told.isascii():
        return float(told)
    try:
        return (parsedate_to_datetime(told) - parsedate_to_datetime(date)).total_seconds()
    except (ValueError, TypeError):
        return None
