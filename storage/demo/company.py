"""Builds the demo company into an empty database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import cycle
from random import Random

from sqlalchemy import select
from sqlmodel import Session, col

from storage import people
from storage.demo.data import Shape, read
from storage.demo.days import ZONE
from storage.demo.diary import Diary
from storage.demo.itineraries import Talks, draw
from storage.demo.journeys import Journey
from storage.demo.market import Prospect, find_customers, phone
from storage.demo.plans import Plan
from storage.demo.staff import Staff, hire
from storage.models import Contact, Customer, Lead, Person

STORY_REGION = "上海"


@dataclass(frozen=True, slots=True)
class Company:
    """The people and customers a story can be told about."""

    rep: Person
    manager: Person
    director: Person
    delivery: Person
    """The only one who delivers samples."""
    finance: Person
    marketing: Person
    support: Person
    admin: Person
    exec: Person
    customer: Customer
    contact: Contact
    lead: Lead
    """The rep's only lead with that contact; a proposal was sent."""
    today: tuple[Lead, ...]
    """The rep's leads to be contacted on the day it was built; `lead` is the first of three."""


class StoryLead(Plan):
    customer: str
    aliases: tuple[str, ...]
    industry: str = "医疗"
    contact: str
    title: str


class Players(Shape):
    rep: str
    manager: str
    director: str
    delivery: str
    finance: str
    marketing: str
    support: str
    admin: str
    exec: str


class Story(Shape):
    people: Players
    leads: tuple[StoryLead, ...]


def players() -> Players:
    """The names of the story's people."""
    return read("story.toml", Story).people


def is_empty(db: Session) -> bool:
    """Whether nobody works here yet."""
    return db.scalar(select(col(Person.id)).limit(1)) is None


def build(db: Session, now: datetime, seed: int = 1) -> Company:
    """Make people, customers and history up to yesterday. Only for an empty database.

    Nobody has an account in an IM: `people.bind` gives the story's people theirs.
    """
    rng = Random(seed)  # noqa: S311  names and numbers to look at, no secrets
    story, talks = read("story.toml", Story), read("talks.toml", Talks)
    diary = Diary(now.astimezone(ZONE).date(), rng)
    staff = hire(db, rng)
    told = [_journey(db, diary, staff, lead, n) for n, lead in enumerate(story.leads)]
    drawn = _draw_journeys(find_customers(db, rng), diary, staff, talks)
    for journey in (*told, *drawn):
        journey.tell()
    diary.live(db)
    db.flush()
    return find(db)


def find(db: Session) -> Company:
    """The demo company in the database it was built into. Raises LookupError in any other."""
    story = read("story.toml", Story)
    found = [_lead_with(db, lead.customer) for lead in story.leads]
    lead, customer, contact = found[0]
    return Company(
        **{role: _person(db, name) for role, name in story.people},
        customer=customer,
        contact=contact,
        lead=lead,
        today=tuple(f[0] for f, told in zip(found, story.leads, strict=True) if told.next == 0),
    )


def _journey(db: Session, diary: Diary, staff: Staff, story: StoryLead, number: int) -> Journey:
    """A lead of the story, with its customer and contact."""
    customer = Customer(
        name=story.customer,
        industry=story.industry,
        region=STORY_REGION,
        aliases=list(story.aliases),
    )
    db.add(customer)
    db.flush()
    contact = Contact(
        customer_id=customer.id, name=story.contact, title=story.title, phone=phone(number)
    )
    db.add(contact)
    db.flush()
    return Journey(diary, staff, story, staff.rep, customer, contact)


def _draw_journeys(
    prospects: Sequence[Prospect], diary: Diary, staff: Staff, talks: Talks
) -> list[Journey]:
    """Leads with customers that have one; those of a region are dealt out to its salespeople."""
    others = {
        region: cycle([rep for rep in reps if rep is not staff.rep])
        for region, reps in staff.reps.items()
    }
    journeys: list[Journey] = []
    for prospect in (p for p in prospects if p.is_touched):
        customer, contact = prospect.customer, prospect.contacts[0]
        rep, plan = next(others[customer.region]), draw(talks, customer, contact, diary)
        journeys.append(Journey(diary, staff, plan, rep, customer, contact))
    return journeys


def _person(db: Session, name: str) -> Person:
    person = people.named(db, name)
    if person is None:
        raise LookupError(f"this is not the demo company: one colleague named {name} is missing")
    return person


def _lead_with(db: Session, customer: str) -> tuple[Lead, Customer, Contact]:
    """The story's lead with a customer: the first there was."""
    query = (
        select(Lead, Customer, Contact)
        .join(Customer, col(Lead.customer_id) == col(Customer.id))
        .join(Contact, col(Lead.contact_id) == col(Contact.id))
        .where(col(Customer.name) == customer)
    )
    found = db.execute(query.order_by(col(Lead.id)).limit(1)).first()
    if found is None:
        raise LookupError(f"this is not the demo company: no lead with {customer}")
    lead, organisation, contact = found
    return lead, organisation, contact
