"""Every type of message that Feishu documents, and those that it may invent, as one of ours."""

import json
from typing import Any

import pytest

from bot.platforms.feishu.contents import Said, mentions, read_content
from bot.platforms.feishu.payloads import Mention, Message, UserIds

US, OTHER = "ou_us", "ou_other"


def message(kind: str, content: dict[str, Any], *mentioned: Mention) -> Message:
    return Message(
        message_id="om_1",
        create_time="1760000000000",
        chat_id="oc_1",
        chat_type="group",
        message_type=kind,
        content=json.dumps(content),
        mentions=list(mentioned),
    )


def named(number: int, name: str, open_id: str, kind: str = "bot") -> Mention:
    ids = UserIds(open_id=open_id)
    return Mention(key=f"@_user_{number}", id=ids, name=name, mentioned_type=kind)


def rich(*spans: dict[str, Any]) -> dict[str, Any]:
    return {"title": "", "content": [list(spans)]}


@pytest.mark.parametrize(
    ("kind", "content", "said"),
    [
        ("text", {"text": " 张总说价格高 "}, Said("text", "张总说价格高")),
        ("image", {"image_key": "img_1"}, Said("image", "", "om_1/image/img_1")),
        ("file", {"file_key": "f", "file_name": "a.pdf"}, Said("file", "a.pdf", "om_1/file/f")),
        ("media", {"file_key": "f", "image_key": "i"}, Said("file", "", "om_1/file/f")),
        ("folder", {"file_key": "f", "file_name": "资料"}, Said("file", "资料")),
        ("audio", {"file_key": "f", "duration": 2000}, Said("voice", "", "om_1/file/f")),
        ("sticker", {"file_key": "f"}, Said("sticker")),
        ("system", {"template": "{from_user} 邀请"}, Said("sticker")),
        ("share_user", {"user_id": "ou_7"}, Said("person", "", "feishu:ou_7")),
        ("share_chat", {"chat_id": "oc_7"}, Said("other", "群名片")),
        ("location", {"name": "世纪大道 8 号"}, Said("other", "位置：世纪大道 8 号")),
        ("merge_forward", {"content": "Merged"}, Said("other", "合并转发的聊天记录")),
        ("interactive", {"title": "周报", "elements": []}, Said("other", "卡片：周报")),
        ("todo", {"summary": {"title": "寄样机", "content": []}}, Said("other", "任务：寄样机")),
        ("vote", {"topic": "去哪吃", "options": ["a"]}, Said("other", "投票：去哪吃")),
        ("share_calendar_event", {"summary": "评审会"}, Said("other", "日程：评审会")),
        ("video_chat", {"topic": "周会"}, Said("other", "会议：周会")),
        ("hongbao", {"text": "[红包]"}, Said("other", "红包")),
        ("hologram", {"x": 1}, Said("other", "这种消息")),
        ("hologram", {"name": "很长" * 100}, Said("other", f"这种消息：{'很长' * 30}…")),
    ],
)  # fmt: skip
def test_each_type(kind: str, content: dict[str, Any], said: Said) -> None:
    assert read_content(message(kind, content)) == said


@pytest.mark.parametrize(
    ("span", "text"),
    [
        ({"tag": "text", "text": "加粗", "style": ["bold"]}, "加粗"),
        ({"tag": "a", "text": "官网", "href": "https://a.cn"}, "官网"),
        ({"tag": "a", "href": "https://a.cn"}, "https://a.cn"),
        ({"tag": "code_block", "language": "SQL", "text": "select 1"}, "select 1"),
        ({"tag": "md", "text": "**行**"}, "**行**"),
        ({"tag": "emotion", "emoji_type": "SMILE"}, ""),
        ({"tag": "hr"}, ""),
        ({"tag": "hologram"}, ""),
        ({"tag": "at", "user_id": "@_user_2", "user_name": "李雷"}, "@李雷"),
    ],
)
def test_each_piece_of_rich_text(span: dict[str, Any], text: str) -> None:
    told = read_content(message("post", rich({"tag": "text", "text": "看："}, span)))
    assert told == Said("text", f"看：{text}")


def test_rich_text_without_words_is_its_picture_or_film() -> None:
    picture = rich({"tag": "img", "image_key": "i"})
    film = rich({"tag": "media", "file_key": "f", "image_key": "cover"})
    assert read_content(message("post", picture)) == Said("image", "", "om_1/image/i")
    assert read_content(message("post", film)) == Said("image", "", "om_1/file/f")


def test_only_our_own_mention_vanishes() -> None:
    said = message(
        "text", {"text": "@_user_1 @_user_2 样机呢"}, named(1, "一诺", US), named(2, "天气", OTHER)
    )
    assert read_content(said, US).text == "@天气 样机呢"
    assert mentions(said, US)


def test_a_mention_of_another_bot_is_none_of_us() -> None:
    said = message("text", {"text": "@_user_1 明天下雨吗"}, named(1, "天气", OTHER))
    assert not mentions(said, US)
    assert mentions(said, ""), "while our own id is not known"
    assert not mentions(message("text", {"text": "@_all 开会"}), US)


@pytest.mark.parametrize(
    ("open_id", "kind", "bot", "is_ours"),
    [
        (US, "bot", US, True),
        (US, "", US, True),
        (OTHER, "", US, False),
        (OTHER, "user", US, False),
        ("", "bot", US, True),
        ("", "", US, True),
        (US, "", "", True),
        ("", "user", US, False),
    ],
)
def test_a_mention_that_tells_too_little_is_taken_for_ours(
    open_id: str, kind: str, bot: str, is_ours: bool
) -> None:
    said = message("text", {"text": "@_user_1 样机呢"}, named(1, "一诺", open_id, kind))
    assert mentions(said, bot) == is_ours
