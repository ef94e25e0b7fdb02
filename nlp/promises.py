"""Find the promises in a note: rules propose, the judges settle who owes and whether it stands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from nlp.acts import Act, things_in
from nlp.due import choose_due, told_next
from nlp.judges import Judges, Scores
from nlp.lexicon import Action
from nlp.note import Clause, Note
from nlp.owing import spoken_before
from nlp.sides import owner_of
from nlp.types import PromiseFound, Promiser, PromiseState

NONE = "none"
STATES: Sequence[PromiseState] = ("open", "question", "done", "cancelled")
PROMISERS: Sequence[Promiser] = ("us", "customer")
ANSWERS = {f"{state}:{side}": (state, side) for state in STATES for side in PROMISERS}
"""What the judge of promises says beside `none`."""
NAMES = {
    "sample": "样品", "quote": "报价单", "proposal": "方案", "contract": "合同", "demo": "演示",
    "document": "资料", "visit": "拜访", "shipment": "货物", "install": "安装", "training": "培训",
    "service": "维修", "invoice": "发票", "trial": "试用", "reply": "回复", "payment": "货款",
    "other": "事项",
}  # fmt: skip
"""What is owed, when only its kind is known."""
NOTHING = 0.5
"""A clause that is likelier than this to promise nothing promises nothing."""
LIKELY = 0.3
"""A proposed kind that is less likely than this gives way to the judge's."""
ENGLISH = {
    "shipment": "goods", "install": "installation", "service": "repair", "other": "task"
}  # fmt: skip
"""Where it is not the kind's own name."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the judges say of one clause that holds a promise."""

    clause: Clause
    state: PromiseState
    promiser: Promiser
    kind: str
    kinds: Mapping[str, float]
    """How likely each kind is."""
    conditional: bool
    confidence: float


def find_promises(
    note: Note,
    proposals: Sequence[PromiseFound],
    scores: Sequence[Scores],
    judges: Judges,
) -> list[PromiseFound]:
    """In the order of the note. `scores` are each clause's."""
    pairs = zip(note.clauses, scores, strict=True)
    verdicts = [each for each in (_verdict(*pair, judges) for pair in pairs) if each]
    settled = [promise for each in proposals if (promise := _settled(each, verdicts, note))]
    for verdict in verdicts:
        if not any(_holds(verdict, each) for each in settled):
            _add(settled, _plain(verdict, note), note)
    ordered = sorted(settled, key=lambda each: each.begin)
    return [_told_when(each, ordered, note) for each in ordered]


def _told_when(promise: PromiseFound, promises: Sequence[PromiseFound], note: Note) -> PromiseFound:
    """With the time that is told a clause later."""
    if promise.due or promise.conditional or promise.state not in ("open", "question"):
        return promise
    last = note.clause_at(promise.finish - 1)
    taken = [(other.begin, other.finish) for other in promises if other is not promise]
    due = told_next(last, promise.promiser, note, taken) if last else None
    return replace(promise, due=due) if due else promise


def _verdict(clause: Clause, scores: Scores, judges: Judges) -> Verdict | None:
    """None when the clause promises nothing."""
    answers = judges.promise.shares(scores)
    nothing = answers.pop(NONE)
    if nothing >= NOTHING:
        return None
    state, promiser = ANSWERS[max(answers, key=answers.__getitem__)]
    kinds = judges.kind.shares(scores)
    return Verdict(
        clause=clause,
        state=state,
        promiser=promiser,
        kind=max(kinds, key=kinds.__getitem__),
        kinds=kinds,
        conditional=judges.conditional.odds(scores)["conditional"] > 0.5,
        confidence=round(1 - nothing, 2),
    )


def _holds(verdict: Verdict, promise: PromiseFound) -> bool:
    return verdict.clause.begin < promise.finish and promise.begin < verdict.clause.finish


def _settled(
    proposal: PromiseFound, verdicts: Sequence[Verdict], note: Note
) -> PromiseFound | None:
    """The proposal as the surest verdict about its clauses has it; None when all are against."""
    about = [verdict for verdict in verdicts if _holds(verdict, proposal)]
    if not about:
        return None
    verdict = max(about, key=lambda each: each.confidence)
    kind, deliverable = proposal.kind, proposal.deliverable
    if verdict.kinds.get(kind, 1.0) < LIKELY and not _is_named(proposal, note):
        kind, deliverable = verdict.kind, _name(_act(verdict, note), note)
    open_still = verdict.state in ("open", "question")
    due = proposal.due or (choose_due(_act(verdict, note), note) if open_still else None)
    return replace(
        proposal,
        deliverable=deliverable,
        kind=kind,
        state=verdict.state,
        promiser=verdict.promiser,
        conditional=verdict.state == "open" and verdict.conditional,
        due=due if open_still else None,
        owner=proposal.owner or owner_of(_act(verdict, note), verdict.promiser, note),
        confidence=verdict.confidence,
    )


def _is_named(promise: PromiseFound, note: Note) -> bool:
    """Whether the vocabulary has what is owed by its name."""
    return any(note.name_of(owed) == promise.deliverable for owed in note.things)


def _act(verdict: Verdict, note: Note) -> Act:
    """The clause as an act that no rule knows."""
    clause = verdict.clause
    action = Action("judged", verdict.kind, "", "", "", alone=True)
    return Act(clause, action, clause.finish, clause.finish, things_in(clause, note))


def _plain(verdict: Verdict, note: Note) -> PromiseFound:
    """A promise that the rules did not see."""
    act = _act(verdict, note)
    words, begin, finish = note.verbatim(verdict.clause.begin, verdict.clause.finish)
    return PromiseFound(
        text=words,
        begin=begin,
        finish=finish,
        deliverable=_name(act, note),
        kind=verdict.kind,
        promiser=verdict.promiser,
        state=verdict.state,
        conditional=verdict.state == "open" and verdict.conditional,
        due=choose_due(act, note) if verdict.state in ("open", "question") else None,
        rule=f"judged.{verdict.kind}",
        owner=owner_of(act, verdict.promiser, note),
        confidence=verdict.confidence,
    )


def _name(act: Act, note: Note) -> str:
    """The thing of that kind named here or shortly before, else the kind."""
    kind = act.action.kind
    here = [owed for owed in act.things if owed.thing.kind == kind]
    if here:
        return note.name_of(here[-1])
    before = spoken_before(act.clause, note, kind)
    if before is not None:
        return before
    return ENGLISH.get(kind, kind) if note.is_english else NAMES[kind]


def _add(settled: list[PromiseFound], promise: PromiseFound, note: Note) -> None:
    """One promise told over two clauses is one."""
    for at, known in enumerate(settled):
        if _goes_on(known, promise, note):
            settled[at] = _joined(known, promise, note)
            return
    settled.append(promise)


def _goes_on(known: PromiseFound, promise: PromiseFound, note: Note) -> bool:
    near = 0 <= promise.begin - known.finish <= 2 or 0 <= known.begin - promise.finish <= 2
    alike = known.promiser == promise.promiser and known.state == promise.state
    same_kind = known.kind == promise.kind
    other_day = known.due and promise.due and known.due.end != promise.due.end
    return near and alike and same_kind and not other_day


def _joined(known: PromiseFound, promise: PromiseFound, note: Note) -> PromiseFound:
    begin, finish = min(known.begin, promise.begin), max(known.finish, promise.finish)
    words, begin, finish = note.verbatim(begin, finish)
    due = known.due or promise.due
    return replace(known, text=words, begin=begin, finish=finish, due=due)
