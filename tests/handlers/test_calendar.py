"""加到日历: a meeting in a note becomes an event in its author's calendar, on each platform."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import select

from bot.playground.page import Platform
from storage.models import Appointment, Job
from tests.conftest import MEMBERS, Bot, Seating, Start

PLATFORMS: tuple[Platform, ...] = ("wecom", "dingtalk", "feishu")
NOTE = "张总约周四上午10点拜访，华康医疗的"
BUTTON = "加到日历"
TEN = datetime(2026, 1, 29, 2, tzinfo=UTC)
Seat = tuple[Bot, Platform]


def seating(platform: Platform) -> Seating:
    return (platform, "dingtalk", "feishu")


@pytest.fixture(params=PLATFORMS)
async def seat(request: pytest.FixtureRequest, start: Start) -> Seat:
    """The salesperson on each platform in turn."""
    return await start(seating(request.param)), request.param


@pytest.fixture(params=("dingtalk", "feishu"))
async def asked(request: pytest.FixtureRequest, start: Start) -> Seat:
    """Where one can ask who is busy."""
    return await start(seating(request.param)), request.param


def shown(seat: Seat) -> list[dict[str, Any]]:
    """What stands in the salesperson's calendar."""
    bot, platform = seat
    user = MEMBERS["sales", platform]
    match platform:
        case "wecom":
            return bot.ground.wecom.schedules.of(user)
        case "dingtalk":
            return bot.ground.dingtalk.calendars.of(user)
        case _:
            return bot.ground.feishu.calendars.of(user)


def begins(event: dict[str, Any]) -> datetime:
    """Of an event of any of the three."""
    if isinstance(event.get("start_time"), int):
        return datetime.fromtimestamp(event["start_time"], UTC)
    if "start_time" in event:
        return datetime.fromtimestamp(int(event["start_time"]["timestamp"]), UTC)
    return datetime.fromisoformat(event["start"]["dateTime"])


def forbid(seat: Seat) -> None:
    """The administrator has not granted the calendar."""
    bot, _ = seat
    bot.ground.wecom.gate.forbidden.add("oa/schedule/add")
    bot.ground.dingtalk.app.scopes.discard("Calendar.Event.Write")
    bot.ground.feishu.gate.scopes.discard("calendar:calendar.event:create")


def grant(seat: Seat) -> None:
    bot, _ = seat
    bot.ground.wecom.gate.forbidden.clear()
    bot.ground.dingtalk.app.scopes.add("Calendar.Event.Write")
    bot.ground.feishu.gate.scopes.add("calendar:calendar.event:create")


def card(bot: Bot) -> str:
    return bot.cards("sales")[-1]


async def confirmed(seat: Seat, note: str = NOTE) -> Bot:
    bot, _ = seat
    await bot.says("sales", note)
    await bot.presses("sales", "确认")
    return bot


async def added(seat: Seat) -> Bot:
    bot = await confirmed(seat)
    await bot.presses("sales", BUTTON)
    return bot


async def test_one_tap_puts_the_meeting_into_the_calendar(seat: Seat) -> None:
    bot = await added(seat)
    (event,) = shown(seat)
    title = event["summary"]
    assert title.startswith("拜访 张总")
    assert "华康医疗" in title
    assert begins(event) == TEN
    assert NOTE in event["description"]
    assert "记录" in event["description"]
    assert "已在日历：1月29日 周四 10:00–11:00" in card(bot)


async def test_nothing_is_written_before_the_tap(seat: Seat) -> None:
    await confirmed(seat)
    assert shown(seat) == []


async def test_without_an_hour_there_is_no_button(seat: Seat) -> None:
    bot = await confirmed(seat, "张总约周四拜访，华康医疗的")
    assert BUTTON not in card(bot)
    assert "几点几分" in await bot.says("sales", BUTTON)


async def test_until_an_hour_is_no_meeting(seat: Seat) -> None:
    bot = await confirmed(seat, "周四10点前给华康医疗张总发报价")
    assert BUTTON not in card(bot)


async def test_an_end_that_was_said_holds(seat: Seat) -> None:
    bot = await confirmed(seat, "张总说下周三上午9点到11点过去演示，华康医疗的")
    await bot.presses("sales", BUTTON)
    assert "2月4日 周三 09:00–11:00" in card(bot)
    assert shown(seat)[0]["summary"].startswith("演示 张总")


async def test_the_same_in_words_and_a_second_time_says_it_is_there(seat: Seat) -> None:
    bot = await confirmed(seat)
    await bot.says("sales", BUTTON)
    again = await bot.says("sales", "加到日历")
    assert "已经在日历里了" in again
    assert len(shown(seat)) == 1


async def test_a_correction_moves_the_event(seat: Seat) -> None:
    bot = await added(seat)
    await bot.says("sales", "不对，是周五下午3点")
    (event,) = shown(seat)
    assert begins(event) == datetime(2026, 1, 30, 7, tzinfo=UTC)
    assert any("已在日历：1月30日 周五 15:00–16:00" in text for text in bot.cards("sales"))


async def test_a_correction_of_the_day_alone_keeps_the_hour(seat: Seat) -> None:
    bot = await added(seat)
    await bot.says("sales", "不对，是周五")
    (event,) = shown(seat)
    assert begins(event) == datetime(2026, 1, 30, 2, tzinfo=UTC)


