"""Name what is owed: the thing in hand, the thing spoken of before, or the act itself."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from nlp.acts import GENERIC, Act, carried_things, things_in
from nlp.note import Clause, Note
from nlp.things import Owed
from nlp.types import PromiseFound

LOOK_BACK = 4
"""How many clauses an unnamed thing may reach back: "要两份样品，…，明天寄"."""
COUNTED_GOODS = re.compile(
    r"(?:\d+|[一两三四五六七八九十百]+)(?:台|套|箱|件|个|批|吨|只|支|辆|组|条|盒|桶|袋|卷|块|双|瓶|根|片)"
    r"(?P<goods>(?:(?!发货|到货|交货|出库|到位|装车|今|明|下周|本周|周[一二三四五六日]|月底|\d|做|先|要|的|个|工作日|天|小时)[\u4e00-\u9fff]){2,6})"
)
SUBJECT_GOODS = re.compile(
    r"^(?:那|这)?(?:批|些)?(?P<goods>(?:(?!我们?|你们?|您|他们?|她|客户|说|需|预计|大概|最快|最早|最晚|争取|已|会|可以|能|全部|剩|余)[\u4e00-\u9fff]){2,5})"
    r"(?=务必|必须|一定|预计|争取|$|按|已|会|要)"
)
TAKEN = re.compile(
    r"[把将](?P<goods>[\u4e00-\u9fffa-z]{2,8}?)(?=发|给|传|寄|送|带|拿|交|提交|补|做|弄|整理|准备)"
)
ONE_COPY = re.compile(r"一[份版]的?(?P<goods>[\u4e00-\u9fff]{2,8}|[a-z][a-z ]{2,22})$")
NAMED_BY_VERB = re.compile(
    r"安装|调试|部署|上线|试车|检修|巡检|保养|维护|校准|换货|更换|拜访|来访|考察|参观|会议|workshop|退款|验收"
)
TOPIC = re.compile(
    r"^(?:[\u4e00-\u9fff]{1,4}的)?(?P<goods>(?:(?![我你您他她它们咱谁]|客户|对方|领导|老板|财务|法务|采购|工程师|先|再|就|也|都|把|将|给|跟|和|问|让|请|说|答应|争取|尽量|预计|计划|最[快早晚迟]|大概|应该|估计|可能|这|那|全部|剩下)[\u4e00-\u9fff]){2,8}?)"
    r"(?=最快|最晚|最迟|已|\d|今|明|后天|大后|本周|这周|下|周[一二三四五六日]|月底|年前|节前)"
)
HANDS_OVER = frozenset({"send", "open_account"})
TOPIC_KINDS = {"open_account": "other"}
COMES = re.compile("我|他|她|师傅|工程师|客户|领导|老板")
TELL = re.compile("告诉|告知|通知")
SENDS = re.compile("[寄发送]|ship|send")
BORROWS_NOTHING = frozenset({"transfer", "arrange", "ask_for"})
NEVER_CARRIED = frozenset({"payment", "reply", "other"})


@dataclass(frozen=True, slots=True)
class Owing:
    """What is owed, once named."""

    name: str
    kind: str
    begin: int
    borrowed: bool = False
    """Named in an earlier clause."""


def owings(act: Act, note: Note, latest: PromiseFound | None = None) -> Iterator[Owing]:
    """One for each kind of thing handed over together."""
    source = act.origin or act
    carried = carried_things(source, note)
    if source.action.id not in GENERIC:
        yield _by_action(source, carried, note)
        return
    if not carried and (described := _described(source)):
        yield described
        return
    kinds: set[str] = set()
    for owed in carried:
        if owed.thing.kind not in kinds:
            kinds.add(owed.thing.kind)
            yield _named(owed, note)
    if not carried and (borrowed := _borrowed(source, note, latest)):
        yield borrowed


def _described(act: Act) -> Owing | None:
    """A thing no list knows, told by the grammar: 把证照发我, 做一份投资回报测算."""
    match = TAKEN.search(act.clause.text[: act.finish - act.clause.begin]) or ONE_COPY.search(
        act.clause.text
    )
    if match is not None:
        return Owing(match["goods"], "document", act.clause.begin + match.start("goods"))
    if topic := _topic(act):
        return topic
    goods = COUNTED_GOODS.search(act.clause.text) if act.action.id == "send" else None
    if goods is None:
        return None
    kind = "sample" if "样" in goods["goods"] else "shipment"
    return Owing(goods["goods"], kind, act.clause.begin + goods.start("goods"))


def _topic(act: Act) -> Owing | None:
    """What a clause opens with, ahead of its time: 热处理的硬度曲线下周四给, 课程包最快周五开通."""
    if act.action.id not in HANDS_OVER:
        return None
    match = TOPIC.match(act.clause.text[: act.begin - act.clause.begin])
    if match is None:
        return None
    begin = act.clause.begin + match.start("goods")
    times = [time.begin for time in act.clause.times]
    finish = min([act.clause.begin + match.end("goods"), *(at for at in times if at > begin + 1)])
    return Owing(
        act.clause.text[begin - act.clause.begin : finish - act.clause.begin],
        TOPIC_KINDS.get(act.action.id, "document"),
        begin,
    )


def _by_action(act: Act, carried: Sequence[Owed], note: Note) -> Owing:
    action = act.action
    if action.id == "arrive" and not carried and COMES.search(act.clause.text):
        return Owing("会面", "visit", act.begin)
    for owed in carried:
        fits_ship = action.id in ("ship", "arrive") and owed.thing.kind in (
            "sample",
            "invoice",
            "document",
        )
        if owed.thing.kind == action.kind or fits_ship:
            return _named(owed, note)
    if action.id == "reply" and carried and TELL.match(note.folded, act.begin):
        return _named(carried[-1], note)
    verb = NAMED_BY_VERB.search(note.folded, act.begin, act.finish)
    if verb:
        return Owing(verb[0], action.kind, act.begin)
    if action.id in ("ship", "arrive"):
        goods = _goods(act) or _spoken_of(act, note)
        if goods:
            return goods
    name = action.english_name if note.is_english else action.name
    return Owing(name, action.kind, act.begin)


def _goods(act: Act) -> Owing | None:
    """What is shipped need not be in any list: 2台冷水机组, 冰柜."""
    before = act.clause.text[: act.begin - act.clause.begin]
    first = act.clause.times[0].begin - act.clause.begin if act.clause.times else len(before)
    counted = COUNTED_GOODS.search(before)
    match = counted or SUBJECT_GOODS.search(before[: max(0, first)])
    if match is None:
        return None
    return Owing(match["goods"], act.action.kind, act.clause.begin + match.start("goods"))


def _spoken_of(act: Act, note: Note) -> Owing | None:
    """ "还差一份授权书，三个工作日寄到": what arrives was named just before."""
    index = act.clause.index
    for clause in reversed(note.clauses[max(0, index - 1) : index]):
        for owed in reversed(things_in(clause, note)):
            if owed.thing.kind in ("sample", "document", "invoice", "quote"):
                return _named(owed, note, borrowed=True)
    return None


def _named(owed: Owed, note: Note, borrowed: bool = False) -> Owing:
    return Owing(note.name_of(owed), owed.thing.kind, owed.begin, borrowed)


def spoken_before(clause: Clause, note: Note, kind: str) -> str | None:
    """The name of the thing of that kind named last before the clause."""
    for earlier in reversed(note.clauses[max(0, clause.index - LOOK_BACK) : clause.index]):
        for owed in reversed(things_in(earlier, note)):
            if owed.thing.kind == kind:
                return note.name_of(owed)
    return None


def _borrowed(act: Act, note: Note, latest: PromiseFound | None) -> Owing | None:
    """The thing named last before this clause."""
    if act.action.id in BORROWS_NOTHING:
        return None
    index = act.clause.index
    if latest and latest.kind == "shipment" and index and _ends_in(latest, note.clauses[index - 1]):
        return Owing(latest.deliverable, latest.kind, latest.begin, True)
    return _spoken_before(act, note) or _goods_before(act, note)


def _spoken_before(act: Act, note: Note) -> Owing | None:
    index = act.clause.index
    for clause in reversed(note.clauses[max(0, index - LOOK_BACK) : index]):
        for owed in reversed(things_in(clause, note)):
            if owed.thing.kind not in NEVER_CARRIED:
                return _named(owed, note, borrowed=True)
    return None


def _goods_before(act: Act, note: Note) -> Owing | None:
    """What no list knows (方工要5套密封件，…明天发); at worst, plain goods."""
    counted = list(COUNTED_GOODS.finditer(note.folded, 0, act.begin))
    if counted:
        return Owing(counted[-1]["goods"], "sample", counted[-1].start("goods"), True)
    index = act.clause.index
    for clause in reversed(note.clauses[max(0, index - LOOK_BACK) : index]):
        if copy := ONE_COPY.search(clause.text):
            return Owing(copy["goods"], "document", clause.begin + copy.start("goods"), True)
    if SENDS.match(note.folded, act.begin) and act.clause.times:
        return Owing("goods" if note.is_english else "货物", "shipment", act.begin)
    return None


def _ends_in(promise: PromiseFound, clause: Clause) -> bool:
    return clause.begin < promise.finish <= clause.finish
