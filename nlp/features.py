"""Describe a clause to the judges: its letters, meanings and times, and what the rules think."""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import pairwise

from nlp.clauses import condition_before, is_chore, is_condition
from nlp.concepts import Meaning
from nlp.note import Clause, Note
from nlp.sides import US_DEMANDED, subject_before
from nlp.time.types import TimeSpan
from nlp.types import PromiseFound, Promiser

NUMBER = re.compile(r"\d[\d.,]*|[一二两三四五六七八九十百千]+(?=[万亿千元块折成台套件个天周点号])")
"""However it is written: 2万 and 两万 are one."""
TOKEN = re.compile(r"[a-z']+|\S")
MANY = 12
"""Meanings of one clause that are paired with each other; a longer clause was pasted."""
NEAR = 8
FAR = timedelta(days=31)


Features = list[str]


def described(note: Note, proposals: Sequence[PromiseFound]) -> list[Features]:
    """For each clause what can be said of it; equal words describe equal things."""
    meanings = [list(_meanings(note, clause)) for clause in note.clauses]
    concepts = [[name for each in inside for name in each.concepts] for inside in meanings]
    subjects = [subject_before(clause, clause.finish, note) for clause in note.clauses]
    return [
        [
            *_letters(note, clause),
            *_company(concepts, clause.index),
            *_about(note, clause, concepts[clause.index]),
            *_acts(note, clause),
            *_subject(note, clause, subjects),
            *_opinions(clause, proposals),
        ]
        for clause in note.clauses
    ]


def of_time(note: Note, clause: Clause, time: TimeSpan) -> set[str]:
    """What can be said of a day or an hour beside what is said of its clause."""
    begin, finish = clause.begin, clause.finish
    before = note.folded[max(begin, time.begin - 4) : time.begin]
    after = note.folded[time.finish : min(finish, time.finish + 4)]
    features = {f"<{letter}" for letter in before} | {f">{letter}" for letter in after}
    features |= {f"<{before[-2:]}", f">{after[:2]}", f"when:{_when(note, time)}"}
    features |= {f"grain:{time.grain}", f"kind:{time.kind}"}
    place = sum(other.begin < time.begin for other in note.times)
    features.add(f"place:{min(place, 2)}of{min(len(note.times), 3)}")
    return features


def _meanings(note: Note, clause: Clause) -> Iterator[Meaning]:
    """Those of the words, and the kinds of the things named."""
    names = [(who.begin, who.finish) for who in note.people]
    inside = [
        meaning
        for meaning in note.meanings
        if clause.begin <= meaning.begin < clause.finish
        and not any(begin <= meaning.begin < finish for begin, finish in names)
    ]
    for owed in note.things:
        if clause.begin <= owed.begin < clause.finish:
            inside.append(Meaning(owed.begin, owed.finish, (f"d.{owed.thing.kind}",)))
    return iter(sorted(inside))


def _letters(note: Note, clause: Clause) -> Iterator[str]:
    """Letters and words, alone and side by side, names and times as one letter each."""
    tokens = ["^", *TOKEN.findall(NUMBER.sub("0", masked(note, clause))), "$"]
    yield from tokens[1:-1]
    for one, two in pairwise(tokens):
        yield f"{one}·{two}"
    for one, three in zip(tokens, tokens[2:], strict=False):
        yield f"{one}…{three}"


def masked(note: Note, clause: Clause) -> str:
    """The clause with N for a person, T for a time, D for a thing that can be owed."""
    spans = [(who.begin, who.finish, "N") for who in note.people]
    spans += [(time.begin, time.finish, "T") for time in note.times]
    spans += [(owed.begin, owed.finish, "D") for owed in note.things]
    parts: list[str] = []
    at = clause.begin
    for begin, finish, letter in sorted(spans):
        if at <= begin < clause.finish:
            parts += (note.folded[at:begin], letter)
            at = min(finish, clause.finish)
    parts.append(note.folded[at : clause.finish])
    return "".join(parts)


def _company(concepts: Sequence[Sequence[str]], index: int) -> Iterator[str]:
    """The meanings of a clause, their order, and those next door."""
    here = concepts[index][:MANY]
    before = concepts[index - 1][:MANY] if index else []
    after = concepts[index + 1][:MANY] if index + 1 < len(concepts) else []
    for at, one in enumerate(here):
        yield f"<{one}>"
        for two in here[at + 1 : at + 1 + NEAR]:
            if one != two:
                yield f"<{one}{two}>"
        for earlier in before[-4:]:
            yield f"<{earlier}|{one}>"
    for one in dict.fromkeys(before):
        yield f"-<{one}>"
    for one in dict.fromkeys(after):
        yield f"+<{one}>"


def _about(note: Note, clause: Clause, concepts: Sequence[str]) -> Iterator[str]:
    yield f"by:{note.role}"
    for one in dict.fromkeys(concepts):
        yield f"{note.role}<{one}>"
    yield "asks" if clause.asks else "tells"
    if clause.quotes:
        yield "quotes"
    yield from _times(note, clause.times, "t")
    for step in (-1, 1):
        at = clause.index + step
        if 0 <= at < len(note.clauses):
            near = note.clauses[at]
            yield from _times(note, near.times, f"t{step}")
            if near.asks:
                yield f"asks{step}"
        else:
            yield f"none{step}"
    if any(clause.begin <= who.begin < clause.finish for who in note.people):
        yield "named"


def _times(note: Note, times: Iterable[TimeSpan], prefix: str) -> Iterator[str]:
    when = {_when(note, time) for time in times}
    yield from (f"{prefix}:{each}" for each in when or {"none"})
    yield from (f"{prefix}:{kind}" for kind in {time.kind for time in times})


def _when(note: Note, time: TimeSpan) -> str:
    if time.start is None and time.end is None:
        return "silent"
    if time.end is not None and time.end <= note.now:
        return "past"
    if time.last_day == note.now.date():
        return "today"
    return "far" if time.start and time.start - note.now > FAR else "ahead"


def _acts(note: Note, clause: Clause) -> Iterator[str]:
    """What is done in a clause, and what it hangs on."""
    for act, _, _ in note.actions[clause.index]:
        yield f"a:{act.id}"
        yield f"ak:{act.kind}"
    if is_chore(clause, note):
        yield "chore"
        yield f"chore:{note.role}"
    if is_condition(clause):
        yield "condition"
    if condition_before(clause, note):
        yield "conditioned"


def _subject(note: Note, clause: Clause, subjects: Sequence[Promiser | None]) -> Iterator[str]:
    """Who is named last, here and in the clause before."""
    here = subjects[clause.index]
    before = subjects[clause.index - 1] if clause.index else None
    yield f"who:{here}"
    yield f"{note.role}who:{here}"
    yield f"who-1:{before}"
    if here is None:
        yield f"whose:{before}"
        yield f"{note.role}whose:{before}"
    if US_DEMANDED.search(clause.text):
        yield "demanded"


def _opinions(clause: Clause, proposals: Sequence[PromiseFound]) -> Iterator[str]:
    """What the rules would make of it."""
    for proposal in proposals:
        if clause.begin < proposal.finish and proposal.begin < clause.finish:
            yield f"r:{proposal.state}:{proposal.promiser}"
            yield f"rk:{proposal.kind}"
            yield f"r:{proposal.rule}"
            yield "r:any"
            yield "r:act" if proposal.finish <= clause.finish else "r:part"
