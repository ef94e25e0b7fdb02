"""Every name we know that stands in a text, so that it can be hidden."""

from collections.abc import Sequence

from sqlalchemy import func, literal, select
from sqlmodel import Session, col

from storage.models import Contact, Customer, Person

SHORTEST = 2
"""Letters; a single one stands in too many words."""


def people_in(db: Session, text: str) -> Sequence[str]:
    """Colleagues and customers' people, whoever deals with them."""
    return [*_standing(db, text, Person.name), *_standing(db, text, Contact.name)]


def customers_in(db: Session, text: str) -> Sequence[str]:
    return _standing(db, text, Customer.name)


def _standing(db: Session, text: str, name: str) -> Sequence[str]:
    """Values of a column that the text holds, whatever their case."""
    known, said = func.lower(col(name)), literal(text.lower())
    query = select(col(name)).where(func.length(col(name)) >= SHORTEST, said.contains(known))
    return db.scalars(query.distinct()).all()
