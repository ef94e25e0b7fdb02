"""The demo company's own people: 56 salespeople in regional teams, and everybody else."""

from dataclasses import dataclass
from itertools import chain
from random import Random

from sqlmodel import Session

from storage.demo.data import Shape, read
from storage.models import Person, Role, Team


class Member(Shape):
    name: str
    role: Role
    delivers: tuple[str, ...] = ()


class Region(Shape):
    name: str
    manager: str


class Department(Shape):
    name: str
    manager: str
    members: tuple[Member, ...]


class Names(Shape):
    surnames: str
    given: tuple[str, ...]


class Cast(Shape):
    company: str
    director: str
    sales: str
    reps_per_region: int
    first_rep: str
    regions: tuple[Region, ...]
    departments: tuple[Department, ...]
    names: Names


@dataclass(frozen=True, slots=True)
class Staff:
    reps: dict[str, list[Person]]
    """Salespeople by region; the first of the first region is the story's rep."""
    named: dict[str, Person]

    @property
    def rep(self) -> Person:
        return next(iter(self.reps.values()))[0]

    def who_deliver(self, kind: str) -> list[Person]:
        return [person for person in self.named.values() if kind in person.delivers]


def hire(db: Session, rng: Random) -> Staff:
    cast = read("cast.toml", Cast)
    teams = _found_teams(db, cast)
    reps = _name_reps(cast, teams, rng)
    others = _name_others(cast, teams)
    people = [*chain.from_iterable(reps.values()), *others]
    db.add_all(people)
    db.flush()
    named = {person.name: person for person in people}
    _appoint(db, cast, teams, named)
    return Staff(reps, named)


def _found_teams(db: Session, cast: Cast) -> dict[str, Team]:
    top = Team(name=cast.company)
    db.add(top)
    db.flush()
    sales = Team(name=cast.sales, parent_id=top.id)
    rooms = [Team(name=department.name, parent_id=top.id) for department in cast.departments]
    db.add_all([sales, *rooms])
    db.flush()
    regions = [Team(name=f"{region.name}大区", parent_id=sales.id) for region in cast.regions]
    db.add_all(regions)
    db.flush()
    return {team.name: team for team in (top, sales, *rooms, *regions)}


def _name_reps(cast: Cast, teams: dict[str, Team], rng: Random) -> dict[str, list[Person]]:
    everybody = [surname + given for given in cast.names.given for surname in cast.names.surnames]
    drawn = rng.sample(everybody, cast.reps_per_region * len(cast.regions) - 1)
    names = iter([cast.first_rep, *drawn])
    return {
        region.name: [
            Person(name=next(names), role=Role.SALES, team_id=teams[f"{region.name}大区"].id)
            for _ in range(cast.reps_per_region)
        ]
        for region in cast.regions
    }


def _name_others(cast: Cast, teams: dict[str, Team]) -> list[Person]:
    director = Person(name=cast.director, role=Role.MANAGER, team_id=teams[cast.sales].id)
    regional = [
        Person(name=region.manager, role=Role.MANAGER, team_id=teams[f"{region.name}大区"].id)
        for region in cast.regions
    ]
    rooms = chain.from_iterable(_room(room, teams[room.name]) for room in cast.departments)
    return [director, *regional, *rooms]


def _room(department: Department, team: Team) -> list[Person]:
    """A department's members, and its manager where that is not one of them."""
    members = [
        Person(name=m.name, role=m.role, team_id=team.id, delivers=list(m.delivers))
        for m in department.members
    ]
    if department.manager in {member.name for member in members}:
        return members
    return [Person(name=department.manager, role=Role.MANAGER, team_id=team.id), *members]


def _appoint(db: Session, cast: Cast, teams: dict[str, Team], named: dict[str, Person]) -> None:
    """Give each team its manager; the company's is the executive."""
    teams[cast.sales].manager_id = named[cast.director].id
    for region in cast.regions:
        teams[f"{region.name}大区"].manager_id = named[region.manager].id
    for department in cast.departments:
        teams[department.name].manager_id = named[department.manager].id
    executive = next(person for person in named.values() if person.role == Role.EXEC)
    teams[cast.company].manager_id = executive.id
    db.flush()
