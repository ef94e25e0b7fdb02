"""Feishu cards keep every rule of card JSON 2.0, lose nothing, and let no words become markup."""

import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cards.actions import (
    AcceptPromise,
    ChooseOwner,
    OpenFollowUpForm,
    RefusePromise,
    SaveFollowUp,
    TickPromise,
)
from cards.model import Button, Card, Choice, DateInput, Field, Form, Option, TextInput
from cards.render.feishu import render, render_text
from cards.render.feishu_markdown import escape
from cards.render.feishu_split import split

GOLDEN = Path(__file__).parents[1] / "payloads/feishu"
CARD_ID = "k3f9a0b1c2d3"

ACCEPT = Button("接单", AcceptPromise(12), style="primary", typed="接单 P12")
REFUSE = Button("做不到", RefusePromise(12), style="danger", typed="做不到 P12")
PROGRESS = Button("进度", url="https://crm.example.com/p/12")
STAGE = Choice(
    "stage", "阶段", (Option("new", "线索"), Option("quoted", "已报价")), selected=("quoted",)
)
TAGS = Choice("tags", "标签", (Option("t1", "急"), Option("t2", "大单")), ("t2",), many=True)
DAY = DateInput("day", "最早", suggested=(date(2024, 5, 13),), selected=date(2024, 5, 13))
NOTE = TextInput("note", "情况", hint="客户怎么说", typed="备注 …")

CARDS: dict[str, Card] = {
    "promise": Card(
        title="宏远要样机",
        subtitle="张伟 · 10:20",
        text="样机**下周三前**寄出\n含说明书",
        tone="info",
        fields=(
            Field("客户", "张总（宏远）"),
            Field("日期", "02-03 周二", was="02-04 周三"),
            Field("地址", "上海市浦东新区世纪大道 100 号环球金融中心 36 层"),
            Field("详情", "打开", url="https://crm.example.com/p/12"),
        ),
        quote="张总说价格高，样机下周三前寄出",
        notes=("前＝含当天，按工作日提前一天", "交付：华东仓"),
        buttons=(ACCEPT, REFUSE, PROGRESS),
    ),
    "follow_up": Card(
        title="跟进",
        tone="warn",
        form=Form((STAGE, TAGS, DAY, NOTE), Button("保存", SaveFollowUp(7), style="primary")),
        buttons=(Button("稍后", OpenFollowUpForm(7)),),
    ),
    "closed": Card(
        title="宏远要样机",
        tone="good",
        fields=(Field("客户", "宏远"),),
        buttons=(ACCEPT, REFUSE),
        closed=True,
        replace="李雷 10:31 已接单",
    ),
    "hostile": Card(
        title="<at id=all></at> *标题*",
        text="<at id=all></at> [点我](https://evil.example) ~~没了~~ `x` |表|\n# 大\n- 项\n1. 项",
        fields=(
            Field("*名*", "<at id=all></at>"),
            Field("改", "[b](javascript:x)", was="~~a~~"),
            Field("链接", "看](x", url="https://a.example/(x)*<y>"),
            Field("坏链接", "看", url="javascript:alert(1)"),
        ),
        quote="> [点我](https://evil.example)",
        notes=("</font><at id=all></at>",),
        buttons=(Button("<b>好</b>", AcceptPromise(1)),),
    ),
    "no_title": Card(subtitle="今天", text="两件事", buttons=(PROGRESS,)),
    "typed_only": Card(title="要做什么", buttons=(Button("今日", typed="今日"),)),
    "names_taken": Card(
        title="名字",
        form=Form((TextInput("submit", "甲"), TextInput("form", "乙")), ACCEPT),
    ),
    "nobody_to_choose": Card(
        title="谁来做", form=Form((Choice("owner", "交付", ()),), Button("派单", ChooseOwner(1)))
    ),
}

