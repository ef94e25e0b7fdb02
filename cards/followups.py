"""What was understood of a note, with its reasons, on one card."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cards import actions, appointments, doubts, words
from cards.appointments import AppointmentView
from cards.doubts import Asked
from cards.model import Button, Card, Field, Tone
from cards.origins import MARK, UNSURE, Origin
from cards.promises import PromiseView, due_of, state_of
from config.schema import SalesWords
from storage.models import FollowUp, Lead, Promise, PromiseState

TITLES = {
    "open": "待确认",
    "confirmed": "已记下",
    "undone": "已撤回",
    "asking": "记到谁名下？",
    "heard": "请核对",
}
TONES: dict[str, Tone] = {"open": "info", "confirmed": "good"}
MOST_BUTTONS = 6
NEW_LEAD = 0


@dataclass(frozen=True, slots=True)
class EchoView:
    """A follow-up with the names around it."""

    followup: FollowUp
    customer: str
    lead: Lead | None
    promises: Sequence[PromiseView] = ()
    is_new: bool = False
    was: Mapping[str, str] = field(default_factory=dict)
    """Field name → what it said before the last correction."""
    asked: Asked | None = None
    unsure: Mapping[str, Origin] = field(default_factory=dict)
    """Slots that may be wrong, by their keys."""
    proposed: Sequence[str] = ()
    """What a model would add, in lines."""
    appointment: AppointmentView | None = None
    """The meeting it speaks of, where it can be put into a calendar."""

    def mark(self, key: str) -> str:
        return MARK if key in self.unsure else ""


def echo_card(view: EchoView, names: SalesWords) -> Card:
    """The answer to a note: who, which worry, which stage, what was promised by when, and why."""
    note = view.followup
    closed = note.state == "undone"
    return Card(
        title=view.customer if view.lead is not None else "这条记录",
        subtitle=TITLES[note.state] + ("，新建线索" if view.is_new and not closed else ""),
        tone=TONES.get(note.state, "neutral"),
        fields=_fields(view, names),
        quote=note.text,
        notes=_reasons(view, names),
        buttons=() if closed else _buttons(view, names),
        closed=closed,
        replace="已撤回" if closed else "",
    )


def _fields(view: EchoView, names: SalesWords) -> tuple[Field, ...]:
    note, lead = view.followup, view.lead
    found = []
    if is_spoken(note) and note.summary and note.summary != note.text:
        found.append(Field("摘要", note.summary))
    if note.tags:
        tags = (names.tags.get(tag, tag) + view.mark(f"tag:{tag}") for tag in note.tags)
        found.append(Field("顾虑", "、".join(tags)))
    if note.stage:
        stage = names.stages.get(note.stage, note.stage)
        found.append(Field("阶段", stage + view.mark("stage")))
    if lead is not None and "next_contact" in note.why:
        day = words.day(lead.next_contact, estimated=lead.next_estimated)
        day += view.mark("next_contact")
        found.append(Field("下次", day, was=view.was.get("下次", "")))
    if lead is not None and "expected_close" in note.why:
        day = words.day(lead.expected_close, estimated=lead.close_estimated)
        found.append(Field("签单", day + view.mark("expected_close")))
    if lead is not None and "amount" in note.why and lead.amount is not None:
        amount = words.money(lead.amount) + view.mark("amount")
        found.append(Field("金额", amount, was=view.was.get("金额", "")))
    if len(view.promises) == 1:
        found.extend(_promise_fields(view, view.promises[0]))
    else:
        found.extend(_promise_line(view, promise) for promise in view.promises)
    return tuple(found)


def is_spoken(note: FollowUp) -> bool:
    return "voice" in note.why


def _promise_fields(echo: EchoView, view: PromiseView) -> tuple[Field, ...]:
    """The only promise of a note, spread out."""
    promise, was = view.promise, dict(view.was)
    fields = [
        Field(_side(view), _what(echo, promise), was=was.get("what", "")),
        Field("时间", _when(echo, promise), was=due_of_was(was)),
    ]
    if promise.is_ours:
        fields.append(Field("交付", _who(view)))
    return tuple(fields)


def _promise_line(echo: EchoView, view: PromiseView) -> Field:
    """One of several promises, on a line."""
    promise, was = view.promise, dict(view.was)
    parts = [_what(echo, promise), _when(echo, promise), _who(view)]
    earlier = was.get("what") or due_of_was(was)
    return Field(_side(view), "，".join(part for part in parts if part), was=earlier)


def _what(echo: EchoView, promise: Promise) -> str:
    return f"{promise.code} {promise.what}{echo.mark(f'promise:{promise.id}')}"


def _when(echo: EchoView, promise: Promise) -> str:
    """A day that is not known needs no mark."""
    mark = echo.mark(f"due:{promise.id}") if promise.latest else ""
    return due_of(promise) + mark


def _side(view: PromiseView) -> str:
    return "我方" if view.promise.is_ours else "对方"


def _who(view: PromiseView) -> str:
    if view.promise.state != PromiseState.DRAFT:
        return state_of(view)
    return (view.owner or "谁交付待定") if view.promise.is_ours else ""


def due_of_was(was: Mapping[str, str]) -> str:
    if not was.get("latest"):
        return ""
    if was.get("plan") in (None, "", was["latest"]):
        return was["latest"]
    return f"计划{was['plan']}，最晚{was['latest']}"


def _reasons(view: EchoView, names: SalesWords) -> tuple[str, ...]:
    if view.followup.state == "undone":
        return ()
    why = view.followup.why
    quoted = view.asked.keys if view.asked and view.asked.about == "day" else frozenset()
    reasons = [
        told + (UNSURE if key in view.unsure else "")
        for key, told in why.items()
        if key not in quoted
    ]
    for promise in (v.promise for v in view.promises if f"due:{v.promise.id}" not in quoted):
        due = promise.why_due
        if due and not any(reason.endswith(due) for reason in reasons):
            reasons.append(due)
    if any(v.promise.conditional for v in view.promises):
        reasons.append("承诺带前提，条件满足才算数")
    reasons.extend(_unsure(view, names))
    if view.asked:
        reasons.append(view.asked.question)
    reasons.extend(view.proposed)
    if view.appointment is not None and view.followup.state == "confirmed":
        reasons[:0] = appointments.lines(view.appointment)
    return tuple(dict.fromkeys(reasons))


def _unsure(view: EchoView, names: SalesWords) -> list[str]:
    """From which words the marked values come; the question quotes its own."""
    note, asked = view.followup, view.asked.keys if view.asked else frozenset()
    live = {f"tag:{tag}": names.tags.get(tag, tag) for tag in note.tags}
    live |= {f"promise:{v.promise.id}": f"承诺 {v.promise.code}" for v in view.promises}
    return [
        f"{live[key]}：“{origin.words}”{UNSURE}"
        for key, origin in view.unsure.items()
        if key in live and key not in asked
    ]


def _buttons(view: EchoView, names: SalesWords) -> tuple[Button, ...]:
    note, number = view.followup, view.followup.id or 0
    undo = Button("撤回", actions.UndoFollowUp(number), typed="撤回")
    original = Button("原话", actions.ShowWords(number), typed="原话")
    last = (original, undo) if is_spoken(note) else (undo,)
    if note.state == "confirmed":
        return (*appointments.buttons(view.appointment), *last)
    confirm = Button("确认", actions.ConfirmFollowUp(number), style="primary", typed="确认")
    several = len(view.promises) > 1
    called = {**names.stages, **names.tags}
    answers = doubts.buttons(view.asked, number, called) if view.asked else []
    adopt = [Button("采纳建议", actions.AdoptProposal(number), typed="采纳")]
    middle = [
        *answers,
        *(adopt if view.proposed else ()),
        *(
            button
            for promise in view.promises
            for button in _promise_buttons(promise, several)
            if button.action not in [answer.action for answer in answers]
        ),
        Button("来历", actions.ExplainFollowUp(number), typed="来历"),
    ]
    return (confirm, *middle[: MOST_BUTTONS - 1 - len(last)], *last)


def _promise_buttons(view: PromiseView, several: bool) -> list[Button]:
    """With several promises each button says which one it is about."""
    promise, number = view.promise, view.promise.id or 0
    if promise.state != PromiseState.DRAFT:
        return []
    what = words.short(promise.what, 4) if several else ""
    buttons = []
    if promise.other_latest is not None:
        label = f"{what}最晚{promise.other_latest.month}月{promise.other_latest.day}日"
        buttons.append(Button(label, actions.SwitchDue(number), typed=f"另一日期 P{number}"))
    no = f"{what}不算承诺" if several else "不是承诺"
    buttons.append(Button(no, actions.NotAPromise(number), typed=f"不是承诺 P{number}"))
    return buttons


def which_lead_card(note: FollowUp, known: Sequence[tuple[Lead, str]], new_name: str) -> Card:
    """Asked once when it is unclear whose note it is."""
    number = note.id or 0
    buttons = tuple(
        Button(
            words.short(company_of(title), 10),
            actions.AssignFollowUp(number, lead.id or 0),
            typed=f"记到 L{lead.id}",
        )
        for lead, title in known[: MOST_BUTTONS - 1]
    )
    fresh = Button(
        words.short(f"新客户{new_name}", 10),
        actions.AssignFollowUp(number, NEW_LEAD),
        typed="记到新客户",
    )
    return Card(
        title="这条记到谁名下？",
        tone="info",
        quote=note.text,
        fields=tuple(Field(lead.code, title) for lead, title in known[: MOST_BUTTONS - 1]),
        buttons=(*buttons, fresh),
    )


def company_of(title: str) -> str:
    """松江晴岚医院 of 李主任（松江晴岚医院）: what tells two 李主任 apart."""
    _, found, company = title.removesuffix("）").partition("（")
    return company if found else title


def status_card(views: Sequence[PromiseView]) -> Card:
    """The answer to a question about what was promised."""
    if not views:
        return Card(
            text="这句像是在问，没记成承诺；你名下也没有这类未完成的承诺。\n"
            "要记到客户名下，带上客户名再说一次。"
        )
    lines = [
        f"{v.promise.code} {v.customer} {v.promise.what}：{due_of(v.promise)}，{state_of(v)}"
        for v in views
    ]
    return Card(text="\n".join(lines))


def not_a_task_card() -> Card:
    """Delivery said something that fits none of its tasks."""
    return Card(text="这句没对上你手里的任务。带上编号再说一次，比如“最早 P12 2月5号”“完成 P12”。")


def nothing_to_undo_card() -> Card:
    return Card(text="没有可撤回的记录。")


def recalled_card(note: FollowUp, title: str) -> Card:
    """Its words are not repeated: somebody wanted them gone."""
    undo = Button("一起撤回", actions.UndoFollowUp(note.id or 0), typed="撤回")
    which = f"（{title}）" if title else ""
    return Card(text=f"你收回的那条跟进{which}已经生效，要一起撤回吗？", buttons=(undo,))


def undone_card() -> Card:
    return Card(text="已撤回。")


def undone_already_card() -> Card:
    return Card(text="这条跟进已撤回，这张卡不能再点了。还要记，就重说一次。")


def not_your_note_card() -> Card:
    return Card(text="这条跟进是同事记的，只有本人能改，没有改动任何东西。")


def no_tag_to_change_card(name: str) -> Card:
    return Card(text=f"最近那条记录没有可改的“{name}”。要改别的记录，回复那张卡再说一次。")


def which_promise_to_change_card(views: Sequence[PromiseView]) -> Card:
    """A correction that fits several promises of the note."""
    listed = "、".join(f"{v.promise.code} {v.promise.what}" for v in views)
    first = views[0].promise.code
    return Card(text=f"要改哪一条？{listed}。带上编号再说一次，比如“{first} 改到下周四”。")


def nothing_to_change_card() -> Card:
    return Card(text="没找到要改的那条。可以回复那张卡再说一次，或带上编号：“P12 改到下周四”。")
