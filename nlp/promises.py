"""Find the promises in a note: what is owed, by whom, until when, and whether it still stands."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from nlp.acts import GENERIC, Act, Owed, carried_things, find_act, things_in
from nlp.due import bare_time, choose_due
from nlp.lexicon import Thing
from nlp.modality import judge
from nlp.note import Clause, Note
from nlp.sides import owner_of, promiser_of
from nlp.types import PromiseFound

LOOK_BACK = 4
"""How many clauses an unnamed thing may reach back: "要两份样品，…，明天寄"."""
COUNTED_GOODS = re.compile(
    r"(?:\d+|[一两三四五六七八九十百]+)(?:台|套|箱|件|个|批|吨|只|支|辆|组|条|盒|桶|袋|卷|块|双|瓶|根|片)(?P<goods>[\u4e00-\u9fff]{2,6})"
)
BATCH = re.compile(r"首批|第[一二三四两]批|剩下|剩余|余下|其余|另外|一部分|先发|后发")
NAMED_BY_VERB = re.compile(
    r"安装|调试|部署|上线|试车|检修|巡检|保养|维护|校准|换货|更换|拜访|来访|考察|参观|会议|workshop|退款|验收"
)
ARRIVES = re.compile(r"到货|送到|送达|到(?=$)|arriv|deliver")


@dataclass(frozen=True, slots=True)
class Owing:
    """What is owed, once named."""

    name: str
    kind: str
    begin: int
    borrowed: bool = False
    """Named in an earlier clause."""


def find_promises(note: Note) -> list[PromiseFound]:
    found: list[PromiseFound] = []
    for clause in note.clauses:
        for promise in _in_clause(clause, note):
            _settle(found, promise, note)
        _complete(found, clause, note)
    return found


def _in_clause(clause: Clause, note: Note) -> Iterator[PromiseFound]:
    act = find_act(clause, note)
    if act is None:
        return
    for owing in _owings(act, note):
        promise = _promise(act, owing, note)
        if promise is not None:
            yield promise


def _promise(act: Act, owing: Owing, note: Note) -> PromiseFound | None:
    promiser = promiser_of(act, owing.kind, note)
    state = judge(act, owing.kind, promiser, note)
    if state is None:
        return None
    due = choose_due(act, note) if state in ("open", "question") else None
    begin, finish = _span(act, owing, note)
    words, begin, finish = note.verbatim(begin, finish)
    conditional = state == "open" and bool(note.lexicon.cue("conditional").search(act.clause.text))
    return PromiseFound(
        text=words,
        begin=begin,
        finish=finish,
        deliverable=owing.name,
        kind=owing.kind,
        promiser=promiser,
        state=state,
        conditional=conditional,
        due=due,
        rule=f"promise.{act.action.id}" + (".borrowed" if owing.borrowed else ""),
        owner=owner_of(act, promiser, note),
        confidence=0.75 if owing.borrowed else 0.9,
    )


def _span(act: Act, owing: Owing, note: Note) -> tuple[int, int]:
    """From the first to the last word that matters inside the clause."""
    clause = act.clause
    inside = [act.begin, *(time.begin for time in clause.times)]
    if not owing.borrowed and owing.begin >= clause.begin:
        inside.append(owing.begin)
    return min(inside), clause.finish


def _owings(act: Act, note: Note) -> Iterator[Owing]:
    """One for each kind of thing handed over together."""
    carried = carried_things(act, note)
    if act.action.id in GENERIC:
        kinds: set[str] = set()
        for owed in carried:
            if owed.thing.kind not in kinds:
                kinds.add(owed.thing.kind)
                yield _named(owed, note)
        if not carried and (borrowed := _borrowed(act, note)):
            yield borrowed
        return
    yield _by_action(act, carried, note)


def _by_action(act: Act, carried: Sequence[Owed], note: Note) -> Owing:
    action = act.action
    for owed in carried:
        if owed.thing.kind == action.kind or (
            action.id == "ship" and owed.thing.kind in ("sample", "invoice", "document")
        ):
            return _named(owed, note)
    said = note.folded[act.begin : act.finish]
    verb = NAMED_BY_VERB.search(said)
    if verb:
        return Owing(verb[0], action.kind, act.begin)
    if action.id == "ship" and (goods := COUNTED_GOODS.search(act.clause.text)):
        return Owing(goods["goods"], action.kind, act.clause.begin + goods.start("goods"))
    name = action.english_name if note.is_english else action.name
    return Owing(name, action.kind, act.begin)


def _named(owed: Owed, note: Note, borrowed: bool = False) -> Owing:
    name = (
        owed.said
        if note.is_english
        else note.lexicon.translations.get(owed.thing.name, owed.thing.name)
    )
    return Owing(name, owed.thing.kind, owed.begin, borrowed)


def _borrowed(act: Act, note: Note) -> Owing | None:
    """The thing named last before this clause."""
    if act.action.id in ("transfer", "arrange"):
        return None
    index = act.clause.index
    for clause in reversed(note.clauses[max(0, index - LOOK_BACK) : index]):
        for owed in reversed(things_in(clause, note)):
            if owed.thing.kind not in ("payment", "reply", "other"):
                return _named(owed, note, borrowed=True)
    goods = list(COUNTED_GOODS.finditer(note.folded, 0, act.begin))
    if goods:
        return Owing(goods[-1]["goods"], "sample", goods[-1].start("goods"), True)
    return None


def _settle(found: list[PromiseFound], promise: PromiseFound, note: Note) -> None:
    """A promise told twice is listed once; the later time and the stronger state win."""
    for at, known in enumerate(found):
        if known.promiser != promise.promiser or known.kind != promise.kind:
            continue
        if (
            known.state == "done"
            and promise.kind in ("sample", "shipment")
            and ARRIVES.search(promise.text)
        ):
            return
        if not _same(known, promise, note):
            continue
        if promise.due is None and known.due is not None:
            return
        found[at] = promise
        return
    found.append(promise)


def _same(known: PromiseFound, promise: PromiseFound, note: Note) -> bool:
    batches = BATCH.search(note.folded[known.begin - 6 if known.begin > 6 else 0 : known.finish])
    if promise.kind == "shipment" and batches and BATCH.search(promise.text):
        return False
    same_state = known.state == promise.state or {known.state, promise.state} == {
        "question",
        "open",
    }
    borrowed = promise.rule.endswith("borrowed") and known.due is None
    return same_state and (known.deliverable == promise.deliverable or borrowed)


def _complete(found: list[PromiseFound], clause: Clause, note: Note) -> None:
    """ "…授权书？招标文件里要求的，8月3日前要": a late time for what was asked."""
    time = bare_time(clause, note)
    if time is None or not found:
        return
    last = found[-1]
    near = last.finish >= (note.clauses[clause.index - 3].begin if clause.index >= 3 else 0)
    if (
        last.due is None
        and last.state in ("open", "question")
        and near
        and last.begin < clause.begin
    ):
        found[-1] = replace(last, due=time)
