"""A WeCom group on the smart robot, with the whole program: beside the app, and alone."""

from sqlmodel import select

from bot.playground.press import interaction, text_of
from bot.playground.world import Member, Shown
from storage.models import FollowUp
from tests.conftest import Bot, Start

GROUP = "wrkSFfCgAAPlaygroundChatCaseSensitive"
NOTE = "张总说价格高，样机下周三前寄出"
LI = "li.xiao"


def in_group(bot: Bot) -> list[Shown]:
    return [m for m in bot.ground.world.chat("wecom", GROUP) if m.sender == "bot"]


async def says(bot: Bot, member: str, text: str, chat: str = GROUP) -> None:
    await bot.ground.wecom.say(member, text, chat=chat)
    await bot.loops.settle()


async def presses(bot: Bot, member: str, label: str) -> None:
    card = in_group(bot)[-1]
    await bot.ground.wecom.click(member, card.id, interaction(card, label))
    await bot.loops.settle()


async def test_K13_a_note_in_a_group_is_answered_there_and_its_click_changes_the_card(
    start: Start,
) -> None:
    bot = await start(("wecom", "wecom", "feishu"), wecom_robot="long", beside_app=True)
    await says(bot, LI, NOTE)

    card = in_group(bot)[-1]
    assert "张总" in text_of(card)
    assert bot.cards("sales") == []
    with bot.db() as db:
        (note,) = db.exec(select(FollowUp).where(FollowUp.chat == f"wecom:{GROUP}")).all()
        assert note.text == NOTE

    await presses(bot, LI, "确认")
    assert in_group(bot)[-1].id == card.id
    assert card.edits == 1
    assert list(bot.ground.wecom.robot.gateway.complaints) == []


async def test_a_strangers_click_in_the_group_changes_nothing(start: Start) -> None:
    bot = await start(("wecom", "dingtalk", "feishu"), wecom_robot="long", beside_app=True)
    bot.ground.world.join("wecom", Member("lu.ren", "路人"))
    await says(bot, LI, NOTE)
    card = in_group(bot)[-1]
    before = text_of(card)
    await presses(bot, "lu.ren", "确认")
    assert text_of(card) == before
    assert bot.cards("delivery") == []


async def test_one_to_one_the_app_answers_and_edits_its_card_without_a_click(start: Start) -> None:
    bot = await start(("wecom", "dingtalk", "feishu"), wecom_robot="long", beside_app=True)
    await bot.says("sales", NOTE)
    sent = bot.sent("sales")
    await bot.says("sales", "不对，是X2型号")
    assert "X2" in "\n".join(bot.cards("sales"))
    assert bot.sent("sales") == sent
    assert bot.ground.wecom.robot.gateway.commands["aibot_send_msg"] == 0


async def test_the_same_message_twice_is_one_note(start: Start) -> None:
    bot = await start(wecom_robot="long")
    await bot.says("sales", NOTE)
    robot, sent = bot.ground.wecom.robot, bot.sent("sales")
    body = robot.gateway.head() | {"msgid": bot.ground.world.chat("wecom", LI)[0].id}
    body |= {"chattype": "single", "from": {"userid": LI}, "msgtype": "text"}
    assert await robot.gateway.deliver("message", LI, body | {"text": {"content": NOTE}})
    await bot.loops.settle()
    assert bot.sent("sales") == sent


async def test_over_http_a_note_still_gets_its_card(start: Start) -> None:
    bot = await start(wecom_robot="http")
    echo = await bot.says("sales", NOTE)
    assert "张总" in echo
    assert bot.ground.wecom.robot.hook.complaints == []
