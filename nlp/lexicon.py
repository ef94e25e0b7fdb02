"""Turn the vocabulary files into one frozen object that every reader of notes shares."""

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

from nlp.concepts import Concepts
from nlp.phrases import NOTHING, Words, literal_of, pattern_of, words_of
from nlp.text import fold

Tables = Mapping[str, Mapping[str, Any]]
"""File name without ending → the parsed file."""
LONGEST_SHOWN = 80
GOODS = "shipment"
"""What it is to promise a product by its name."""
PLAINLY = "write the word plainly, with two backslashes before each of ( ) [ ] ? * + that is meant"


class LexiconError(ValueError):
    """A vocabulary file cannot be used; the message names file, key, value and remedy."""

    def __init__(self, file: str, key: str, value: object, why: str, remedy: str = "") -> None:
        told = f"{file}.toml: {key} = {_shown(value)}: {why}"
        super().__init__(f"{told}. Remedy: {remedy}." if remedy else told)

    def inside(self, folder: Traversable) -> "LexiconError":
        """The same, saying in which of the folders that file lies."""
        self.args = (f"{folder}/{self}",)
        return self


def _shown(value: object) -> str:
    told = repr(value)
    return told if len(told) <= LONGEST_SHOWN else f"{told[:LONGEST_SHOWN]}…"


@dataclass(frozen=True, slots=True)
class Thing:
    """Something that can be owed."""

    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class Action:
    """What is done when a promise is kept."""

    id: str
    kind: str
    name: str
    english_name: str
    debtor: str
    alone: bool
    """Says enough without a thing."""


@dataclass(frozen=True, slots=True)
class Topic:
    """A tag or a stage: how it is said and what takes it back inside the same clause."""

    id: str
    name: str
    said: Words
    unless: Words


@dataclass(frozen=True, slots=True)
class PeopleWords:
    surnames: frozenset[str]
    common: frozenset[str]
    weak: frozenset[str]
    """Surnames that are little words of the language as well."""
    foreign: frozenset[str]
    """Letters that Tibetan, Uyghur and Mongolian names are written with."""
    transliterated: frozenset[str]
    """Letters that western names are written with."""
    given_letters: frozenset[str]
    title: re.Pattern[str]
    bare: re.Pattern[str]
    """Titles that stand without a name too."""
    short: frozenset[str]
    in_office: re.Pattern[str]
    """Who somebody is, at the end of what leads up to the name."""
    never: frozenset[str]
    given: frozenset[str]
    also_words: frozenset[str]
    """Given names that are words of the language as well."""
    spelled: frozenset[str]
    """Chinese surnames in Latin letters."""


@dataclass(frozen=True, slots=True, eq=False)
class CompanyWords:
    """Compared by identity: patterns made of it are kept by it."""

    kinds: str
    trades: str
    """Say what a firm does, behind its name."""
    goods_trades: frozenset[str]
    """Of these, the ones that name goods and services as well."""
    institutions: str
    institution_ends: str
    town_letters: frozenset[str]
    industry_letters: frozenset[str]
    english_suffix: str
    brand_letters: frozenset[str]
    goods_letters: frozenset[str]
    attributes: frozenset[str]
    competitor: re.Pattern[str]
    places: frozenset[str]
    cities: frozenset[str]
    never: frozenset[str]
    ours: frozenset[str]
    before: re.Pattern[str]
    common: re.Pattern[str]
    """Tells that a name is none."""


@dataclass(frozen=True, slots=True)
class Lexicon:
    """All vocabulary, compiled."""

    slips: Sequence[tuple[str, str]]
    thing: Words
    things: Mapping[str, Thing]
    """By the words that name them."""
    other_things: Sequence[tuple[re.Pattern[str], Thing]]
    """Those that only a pattern can tell."""
    action: Words
    actions: Sequence[tuple[Words, Action]]
    """In the order in which they are tried."""
    cues: Mapping[str, Words]
    tags: Sequence[Topic]
    sure: Words
    """What any of the tags is surely said with."""
    rival: re.Pattern[str]
    """A competitor's name next to a word of comparing or choosing."""
    people: PeopleWords
    companies: CompanyWords
    translations: Mapping[str, str]
    product: Words
    products: Mapping[str, str]
    """What a product is called, folded → its name."""
    abbreviations: Mapping[str, str]
    """Short for a customer's name, folded → the full name."""
    concepts: Concepts

    def cue(self, name: str) -> Words:
        return self.cues[name]

    def action_of(self, match: re.Match[str]) -> Action:
        """What a match of `action` does: the first action that is said so at its place."""
        for said, action in self.actions:
            if said.match(match.string, match.start()):
                return action
        raise LookupError(match[0])

    def thing_of(self, match: re.Match[str]) -> Thing:
        """What a match of `thing` names."""
        known = self.things.get(match[0])
        if known is not None:
            return known
        for pattern, thing in self.other_things:
            found = pattern.match(match.string, match.start())
            if found and found.end() == match.end():
                return thing
        raise LookupError(match[0])


