"""Examples: unreadable in the file, and never more than are kept."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from sqlmodel import Session

from storage import examples, followups, people
from storage.models import FollowUp, Role

NOW = datetime(2026, 1, 28, 2, 20, tzinfo=UTC)


@pytest.fixture
def note(session: Session) -> FollowUp:
    author = people.add(session, "小李", Role.SALES)
    return followups.add(
        session,
        FollowUp(author_id=author.id or 0, inbox_id=1, chat="im:li", text="张总嫌贵", at=NOW),
    )


def add(session: Session, note: FollowUp, became: str) -> None:
    examples.add(session, note, "tag", person_id=note.author_id, at=NOW, became=became, words="贵")


def test_what_people_wrote_is_sealed(session: Session, note: FollowUp) -> None:
    add(session, note, "price_concern")
    row = session.connection().execute(text("SELECT text, became, words FROM example")).one()
    assert all(part.startswith("gAAAA") for part in row)
    (example,) = examples.everything(session)
    assert (example.text, example.became, example.words) == ("张总嫌贵", "price_concern", "贵")


def test_the_oldest_make_room(
    session: Session, note: FollowUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(examples, "KEPT", 3)
    for number in range(5):
        add(session, note, str(number))
    assert [example.became for example in examples.everything(session)] == ["2", "3", "4"]
