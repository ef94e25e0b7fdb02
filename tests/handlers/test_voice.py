"""Voice messages on all three platforms, from the sound on a phone to the card (F4)."""

from datetime import timedelta

import pytest
from aiohttp import ClientSession
from sqlmodel import col, select

from bot.playground import sounds
from bot.playground.ear import Fault
from bot.playground.press import labels
from bot.playground.world import Shown
from nlp.summary import LONGEST_SUMMARY
from storage.models import Fact, FollowUp, Inbox, Job, Promise, Timer
from tests.conftest import Bot, Seating, Start

SEATINGS: tuple[Seating, ...] = (
    ("wecom", "dingtalk", "feishu"),
    ("dingtalk", "feishu", "wecom"),
    ("feishu", "wecom", "dingtalk"),
)
ON_ALL = pytest.mark.parametrize("seating", SEATINGS, ids=lambda seating: seating[0])
WITHOUT_TRANSCRIPTS = pytest.mark.parametrize(
    "seating", [SEATINGS[0], SEATINGS[2]], ids=lambda seating: seating[0]
)
SAID = "嗯，那个，张总说价格高，对比了XX，呃，样机下下周三前寄出，预算三万八"
TYPED = "张总说价格高，对比了XX，样机下下周三前寄出，预算3.8万"
LONG = (
    "嗯今天下午去见了张总，他们那边的情况我说一下，就是说整体还是认可我们的，但是张总说价格高，"
    "然后他对比了XX，我答应他样机下周三前寄出，另外他说月底之前要把预算定下来，到时候再约。"
)
RETRIES = timedelta(minutes=10)


def notes(bot: Bot) -> list[FollowUp]:
    with bot.db() as db:
        found = db.exec(select(FollowUp).order_by(col(FollowUp.id)))
        return [note for note in found if note.inbox_id]


def newest(bot: Bot) -> FollowUp:
    return notes(bot)[-1]


def count(bot: Bot) -> int:
    return len(notes(bot))


async def speaks(bot: Bot, words: str) -> str:
    return await bot.says("sales", words, content="voice")


def last(bot: Bot) -> Shown:
    return [m for m in bot.ground.shown_to("sales") if m.sender == "bot"][-1]


# Heard ------------------------------------------------------------------------------------


@ON_ALL
async def test_F04_a_voice_message_is_read_like_a_typed_note(
    start: Start, seating: Seating
) -> None:
    bot = await start(seating)
    card = await speaks(bot, SAID)
    assert TYPED in card
    assert "价格疑虑" in card
    assert "3.8万" in card
    assert "听语音写下的" in card
    note = newest(bot)
    assert (note.text, note.state) == (TYPED, "open")
    await bot.presses("sales", "确认")
    assert "样机" in bot.cards("delivery")[-1]


@ON_ALL
async def test_F04_any_length_in_thirty_characters_out(start: Start, seating: Seating) -> None:
    bot = await start(seating)
    card = await speaks(bot, LONG)
    note = newest(bot)
    assert 0 < len(note.summary) <= LONGEST_SUMMARY < len(LONG)
    assert "摘要" in card
    assert note.summary in card
    assert note.text in card
    assert "样机" in note.summary


@ON_ALL
async def test_F04_the_original_is_one_tap_away(start: Start, seating: Seating) -> None:
    bot = await start(seating)
    await speaks(bot, SAID)
    await bot.presses("sales", "原话")
    assert SAID in bot.cards("sales")[-1]
    assert "10:20" in bot.cards("sales")[-1]
    assert SAID in await bot.says("sales", "原话")


@ON_ALL
async def test_F04_who_spoke_sees_what_was_heard_also_when_nothing_comes_of_it(
    start: Start, seating: Seating
) -> None:
    bot = await start(seating)
    before = count(bot)
    assert "听到：“好的，辛苦了”" in await speaks(bot, "嗯，好的，辛苦了")
    assert count(bot) == before


@ON_ALL
async def test_F04_whatever_can_be_typed_can_be_said(start: Start, seating: Seating) -> None:
    bot = await start(seating)
    await speaks(bot, "张总说价格高，样机下周三前寄出")
    await speaks(bot, "不对，是下周四")
    assert "2月5日" in "".join(bot.cards("sales"))
    await speaks(bot, "撤回。")
    assert newest(bot).state == "undone"
    assert "直接说事就行" in await speaks(bot, "嗯，帮助")


