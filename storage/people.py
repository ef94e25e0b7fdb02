"""Colleagues, their teams, and their accounts in the IMs."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select, update
from sqlmodel import Session, col

from storage.models import Account, BindCode, BindTry, Person, Role, Team

TRIES = 5
TRY_WINDOW = timedelta(hours=1)

_BY_ADDRESS = (
    select(Person)
    .join(Account, col(Account.person_id) == col(Person.id))
    .where(col(Account.key) == bindparam("account"), col(Person.active))
)
_ACCOUNTS = Account.metadata.tables["account"]
_SEEN = (
    update(_ACCOUNTS)
    .where(_ACCOUNTS.c.key == bindparam("account"))
    .values(last_seen=bindparam("now"))
)
_ADDRESSES = (
    select(col(Account.address))
    .where(col(Account.person_id) == bindparam("person"))
    .order_by(col(Account.preferred).desc(), col(Account.last_seen).desc(), col(Account.key))
)
# Asked with every event: those statements are built once.


def by_address(db: Session, address: str) -> Person | None:
    """The active colleague behind an IM account; addresses are compared without case."""
    return db.scalar(_BY_ADDRESS, {"account": address.casefold()})


def get(db: Session, person_id: int) -> Person:
    """Raises LookupError."""
    person = db.get(Person, person_id)
    if person is None:
        raise LookupError(f"there is no person {person_id}")
    return person


def named(db: Session, name: str) -> Person | None:
    """The one active colleague of that name; None if there is none, or more than one."""
    found = db.scalars(select(Person).where(col(Person.name) == name, col(Person.active))).all()
    return found[0] if len(found) == 1 else None


def is_taken(db: Session, name: str) -> bool:
    """Whether an active colleague is called that."""
    query = select(col(Person.id)).where(col(Person.name) == name, col(Person.active))
    return db.scalar(query.limit(1)) is not None


def in_role(db: Session, role: Role) -> Sequence[Person]:
    """Active colleagues of that role."""
    query = select(Person).where(col(Person.role) == role, col(Person.active))
    return db.scalars(query.order_by(col(Person.id))).all()


def add(
    db: Session,
    name: str,
    role: Role,
    *,
    team_id: int | None = None,
    delivers: Sequence[str] = (),
) -> Person:
    person = Person(name=name, role=role, team_id=team_id, delivers=list(delivers))
    db.add(person)
    db.flush()
    return person


def bind(db: Session, person_id: int, address: str, now: datetime) -> None:
    """Tie an IM account to a person, taking it from whoever had it."""
    key = address.casefold()
    account = db.get(Account, key)
    if account is None:
        db.add(Account(key=key, address=address, person_id=person_id, bound_at=now, last_seen=now))
    else:
        account.person_id, account.bound_at, account.last_seen = person_id, now, now
        account.preferred = False
        db.add(account)
    db.flush()


def seen(db: Session, address: str, now: datetime) -> None:
    """The account somebody used last is the one we write to, unless another is preferred."""
    db.connection().execute(_SEEN, {"account": address.casefold(), "now": now})


def addresses(db: Session, person_id: int) -> Sequence[str]:
    """A person's accounts: the preferred one, then by last use."""
    return db.scalars(_ADDRESSES, {"person": person_id}).all()


def account_in(db: Session, person_id: int, platform: str) -> str:
    """A person's address in one IM; empty when none is bound there."""
    found = (each for each in addresses(db, person_id) if each.startswith(f"{platform}:"))
    return next(found, "")


def new_code(db: Session, person_id: int, now: datetime, valid: timedelta) -> str:
    """Six digits for binding another account; earlier ones of this person are void."""
    void_codes(db, person_id)
    code = f"{secrets.randbelow(10**6):06d}"
    while db.get(BindCode, code) is not None:
        code = f"{secrets.randbelow(10**6):06d}"
    db.add(BindCode(code=code, person_id=person_id, expires=now + valid))
    db.flush()
    return code


def whose_code(db: Session, code: str, now: datetime) -> Person | None:
    """Whom a code would tie an account to; None if it is unknown or has expired."""
    found = db.get(BindCode, code)
    return get(db, found.person_id) if found is not None and found.expires > now else None


def void_codes(db: Session, person_id: int) -> None:
    for code in db.scalars(select(BindCode).where(col(BindCode.person_id) == person_id)):
        db.delete(code)
    db.flush()


def redeem(db: Session, code: str, now: datetime) -> Person | None:
    """Use a code up; None if it is unknown or has expired."""
    found = db.get(BindCode, code)
    if found is None:
        return None
    db.delete(found)
    return get(db, found.person_id) if found.expires > now else None


def may_try(db: Session, address: str, now: datetime) -> bool:
    """Whether this account may still guess a code (TRIES wrong ones within TRY_WINDOW)."""
    tried = db.get(BindTry, address)
    return tried is None or tried.failures < TRIES or now - tried.since > TRY_WINDOW


def failed_try(db: Session, address: str, now: datetime) -> None:
    tried = db.get(BindTry, address)
    if tried is None or now - tried.since > TRY_WINDOW:
        tried = tried or BindTry(address=address, since=now)
        tried.failures, tried.since = 0, now
    tried.failures += 1
    db.add(tried)


def manager_of(db: Session, person: Person) -> Person | None:
    """The nearest manager above a person: of the own team, else of a team above it."""
    team = db.get(Team, person.team_id) if person.team_id else None
    while team is not None:
        if team.manager_id and team.manager_id != person.id:
            return get(db, team.manager_id)
        team = db.get(Team, team.parent_id) if team.parent_id else None
    return None


def team_mates(db: Session, person: Person) -> Sequence[Person]:
    """Active salespeople of the same team, without the person."""
    query = select(Person).where(
        col(Person.team_id) == person.team_id,
        col(Person.role) == Role.SALES,
        col(Person.active),
        col(Person.id) != person.id,
    )
    return db.scalars(query.order_by(col(Person.id))).all()


_DELIVERING = (
    select(Person)
    .where(col(Person.active), col(Person.role) != Role.SALES)
    .order_by(col(Person.id))
)


def who_delivers(db: Session, kind: str) -> Sequence[Person]:
    """Active colleagues who fulfil promises of that kind."""
    found = db.scalars(_DELIVERING).all()
    return [person for person in found if kind in person.delivers]


def subtree(db: Session, manager: Person) -> set[int]:
    """Ids of the teams a manager leads, with all teams below them."""
    teams = db.scalars(select(Team)).all()
    led = {t.id for t in teams if t.manager_id == manager.id and t.id is not None}
    grown = True
    while grown:
        below = {t.id for t in teams if t.parent_id in led and t.id is not None}
        grown = not below <= led
        led |= below
    return led


def may_see(
    db: Session, viewer: Person, *, owner_id: int, collaborator_ids: Sequence[int] = ()
) -> bool:
    """The one rule of visibility: one's own, what one is assigned to, and the teams below one."""
    if viewer.role in (Role.ADMIN, Role.EXEC) or viewer.id in (owner_id, *collaborator_ids):
        return True
    return get(db, owner_id).team_id in subtree(db, viewer)