KNOWN = {
    "plain_text": {"content"},
    "markdown": {"content", "text_size"},
    "div": {"text"},
    "column_set": {"columns", "flex_mode", "background_style", "horizontal_spacing"},
    "column": {"width", "weight", "elements"},
    "form": {"name", "elements"},
    "button": {"type", "text", "behaviors", "disabled", "name", "form_action_type"},
    "input": {"name", "input_type", "rows", "auto_resize", "max_length"}
    | {"width", "label", "label_position", "placeholder"},
    "select_static": {"name", "width", "placeholder", "options", "initial_option"},
    "multi_select_static": {"name", "width", "placeholder", "options", "selected_values"},
    "date_picker": {"name", "width", "placeholder", "initial_date"},
    "checker": {"name", "checked", "text", "checked_style", "behaviors"},
}
INPUTS = ("input", "select_static", "multi_select_static", "date_picker")
CONTAINERS = ("column_set", "column", "form")
TEMPLATES = {"default", "blue", "green", "orange", "red"}


def walk(
    node: Any, above: tuple[str, ...] = ()
) -> Iterator[tuple[dict[str, Any], tuple[str, ...]]]:
    """Every tagged object and the tags around it."""
    if isinstance(node, list):
        for item in node:
            yield from walk(item, above)
    elif isinstance(node, dict):
        if "tag" in node:
            yield node, above
            above = (*above, node["tag"])
        for value in node.values():
            yield from walk(value, above)


def violations(payload: dict[str, Any]) -> list[str]:
    """What of the reference's rules for card JSON 2.0 a card breaks."""
    found = list(walk(payload))
    elements = [element for element, _ in found]
    names = [element["name"] for element in elements if "name" in element]
    broken = {
        "schema": payload["schema"] != "2.0",
        "top level": bool(payload.keys() - {"schema", "config", "header", "body"}),
        "update_multi": payload["config"]["update_multi"] is not True,
        "summary": not payload["config"]["summary"]["content"],
        "template": payload.get("header", {"template": "blue"})["template"] not in TEMPLATES,
        "30 KB": len(json.dumps(payload, ensure_ascii=False).encode()) > 30 * 1024,
        "200 elements": len(elements) > 200,
        "unique names": len(names) != len(set(names)),
    }
    return [rule for rule, is_broken in broken.items() if is_broken] + [
        problem for element, above in found for problem in element_violations(element, above)
    ]


def element_violations(element: dict[str, Any], above: tuple[str, ...]) -> Iterator[str]:
    tag = element["tag"]
    if tag not in KNOWN:
        yield f"unknown tag {tag}"
        return
    if unknown := element.keys() - KNOWN[tag] - {"tag"}:
        yield f"{tag} has no {unknown}"
    if sum(outer in CONTAINERS for outer in above) + (tag in CONTAINERS) > 5:
        yield f"{tag} lies too deep"
    if tag == "form" and above:
        yield "a form lies inside something"
    if tag in INPUTS and not ("form" in above and element.get("name")):
        yield f"{tag} has no form or no name"
    if tag == "form" and not [e for e, _ in walk(element) if e.get("form_action_type") == "submit"]:
        yield "a form cannot be sent"
    if "options" in element and not element["options"]:
        yield "a choice without options"
    if tag in ("plain_text", "markdown") and not element["content"]:
        yield f"an empty {tag}"
    for behavior in element.get("behaviors", []):
        if len(json.dumps(behavior)) > 300:
            yield "a value of more than a few hundred bytes"


def words(node: Any) -> str:
    """All that a reader can see, with escapes taken back."""
    if isinstance(node, list):
        return "".join(words(item) for item in node)
    if isinstance(node, dict):
        return "".join(words(value) for key, value in node.items() if key != "config")
    return plainly(node) if isinstance(node, str) else ""


def plainly(text: str) -> str:
    return re.sub(r"[\s\u200b*]", "", unicodedata.normalize("NFKC", text))


