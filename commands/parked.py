"""`parked`: events that were given up."""

from collections.abc import Sequence

from sqlmodel import Session

from bot.clock import Clock
from commands.opening import open_database
from config.settings import Settings
from storage import inbox


def parked(settings: Settings, again: Sequence[int]) -> None:
    """List events that were given up; with `again`, put those back in line."""
    db = open_database(settings)
    with Session(db.engine) as session:
        if again:
            print(f"重新排队 {inbox.run_again(session, again, Clock()())} 条")
        for row in inbox.parked(session):
            print(f"E{row.id} {row.key}\n{row.error}")
        session.commit()
