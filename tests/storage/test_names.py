"""Names that stand in a text, found in one question per table."""

import pytest
from sqlmodel import Session

from storage import leads, names, people
from storage.models import Role


@pytest.fixture
def known(session: Session) -> Session:
    people.add(session, "小陈", Role.DELIVERY)
    leads.add_contact(session, "Kevin Lin", customer=leads.customer_named(session, "华康医疗"))
    leads.add_contact(session, "李", customer=leads.customer_named(session, "100%口腔_1"))
    return session


def test_names_of_colleagues_contacts_and_customers_are_found(known: Session) -> None:
    text = "小陈给华康医疗的kevin lin送样机，李也在"
    assert set(names.people_in(known, text)) == {"小陈", "Kevin Lin"}
    assert names.customers_in(known, text) == ["华康医疗"]


def test_a_name_that_is_not_said_is_not_found(known: Session) -> None:
    assert names.people_in(known, "样机下周三前寄出") == []
    assert names.customers_in(known, "样机下周三前寄出") == []
