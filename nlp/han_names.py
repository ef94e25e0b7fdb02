"""Find the people a Chinese text names: 张总, 李工, 小王, 刘建国院长, 才让主任, 裴局, 俊杰."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from nlp.lexicon import Lexicon
from nlp.name_places import (
    ACTS_SURELY,
    CALLED,
    CALLED_FIRM,
    FIRMS_DO,
    INTRODUCED,
    LITTLE,
    SENTENCE_START,
    Text,
)
from nlp.words import cut, vocabulary

HAN = "[\u4e00-\u9fff]"
GIVEN = re.compile(f"{HAN}{{1,2}}")
HONOURED = re.compile("[姐哥叔姨嫂]")
ELDER = "老小"
NICKNAME = re.compile(f"[老小大阿](?={HAN})|阿[a-z]{{2,}}")
NAMED = re.compile(f"叫({HAN}{{2,3}}?)(?=$|[,。!?;:的]|据说|这?个?名)")
MENTIONED = re.compile(f"@({HAN}{{2,4}})(?=$|[\\s,.。!?;:、@]|你(?!们))")
VISITED = re.compile("(?:[拜走回]访了?|[跟盯催]一?下)$")
VOCATIVE = re.compile(r"[,:、]|你|请|\s\S")
NO_SURNAME = frozenset("大小老副各新前男女本贵该区厂店司部二三表师学亲")
NO_PART = frozenset(
    "的了是在和跟与说要让把给去来到没不就也都还这那他她你我们会能先问答被吗呢吧啊很已什么怎谁哪些此其之"
)
"""Letters of no name."""
SELDOM, UNCOMMON, RARE = 10.5, 11.5, 13.5
"""How rare a letter is that hardly stands alone (周一|鸣), a word that is hardly more than a name
(冉冉), and a letter one sees in names only (雯)."""


class Found(NamedTuple):
    begin: int
    finish: int
    rule: str
    confidence: float


def han_names(folded: str, lexicon: Lexicon) -> Iterator[Found]:
    text = Text(folded, cut(folded), lexicon.people, lexicon.companies.brand_letters)
    for seek in SEEKERS:
        yield from seek(text)


# Before a title --------------------------------------------------------------------------


def _titled(text: Text) -> Iterator[Found]:
    for title in text.known.title.finditer(text.folded):
        bare = text.known.bare.match(title[0]) is not None
        begin = _full_before(text, title.start(), bare)
        if begin is None:
            begin = _surname_before(text, title.start(), title.end(), bare)
        if begin is None and bare:
            begin = _foreign_before(text, title.start())
        if begin is not None:
            yield Found(begin, title.end(), "people.titled", 0.95)


def _full_before(text: Text, title: int, bare: bool) -> int | None:
    """刘建国|院长. Where the last letter is a surname, a short title belongs to it: 宁波|王|总."""
    for begin in range(max(0, title - 4), title - 1):
        if text.folded[begin] in LITTLE or not is_full_name(text, begin, title):
            continue
        ends_in_surname = text.folded[title - 1] in text.known.surnames
        if ends_in_surname and text.words.splits(title - 1):
            is_sure = bare and text.stands(begin)
        else:
            is_sure = not text.is_ordinary(begin, title) or _word_is_name(text, begin, title, bare)
        if is_sure:
            return begin
    return None


def _word_is_name(text: Text, begin: int, title: int, bare: bool) -> bool:
    """方向姐，…: a word, and somebody for all that."""
    after = text.folded[title + 1 : title + 3]
    acts = after[:1] in (",", ":") or ACTS_SURELY.match(after) is not None
    return not bare and acts and text.starts(begin)


def _surname_before(text: Text, title: int, finish: int, bare: bool) -> int | None:
    is_compound = title > 1 and text.folded[title - 2 : title] in text.known.surnames
    begin = title - (2 if is_compound else 1)
    if begin < 0 or not text.opens(begin) or text.folded[begin:finish] in text.known.never:
        return None
    if text.folded[begin:title] not in text.known.surnames:
        is_name = not bare and _is_rare_surname(text, begin, finish)
    else:
        is_name = not _is_in_longer_word(text, begin, title, finish) and _is_surname(
            text, begin, title, finish, bare
        )
    if not is_name:
        return None
    return begin - 1 if begin and text.folded[begin - 1] in ELDER else begin


def _is_in_longer_word(text: Text, begin: int, title: int, finish: int) -> bool:
    """施工方, 车队长, 单总价; but 裘总厂区 after a preposition is still Mr 裘's."""
    name, finish_of = text.folded[begin:title], text.words.finish_of
    word = finish_of.get(begin, title)
    if word > finish or (name in text.known.weak and title < word < finish):
        return True
    return finish_of.get(title, finish) > finish and (name in LITTLE or not text.stands(begin))


