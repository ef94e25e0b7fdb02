"""Find what is done in a clause, and the things it is done with."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from nlp.clauses import due_times, is_ahead
from nlp.lexicon import Action, Thing
from nlp.note import Clause, Note
from nlp.things import Owed

PURPOSE = re.compile(r"(?:给|让|供)(?:他|她|客户|对方|他们|她们|大家|领导|院长|老板)?们?[^,]{0,2}$")
"""寄过去给他试用: the trial is what the sample is for."""
IS_CONDITION = re.compile(
    r"^[^,]{0,6}?(?:完(?=[^,]{2})|后|之后|以后|好了?再|了再|前(?=付|打|签|给|发|交|再)|的话|才|之前(?=付|打|签))"
)
JOINED = re.compile(r"^\s*(?:和|与|及|以及|、|跟|加|还有|and|&|plus|\+)\s*")
HANDED_OVER = frozenset({"sample", "quote", "proposal", "document", "invoice", "shipment"})
HAND_OVER = Action("hand_over", "", "", "", "", alone=False)
SENT_TO_CHECK = re.compile("[发寄传](?:给|到)?[\u4e00-\u9fff]{1,4}$")
"""发鞠总确认 sends; nobody has confirmed yet."""
GOES_ALONG = re.compile("过[去来]")
"""送两箱样酒过去: the goods travel, nobody visits."""
FEW_LETTERS = 9
TALKED_ABOUT = re.compile(
    r"拿货|进货|有效|到期|截止|过期|开标|收到|用(?:了|着|得|起来)|看(?!看)|讨论|谈|聊|测|考虑|批|问题|够|缺|没货|库存|涨|降|改版|嫌|觉得|说好|评审|review|价格|了解|提醒|去了|[把将]|拿下|签下|跟进|推进"
)
PURPOSES = frozenset({"open_trial", "visit", "install", "accept", "repair"})
GENERIC = frozenset(
    {"send", "make", "arrange", "open_account", "transfer", "ask_for", "hand_over", "return_goods"}
)


@dataclass(frozen=True, slots=True)
class Act:
    """Something done in a clause; offsets are the note's own."""

    clause: Clause
    action: Action
    begin: int
    finish: int
    things: Sequence[Owed]
    """What it is done with, named in the same clause."""
    origin: "Act | None" = None
    """The act that was moved here from an earlier clause."""


def things_in(clause: Clause, note: Note) -> list[Owed]:
    return [owed for owed in note.things if clause.begin <= owed.begin < clause.finish]


def find_act(clause: Clause, note: Note) -> Act | None:
    """The one act a clause is about: the last that is neither a condition nor a purpose."""
    things = things_in(clause, note)
    acts = [
        Act(clause, action, clause.begin + begin, clause.begin + finish, things)
        for action, begin, finish in note.actions[clause.index]
    ]
    kept = [act for act in acts if not _is_aside(act)] or acts[-1:]
    for vague in ("arrange", "ask_for", "appoint"):
        kept = [act for act in kept if act.action.id != vague] or kept
    return _chief(kept, note) if kept else _implied(clause, things, note)


def _chief(acts: Sequence[Act], note: Note) -> Act:
    """English says it first, Chinese last; but a thing in hand outweighs the way there."""
    last = acts[0] if note.is_english else acts[-1]
    if last.action.id not in ("visit", *GENERIC):
        return last
    carrying = [act for act in acts if act.action.id in GENERIC and _carried(act)]
    if carrying:
        return carrying[-1]
    sending = [act for act in acts if act.action.id == "send"]
    goes_along = last.action.id == "visit" and GOES_ALONG.match(note.folded, last.begin)
    return sending[-1] if goes_along and sending else last


def _implied(clause: Clause, things: Sequence[Owed], note: Note) -> Act | None:
    """A thing and a day to come are enough: "报价今天必须出去", "样机四点前到客户那"."""
    called_off = note.lexicon.cue("cancelled").search(clause.text)
    ahead = called_off or is_ahead(due_times(clause), note.now)
    if not ahead or not things or TALKED_ABOUT.search(clause.text):
        return None
    if things[-1].thing.kind not in HANDED_OVER or _says_more(clause, things):
        return None
    return Act(clause, HAND_OVER, things[-1].begin, things[-1].finish, things)


def _says_more(clause: Clause, things: Sequence[Owed]) -> bool:
    named = sum(owed.finish - owed.begin for owed in things)
    timed = sum(time.finish - time.begin for time in clause.times)
    return len(clause.text) - named - timed > FEW_LETTERS


def _is_aside(act: Act) -> bool:
    clause, begin = act.clause, act.begin - act.clause.begin
    if act.action.id in PURPOSES and PURPOSE.search(clause.text[:begin]):
        return True
    if act.action.id == "transfer" and not _carried(act):
        return True
    if act.action.id == "reply" and SENT_TO_CHECK.search(clause.text[:begin]):
        return True
    return bool(IS_CONDITION.match(clause.text[act.finish - clause.begin :]))


def _carried(act: Act) -> bool:
    if act.action.id == "transfer":
        return any(owed.thing.kind == "payment" for owed in act.things)
    return bool(act.things)


def carried_things(act: Act, note: Note) -> list[Owed]:
    """The nearest thing, and those joined to it: 合同和样品一起寄."""
    pool = [owed for owed in act.things if _fits(act.action, owed.thing)]
    if not pool:
        return []
    nearest = min(range(len(pool)), key=lambda at: _distance(pool[at], act))
    chain = [pool[nearest]]
    for step in (-1, 1):
        at = nearest
        while 0 <= at + step < len(pool):
            left, right = sorted((pool[at], pool[at + step]), key=lambda owed: owed.begin)
            if not _are_joined(left, right, note):
                break
            at += step
            chain.append(pool[at])
    return sorted(chain, key=lambda owed: owed.begin)


def _fits(action: Action, thing: Thing) -> bool:
    if action.id == "transfer":
        return thing.kind == "payment"
    return thing.kind not in ("payment", "reply", "other") if action.id in GENERIC else True


def _distance(owed: Owed, act: Act) -> int:
    return min(abs(owed.finish - act.begin), abs(owed.begin - act.finish))


def _are_joined(left: Owed, right: Owed, note: Note) -> bool:
    between = note.folded[left.finish : right.begin]
    joint = JOINED.match(between)
    return joint is not None and len(between) - joint.end() <= 6