async def test_F04_a_phone_number_and_percentages_are_written_as_figures(bot: Bot) -> None:
    card = await speaks(bot, "张总电话一三八零零一三八零零零，报价让了百分之八，下周再议")
    assert "13800138000" in card
    assert "8%" in card


async def test_F04_what_was_heard_is_a_fact_with_its_words(bot: Bot) -> None:
    await speaks(bot, SAID)
    with bot.db() as db:
        fact = db.exec(select(Fact).where(Fact.type == "voice.heard")).one()
    assert (fact.words, fact.inbox_id) == (SAID, newest(bot).inbox_id)
    assert fact.data["certainty"] == pytest.approx(0.9)


async def test_F04_tomorrow_is_the_day_after_it_was_said_however_late_it_is_heard(
    bot: Bot,
) -> None:
    bot.ground.ear.faults.extend([500] * 5)
    await speaks(bot, "张总要样机，明天寄出")
    await bot.until("2026-01-30 10:00")
    await bot.presses("sales", "再听一次")
    with bot.db() as db:
        promise = db.exec(select(Promise).order_by(col(Promise.id).desc())).first()
    assert promise is not None
    assert str(promise.latest) == "2026-01-29"


async def test_F04_dingtalk_sound_without_words_is_written_down_here(start: Start) -> None:
    bot = await start(SEATINGS[1])
    bot.ground.dingtalk.transcribes = False
    assert TYPED in await speaks(bot, SAID)


async def test_F04_a_voice_message_told_twice_is_heard_once(start: Start) -> None:
    bot = await start(SEATINGS[2])
    before = count(bot)
    await speaks(bot, SAID)
    shown = [m for m in bot.ground.shown_to("sales") if m.content == "voice"][-1]
    await bot.ground.feishu.redeliver(shown.id)
    await bot.loops.settle()
    assert count(bot) == before + 1
    assert len(bot.ground.ear.requests) == 1


async def test_F04_a_stranger_is_not_listened_to(bot: Bot) -> None:
    with bot.db() as db:
        db.connection().exec_driver_sql("DELETE FROM account")
        db.commit()
    assert "还不认识" in await speaks(bot, SAID)
    assert bot.ground.ear.requests == []


async def test_F04_the_playground_page_sends_voice_messages(bot: Bot) -> None:
    asked = {"seat": "sales", "text": SAID, "content": "voice"}
    async with ClientSession() as browser:
        say = f"{bot.program.origin}/playground/api/say"
        async with browser.post(say, json=asked) as answer:
            assert answer.status == 200
    await bot.loops.settle()
    assert TYPED in bot.cards("sales")[-1]


# In doubt ---------------------------------------------------------------------------------


@WITHOUT_TRANSCRIPTS
async def test_F04_a_doubtful_transcript_asks_before_anything_is_logged(
    start: Start, seating: Seating
) -> None:
    bot = await start(seating)
    bot.ground.ear.certainty = 0.3
    card = await speaks(bot, SAID)
    assert "是这样说的吗" in card
    assert TYPED in card
    assert newest(bot).state == "heard"
    await bot.presses("sales", "确认")
    note = newest(bot)
    assert (note.state, note.text) == ("open", TYPED)
    assert "价格疑虑" in bot.cards("sales")[-1]
    await bot.presses("sales", "确认")
    assert newest(bot).state == "confirmed"


@pytest.mark.parametrize("answer", ["确认", "对"])
async def test_F04_the_answer_to_a_doubt_may_be_typed(bot: Bot, answer: str) -> None:
    bot.ground.ear.certainty = 0.3
    await speaks(bot, SAID)
    await bot.says("sales", answer)
    assert newest(bot).state == "open"


async def test_F04_what_was_misheard_is_taken_back(bot: Bot) -> None:
    bot.ground.ear.certainty = 0.3
    await speaks(bot, SAID)
    await bot.presses("sales", "不对")
    note = newest(bot)
    assert note.state == "undone"
    with bot.db() as db:
        logged = select(Fact).where(Fact.type == "followup.logged", Fact.inbox_id == note.inbox_id)
        assert db.exec(logged).all() == []


async def test_F04_a_doubtful_word_that_is_no_note_does_nothing(bot: Bot) -> None:
    await bot.says("sales", "张总说价格高，样机下周三前寄出")
    bot.ground.ear.certainty = 0.3
    assert "没听清" in await speaks(bot, "撤回")
    assert newest(bot).state == "open"


# Not heard --------------------------------------------------------------------------------