def _is_surname(text: Text, begin: int, title: int, finish: int, bare: bool) -> bool:
    """和老师 is with a teacher, 职工 is anybody; but 应总, and 金工说."""
    name, known, folded = text.folded[begin:title], text.known, text.folded
    if name == "周" and folded[begin - 1 : begin] in tuple("这上下本每几两"):
        return False
    if name in LITTLE and re.match("总[是得会要算有能]", folded[title : title + 2]):
        return False
    if text.is_ordinary(begin, finish) or (name in LITTLE and not bare):
        return text.meets(begin, finish)
    if name in LITTLE:
        return name == "从" and folded.startswith("说", finish)
    even = bare and re.match("连[^都也]*[都也]|应[^要]*要求", folded[begin : finish + 2])
    return not even and (name not in known.weak or text.stands(begin))


def _is_rare_surname(text: Text, begin: int, finish: int) -> bool:
    """No list has them all: 匙总, 喆总."""
    name = text.folded[begin]
    if name in NO_PART or name in NO_SURNAME or not text.words.is_word(begin, begin + 1):
        return False
    return vocabulary().rarity(name) > SELDOM and text.meets(begin, finish)


def _foreign_before(text: Text, title: int) -> int | None:
    """阿依努尔|医生, 桑切斯|先生."""
    letters = text.known.foreign | text.known.transliterated
    begin = title
    while begin and text.folded[begin - 1] in letters and title - begin < 7:
        begin -= 1
    for first in range(begin, title - 1):
        name = text.folded[first:title]
        plain = vocabulary().is_ordinary(name) or name in text.known.never
        if text.words.splits(first) and not plain:
            return first
    return None


# Without a title -------------------------------------------------------------------------


def _nicknamed(text: Text) -> Iterator[Found]:
    """老李, 小陈, 大刘, 阿坤, 小月, 阿May."""
    for match in NICKNAME.finditer(text.folded):
        finish = max(match.end(), match.start() + 2)
        if match[0] not in "老小大阿" or _is_nickname(text, match.start(), finish):
            yield Found(match.start(), finish, "people.nickname", 0.9)


def _is_nickname(text: Text, begin: int, finish: int) -> bool:
    folded, known, words = text.folded, text.known, text.words
    first, name = folded[begin], folded[begin + 1]
    opens = words.splits(begin) or text.is_in_office(begin)
    title = known.title.match(folded, finish)
    is_titled = title is not None and words.finish_of.get(finish, finish) <= title.end()
    if is_titled or not (opens and words.splits(finish)):
        return False
    is_elder = first in ELDER and name in known.surnames
    plain = folded[begin:finish] in known.never if is_elder else text.is_ordinary(begin, finish)
    if plain and not (is_elder and text.is_called(begin, finish)):
        return False
    if name not in known.surnames and known.title.match(folded, begin + 1):
        return False
    if first == "阿" or (is_elder and name not in known.weak):
        return True
    return _is_fond(text, first, name) and text.is_spoken_of(begin, finish)


def _is_fond(text: Text, first: str, name: str) -> bool:
    """小月 and 大刘, not 大单."""
    known = text.known
    if first == "小":
        letters = known.given_letters | known.surnames
        return name in letters or vocabulary().rarity(name) > RARE
    return name in (known.common if first == "大" else known.surnames)


def _honoured(text: Text) -> Iterator[Found]:
    """月姐, 强哥: by the given name."""
    for match in HONOURED.finditer(text.folded, 1):
        begin, finish = match.start() - 1, match.end()
        name = text.folded[begin]
        if name in NO_SURNAME or name in NO_PART or not GIVEN.match(name):
            continue
        is_somebody = text.stands(begin) or text.is_in_office(begin)
        if text.opens(begin) and is_somebody and not text.is_ordinary(begin, finish):
            yield Found(begin, finish, "people.honoured", 0.85)


def _in_short(text: Text) -> Iterator[Found]:
    """裴局, 桑处, 鲍博: surname and office."""
    folded, known = text.folded, text.known
    for begin in text.words.starts:
        finish = begin + 2
        if folded[begin + 1 : finish] not in known.short or not text.words.splits(finish):
            continue
        if folded[begin] not in known.surnames or folded[begin] in known.weak:
            continue
        if text.is_ordinary(begin, finish) or known.title.match(folded, begin + 1):
            continue
        if text.meets(begin, finish):
            yield Found(begin, finish, "people.short", 0.8)


def _named(text: Text) -> Iterator[Found]:
    """Full names without a title, where only a person can stand."""
    folded, surnames = text.folded, text.known.surnames
    for begin in text.words.starts:
        if folded[begin : begin + 1] in surnames or folded[begin : begin + 2] in surnames:
            for finish in range(min(begin + 4, len(folded)), begin + 1, -1):
                if is_full_name(text, begin, finish) and _is_person_here(text, begin, finish):
                    yield Found(begin, finish, "people.named", 0.85)
                    break


