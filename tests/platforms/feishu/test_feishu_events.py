"""What people do besides writing: menus, first visits, invitations, second thoughts, smileys."""

from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.events import ChatOpened, GroupJoined, MessageRecalled, MessageReceived
from bot.platforms.feishu.parse import parse
from tests.platforms.feishu.conftest import CHEN, GROUP, LIN, Stage

PERSON, PLACE = f"feishu:{LIN}", f"feishu:{GROUP}"


def app(stage: Stage) -> str:
    return f"feishu:{stage.feishu.gate.app_id}"


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("today", "今日"),
        ("my_tasks", "今日"),
        ("NEW_LEAD", "+跟进"),
        ("help", "帮助"),
        ("绑定", "绑定"),
    ],
)
async def test_F57_the_menu_says_what_one_could_type(either: Stage, key: str, words: str) -> None:
    await either.feishu.press_menu(LIN, key)

    event = either.event
    assert isinstance(event, MessageReceived)
    assert (event.text, event.sender, event.chat) == (words, PERSON, PERSON)
    assert (event.sender_name, event.in_group) == ("林晓", False)
    assert event.key.startswith(f"{app(either)}:evt:")


async def test_an_unknown_menu_item_is_named_and_left(stage: Stage) -> None:
    with capture_logs() as logs:
        await stage.feishu.press_menu(LIN, "weather")
    assert stage.accepted == []
    assert (logs[-1]["event"], logs[-1]["event_key"]) == ("feishu.menu_unknown", "weather")
    assert "today" in logs[-1]["remedy"]


async def test_F57_whoever_opens_the_chat_first_is_one_event_for_ever(either: Stage) -> None:
    """Two events tell of it, in two envelopes; later entries tell what was said last."""
    await either.feishu.enter(LIN)
    first, second = either.accepted
    assert isinstance(first, ChatOpened)
    assert isinstance(second, ChatOpened)
    assert first.key == second.key == f"{app(either)}:opened:{PERSON}"
    assert first.at == either.clock()

    await either.feishu.say(LIN, "在吗")
    await either.feishu.enter(LIN)
    assert [type(event) for event in either.accepted[2:]] == [MessageReceived]


@pytest.mark.parametrize("external", [False, True])
async def test_F57_the_bot_is_put_into_a_group(either: Stage, external: bool) -> None:
    await either.feishu.invite(GROUP, CHEN, external=external)

    event = either.event
    assert isinstance(event, GroupJoined)
    assert (event.chat, event.external) == (PLACE, external)


async def test_K14_a_recalled_message_is_known_by_the_key_it_had(either: Stage) -> None:
    shown = await either.feishu.say(LIN, "张总说价格高")
    await either.feishu.take_back(shown.id)

    said, event = either.accepted
    assert isinstance(event, MessageRecalled)
    assert event.message == said.key


async def test_smileys_are_acknowledged_and_left(either: Stage) -> None:
    shown = await either.feishu.say(LIN, "张总说价格高")
    with capture_logs() as logs:
        await either.feishu.react(CHEN, shown.id)
    assert len(either.accepted) == 1
    assert either.feishu.pusher.pushes[-1].statuses == [200]
    assert logs == [], "nobody wants to read that in a log"


async def test_group_talk_that_does_not_mention_us_is_marked(stage: Stage) -> None:
    await stage.feishu.say(CHEN, "晚上吃什么", chat=GROUP, mentioned=False)
    await stage.feishu.say(CHEN, "今日", chat=GROUP)
    await stage.feishu.say(CHEN, "张总说价格高")

    assert [event.overheard for event in stage.said] == [True, False, False]
    assert stage.feishu.gate.calls["bot"] == 1, "who we are is asked once"


async def test_a_mention_of_another_bot_is_overheard(stage: Stage) -> None:
    theirs = stage.feishu.events.bot_open_id
    await stage.feishu.say(CHEN, "今日", chat=GROUP)
    stage.feishu.events.bot_open_id = "ou_weather"
    await stage.feishu.say(CHEN, "明天下雨吗", chat=GROUP)

    assert theirs != "ou_weather"
    assert (stage.event.overheard, stage.event.text) == (True, "@一诺 明天下雨吗")


async def test_who_we_are_is_no_reason_to_lose_a_message(stage: Stage) -> None:
    stage.feishu.fail_next(code=99991672)
    await stage.feishu.say(CHEN, "今日", chat=GROUP)

    assert (stage.event.text, stage.event.overheard) == ("今日", False)


@pytest.mark.parametrize(
    ("kind", "event"),
    [
        ("application.bot.menu_v6", {"event_key": "today"}),
        ("application.bot.menu_v6", {"operator": {"operator_id": {}}, "event_key": "today"}),
        ("im.chat.access_event.bot_p2p_chat_entered_v1", {"chat_id": "oc_1"}),
        ("im.chat.access_event.bot_p2p_chat_entered_v1", {"operator_id": {}}),
        ("im.chat.member.bot.added_v1", {"chat_id": ""}),
        ("im.message.recalled_v1", {}),
        ("im.message.reaction.created_v1", {}),
        ("p2p_chat_create", {"user": {}}),
    ],
)
def test_what_is_not_whole_is_left(kind: str, event: dict[str, Any]) -> None:
    header = {
        "event_id": "e1",
        "event_type": kind,
        "create_time": "1760000000123",
        "app_id": "cli_1",
    }
    assert parse({"schema": "2.0", "header": header, "event": event}) is None
