"""Cards as DingTalk shows them: golden payloads, limits, and nothing lost."""

import json
import re
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cards.actions import (
    AcceptPromise,
    AssignFollowUp,
    ConfirmFollowUp,
    CounterPromise,
    NotAPromise,
    RefusePromise,
    SaveFollowUp,
    UnknownAction,
)
from cards.model import Button, Card, Choice, DateInput, Field, Form, Option, TextInput
from cards.render.dingtalk import headline, render, render_messages
from cards.render.dingtalk_buttons import (
    ANSWER_TEMPLATE,
    PUBLIC_TEMPLATE,
    Look,
    button_id,
    read_button_id,
)
from cards.render.dingtalk_markdown import LINE, cut, escape, escape_keeping_bold, parts

GOLDEN = Path(__file__).parents[1] / "payloads/dingtalk"
CARD_ID = "c0000000001a"

ECHO = Card(
    title="跟进 · 宏远医疗",
    subtitle="张总，采购负责人",
    text="我是这样听懂的，**不对就点一下**",
    tone="info",
    fields=(
        Field("标签", "价格疑虑、竞品对比"),
        Field("承诺", "样机寄出"),
        Field("到期", "02-05 周四", was="02-04 周三"),
        Field("交付", "小陈", url="https://bot.example.com/p/12"),
    ),
    quote="张总说价格高，对比了XX，样机下周三前寄出",
    notes=("「下周三」按本周起算",),
    buttons=(
        Button("确认", ConfirmFollowUp(7), style="primary", typed="确认 F7"),
        Button("不是承诺", NotAPromise(12), style="danger", typed="不是承诺 P12"),
        Button("看原话", url="https://bot.example.com/f/7"),
    ),
)
TASK = Card(
    title="新任务 P12：寄样机",
    text="客户：宏远医疗 张总\n联系电话 138****5678",
    tone="warn",
    fields=(Field("到期", "02-04 周三"),),
    form=Form(
        inputs=(
            DateInput(
                "day", "最早哪天", (date(2026, 2, 5), date(2026, 2, 6)), typed="最早 2月5日 P12"
            ),
        ),
        submit=Button("提交", CounterPromise(12)),
    ),
    buttons=(
        Button("接单", AcceptPromise(12), style="primary", typed="接单 P12"),
        Button("做不到", RefusePromise(12), style="danger", typed="做不到 P12"),
    ),
)
FOLLOW_UP = Card(
    title="跟进 L12",
    form=Form(
        inputs=(
            Choice(
                "tags", "标签", (Option("price", "价格疑虑"), Option("rival", "竞品")), many=True
            ),
            Choice(
                "stage",
                "阶段",
                (Option("contacted", "有效沟通"), Option("qualified", "需求确认")),
                selected=("contacted",),
            ),
            TextInput("note", "一句话", hint="发生了什么", typed="跟进 L12 张总说再议"),
        ),
        submit=Button(
            "保存", SaveFollowUp(12), style="primary", typed="跟进 L12 价格疑虑 需求确认"
        ),
    ),
)
SETTLED = replace(TASK, closed=True, tone="good", replace="小陈 10:32 已接单")
WHICH = Card(
    title="这条记在谁名下？",
    buttons=tuple(
        Button(f"客户{n}的线索", AssignFollowUp(7, n), typed=f"记到 L{n}") for n in range(1, 21)
    ),
)
PLAIN = Card(text="记下了")
CARDS = {
    "echo": ECHO,
    "task": TASK,
    "follow_up": FOLLOW_UP,
    "settled": SETTLED,
    "which": WHICH,
    "plain": PLAIN,
}


# An independent reading of the limits (dingtalk.md 7.3, 8.2, 8.6) ---------------------------


def check_instance(instance: dict[str, Any]) -> None:
    assert set(instance) == {"outTrackId", "userIdType", "cardData"}
    assert len(instance["outTrackId"]) <= 100
    data = instance["cardData"]["cardParamMap"]
    assert set(data) <= {"title", "logo", "markdown", "tips", "sys_full_json_obj"}
    for name, value in data.items():
        assert isinstance(value, str), name
        assert len(name.encode()) <= 100, name
        assert len(value.encode()) <= 1024, (name, len(value.encode()))
    for button in json.loads(data["sys_full_json_obj"])["msgButtons"]:
        check_button(button)


def check_button(button: dict[str, Any]) -> None:
    assert button["text"]
    assert button["color"] in ("blue", "gray", "red")
    if "url" in button:
        assert set(button) == {"text", "color", "url"}
    else:
        assert set(button) == {"text", "color", "id", "request"}
        assert button["request"] is True
        read_button_id(button["id"])


