"""Which words examples hint at: one finder for each sort of entry, none of them sure."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from nlp.learning.types import Entry, Example, Told
from nlp.lexicon import Lexicon
from nlp.text import fold

Hint = tuple[Entry, str]
"""An entry, and the sentence that hints at it."""
CLAUSE = re.compile(r"[,。!?;:、\s…“”\"()~]+")
PLAIN = re.compile(r"[\u4e00-\u9fffA-Za-z0-9][\u4e00-\u9fffA-Za-z0-9 -]*")
"""A word without signs, which is its own pattern."""
HAN = re.compile("[\u4e00-\u9fff]+")
MODEL_TAIL = re.compile(r"\s?(?:型号?|系列|款|号机)$")
RIVAL = re.compile(
    r"(?:^|说|对比了?|比较了?|比了?|跟|和|找了?|在看|在用|用了?|选了?|换成?|定了|签了)"
    r"(?P<name>[a-z][a-z0-9 -]{1,18}[a-z0-9]|[\u4e00-\u9fff]{2,5}?)"
    r"(?=的|家|比我们|报价|报了|更|便宜|中标|$)"
)
SHORTEST, LONGEST = 2, 8
"""Letters of a word for a tag."""
ABBREVIATED = range(2, 5)
"""Letters of what is short for a name."""


@dataclass(frozen=True, slots=True)
class Known:
    """What finders may look at."""

    examples: Sequence[Example]
    notes: Sequence[Told]
    lexicon: Lexicon

    def is_thing(self, word: str) -> bool:
        folded = fold(word)
        found = self.lexicon.thing.match(folded)
        return found is not None and found.end() == len(folded)

    def of_kind(self, *kinds: str) -> Iterator[Example]:
        return (example for example in self.examples if example.kind in kinds)


def deliverables(known: Known) -> Iterator[Hint]:
    """A thing that had to be named, and that is on no list."""
    for example in known.of_kind("deliverable", "promise"):
        word = example.became.strip()
        if PLAIN.fullmatch(word) and not known.is_thing(word):
            yield Entry("deliverables", (_kind_of(example, known),), word, ()), example.text


def _kind_of(example: Example, known: Known) -> str:
    """It is owed as what it was taken for."""
    was = known.lexicon.things.get(fold(example.was))
    return was.kind if was else "other"


def products(known: Known) -> Iterator[Hint]:
    for example in known.of_kind("model"):
        name = MODEL_TAIL.sub("", example.became.strip())
        if PLAIN.fullmatch(name) and fold(name) not in known.lexicon.products:
            yield Entry("products", ("products",), name, ()), example.text


def competitors(known: Known) -> Iterator[Hint]:
    """A name beside words of comparing, in a note that somebody said was about a rival."""
    for example in known.of_kind("tag"):
        if example.became != "competitor":
            continue
        said = example.words if example.words in example.text else ""
        for clause in _clauses(said or example.text):
            if (found := RIVAL.search(clause)) and not known.is_thing(found["name"]):
                name = _as_written(found["name"], example.text)
                if not known.lexicon.companies.competitor.search(fold(name)):
                    yield Entry("companies", ("competitors",), name), example.text


def abbreviations(known: Known) -> Iterator[Hint]:
    """A customer was chosen for a note that names it by some of its letters."""
    for example in known.of_kind("customer"):
        full = example.became
        for short in _short_for(full, example):
            if fold(short) not in known.lexicon.abbreviations and not known.is_thing(short):
                yield Entry("abbreviations", ("abbreviations",), short, full), example.text


def _short_for(full: str, example: Example) -> Iterator[str]:
    if example.was:
        if example.was not in full and _is_short(example.was, full):
            yield example.was
        return
    for length in reversed(ABBREVIATED):
        for clause in CLAUSE.split(example.text):
            for begin in range(len(clause) - length + 1):
                piece = clause[begin : begin + length]
                if HAN.fullmatch(piece) and piece not in full and _is_short(piece, full):
                    yield piece
                    return


def _is_short(short: str, full: str) -> bool:
    """Its letters stand in the full name, in their order."""
    rest = iter(full)
    return len(short) < len(full) and all(letter in rest for letter in short)


def slips(known: Known) -> Iterator[Hint]:
    """A known word was meant, and as many letters that are nearly it stand in the note."""
    for example in known.of_kind("deliverable", "promise"):
        right = fold(example.became)
        if HAN.fullmatch(right) and known.is_thing(right):
            for wrong in _nearly(right, fold(example.text), known):
                yield Entry("slips", ("slips",), wrong, right), example.text
    for example in known.of_kind("retold"):
        for wrong, right in _said_again(fold(example.text), fold(example.became), known):
            yield Entry("slips", ("slips",), wrong, right), example.text


def _nearly(right: str, text: str, known: Known) -> Iterator[str]:
    for begin in range(len(text) - len(right) + 1):
        piece = text[begin : begin + len(right)]
        same = sum(a == b for a, b in zip(piece, right, strict=True))
        if HAN.fullmatch(piece) and 2 * same >= len(right) > same and not known.is_thing(piece):
            yield piece


def _said_again(wrong: str, right: str, known: Known) -> Iterator[tuple[str, str]]:
    """Notes that differ in a word of the same length, which is known in the second."""
    if len(wrong) != len(right) or SequenceMatcher(None, wrong, right).ratio() < 0.7:
        return
    for word in known.lexicon.thing.finditer(right):
        piece = wrong[word.start() : word.end()]
        if piece != word[0] and HAN.fullmatch(piece + word[0]) and not known.is_thing(piece):
            yield piece, word[0]


def tag_words(known: Known) -> Iterator[Hint]:
    """What the notes of a tag have in common and no other note has; of one note alone, its only
    short clause or the words it rests on."""
    by_tag: dict[str, list[Example]] = {}
    for example in known.of_kind("tag"):
        if example.became:
            by_tag.setdefault(example.became, []).append(example)
    for topic in known.lexicon.tags:
        examples = by_tag.get(topic.id, ())
        strangers = [fold(note.text) for note in known.notes if topic.id not in note.tags]
        said = {fold(example.text): _sayings(example) for example in examples}
        texts = {fold(example.text): example.text for example in examples}
        while said:
            word = _common(said.values(), strangers)
            if not word:
                break
            for text in [text for text in said if word in text]:
                yield Entry("tags", (topic.id, "said"), word), texts[text]
                del said[text]
        for text, clauses in said.items():
            short = [clause for clause in clauses if SHORTEST <= len(clause) <= LONGEST]
            if len(short) == 1 and HAN.fullmatch(short[0]):
                yield Entry("tags", (topic.id, "said"), short[0]), texts[text]


def _sayings(example: Example) -> list[str]:
    rests_on = example.words and example.words in example.text
    return list(_clauses(example.words if rests_on else example.text))


def _common(said: Iterable[Sequence[str]], strangers: Sequence[str]) -> str:
    """The longest word of the most notes, of two at least; empty if there is none."""
    counts: Counter[str] = Counter()
    for clauses in said:
        counts.update({piece for clause in clauses for piece in _pieces(clause)})
    best = sorted(
        (word for word, count in counts.items() if count > 1),
        key=lambda word: (-counts[word], -len(word), word),
    )
    return next((w for w in best if not any(w in text for text in strangers)), "")


def _pieces(clause: str) -> Iterator[str]:
    for run in HAN.findall(clause):
        for length in range(SHORTEST, LONGEST + 1):
            for begin in range(len(run) - length + 1):
                yield run[begin : begin + length]


def _clauses(text: str) -> Iterator[str]:
    return (clause for clause in CLAUSE.split(fold(text)) if clause)


def _as_written(folded: str, text: str) -> str:
    begin = fold(text).find(folded)
    return text[begin : begin + len(folded)] if begin >= 0 else folded


FINDERS: Sequence[Callable[[Known], Iterator[Hint]]] = (
    deliverables,
    products,
    competitors,
    abbreviations,
    slips,
    tag_words,
)
