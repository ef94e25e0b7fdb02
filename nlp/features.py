"""Describe a clause to the judges: its letters, meanings and times, and what the rules think."""

import re
from bisect import bisect
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
Mask = tuple[int, int, str]


def described(note: Note, proposals: Sequence[PromiseFound]) -> list[Features]:
    """For each clause what can be said of it; equal words describe equal things."""
    concepts = _concepts(note)
    masks = _masks(note)
    times = [_told(note, clause.times) for clause in note.clauses]
    subjects = [subject_before(clause, clause.finish, note) for clause in note.clauses]
    return [
        [
            *_letters(masked(note, clause, masks)),
            *_company(concepts, clause.index),
            *_about(note, clause, times),
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


def _concepts(note: Note) -> list[list[str]]:
    """For each clause the meanings of its words, and the kinds of the things it names."""
    names = [(who.begin, who.finish) for who in note.people]
    found = [
        meaning
        for meaning in note.meanings
        if not any(begin <= meaning.begin < finish for begin, finish in names)
    ]
    found += [Meaning(o.begin, o.finish, (f"d.{o.thing.kind}",)) for o in note.things]
    inside: list[list[str]] = [[] for _ in note.clauses]
    begins = [clause.begin for clause in note.clauses]
    for meaning in sorted(found):
        if (at := bisect(begins, meaning.begin) - 1) >= 0:
            inside[at] += meaning.concepts
    return inside


def _masks(note: Note) -> list[Mask]:
    """N for a person, T for a time, D for a thing that can be owed."""
    masks = [(who.begin, who.finish, "N") for who in note.people]
    masks += [(time.begin, time.finish, "T") for time in note.times]
    masks += [(owed.begin, owed.finish, "D") for owed in note.things]
    return sorted(masks)


def masked(note: Note, clause: Clause, masks: Iterable[Mask]) -> str:
    """The clause with one letter for each name, time and thing."""
    parts: list[str] = []
    at = clause.begin
    for begin, finish, letter in masks:
        if at <= begin < clause.finish:
            parts += (note.folded[at:begin], letter)
            at = min(finish, clause.finish)
    parts.append(note.folded[at : clause.finish])
    return "".join(parts)


def _letters(text: str) -> Features:
    """Letters and words, alone, side by side, and with one between."""
    tokens = ["^", *TOKEN.findall(NUMBER.sub("0", text)), "$"]
    beside = [f"{one}·{two}" for one, two in pairwise(tokens)]
    apart = [f"{one}…{three}" for one, three in zip(tokens, tokens[2:], strict=False)]
    return tokens[1:-1] + beside + apart


def _company(concepts: Sequence[Sequence[str]], index: int) -> Features:
    """The meanings of a clause, their order, and those next door."""
    here = concepts[index][:MANY]
    before = concepts[index - 1][:MANY] if index else []
    after = concepts[index + 1][:MANY] if index + 1 < len(concepts) else []
    features = [f"<{one}>" for one in here]
    for at, one in enumerate(here):
        features += [f"<{one}{two}>" for two in here[at + 1 : at + 1 + NEAR] if one != two]
    features += [f"<{earlier}|{one}>" for earlier in before[-4:] for one in here]
    features += [f"-<{one}>" for one in before]
    features += [f"+<{one}>" for one in after]
    return features


def _about(note: Note, clause: Clause, times: Sequence[Features]) -> Iterator[str]:
    """Who writes, whether it asks, and when it is, here and next door."""
    yield f"by:{note.role}"
    yield "asks" if clause.asks else "tells"
    if clause.quotes:
        yield "quotes"
    yield from (f"t:{told}" for told in times[clause.index])
    for step in (-1, 1):
        at = clause.index + step
        if not 0 <= at < len(note.clauses):
            yield f"none{step}"
            continue
        yield from (f"t{step}:{told}" for told in times[at])
        if note.clauses[at].asks:
            yield f"asks{step}"
    if any(clause.begin <= who.begin < clause.finish for who in note.people):
        yield "named"


def _told(note: Note, times: Sequence[TimeSpan]) -> Features:
    """When a clause's times are, and of which kinds."""
    return [*(_when(note, time) for time in times), *(time.kind for time in times)] or ["none"]


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
