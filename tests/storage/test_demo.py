"""The demo company can carry its stories: its people, its customers, and a past one can trace."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import Engine, event, select, text
from sqlmodel import Session, SQLModel, col

from bot import events
from storage import demo, leads, people, promises
from storage.columns import Sealed
from storage.db import connect
from storage.demo import Company, staff
from storage.facts import CATALOGUE
from storage.models import (
    STAGES,
    Account,
    Contact,
    Customer,
    Fact,
    FollowUp,
    Inbox,
    Lead,
    Person,
    Promise,
    PromiseState,
    Role,
)

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 1, 28, 8, 50, tzinfo=ZONE)
TABLES = SQLModel.metadata.sorted_tables
MORNINGS = [
    datetime(2026, 1, 31, 10, 0, tzinfo=ZONE),  # a Saturday
    datetime(2026, 2, 1, 17, 0, tzinfo=UTC),  # already Monday in Shanghai
    datetime(2028, 3, 1, 9, 0, tzinfo=ZONE),
]


@pytest.fixture(scope="module", autouse=True)
def key() -> None:
    Sealed.open_with(Fernet.generate_key())


def empty(folder: Path, name: str = "demo") -> Engine:
    engine = connect(f"sqlite:///{folder / name}.db", durable=False)
    SQLModel.metadata.create_all(engine)
    return engine


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory, key: None) -> Iterator[Session]:
    engine = empty(tmp_path_factory.mktemp("demo"))
    with Session(engine) as session:
        yield session
    engine.dispose()


@pytest.fixture(scope="module")
def company(db: Session) -> Company:
    return demo.build(db, NOW)


def rows(db: Session) -> list[Any]:
    """All that was saved."""
    return [tuple(row) for table in TABLES for row in db.execute(select(table))]


def test_only_an_empty_database_is_empty(tmp_path: Path, db: Session, company: Company) -> None:
    engine = empty(tmp_path)
    with Session(engine) as other:
        assert demo.is_empty(other)
        with pytest.raises(LookupError, match="not the demo company"):
            demo.find(other)
    engine.dispose()
    assert not demo.is_empty(db)
    assert demo.find(db) == company


def test_the_same_seed_and_moment_make_the_same_company(
    tmp_path: Path, db: Session, company: Company
) -> None:
    engine = empty(tmp_path)
    with Session(engine) as again:
        demo.build(again, NOW)
        assert rows(again) == rows(db)
    engine.dispose()


def test_another_seed_makes_other_people(tmp_path: Path, db: Session, company: Company) -> None:
    engine = empty(tmp_path)
    with Session(engine) as other:
        staff.hire(other, Random(2))
        names = set(other.scalars(select(col(Person.name))))
    engine.dispose()
    assert company.rep.name in names
    assert names != set(db.scalars(select(col(Person.name))))


def test_building_asks_little_of_the_database(tmp_path: Path) -> None:
    """Statements instead of seconds: about 5 000 of them take a second."""
    engine, statements = empty(tmp_path), 0

    @event.listens_for(engine, "before_cursor_execute")
    def count(*_: Any) -> None:
        nonlocal statements
        statements += 1

    with Session(engine) as db:
        demo.build(db, NOW)
    engine.dispose()
    assert statements < 6000


@pytest.mark.parametrize("now", MORNINGS, ids=str)
def test_the_story_can_be_told_on_any_day_and_with_any_seed(tmp_path: Path, now: datetime) -> None:
    engine = empty(tmp_path)
    today = now.astimezone(ZONE).date()
    with Session(engine) as db:
        company = demo.build(db, now, seed=now.day)
        assert [lead.next_contact for lead in company.today] == [today] * 3
        assert all(at < now for at in db.scalars(select(col(Fact.at))))
        open_leads = leads.open_of(db, company.rep.id or 0)
        assert sum(lead.next_contact == today for lead, _, _ in open_leads) == 3
    engine.dispose()


def test_the_rep_has_one_lead_with_zhang_and_two_with_a_li(db: Session, company: Company) -> None:
    found = leads.open_of(db, company.rep.id or 0)
    names = Counter(contact.name for _, contact, _ in found if contact)
    assert names["张总"] == 1
    assert names["李主任"] == 2
    assert leads.title_of(db, company.lead) == "张总（华康医疗）"
    assert company.lead.stage == "proposal_sent"
    assert company.today[0] is company.lead


def test_the_customer_owes_the_rep_one_thing(db: Session, company: Company) -> None:
    owed = [p for p in promises.open_of(db, company.rep.id or 0) if not p.is_ours]
    assert [p.what for p in owed] == ["采购需求表"]


def test_fifty_six_salespeople_work_under_their_managers(db: Session, company: Company) -> None:
    reps = db.scalars(select(Person).where(col(Person.role) == Role.SALES)).all()
    assert len(reps) == 56
    assert people.manager_of(db, company.rep) is company.manager
    assert people.manager_of(db, company.manager) is company.director
    assert people.manager_of(db, company.director) is company.exec
    assert len(people.team_mates(db, company.rep)) == 7


def test_everybody_has_a_name_of_their_own(db: Session, company: Company) -> None:
    names = list(db.scalars(select(col(Person.name))))
    assert len(names) == len(set(names))
    assert company.rep.name == "小李"
    assert company.delivery.label == "交付-小陈"


def test_the_director_sees_every_rep_and_a_manager_only_the_own(
    db: Session, company: Company
) -> None:
    reps = db.scalars(select(Person).where(col(Person.role) == Role.SALES)).all()
    ids = [rep.id or 0 for rep in reps]
    assert all(people.may_see(db, company.director, owner_id=number) for number in ids)
    assert sum(people.may_see(db, company.manager, owner_id=number) for number in ids) == 8


@pytest.mark.parametrize(
    ("kind", "who"),
    [
        ("sample", ["小陈"]),
        ("install", ["周工", "沈工"]),
        ("training", ["吴老师"]),
        ("invoice", ["钱会计"]),
        ("quote", []),
    ],
)
def test_a_kind_of_promise_has_its_deliverers(
    db: Session, company: Company, kind: str, who: list[str]
) -> None:
    assert [person.name for person in people.who_delivers(db, kind)] == who


def test_nobody_has_an_account_yet(db: Session, company: Company) -> None:
    assert db.scalars(select(Account)).all() == []


def test_customers_are_many_and_told_apart_by_every_name(db: Session, company: Company) -> None:
    customers = db.scalars(select(Customer)).all()
    assert len(customers) > 120
    names = [name for customer in customers for name in (customer.name, *customer.aliases)]
    assert len(names) == len(set(names))
    assert all(customer.industry and customer.region for customer in customers)


def test_phone_numbers_are_nobodys_and_unreadable_in_the_file(
    db: Session, company: Company
) -> None:
    phones = list(db.scalars(select(col(Contact.phone))))
    assert all(phone and phone.startswith("000-0000-") for phone in phones)
    assert len(phones) == len(set(phones))
    stored = db.execute(text("SELECT phone FROM contact")).scalars()
    assert not any("000-0000-" in phone for phone in stored)


def test_leads_stand_at_every_stage_and_promises_in_every_state(
    db: Session, company: Company
) -> None:
    assert set(db.scalars(select(col(Lead.stage)))) == set(STAGES)
    states = set(db.scalars(select(col(Promise.state))))
    assert states == set(PromiseState) - {PromiseState.DRAFT}


def test_priced_leads_have_amounts_and_open_ones_no_past_contact(
    db: Session, company: Company
) -> None:
    for lead in db.scalars(select(Lead)):
        assert (lead.amount is None) == (lead.stage in ("new", "contacted")) or not lead.is_open
        assert lead.next_contact is None or lead.next_contact >= NOW.date()
        assert lead.created_at <= lead.touched_at


def test_every_fact_comes_from_a_sentence_in_the_inbox(db: Session, company: Company) -> None:
    received = {row.id: row for row in db.scalars(select(Inbox))}
    said = {number: events.load(row.kind, row.body) for number, row in received.items()}
    facts = db.scalars(select(Fact)).all()
    assert len(facts) > 1000
    for fact in facts:
        message = said[fact.inbox_id]
        assert isinstance(message, events.MessageReceived)
        assert (message.text, message.at) == (fact.words, fact.at)
        assert fact.type in CATALOGUE
    assert {row.state for row in received.values()} == {"done"}


def test_history_was_lived_in_order_over_ninety_days(db: Session, company: Company) -> None:
    moments = list(db.scalars(select(col(Fact.at)).order_by(col(Fact.id))))
    assert moments == sorted(moments)
    assert timedelta(days=80) < NOW - moments[0] < timedelta(days=95)


def test_a_snapshot_shows_the_lead_as_it_was_then(db: Session, company: Company) -> None:
    query = select(Fact).where(col(Fact.lead_id) == company.lead.id).order_by(col(Fact.id))
    history = db.scalars(query.where(col(Fact.type).in_(("lead.created", "lead.stage")))).all()
    then = [fact.snapshot["lead"]["stage"] for fact in history]
    assert then == ["new", "contacted", "qualified", "proposal_sent"]


def test_a_promise_quotes_its_note_word_for_word(db: Session, company: Company) -> None:
    notes = {note.id: note for note in db.scalars(select(FollowUp))}
    for note in notes.values():
        assert "{" not in note.text
        assert len(note.summary) <= 30
    for promise in db.scalars(select(Promise)):
        assert promise.text in notes[promise.followup_id].text


def test_some_promises_were_kept_late(db: Session, company: Company) -> None:
    done = db.scalars(select(Promise).where(col(Promise.state) == PromiseState.DONE)).all()
    late = [p for p in done if p.done_at and p.due_at and p.done_at > p.due_at]
    assert 0 < len(late) < len(done) / 2
