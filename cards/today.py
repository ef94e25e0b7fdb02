"""The day on one card: whom to talk to, what we owe, what they owe us."""

from collections.abc import Sequence
from datetime import date

from cards import actions, words
from cards.leads import LeadView
from cards.model import Card, Field
from cards.promises import PromiseView, due_of, state_of
from storage.models import Lead, PromiseState

MOST = 8


def today_card(
    day: date,
    *,
    contacts: Sequence[tuple[Lead, str]],
    ours: Sequence[PromiseView],
    theirs: Sequence[PromiseView],
    at_risk: Sequence[LeadView] = (),
    whose: int = 0,
) -> Card:
    """Lists are cut at MOST, and say how many were left out. `whose` day it is."""
    fields = (
        *(Field(v.lead.code, f"高风险 {v.title}，{v.owner}") for v in at_risk[:MOST]),
        *(Field(lead.code, f"联系 {title}") for lead, title in contacts[:MOST]),
        *(_promise(v, "我方", whose) for v in ours[:MOST]),
        *(_promise(v, "对方欠", whose) for v in theirs[:MOST]),
    )
    ticks = [field.name for field in fields if field.tick is not None]
    left = sum(max(len(found) - MOST, 0) for found in (at_risk, contacts, ours, theirs))
    risk = f"待拍板 {len(at_risk)} · " if at_risk else ""
    return Card(
        title=f"今日 {words.day(day)}",
        subtitle=f"{risk}联系 {len(contacts)} · 我方承诺 {len(ours)} · 他们欠你 {len(theirs)}",
        tone="info",
        text="" if fields else "今天没有到期的事。",
        fields=fields,
        notes=(
            *((f"做完一件就说“完成 {ticks[0]}”，飞书里打勾也行",) if ticks else ()),
            *((f"还有 {left} 条没列出，做完这些再发一次“今日”",) if left else ()),
        ),
    )


def _promise(view: PromiseView, side: str, whose: int) -> Field:
    """What is only a draft cannot be done yet."""
    promise = view.promise
    running = promise.is_open and promise.state != PromiseState.DRAFT
    tick = actions.TickPromise(promise.id or 0, whose) if running else None
    return Field(promise.code, f"{side} {_owed(view)}", tick=tick)


def _owed(view: PromiseView) -> str:
    return f"{view.customer} {view.promise.what}，{due_of(view.promise)}（{state_of(view)}）"
