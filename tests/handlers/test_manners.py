"""Manners in groups, on every platform that has them: nothing is kept that was not said to us."""

import pytest
from sqlmodel import Session, col, select

from bot.events import MessageReceived
from bot.playground.press import text_of
from handlers.manners import heard
from storage.models import FollowUp, Inbox
from tests.conftest import Bot, Seating, Start

GROUP = {"feishu": "oc_east", "dingtalk": "cidEast", "wecom": "wrEast0000000000000000000000000001"}
NOTE = "张总说价格高，样机下周三前寄出"
TALK = [
    "张总那边样机下周三前寄出",
    "今日",
    "帮助",
    "撤回",
    "完成了",
    "接单",
    "完成 P1 了吗",
    "确认",
]
SEATED: list[Seating] = [
    ("feishu", "wecom", "dingtalk"),
    ("dingtalk", "wecom", "feishu"),
    ("wecom", "dingtalk", "feishu"),
]


async def says_in_group(bot: Bot, text: str, **more: object) -> str:
    """What the bot answers in the group."""
    part = bot.ground.seat("sales")
    group, server = GROUP[part.platform], bot.ground.servers[part.platform]
    if part.platform == "feishu":
        bot.ground.feishu.open_group(group)
    before = len(bot.ground.world.chat(part.platform, group))
    await server.say(part.member, text, chat=group, **more)  # type: ignore[arg-type]
    await bot.loops.settle()
    shown = bot.ground.world.chat(part.platform, group)[before:]
    return "\n".join(text_of(message) for message in shown if message.sender == "bot")


def kept(bot: Bot) -> tuple[int, int]:
    with bot.db() as db:
        notes = db.exec(select(FollowUp).where(col(FollowUp.text) == NOTE)).all()
        return len(db.exec(select(Inbox)).all()), len(notes)


@pytest.mark.parametrize("seating", SEATED, ids="-".join)
async def test_F57_who_mentions_the_bot_in_a_group_is_heard(start: Start, seating: Seating) -> None:
    bot = await start(seating, wecom_robot="long" if seating[0] == "wecom" else "")
    answer = await says_in_group(bot, NOTE)
    assert "张总" in answer
    assert bot.cards("sales") == [], "the answer stays in the group"
    assert "样机" in await says_in_group(bot, "今日") + answer
    assert kept(bot)[1] == 1


@pytest.mark.parametrize("feishu_long", [False, True], ids=["http", "long"])
async def test_group_talk_leaves_no_trace(start: Start, feishu_long: bool) -> None:
    """With the wide permission Feishu delivers everything that is said in a group."""
    bot = await start(SEATED[0], feishu_long=feishu_long)
    before = kept(bot)
    for text in TALK:
        assert await says_in_group(bot, text, mentioned=False) == ""
    assert kept(bot) == before
    pushes = bot.ground.feishu.pusher.pushes
    assert {push.statuses[-1] for push in pushes} == {200}, "acknowledged, and not sent again"


@pytest.mark.parametrize("called", ["一诺 {}", "一诺，{}", "@一诺 {}", "一诺：{}"])
async def test_the_name_will_do_for_a_mention(start: Start, called: str) -> None:
    bot = await start(SEATED[0])
    assert "今日" in await says_in_group(bot, called.format("今日"), mentioned=False)
    assert "张总" in await says_in_group(bot, called.format(NOTE), mentioned=False)
    assert kept(bot)[1] == 1, "without the name"


async def test_an_answer_to_a_card_of_ours_is_for_us(start: Start) -> None:
    bot = await start(SEATED[0])
    await says_in_group(bot, NOTE)
    card = bot.ground.world.messages[-1]
    await says_in_group(bot, "撤回", mentioned=False, reply_to=card.id)
    assert "已撤回" in text_of(card)


async def test_an_answer_in_the_thread_of_a_card_is_for_us(start: Start) -> None:
    bot = await start(SEATED[0])
    await says_in_group(bot, NOTE)
    card = bot.ground.world.messages[-1]
    await says_in_group(bot, "撤回", mentioned=False, reply_to=card.id, thread="omt_1")
    assert "已撤回" in text_of(card)


async def test_an_answer_to_a_colleague_is_not(start: Start) -> None:
    bot = await start(SEATED[0])
    await says_in_group(bot, "吃什么", mentioned=False)
    theirs = bot.ground.world.messages[-1]
    before = kept(bot)
    await says_in_group(bot, "撤回", mentioned=False, reply_to=theirs.id)
    assert kept(bot) == before


@pytest.mark.parametrize(
    ("text", "concerns_us"),
    [
        ("接单 P12", True),
        ("最早 P12 2月5号", True),
        ("催办 L3", True),
        ("完成 P12 了吗", False),
        ("接单", False),
        ("一诺千金啊", False),
        ("一诺", True),
    ],
)
async def test_a_command_that_names_a_record_is_for_us(
    bot: Bot, text: str, concerns_us: bool
) -> None:
    event = MessageReceived(
        "k", bot.clock(), "feishu:ou_1", "feishu:oc_1", text, in_group=True, overheard=True
    )
    with Session(bot.program.db.engine) as db:
        assert (heard(db, event) is not None) == concerns_us
