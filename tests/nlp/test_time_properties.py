"""Whatever is written, the reader of times neither fails nor contradicts itself."""

import time
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlp.text import fold, spelling_table
from nlp.time import TimeSpan, find
from nlp.time.parsers import CHINESE, DIGITS, ENGLISH
from nlp.time.reader import SHELF

ALL = (*CHINESE, *DIGITS, *ENGLISH)
CHINA = timezone(timedelta(hours=8))
NOW = datetime(2026, 1, 28, 10, tzinfo=CHINA)

PIECES = (
    "下周三", "明天", "周五", "15号", "3月8号", "月底", "年前", "国庆后", "节前", "下午", "三点",
    "9:30", "前", "之前", "以内", "内", "后", "到", "至", "-", "～", "三天", "两周", "5个工作日",
    "每周一", "每月20号", "尽快", "2026年", "农历八月", "十五", "去年", "上半年", "Q3", "春节",
    "第二周", "最后一个周五", "和", "、", "，", "的", "不对", "改到", "客户", "样机", "发货",
    "开业", "1.5", "3/15", "10%", "《", "》", "零", "半", "个", "点", "号", "一", "二", "十", "0",
    "7", "31", "99", "by Friday", "next week", "3pm", "before", " ",
)  # fmt: skip
notes = st.lists(st.sampled_from(PIECES), max_size=14).map("".join)
anything = st.one_of(
    notes, st.text(max_size=60), st.text("0123456789一二十月日号点天周前后内:./- ", max_size=40)
)
clocks = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1)).map(
    lambda moment: moment.replace(tzinfo=CHINA)
)


def meaning(spans: list[TimeSpan]) -> list[tuple[object, ...]]:
    return [(span.begin, span.finish, span.start, span.end, span.kind) for span in spans]


@given(anything, clocks)
def test_spans_are_verbatim_ordered_and_never_end_before_they_start(
    text: str, now: datetime
) -> None:
    reached = 0
    for span in find(text, now):
        assert text[span.begin : span.finish] == span.text != ""
        assert span.begin >= reached
        assert span.start is None or span.end is None or span.start <= span.end
        assert span.plan is None or span.plan >= now.date()
        reached = span.finish


@given(notes, clocks)
def test_what_is_silent_about_dates_carries_none(text: str, now: datetime) -> None:
    for span in find(text, now):
        if span.kind in ("vague", "duration"):
            assert span.start is None
            assert span.end is None
        else:
            assert span.start or span.end or span.kind == "recurring"


@given(notes, clocks)
def test_a_deadline_begins_today_or_has_passed(text: str, now: datetime) -> None:
    for span in find(text, now):
        if span.deadline and span.start:
            assert span.start.date() == now.date()


@given(notes)
def test_full_width_reads_like_half_width(text: str) -> None:
    wide = "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)
    assert meaning(find(wide, NOW)) == meaning(find(text, NOW))


@given(notes)
def test_traditional_reads_like_simplified(text: str) -> None:
    traditional = {
        simplified: chr(code)
        for code, simplified in spelling_table().items()
        if "\u4e00" <= simplified <= "\u9fff"
    }
    written = "".join(traditional.get(c, c) for c in text)
    assert fold(written) == fold(text)
    assert meaning(find(written, NOW)) == meaning(find(text, NOW))


@given(st.text(max_size=200))
def test_folding_keeps_every_offset(text: str) -> None:
    assert len(fold(text)) == len(text)
    assert fold(fold(text)) == fold(text)


@given(anything)
def test_a_parser_that_is_skipped_would_have_found_nothing(text: str) -> None:
    folded = fold(text)
    tried = set(SHELF.for_text(folded))
    skipped = [parser for parser in ALL if parser not in tried]
    assert [parser.rule for parser in skipped if parser.pattern.search(folded)] == []


@given(notes, clocks)
def test_the_zone_of_now_is_the_zone_of_the_answer(text: str, now: datetime) -> None:
    here = now.replace(tzinfo=UTC)
    for span in find(text, here):
        assert span.start is None or span.start.tzinfo is UTC
        assert span.end is None or span.end.tzinfo is UTC


SEEDS = (
    "1", "下", "十", "周", "月", "9:", "12/", "明天", "3天又", "a ", "the ", "in 3 days and ",
    "《", "农历", "第三", "between 1 and ", "下周三下午3点到5点，", "from 3 to ",
    "一二三四五六七", "前两天", "2026-",
)  # fmt: skip


@pytest.mark.parametrize("seed", SEEDS)
def test_ten_thousand_characters_are_read_at_once(seed: str) -> None:
    text = (seed * 10_000)[:10_000]
    began = time.process_time()
    find(text, NOW)
    # The goal is 50 ms; ten times that still catches a pattern that runs away.
    assert time.process_time() - began < 0.5


@settings(max_examples=20, deadline=None)
@given(st.text("вдзйàéñçにほんご내일明日0123 ", max_size=30))
def test_foreign_scripts_never_fail(text: str) -> None:
    for span in find(text, NOW):
        assert text[span.begin : span.finish] == span.text
