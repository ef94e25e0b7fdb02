"""What is proposed from what people put right, and what is not."""

from collections.abc import Sequence
from datetime import datetime

import pytest

from nlp.learning.propose import propose
from nlp.learning.telling import as_text
from nlp.learning.types import Example, Proposal, Told
from nlp.vocabulary import extended, shipped_tables

NOW = datetime.fromisoformat("2026-01-28T10:20:00+08:00")
CRATE = "答应张总展示柜下周三前寄出"


def proposed(*examples: Example, notes: Sequence[Told] = ()) -> list[Proposal]:
    return list(propose(examples, notes, shipped_tables(), NOW))


def lines(*examples: Example, notes: Sequence[Told] = ()) -> list[str]:
    return [each.entry.line for each in proposed(*examples, notes=notes)]


def tagged(tag: str, *sentences: str) -> list[Example]:
    return [Example("tag", sentence, became=tag) for sentence in sentences]


# What is found ---------------------------------------------------------------------------


def test_a_thing_without_a_word_is_owed_as_what_it_was_taken_for() -> None:
    example = Example("deliverable", CRATE, was="样机", became="展示柜")
    assert lines(example) == ['[deliverables.sample] "展示柜" = []'.replace("deliverables.", "")]


def test_a_product_model() -> None:
    example = Example("model", "张总要的那批X9样机下周三前寄", became="X9型号")
    assert lines(example) == ['[products] "X9" = []']


@pytest.mark.parametrize(
    ("text", "words", "name"),
    [
        ("张总说德玛泰克更便宜", "", "德玛泰克"),
        ("他们那边可能换成德玛泰克的了", "", "德玛泰克"),
        ("他们在用Cimcorp的", "在用Cimcorp的", "Cimcorp"),
    ],
)
def test_a_competitor(text: str, words: str, name: str) -> None:
    assert f'competitors: "{name}"' in lines(Example("tag", text, became="competitor", words=words))


@pytest.mark.parametrize("was", ["晴医", ""])
def test_what_is_short_for_a_customer(was: str) -> None:
    example = Example("customer", "晴医嫌贵，想再压压价", was=was, became="松江晴岚医院")
    assert lines(example) == ['[abbreviations] "晴医" = "松江晴岚医院"']


def test_a_slip_of_the_ear_in_what_was_put_right() -> None:
    example = Example("deliverable", "答应张总羊机下周三前寄出", was="货物", became="样机")
    assert lines(example) == ['[slips] "羊机" = "样机"']


def test_a_slip_of_the_ear_in_what_was_said_again() -> None:
    example = Example("retold", "答应张总羊机下周三前寄出", became="答应张总样机下周三前寄出")
    assert lines(example) == ['[slips] "羊机" = "样机"']


def test_the_words_that_notes_of_a_tag_have_in_common() -> None:
    examples = tagged(
        "delivery_concern", "李总那边火烧眉毛了，你懂的", "王工说现场火烧眉毛，没法等"
    )
    (proposal,) = proposed(*examples)
    assert proposal.entry.line == 'delivery_concern.said: "火烧眉毛"'
    assert len(proposal.sentences) == 2


def test_the_only_short_clause_of_a_single_note_or_the_words_it_rests_on() -> None:
    assert lines(*tagged("delivery_concern", "火烧眉毛")) == ['delivery_concern.said: "火烧眉毛"']
    text = "张总又来电话了，火烧眉毛，让我们想想办法"
    example = Example("tag", text, became="delivery_concern", words="火烧眉毛")
    assert lines(example) == ['delivery_concern.said: "火烧眉毛"']


# What is not -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "example",
    [
        Example("deliverable", "答应张总样机下周三前寄出", was="样机", became="样品"),
        Example("tag", "张总嫌贵", became="price_concern"),
        Example("tag", "张总嫌贵", was="price_concern"),
        Example("tag", "张总对比了迈瑞", became="competitor"),
        Example("customer", "松江的李主任来了", was="松江", became="松江晴岚医院"),
        Example("retold", "样机下周三寄", became="合同下周五签字盖章寄回来"),
        Example("deliverable", "答应张总那个下周三前寄出", was="样机", became="展示柜"),
        Example("due", "样机下周三前寄出", was="2月4日 周三", became="下周四"),
        Example("note", "样机下周三前寄出", was="样机"),
    ],
    ids=lambda example: example.kind,
)
def test_nothing_is_proposed_of_what_is_known_or_would_not_help(example: Example) -> None:
    assert lines(example) == []


def test_a_word_that_stands_in_notes_without_the_tag_is_not_proposed() -> None:
    examples = tagged("delivery_concern", "李总那边着火了，你懂的", "王工说着火了，没法等")
    assert any("着火" in line for line in lines(*examples))
    notes = [Told("厂里上个月着火了", NOW)]
    assert not any("着火" in line for line in lines(*examples, notes=notes))


def test_what_was_declined_is_not_proposed_again() -> None:
    example = Example("deliverable", CRATE, was="样机", became="展示柜")
    (proposal,) = proposed(example)
    assert propose([example], [], shipped_tables(), NOW, [proposal.entry.id]) == []


def test_what_was_accepted_is_not_proposed_again() -> None:
    example = Example("deliverable", CRATE, was="样机", became="展示柜")
    (proposal,) = proposed(example)
    tables = extended(shipped_tables(), proposal.entry.as_tables())
    assert propose([example], [], tables, NOW) == []


# Harm ------------------------------------------------------------------------------------


def test_notes_that_would_be_understood_differently_are_named() -> None:
    example = Example("deliverable", CRATE, was="样机", became="展示柜")
    harmed = "答应李总展示柜的报价单明天发"
    notes = [Told(CRATE, NOW), Told(harmed, NOW), Told("展示柜", NOW), Told("张总嫌贵", NOW)]
    (proposal,) = proposed(example, notes=notes)
    assert CRATE not in proposal.others
    assert "张总嫌贵" not in proposal.others
    told = as_text(proposal)
    assert "来自 1 句改过的话" in told
    assert CRATE in told
    if proposal.others:
        assert f"另外 {len(proposal.others)} 条记录" in told


def test_the_same_is_proposed_in_the_same_order_with_the_same_ids() -> None:
    examples = [
        Example("model", "张总要X9样机", became="X9型号"),
        Example("deliverable", CRATE, was="样机", became="展示柜"),
        *tagged("delivery_concern", "火烧眉毛", "那边火烧眉毛"),
    ]
    first, second = proposed(*examples), proposed(*examples)
    assert [each.entry.id for each in first] == [each.entry.id for each in second]
    counts = [len(each.sentences) for each in first]
    assert counts == sorted(counts, reverse=True)
