"""Find when our side and the customer talk next, and when the deal is expected to close."""

import re
from collections.abc import Iterator, Sequence

from nlp.clauses import due_times, is_chore
from nlp.due import bare_time
from nlp.note import Clause, Note
from nlp.time.types import TimeSpan
from nlp.types import PromiseFound, Slot

CONTACT = re.compile(
    r"再(?:去)?(?:议|谈|聊|说|联系|打(?=电话|给|过去|个|$)|约|问|催|跟进?|碰|沟通|讨论|拜访|找|见|回访|对接|ping|call|follow|推|过去|来|sync)|联系|打(?:个)?电话|打过去|打给|通(?:个|次)?(?:电话|话)|去电"
    r"|回访|回电|拜访|登门|见(?:面|一面|个面)|碰(?:面|头|一下)|面谈|约(?!定|好的|束)|(?<![打发寄送带转传拿付交汇车])过去|来(?:公司|厂|访|谈|我们)|(?<![打发寄送带转传拿付交汇车])过来(?:谈|聊|看|坐|一趟|考察|$)"
    r"|吃(?:个)?饭|喝茶|喝咖啡|交流|对接|去(?:一)?趟|跑一趟|开(?:个)?会|会议|电话会|视频会|演示|宣讲|汇报|路演|加(?:他|她)?微信|催(?:一下|他|她)?|跟进(?:一下)?|ping|demo(?! ?(?:unit|kit|机))|workshop|sync|meeting"
    r"|带[^,]{0,10}(?:过去|去|来)|去(?:他|她)们?|follow[- ]?up|catch up|touch base|check (?:back|in)|call(?:ing)?|meet(?:ing)?|visit|speak|talk|reconnect|circle back|come over|chase|try (?:him|her|them|again)"
)
NO_CONTACT = re.compile(
    r"别(?:找|联系|打|催|来|约)|不用(?:联系|打|来|找|去)|不要(?:联系|打|来|找)|取消|don't (?:call|contact|chase)|cancel"
)
INNER = re.compile(
    r"(?:内部|客户|他们|对方|院里|部门|董事会|领导)[^,]{0,4}(?:开|要开|会开|上)?[^,]{0,4}(?:评审会|办公会|董事会|例会|讨论会)|给领导汇报|招标|开标|考察别|security review"
)
CLOSE = re.compile(
    r"签(?!收|到|证|名|批|完合同|后)|下(?:订单|单|po|大单)|下[^,]{0,6}(?:单子|订单|po)|订单[^,]{0,3}下|成交|拿下|落单|定标后签|盖章(?!版|的|件|报价)|(?:^|[^a-z])sign|place the order|issue (?:the )?po|close (?:the deal|this|it)|po[^,]{0,4}release|release|(?:订单|po)[^,]{0,3}发给"
)
NOT_CLOSE = re.compile(
    r"才肯|才愿意|[两几]单|发货|到货|安装|账期|签(?:完|好|了)[^,]{0,6}(?:后|再|就|内)|付|没签|不签|签了|已签|重签|开标|保密|nda"
)
WORK = frozenset(
    {"install", "service", "training", "trial", "shipment", "other", "invoice", "payment"}
)
FORECAST = re.compile(
    r"预计|估计|有望|争取|大概|应该|计划|力争|希望|expect|likely|hope|巴不得|想|打算|准备|要|能|就|前|等|release|(?:订单|po)[^,]{0,3}发给"
)


def find_next_contact(note: Note, promises: Sequence[PromiseFound]) -> Slot[TimeSpan] | None:
    """The earliest planned or proposed talk."""
    found = [*_promised_talks(promises), *_planned_talks(note, promises)]
    return min(found, key=lambda slot: (slot.value.end, slot.begin), default=None)


def _promised_talks(promises: Sequence[PromiseFound]) -> Iterator[Slot[TimeSpan]]:
    for promise in promises:
        talks = promise.kind in ("visit", "demo") or (
            promise.kind == "reply" and promise.promiser == "us"
        )
        if talks and promise.state == "open" and promise.due is not None:
            yield time_slot(
                promise.due, promise.text, promise.begin, promise.finish, "contact.promised"
            )


def _planned_talks(note: Note, promises: Sequence[PromiseFound]) -> Iterator[Slot[TimeSpan]]:
    for clause in note.clauses:
        if note.from_customer and "催" in clause.text:
            continue
        if (
            _is_work(clause, promises)
            or NO_CONTACT.search(clause.text)
            or is_chore(clause, note)
            or INNER.search(clause.text)
        ):
            continue
        said = CONTACT.search(clause.text)
        asks = clause.asks and not note.from_customer
        time = _time_of(clause, note) if said and not asks else None
        if said and time is not None:
            words, begin, finish = note.verbatim(
                min(time.begin, clause.begin + said.start()),
                max(time.finish, clause.begin + said.end()),
            )
            yield time_slot(time, words, begin, finish, "contact.planned")


def _is_work(clause: Clause, promises: Sequence[PromiseFound]) -> bool:
    """Sending, installing, training and repairing are no talks."""
    return any(
        promise.kind in WORK and clause.begin <= promise.finish - 1 < clause.finish
        for promise in promises
    )


def _time_of(clause: Clause, note: Note) -> TimeSpan | None:
    times = [time for time in due_times(clause) if time.end is not None and time.end > note.now]
    if times:
        return times[-1]
    if clause.index and not due_times(clause):
        return bare_time(note.clauses[clause.index - 1], note)
    return None


def find_expected_close(
    note: Note, promises: Sequence[PromiseFound], stage: str
) -> Slot[TimeSpan] | None:
    """A promised or foreseen day of signing; nothing once the deal is closed."""
    if stage in ("won", "lost"):
        return None
    for slot in (*_promised_signing(promises), *_foreseen_signing(note)):
        return slot
    return None


def _promised_signing(promises: Sequence[PromiseFound]) -> Iterator[Slot[TimeSpan]]:
    for promise in promises:
        signs = promise.rule.removeprefix("promise.").split(".")[0] in ("sign", "order")
        if signs and promise.state == "open" and promise.due is not None:
            yield time_slot(
                promise.due, promise.text, promise.begin, promise.finish, "close.promised"
            )


def _foreseen_signing(note: Note) -> Iterator[Slot[TimeSpan]]:
    for clause in note.clauses:
        said = CLOSE.search(clause.text)
        if not said or clause.asks or NOT_CLOSE.search(clause.text) or is_chore(clause, note):
            continue
        times = [time for time in due_times(clause) if time.end is not None and time.end > note.now]
        if times and (note.from_customer or FORECAST.search(clause.text)):
            words, begin, finish = note.verbatim(times[-1].begin, clause.finish)
            yield time_slot(times[-1], words, begin, finish, "close.foreseen")


def time_slot(time: TimeSpan, words: str, begin: int, finish: int, rule: str) -> Slot[TimeSpan]:
    return Slot(time, words, begin, finish, rule, min(0.9, time.confidence), time.assumed)
