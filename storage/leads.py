"""Leads, and the customers and contacts they are about."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, func, select
from sqlmodel import Session, col

from storage.models import CLOSED_STAGES, Contact, Customer, Lead, Person


def get(db: Session, lead_id: int) -> Lead | None:
    return db.get(Lead, lead_id)


def of_external(db: Session, address: str) -> Lead | None:
    """The one lead of a customer of an IM, whoever of ours is a contact of his."""
    query = (
        select(Lead)
        .join(Contact, col(Lead.contact_id) == col(Contact.id))
        .where(col(Contact.external_id) == address)
    )
    return db.scalar(query.order_by(col(Lead.id).desc()).limit(1))


def add(
    db: Session,
    *,
    owner_id: int,
    now: datetime,
    contact: Contact | None = None,
    customer: Customer | None = None,
    touch_key: str | None = None,
    source: str = "",
    channel: str = "",
) -> Lead:
    lead = Lead(
        owner_id=owner_id,
        contact_id=contact.id if contact else None,
        customer_id=customer.id if customer else contact.customer_id if contact else None,
        touch_key=touch_key,
        source=source,
        channel=channel,
        created_at=now,
        touched_at=now,
    )
    db.add(lead)
    db.flush()
    return lead


def count_of_channel(db: Session, channel: str) -> int:
    query = select(func.count()).select_from(Lead).where(col(Lead.channel) == channel)
    return db.scalar(query) or 0


def contact_of(db: Session, lead: Lead) -> Contact | None:
    return db.get(Contact, lead.contact_id) if lead.contact_id else None


def customer_of(db: Session, lead: Lead) -> Customer | None:
    return db.get(Customer, lead.customer_id) if lead.customer_id else None


def contact_by_external(db: Session, external_id: str) -> Contact | None:
    return db.scalar(select(Contact).where(col(Contact.external_id) == external_id))


def add_contact(
    db: Session, name: str, *, customer: Customer | None = None, external_id: str | None = None
) -> Contact:
    contact = Contact(
        name=name, customer_id=customer.id if customer else None, external_id=external_id
    )
    db.add(contact)
    db.flush()
    return contact


def customer_named(db: Session, name: str) -> Customer:
    """The customer of exactly that name, made when it is new. A hospital's industry is inferred."""
    found = db.scalar(select(Customer).where(col(Customer.name) == name))
    if found is None:
        medical = "医院" in name
        found = Customer(name=name, industry="医疗" if medical else "", industry_inferred=medical)
        db.add(found)
        db.flush()
    return found


def open_of(db: Session, owner_id: int) -> Sequence[tuple[Lead, Contact | None, Customer | None]]:
    """A colleague's open leads, the one touched last first."""
    query = (
        select(Lead, Contact, Customer)
        .outerjoin(Contact, col(Lead.contact_id) == col(Contact.id))
        .outerjoin(Customer, col(Lead.customer_id) == col(Customer.id))
        .where(col(Lead.owner_id) == owner_id, col(Lead.stage).not_in(CLOSED_STAGES))
        .order_by(col(Lead.touched_at).desc(), col(Lead.id).desc())
    )
    return [(lead, contact, customer) for lead, contact, customer in db.execute(query)]


def open_of_teams(db: Session, team_ids: Collection[int]) -> Sequence[Lead]:
    """Open leads of everybody in those teams, the one touched last first."""
    query = (
        select(Lead)
        .join(Person, col(Lead.owner_id) == col(Person.id))
        .where(col(Person.team_id).in_(team_ids), col(Lead.stage).not_in(CLOSED_STAGES))
    )
    return db.scalars(query.order_by(col(Lead.touched_at).desc())).all()


class Known(NamedTuple):
    """What a colleague's open leads are called, without loading the records."""

    lead_id: int
    touched_at: datetime
    contact: str
    contact_aliases: Sequence[str]
    customer: str
    customer_aliases: Sequence[str]

    @property
    def names(self) -> frozenset[str]:
        found = (self.contact, *self.contact_aliases, self.customer, *self.customer_aliases)
        return frozenset(name for name in found if name)


_KNOWN = (
    select(
        col(Lead.id),
        col(Lead.touched_at),
        col(Contact.name),
        col(Contact.aliases),
        col(Customer.name),
        col(Customer.aliases),
    )
    .outerjoin(Contact, col(Lead.contact_id) == col(Contact.id))
    .outerjoin(Customer, col(Lead.customer_id) == col(Customer.id))
    .where(col(Lead.owner_id) == bindparam("owner"), col(Lead.stage).not_in(CLOSED_STAGES))
    .order_by(col(Lead.touched_at).desc(), col(Lead.id).desc())
)


def known_to(db: Session, owner_id: int) -> list[Known]:
    """The same leads in the same order, as names only: every note is held against them."""
    return [
        Known(lead_id, at, contact or "", also or (), customer or "", other or ())
        for lead_id, at, contact, also, customer, other in db.execute(_KNOWN, {"owner": owner_id})
    ]


def title_of(db: Session, lead: Lead) -> str:
    """How a lead is called in the chat: 张总（华康医疗）; 新客户 while nothing is known."""
    contact, customer = contact_of(db, lead), customer_of(db, lead)
    if contact and customer:
        return f"{contact.name}（{customer.name}）"
    known = contact or customer
    return known.name if known else "新客户"
