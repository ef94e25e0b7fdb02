"""Outbox rows on their way: leases, order per address, and what becomes of a try."""

from datetime import UTC, datetime, timedelta

from sqlmodel import Session, col, select

from storage import outbox, parcels
from storage.models import Outbox, ShownCard
from storage.outbox import Draft

NOW = datetime(2026, 1, 28, 2, 20, tzinfo=UTC)
LI, CHEN = "wecom:li.xiao", "feishu:ou_chen"


def put(db: Session, body: str, address: str = LI, slot: str = "") -> ShownCard:
    card = outbox.put(db, Draft(address, body, slot=slot, person_id=3), NOW)
    assert card is not None
    return card


def claim(db: Session, now: datetime = NOW, token: str = "t") -> list[Outbox]:
    return [row for row, _ in parcels.claim(db, now, token, 10)]


def claimed(db: Session, now: datetime = NOW) -> list[str]:
    return [row.body for row in claim(db, now)]


def shown_with_codes(db: Session, *codes: str) -> ShownCard:
    """A delivered card whose next edit has been claimed."""
    card = put(db, "first", slot="promise:7")
    (row,) = claim(db)
    parcels.delivered(db, row.id or 0, "t", NOW, "m1", "", "")
    card.edit_codes = list(codes)
    put(db, "second", slot="promise:7")
    claim(db)
    return card


def waiting(db: Session) -> Outbox:
    return db.exec(select(Outbox).where(Outbox.state == "queued")).one()


def test_one_row_of_each_address_is_on_its_way_at_a_time(session: Session) -> None:
    for body, address in [("a1", LI), ("b1", CHEN), ("a2", LI)]:
        put(session, body, address)
    assert claimed(session) == ["a1", "b1"]
    assert claimed(session) == []


def test_what_another_process_is_to_send_is_left_and_holds_nobody_up(session: Session) -> None:
    teams = [f"wecom:wr{number:018}" for number in range(12)]
    for address in (*teams, "wecom:w_n", LI):
        put(session, address, address)
    rows = parcels.claim(session, NOW, "t", 10, elsewhere=["wecom:wr", "wecom:w_n"])
    assert [row.body for row, _ in rows] == [LI]
    assert parcels.next_due(session, elsewhere=["wecom:w"]) == NOW + parcels.LEASE
    assert parcels.next_due(session) == NOW


def test_the_next_row_of_an_address_follows_the_receipt(session: Session) -> None:
    put(session, "a1")
    put(session, "a2")
    (row,) = claim(session)
    parcels.delivered(session, row.id or 0, "t", NOW, "m1", "code", "")
    assert claimed(session) == ["a2"]


def test_a_receipt_belongs_to_the_card(session: Session) -> None:
    card = put(session, "a1")
    (row,) = claim(session)
    parcels.delivered(session, row.id or 0, "t", NOW, "m1", "code", "no idempotency key")
    assert (card.message_id, card.edit_codes) == ("m1", ["code"])
    assert (row.state, row.note, row.settled_at) == ("delivered", "no idempotency key", NOW)


def test_an_edit_uses_up_the_oldest_right(session: Session) -> None:
    card = shown_with_codes(session, "one", "two")
    parcels.delivered(session, waiting(session).id or 0, "t", NOW, "", "", "")
    assert (card.message_id, card.edit_codes) == ("m1", ["two"])


def test_what_a_dead_process_held_is_taken_again_when_its_lease_ends(session: Session) -> None:
    put(session, "a1")
    assert claimed(session) == ["a1"]
    assert parcels.next_due(session) == NOW + parcels.LEASE
    (row,) = claim(session, NOW + parcels.LEASE)
    assert row.attempts == 2


def test_leases_can_be_given_up_at_once(session: Session) -> None:
    put(session, "a1")
    claim(session)
    assert parcels.in_flight(session)
    parcels.release(session, NOW)
    session.expire_all()
    assert not parcels.in_flight(session)
    assert claimed(session) == ["a1"]