@cache
def default_lexicon() -> Lexicon:
    """The vocabulary that ships with the bot."""
    return compile_lexicon(read_tables(resources.files("config") / "lexicon"))


def read_tables(folder: Traversable) -> Tables:
    """The files of a folder, in the order of their names. Raises LexiconError."""
    try:
        files = sorted(folder.iterdir(), key=lambda file: file.name)
    except OSError as error:
        raise LexiconError("*", "folder", str(folder), str(error.strerror)) from error
    return {
        file.name.removesuffix(".toml"): _parsed(file)
        for file in files
        if file.name.endswith(".toml") and not file.name.startswith(".")
    }


def _parsed(file: Traversable) -> Mapping[str, Any]:
    name = file.name.removesuffix(".toml")
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise LexiconError(name, "file", file.name, str(error.strerror)) from error
    except UnicodeDecodeError as error:
        raise LexiconError(name, "file", file.name, str(error), "save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise LexiconError(name, "file", file.name, str(error), "mend that line") from error


def compile_lexicon(tables: Tables) -> Lexicon:
    """Raises LexiconError for the first thing that cannot be used."""
    actions, action = _actions(tables)
    companies = _companies(tables)
    products = _products(tables)
    named, abbreviations = _with_own_names(tables, _named_things(tables), products)
    plain = {words: thing for words, thing in named if words.isalnum()}
    return Lexicon(
        slips=_slips(tables),
        thing=words_of(pattern for pattern, _ in named),
        things=plain,
        other_things=tuple(
            (re.compile(words), thing) for words, thing in named if words not in plain
        ),
        actions=actions,
        action=action,
        cues={
            key: phrases("cues", f"cues.{key}", said)
            for key, said in _table(tables, "cues", "cues").items()
        },
        tags=_topics(tables, "tags"),
        sure=_sure(tables),
        rival=_rival(tables, companies),
        people=_people(tables),
        companies=companies,
        translations=_table(tables, "deliverables", "translate"),
        product=words_of(_longest_first(map(literal_of, products))),
        products=products,
        abbreviations=abbreviations,
        concepts=_concepts(tables),
    )


def phrases(file: str, key: str, said: object) -> Words:
    """All phrases of a list as one."""
    return _words(file, key, _strings(file, key, said))


def _words(file: str, key: str, spoken: Sequence[str]) -> Words:
    """Phrases are compiled together; only when that fails is the wrong one looked for."""
    try:
        return words_of(pattern_of(phrase) for phrase in spoken)
    except re.error:
        for phrase in spoken:
            _compile(file, key, pattern_of(phrase), shown=phrase)
        raise


def alternatives(file: str, key: str, said: object) -> str:
    return "|".join(pattern_of(each) for each in _strings(file, key, said)) or NOTHING


def _compile(file: str, key: str, pattern: str, shown: str = "") -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as error:
        raise LexiconError(file, key, shown or pattern, str(error), PLAINLY) from error


def _strings(file: str, key: str, value: object) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        raise LexiconError(file, key, value, "must be a list of words", 'write ["…", "…"]')
    return value


def _table(tables: Tables, file: str, key: str) -> Mapping[str, Any]:
    value = tables.get(file, {}).get(key, {})
    if not isinstance(value, Mapping):
        raise LexiconError(file, key, value, "must be a table")
    return value


def _concepts(tables: Tables) -> Concepts:
    table = _table(tables, "concepts", "concepts")
    return Concepts(
        {key: _strings("concepts", f"concepts.{key}", words) for key, words in table.items()}
    )


def _slips(tables: Tables) -> Sequence[tuple[str, str]]:
    slips = _table(tables, "slips", "slips")
    for wrong, right in slips.items():
        if not isinstance(right, str) or len(wrong) != len(right):
            raise LexiconError(
                "slips",
                f"slips.{wrong}",
                right,
                "must be as long as the slip",
                "write as many letters on both sides",
            )
    return tuple((fold(wrong), fold(right)) for wrong, right in slips.items())


def _named_things(tables: Tables) -> list[tuple[str, Thing]]:
    """Every wording with its thing."""
    named: list[tuple[str, Thing]] = []
    for kind, names in tables.get("deliverables", {}).items():
        for name, words in names.items() if kind != "translate" else ():
            key = f"{kind}.{name}"
            spoken = [name, *_strings("deliverables", key, words)]
            for each in spoken:
                _compile("deliverables", key, pattern_of(each), shown=each)
            named += [(pattern_of(each), Thing(name, kind)) for each in spoken]
    return named


def _with_own_names(
    tables: Tables, named: Sequence[tuple[str, Thing]], products: Mapping[str, str]
) -> tuple[Sequence[tuple[str, Thing]], Mapping[str, str]]:
    """Products and what is short for a thing among all wordings, in the order in which they are
    tried; and what is short for somebody's name."""
    own = {literal_of(said): Thing(name, GOODS) for said, name in products.items()}
    known = {fold(thing.name): thing for _, thing in named} | dict(named) | own
    companies: dict[str, str] = {}
    for short, full in _texts(tables, "abbreviations").items():
        if thing := known.get(literal_of(full)) or known.get(fold(full)):
            own[literal_of(short)] = known[literal_of(short)] = thing
        else:
            companies[fold(short)] = full
    begun = [pattern for pattern in own if any(ours.startswith(pattern) for ours, _ in named)]
    first = _longest_first(pattern for pattern in own if pattern not in begun)
    then = _longest_first(dict.fromkeys([*(pattern for pattern, _ in named), *begun]))
    return [(pattern, known[pattern]) for pattern in (*first, *then)], companies


def _longest_first(patterns: Iterable[str]) -> Sequence[str]:
    """By their length without what is only looked at."""
    return sorted(patterns, key=lambda each: -len(re.sub(r"\(\?[!=<].*?\)", "", each)))


def _products(tables: Tables) -> Mapping[str, str]:
    """Every name of a product, what is short for one included, folded → the name it is listed
    by."""
    products = {
        fold(said): name
        for name, more in _table(tables, "products", "products").items()
        for said in (name, *_strings("products", f"products.{name}", more))
    }
    for short, full in _texts(tables, "abbreviations").items():
        if fold(full) in products:
            products[fold(short)] = products[fold(full)]
    return products


def _texts(tables: Tables, file: str) -> Mapping[str, str]:
    """The entries of a file that has one table, named like itself."""
    entries = _table(tables, file, file)
    for short, full in entries.items():
        if not isinstance(full, str) or not short.strip() or not full.strip():
            raise LexiconError(file, f"{file}.{short}", full, "must be a name", 'write "…" = "…"')
    return entries


def _actions(tables: Tables) -> tuple[Sequence[tuple[Words, Action]], Words]:
    actions: list[tuple[Words, Action]] = []
    everything: list[str] = []
    for entry in tables.get("actions", {}).get("action", []):
        action = _action(entry)
        key = f"{action.id}.said"
        spoken = _strings("actions", key, entry.get("said"))
        actions.append((_words("actions", key, spoken), action))
        everything += [pattern_of(each) for each in spoken]
    return actions, words_of(everything)


def _action(entry: Mapping[str, Any]) -> Action:
    names = entry.get("name", ["", ""])
    if not isinstance(entry.get("id"), str) or not entry["id"].isidentifier():
        raise LexiconError("actions", "id", entry.get("id"), "must be a simple English word")
    if entry.get("debtor", "") not in ("", "us", "customer"):
        raise LexiconError("actions", f"{entry['id']}.debtor", entry["debtor"], "us or customer")
    return Action(
        id=entry["id"],
        kind=entry.get("kind", ""),
        name=names[0],
        english_name=names[-1],
        debtor=entry.get("debtor", ""),
        alone=bool(entry.get("alone", False)),
    )


def _topics(tables: Tables, file: str) -> Sequence[Topic]:
    return tuple(
        Topic(
            id=key,
            name=topic.get("name", key),
            said=phrases(file, f"{key}.said", topic.get("said", [])),
            unless=phrases(file, f"{key}.unless", topic.get("unless", [])),
        )
        for key, topic in tables.get(file, {}).items()
    )


def _sure(tables: Tables) -> Words:
    spoken = [
        pattern_of(phrase)
        for key, topic in tables.get("tags", {}).items()
        for phrase in _strings("tags", f"{key}.said", topic.get("said", []))
    ]
    return words_of(spoken)


def _rival(tables: Tables, companies: CompanyWords) -> re.Pattern[str]:
    topic = tables.get("tags", {}).get("competitor", {})
    verbs = alternatives("tags", "competitor.brand", topic.get("brand", []))
    brand = companies.competitor.pattern
    then = alternatives("tags", "competitor.brand_then", topic.get("brand_then", []))
    near = f"(?:{verbs})[^,;!?。\n]{{0,4}}?(?:{brand})|(?:{brand})[^,;!?。\n]{{0,4}}?(?:{then})"
    return _compile("tags", "competitor.brand", near)


def _people(tables: Tables) -> PeopleWords:
    people = tables.get("people", {})

    def letters(key: str) -> frozenset[str]:
        return frozenset("".join(str(people.get(key, "")).split()))

    def listed(key: str) -> list[str]:
        return _strings("people", key, people.get(key, []))

    bare = [phrase for title in listed("titles") for phrase in _with_deputy(title)]
    forms = listed("forms")
    return PeopleWords(
        surnames=letters("surnames") | frozenset(listed("compound")),
        common=letters("common"),
        weak=letters("weak"),
        foreign=letters("foreign"),
        transliterated=letters("transliterated"),
        given_letters=letters("given_letters"),
        title=_words("people", "titles", [*bare, *forms]).han,
        bare=_words("people", "titles", bare).han,
        short=letters("short"),
        in_office=_compile(
            "people",
            "roles",
            f"(?:{alternatives('people', 'roles', [*listed('roles'), *listed('titles')])})$",
        ),
        never=frozenset(listed("never")),
        given=frozenset(str(people.get("given", "")).split()),
        also_words=frozenset(str(people.get("also_words", "")).split()),
        spelled=frozenset(str(people.get("spelled", "")).split()),
    )


def _with_deputy(title: str) -> Iterable[str]:
    return (f"副{title[2:]}", title[2:]) if title.startswith("副?") else (title,)


def _companies(tables: Tables) -> CompanyWords:
    words = tables.get("companies", {})

    def listed(key: str) -> list[str]:
        return _strings("companies", key, words.get(key, []))

    common = (
        f"^(?:{alternatives('companies', 'never_begins', listed('never_begins'))})",
        f"(?:{alternatives('companies', 'never_ends', listed('never_ends'))})$",
        alternatives("companies", "never_holds", listed("never_holds")),
        f"^(?:{alternatives('companies', 'never_english', listed('never_english'))})$",
    )
    return CompanyWords(
        kinds=_by_length(listed("kinds")),
        trades=_by_length(listed("trades")),
        goods_trades=frozenset(listed("goods_trades")),
        institutions=_words(
            "companies",
            "institutions",
            [*listed("short_institutions"), *_longest_first(listed("institutions"))],
        ).han.pattern,
        institution_ends="|".join(listed("short_ends")) or NOTHING,
        town_letters=frozenset(str(words.get("town_letters", ""))),
        industry_letters=frozenset(str(words.get("industry_letters", ""))),
        english_suffix="|".join(listed("english_suffixes")) or NOTHING,
        brand_letters=frozenset(str(words.get("brand_letters", ""))),
        goods_letters=frozenset(str(words.get("goods_letters", ""))),
        attributes=frozenset(listed("attributes")),
        competitor=_compile(
            "companies",
            "competitors",
            alternatives("companies", "competitors", listed("competitors")),
        ),
        places=frozenset(listed("places")),
        cities=frozenset(str(words.get("cities", "")).split()),
        never=frozenset(listed("never")),
        ours=frozenset(listed("ours")),
        before=_compile(
            "companies", "before", alternatives("companies", "before", listed("before"))
        ),
        common=_compile("companies", "never_begins", "|".join(common)),
    )


def _by_length(words: Sequence[str]) -> str:
    return "|".join(sorted(words, key=len, reverse=True)) or NOTHING


def names_of(topics: Iterable[Topic]) -> Mapping[str, str]:
    """Id → what people read."""
    return {topic.id: topic.name for topic in topics}