def is_full_name(text: Text, begin: int, finish: int) -> bool:
    """A surname and one or two letters that somebody could be called by."""
    folded, known, words = text.folded, text.known, text.words
    whole = folded[begin:finish]
    surname = 2 if whole[:2] in known.surnames and len(whole) > 2 else 1
    given = whole[surname:]
    if whole[:surname] not in known.surnames or not GIVEN.fullmatch(given):
        return False
    if not (words.splits(begin) and words.splits(finish)) or whole in known.never:
        return False
    if NO_PART & set(given) or known.title.search(whole):
        return False
    parts = words.splits(begin + surname) or words.is_word(begin, finish)
    parts = parts or (words.splits(finish - 1) and vocabulary().rarity(given[-1]) > SELDOM)
    if not (parts or INTRODUCED.match(folded, finish)):
        return False
    return all(
        letter in known.given_letters or vocabulary().rarity(letter) >= RARE for letter in given
    )


def _is_person_here(text: Text, begin: int, finish: int) -> bool:
    before, folded = text.before(begin), text.folded
    if CALLED_FIRM.search(before):
        return False
    called = CALLED.search(before) and text.acts(finish)
    if called or (text.starts(begin) and INTRODUCED.match(folded, finish)):
        return True
    if text.is_called(begin, finish):
        return vocabulary().rarity(folded[begin:finish]) > SELDOM
    if text.is_ordinary(begin, finish) or text.is_place(begin, finish) or folded[begin] in LITTLE:
        return False
    return _is_addressed(text, begin, finish) or _does_something(text, begin, finish)


def _is_addressed(text: Text, begin: int, finish: int) -> bool:
    before, folded = text.before(begin), text.folded
    if SENTENCE_START.search(before) and VOCATIVE.match(folded[finish : finish + 2]):
        return True
    between_commas = before.endswith(",") and folded[finish : finish + 1] in (",", "。")
    return between_commas and folded[begin] not in text.known.weak


def _does_something(text: Text, begin: int, finish: int) -> bool:
    folded = text.folded
    if text.starts(begin) and ACTS_SURELY.match(folded, finish):
        return not FIRMS_DO.match(folded, finish)
    if text.is_in_office(begin) and text.acts(finish):
        return folded[begin] not in text.known.weak
    may_be_firm = finish - begin < 3 and (
        folded.startswith("的", finish)
        or (VISITED.search(text.before(begin)) and set(folded[begin:finish]) <= text.brand_letters)
    )
    if may_be_firm or folded[begin] in text.known.weak:
        return False
    return text.follows(begin) and text.acts(finish)


def _called(text: Text) -> Iterator[Found]:
    """接手的叫高兴, @吕布凡: whatever the words mean, they are a name here."""
    for match in NAMED.finditer(text.folded):
        is_name = match[1][0] in text.known.surnames and not NO_PART & set(match[1][1:])
        if is_name and not CALLED_FIRM.search(text.before(match.start(1))):
            yield Found(match.start(1), match.end(1), "people.called", 0.85)
    for match in MENTIONED.finditer(text.folded):
        yield Found(match.start(1), match.end(1), "people.mentioned", 0.9)


def _by_given_name(text: Text) -> Iterator[Found]:
    """俊杰，…; 冉冉把…; 燕子说…; 去见卓玛."""
    folded, words = text.folded, text.words
    for begin in words.starts:
        finish = begin + 2
        name = folded[begin:finish]
        if len(name) < 2 or not words.splits(finish) or name in text.known.never:
            continue
        if folded[begin - 1] == "的" or folded[finish : finish + 1] in ("的", "那"):
            continue
        if _is_given_name(text, name):
            is_somebody = text.is_spoken_of(begin, finish)
        else:
            letters = set(name) <= text.known.given_letters and name not in vocabulary()
            is_somebody = letters and text.is_called(begin, finish)
        if is_somebody:
            yield Found(begin, finish, "people.given_name", 0.75)


def _is_given_name(text: Text, name: str) -> bool:
    known = vocabulary()
    if set(name) <= text.known.given_letters:
        is_rare_word = name in known.people and known.rarity(name) > UNCOMMON
        return name[0] == name[1] or (is_rare_word and not set(name) <= text.brand_letters)
    return set(name) <= text.known.foreign and not known.is_ordinary(name)


SEEKERS: Sequence[Callable[[Text], Iterator[Found]]] = (
    _titled,
    _nicknamed,
    _honoured,
    _in_short,
    _named,
    _called,
    _by_given_name,
)
