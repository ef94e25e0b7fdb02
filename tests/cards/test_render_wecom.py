"""WeCom cards keep every limit of the platform, and lose nothing that does not fit."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cards.actions import (
    AcceptPromise,
    Action,
    AssignFollowUp,
    ChooseOwner,
    CounterPromise,
    OpenFollowUpForm,
    RefusePromise,
    SaveFollowUp,
)
from cards.model import Button, Card, Choice, DateInput, Field, Form, Option, TextInput
from cards.render.wecom import Rendered, render


@dataclass(frozen=True, slots=True)
class LongAction(Action):
    """Holds as many words as one likes."""

    name = "test.long"
    words: str


GOLDEN = Path(__file__).parents[1] / "payloads/wecom"
CARD_ID = "k3f9a0b1c2d3"

STAGES = tuple(
    Option(name, text)
    for name, text in (("new", "线索"), ("contacted", "有效沟通"), ("qualified", "需求确认"))
)
TAGS = tuple(
    Option(f"t{number}", text)
    for number, text in enumerate(("价格疑虑", "竞品对比", "决策链未明", "预算未定", "交期担忧"))
)
ACCEPT = Button("接单", AcceptPromise(12), style="primary", typed="接单 P12")
REFUSE = Button("做不到", RefusePromise(12), style="danger", typed="做不到 P12")

CARDS: dict[str, Card] = {
    "plain": Card(text="记下了，周五 18:00 前提醒您"),
    "plain_bold": Card(text="**2 天**没跟进", notes=("按自然日算",)),
    "notice": Card(
        title="宏远的样机晚了 12 小时",
        subtitle="承诺 P12",
        tone="bad",
        fields=(Field("客户", "宏远"), Field("日期", "02-04", was="02-03")),
        quote="样机下周三前寄出",
        notes=("按交付这一步的最晚时间算",),
    ),
    "buttons": Card(
        title="宏远要样机",
        subtitle="张伟 · 10:20",
        text="样机**下周三前**寄出",
        tone="info",
        fields=(
            Field("客户", "张总（宏远）"),
            Field("日期", "02-03 周二", was="02-04 周三"),
            Field("详情", "打开", url="https://crm.example.com/p/12"),
        ),
        quote="张总说价格高，样机下周三前寄出",
        notes=("前＝含当天，按工作日提前一天",),
        buttons=(ACCEPT, REFUSE, Button("进度", url="https://crm.example.com/p/12")),
    ),
    "buttons_overflow": Card(
        title="上海市浦东新区人民医院设备科采购的第二批便携式超声诊断仪样机与全套附件",
        text="样机下周三前寄出，含说明书、合格证与三年保修卡。" * 8,
        fields=(
            Field("交付负责人", "陈" * 31),
            *(Field(f"事实{number}", f"值{number}") for number in range(8)),
        ),
        buttons=tuple(
            Button(
                f"第 {number} 条线索：宏远医疗", AssignFollowUp(3, number), typed=f"归 L{number}"
            )
            for number in range(8)
        ),
    ),
    "counter": Card(
        title="最早哪天？",
        fields=(Field("客户", "宏远"),),
        form=Form(
            (
                DateInput(
                    "day",
                    "最早哪天",
                    (date(2026, 2, 5), date(2026, 2, 6)),
                    selected=date(2026, 2, 5),
                    typed="最早 2月9日",
                ),
                TextInput("reason", "原因", hint="可不填", typed="P12 缺料"),
            ),
            Button("就这天", CounterPromise(12), style="primary"),
        ),
        buttons=(REFUSE,),
    ),
    "vote": Card(
        title="跟进 李女士",
        subtitle="展会3号馆",
        form=Form(
            (
                Choice("tags", "顾虑", TAGS, selected=("t1",), many=True),
                Choice("stage", "阶段", STAGES, selected=("new",)),
                TextInput("note", "一句话", typed="李女士：要对比报价"),
            ),
            Button("保存", SaveFollowUp(7), style="primary"),
        ),
        buttons=(Button("不是线索", LongAction("lost"), typed="L7 不是线索"),),
    ),
    "multiple": Card(
        title="谁来交付，哪天",
        form=Form(
            (
                Choice("owner", "负责人", (Option("3", "小陈"), Option("4", "老王"))),
                DateInput("day", "日期", (date(2026, 2, 5),)),
            ),
            Button("", ChooseOwner(12)),
        ),
    ),
    "one_of_many": Card(
        title="改派给谁",
        form=Form(
            (Choice("owner", "负责人", tuple(Option(str(n), f"同事{n}") for n in range(22))),),
            Button("改派", ChooseOwner(12)),
        ),
    ),
    "typed_only": Card(
        title="写一句跟进",
        form=Form(
            (TextInput("note", "一句话", typed="李女士：已报价"),), Button("保存", SaveFollowUp(7))
        ),
    ),
}
EDITS: dict[str, Card] = {
    "edit_closed": Card(
        title="宏远要样机",
        fields=(Field("日期", "02-05"),),
        closed=True,
        replace="已接单 02-05，小陈",
    ),
    "edit_plain": Card(text="撤回了"),
    "edit_again": Card(title="宏远要样机", text="改成 X2 型号", buttons=(ACCEPT,)),
}


# What it looks like ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*CARDS, *EDITS])
def test_a_card_looks_as_recorded(name: str) -> None:
    golden = json.loads((GOLDEN / f"{name}.json").read_text())
    assert as_json(drawn(name)) == golden


def test_the_same_card_makes_the_same_bytes() -> None:
    for name in CARDS:
        assert json.dumps(as_json(drawn(name))) == json.dumps(as_json(drawn(name)))


def test_a_link_or_a_tag_in_somebodys_words_stays_words() -> None:
    spoken = "[点此](http://evil.example) <a href='x'>领奖</a> 5<6"
    (plain,) = render(Card(text=spoken), CARD_ID).messages
    assert "<a" not in plain["text"]["content"]
    (notice,) = render(Card(title="客户说", quote=spoken), CARD_ID).messages
    assert "](" not in notice["markdown"]["content"]
    assert "5<6" in notice["markdown"]["content"]


def test_control_characters_are_not_sent() -> None:
    """JSON would escape them, and WeCom refuses escapes."""
    rendered = render(Card(title="a\x00b", text="c\x1fd", buttons=(ACCEPT,)), CARD_ID)
    assert "\\u00" not in json.dumps(as_json(rendered), ensure_ascii=False)


def test_a_settled_card_has_nothing_left_to_press() -> None:
    card = Card(title="样机", buttons=(ACCEPT,), closed=True, replace="已接单")
    assert render(card, CARD_ID).card is None
    edited = render(card, CARD_ID, editing=True).card
    assert edited is not None
    assert edited["replace_text"] == "已接单"
    assert AcceptPromise(12).encode() not in json.dumps(edited)


@pytest.mark.parametrize(
    ("card", "reason"),
    [
        (Card(), "says nothing"),
        (Card(text=" \n"), "says nothing"),
        (Card(title="a", buttons=(ACCEPT, ACCEPT)), "stands twice"),
        (Card(title="a", buttons=(Button("x", LongAction("s" * 1024)),)), "longer than 1024"),
        (Card(title="a", buttons=(Button("", AcceptPromise(1)),)), "no text"),
        (
            Card(
                title="a",
                form=Form(
                    (Choice("c", "c", (Option("", "leer"),)),), Button("ok", SaveFollowUp(1))
                ),
            ),
            "option id",
        ),
        (
            Card(title="a", form=Form((Choice("c", "c", STAGES),), Button("ok"))),
            "has no action",
        ),
    ],
)
def test_a_builders_mistake_is_named(card: Card, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        render(card, CARD_ID)


def test_a_card_id_must_be_a_task_id() -> None:
    with pytest.raises(ValueError, match="task_id"):
        render(Card(text="a"), "a b")


# Whatever the card -----------------------------------------------------------------------------

words = st.text(st.sampled_from("样机报价交付客户周五ab12，。🙂"), min_size=1, max_size=60)
long_words = st.text(st.sampled_from("样机报价交付，。🙂 "), min_size=0, max_size=900)
options = st.lists(words, min_size=0, max_size=25).map(
    lambda texts: tuple(Option(f"o{number}", text) for number, text in enumerate(texts))
)
days = st.lists(st.dates(date(2026, 1, 1), date(2026, 3, 1)), max_size=12, unique=True).map(tuple)


def inputs_of(names: list[str]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.tuples(
        *(
            st.one_of(
                st.builds(Choice, st.just(name), words, options, many=st.booleans()),
                st.builds(TextInput, st.just(name), words, words, words),
                st.builds(DateInput, st.just(name), words, days, typed=words),
            )
            for name in names
        )
    )


forms = st.builds(
    Form,
    st.integers(1, 5).flatmap(lambda count: inputs_of([f"i{number}" for number in range(count)])),
    st.builds(Button, words, st.just(SaveFollowUp(7))),
)
buttons = st.lists(st.tuples(words, words, st.booleans()), max_size=9).map(
    lambda found: tuple(
        Button(text, url=f"https://example.com/{number}", typed=typed)
        if linked
        else Button(text, OpenFollowUpForm(number), typed=typed)
        for number, (text, typed, linked) in enumerate(found)
    )
)
cards = st.builds(
    Card,
    text=long_words,
    title=words,
    subtitle=words,
    fields=st.lists(st.builds(Field, words, words, words), max_size=9).map(tuple),
    quote=long_words,
    notes=st.lists(words, max_size=3).map(tuple),
    form=st.none() | forms,
    buttons=buttons,
    closed=st.booleans(),
    replace=words,
)


@given(cards, st.booleans())
def test_every_card_keeps_the_limits(card: Card, editing: bool) -> None:
    rendered = render(card, CARD_ID, editing=editing)
    assert list(broken_limits(rendered)) == []


@given(cards, st.booleans())
def test_nothing_is_lost(card: Card, editing: bool) -> None:
    shown = seen(render(card, CARD_ID, editing=editing))
    assert [said for said in said_by(card) if said not in shown] == []


@pytest.mark.parametrize("name", [*CARDS, *EDITS])
def test_the_examples_keep_the_limits_and_lose_nothing(name: str) -> None:
    rendered = drawn(name)
    assert list(broken_limits(rendered)) == []
    shown = seen(rendered)
    assert [said for said in said_by({**CARDS, **EDITS}[name]) if said not in shown] == []


def drawn(name: str) -> Rendered:
    if name in EDITS:
        return render(EDITS[name], CARD_ID, editing=True)
    return render(CARDS[name], CARD_ID)


def as_json(rendered: Rendered) -> dict[str, Any]:
    return {"messages": list(rendered.messages), "card": rendered.card}


def said_by(card: Card) -> Iterator[str]:
    """Every piece of text that a reader must find somewhere."""
    yield from (card.title, card.subtitle, card.quote, *card.notes)
    yield from card.text.replace("**", "").splitlines()
    for one in card.fields:
        yield from (one.name, one.value, one.was, one.url)
    if card.closed:
        yield card.replace
        return
    for button in card.buttons:
        yield from (button.text, button.url)
    for asked in card.form.inputs if card.form else ():
        yield asked.title
        yield from (option.text for option in getattr(asked, "options", ()))
        yield from (f"{day.month}月{day.day}日" for day in getattr(asked, "suggested", ()))
        yield getattr(asked, "hint", "")


def seen(rendered: Rendered) -> str:
    """All that is shown, without markup and line breaks' decoration."""
    contents = (one[one["msgtype"]]["content"] for one in rendered.messages)
    text = "".join(contents) + "\n" + "\n".join(texts_of(rendered.card))
    return re.sub(r"\*\*|</?font[^>]*>", "", text).replace("\n> ", "\n")


