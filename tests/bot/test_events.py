"""Events come out of the inbox as they went in."""

import dataclasses
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import events
from bot.events import CardClicked, ContactAdded, Event, JobFinished, MessageReceived, TimerFired
from cards import actions
from cards.actions import ACTIONS, Action, UnknownAction

texts = st.text(max_size=30)
moments = st.datetimes(
    min_value=datetime(2000, 1, 1),  # the zone is the strategy's
    max_value=datetime(2100, 1, 1),
    timezones=st.just(UTC),
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
numbers = st.integers(0, 2**31 - 1)


def fields_of(kind: type[Action]) -> dict[str, st.SearchStrategy[Any]]:
    return {f.name: numbers if f.type is int else texts for f in dataclasses.fields(kind)}


some_action = st.one_of([st.builds(kind, **fields_of(kind)) for kind in ACTIONS])
some_event: st.SearchStrategy[Event] = st.one_of(
    st.builds(
        MessageReceived,
        key=texts,
        at=moments,
        sender=texts,
        chat=texts,
        text=texts,
        kind=st.sampled_from(["text", "voice", "image", "file", "other"]),
        media=texts,
        reply_to=texts,
        sender_name=texts,
        in_group=st.booleans(),
    ),
    st.builds(
        CardClicked,
        key=texts,
        at=moments,
        sender=texts,
        chat=texts,
        action=some_action,
        card=texts,
        form=st.dictionaries(texts, st.lists(texts, max_size=3).map(tuple), max_size=3),
        edit_code=texts,
    ),
    st.builds(
        ContactAdded,
        key=texts,
        at=moments,
        member=texts,
        external_id=texts,
        state=texts,
        welcome_code=texts,
        mutual=st.booleans(),
    ),
    st.builds(
        TimerFired,
        key=texts,
        at=moments,
        name=texts,
        subject=numbers,
        data=st.dictionaries(texts, texts, max_size=3),
    ),
    st.builds(
        JobFinished,
        key=texts,
        at=moments,
        name=texts,
        subject=numbers,
        data=st.dictionaries(texts, texts, max_size=3),
        result=st.dictionaries(texts, json_values, max_size=3),
        error=texts,
    ),
)


@given(some_event)
def test_every_event_is_loaded_as_it_was_dumped(event: Event) -> None:
    assert events.load(*events.dump(event)) == event


@given(some_action)
def test_every_action_survives_its_journey_through_a_button(action: Action) -> None:
    assert actions.decode(action.encode()) == action


@pytest.mark.parametrize("kind", ACTIONS)
def test_no_action_needs_more_than_a_button_of_wecom_holds(kind: type[Action]) -> None:
    longest = {f.name: 2**63 if f.type is int else "negotiation" for f in dataclasses.fields(kind)}
    assert len(kind(**longest).encode().encode()) <= 1024


def test_every_action_has_a_name_of_its_own() -> None:
    assert len({kind.name for kind in ACTIONS}) == len(ACTIONS)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "?",
        "promise.steal?promise=1",
        "promise.accept",
        "promise.accept?promise=x",
        "promise.accept?lead=1",
        "promise.accept?promise=1&promise2=2",
    ],
)
def test_what_is_not_one_of_our_actions_is_refused(text: str) -> None:
    with pytest.raises(UnknownAction):
        actions.decode(text)


@pytest.mark.parametrize(
    ("event", "lane"),
    [
        (MessageReceived("k", datetime.now(UTC), "im:li", "im:group"), "im:group"),
        (TimerFired("k", datetime.now(UTC), "late", 7), "late/7"),
        (JobFinished("k", datetime.now(UTC), "contact.details", 3), "contact.details/3"),
        (ContactAdded("k", datetime.now(UTC), "im:li", "wm1"), "wm1"),
    ],
)
def test_the_lane_is_the_conversation_or_the_record(event: Event, lane: str) -> None:
    assert events.lane(event) == lane
