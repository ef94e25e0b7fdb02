"""Times counted from an event that the text dates: 15号开业，开业前两天到位."""

import re

from nlp.time.grammar import Expression
from nlp.time.parsers.zh_counts import read_amount
from nlp.time.places.counts import Amount, move
from nlp.time.window import DAY, Scene, Window, day_of, midnight

EVENTS = frozenset((
    "开业", "生日", "交货", "发货", "到期", "上线", "验收", "开工", "投产", "开标", "截标", "开会",
    "会议", "活动", "展会", "出发", "入场", "签约", "婚礼", "比赛", "考试", "出货", "交付", "到货",
    "付款", "安装", "投标", "开展", "进场", "培训", "演示", "拜访", "完工", "竣工", "开机", "评审",
    "开学", "放学", "审计", "搬家", "发布",
))  # fmt: skip
EVENT_AFTER = re.compile(r"([\u4e00-\u9fff]{2})[之以]?后$")
AMOUNT_WITHIN = re.compile(r"(.+?)[之以]?内")


def count_from_events(expressions: list[Expression], text: str) -> list[Expression]:
    """Settle 开业前两天 and 验收后三天内; what hangs on an undated event names no day."""
    kept: list[Expression] = []
    for expression in expressions:
        words = text[expression.begin : expression.finish]
        before = text[max(0, expression.begin - 4) : expression.begin]
        if expression.rule == "rolling_span" and words[0] == "前" and before[-2:] in EVENTS:
            dated = dated_event(before[-2:], kept, text)
            if dated is None:
                continue
            count_back(expression, dated, read_amount(words[1:]))
        elif expression.rule == "time_within" and expression.kind == "duration":
            count_on(expression, kept, text)
        kept.append(expression)
    return kept


def dated_event(event: str, earlier: list[Expression], text: str) -> Expression | None:
    """The expression that dates the event: "15号" before "开业"."""
    for expression in reversed(earlier):
        if event in text[expression.finish : expression.finish + 6]:
            return expression
    return None


def count_back(expression: Expression, event: Expression, amount: Amount | None) -> None:
    bind_to(expression, event, amount, -1)
    expression.begin -= 2


def count_on(expression: Expression, earlier: list[Expression], text: str) -> None:
    after = EVENT_AFTER.search(text, max(0, expression.begin - 4), expression.begin)
    amount = AMOUNT_WITHIN.match(text, expression.begin, expression.finish)
    event = dated_event(after[1], earlier, text) if after else None
    if event and amount:
        bind_to(expression, event, read_amount(amount[1]), 1)


def bind_to(expression: Expression, event: Expression, amount: Amount | None, sign: int) -> None:
    def place(scene: Scene) -> Window | None:
        day = event.place(scene)
        if day is None or day.start is None or amount is None:
            return None
        there = move(midnight(day.start), amount, sign)
        if there is None or there + DAY <= scene.today:
            return day_of(there) if there else None
        return Window(scene.today, midnight(there) + DAY, "day", "deadline", "从所说的日子起算")

    expression.place = place
    expression.kind = "deadline"