def texts_of(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from texts_of(one)
    elif isinstance(value, list):
        for one in value:
            yield from texts_of(one)


# The limits of D90236, written down a second time ----------------------------------------------

CHARACTERS = {
    "source.desc": 20,
    "main_title.title": 36,
    "main_title.desc": 44,
    "sub_title_text": 160,
    "horizontal_content_list.keyname": 5,
    "horizontal_content_list.value": 30,
    "button_list.text": 10,
    "button_selection.option_list.text": 16,
    "select_list.title": 13,
    "button_selection.title": 13,
    "select_list.option_list.text": 16,
    "checkbox.option_list.text": 17,
    "submit_button.text": 10,
}
BYTES = {
    "button_list.key": 1024,
    "submit_button.key": 1024,
    "select_list.question_key": 1024,
    "checkbox.question_key": 1024,
    "button_selection.question_key": 1024,
    "button_selection.option_list.id": 128,
    "select_list.option_list.id": 128,
    "checkbox.option_list.id": 128,
    "task_id": 128,
}
COUNTS = {
    "horizontal_content_list": (1, 6),
    "button_list": (1, 6),
    "select_list": (1, 3),
    "button_selection.option_list": (1, 10),
    "select_list.option_list": (1, 10),
    "checkbox.option_list": (1, 20),
}
PARTS = {
    "button_interaction": {
        "required": {"main_title", "button_list", "task_id"},
        "optional": {
            *("source", "quote_area", "sub_title_text", "horizontal_content_list"),
            *("button_selection", "replace_text"),
        },
    },
    "vote_interaction": {
        "required": {"main_title", "checkbox", "submit_button", "task_id"},
        "optional": {"source"},
    },
    "multiple_interaction": {
        "required": {"main_title", "select_list", "submit_button", "task_id"},
        "optional": {"source"},
    },
}


def broken_limits(rendered: Rendered) -> Iterator[str]:
    for message in rendered.messages:
        content = message[message["msgtype"]]["content"]
        if message["msgtype"] not in {"text", "markdown"} or not content.strip():
            yield f"message {message}"
        if len(content.encode()) > 2048:
            yield f"{len(content.encode())} bytes of {message['msgtype']}"
    if rendered.card is not None:
        yield from broken_parts(rendered.card)
        for path, value in walk(rendered.card):
            yield from broken_value(path, value)


def broken_parts(card: dict[str, Any]) -> Iterator[str]:
    parts = PARTS[card["card_type"]]
    names = card.keys() - {"card_type"}
    if not parts["required"] <= names or names - parts["required"] - parts["optional"]:
        yield f"{card['card_type']} with {sorted(names)}"
    if not card["main_title"]["title"]:
        yield "no title"
    keys = [one["key"] for one in card.get("button_list", []) if one.get("type", 0) == 0]
    if len(set(keys)) != len(keys):
        yield f"keys {keys}"


def walk(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    yield path, value
    if isinstance(value, dict):
        for name, one in value.items():
            yield from walk(one, f"{path}.{name}".lstrip("."))
    elif isinstance(value, list):
        for one in value:
            yield from (found for found in walk(one, path) if found[0] != path)


def broken_value(path: str, value: Any) -> Iterator[str]:
    if path in CHARACTERS and not 0 < len(value) <= CHARACTERS[path]:
        yield f"{path}: {len(value)} characters"
    if path in BYTES and not 0 < len(value.encode()) <= BYTES[path]:
        yield f"{path}: {len(value.encode())} bytes"
    if path in COUNTS and not COUNTS[path][0] <= len(value) <= COUNTS[path][1]:
        yield f"{path}: {len(value)} entries"
    if path == "button_list.style" and value not in {1, 2, 3, 4}:
        yield f"style {value}"