@pytest.mark.parametrize("name", list(CARDS))
def test_each_card_is_as_recorded_and_keeps_the_rules(name: str) -> None:
    payload = render(CARDS[name], CARD_ID)

    assert payload == json.loads((GOLDEN / f"{name}.json").read_text())
    assert violations(payload) == []


def test_a_button_carries_its_action_and_the_card() -> None:
    def values(*, direct: bool) -> list[Any]:
        payload = render(CARDS["promise"], CARD_ID, direct=direct)
        behaviors = [b for element, _ in walk(payload) for b in element.get("behaviors", [])]
        return [behavior.get("value") for behavior in behaviors]

    accept, refuse = "promise.accept?promise=12", "promise.refuse?promise=12"
    assert values(direct=False) == [{"a": accept, "c": CARD_ID}, {"a": refuse, "c": CARD_ID}, None]
    assert values(direct=True)[0] == {"a": accept, "c": CARD_ID, "p": 1}


def test_a_settled_card_has_no_buttons_left() -> None:
    tags = {element["tag"] for element, _ in walk(render(CARDS["closed"], CARD_ID))}

    assert "button" not in tags
    assert "李雷10:31已接单" in words(render(CARDS["closed"], CARD_ID))


def test_no_words_become_a_mention_or_a_link() -> None:
    payload = render(CARDS["hostile"], CARD_ID)
    contents = [e["content"] for e, _ in walk(payload) if e["tag"] == "markdown"]

    assert not [content for content in contents if "<at" in content]
    links = re.findall(r"\[[^\]]*\]\([^)]*\)", "\n".join(contents))
    assert links == ["[看］(x](https://a.example/%28x%29%2A%3Cy%3E)"]


anything = st.text(
    st.one_of(st.sampled_from("<>[]()*`~|\\&#-+=_1. \n@"), st.characters(exclude_categories=["C"])),
    max_size=40,
)


@given(anything)
def test_escaped_words_stay_the_same_words_without_any_markup(text: str) -> None:
    escaped = escape(text)

    assert not set("<>[]*`~|\\&").intersection(escaped)
    assert not re.search(r"^\s*(?:[-+#=]|\d+[.)])|^[ \t]|(?<!\w)_|_(?!\w)", escaped, re.MULTILINE)
    assert plainly(escaped) == plainly(text)


@given(anything)
def test_a_text_message_holds_no_tag_and_no_link(text: str) -> None:
    message = render_text(Card(text=text))

    assert "<" not in message
    assert "](" not in message
    assert plainly(message) == plainly(text)


@settings(max_examples=50)
@given(st.builds(Card, text=anything, title=anything, subtitle=anything, quote=anything))
def test_whatever_people_write_the_card_keeps_it_and_the_rules(card: Card) -> None:
    payload = render(card, CARD_ID)

    assert [rule for rule in violations(payload) if rule != "summary"] == []
    for text in (card.text, card.title, card.subtitle, card.quote):
        assert plainly(text) in words(payload)


LONG: dict[str, Card] = {
    "many lines": Card(title="周报", text="\n".join(f"第{n}行{'跟' * 60}" for n in range(300))),
    "one endless line": Card(title="一行", text="".join(f"{n:05d}" for n in range(8000))),
    "many facts": Card(title="事实", fields=tuple(Field(f"名{n}", f"值{n}") for n in range(120))),
    "a long fact": Card(fields=(Field("话", "".join(f"{n:05d}" for n in range(8000))),)),
    "a long quote": Card(title="原话", quote="\n".join(f"第{n}句{'😀' * 60}" for n in range(200))),
    "small print": Card(title="注", notes=tuple(f"第{n}条" * 30 for n in range(200))),
    "many buttons": Card(
        title="选",
        buttons=tuple(Button(f"第{n}个", AcceptPromise(n)) for n in range(100)),
    ),
    "many options": Card(
        title="派单",
        text="\n".join("跟进" * 40 for _ in range(100)),
        form=Form(
            (
                Choice(
                    "owner",
                    "交付",
                    tuple(Option(f"p{n}", f"同事{n}") for n in range(500)),
                    ("p499",),
                ),
            ),
            Button("派单", ChooseOwner(1)),
        ),
        buttons=(REFUSE,),
    ),
}


