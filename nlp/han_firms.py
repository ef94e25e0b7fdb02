"""Find the organisations a Chinese note names: 人民医院, 永泰齿轮, 省药检, 佳禾, 恒通."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from nlp.firm_places import (
    FUNCTION,
    GENERIC,
    HAN,
    NUMBERS,
    OFFICE,
    OVER_THERE,
    RARE,
    Text,
    stands,
    text_of,
)
from nlp.lexicon import CompanyWords
from nlp.note import Note
from nlp.words import vocabulary

SHORTEST, LONGEST, FARTHEST = 2, 6, 8
PLAIN = re.compile("(?:[老新大]客户|老用户|老主顾)?")
RIVAL = re.compile(
    "(?:用的?是?|[就去改转]找|选了?|换成|换了|人家签了?|他们签了?|客户签了?|改签|转投|主推的?是?|合作的?是)$"
)
CALLED = re.compile(
    "(?:做|卖|公司|客户|厂|店|品牌)[^,。]{0,10},?(?:名字)?叫([\u4e00-\u9fff]{2,6})(?=$|[,。!?;:])"
)
CORPORATE = frozenset(
    ["眼科", "证券", "科技", "股份", "实业", "药业", "控股", "制药", "置业", "商贸"]
)
"""Trades of firms only: an ordinary word before them is a name (时光科技)."""
MOVING = frozenset("来去会面了的过停")
NO_TRADE = FUNCTION | MOVING
NOT_FIRST = FUNCTION - NUMBERS
WARD = "(?:[东西南北新]院区?|[一二三四五六七八九十]院|附[属一二三]?院)?"


class Firm(NamedTuple):
    begin: int
    finish: int
    rule: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Patterns:
    kind: re.Pattern[str]
    trade: re.Pattern[str]
    institution: re.Pattern[str]
    institution_end: re.Pattern[str]


@cache
def _patterns(words: CompanyWords) -> Patterns:
    return Patterns(
        kind=re.compile(words.kinds),
        trade=re.compile(words.trades),
        institution=re.compile(f"(?:{words.institutions}){WARD}"),
        institution_end=re.compile(words.institution_ends),
    )


def han_firms(note: Note) -> Iterator[Firm]:
    """Surest first by rule; a caller still says which of them is none."""
    text = text_of(note)
    for seek in SEEKERS:
        yield from seek(text)


def _by_kind(text: Text) -> Iterator[Firm]:
    for match in _patterns(text.known).kind.finditer(text.folded):
        if text.words.splits(match.end()):
            begin = _name_before(text, match.start(), strictly=False)
            begin = begin + len(PLAIN.findall(text.folded[begin : begin + 3])[0])
            if begin < match.start():
                yield Firm(begin, match.end(), "company.kind", 0.9)


def _by_trade(text: Text) -> Iterator[Firm]:
    for match in _patterns(text.known).trade.finditer(text.folded):
        begin, middle, finish = _trading_name(text, match.start()), match.start(), match.end()
        ends = text.words.splits(finish) or OFFICE.match(text.folded, finish)
        if ends and middle - begin >= SHORTEST and _is_trading(text, begin, middle, finish):
            yield Firm(begin, finish, "company.trade", 0.85)


def _trading_name(text: Text, middle: int) -> int:
    begin = _name_before(text, middle, strictly=True)
    if middle - begin == 1 and text.folded[begin - 1] == "和":
        return begin - 1
    word = text.folded[max(0, middle - 2) : middle]
    if begin == middle and text.words.is_word(middle - 2, middle) and text.is_entered(middle - 2):
        is_trade = _patterns(text.known).trade.fullmatch(word)
        return middle if is_trade or word in text.known.attributes else middle - 2
    return begin


def _is_trading(text: Text, begin: int, middle: int, finish: int) -> bool:
    """永泰齿轮 is a firm anywhere, 禾木设计 where one can stand, 防火涂料 where it has people."""
    name, trade = text.folded[begin:middle], text.folded[middle:finish]
    is_brand = text.is_brand(begin, middle) or trade in CORPORATE or name[0] == "和"
    if name in text.known.places or not (is_brand or trade in text.known.goods_trades):
        is_sure = stands(text, begin, finish)
    else:
        is_sure = is_brand and name not in text.known.attributes
    return is_sure or text.has_people(finish)


def _name_before(text: Text, finish: int, *, strictly: bool) -> int:
    """How far to the left the name reaches."""
    begin = finish
    while begin and finish - begin < FARTHEST:
        last = begin
        begin = text.words.begin_of.get(last, last - 1)
        word = text.folded[begin:last]
        stops = not HAN.match(word) or word in FUNCTION or word == "和" or last in text.opening
        if stops or text.known.before.fullmatch(word):
            return last
        if strictly and not (text.is_place(begin, last) or text.is_brand_part(begin, last)):
            return last
    return begin


def _by_institution(text: Text) -> Iterator[Firm]:
    patterns = _patterns(text.known)
    for match in patterns.institution.finditer(text.folded):
        begin, finish = match.span()
        if RIVAL.search(text.before(begin)):
            continue
        if text.is_entered(begin) and text.words.splits(finish) and not text.goes_on(finish):
            yield Firm(begin, finish, "company.institution", 0.85)
    for match in patterns.institution_end.finditer(text.folded):
        entrance = _entrance(text, match.start())
        if entrance is not None and text.words.splits(match.end()):
            yield Firm(entrance, match.end(), "company.institution", 0.85)


def _entrance(text: Text, end: int) -> int | None:
    """跟紧|中山六院, 从|二附院."""
    for begin in range(end, max(-1, end - 4), -1):
        name = text.folded[begin:end]
        if set(name) & NOT_FIRST or (name and not HAN.match(name)):
            return None
        if text.is_entered(begin):
            return begin
    return None


def _by_call(text: Text) -> Iterator[Firm]:
    """新客户，做宠物粮的，叫福多多."""
    for match in CALLED.finditer(text.folded):
        if not MOVING & set(match[1]):
            yield Firm(match.start(1), match.end(1), "company.called", 0.8)


def _by_place(text: Text) -> Iterator[Firm]:
    """A bare name where only an organisation can stand."""
    for begin in sorted(text.words.starts & (text.opening | text.going | text.towards)):
        if not HAN.match(text.folded, begin) or text.folded[begin] in NOT_FIRST:
            continue
        for finish in range(min(begin + LONGEST, len(text.folded)), begin + SHORTEST - 1, -1):
            if text.words.splits(finish) and _is_named_here(text, begin, finish):
                if not RIVAL.search(text.before(begin)):
                    yield Firm(begin, finish, "company.place", 0.6)
                break


def _is_named_here(text: Text, begin: int, finish: int) -> bool:
    name, known = text.folded[begin:finish], text.known
    if len(name) == 2 and name[0] in known.town_letters and name[1] in known.industry_letters:
        return not vocabulary().is_ordinary(name) and stands(text, begin, finish)
    if text.is_brand(begin, finish) or _is_brand_and_trade(text, begin, finish):
        return stands(text, begin, finish)
    if text.has_people(finish) and text.is_unusual(begin, finish):
        return True
    has_side = len(name) > SHORTEST and OVER_THERE.match(text.folded, finish) is not None
    return has_side and all(
        last - first == 1 and text.is_brand_part(first, last)
        for first, last in text.pieces(begin, finish)
    )


def _is_brand_and_trade(text: Text, begin: int, finish: int) -> bool:
    """No list has all trades: a rare brand before one more word is a firm as well."""
    trade = text.folded[begin + 2 : finish]
    if text.folded[finish - 1] in GENERIC or NO_TRADE & set(trade):
        return False
    return any(
        text.words.is_word(middle, finish)
        and vocabulary().rarity(text.folded[begin:middle]) > RARE
        and text.is_brand(begin, middle)
        for middle in (begin + 2, begin + 3)
        if middle < finish - 1
    )


SEEKERS: Sequence[Callable[[Text], Iterator[Firm]]] = (
    _by_kind,
    _by_trade,
    _by_institution,
    _by_call,
    _by_place,
)
