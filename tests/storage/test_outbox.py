"""What is to be said: once, in the slot where its matter lives, merged while it still waits."""

from datetime import UTC, datetime, timedelta

from sqlmodel import Session, col, select

from storage import outbox, parcels
from storage.models import Outbox, ShownCard
from storage.outbox import Draft

NOW = datetime(2026, 1, 28, 2, 20, tzinfo=UTC)
LI, CHEN = "wecom:li.xiao", "feishu:ou_chen"


def rows(db: Session) -> list[Outbox]:
    return list(db.exec(select(Outbox).order_by(col(Outbox.id))))


def put(db: Session, body: str, address: str = LI, *, slot: str = "", once: str = "") -> ShownCard:
    card = outbox.put(db, Draft(address, body, slot=slot, once=once), NOW)
    assert card is not None
    return card


def deliver_all(db: Session, code: str = "") -> list[tuple[str, str]]:
    """Send everything with success; what was said, in order."""
    said = []
    while claimed := parcels.claim(db, NOW, "t", 10):
        for row, _ in claimed:
            said.append((row.action, row.body))
            parcels.delivered(db, row.id or 0, "t", NOW, f"m{row.id}", code, "")
    return said


def test_what_must_be_said_once_is_said_once(session: Session) -> None:
    put(session, "late", once="late:7")
    assert outbox.put(session, Draft(LI, "late", once="late:7"), NOW) is None
    assert deliver_all(session) == [("send", "late")]
    assert outbox.put(session, Draft(CHEN, "late", once="late:7"), NOW) is None


def test_a_slot_is_edited_in_place(session: Session) -> None:
    first = put(session, "asked", slot="promise:7")
    deliver_all(session)
    assert put(session, "accepted", slot="promise:7").id == first.id
    assert deliver_all(session) == [("edit", "accepted")]


def test_another_slot_or_address_is_another_card(session: Session) -> None:
    cards = [
        put(session, "a", slot="promise:7"),
        put(session, "b", slot="promise:8"),
        put(session, "c", CHEN, slot="promise:7"),
        put(session, "d"),
        put(session, "e"),
    ]
    assert len({card.id for card in cards}) == 5


def test_what_still_waits_is_replaced_by_what_is_newer(session: Session) -> None:
    put(session, "one", slot="promise:7")
    put(session, "two", slot="promise:7")
    assert deliver_all(session) == [("send", "two")]
    put(session, "three", slot="promise:7")
    put(session, "four", slot="promise:7")
    assert deliver_all(session) == [("edit", "four")]


def test_what_is_on_its_way_is_not_touched(session: Session) -> None:
    put(session, "one", slot="promise:7")
    parcels.claim(session, NOW, "t", 10)
    put(session, "two", slot="promise:7")
    assert [(row.action, row.body) for row in rows(session)] == [("send", "one"), ("edit", "two")]


def test_a_merged_edit_keeps_its_once(session: Session) -> None:
    put(session, "one", slot="promise:7")
    put(session, "late", slot="promise:7", once="late:7")
    deliver_all(session)
    assert outbox.put(session, Draft(LI, "late", slot="promise:7", once="late:7"), NOW) is None


def test_two_onces_never_share_a_row(session: Session) -> None:
    put(session, "one", slot="promise:7", once="a")
    put(session, "two", slot="promise:7", once="b")
    assert [row.once for row in rows(session)] == ["a", "b"]


def test_a_merged_edit_belongs_to_the_newer_event(session: Session) -> None:
    card = outbox.put(session, Draft(LI, "one", slot="promise:7", inbox_id=1), NOW)
    outbox.put(session, Draft(LI, "two", slot="promise:7", inbox_id=2), NOW)
    assert card is not None
    assert outbox.touched(session, card.id, 2)


def test_a_retired_card_stays_and_the_next_is_new(session: Session) -> None:
    old = put(session, "counter?", slot="promise:7")
    deliver_all(session)
    outbox.retire(session, LI, "promise:7")
    assert put(session, "again?", slot="promise:7").id != old.id
    assert deliver_all(session) == [("send", "again?")]


