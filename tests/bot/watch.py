"""What must not change, and what must be said about it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from sqlalchemy import text
from structlog.typing import EventDict

from storage.models import Inbox
from tests.conftest import Bot

METER = "usage"
"""What a platform delivers counts for its month, whether it is of use or not."""
LEASE = "lease"
"""Renewed whenever it is time to."""
RUNTIME = ("inbox", "outbox", "shown_card", METER, LEASE)
LAST_SEEN = "account"
"""Whoever clicks was seen: that is no change of the business."""
Dump = dict[str, list[tuple[Any, ...]]]


def records(bot: Bot, *, without: tuple[str, ...] = (*RUNTIME, LAST_SEEN)) -> Dump:
    """Every row of every table; what is merely received or said is no record."""
    with bot.db() as db:
        return {
            table.name: [
                tuple(row) for row in db.connection().execute(text(f"SELECT * FROM {table.name}"))
            ]
            for table in Inbox.metadata.sorted_tables
            if table.name not in without
        }


def everything(bot: Bot) -> Dump:
    """But for the meter and the lease."""
    return records(bot, without=(METER, LEASE))


@contextmanager
def log_lines() -> Iterator[list[EventDict]]:
    """All that is logged meanwhile, at every level."""
    structlog.reset_defaults()
    with structlog.testing.capture_logs() as lines:
        yield lines
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))


def reasons(lines: list[EventDict], event: str) -> list[str]:
    return [str(line["reason"]) for line in lines if line["event"] == event]
