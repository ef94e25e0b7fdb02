"""Colleagues and teams taken over from a company's directory, as often as one likes."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from sqlmodel import Session, select

from storage import people
from storage.models import Account, Person, Role, Team

Id = int | str
"""Of a department, on its platform."""


class Unit(Protocol):
    """A department; `parent` is none of those given for the topmost."""

    @property
    def id(self) -> Id: ...

    @property
    def name(self) -> str: ...

    @property
    def parent(self) -> Id: ...


class Entry(Protocol):
    """A colleague by his address, with that of who leads him (or an empty one)."""

    @property
    def address(self) -> str: ...

    @property
    def name(self) -> str: ...

    @property
    def department(self) -> Id: ...

    @property
    def manager(self) -> str: ...


@dataclass(slots=True)
class Enrolled:
    teams: int = 0
    """New ones."""
    added: list[Person] = field(default_factory=list)
    known: list[Person] = field(default_factory=list)
    namesakes: list[Entry] = field(default_factory=list)
    """Somebody of that name is here already: whether it is the same person is not for us to say."""
    left: list[Entry] = field(default_factory=list)
    """Accounts of people who were switched off."""


def enrol(
    db: Session, units: Sequence[Unit], entries: Sequence[Entry], role: Role, now: datetime
) -> Enrolled:
    """Teams by name and place, people by account. What was set here by hand stays: roles, and who
    leads a team. Of new people whoever leads a whole department is a manager."""
    result = Enrolled()
    teams = _teams(db, units, result)
    leaders = {unit: found for unit in teams if (found := _leader(unit, entries))}
    for entry in entries:
        _enter(
            db,
            entry,
            teams.get(entry.department),
            Role.MANAGER if entry.address in leaders.values() else role,
            now,
            result,
        )
    for unit, address in leaders.items():
        leader = people.by_address(db, address)
        if leader is not None and teams[unit].manager_id is None:
            teams[unit].manager_id = leader.id
            db.add(teams[unit])
    db.flush()
    return result


def _teams(db: Session, units: Sequence[Unit], result: Enrolled) -> Mapping[Id, Team]:
    """By the unit's id; parents come first."""
    found: dict[Id, Team] = {}
    for unit in units:
        above = found.get(unit.parent)
        parent_id = above.id if above else None
        same = select(Team).where(Team.name == unit.name, Team.parent_id == parent_id)
        team = db.exec(same).first()
        if team is None:
            team = Team(name=unit.name, parent_id=parent_id)
            db.add(team)
            db.flush()
            result.teams += 1
        found[unit.id] = team
    return found


def _leader(unit: Id, entries: Sequence[Entry]) -> str:
    """Who leads everybody else of a department; empty when it is not one and the same."""
    members = [entry for entry in entries if entry.department == unit]
    told = Counter(entry.manager for entry in members if entry.manager)
    if not told:
        return ""
    ((leader, _),) = told.most_common(1)
    everybody = all(entry.manager == leader for entry in members if entry.address != leader)
    return leader if everybody else ""


def _enter(
    db: Session, entry: Entry, team: Team | None, role: Role, now: datetime, result: Enrolled
) -> None:
    team_id = team.id if team else None
    person = people.by_address(db, entry.address)
    if person is not None:
        if person.team_id is None:
            person.team_id = team_id
            db.add(person)
        result.known.append(person)
    elif db.get(Account, entry.address.casefold()) is not None:
        result.left.append(entry)
    elif people.is_taken(db, entry.name):
        result.namesakes.append(entry)
    else:
        person = people.add(db, entry.name, role, team_id=team_id)
        people.bind(db, person.id or 0, entry.address, now)
        result.added.append(person)
