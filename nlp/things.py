"""Find the things a note names that one side can owe, and what is done with them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from nlp.lexicon import Action, Lexicon, Thing
from nlp.types import Slot

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


Done = tuple[Action, int, int]
"""What is done; from where to where in its clause."""


def find_actions(
    text: str, begin: int, lexicon: Lexicon, people: Sequence[Slot[str]]
) -> list[Done]:
    """In a clause that begins at an offset of the note; names hold none."""
    found: list[Done] = []
    for match in lexicon.action.finditer(text):
        action = lexicon.action_of(match)
        start, finish = begin + match.start(), begin + match.end()
        inside_name = any(who.begin < finish and start < who.finish for who in people)
        if action.kind != "none" and not inside_name:
            found.append((action, *match.span()))
    return found
