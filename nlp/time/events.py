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
COUNTED_BEFORE = re.compile(r"前(.+)")
COUNTED_WITHIN = re.compile(r"(.+?)[之以]?内")


def count_from_events(expressions: list[Expression], text: str) -> list[Expression]:
    """Settle 开业前两天, 验收后三天内 and 节后一周内; what hangs on no date is left without one."""
    kept: list[Expression] = []
    for expression in expressions:
        if expression.rule == "rolling_span":
            settled = count_back(expression, kept, text)
        elif expression.rule == "time_within" and expression.kind == "duration":
            settled = count_on(expression, kept, text)
        else:
            settled = True
        if settled:
            kept.append(expression)
    return kept


def count_back(expression: Expression, earlier: list[Expression], text: str) -> bool:
    """开业前两天; False when no date is known for the event."""
    counted = COUNTED_BEFORE.match(text, expression.begin, expression.finish)
    name = text[max(0, expression.begin - 2) : expression.begin]
    if counted is None or name not in EVENTS:
        return True
    event = dated_event(name, earlier, text)
    if event is None:
        return False
    expression.begin -= len(name)
    bind_to(expression, event, read_amount(counted[1]), -1)
    return True


def count_on(expression: Expression, earlier: list[Expression], text: str) -> bool:
    """验收后三天内, or 节后一周内, where the date itself comes just before."""
    counted = COUNTED_WITHIN.match(text, expression.begin, expression.finish)
    after = EVENT_AFTER.search(text, max(0, expression.begin - 4), expression.begin)
    beside = bool(earlier) and earlier[-1].finish == expression.begin
    event = dated_event(after[1], earlier, text) if after else None
    if beside and earlier[-1].kind == "point":
        event = earlier.pop()
        expression.begin = event.begin
    if event and counted:
        bind_to(expression, event, read_amount(counted[1]), 1)
    return True


def dated_event(name: str, earlier: list[Expression], text: str) -> Expression | None:
    """The expression that dates the event: "15号" before "开业"."""
    for expression in reversed(earlier):
        if name in text[expression.finish : expression.finish + 6]:
            return expression
    return None


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
