"""The demo company's customers: hospitals, clinics, laboratories and distributors."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from random import Random

from sqlmodel import Session

from storage.demo.data import Shape, read
from storage.models import Contact, Customer


class Kind(Shape):
    ending: str
    short: str
    industry: str
    share: int
    contacts: tuple[str, ...]
    """"department:form of address"."""


class Market(Shape):
    customers: int
    first: str
    second: str
    surnames: str
    second_contact: float
    """Share of customers with one."""
    untouched: float
    """Share of customers nobody has a lead with yet."""
    cities: dict[str, tuple[str, ...]]
    kinds: tuple[Kind, ...]


@dataclass(frozen=True, slots=True)
class Prospect:
    customer: Customer
    contacts: list[Contact]
    is_touched: bool


def find_customers(db: Session, rng: Random) -> list[Prospect]:
    """Customers of every region in turn, each with one or two contacts."""
    market = read("market.toml", Market)
    kinds = rng.choices(market.kinds, [k.share for k in market.kinds], k=market.customers)
    customers = list(_name_customers(market, kinds, rng))
    db.add_all(customers)
    db.flush()
    phones = count(1000)
    prospects = [
        Prospect(
            customer,
            _name_contacts(market, kind, customer, phones, rng),
            is_touched=rng.random() >= market.untouched,
        )
        for customer, kind in zip(customers, kinds, strict=True)
    ]
    db.add_all([contact for prospect in prospects for contact in prospect.contacts])
    db.flush()
    return prospects


def phone(number: int) -> str:
    """Looks like a phone number and can be nobody's: no number in China begins with 000."""
    return f"000-0000-{number:04d}"


def _name_customers(market: Market, kinds: list[Kind], rng: Random) -> Iterator[Customer]:
    stems = rng.sample([a + b for a in market.first for b in market.second], len(kinds))
    regions = list(market.cities)
    for number, (stem, kind) in enumerate(zip(stems, kinds, strict=True)):
        region = regions[number % len(regions)]
        yield Customer(
            name=rng.choice(market.cities[region]) + stem + kind.ending,
            industry=kind.industry,
            region=region,
            aliases=[stem + kind.short, stem],
        )


def _name_contacts(
    market: Market, kind: Kind, customer: Customer, phones: Iterator[int], rng: Random
) -> list[Contact]:
    wanted = 2 if rng.random() < market.second_contact else 1
    posts = [post.split(":") for post in rng.sample(kind.contacts, wanted)]
    surnames = rng.sample(market.surnames, wanted)
    return [
        Contact(
            customer_id=customer.id,
            name=surname + address,
            title=f"{department}{address}" if address != "总" else department,
            phone=phone(next(phones)),
        )
        for surname, (department, address) in zip(surnames, posts, strict=True)
    ]