def test_a_late_finisher_changes_nothing(session: Session) -> None:
    card = put(session, "a1")
    claim(session, token="slow")
    (row,) = claim(session, NOW + parcels.LEASE, token="quick")
    row_id = row.id or 0
    parcels.delivered(session, row_id, "slow", NOW, "m-slow", "", "")
    assert parcels.retry(session, row_id, "slow", NOW, "lost")
    parcels.settle(session, row_id, "slow", NOW, "refused", "no")
    assert (row.state, row.token, card.message_id) == ("queued", "quick", "")


def test_a_fault_is_tried_again_later_and_later_and_not_for_ever(session: Session) -> None:
    put(session, "a1")
    put(session, "a2")
    now = NOW
    for wait in parcels.RETRIES:
        (row,) = claim(session, now)
        assert row.body == "a1"
        assert parcels.retry(session, row.id or 0, "t", now, "no answer")
        assert parcels.next_due(session) == now + wait
        now += wait
    (row,) = claim(session, now)
    assert not parcels.retry(session, row.id or 0, "t", now, "no answer")


def test_a_try_that_took_nothing_does_not_count(session: Session) -> None:
    put(session, "a1")
    (row,) = claim(session)
    assert parcels.postpone(session, row.id or 0, "t", NOW, "slow down", timedelta(seconds=60))
    assert (row.attempts, row.due) == (0, NOW + timedelta(seconds=60))


def test_nobody_is_waited_for_longer_than_a_day(session: Session) -> None:
    put(session, "a1")
    (row,) = claim(session)
    assert not parcels.postpone(session, row.id or 0, "t", NOW, "quota", timedelta(days=2))


def test_with_another_right_to_edit_the_edit_is_tried_again(session: Session) -> None:
    card = shown_with_codes(session, "used", "fresh")
    row = waiting(session)
    assert parcels.drop_code(session, row.id or 0, "t", NOW)
    assert (card.edit_codes, row.attempts, row.token) == (["fresh"], 0, "")


def test_without_one_the_matter_continues_on_a_new_card(session: Session) -> None:
    old = shown_with_codes(session, "used")
    row = waiting(session)
    assert not parcels.drop_code(session, row.id or 0, "t", NOW)
    parcels.send_anew(session, row.id or 0, "t", NOW, "expired")
    assert (row.action, row.body, row.note) == ("send", "second", "expired")
    assert row.card_id != old.id
    assert put(session, "third", slot="promise:7").id == row.card_id


def test_what_waits_for_the_old_card_follows_to_the_new_one(session: Session) -> None:
    shown_with_codes(session, "used")
    row = waiting(session)
    put(session, "third", slot="promise:7")
    parcels.send_anew(session, row.id or 0, "t", NOW, "expired")
    queued = select(Outbox).where(Outbox.state == "queued").order_by(col(Outbox.id))
    first, second = session.exec(queued)
    assert (first.action, second.action) == ("send", "edit")
    assert first.card_id == second.card_id


def test_a_refused_card_goes_as_text_and_keeps_what_was_meant(session: Session) -> None:
    old = put(session, "a card", slot="promise:7")
    (row,) = claim(session)
    parcels.say_plainly(session, row.id or 0, "t", NOW, "template")
    assert (row.plain, row.body, row.action) == (True, "a card", "send")
    assert row.card_id != old.id


def test_on_another_channel_the_card_is_tried_as_a_card(session: Session) -> None:
    put(session, "a card", slot="promise:7")
    (row,) = claim(session)
    row.plain = True
    parcels.move(session, row.id or 0, "t", NOW, CHEN, "not a member")
    assert (row.address, row.plain, row.tried, row.attempts) == (CHEN, False, [LI], 0)
    assert outbox.where_live(session, [LI, CHEN], "promise:7") == CHEN


def test_what_was_refused_or_came_too_late_is_listed_newest_first(session: Session) -> None:
    for body, state in [("a", "refused"), ("b", "delivered"), ("c", "expired")]:
        put(session, body)
        (row,) = claim(session)
        parcels.settle(session, row.id or 0, "t", NOW, state, "reason")
    assert [row.body for row in parcels.refused(session)] == ["c", "a"]
