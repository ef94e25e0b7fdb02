"""Find the people a note names, in either script."""

from collections.abc import Iterator, Sequence

from nlp.han_names import Found, han_names
from nlp.latin_names import latin_names
from nlp.lexicon import Lexicon
from nlp.text import narrow
from nlp.types import Slot


def find_people(
    text: str, folded: str, lexicon: Lexicon, contacts: Sequence[str] = ()
) -> list[Slot[str]]:
    """In the order of the text, each person once; of names that overlap, the first and longest."""
    people: list[Slot[str]] = []
    names: set[str] = set()
    for found in sorted(
        _candidates(text, folded, lexicon, contacts), key=lambda f: (f.begin, -f.finish)
    ):
        name = text[found.begin : found.finish]
        inside = people and found.begin < people[-1].finish
        if not inside and name not in names:
            names.add(name)
            people.append(Slot(name, name, found.begin, found.finish, found.rule, found.confidence))
    return people


def _candidates(
    text: str, folded: str, lexicon: Lexicon, contacts: Sequence[str]
) -> Iterator[Found]:
    yield from _known(text, contacts)
    if not text.isascii():
        yield from han_names(folded, lexicon)
    latin = narrow(text)
    if any("A" <= letter <= "Z" for letter in latin):
        yield from latin_names(latin, lexicon)


def _known(text: str, contacts: Sequence[str]) -> Iterator[Found]:
    for name in contacts:
        begin = text.find(name) if len(name) > 1 else -1
        if begin >= 0:
            yield Found(begin, begin + len(name), "people.known", 1.0)
