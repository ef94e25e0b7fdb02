"""Turn the vocabulary files into one frozen object that every reader of notes shares."""

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

from nlp.phrases import NOTHING, Words, pattern_of, words_of
from nlp.text import fold

Tables = Mapping[str, Mapping[str, Any]]
"""File name without ending → the parsed file."""


class LexiconError(ValueError):
    """A vocabulary file cannot be used; the message names file, key and value."""

    def __init__(self, file: str, key: str, value: object, why: str) -> None:
        super().__init__(f"{file}.toml: {key} = {value!r}: {why}")


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
    title: re.Pattern[str]
    surnames: frozenset[str]
    surname: str
    """One surname, as a pattern."""
    title_pattern: str
    given: frozenset[str]
    also_words: frozenset[str]
    """Given names that are words of the language as well."""
    never: frozenset[str]
    common: str
    """Words that begin like a surname and are no names."""
    roles: str
    glued: frozenset[str]
    """Two letters of which the second is no surname: 答应, 新任."""


@dataclass(frozen=True, slots=True)
class CompanyWords:
    suffix: str
    english_suffix: str
    competitor: re.Pattern[str]
    places: frozenset[str]
    never: frozenset[str]
    ours: frozenset[str]
    before: str
    after: str
    common: str
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
    stages: Sequence[Topic]
    rival: re.Pattern[str]
    """A competitor's name next to a word of comparing or choosing."""
    people: PeopleWords
    companies: CompanyWords
    translations: Mapping[str, str]

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
    tables: dict[str, Mapping[str, Any]] = {}
    for file in folder.iterdir():
        if file.name.endswith(".toml"):
            name = file.name.removesuffix(".toml")
            try:
                tables[name] = tomllib.loads(file.read_text(encoding="utf-8"))
            except tomllib.TOMLDecodeError as error:
                raise LexiconError(name, "file", file.name, str(error)) from error
    return tables


def compile_lexicon(tables: Tables) -> Lexicon:
    """Raises LexiconError for the first thing that cannot be used."""
    actions, action = _actions(tables)
    companies = _companies(tables)
    named = _named_things(tables)
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
        stages=_topics(tables, "stages"),
        rival=_rival(tables, companies),
        people=_people(tables),
        companies=companies,
        translations=_table(tables, "deliverables", "translate"),
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
        raise LexiconError(file, key, shown or pattern, str(error)) from error


def _strings(file: str, key: str, value: object) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        raise LexiconError(file, key, value, "must be a list of words")
    return value


def _table(tables: Tables, file: str, key: str) -> Mapping[str, Any]:
    value = tables.get(file, {}).get(key, {})
    if not isinstance(value, Mapping):
        raise LexiconError(file, key, value, "must be a table")
    return value


def _slips(tables: Tables) -> Sequence[tuple[str, str]]:
    slips = _table(tables, "slips", "slips")
    for wrong, right in slips.items():
        if not isinstance(right, str) or len(wrong) != len(right):
            raise LexiconError("slips", f"slips.{wrong}", right, "must be as long as the slip")
    return tuple((fold(wrong), fold(right)) for wrong, right in slips.items())


def _named_things(tables: Tables) -> list[tuple[str, Thing]]:
    """Every wording with its thing, the longest first."""
    named: list[tuple[str, Thing]] = []
    for kind, names in tables.get("deliverables", {}).items():
        for name, words in names.items() if kind != "translate" else ():
            key = f"{kind}.{name}"
            spoken = [name, *_strings("deliverables", key, words)]
            for each in spoken:
                _compile("deliverables", key, pattern_of(each), shown=each)
            named += [(pattern_of(each), Thing(name, kind)) for each in spoken]
    return sorted(named, key=lambda item: -len(re.sub(r"\(\?[!=<].*?\)", "", item[0])))


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


def _rival(tables: Tables, companies: CompanyWords) -> re.Pattern[str]:
    topic = tables.get("tags", {}).get("competitor", {})
    verbs = alternatives("tags", "competitor.brand", topic.get("brand", []))
    brand = companies.competitor.pattern
    then = alternatives("tags", "competitor.brand_then", topic.get("brand_then", []))
    near = f"(?:{verbs})[^,;!?。\n]{{0,4}}?(?:{brand})|(?:{brand})[^,;!?。\n]{{0,4}}?(?:{then})"
    return _compile("tags", "competitor.brand", near)


def _people(tables: Tables) -> PeopleWords:
    people = tables.get("people", {})
    single = "".join(str(people.get("surnames", "")).split())
    compound = _strings("people", "compound", people.get("compound", []))
    titles = alternatives("people", "titles", people.get("titles", []))
    return PeopleWords(
        title=_compile("people", "titles", titles),
        surnames=frozenset(single) | frozenset(compound),
        surname=f"(?:{'|'.join(compound) or '(?!)'}|[{single or ' '}])",
        title_pattern=f"(?:{titles})",
        given=frozenset(str(people.get("given", "")).split()),
        also_words=frozenset(str(people.get("also_words", "")).split()),
        never=frozenset(_strings("people", "never", people.get("never", []))),
        common=alternatives("people", "common", people.get("common", [])),
        roles=alternatives("people", "roles", people.get("roles", [])),
        glued=frozenset(
            before + surname
            for surname, letters in _table(tables, "people", "glued").items()
            for before in letters
        ),
    )


def _companies(tables: Tables) -> CompanyWords:
    words = tables.get("companies", {})

    def listed(key: str) -> list[str]:
        return _strings("companies", key, words.get(key, []))

    return CompanyWords(
        suffix=alternatives("companies", "suffixes", listed("suffixes")),
        english_suffix="|".join(listed("english_suffixes")) or "(?!)",
        competitor=_compile(
            "companies",
            "competitors",
            alternatives("companies", "competitors", listed("competitors")),
        ),
        places=frozenset(listed("places")),
        never=frozenset(listed("never")),
        ours=frozenset(listed("ours")),
        before=alternatives("companies", "before", listed("before")),
        after=alternatives("companies", "after", listed("after")),
        common="|".join(
            (
                f"^(?:{alternatives('companies', 'never_begins', listed('never_begins'))})",
                f"(?:{alternatives('companies', 'never_ends', listed('never_ends'))})$",
                alternatives("companies", "never_holds", listed("never_holds")),
                f"^(?:{alternatives('companies', 'never_english', listed('never_english'))})$",
            )
        ),
    )


def extended(tables: Tables, more: Tables) -> Tables:
    """The vocabulary with a customer's own words added: lists grow, other values are replaced."""
    return {
        file: _merge(tables.get(file, {}), more.get(file, {}))
        for file in dict.fromkeys([*tables, *more])
    }


def _merge(old: Mapping[str, Any], new: Mapping[str, Any]) -> Mapping[str, Any]:
    merged = dict(old)
    for key, value in new.items():
        known = merged.get(key)
        if isinstance(known, Mapping) and isinstance(value, Mapping):
            merged[key] = _merge(known, value)
        elif isinstance(known, list) and isinstance(value, list):
            merged[key] = [*known, *value]
        else:
            merged[key] = value
    return merged


def names_of(topics: Iterable[Topic]) -> Mapping[str, str]:
    """Id → what people read."""
    return {topic.id: topic.name for topic in topics}