SHAPES = {
    "sampleText": {"content"},
    "sampleMarkdown": {"title", "text"},
    "sampleActionCard": {"title", "text", "singleTitle", "singleURL"},
    **{
        f"sampleActionCard{count}": {"title", "text"}
        | {f"action{part}{n}" for n in range(1, count + 1) for part in ("Title", "URL")}
        for count in range(2, 6)
    },
}


def check_messages(messages: list[dict[str, Any]]) -> None:
    assert messages
    for message in messages:
        param = message["msgParam"]
        assert set(param) == SHAPES[message["msgKey"]]
        assert all(isinstance(value, str) and value for value in param.values())
        assert len(json.dumps(param, ensure_ascii=False).encode()) <= 15_000
        for link in re.findall(r"dtmd:[^)\"\s]*", json.dumps(param, ensure_ascii=False)):
            assert link.startswith("dtmd://dingtalkclient/sendMessage?content=")


def rendered(card: Card, *, in_group: bool = False) -> dict[str, Any]:
    found = render(card, CARD_ID, in_group=in_group)
    messages = render_messages(card, in_group=in_group)
    return {
        "instance": found.instance,
        "rest": found.rest,
        "messages": [{"msgKey": m.key, "msgParam": m.param} for m in messages],
    }


def data_of(card: Card, *, in_group: bool = False) -> dict[str, str]:
    found = render(card, CARD_ID, in_group=in_group).instance["cardData"]["cardParamMap"]
    assert isinstance(found, dict)
    return found


def buttons_of(card: Card) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(data_of(card)["sys_full_json_obj"])["msgButtons"]
    return found


def everything(card: Card) -> str:
    """All the words a person sees of a card."""
    found = render(card, CARD_ID)
    return json.dumps(found.instance, ensure_ascii=False) + found.rest


@pytest.mark.parametrize("name", CARDS)
def test_golden_payloads(name: str) -> None:
    """To accept a change: delete the file, run the test, read the new file."""
    path = GOLDEN / f"{name}.json"
    found = rendered(CARDS[name])
    if not path.exists():
        path.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        pytest.fail(f"{path.name} was missing and has been written: read it, then run again")
    assert found == json.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.json")), ids=lambda path: path.stem)
def test_golden_payloads_keep_the_limits(path: Path) -> None:
    found = json.loads(path.read_text(encoding="utf-8"))
    check_instance(found["instance"])
    check_messages(found["messages"])


# Words -----------------------------------------------------------------------------------


def test_a_changed_value_shows_both() -> None:
    assert "**到期**：02-04 周三 → 02-05 周四" in data_of(ECHO)["markdown"]


def test_small_print_goes_under_the_card() -> None:
    assert data_of(ECHO)["tips"] == "「下周三」按本周起算"


def test_what_people_typed_is_not_markup() -> None:
    assert r"138\*\*\*\*5678" in data_of(TASK)["markdown"]
    assert escape("[点我](https://x) `a` ~~b~~ <font> _c_ d_e\n# f\n> g") == (
        r"[点我]\(https://x) \`a\` \~~b\~~ \<font> \_c\_ d_e" + LINE + r"\# f" + LINE + r"\> g"
    )


def test_bold_of_a_card_stays_bold() -> None:
    assert escape_keeping_bold("a **b** *c*\n**d_** ") == rf"a **b** \*c\*{LINE}**d\_**"


def test_two_masked_phones_in_a_line_are_not_bold() -> None:
    assert escape_keeping_bold("138****5678 和 139****1234").count("\\*") == 8


def test_the_tone_marks_the_title() -> None:
    assert data_of(TASK)["title"] == "🟡 新任务 P12：寄样机"


def test_a_settled_card_keeps_its_facts_and_tells_the_outcome() -> None:
    assert buttons_of(SETTLED) == []
    markdown = data_of(SETTLED)["markdown"]
    assert "**小陈 10:32 已接单**" in markdown
    assert "最早哪天" not in markdown
    assert "02-04 周三" in markdown


def test_a_settled_card_keeps_its_links() -> None:
    assert [b["text"] for b in buttons_of(replace(ECHO, closed=True))] == ["看原话"]


def test_the_headline_is_one_short_line() -> None:
    assert headline(Card(text="**你好**\n第二行")) == "你好"
    assert headline(Card(title="很" * 60)) == "很" * 40
    assert headline(Card(fields=(Field("a", "b"),))) == "消息"


