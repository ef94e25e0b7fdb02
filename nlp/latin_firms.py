"""Find the organisations that are named in Latin letters: Harlow Home, Nextron的NDA."""

import re
from collections.abc import Iterator
from functools import cache

from nlp.han_firms import Firm
from nlp.note import Note
from nlp.text import narrow

WORD = r"(?<![A-Za-z@.])[A-Z][A-Za-z&-]{1,30}"
NAME = rf"({WORD}(?: {WORD}){{0,4}})"
OF_WORK = (
    "(?:site|service|account|deal|order|contract|project|plant|office|renewal|case|quote|lab|tender"
    "|guys|people|team|folks)"
)
SEEN = (
    re.compile(
        r"\b(?i:from|at|for|of|lost|visited|visiting|won|met|call|called|whether|left|chase|nudge"
        r"|owe|owes|(?<!compared )(?<!gone )(?<!went )(?<!going )(?<!compatible )with"
        r"|(?<!compared )(?<!walks over )(?<!walked over )(?<!switching )(?<!switched )to)"
        rf"\s+{NAME}"
    ),
    re.compile(rf"(?<=[a-z] ){NAME}(?= {OF_WORK}\b)"),
    re.compile(
        rf"(?:^|[.!?]\s+){NAME}(?= (?:signed|placed|wants|asked|confirmed|needs|agreed|paid|chose|"
        r"approved|ordered|wired|rejected|cancelled|picked|accepted|came back)\b)"
    ),
    re.compile(r"(?:^|[.!?,] )([A-Z][a-z]+[A-Za-z&-]*(?: [A-Z][a-z]+)?)(?=(?:’|')s )"),
    re.compile(
        r"(?:^|[,，。!！?？:：]\s?|[\u4e00-\u9fff])([A-Z][A-Za-z]*[a-z]|[A-Z]{4,})"
        r"(?=的|那边|这边|那[台批单个份套]|那些)"
    ),
)
"""The name stands where an organisation is likely; the surest place first."""
VERB = re.compile(r"(?:Won|Lost|Met|Visited|Called|Left|Chase|Visit|See|Won't) (?=[A-Z])")


@cache
def _suffixed(suffix: str) -> re.Pattern[str]:
    return re.compile(rf"({WORD}(?: {WORD}){{0,4}} (?:{suffix}|AB|AG|SA|BV|Oy|AS|Co))(?![A-Za-z])")


def latin_firms(note: Note) -> Iterator[Firm]:
    text = narrow(note.text)
    if not any("A" <= letter <= "Z" for letter in text):
        return
    for match in _suffixed(note.lexicon.companies.english_suffix).finditer(text):
        yield _firm(match, 0.85)
    for pattern in SEEN:
        for match in pattern.finditer(text):
            yield _firm(match, 0.8)


def _firm(match: re.Match[str], confidence: float) -> Firm:
    verb = VERB.match(match[1])
    begin = match.start(1) + (verb.end() if verb else 0)
    return Firm(begin, match.end(1), "company.english", confidence)
