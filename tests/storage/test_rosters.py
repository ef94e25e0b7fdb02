"""K15: colleagues and teams from a directory, as often as one likes, and nothing put over what
was set by hand."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sqlmodel import Session, select

from storage import people, rosters
from storage.models import Person, Role, Team

NOW = datetime(2026, 1, 28, 2, 20, tzinfo=UTC)


@dataclass(frozen=True)
class Unit:
    id: int
    name: str
    parent: int


@dataclass(frozen=True)
class Entry:
    address: str
    name: str
    department: int
    manager: str = ""


UNITS = [Unit(2, "销售部", 1), Unit(3, "华东组", 2)]
WANG = Entry("dingtalk:wang", "王经理", 2, "dingtalk:boss")
CHEN = Entry("dingtalk:chen", "小陈", 3, "dingtalk:wang")
SUN = Entry("dingtalk:sun", "小孙", 3, "dingtalk:wang")
ENTRIES = [WANG, CHEN, SUN]


def enrolled(db: Session, entries: list[Entry] = ENTRIES) -> rosters.Enrolled:
    return rosters.enrol(db, UNITS, entries, Role.SALES, NOW)


def person(db: Session, address: str) -> Person:
    found = people.by_address(db, address)
    assert found is not None
    return found


def test_people_teams_and_who_leads_them_come_in_one_go(session: Session) -> None:
    told = enrolled(session)
    assert (told.teams, len(told.added), told.known) == (2, 3, [])
    chen, wang = person(session, "dingtalk:chen"), person(session, "dingtalk:wang")
    assert (chen.role, wang.role) == (Role.SALES, Role.MANAGER)
    assert people.manager_of(session, chen) == wang
    east = session.get(Team, chen.team_id)
    assert east is not None
    above = session.get(Team, east.parent_id)
    assert above is not None
    assert (east.name, above.name, above.parent_id) == ("华东组", "销售部", None)


def test_a_second_time_changes_nothing_and_adds_who_is_new(session: Session) -> None:
    enrolled(session)
    chen = person(session, "dingtalk:chen")
    chen.role = Role.DELIVERY
    chen.name = "陈晓"
    session.add(chen)
    told = enrolled(session, [*ENTRIES, Entry("dingtalk:zhou", "小周", 3, "dingtalk:wang")])
    assert (told.teams, [p.name for p in told.added], len(told.known)) == (0, ["小周"], 3)
    assert person(session, "dingtalk:chen").role is Role.DELIVERY
    assert person(session, "dingtalk:chen").name == "陈晓"
    assert len(session.exec(select(Team)).all()) == 2


def test_who_leads_a_team_by_our_own_word_stays(session: Session) -> None:
    enrolled(session)
    chen = person(session, "dingtalk:chen")
    east = session.get(Team, chen.team_id)
    assert east is not None
    east.manager_id = chen.id
    session.add(east)
    enrolled(session)
    assert east.manager_id == chen.id


def test_a_department_with_two_leaders_has_none(session: Session) -> None:
    enrolled(session, [WANG, CHEN, replace(SUN, manager="dingtalk:li")])
    east = session.get(Team, person(session, "dingtalk:chen").team_id)
    assert east is not None
    assert east.manager_id is None


def test_a_namesake_is_never_taken_for_the_same_person(session: Session) -> None:
    here = people.add(session, "小陈", Role.SALES)
    people.bind(session, here.id or 0, "wecom:chen", NOW)
    told = enrolled(session)
    assert told.namesakes == [CHEN]
    assert people.by_address(session, "dingtalk:chen") is None


def test_two_of_one_name_in_the_directory_are_told(session: Session) -> None:
    told = enrolled(session, [CHEN, replace(SUN, name="小陈")])
    assert ([p.name for p in told.added], len(told.namesakes)) == (["小陈"], 1)


def test_who_was_switched_off_is_not_brought_back(session: Session) -> None:
    enrolled(session)
    chen = person(session, "dingtalk:chen")
    chen.active = False
    session.add(chen)
    session.flush()
    told = enrolled(session)
    assert told.left == [CHEN]
    assert people.by_address(session, "dingtalk:chen") is None


def test_whoever_was_invited_before_gets_his_team(session: Session) -> None:
    invited = people.add(session, "小陈", Role.SALES)
    people.bind(session, invited.id or 0, "dingtalk:chen", NOW)
    enrolled(session)
    assert people.manager_of(session, invited) == person(session, "dingtalk:wang")