# Buttons and forms -----------------------------------------------------------------------


def test_each_suggested_day_is_a_button_that_carries_the_day() -> None:
    first = next(button for button in buttons_of(TASK) if button["text"] == "2月5日 周四")
    pressed = read_button_id(first["id"])
    assert (first["text"], pressed.action) == ("2月5日 周四", CounterPromise(12))
    assert pressed.form == {"day": ("2026-02-05",)}
    assert "最早 2月5日 P12" in data_of(TASK)["markdown"]


def test_each_option_of_a_single_choice_is_a_button_and_several_are_typed() -> None:
    texts = [b["text"] for b in buttons_of(FOLLOW_UP)]
    assert texts == ["有效沟通", "需求确认"]
    markdown = data_of(FOLLOW_UP)["markdown"]
    assert "**标签**：可多选 价格疑虑、竞品" in markdown
    assert "现在是 有效沟通" in markdown
    assert "跟进 L12 价格疑虑 需求确认" in markdown
    assert "跟进 L12 张总说再议" in markdown


def test_an_option_takes_the_other_defaults_along() -> None:
    form = Form(
        (
            Choice("stage", "阶段", (Option("won", "合同签署"),)),
            Choice("tags", "标签", (Option("a", "甲"), Option("b", "乙")), ("a", "b"), many=True),
        ),
        Button("保存", SaveFollowUp(3)),
    )
    pressed = read_button_id(buttons_of(Card(form=form))[0]["id"])
    assert pressed.form == {"tags": ("a", "b"), "stage": ("won",)}


def test_a_form_with_nothing_left_to_choose_has_its_own_button() -> None:
    day = DateInput("day", "哪天", (date(2026, 2, 5),), selected=date(2026, 2, 5))
    form = Form((day, TextInput("why", "原因")), Button("就这天", CounterPromise(12)))
    *_, submit = buttons_of(Card(form=form))
    assert (submit["text"], read_button_id(submit["id"]).form) == (
        "就这天",
        {"day": ("2026-02-05",)},
    )


def test_two_choices_name_their_question_on_each_button() -> None:
    form = Form(
        (
            Choice("stage", "阶段", (Option("won", "合同签署"),)),
            DateInput("day", "下次", (date(2026, 2, 5),)),
        ),
        Button("保存", SaveFollowUp(3)),
    )
    assert [b["text"] for b in buttons_of(Card(form=form))] == [
        "阶段：合同签署",
        "下次：2月5日 周四",
    ]


def test_buttons_that_find_no_room_keep_their_words() -> None:
    shown = [b["text"] for b in buttons_of(WHICH)]
    assert 5 < len(shown) < 20
    text = data_of(WHICH)["markdown"] + render(WHICH, CARD_ID).rest
    assert all(f"客户{n}的线索" in [*shown] or f"记到 L{n}」" in text for n in range(1, 21))


def test_in_a_group_the_words_ask_to_mention_the_robot() -> None:
    assert "@我并回复「最早 2月5日 P12」" in data_of(TASK, in_group=True)["markdown"]


@settings(deadline=None)
@given(
    st.integers(0, 2**31 - 1),
    st.dictionaries(st.text(min_size=1), st.lists(st.text(), min_size=1).map(tuple)),
    st.booleans(),
)
def test_a_button_says_again_what_it_was_told(
    lead: int, form: dict[str, tuple[str, ...]], in_group: bool
) -> None:
    form.pop("@", None)
    pressed = read_button_id(button_id(SaveFollowUp(lead), form, in_group=in_group))
    assert (pressed.action, pressed.form, pressed.in_group) == (SaveFollowUp(lead), form, in_group)


@pytest.mark.parametrize("text", ["", "#@", "nothing?x=1", "promise.accept?promise=one#day=1"])
def test_a_foreign_button_is_refused(text: str) -> None:
    with pytest.raises(UnknownAction):
        read_button_id(text)


# Messages instead of cards ---------------------------------------------------------------


def test_a_sentence_is_a_text_message() -> None:
    (message,) = render_messages(PLAIN)
    assert (message.key, message.param) == ("sampleText", {"content": "记下了"})


def test_a_sentence_with_bold_is_markdown() -> None:
    (message,) = render_messages(Card(text="**3** 件事"))
    assert (message.key, message.param["text"]) == ("sampleMarkdown", "**3** 件事")


