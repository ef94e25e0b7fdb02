"""Find the things a note names that one side can owe."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from nlp.lexicon import Lexicon, Thing

COPY = re.compile("复印件|扫描件|原件|电子版|英文版|纸质版")
"""The copy of a thing is the thing."""
OF = re.compile(r"^\s*的?\s*$")


@dataclass(frozen=True, slots=True)
class Owed:
    """A thing named in the note; offsets are the note's own."""

    thing: Thing
    begin: int
    finish: int
    said: str


def find_things(folded: str, lexicon: Lexicon) -> Sequence[Owed]:
    """样机的测试报告 names one thing: the report."""
    found: list[Owed] = []
    for match in lexicon.thing.finditer(folded):
        if found and COPY.match(match[0]) and found[-1].finish == match.start():
            continue
        if found and OF.match(folded[found[-1].finish : match.start()]):
            found.pop()
        found.append(Owed(lexicon.thing_of(match), match.start(), match.end(), match[0]))
    return tuple(found)