def test_a_known_card_is_edited_where_it_is(session: Session) -> None:
    card = put(session, "press me", CHEN)
    deliver_all(session)
    outbox.edit(session, card.id, Draft(LI, "pressed"), NOW)
    (row, _) = parcels.claim(session, NOW, "t", 10)[0]
    assert (row.address, row.action, row.body) == (CHEN, "edit", "pressed")


def test_an_edit_of_a_known_card_merges_with_one_that_waits(session: Session) -> None:
    card = put(session, "press me")
    deliver_all(session)
    outbox.edit(session, card.id, Draft(LI, "pressed"), NOW)
    outbox.edit(session, card.id, Draft(LI, "pressed twice"), NOW)
    assert deliver_all(session) == [("edit", "pressed twice")]


def test_a_typed_answer_has_no_card_and_gets_one(session: Session) -> None:
    outbox.edit(session, "", Draft(LI, "noted"), NOW)
    assert deliver_all(session) == [("send", "noted")]


def test_a_card_pressed_before_its_receipt_is_edited_and_not_sent_again(session: Session) -> None:
    card = put(session, "press me")
    parcels.claim(session, NOW, "t", 10)
    outbox.edit(session, card.id, Draft(LI, "pressed"), NOW)
    assert [row.action for row in rows(session)] == ["send", "edit"]


def greet(db: Session, code: str, by: int = 1, at: datetime = NOW) -> None:
    draft = Draft("wecom:wm1", "您好", slot=f"welcome:{by}", inbox_id=1)
    outbox.put_welcome(db, draft, code, at)


def test_a_new_contact_is_welcomed_once_and_in_time(session: Session) -> None:
    greet(session, "code")
    greet(session, "code")
    (row,) = rows(session)
    assert (row.action, row.expires_at) == ("welcome", NOW + timedelta(seconds=18))


def test_a_second_right_to_greet_at_the_same_moment_is_not_used(session: Session) -> None:
    greet(session, "half")
    greet(session, "whole")
    assert len(rows(session)) == 1


def test_a_second_right_is_used_when_the_first_was_refused(session: Session) -> None:
    greet(session, "half")
    parcels.claim(session, NOW, "t", 10)
    parcels.settle(session, rows(session)[0].id or 0, "t", NOW, "refused", "not yet")
    greet(session, "whole")
    assert len(rows(session)) == 2


def test_another_colleague_or_another_day_greets_anew(session: Session) -> None:
    greet(session, "one")
    greet(session, "two", by=2)
    greet(session, "three", at=NOW + timedelta(days=1))
    assert len(rows(session)) == 3


def test_a_reply_finds_the_card_it_answers_whatever_the_case(session: Session) -> None:
    card = put(session, "lead", "wecom:Li.Xiao")
    deliver_all(session)
    found = outbox.card_by_message(session, LI, f"m{rows(session)[0].id}")
    assert found is not None
    assert found.id == card.id
    assert outbox.card_by_message(session, CHEN, "m1") is None


def test_a_matter_is_found_where_its_newest_card_is(session: Session) -> None:
    put(session, "task", CHEN, slot="promise:7")
    assert outbox.where_live(session, [LI, CHEN], "promise:7") == CHEN
    assert outbox.where_live(session, [LI], "promise:7") is None
    assert outbox.where_live(session, [LI, CHEN], "") is None


def test_each_click_adds_a_right_to_edit(session: Session) -> None:
    card = put(session, "press me")
    deliver_all(session, code="from sending")
    outbox.clicked(session, card.id, "from a click")
    assert card.edit_codes == ["from sending", "from a click"]
    outbox.clicked(session, card.id, "")
    outbox.clicked(session, "unknown", "code")
    assert len(card.edit_codes) == 2


def test_ids_of_cards_fit_every_platform(session: Session) -> None:
    ids = {put(session, "x").id for _ in range(50)}
    assert len(ids) == 50
    assert all(len(one) == 12 and set(one) <= set(outbox.ALPHABET) for one in ids)