def test_the_fallback_types_for_the_person_and_says_the_words() -> None:
    (message,) = render_messages(TASK)
    assert message.key == "sampleActionCard2"
    assert message.param["actionURL1"].endswith("content=%E6%8E%A5%E5%8D%95+P12")
    assert "接单：回复「接单 P12」" in message.param["text"]
    assert "2月5日 周四、2月6日 周五" in message.param["text"]


def test_more_than_five_buttons_of_the_fallback_are_links_in_its_text() -> None:
    (message,) = render_messages(WHICH)
    assert message.key == "sampleActionCard5"
    assert message.param["text"].count("](dtmd://") == 15


# Limits ----------------------------------------------------------------------------------


def test_a_long_card_goes_on_in_a_message() -> None:
    lines = [f"{n}. 宏远医疗还在等样机" for n in range(80)]
    found = render(replace(TASK, text="\n".join(lines)), CARD_ID)
    check_instance(found.instance)
    markdown = found.instance["cardData"]["cardParamMap"]["markdown"]
    assert "余下的见下一条消息" in markdown
    assert "**最早哪天**" in markdown
    whole = markdown + found.rest
    assert all(line in whole for line in lines)


def test_a_title_too_long_for_its_place_stands_in_the_text() -> None:
    title = "很长的标题" * 80
    assert data_of(Card(title=title, tone="bad"))["title"] == title[:40]
    whole = everything(Card(title=title, tone="bad"))
    assert re.sub(r"……（余下的见下一条消息）|\W", "", whole).count("很长的标题") >= 80


def test_small_print_too_long_for_its_place_stands_in_the_text() -> None:
    card = Card(title="a", notes=("注" * 400,))
    assert data_of(card)["tips"] == ""
    assert everything(card).count("注") >= 400


WORDS = st.text(alphabet='样机 报价*_[]()#>`~<\\\n"a1', max_size=900)


@settings(deadline=None)
@given(title=WORDS, text=WORDS, value=WORDS, note=WORDS, typed=st.text(max_size=40))
def test_whatever_is_written_keeps_the_limits(
    title: str, text: str, value: str, note: str, typed: str
) -> None:
    card = replace(
        TASK,
        title=title,
        text=text * 3,
        fields=(Field("名", value, url="https://x/(1)"), Field("旧", value, was=note)),
        quote=note,
        notes=(note, text),
        buttons=(Button("接单", AcceptPromise(1), typed=typed), *WHICH.buttons),
    )
    found = rendered(card)
    check_instance(found["instance"])
    check_messages(found["messages"])


@settings(deadline=None)
@given(st.text(alphabet="样机*\\[](a)\n ", max_size=400), st.integers(40, 200))
def test_cut_text_fits_and_keeps_every_word(text: str, room: int) -> None:
    pieces = parts(text, room)
    assert all(len(piece.encode()) <= room for piece in pieces)
    kept = "".join(pieces)
    assert [c for c in kept if c in "样机a"] == [c for c in text if c in "样机a"]


def test_a_link_longer_than_a_message_still_ends() -> None:
    card = Card(title="a", fields=(Field("**", "b", url="https://x/" + "y" * 20_000),))
    found = rendered(card)
    check_instance(found["instance"])
    check_messages(found["messages"])


def test_a_cut_does_not_leave_bold_open() -> None:
    head, rest = cut("**" + "字" * 40 + "**", 60)
    assert head.count("**") == rest.count("**") == 2


@pytest.mark.parametrize("press", ["request", "callback"])
@pytest.mark.parametrize("template", [PUBLIC_TEMPLATE, ANSWER_TEMPLATE, "own.schema"])
@pytest.mark.parametrize("count", [1, 7, 40])
def test_every_look_keeps_the_limits_and_all_buttons(
    template: str, press: Literal["request", "callback"], count: int
) -> None:
    buttons = tuple(
        Button(f"第 {number} 个选择", AcceptPromise(number), typed=f"接单 P{number}")
        for number in range(count)
    )
    card = replace(TASK, buttons=buttons, form=None)
    found = render(card, CARD_ID, look=Look(template, press))
    data = found.instance["cardData"]["cardParamMap"]
    assert all(len(value.encode()) <= 1024 for value in data.values())
    full = json.loads(data["sys_full_json_obj"])
    words = json.dumps(data, ensure_ascii=False) + found.rest
    assert all(button.text in words for button in buttons)
    told = {"request": True} if press == "request" else {"actionType": "callback"}
    assert all(told.items() <= button.items() for button in full["msgButtons"])
    if template == ANSWER_TEMPLATE:
        assert data["flowStatus"] == "3"
        assert full["order"][-1] == "msgButtons"