@pytest.mark.parametrize("name", list(LONG))
def test_a_long_card_becomes_several_and_loses_nothing(name: str) -> None:
    card = LONG[name]
    payloads = [render(part, CARD_ID, direct=True) for part in split(card)]

    assert [violations(payload) for payload in payloads] == [[]] * len(payloads)
    shown = "".join(words(payload) for payload in payloads)
    assert [text for text in pieces(card) if plainly(text) not in shown] == []


def pieces(card: Card) -> list[str]:
    """Of everything the card says, short enough to lie in one part."""
    said = [*card.text.split("\n"), *card.quote.split("\n"), *card.notes]
    said += [part for field in card.fields for part in (field.name, field.value)]
    said += [button.text for button in card.buttons]
    if card.form is not None:
        choices = [entry for entry in card.form.inputs if isinstance(entry, Choice)]
        said += [option.text for choice in choices for option in choice.options]
    return [piece for text in said for piece in (re.findall(".{1,5}", text))]


def test_the_parts_are_numbered_and_the_last_one_holds_the_buttons() -> None:
    card = CARDS["promise"]
    parts = split(Card(title="周报", text="一二三四五六七八\n" * 2000, buttons=card.buttons))

    assert [part.title for part in parts] == [f"周报（{n}/{len(parts)}）" for n in (1, 2)]
    assert [len(part.buttons) for part in parts] == [0, 3]
    assert split(card) == (card,)


def test_a_selected_option_is_shown_even_among_too_many() -> None:
    selects = [e for e, _ in walk(render(LONG["many options"], CARD_ID)) if "options" in e]

    assert selects[0]["initial_option"] == "p499"
    assert len(selects[0]["options"]) == 120


@pytest.mark.parametrize(
    "line",
    [
        "张总说价格高。" * 900,
        "他问：“能便宜吗？”我说再看看！" * 500,
        "The price is high. We wait for them. " * 300,
        "没有句号，只有逗号，" * 900,
        "一个字也不停" * 900,
    ],
)
def test_a_long_text_is_never_cut_inside_a_sentence(line: str) -> None:
    parts = split(Card(title="周报", text="\n".join([line] * 6)))
    assert len(parts) > 1
    said = "".join(part.text for part in parts).replace("\n", "")
    assert said == line * 6, "nothing is lost"
    first = parts[0].text.rstrip()
    if "。" in line or "！" in line or "." in line:
        assert first.endswith(("。", "！", "？”", "."))
    elif "，" in line:
        assert first.endswith("，")


def test_what_can_be_ticked_is_a_box_and_else_a_fact() -> None:
    done = TickPromise(12, 3)
    card = Card(title="今日", fields=(Field("P12", "宏远 样机", tick=done), Field("L3", "张总")))
    boxes = [e for e, _ in walk(render(card, CARD_ID, direct=True)) if e["tag"] == "checker"]
    assert [box["behaviors"][0]["value"] for box in boxes] == [
        {"a": "today.done?promise=12&person=3", "c": CARD_ID, "p": 1}
    ]
    assert boxes[0]["text"]["content"] == "P12 宏远 样机"
    settled = render(replace(card, closed=True), CARD_ID)
    assert not [e for e, _ in walk(settled) if e["tag"] == "checker"]
    assert "宏远 样机" in json.dumps(settled, ensure_ascii=False)


def test_boxes_keep_the_rules_of_cards() -> None:
    fields = tuple(Field(f"P{n}", "样机", tick=TickPromise(n, 3)) for n in range(1, 200))
    for part in split(Card(title="今日", fields=fields)):
        assert violations(render(part, CARD_ID)) == []
