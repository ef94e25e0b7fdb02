"""What happened in the business: immutable, each with a snapshot of its context and its origin."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, insert, select
from sqlmodel import Session, col

from storage.models import CLOSED_STAGES, SETTLED, Customer, Fact, Lead, Person, Promise

CATALOGUE = {
    "lead.created": "首次触达，生成线索",
    "lead.enriched": "补充客户资料",
    "lead.stage": "阶段变化",
    "lead.silent": "超时未跟进",
    "lead.escalated": "升级给主管",
    "lead.nudged": "主管催办",
    "lead.reassigned": "主管改派",
    "lead.extended": "主管延期",
    "lead.transferred": "客户转接，负责人变更",
    "lead.transfer_failed": "客户转接失败",
    "contact.added": "已有客户再加好友",
    "contact.deleted": "成员删除客户",
    "contact.left": "客户删除成员",
    "contact.tagged": "标签写回客户",
    "calendar.added": "加到日历",
    "calendar.moved": "改了日历",
    "calendar.removed": "从日历删掉",
    "link.used": "获客链接动态",
    "group.changed": "客户群变化",
    "channel.opened": "新建渠道码",
    "channel.changed": "渠道码换人",
    "channel.closed": "停用渠道码",
    "followup.logged": "记录跟进",
    "followup.confirmed": "确认跟进",
    "followup.undone": "撤回跟进",
    "followup.proposed": "模型提出建议",
    "followup.adopted": "采纳模型建议",
    "objection.raised": "客户提出顾虑",
    "objection.denied": "更正：没有这个顾虑",
    "promise.caught": "识别到承诺",
    "promise.asked": "请求交付接单",
    "promise.accepted": "交付接单",
    "promise.countered": "交付提出最早日期",
    "promise.refused": "交付做不到",
    "promise.agreed": "销售接受新日期",
    "promise.insisted": "销售坚持原日期",
    "promise.changed": "承诺更正",
    "promise.done": "承诺完成",
    "promise.cancelled": "承诺取消",
    "promise.late": "承诺超期",
    "promise.unanswered": "交付未回应",
    "promise.said": "留言",
    "letter.asked": "请企业微信发给客户",
    "letter.sent": "发给了客户",
    "letter.refused": "没能发给客户",
    "letter.unconfirmed": "还没在手机上确认发给客户",
    "letter.stopped": "给客户的旧说法作废",
    "person.bound": "绑定账号",
    "person.unbound": "解绑账号",
    "person.prefers": "选定通知发到哪里",
    "person.renamed": "姓名按通讯录更正",
    "push.refused": "推送没有送达",
    "voice.heard": "听到语音",
}


_LOAD = select(
    select(func.count())
    .where(col(Lead.owner_id) == bindparam("owner"), col(Lead.stage).not_in(CLOSED_STAGES))
    .scalar_subquery(),
    select(func.count())
    .where(col(Promise.rep_id) == bindparam("owner"), col(Promise.state).not_in(SETTLED))
    .scalar_subquery(),
)
_ADD = insert(Fact.metadata.tables["fact"])
# Facts never change: writing them past the session's bookkeeping costs a tenth.


def record(
    db: Session,
    type: str,  # the field's name in the catalogue
    *,
    at: datetime,
    inbox_id: int | None,
    person: Person | None = None,
    lead: Lead | None = None,
    promise: Promise | None = None,
    words: str = "",
    **data: Any,
) -> None:
    """Add a fact of a catalogued type. Raises KeyError for any other."""
    if type not in CATALOGUE:
        raise KeyError(f"{type!r} is not in the catalogue of facts")
    row = {
        "type": type,
        "at": at,
        "inbox_id": inbox_id,
        "person_id": person.id if person else None,
        "lead_id": lead.id if lead else None,
        "promise_id": promise.id if promise else None,
        "customer_id": lead.customer_id if lead else None,
        "words": words,
        "data": data,
        "snapshot": snapshot(db, lead, promise),
    }
    db.flush()
    db.connection().execute(_ADD, row)


def snapshot(db: Session, lead: Lead | None, promise: Promise | None) -> dict[str, Any]:
    """The context as it is now: customer, lead, owner's load, the promise itself.

    Stock and competitor news have no source yet and are recorded as unknown (null).
    """
    picture: dict[str, Any] = {"stock": None, "competitor_news": None}
    if lead is not None:
        customer = db.get(Customer, lead.customer_id) if lead.customer_id else None
        picture["lead"] = {
            "stage": lead.stage,
            "tags": list(lead.tags),
            "amount": lead.amount,
            "next_contact": _day(lead.next_contact),
            "expected_close": _day(lead.expected_close),
        }
        picture["customer"] = (
            {"name": customer.name, "industry": customer.industry, "region": customer.region}
            if customer
            else None
        )
        picture["owner_load"] = load(db, lead.owner_id)
    if promise is not None:
        picture["promise"] = {
            "state": str(promise.state),
            "what": promise.what,
            "plan": _day(promise.plan),
            "latest": _day(promise.latest),
        }
    return picture


def load(db: Session, owner_id: int) -> dict[str, int]:
    """How many open leads and open promises a colleague carries."""
    leads, promises = db.execute(_LOAD, {"owner": owner_id}).one()
    return {"leads": leads, "promises": promises}


def of_promise(db: Session, promise_id: int) -> Sequence[Fact]:
    query = select(Fact).where(col(Fact.promise_id) == promise_id)
    return db.scalars(query.order_by(col(Fact.id))).all()


def said_on(db: Session, promise_id: int, limit: int) -> Sequence[Fact]:
    """What its two sides told each other, the newest first."""
    query = select(Fact).where(col(Fact.promise_id) == promise_id, col(Fact.type) == "promise.said")
    return db.scalars(query.order_by(col(Fact.id).desc()).limit(limit)).all()


def heard_in(db: Session, inbox_id: int) -> Fact | None:
    """What was heard in a voice message, by its number in the inbox."""
    query = select(Fact).where(col(Fact.inbox_id) == inbox_id, col(Fact.type) == "voice.heard")
    return db.scalar(query.limit(1))


def _day(day: Any) -> str | None:
    return day.isoformat() if day else None
