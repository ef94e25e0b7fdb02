"""Promises on cards: for whoever made them and for whoever has to keep them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from cards import actions, words
from cards.model import Button, Card, Choice, DateInput, Field, Form, Option
from storage.models import Fact, Person, Promise, PromiseState

STATES = {
    PromiseState.DRAFT: "待你确认",
    PromiseState.PENDING: "等交付接单",
    PromiseState.COUNTERED: "交付提了新日期",
    PromiseState.ACCEPTED: "已接单",
    PromiseState.REFUSED: "交付做不到",
    PromiseState.DONE: "已完成",
    PromiseState.CANCELLED: "已取消",
}


SENT = ("sample", "shipment", "invoice")
"""Kinds that leave by carrier, with a tracking number."""


@dataclass(frozen=True, slots=True)
class PromiseView:
    """A promise with the names around it, and what it said before the last change."""

    promise: Promise
    customer: str
    rep: str
    owner: str = ""
    quote: str = ""
    was: Sequence[tuple[str, str]] = ()
    """Pairs of field name and earlier value."""
    remarks: Sequence[str] = ()
    """The last things its two sides told each other."""


def state_of(view: PromiseView) -> str:
    """One line on where a promise stands: 等交付-小陈接单."""
    promise, owner = view.promise, view.owner or "交付"
    if promise.state == PromiseState.ACCEPTED and not promise.is_ours:
        return "等对方给"
    match promise.state:
        case PromiseState.PENDING:
            return f"等{owner}接单"
        case PromiseState.ACCEPTED:
            return f"{owner}已接单"
        case PromiseState.COUNTERED:
            return f"{owner}：最早{words.day(promise.counter)}"
        case PromiseState.REFUSED:
            return f"{owner}：做不到"
        case _:
            return STATES[promise.state]


def due_of(promise: Promise) -> str:
    """计划 2月3日 周二，最晚 2月4日 周三."""
    return words.due(promise.plan, promise.latest)


def task_fields(view: PromiseView) -> tuple[Field, ...]:
    promise, was = view.promise, dict(view.was)
    return (
        Field("客户", view.customer),
        Field("交付物", promise.what, was=was.get("what", "")),
        Field("计划", words.day(promise.plan), was=was.get("plan", "")),
        Field("最晚", words.day(promise.latest), was=was.get("latest", "")),
        Field("销售", view.rep),
    )


def task_card(view: PromiseView) -> Card:
    """What delivery gets in its own IM: accept, say the earliest day, or refuse."""
    promise = view.promise
    notes = [f"怎么算的：{promise.why_due}"] if promise.why_due else []
    if promise.conditional:
        notes.append("有前提，见原话")
    notes += view.remarks
    card = Card(
        title=f"{promise.code} {view.customer}：{promise.what}",
        subtitle=state_of(view) if promise.state != PromiseState.PENDING else "请接单",
        tone="good" if promise.state in (PromiseState.ACCEPTED, PromiseState.DONE) else "info",
        fields=task_fields(view),
        quote=view.quote,
        notes=tuple(notes),
    )
    return _with_answers(card, view)


def _with_answers(card: Card, view: PromiseView) -> Card:
    promise, number = view.promise, view.promise.id or 0
    match promise.state:
        case PromiseState.PENDING:
            return replace(card, form=earliest_form(promise), buttons=open_buttons(number))
        case PromiseState.ACCEPTED:
            done = Button("已交付", actions.FinishPromise(number), typed=f"完成 P{number}")
            return replace(card, buttons=(done, _cannot(number), _why(number)))
        case PromiseState.COUNTERED:
            told = (*card.notes, "已告诉销售，等回话")
            return replace(card, notes=told, buttons=(_why(number),))
        case PromiseState.REFUSED:
            told = (*card.notes, "已告诉销售，等回话")
            return replace(card, tone="warn", notes=told, buttons=(_why(number),))
        case _:
            return replace(card, closed=True, replace=STATES[promise.state])


def earliest_form(promise: Promise) -> Form:
    """最早哪天: a day picker that starts from the day asked for."""
    number, first = promise.id or 0, promise.plan or promise.created_at.date()
    days = tuple(first + timedelta(days=n) for n in range(1, 8))
    typed = f"最早 P{number} 2月5号"
    return Form(
        (DateInput("day", "最早哪天", suggested=days, typed=typed),),
        Button("最早这天", actions.CounterPromise(number), typed=typed),
    )


def open_buttons(number: int) -> tuple[Button, ...]:
    accept = Button("接单", actions.AcceptPromise(number), style="primary", typed=f"接单 P{number}")
    return (accept, _cannot(number), _why(number))


def _cannot(number: int) -> Button:
    return Button(
        "做不到", actions.RefusePromise(number), style="danger", typed=f"做不到 P{number}"
    )


def _why(number: int) -> Button:
    return Button("来历", actions.ExplainPromise(number), typed=f"来历 P{number}")


def counter_card(view: PromiseView) -> Card:
    """交付最早哪天: the rep decides before anything leaves for the customer."""
    promise, number = view.promise, view.promise.id or 0
    if promise.state == PromiseState.REFUSED:
        return _refusal_card(view)
    return Card(
        title=f"{view.owner}最早 {words.day(promise.counter)}，接受并通知客户？",
        subtitle=f"{view.customer} · {promise.what}",
        tone="warn",
        fields=(
            Field("你答应", words.day(promise.latest)),
            Field("最早", words.day(promise.counter)),
        ),
        buttons=(
            Button("接受", actions.AgreeCounter(number), style="primary", typed=f"接受 P{number}"),
            Button("坚持原日期", actions.InsistDue(number), typed=f"坚持 P{number}"),
        ),
    )


def accepted_card(view: PromiseView) -> Card:
    """Delivery said yes to the day: the rep may tell the customer."""
    return Card(
        title=f"{view.owner}已接单：{view.promise.what}",
        subtitle=view.customer,
        tone="good",
        fields=(Field("时间", due_of(view.promise)),),
        text="引用的这段可以发给客户。",
        replace="已接单",
        quote=customer_text(view, view.promise.latest),
    )


def _refusal_card(view: PromiseView) -> Card:
    number = view.promise.id or 0
    return Card(
        title=f"{view.owner}做不到：{view.promise.what}",
        subtitle=view.customer,
        tone="bad",
        fields=(Field("你答应", due_of(view.promise)),),
        text="可以换个日期（直接说“不对，是下周四”），坚持再问一次，或取消这条承诺。",
        buttons=(
            Button("坚持再问", actions.InsistDue(number), typed=f"坚持 P{number}"),
            Button(
                "取消承诺", actions.CancelPromise(number), style="danger", typed=f"取消 P{number}"
            ),
        ),
    )


def agreed_card(view: PromiseView, customer_text: str) -> Card:
    """The decision, and the words to copy to the customer."""
    return Card(
        title=f"已接受 {words.day(view.promise.latest)}",
        subtitle=f"{view.customer} · {view.promise.what}",
        tone="good",
        text="引用的这段可以长按复制发给客户；你不发，客户看不到。",
        replace="已接受",
        quote=customer_text,
    )


def settled_card(view: PromiseView, said: str) -> Card:
    """The question is answered; its buttons go."""
    return Card(
        title=said,
        subtitle=f"{view.customer} · {view.promise.what}",
        tone="neutral",
        fields=(Field("日期", due_of(view.promise)), Field("状态", state_of(view))),
        closed=True,
        replace=said,
    )


def customer_text(view: PromiseView, day: date | None) -> str:
    """What the rep may send; nothing leaves by itself."""
    when = f"{day.month}月{day.day}日" if day else "近日"
    what = view.promise.what
    if view.promise.kind in SENT:
        return f"您好，您要的{what}预计{when}寄出，寄出后我第一时间把单号发您。"
    return f"您好，{what}预计{when}完成，有变化我第一时间告诉您。"


def owner_card(view: PromiseView, people: Sequence[Person]) -> Card:
    """Nobody is known to deliver this kind: asked once, never invented."""
    number = view.promise.id or 0
    options = tuple(Option(str(p.id), p.label) for p in people[:10])
    typed = f"负责人 P{number} 小陈"
    choice = Choice("owner", "谁来交付", options)
    return Card(
        title=f"{view.promise.what}由谁交付？",
        subtitle=view.customer,
        text="" if options else f"还没有登记交付人员。请管理员添加，或直接说“{typed}”。",
        form=Form((choice,), Button("就他", actions.ChooseOwner(number), typed=typed))
        if options
        else None,
    )


def finished_card(view: PromiseView, by: str) -> Card:
    return Card(
        title=f"已交付：{view.promise.what}",
        subtitle=view.customer,
        tone="good",
        text=f"{by}标记完成，可以告诉客户了。",
        quote=view.quote,
    )


def late_card(view: PromiseView, hours: int) -> Card:
    """F45: both sides hear the same, with what they can do."""
    number = view.promise.id or 0
    return Card(
        title=f"已超 {hours} 小时：{view.promise.what}",
        subtitle=view.customer,
        tone="bad",
        fields=(
            Field("最晚", words.day(view.promise.latest)),
            Field("销售", view.rep),
            Field("交付", view.owner or "未定"),
        ),
        notes=(f"从{words.day(view.promise.latest)}结束算起，满 {hours} 小时仍未完成",),
        buttons=(
            Button(
                "已完成", actions.FinishPromise(number), style="primary", typed=f"完成 P{number}"
            ),
            Button("来历", actions.ExplainPromise(number), typed=f"来历 P{number}"),
        ),
    )


def unanswered_card(view: PromiseView, hours: int) -> Card:
    """Delivery has not answered a task card within its clock."""
    number = view.promise.id or 0
    return Card(
        title=f"{hours} 小时未接单：{view.promise.what}",
        subtitle=view.customer,
        tone="warn",
        fields=(Field("计划", words.day(view.promise.plan)), Field("交付", view.owner or "未定")),
        buttons=(
            Button("再问一次", actions.InsistDue(number), style="primary", typed=f"坚持 P{number}"),
            Button("取消承诺", actions.CancelPromise(number), typed=f"取消 P{number}"),
        ),
    )


def owed_card(view: PromiseView) -> Card:
    """The day has come on which the customer owes us something."""
    number = view.promise.id or 0
    return Card(
        title=f"{view.customer}今天该给：{view.promise.what}",
        tone="info",
        quote=view.quote,
        buttons=(
            Button("给了", actions.FinishPromise(number), style="primary", typed=f"完成 P{number}"),
            Button("不要了", actions.CancelPromise(number), typed=f"取消 P{number}"),
        ),
    )


def history_card(
    view: PromiseView,
    lines: Sequence[tuple[Fact, str, str]],
    sees: str,
    read: Sequence[str] = (),
    rules: str = "",
) -> Card:
    """Who, when, why and from which sentence; how that was read; and who can see it. Times are
    local texts."""
    story = "\n".join(
        f"{when} {what}" + (f"：“{f.words}”" if f.words else "") for f, when, what in lines
    )
    return Card(
        title=f"{view.promise.code} 的来历",
        subtitle=f"{view.customer} · {view.promise.what}",
        text="\n".join([story, *read]),
        quote=view.quote,
        notes=tuple(note for note in (f"谁能看到：{sees}", rules) if note),
    )


def not_yours_card() -> Card:
    return Card(text="这一步不归你点，没有改动任何东西。要接手，请让负责人或主管改派。")


def outdated_card(view: PromiseView) -> Card:
    return Card(
        text=f"{view.promise.code} {view.promise.what}现在是“{state_of(view)}”，"
        "这张卡上的选择已不适用。"
    )


def unknown_promise_card() -> Card:
    return Card(text="没找到这条承诺。发“今日”可以看到编号。")


def which_promise_card(views: Sequence[PromiseView], word: str) -> Card:
    """What was typed fits several promises; `word` is how to say it of one."""
    lines = [f"{v.promise.code} {v.customer} {v.promise.what}（{state_of(v)}）" for v in views[:8]]
    left = f"\n……还有 {len(views) - 8} 条，发“今日”看全部" if len(views) > 8 else ""
    example = f"{word} {views[0].promise.code}"
    return Card(text=f"是哪一条？带上编号再说一次，比如“{example}”：\n" + "\n".join(lines) + left)


def unknown_owner_card(code: str) -> Card:
    return Card(text=f"没找到这位在职同事。用全名再说一次，比如“负责人 {code} 小陈”。")


def no_day_card(number: int) -> Card:
    return Card(text=f"没认出日期。比如：“最早 P{number} 2月5号”。")
