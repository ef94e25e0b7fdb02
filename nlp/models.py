"""Find the products and models a note names: our own by their names, and X2型号, 型号X2-Pro,
A300."""

import re
from collections.abc import Iterator

from nlp.note import Note
from nlp.types import Slot

MODEL = re.compile(
    r"(?:型号(?:是|为|:)?\s?(?P<after>[a-z0-9][a-z0-9.+/-]{0,15}))"
    r"|(?P<before>[a-z0-9][a-z0-9.+/-]{0,15}\s?(?:型号?|系列|款)(?![的机]?号?楼))"
    r"|(?<![a-z0-9./-])(?P<code>[a-z]{1,4}-?\d{1,4}[a-z]{0,3}(?:-[a-z0-9]{1,6})?)(?=\s?(?:样机|的?样品|机型|主机|设备|机器|探头|款))"
)

OWN_PRODUCT = "model.product"


def find_models(note: Note) -> Iterator[Slot[str]]:
    known = [match.span() for match in note.lexicon.product.finditer(note.folded)]
    for begin, finish in known:
        name = note.lexicon.products[note.folded[begin:finish]]
        yield Slot(name, note.text[begin:finish], begin, finish, OWN_PRODUCT)
    for match in MODEL.finditer(note.folded):
        group = match.lastgroup or ""
        begin, finish = match.span(group)
        if any(start < finish and begin < end for start, end in known):
            continue
        words, begin, finish = note.verbatim(begin, finish)
        yield Slot(words, words, begin, finish, f"model.{group}", 0.9)
