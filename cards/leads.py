"""Leads on cards: the first touch, the follow-up form, silence."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cards import actions, words
from cards.model import Button, Card, Choice, Field, Form, Option, TextInput
from config.schema import SalesWords
from storage.models import Contact, Customer, Lead, Person, Role

UNKNOWN = "未取到"


@dataclass(frozen=True, slots=True)
class LeadView:
    """A lead with the names around it; `created` is in the local zone."""

    lead: Lead
    title: str
    owner: str
    created: datetime
    contact: Contact | None = None
    customer: Customer | None = None


def lead_card(view: LeadView, names: SalesWords) -> Card:
    """First touch: who, where from, when; what could not be learnt says so (F2)."""
    lead, number = view.lead, view.lead.id or 0
    stage = names.stages.get(lead.stage, lead.stage)
    return Card(
        title=f"新线索 {lead.code}：{view.title}",
        subtitle=f"{stage} · {view.owner}",
        tone="info",
        fields=(
            Field("渠道", lead.channel or UNKNOWN),
            Field("时间", words.moment(view.created)),
            Field("公司", view.customer.name if view.customer else UNKNOWN),
            Field("职务", view.contact.title if view.contact and view.contact.title else UNKNOWN),
            Field("地区", lead.region or UNKNOWN),
            Field("浏览", lead.pages or lead.utm or UNKNOWN),
        ),
        buttons=(
            Button(
                "+跟进", actions.OpenFollowUpForm(number), style="primary", typed=f"+跟进 L{number}"
            ),
            Button("已联系", actions.ContactedLead(number), typed=f"已联系 L{number}"),
        ),
    )


def followup_form(view: LeadView, names: SalesWords, role: Role) -> Card:
    """+跟进 (F3): tick tags, one sentence, done. Managers and others may also set the stage."""
    number = view.lead.id or 0
    tags = tuple(Option(key, text) for key, text in names.tags.items())
    inputs: list[Choice | TextInput] = [Choice("tags", "客户的顾虑", tags, many=True)]
    if role != Role.SALES:
        stages = tuple(Option(key, text) for key, text in names.stages.items())
        inputs.append(Choice("stage", "阶段", stages, selected=(view.lead.stage,)))
    inputs.append(TextInput("note", "一句话", "比如：下周三前寄样机"))
    return Card(
        title=f"跟进 {view.title}",
        form=Form(
            tuple(inputs),
            Button("记下", actions.SaveFollowUp(number), typed=f"+跟进 L{number} 一句话"),
        ),
    )


def saved_card(view: LeadView, tags: Sequence[str], note: str) -> Card:
    """What the form saved; without a sentence one may follow as a plain message."""
    return Card(
        title=f"已记 {view.title}",
        fields=(Field("顾虑", "、".join(tags)),) if tags else (),
        quote=note,
        text="" if note else "补一句话直接发给我就行，不补也可以。",
        closed=True,
        replace="已记下",
    )


def silent_card(view: LeadView, hours: int, counted: str) -> Card:
    """F6: the owner's reminder. `counted` says how the hours were counted."""
    number = view.lead.id or 0
    return Card(
        title=f"{_length(hours)}没跟进：{view.title}",
        tone="warn",
        notes=(counted,),
        buttons=(
            Button(
                "+跟进", actions.OpenFollowUpForm(number), style="primary", typed=f"+跟进 L{number}"
            ),
            Button("已联系", actions.ContactedLead(number), typed=f"已联系 L{number}"),
        ),
    )


def _length(hours: int) -> str:
    """72 小时, and days once hours say nothing any more."""
    return f"{hours} 小时" if hours <= 96 else f"近 {round(hours / 24)} 天"


def escalated_card(view: LeadView, mates: Sequence[Person], counted: str) -> Card:
    """F7: the manager decides on a 高风险流失线索."""
    number = view.lead.id or 0
    options = tuple(Option(str(p.id), p.name) for p in mates[:10])
    typed = f"改派 L{number} {mates[0].name if mates else '小李'}"
    form = Form(
        (Choice("owner", "改派给", options),),
        Button("改派", actions.ReassignLead(number), typed=typed),
    )
    return Card(
        title=f"高风险流失线索：{view.title}",
        subtitle=f"{view.owner} 负责",
        tone="bad",
        notes=(counted,),
        form=form if options else None,
        buttons=(
            Button("催办", actions.NudgeOwner(number), style="primary", typed=f"催办 L{number}"),
            Button("延期3天", actions.ExtendSilence(number, 3), typed=f"延期 L{number}"),
        ),
    )


def decided_card(view: LeadView, decision: str) -> Card:
    return Card(
        title=f"{view.title}：{decision}",
        subtitle=f"{view.owner} 负责",
        closed=True,
        replace=decision,
    )


def nudge_card(view: LeadView, manager: str) -> Card:
    number = view.lead.id or 0
    return Card(
        title=f"{manager}催办：{view.title}",
        tone="warn",
        buttons=(
            Button(
                "+跟进", actions.OpenFollowUpForm(number), style="primary", typed=f"+跟进 L{number}"
            ),
        ),
    )


def reassigned_card(view: LeadView, manager: str) -> Card:
    """For the new owner."""
    number = view.lead.id or 0
    return Card(
        title=f"转给你：{view.title}",
        subtitle=f"{manager}改派",
        tone="info",
        buttons=(
            Button(
                "+跟进", actions.OpenFollowUpForm(number), style="primary", typed=f"+跟进 L{number}"
            ),
        ),
    )


def unknown_lead_card() -> Card:
    return Card(text="没找到这条线索，或者它不归你。发“今日”可以看到编号。")


def not_your_team_card() -> Card:
    return Card(text="只有这条线索的上级主管能这样处理，没有改动任何东西。")


def no_owner_card(code: str) -> Card:
    return Card(text=f"改派给谁？选一位在职销售，或者说“改派 {code} 小李”。")
