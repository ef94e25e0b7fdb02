"""Find the customer organisation a note is about."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from itertools import pairwise

from nlp.han_firms import han_firms
from nlp.latin_firms import latin_firms
from nlp.lexicon import CompanyWords
from nlp.note import Note
from nlp.text import fold
from nlp.types import Slot
from nlp.words import vocabulary

LEGAL_FORM = re.compile("(?:股份)?(?:有限)?(?:责任)?公司$|集团$")
LONG = 4
"""Letters of a name that is recognised with one of them wrong."""
LIKELY = 0.7
BRANCH = re.compile("(?:分?公司|项目)$")


def find_company(note: Note) -> Slot[str] | None:
    """The first organisation named, the surest way of naming first."""
    for seek in SEEKERS:
        found = sorted(seek(note), key=lambda slot: (-slot.confidence, slot.begin, -slot.finish))
        if found:
            return found[0]
    return None


def _known(note: Note) -> Iterator[Slot[str]]:
    """By its full name, or by what people leave of it: 浙江鼎科智能科技有限公司 is 鼎科.

    In a long name one letter may be wrong: 华康医疗器戒.
    """
    if not note.customers:
        return
    anchors = _anchors(tuple(note.customers), note.lexicon.companies)
    for at, two in enumerate(map("".join, pairwise(note.folded))):
        for name, words, ahead in anchors.get(two, ()):
            begin, finish = at - ahead, at - ahead + len(words)
            if begin >= 0 and (sure := _likeness(words, note.folded[begin:finish])):
                yield Slot(name, note.text[begin:finish], begin, finish, "company.known", sure)


Anchors = Mapping[str, Sequence[tuple[str, str, int]]]
"""Two letters → the names that begin or end so: name, how it is said, letters ahead of the two."""


@lru_cache(maxsize=256)
def _anchors(customers: tuple[str, ...], known: CompanyWords) -> Anchors:
    """Kept for each list of customers: a note looks up its own letters, whatever their number."""
    anchors: dict[str, list[tuple[str, str, int]]] = {}
    for name in customers:
        for words in _ways_to_say(name, known):
            for ahead in dict.fromkeys((0, len(words) - 2)):
                anchors.setdefault(words[ahead : ahead + 2], []).append((name, words, ahead))
    return anchors


def _likeness(words: str, there: str) -> float:
    """How sure it is that they are the same name; 0 when they are not."""
    if words == there:
        return 1.0
    if len(words) < LONG or len(there) != len(words) or words.isascii():
        return 0.0
    wrong = sum(one != other for one, other in zip(words, there, strict=True))
    return LIKELY if wrong == 1 else 0.0


@lru_cache(maxsize=20_000)
def _ways_to_say(name: str, known: CompanyWords) -> Sequence[str]:
    """The longest first; what is left must not be a word that anybody uses."""
    short = LEGAL_FORM.sub("", name)
    core = next((short[2:] for place in known.places if short[:2] == place), short)
    core = re.sub(f"(?:{known.trades})+$", "", core)
    return tuple(
        fold(words)
        for words in dict.fromkeys((name, short, core))
        if len(words) > 1 and (words == name or not vocabulary().is_ordinary(words))
    )


def _named(note: Note) -> Iterator[Slot[str]]:
    for firm in (*latin_firms(note), *han_firms(note)):
        words, begin, finish = note.verbatim(firm.begin, firm.finish)
        if len(words) >= 2 and not _is_none(words, begin, finish, firm.rule, note):
            yield Slot(words, words, begin, finish, firm.rule, firm.confidence)


SEEKERS: Sequence[Callable[[Note], Iterator[Slot[str]]]] = (_known, _named)


def _is_none(words: str, begin: int, finish: int, rule: str, note: Note) -> bool:
    """Not a customer: a common word, a place, a person, a rival, a time, a thing to deliver."""
    known, folded = note.lexicon.companies, note.folded[begin:finish]
    listed = words in known.never | known.ours | known.cities
    if listed or BRANCH.sub("", words) in known.places or known.competitor.search(folded):
        return True
    if any(who.begin < finish and begin < who.finish for who in note.people):
        return True
    if any(time.begin < finish and begin < time.finish for time in note.times):
        return True
    if rule == "company.institution":
        return False
    return bool(
        _kind_alone(known).fullmatch(folded)
        or known.common.search(folded)
        or _is_promised(folded, note)
    )


@cache
def _kind_alone(known: CompanyWords) -> re.Pattern[str]:
    """化工厂 is what many are, and nobody's name."""
    return re.compile(f"(?:{known.trades})?(?:{known.kinds}|{known.trades})")


def _is_promised(folded: str, note: Note) -> bool:
    """A thing to deliver, or what is done with it."""
    lexicon = note.lexicon
    return bool(lexicon.thing.search(folded) or lexicon.action.match(folded))
