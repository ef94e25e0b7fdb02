"""Find the people that are named in Latin letters: Kevin, Dr. Lin, Sarah Chen, Zhang Wei."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from nlp.han_names import Found
from nlp.lexicon import Lexicon

TITLE = r"(?:Mr|Mrs|Ms|Miss|Dr|Prof|Sir|Madam)\b\.?"
NAME = r"[A-Z][a-z]+(?:-[A-Z][a-z]+)?"
NO_SURNAME = (
    "Will|Has|Is|Was|Says|Said|From|At|Can|And|Or|Wants|Needs|Asked|On|In|For|To|The|Mon|Tue|Wed|"
    "Thu|Fri|Sat|Sun|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|Please|Pls|Re|Our|Your"
)
SYLLABLE = (
    "(?:[zcs]h|[bpmfdtnlgkhjqxrzcsyw])?"
    "(?:[iu]?an?g?|[iu]?ai|i?ao|u?ei?|u?en?g?|[iu]ong|i?ou|ong?|ing?|i[aeu]|u[aoein]|[iuoe]|er)"
)
PINYIN_GIVEN = re.compile(f"{SYLLABLE}{{1,2}}", re.IGNORECASE)
BEFORE_A_NAME = re.compile(
    r"(?:\b(?:with|to|for|from|by|and|met|call|called|ring|told|asked|spoke to|hi|dear|hello|"
    r"thanks|"
    r"ping|cc|loop in|per|says|contact is|successor is|replacement,?|meeting|ask|tell|remind|chase|"
    r"thank you|team,|copy|see|visit|visiting|is now|chat)\s|[跟和给找让问约@见叫催带边]\s?)$",
    re.IGNORECASE,
)
DOES_AFTER_A_NAME = re.compile(
    r"\s?(?:(?:said|says|will|wants|wanted|asked|asks|confirmed|agreed|is|was|left|promised|needs|"
    r"can|and|told|called|replied|has|likes|mentioned|signed|thinks|just|still|hasn|doesn|told|from|"
    r"please|pls|moved|runs|loved|at|got|sent|forward|ping|reply|approve|confirm|sync|update|ok)(?![a-z])|'s\b|[说问要让你想答回那已确同会在把也有没觉记这今明下本追盯跟去催发带麻]|[，,]|了)"
)
MET = re.compile(
    r"(?:\b(?:meeting|call|coffee|spoke|chat|lunch|dinner|sync|talk|agreed|demo|tea) (?:with|to) "
    r"|\b(?:contact|successor|sponsor|buyer|manager) (?:is|will be) |\bmeeting (?=\S+ at ))$",
    re.IGNORECASE,
)
SPEAKS = re.compile(r"\s?(?:说|问我|答应|想要|回复|觉得|confirm|你(?!们))")
SPOKEN_WITH = re.compile(r"[跟和让问约@]\s?$")
SPEAKS_WITH = re.compile(r"\s?(?:聊|沟通|sync|吃|约|开|碰|过了一遍|确认)")
SAYS = re.compile(r" (?:said|says|told|asked|called|wants|thinks|replied)\b")
PRONOUN = re.compile(r"[.,;] (?:She|He|she|he)\b")
CALENDAR = re.compile(
    "(?:Mon|Tues?|Wednes|Thurs?|Fri|Satur|Sun)(?:day)?|(?:Jan|Febr)(?:uary)?|Mar(?:ch)?|Apr|July?|Aug"
    "|(?:Sept|Octo|Novem|Decem)(?:em)?(?:ber)?"
)
DATE = re.compile(r"\.? ?\d")


@dataclass(frozen=True, slots=True)
class Patterns:
    titled: re.Pattern[str]
    name: re.Pattern[str]
    firm: re.Pattern[str]
    """The rest of a firm's name: … Hotel."""


@cache
def _patterns(firm: str) -> Patterns:
    return Patterns(
        titled=re.compile(rf"\b{TITLE} ?{NAME}(?: (?!(?:{NO_SURNAME})\b){NAME})?(?![A-Za-z])"),
        name=re.compile(
            rf"(?<![A-Za-z.&])(?<![A-Za-z0-9]@)({NAME})"
            rf"(?: (?!(?:{NO_SURNAME})\b)({NAME}))?(?![A-Za-z&])"
        ),
        firm=re.compile(rf"(?: {NAME})* (?:{firm})\b"),
    )


def latin_names(text: str, lexicon: Lexicon) -> Iterator[Found]:
    patterns = _patterns(lexicon.companies.english_suffix)
    for match in patterns.titled.finditer(text):
        yield Found(match.start(), match.end(), "people.english_title", 0.95)
    begin = 0
    while name := patterns.name.search(text, begin):
        begin = name.end(1)
        found = None if patterns.firm.match(text, begin) else _person(text, name, lexicon)
        if found:
            begin = found.finish
            yield found


def _person(text: str, match: re.Match[str], lexicon: Lexicon) -> Found | None:
    known = lexicon.people
    first, second, begin, finish = match[1], match[2], match.start(), match.end(1)
    if second and _is_spelled_chinese(first, second, lexicon):
        return Found(begin, match.end(), "people.spelled", 0.85)
    if first in known.given:
        if first in known.also_words and not _neighbours_speak(text, begin, finish):
            return None
        is_owner = text.startswith("'s", match.end())
        has_surname = second and text.isascii() and second not in known.given and not is_owner
        return Found(begin, match.end() if has_surname else finish, "people.given_name", 0.9)
    if first in known.spelled and SAYS.match(text, finish):
        return Found(begin, finish, "people.spelled", 0.8)
    is_named = _is_met(text, match) or _speaks_for_itself(text, begin, finish)
    if is_named and not CALENDAR.fullmatch(first):
        return Found(begin, finish, "people.unlisted", 0.7)
    return None


def _is_met(text: str, match: re.Match[str]) -> bool:
    """Coffee with Kumar; off the phone with Anika. She wants…"""
    before, finish = text[: match.start()], match.end(1)
    told_of = PRONOUN.match(text, finish) and BEFORE_A_NAME.search(before)
    return bool(told_of or (match[2] is None and MET.search(before)))


def _is_spelled_chinese(first: str, second: str, lexicon: Lexicon) -> bool:
    surnames = lexicon.people.spelled
    return bool(
        (first in surnames and PINYIN_GIVEN.fullmatch(second))
        or (second in surnames and (PINYIN_GIVEN.fullmatch(first) or first in lexicon.people.given))
    )


def _neighbours_speak(text: str, begin: int, finish: int) -> bool:
    """May signed; not: in May."""
    if DATE.match(text, finish):
        return False
    before = text[max(0, begin - 16) : begin]
    vocative = not before.strip() or before.rstrip()[-1] in "。!！?？\n，,"
    after = DOES_AFTER_A_NAME.match(text, finish)
    if text[finish : finish + 1] in (",", "，"):
        return vocative or BEFORE_A_NAME.search(before) is not None
    return bool(after or (BEFORE_A_NAME.search(before) and not re.search("(?i)by $", before)))


def _speaks_for_itself(text: str, begin: int, finish: int) -> bool:
    """An unlisted capitalised word is a person only between clear signs: 跟Xolani聊, Xolani说."""
    if SPEAKS.match(text, finish):
        return True
    before = SPOKEN_WITH.search(text[max(0, begin - 2) : begin])
    return bool(before and SPEAKS_WITH.match(text, finish))
