"""What the rules take for promises: acts and things that stand together in a clause.

The judges have the last word (`nlp.promises`); what is owed, and by when, is named here.
"""

from dataclasses import replace

from nlp.acts import Act, find_act
from nlp.clauses import condition_before, due_times, hangs_on_condition, is_condition
from nlp.due import bare_time, choose_due
from nlp.merging import settle
from nlp.modality import judge
from nlp.note import Clause, Note
from nlp.owing import Owing, owings
from nlp.sides import owner_of, promiser_of
from nlp.types import PromiseFound

FAR = 3
"""How many clauses away a late time may still complete a promise."""


def propose(note: Note) -> list[PromiseFound]:
    found: list[PromiseFound] = []
    latest: Act | None = None
    for clause in note.clauses:
        act = None if is_condition(clause) else find_act(clause, note)
        if act is None and latest is not None:
            act = _moved(latest, clause, note) or _postponed(latest, clause, note)
        if act is not None:
            latest = act
            for owing in owings(act, note, found[-1] if found else None):
                if promise := _promise(act, owing, note):
                    settle(found, promise, note)
        _complete(found, clause, note)
    return found


def _moved(latest: Act, clause: Clause, note: Note) -> Act | None:
    """“培训原定本周四，…，改到下周五下午”: the same act at another time."""
    moved = note.lexicon.cue("moved").search(clause.text)
    if moved is None or not due_times(clause):
        return None
    begin, finish = clause.begin + moved.start(), clause.begin + moved.end()
    return replace(
        latest, clause=clause, begin=begin, finish=finish, origin=latest.origin or latest
    )


def _postponed(latest: Act, clause: Clause, note: Note) -> Act | None:
    """“这周五发不了，最快下周二”: not then, but now."""
    refused = note.lexicon.cue("refused").search(latest.clause.text)
    if latest.clause.index != clause.index - 1 or not refused or not bare_time(clause, note):
        return None
    return replace(latest, clause=clause, begin=clause.begin, finish=clause.finish, origin=latest)


def _promise(act: Act, owing: Owing, note: Note) -> PromiseFound | None:
    promiser = promiser_of(act, owing.kind, note)
    state = judge(act, owing.kind, promiser, note)
    if state is None:
        return None
    condition = condition_before(act.clause, note) if state == "open" else None
    hangs = state == "open" and hangs_on_condition(act.clause, note)
    begin, finish = _span(act, owing, condition)
    words, begin, finish = note.verbatim(begin, finish)
    return PromiseFound(
        text=words,
        begin=begin,
        finish=finish,
        deliverable=owing.name,
        kind=owing.kind,
        promiser=promiser,
        state=state,
        conditional=bool(condition or hangs),
        due=choose_due(act, note) if state in ("open", "question") else None,
        rule=f"promise.{act.action.id}" + (".borrowed" if owing.borrowed else ""),
        owner=owner_of(act, promiser, note),
        confidence=0.75 if owing.borrowed else 0.9,
    )


def _span(act: Act, owing: Owing, condition: Clause | None) -> tuple[int, int]:
    """From the first to the last word that matters."""
    if condition:
        return condition.begin, act.clause.finish
    inside = [act.begin, *(time.begin for time in act.clause.times)]
    if owing.begin >= act.clause.begin:
        inside.append(owing.begin)
    return min(inside), act.clause.finish


def _complete(found: list[PromiseFound], clause: Clause, note: Note) -> None:
    """ "…授权书？招标文件里要求的，8月3日前要": a late time; "不对，是下周四": a better one."""
    time = bare_time(clause, note)
    if time is None or not found:
        return
    last = found[-1]
    if last.state not in ("open", "question") or last.begin >= clause.begin:
        return
    near = last.finish >= note.clauses[max(0, clause.index - FAR)].begin
    previous = note.clauses[clause.index - 1]
    mended = note.lexicon.cue("mended").search(previous.text + clause.text)
    if near and (mended or last.due is None):
        finish = clause.finish if mended else last.finish
        words, begin, finish = note.verbatim(last.begin, finish)
        found[-1] = replace(last, due=time, text=words, begin=begin, finish=finish)