@WITHOUT_TRANSCRIPTS
async def test_F04_without_an_endpoint_the_remedy_is_told(start: Start, seating: Seating) -> None:
    bot = await start(seating, hearing=False)
    answer = await speaks(bot, SAID)
    assert "这条语音我听不了：请打字，或请管理员设置 SPEECH__URL" in answer
    assert f"再听 E{number_of_voice(bot)}" in answer


def number_of_voice(bot: Bot) -> int:
    with bot.db() as db:
        rows = [row for row in db.exec(select(Inbox)) if '"kind":"voice"' in row.body]
    return rows[-1].id or 0


async def test_F04_platform_transcripts_need_no_endpoint(start: Start) -> None:
    bot = await start(SEATINGS[1], hearing=False)
    assert TYPED in await speaks(bot, SAID)


@pytest.mark.parametrize(
    ("fault", "answer"),
    [
        (401, "SPEECH__KEY"),
        (404, "SPEECH__MODEL"),
        (413, "太大"),
        ("empty", "没听到说话"),
    ],
)
async def test_F04_each_failure_has_its_own_answer(bot: Bot, fault: Fault, answer: str) -> None:
    bot.ground.ear.faults.append(fault)
    assert answer in await speaks(bot, SAID)
    assert count_open_jobs(bot) == (0, 0)


def count_open_jobs(bot: Bot) -> tuple[int, int]:
    with bot.db() as db:
        timers = db.exec(select(Timer).where(Timer.name == "voice.slow")).all()
        return len(db.exec(select(Job)).all()), len(timers)


@pytest.mark.parametrize("fault", [429, 503, "nonsense"])
async def test_F04_what_passes_is_tried_again_and_the_speaker_is_told(
    bot: Bot, fault: Fault
) -> None:
    bot.ground.ear.faults.extend([fault] * 3)
    assert await speaks(bot, SAID) == ""
    await bot.at(bot.clock() + timedelta(seconds=40))
    cards = bot.cards("sales")
    assert "还在转文字" in cards[-2]
    assert TYPED in cards[-1]


async def test_F04_an_endpoint_that_stays_down_loses_nothing(bot: Bot) -> None:
    bot.ground.ear.faults.extend([503] * 5)
    await speaks(bot, SAID)
    await bot.at(bot.clock() + RETRIES)
    assert "一直没有回应" in bot.cards("sales")[-1]
    assert labels(last(bot)) == ["再听一次"]
    await bot.presses("sales", "再听一次")
    assert TYPED in bot.cards("sales")[-1]
    before = count(bot)
    number = newest(bot).inbox_id
    assert "已经听过" in await bot.says("sales", f"再听 E{number}")
    assert count(bot) == before


async def test_F04_only_who_spoke_may_have_it_heard_again(bot: Bot) -> None:
    bot.ground.ear.faults.append(401)
    await speaks(bot, SAID)
    number = number_of_voice(bot)
    assert "不是你说的" in await bot.says("manager", f"再听 E{number}")
    assert "没找到这条语音" in await bot.says("sales", "再听 E999999")
    assert bot.ground.ear.requests == []
    assert "好，正在听" in await bot.says("sales", f"再听 E{number}")
    assert TYPED in bot.cards("sales")[-1]


async def test_F04_expired_media_is_told(bot: Bot) -> None:
    bot.ground.wecom.fail(40007, path="media/get")
    assert "取不到" in await speaks(bot, SAID)


@pytest.mark.parametrize(
    ("sound", "answer"),
    [
        (b"#!SILK_V3" + bytes(40), "格式我听不懂"),
        (b"OggS" + bytes(400), "文件是坏的"),
        (sounds.opus(301 * 50), "超过 5 分钟"),
        (sounds.opus(100), "没听到说话"),
    ],
    ids=["silk", "broken", "long", "wordless"],
)
async def test_F04_sounds_that_cannot_be_heard(start: Start, sound: bytes, answer: str) -> None:
    bot = await start(SEATINGS[2])
    bot.ground.feishu.upload("x", sound, "audio/ogg")
    assert answer in await speaks(bot, "x")


async def test_F04_a_defect_while_reading_a_transcript_is_told_as_well(
    bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("nlp.speech.CHANGES", (fail,))
    await speaks(bot, SAID)
    await bot.at(bot.clock() + timedelta(minutes=5))
    assert "没处理成功，原话已保存" in bot.cards("sales")[-1]


async def test_no_key_reaches_a_card(bot: Bot) -> None:
    bot.ground.ear.faults.append(401)
    assert bot.ground.ear.key not in await speaks(bot, SAID)
