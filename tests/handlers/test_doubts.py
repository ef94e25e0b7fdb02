"""A reading that explains itself: what is not sure is marked, one question is asked, and an answer,
tapped or typed, settles it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import partial

import pytest
from sqlmodel import Session, col, select

from bot import events
from bot.context import Context
from bot.events import MessageReceived
from bot.playground.press import NoSuchButton
from config.loader import load_rules
from handlers.echo import answered_lead
from handlers.followups import place, save_note
from handlers.understood import understand
from nlp.certainty import SURE
from nlp.doubts import doubt_of
from nlp.lexicon import default_lexicon
from nlp.types import Reading, Slot
from storage import leads
from storage.models import Example, Fact, Inbox, Lead, Promise, PromiseState
from tests.conftest import Bot, Seating, Start
from tests.handlers.test_followups import NOTE, SALES_ON, last_note

WEAK = SURE - 0.01
TWO_DAYS = "答应张总样机下周三(2月5日)寄出"
QUESTION = "“下周三(2月5日)”的星期和日期对不上：是2月4日 周三，还是2月5日 周四？"
NO_DAY = "张总嫌贵，我答应给他寄样机"
IN_FEISHU: Seating = ("feishu", "wecom", "dingtalk")
Weaken = Callable[[Reading], Reading]


def promise_of(bot: Bot) -> Promise:
    with bot.db() as db:
        return db.exec(select(Promise).where(Promise.followup_id == last_note(bot).id)).one()


def lead_of(bot: Bot) -> Lead:
    with bot.db() as db:
        lead = db.get(Lead, last_note(bot).lead_id)
    assert lead is not None
    return lead


def examples(bot: Bot) -> list[tuple[str, str, str]]:
    with bot.db() as db:
        found = db.exec(select(Example).order_by(col(Example.id)))
        return [(each.kind, each.was, each.became) for each in found]


# A reader that is less sure --------------------------------------------------------------


async def hears(bot: Bot, text: str, weaken: Weaken) -> str:
    """A note from the sales rep, read as surely as `weaken` leaves it, whatever the weights."""
    await bot.says("sales", "帮助")
    await bot.program.db.write(partial(log_note, bot=bot, text=text, weaken=weaken))
    bot.program.runtime.ring()
    await bot.loops.settle()
    return bot.cards("sales")[-1]


def log_note(db: Session, *, bot: Bot, text: str, weaken: Weaken) -> None:
    row = db.exec(select(Inbox).order_by(col(Inbox.id).desc())).first()
    assert row is not None
    event = events.load(row.kind, row.body)
    assert isinstance(event, MessageReceived)
    event = replace(event, text=text)
    rules, lexicon = load_rules(), default_lexicon()
    ctx = Context(db, event, row.id or 0, bot.clock(), rules, lexicon)
    own = leads.known_to(db, ctx.id_of(ctx.me))
    reading = weaken(understand(text, ctx.local_now, own, ctx.me.role, lexicon))
    reading = replace(reading, doubt=doubt_of(reading))
    place(ctx, save_note(ctx, event, reading), reading, own, answered_lead(event, ctx))


def weak_promise(reading: Reading) -> Reading:
    (promise,) = reading.promises
    return replace(reading, promises=[replace(promise, confidence=WEAK)])


def weak_tag(reading: Reading) -> Reading:
    tags = [replace(t, confidence=WEAK if t.value == "price_concern" else 1) for t in reading.tags]
    return replace(reading, tags=tags)


def weak_stage(reading: Reading) -> Reading:
    stage = Slot("negotiation", "样机", 0, 2, "stage.negotiation", WEAK)
    return replace(reading, stage=stage)


# Two days --------------------------------------------------------------------------------


@pytest.mark.parametrize("seating", SALES_ON, ids="-".join)
@pytest.mark.parametrize(
    ("button", "day"), [("2月4日 周三", date(2026, 2, 4)), ("2月5日 周四", date(2026, 2, 5))]
)
async def test_F39_of_two_days_that_disagree_none_is_taken_and_a_tap_says_which(
    start: Start, seating: Seating, button: str, day: date
) -> None:
    bot = await start(seating)
    card = await bot.says("sales", TWO_DAYS)
    assert card.count("？") == 1
    assert QUESTION in card
    assert "没说定时间" in card
    assert (promise_of(bot).plan, promise_of(bot).latest) == (None, None)
    await bot.presses("sales", button)
    promise, card = promise_of(bot), bot.cards("sales")[-1]
    assert (promise.plan, promise.latest) == (day, day)
    assert QUESTION not in card
    assert button in card
    assert bot.sent("sales") == 1
    assert ("due", "未定", button.split(maxsplit=1)[0]) in examples(bot)
    await bot.says("sales", "确认")
    assert button in bot.cards("delivery")[-1]


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ("2月4日", date(2026, 2, 4)),
        ("是2月4日", date(2026, 2, 4)),
        ("周三", date(2026, 2, 4)),
        ("下周三", date(2026, 2, 4)),
        ("周四吧", date(2026, 2, 5)),
        ("2月5号", date(2026, 2, 5)),
        ("就5号", date(2026, 2, 5)),
        ("2月6号", date(2026, 2, 6)),
        ("不对，是2月4日", date(2026, 2, 4)),
    ],
)
async def test_F39_which_day_is_said_in_words(bot: Bot, said: str, day: date) -> None:
    await bot.says("sales", TWO_DAYS)
    await bot.says("sales", said)
    assert promise_of(bot).latest == day
    assert bot.sent("sales") == 1


async def test_F39_before_one_of_two_days_still_plans_a_working_day_ahead(bot: Bot) -> None:
    await bot.says("sales", "答应张总样机2月5日（周三）前寄出")
    await bot.says("sales", "周三")
    promise = promise_of(bot)
    assert (promise.plan, promise.latest) == (date(2026, 2, 3), date(2026, 2, 4))


async def test_F39_both_readings_of_a_clear_day_stay_a_button(bot: Bot) -> None:
    card = await bot.says("sales", NOTE)
    assert "？" not in card
    assert promise_of(bot).latest == date(2026, 2, 4)
    await bot.presses("sales", "最晚2月3日")
    assert promise_of(bot).latest == date(2026, 2, 3)


async def test_F5_a_contact_on_one_of_two_days_waits_for_the_answer(bot: Bot) -> None:
    card = await bot.says("sales", "张总嫌贵，下周三(2月5日)再联系他")
    assert QUESTION in card
    assert lead_of(bot).next_contact is None
    await bot.presses("sales", "2月5日 周四")
    assert lead_of(bot).next_contact == date(2026, 2, 5)
    assert QUESTION not in bot.cards("sales")[-1]


# No day ----------------------------------------------------------------------------------


@pytest.mark.parametrize("said", ["下周四", "2月5号", "最晚下周四", "是下周四", "不对，是下周四"])
async def test_F39_a_missing_day_is_asked_for_and_said(bot: Bot, said: str) -> None:
    card = await bot.says("sales", NO_DAY)
    assert "样机最晚哪天给到？" in card
    await bot.says("sales", said)
    assert promise_of(bot).latest == date(2026, 2, 5)
    assert "样机最晚哪天给到？" not in bot.cards("sales")[-1]
    assert bot.sent("sales") == 1


async def test_a_day_that_is_over_or_a_note_of_its_own_answers_nothing(bot: Bot) -> None:
    await bot.says("sales", NO_DAY)
    for said in ("昨天", "早", "周四下雨", "过几天"):
        await bot.says("sales", said)
    assert promise_of(bot).latest is None


async def test_an_old_question_is_answered_by_a_reply_only(start: Start) -> None:
    bot = await start(IN_FEISHU)
    await bot.says("sales", NO_DAY)
    await bot.until("2026-01-29 10:00")
    await bot.says("sales", "下周四")
    assert promise_of(bot).latest is None
    await bot.says("sales", "下周四", to=echo_message(bot))
    assert promise_of(bot).latest == date(2026, 2, 5)


def echo_message(bot: Bot) -> str:
    shown = [m for m in bot.ground.shown_to("sales") if m.sender == "bot" and m.content == "card"]
    return shown[0].id


# Perhaps no promise ----------------------------------------------------------------------


@pytest.mark.parametrize("seating", SALES_ON, ids="-".join)
async def test_F39_what_may_be_no_promise_is_marked_and_asked_about(
    start: Start, seating: Seating
) -> None:
    bot = await start(seating)
    card = await hears(bot, TWO_DAYS.replace("(2月5日)", ""), weak_promise)
    code = promise_of(bot).code
    assert f"{code} 样机？" in card
    assert "算一个承诺吗？" in card
    await bot.presses("sales", "是承诺")
    card = bot.cards("sales")[-1]
    assert f"{code} 样机？" not in card
    assert "算一个承诺吗？" not in card
    assert promise_of(bot).state == PromiseState.DRAFT
    await bot.presses("sales", "不是承诺")
    assert promise_of(bot).state == PromiseState.CANCELLED


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ("是", PromiseState.DRAFT),
        ("算", PromiseState.DRAFT),
        ("是承诺", PromiseState.DRAFT),
        ("不是", PromiseState.CANCELLED),
        ("不算", PromiseState.CANCELLED),
        ("不是承诺", PromiseState.CANCELLED),
    ],
)
async def test_F39_whether_it_is_a_promise_is_said_in_words(
    bot: Bot, said: str, state: PromiseState
) -> None:
    await hears(bot, "答应张总样机下周三寄出", weak_promise)
    await bot.says("sales", said)
    assert promise_of(bot).state == state
    assert "算一个承诺吗？" not in bot.cards("sales")[-1]
    assert last_note(bot).state == "open", "only the question is settled"
    assert [kind for kind, _, _ in examples(bot)] == ["promise"] * (state != PromiseState.DRAFT)


async def test_F39_confirming_answers_it_too(bot: Bot) -> None:
    await hears(bot, "答应张总样机下周三寄出", weak_promise)
    await bot.says("sales", "对")
    assert promise_of(bot).state == PromiseState.PENDING


# Perhaps another tag or stage ------------------------------------------------------------


@pytest.mark.parametrize("seating", SALES_ON, ids="-".join)
async def test_F5_a_tag_that_is_not_sure_is_asked_about(start: Start, seating: Seating) -> None:
    bot = await start(seating)
    card = await hears(bot, NOTE, weak_tag)
    assert "价格疑虑？" in card
    assert "算不算“价格疑虑”？" in card
    await bot.presses("sales", "不算价格疑虑")
    card = bot.cards("sales")[-1]
    assert "价格疑虑" not in card
    assert "price_concern" not in last_note(bot).tags
    assert ("tag", "price_concern", "") in examples(bot)


async def test_F5_a_tag_that_holds_is_no_longer_marked(bot: Bot) -> None:
    await hears(bot, NOTE, weak_tag)
    await bot.says("sales", "算")
    assert "价格疑虑？" not in bot.cards("sales")[-1]
    assert "price_concern" in last_note(bot).tags
    assert examples(bot) == []


@pytest.mark.parametrize("seating", SALES_ON, ids="-".join)
async def test_F5_a_stage_that_does_not_hold_leaves_the_lead_where_it_was(
    start: Start, seating: Seating
) -> None:
    bot = await start(seating)
    card = await hears(bot, NOTE, weak_stage)
    before = last_note(bot).before["stage"]
    assert "阶段算不算“商务谈判”？" in card
    assert lead_of(bot).stage == "negotiation"
    await bot.presses("sales", "不算商务谈判")
    assert "商务谈判" not in bot.cards("sales")[-1]
    assert (lead_of(bot).stage, last_note(bot).stage) == (before, None)
    with bot.db() as db:
        fact = db.exec(select(Fact).where(Fact.type == "lead.stage").order_by(col(Fact.id))).all()
    assert (fact[-1].data["was"], fact[-1].data["stage"]) == ("negotiation", before)
    assert ("stage", "negotiation", "") in examples(bot)


async def test_one_question_at_most_and_the_rest_is_marked(bot: Bot) -> None:
    weaken: Weaken = lambda reading: weak_tag(weak_stage(weak_promise(reading)))  # noqa: E731
    card = await hears(bot, NOTE, weaken)
    assert "算一个承诺吗？" in card
    assert "算不算" not in card
    for marked in ("价格疑虑？", "商务谈判？", "样机？"):
        assert marked in card
    assert card.count("（不太确定）") == 2, "the question quotes its own words"


async def test_what_is_sure_is_neither_marked_nor_asked(bot: Bot) -> None:
    sure: Weaken = lambda reading: replace(  # noqa: E731
        reading, tags=[replace(tag, confidence=SURE) for tag in reading.tags]
    )
    card = await hears(bot, NOTE, sure)
    assert "？" not in card
    assert "不太确定" not in card


async def test_an_answer_comes_too_late(start: Start) -> None:
    bot = await start(IN_FEISHU)
    await bot.says("sales", TWO_DAYS)
    await bot.says("sales", "不对，是下周五")
    assert QUESTION not in bot.cards("sales")[-1]
    with pytest.raises(NoSuchButton):
        await bot.presses("sales", "2月4日 周三")
    await bot.says("sales", "周三")
    assert promise_of(bot).latest == date(2026, 2, 6)


# 来历 ------------------------------------------------------------------------------------


@pytest.mark.parametrize("seating", SALES_ON, ids="-".join)
async def test_F58_a_note_tells_words_and_certainty_of_every_slot(
    start: Start, seating: Seating
) -> None:
    bot = await start(seating)
    await hears(bot, NOTE, weak_tag)
    answer, code = await bot.says("sales", "来历"), promise_of(bot).code
    assert "人 张总：“张总”，很确定" in answer
    assert "顾虑 价格疑虑：“价格高”，不太确定" in answer
    assert f"承诺 {code} 样机：“样机下周三前寄出”" in answer
    assert (
        f"时间 {code} 样机：“下周三前”→ 不晚于2月4日 周三；也可能不晚于2月3日 周二，较确定"
        in answer
    )
    assert "谁能看到：小李、交付-小陈、王经理" in answer
    assert answer.index("promise.send") > answer.index("规则：") > answer.index("谁能看到")
    assert "promise.send" not in bot.cards("sales")[-2], "rules stay out of the echo card"


@pytest.mark.parametrize("seating", SALES_ON, ids="-".join)
async def test_F58_a_tap_on_the_card_tells_it_too(start: Start, seating: Seating) -> None:
    bot = await start(seating)
    await bot.says("sales", NOTE)
    await bot.presses("sales", "来历")
    assert "顾虑 价格疑虑：“价格高”，很确定" in bot.cards("sales")[-1]


async def test_F58_by_word_it_is_the_note_that_is_open(bot: Bot) -> None:
    await bot.says("sales", NOTE)
    assert "这条记录是怎么读的" in await bot.says("sales", "来历")


async def test_F58_a_day_that_was_chosen_says_so(bot: Bot) -> None:
    await bot.says("sales", TWO_DAYS)
    answer = await bot.says("sales", "来历")
    assert "“下周三(2月5日)”→ 2月4日 周三，或 2月5日 周四；日期与星期不符，不太确定" in answer
    await bot.says("sales", "周三")
    answer = await bot.says("sales", "来历")
    assert "“周三”→ 2月4日 周三；问过后选定，已更正" in answer


async def test_F58_a_correction_is_told_as_one(bot: Bot) -> None:
    await bot.says("sales", NOTE)
    await bot.says("sales", "不对，是下周四")
    answer = await bot.says("sales", "来历")
    assert "“不对，是下周四”→ 2月5日 周四，已更正" in answer


async def test_F58_the_history_of_a_promise_says_how_it_was_read(bot: Bot) -> None:
    await bot.says("sales", NOTE)
    await bot.says("sales", "确认")
    await bot.presses("delivery", "来历")
    answer = bot.cards("delivery")[-1]
    assert "“样机下周三前寄出”" in answer
    assert "“下周三前”→ 不晚于2月4日 周三" in answer
    assert "顾虑" not in answer
    assert answer.index("规则：") > answer.index("谁能看到")