async def test_undo_takes_it_out_of_the_calendar(seat: Seat) -> None:
    bot = await added(seat)
    await bot.says("sales", "撤回")
    assert shown(seat) == []


async def test_a_correction_before_the_tap_moves_what_is_offered(seat: Seat) -> None:
    bot = await confirmed(seat)
    await bot.says("sales", "不对，是周五下午3点")
    await bot.says("sales", BUTTON)
    (event,) = shown(seat)
    assert begins(event) == datetime(2026, 1, 30, 7, tzinfo=UTC)


async def test_a_missing_permission_is_told_with_its_remedy_and_may_be_tried_again(
    seat: Seat,
) -> None:
    bot = await confirmed(seat)
    forbid(seat)
    await bot.presses("sales", BUTTON)
    told = card(bot)
    assert "没加到日历" in told
    assert "处理：" in told
    assert shown(seat) == []
    grant(seat)
    await bot.presses("sales", BUTTON)
    assert len(shown(seat)) == 1
    assert "已在日历" in card(bot)


async def test_what_was_taken_back_while_it_was_written_does_not_stay(seat: Seat) -> None:
    """The note is undone between the tap and the answer."""
    bot = await confirmed(seat)
    with bot.db() as db:
        found = db.exec(select(Appointment)).one()
        assert found.state == "offered"
    await bot.presses("sales", BUTTON)
    await bot.says("sales", "撤回")
    assert shown(seat) == []
    with bot.db() as db:
        found = db.exec(select(Appointment)).one()
        assert (found.state, found.event) == ("dropped", "")
        assert db.exec(select(Job)).all() == []


async def test_only_whoever_wrote_the_note_may_tap(seat: Seat) -> None:
    bot = await confirmed(seat)
    assert "几点几分" in await bot.says("manager", BUTTON)
    assert shown(seat) == []


async def test_a_clash_is_said_and_the_button_stays(asked: Seat) -> None:
    bot, platform = asked
    user = MEMBERS["sales", platform]
    when = "2026-01-29T10:30:00+08:00", "2026-01-29T11:30:00+08:00"
    if platform == "dingtalk":
        bot.ground.dingtalk.calendars.block(user, *when)
    else:
        busy = bot.ground.feishu.calendars.blocked
        busy.append((user, datetime.fromisoformat(when[0]), datetime.fromisoformat(when[1])))
    await confirmed(asked)
    assert "那时已有安排 10:30–11:30" in card(bot)
    await bot.presses("sales", BUTTON)
    assert "已在日历" in card(bot)


async def test_without_the_permission_to_look_the_card_says_nothing_of_it(asked: Seat) -> None:
    bot, _ = asked
    bot.ground.dingtalk.app.scopes.discard("Calendar.EventSchedule.Read")
    bot.ground.feishu.gate.scopes.discard("calendar:calendar.free_busy:read")
    await confirmed(asked)
    assert BUTTON in card(bot)
    assert "安排" not in card(bot)


@pytest.mark.parametrize("platform", ["dingtalk", "feishu"])
async def test_with_little_left_of_the_month_nobody_asks_who_is_busy(
    start: Start, platform: Platform
) -> None:
    bot = await start(seating(platform))
    await bot.program.runtime.meter.spend(platform, "calls", all_of_it=True)
    calls = looked(bot, platform)
    before = calls()
    await confirmed((bot, platform))
    assert calls() == before
    await bot.presses("sales", BUTTON)
    assert len(shown((bot, platform))) == 1


def looked(bot: Bot, platform: Platform) -> Callable[[], int]:
    def count() -> int:
        if platform == "feishu":
            return bot.ground.feishu.gate.calls["busy"]
        called = bot.ground.dingtalk.door.called
        return sum(number for path, number in called.items() if path.endswith("querySchedule"))

    return count


@pytest.mark.parametrize("platform", ["dingtalk", "feishu"])
async def test_a_line_that_breaks_after_the_writing_makes_no_second_event(
    start: Start, platform: Platform
) -> None:
    seat = await start(seating(platform)), platform
    bot = await added(seat)
    await bot.says("sales", "撤回")
    await confirmed(seat)
    if platform == "dingtalk":
        bot.ground.dingtalk.faults.drop(on="/calendars/primary/events")
    else:
        bot.ground.feishu.drop_next(3)
    await bot.presses("sales", BUTTON)
    await bot.at(bot.clock() + timedelta(minutes=1))
    assert len(shown(seat)) == 1


async def test_wecom_which_has_no_key_is_not_asked_twice(start: Start) -> None:
    bot = await confirmed((await start(), "wecom"))
    bot.ground.wecom.fail("lost", path="oa/schedule/add")
    await bot.presses("sales", BUTTON)
    assert len(shown((bot, "wecom"))) == 1
    assert "先看一眼日历" in card(bot)


async def test_without_the_app_wecom_has_no_button(start: Start) -> None:
    bot = await start(wecom_robot="long")
    await bot.says("sales", NOTE)
    await bot.presses("sales", "确认")
    assert all(BUTTON not in text for text in bot.cards("sales"))


async def test_feishu_makes_no_video_conference_of_a_visit(start: Start) -> None:
    bot = await added((await start(seating("feishu")), "feishu"))
    (event,) = bot.ground.feishu.calendars.events.values()
    assert not event.has_meeting
