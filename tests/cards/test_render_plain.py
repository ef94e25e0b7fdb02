"""A card as plain text says everything the card says."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from cards.actions import AcceptPromise, CounterPromise, RefusePromise
from cards.model import Button, Card, Choice, DateInput, Field, Form, Option, TextInput
from cards.render.plain import render

ACCEPT = Button("接单", AcceptPromise(12), typed="接单 P12")


def test_a_sentence_is_itself() -> None:
    assert render(Card(text="记下了")) == "记下了"


def test_a_card_is_told_in_its_order_with_numbered_buttons() -> None:
    card = Card(
        title="宏远要样机",
        subtitle="张伟 10:20",
        text="样机**下周三前**寄出",
        fields=(
            Field("日期", "02-03", was="02-04"),
            Field("详情", "打开", url="https://crm.example.com/p/12"),
        ),
        quote="样机下周三前寄出\n价格高",
        notes=("按工作日提前一天",),
        buttons=(
            ACCEPT,
            Button("做不到", RefusePromise(12)),
            Button("进度", url="https://crm.example.com/p/12"),
        ),
    )

    assert render(card).splitlines() == [
        "【宏远要样机】张伟 10:20",
        "样机下周三前寄出",
        "日期：02-04 → 02-03",
        "详情：打开 https://crm.example.com/p/12",
        "> 样机下周三前寄出",
        "> 价格高",
        "（按工作日提前一天）",
        "1. 接单，回复“接单 P12”",
        "2. 做不到",
        "3. 进度：https://crm.example.com/p/12",
    ]


def test_a_form_tells_what_it_asks_and_what_is_chosen() -> None:
    form = Form(
        (
            Choice("stage", "阶段", (Option("a", "线索"), Option("b", "报价")), ("b",)),
            Choice("tags", "标签", (Option("t", "急"),), many=True),
            DateInput("day", "最早", (date(2024, 5, 13),), date(2024, 5, 14), "最早 5月14日"),
            TextInput("note", "备注", hint="客户怎么说", typed="备注 …"),
        ),
        Button("提交", CounterPromise(12), typed="最早 5月14日 P12"),
    )

    assert render(Card(form=form, buttons=(ACCEPT,))).splitlines() == [
        "◇ 阶段（选一个）",
        "  ○ 线索",
        "  ● 报价",
        "◇ 标签（可多选）",
        "  ○ 急",
        "◇ 最早：2024-05-14（可选 2024-05-13），回复“最早 5月14日”",
        "◇ 备注（客户怎么说），回复“备注 …”",
        "1. 提交，回复“最早 5月14日 P12”",
        "2. 接单，回复“接单 P12”",
    ]


def test_a_settled_card_tells_what_was_chosen_instead_of_buttons() -> None:
    card = Card(title="样机", buttons=(ACCEPT,), closed=True, replace="李雷已接单")

    assert render(card) == "【样机】\n✓ 李雷已接单"


def test_the_stars_of_a_masked_number_stay() -> None:
    text = "电话 138****0123 和 139****4567 **加急**"

    assert render(Card(text=text)) == "电话 138****0123 和 139****4567 加急"


words = st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters="*"), max_size=20)
fields = st.builds(Field, name=words, value=words, was=words, url=words)


@given(
    st.builds(
        Card,
        text=words,
        title=words,
        subtitle=words,
        fields=st.tuples(fields),
        quote=words,
        notes=st.tuples(words),
    )
)
def test_nothing_is_lost(card: Card) -> None:
    said = [card.text, card.title, card.subtitle, card.quote, *card.notes]
    said += [part for f in card.fields for part in (f.name, f.value, f.was, f.url)]

    assert [text for text in said if text not in render(card)] == []
