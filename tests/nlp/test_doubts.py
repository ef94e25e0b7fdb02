"""Which one question is asked about a note, and how it is worded."""

from dataclasses import replace
from datetime import datetime

import pytest

from nlp.certainty import SURE, VERY_SURE, in_words, is_sure
from nlp.doubts import doubt_of, question
from nlp.reading import read
from nlp.time import find
from nlp.types import PromiseFound, Reading, Slot

NOW = datetime.fromisoformat("2026-01-28T10:20:00+08:00")
NAMES = {"negotiation": "商务谈判", "price_concern": "价格疑虑"}
WEAK = SURE - 0.01
[TWO_DAYS] = find("下周三(2月5日)", NOW)
[ONE_DAY] = find("下周三", NOW)
NOTE = Reading(text="", now=NOW)
OURS = PromiseFound(
    text="样机寄出",
    begin=3,
    finish=7,
    deliverable="样机",
    kind="sample",
    promiser="us",
    state="open",
    conditional=False,
    due=ONE_DAY,
    rule="promise.send",
)
STAGE = Slot("negotiation", "谈价格", 0, 3, "stage.negotiation", WEAK)
TAG = Slot("price_concern", "嫌贵", 0, 2, "tags.price_concern", WEAK)


def asked(reading: Reading) -> str:
    doubt = doubt_of(reading)
    return question(doubt, NAMES) if doubt else ""


@pytest.mark.parametrize(
    ("confidence", "words"),
    [
        (1.0, "很确定"),
        (VERY_SURE, "很确定"),
        (SURE, "较确定"),
        (WEAK, "不太确定"),
        (0.5, "不太确定"),
    ],
)
def test_certainty_is_told_in_three_grades(confidence: float, words: str) -> None:
    assert in_words(confidence) == words
    assert is_sure(confidence) == (words != "不太确定")


def test_a_sure_reading_asks_nothing() -> None:
    sure = replace(STAGE, confidence=SURE)
    assert doubt_of(replace(NOTE, promises=[OURS], stage=sure)) is None


def test_the_most_important_question_is_the_only_one() -> None:
    """Two days, no day, no promise, stage, tag, and last what the customer owes without a day."""
    theirs = replace(OURS, promiser="customer", due=None)
    left = replace(NOTE, promises=[theirs], tags=[TAG])
    assert asked(replace(NOTE, promises=[theirs])) == "样机最晚哪天收到？"
    assert asked(left) == "算不算“价格疑虑”？（“嫌贵”）"
    left = replace(left, stage=STAGE)
    assert asked(left) == "阶段算不算“商务谈判”？（“谈价格”）"
    maybe = replace(OURS, confidence=WEAK)
    left = replace(left, promises=[theirs, maybe])
    assert asked(left) == "“样机寄出”算一个承诺吗？"
    left = replace(left, promises=[theirs, maybe, replace(OURS, due=None)])
    assert asked(left) == "样机最晚哪天给到？"
    left = replace(left, next_contact=Slot(TWO_DAYS, "下周三(2月5日)去", 0, 11, "day.next"))
    both = "“下周三(2月5日)”的星期和日期对不上：是2月4日 周三，还是2月5日 周四？"
    assert asked(left) == both
    assert asked(replace(NOTE, promises=[OURS, replace(OURS, due=TWO_DAYS)])) == both


def test_the_weakest_promise_is_the_one_in_question() -> None:
    weaker = replace(OURS, text="发份报价", confidence=0.55)
    assert "发份报价" in asked(replace(NOTE, promises=[replace(OURS, confidence=WEAK), weaker]))


@pytest.mark.parametrize("state", ["question", "done", "cancelled"])
def test_what_is_not_to_be_done_is_not_asked_about(state: str) -> None:
    over = replace(OURS, state=state, due=None, confidence=WEAK)  # type: ignore[arg-type]
    assert doubt_of(replace(NOTE, promises=[over])) is None


def test_a_condition_needs_no_day() -> None:
    assert doubt_of(replace(NOTE, promises=[replace(OURS, due=None, conditional=True)])) is None


def test_a_vague_time_is_no_day() -> None:
    [soon] = find("过几天", NOW)
    assert asked(replace(NOTE, promises=[replace(OURS, due=soon)])) == "样机最晚哪天给到？"


def test_the_two_days_come_with_the_question() -> None:
    doubt = read("答应张总样机下周三(2月5日)寄出", NOW).doubt
    assert doubt is not None
    assert doubt.about == "day"
    assert [str(day.last_day) for day in doubt.days] == ["2026-02-04", "2026-02-05"]
