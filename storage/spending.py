"""What a service that costs money may still be asked today, shared by all processes."""

from datetime import date

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from storage.models import Spent


def take(
    db: Session, service: str, day: date, tokens: int, *, most_calls: int, most_tokens: int
) -> bool:
    """Spend one call and the tokens it is expected to need; False when the day has no room."""
    flavour = postgresql if db.get_bind().dialect.name == "postgresql" else sqlite
    nothing_yet = flavour.insert(Spent).values(service=service, day=day, calls=0, tokens=0)
    db.execute(nothing_yet.on_conflict_do_nothing(index_elements=["service", "day"]))
    room = (col(Spent.calls) < most_calls, col(Spent.tokens) + tokens <= most_tokens)
    statement = (
        update(Spent)
        .where(col(Spent.service) == service, col(Spent.day) == day, *room)
        .values(calls=col(Spent.calls) + 1, tokens=col(Spent.tokens) + tokens)
        .returning(col(Spent.calls))
    )
    return db.execute(statement).scalar() is not None


def correct(db: Session, service: str, day: date, tokens: int) -> None:
    """Book the difference between what was expected and what was used."""
    statement = update(Spent).where(col(Spent.service) == service, col(Spent.day) == day)
    db.execute(statement.values(tokens=col(Spent.tokens) + tokens))


def on(db: Session, service: str, day: date) -> tuple[int, int]:
    """Calls and tokens of a day."""
    columns = select(col(Spent.calls), col(Spent.tokens))
    row = db.execute(columns.where(col(Spent.service) == service, col(Spent.day) == day)).first()
    return (row[0], row[1]) if row else (0, 0)
