"""Tell a reading to whoever asks for it on the command line: as a table, or as JSON."""

import json
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from operator import methodcaller
from typing import Any, NamedTuple

from nlp.doubts import question
from nlp.time.types import TimeSpan
from nlp.types import PromiseFound, Reading, Slot

PROMISERS = {"us": "我方", "customer": "客户"}
STATES = {"open": "待办", "question": "询问", "done": "已办", "cancelled": "取消"}
KINDS = {
    "sample": "样机样品", "quote": "报价", "proposal": "方案标书", "contract": "合同订单",
    "demo": "演示", "document": "资料", "visit": "拜访会议", "shipment": "发货到货",
    "install": "安装调试", "training": "培训", "service": "维修保养", "invoice": "发票",
    "trial": "试用", "reply": "答复", "payment": "付款", "other": "其他",
}  # fmt: skip
NOTHING = "没有要记的：像闲聊"


class Row(NamedTuple):
    """What was understood, the words it came from, the rule, what was assumed, how sure."""

    field: str
    value: str
    words: str
    why: str
    sure: str


HEAD = Row("栏目", "内容", "原文", "规则", "把握")


def as_json(reading: Reading) -> str:
    """Everything, with dates in ISO format."""
    told = asdict(reading)
    return json.dumps(told, ensure_ascii=False, indent=2, default=methodcaller("isoformat"))


def as_table(reading: Reading, names: Mapping[str, str]) -> str:
    """One line for each slot, in Chinese; `names` says what stages and tags are called."""
    rows = list(_rows(reading, names))
    if not rows:
        return NOTHING
    lines = [HEAD, *rows]
    widths = [max(map(width, column)) for column in zip(*lines, strict=True)]
    told = ["  ".join(_padded(cell, w) for cell, w in zip(line, widths, strict=True)).rstrip()
            for line in lines]  # fmt: skip
    if reading.summary:
        told.append(f"\n摘要：{reading.summary}")
    if reading.doubt:
        told.append(f"想问：{question(reading.doubt, names)}")
    return "\n".join(told)


def width(text: str) -> int:
    """Columns on a terminal: Chinese takes two."""
    return sum(1 + (unicodedata.east_asian_width(letter) in "WF") for letter in text)


def _padded(text: str, columns: int) -> str:
    return text + " " * (columns - width(text))


def _rows(reading: Reading, names: Mapping[str, str]) -> Iterator[Row]:
    for who in reading.people:
        yield _row("人", who.value, who)
    if reading.company:
        yield _row("客户", reading.company.value, reading.company)
    if reading.stage:
        yield _row("阶段", names[reading.stage.value], reading.stage)
    for tag in reading.tags:
        yield _row("标签", names[tag.value], tag)
    if reading.amount:
        yield _row("金额", f"{reading.amount.value}元", reading.amount)
    if reading.next_contact:
        yield _row("下次联系", day_words(reading.next_contact.value), reading.next_contact)
    if reading.expected_close:
        yield _row("预计签单", day_words(reading.expected_close.value), reading.expected_close)
    for model in reading.models:
        yield _row("型号", model.value, model)
    for promise in reading.promises:
        yield from _promise_rows(promise)


def _row(field: str, value: str, slot: Slot[Any]) -> Row:
    return Row(field, value, f"“{slot.text}”", _why(slot.rule, slot.assumed), _sure(slot))


def _promise_rows(promise: PromiseFound) -> Iterator[Row]:
    parts = [promise.deliverable, KINDS[promise.kind], PROMISERS[promise.promiser]]
    parts += [promise.owner] if promise.owner else []
    parts += [STATES[promise.state]] + (["有条件"] if promise.conditional else [])
    yield Row("承诺", " · ".join(parts), f"“{promise.text}”", promise.rule, _sure(promise))
    if (due := promise.due) is not None:
        yield Row("期限", day_words(due), f"“{due.text}”", _why_then(due), _sure(due))


def _why_then(due: TimeSpan) -> str:
    other = f"也可能是 {day_words(due.alternative)}" if due.alternative else ""
    return _why(due.rule, "；".join(filter(None, (due.assumed, other))))


def _why(rule: str, assumed: str) -> str:
    return f"{rule}（{assumed}）" if assumed else rule


def _sure(found: Slot[Any] | PromiseFound | TimeSpan) -> str:
    return f"{found.confidence:.0%}"


def day_words(span: TimeSpan) -> str:
    """2026-02-04, 2026-02-02 … 2026-02-08, or what the words leave open."""
    if span.end is None or span.last_day is None:
        return f"{span.start.date()} 起" if span.start else span.said
    if span.grain in ("minute", "hour", "part_of_day") and span.start:
        same_day = span.start.date() == span.last_day
        end = f"{span.end:%H:%M}" if same_day else f"{span.end:%Y-%m-%d %H:%M}"
        return f"{span.start:%Y-%m-%d %H:%M}–{end}"
    first = span.start.date() if span.start else None
    return str(span.last_day) if first in (None, span.last_day) else f"{first} … {span.last_day}"
