"""The corpus of time expressions says what each one means; these tests read it aloud."""

import tomllib
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from nlp.time import TimeSpan, find

CORPUS = tomllib.loads(
    (Path(__file__).parents[1] / "corpus" / "time.toml").read_text(encoding="utf-8")
)
NOW = datetime.fromisoformat(CORPUS["now"])
DAY = timedelta(days=1)
SILENT = {"vague": "vague", "length": "duration"}


def dated(spans: list[TimeSpan]) -> list[TimeSpan]:
    return [span for span in spans if span.start or span.end]


def moment(words: str, *, closing: bool) -> datetime:
    """A day named as an end means all of it."""
    there = datetime.fromisoformat(words).replace(tzinfo=NOW.tzinfo)
    return there + DAY if closing and "T" not in words else there


def window(means: str, now: datetime) -> tuple[datetime, datetime | None]:
    if ".." not in means:
        start = moment(means, closing=False)
        return start, start + (timedelta(hours=1) if "T" in means else DAY)
    first, _, last = means.partition("..")
    start = moment(first, closing=False) if first else now.replace(hour=0, minute=0, second=0)
    return start, moment(last, closing=True) if last else None


def cases() -> list[tuple[str, str, datetime]]:
    return [
        (said, group["means"], datetime.fromisoformat(group.get("now", CORPUS["now"])))
        for group in CORPUS["time"]
        for said in group["said"]
    ]


@pytest.mark.parametrize(("said", "means", "now"), cases())
def test_means(said: str, means: str, now: datetime) -> None:
    spans = find(said, now)
    if means in SILENT:
        assert [span.kind for span in spans] == [SILENT[means]]
        assert not dated(spans)
    elif means.startswith("every"):
        assert [span.kind for span in spans] == ["recurring"]
        first = means.removeprefix("every").strip()
        assert not first or str(spans[0].start and spans[0].start.date()) == first
    else:
        last = dated(spans)[-1]
        start = last.start
        if means.startswith("..") and start and start == now:
            start = now.replace(hour=0, minute=0, second=0)
        assert (start, last.end) == window(means, now)


@pytest.mark.parametrize("said", [said for group in CORPUS["nothing"] for said in group["said"]])
def test_finds_no_date(said: str) -> None:
    assert dated(find(said, NOW)) == []


def test_the_corpus_is_broad() -> None:
    nothing = sum(len(group["said"]) for group in CORPUS["nothing"])
    assert nothing >= 100
    assert len(cases()) >= 300
    assert len({said for said, _, _ in cases()}) == len(cases()) - _said_at_several_times()


def _said_at_several_times() -> int:
    """The same words may mean another day at another time."""
    words = [said for said, _, now in cases() if now == NOW]
    others = [said for said, _, now in cases() if now != NOW]
    return len(others) - len(set(others) - set(words))


def test_before_a_day_we_plan_a_working_day_early() -> None:
    [span] = find("样机下周三前寄出", NOW)
    assert span.end == datetime(2026, 2, 5, tzinfo=NOW.tzinfo)
    assert span.last_day == date(2026, 2, 4)
    assert span.plan == date(2026, 2, 3)
    assert span.alternative
    assert span.alternative.last_day == date(2026, 2, 3)


def test_the_plan_skips_days_off_and_is_never_past() -> None:
    [monday] = find("下周一前", NOW)
    [today] = find("今天前", NOW)
    assert (monday.plan, today.plan) == (date(2026, 1, 30), date(2026, 1, 28))


def test_a_point_is_planned_for_its_own_day() -> None:
    [span] = find("周五寄", NOW)
    assert span.plan == date(2026, 1, 30)


def test_on_a_sunday_the_other_next_week_is_offered() -> None:
    sunday = datetime(2026, 2, 1, 12, tzinfo=NOW.tzinfo)
    [span] = find("下周三", sunday)
    assert span.alternative
    assert span.alternative.last_day == date(2026, 2, 11)


def test_an_hour_without_a_part_of_day_is_assumed_and_the_other_offered() -> None:
    [span] = find("明天三点", NOW)
    assert "办公时间" in span.assumed
    assert span.alternative
    assert span.alternative.start == datetime(2026, 1, 29, 3, tzinfo=NOW.tzinfo)


@pytest.mark.parametrize(
    ("said", "dated", "other"),
    [
        ("2月4日周五", "2026-02-04", "2026-02-06"),
        ("下周三(2月5日)", "2026-02-05", "2026-02-04"),
        ("下周三2月5号", "2026-02-05", "2026-02-04"),
        ("2月5日（周一）", "2026-02-05", "2026-02-02"),
        ("1月29日（周二）", "2026-01-29", "2026-02-03"),
        ("2026-02-05 周三", "2026-02-05", "2026-02-04"),
        ("Wed, Feb 5", "2026-02-05", "2026-02-04"),
        ("2月5日（周三）前", "2026-02-05", "2026-02-04"),
        ("2月5日周三下午3点前", "2026-02-05", "2026-02-04"),
        ("2月6日周末", "2026-02-06", "2026-02-08"),
    ],
)
def test_a_weekday_that_is_not_the_dates_leaves_two_days(said: str, dated: str, other: str) -> None:
    [span] = find(said, NOW)
    assert span.disagrees
    assert span.confidence == 0.5
    assert str(span.last_day) == dated
    assert span.alternative
    assert str(span.alternative.last_day) == other


@pytest.mark.parametrize(
    "said",
    ["下周三（2月4日）", "下周三（2月4日）前", "2月5日周四", "下周三（2月11日）", "下周三2月4日",
     "周末（2月7日）", "周三", "下周三前", "2月4日星期三下午3点"],
)  # fmt: skip
def test_a_weekday_that_confirms_the_date_leaves_one(said: str) -> None:
    [span] = find(said, NOW)
    assert not span.disagrees
    assert "不符" not in span.assumed


def test_a_count_from_an_event_needs_the_date_of_the_event() -> None:
    _, before = find("客户15号开业，货要开业前两天到位", NOW)
    assert before.last_day == date(2026, 2, 13)
    _, later = find("2月10号验收，验收后三天内付款", NOW)
    assert later.last_day == date(2026, 2, 13)
    assert dated(find("开业前两天到位", NOW)) == []


def test_of_a_running_week_only_the_rest_is_ahead() -> None:
    [week] = find("这周", NOW)
    assert week.start == datetime(2026, 1, 26, tzinfo=NOW.tzinfo)
    assert week.ahead(NOW).start == datetime(2026, 1, 28, tzinfo=NOW.tzinfo)
    [past] = find("上周", NOW)
    assert past.ahead(NOW) == past


def test_one_note_may_hold_several_times() -> None:
    spans = find("设备2月20日发运，安装队22号进场，调试25号前完成", NOW)
    assert [span.text for span in spans] == ["2月20日", "22号", "25号前"]


def test_a_language_without_a_grammar_is_read_by_dateparser() -> None:
    [span] = find("nous enverrons le devis à Paris demain", NOW)
    assert (span.text, span.last_day) == ("demain", date(2026, 1, 29))


def test_a_pasted_log_does_not_keep_the_bot_waiting() -> None:
    assert len(find("明天发货。" * 5000, NOW)) <= 100


def test_a_deadline_counted_from_tomorrow_begins_today() -> None:
    (span,) = find("明天三天以内", NOW)
    assert span.deadline
    assert span.start is not None
    assert span.start.date() == NOW.date()
