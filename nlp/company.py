"""Find the customer organisation a note is about."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from nlp.lexicon import CompanyWords, Lexicon
from nlp.note import Note
from nlp.types import Slot

HAN = "[\u4e00-\u9fff]"
STOP = "但跟给对去到在是的了从找问把向约见被由请让叫将及说我你他她们这那个着过要里"
NAME = f"(?:(?![{STOP}])[\u4e00-\u9fff])"
STRONG = (
    "公司|集团|医院|大学|学院|小学|中学|学校|酒店|超市|银行|"
    "研究院|研究所|设计院|幼儿园|卫生院|药房|诊所|商场"
)
ROLE = (
    "(?:采购部?|财务部?|设备科|设备部|信息科|信息部|it部|教务处?|后勤|技术部?|"
    "总务|生产部?|院办|招采|行政|it|工程部?|研发部?|法务)?的?"
)
THEIR_PEOPLE = re.compile("人(?:[碰吃聊谈见开说]|$|,)")
CAP = r"(?<![A-Za-z])[A-Z][A-Za-z&-]{1,30}"


@dataclass(frozen=True, slots=True)
class CompanyPatterns:
    suffixed: re.Pattern[str]
    english: re.Pattern[str]
    english_suffixed: re.Pattern[str]
    owner: re.Pattern[str]
    receiver: re.Pattern[str]
    side: re.Pattern[str]
    lead: re.Pattern[str]
    common: re.Pattern[str]


@cache
def patterns_for(words: CompanyWords) -> CompanyPatterns:
    after = f"{words.after}|$|[,。:!?;\\s(]"
    return CompanyPatterns(
        suffixed=re.compile(
            f"{NAME}{{1,10}}?(?:(?:{STRONG})|(?:{words.suffix})(?={after}))(?:有限公司)?"
        ),
        english=re.compile(
            rf"(?:\b(?:from|at|for|(?<!compared )to|(?<!compared )with|lost|Lost|"
            rf"of|visited|Visited|won|Won|met|Met|over to|"
            rf"call(?:ed)?|Called|whether|Whether)\s+|(?:^|"
            rf"[.,!?]\s+)(?=[A-Z][a-z]+ (?:signed|placed|wants|asked|confirmed|"
            rf"needs|agreed|paid|chose))|(?:^|[。!?.,，]\s*)(?=[A-Z][a-z]+(?:的|"
            rf"那边|这边|’s|'s )))"
            rf"({CAP}(?: {CAP}){{0,4}})"
        ),
        english_suffixed=re.compile(rf"({CAP}(?: {CAP}){{0,4}} (?:{words.english_suffix}))\b"),
        owner=re.compile(
            f"(?:^|[,。!?;:、\\s给跟是把去催盯]|只有|一下|关于)({NAME}{{2,6}}?)的(?={HAN}|[a-z])"
        ),
        receiver=re.compile(f"给({NAME}{{2,5}}?)(?:的那|寄|发|报(?!价|告)|送|做了|出了|开了|打了)"),
        side=re.compile(
            f"(?:^|[,。!?;:\\s]|跟|和)({NAME}{{2,6}}?)(?:年框|这单|那单|(?:这|"
            f"那)个(?:单子?|项目|客户|合同)|那[份批](?=报价|合同|方案|货|标书|订单)|来电|那边|这边|采购部)"
            f"|(?<![a-z])([a-z][a-z]{{2,30}})(?=的po|的合同|的单|那个(?:case|deal|单|项目)|那边|这边|的项目|的报价)"
        ),
        lead=re.compile(f"(?:{words.before})+"),
        common=re.compile(words.common),
    )


def find_company(note: Note) -> Slot[str] | None:
    """The first organisation named, the surest way of naming first."""
    for seek in SEEKERS:
        found = sorted(seek(note), key=lambda slot: slot.begin)
        if found:
            return found[0]
    return None


def _known(note: Note) -> Iterator[Slot[str]]:
    for name in note.customers:
        short = re.sub(r"(?:股份)?(?:有限)?(?:责任)?公司$|集团$", "", name)
        for words in dict.fromkeys((name, short)):
            begin = note.text.find(words) if len(words) > 1 else -1
            if begin >= 0:
                yield Slot(name, words, begin, begin + len(words), "company.known", 1.0)
                break


def _suffixed(note: Note) -> Iterator[Slot[str]]:
    words = note.lexicon.companies
    for match in patterns_for(words).suffixed.finditer(note.folded):
        begin = match.start() + _lead(match[0], note)
        if re.fullmatch(STRONG, note.folded[begin : match.end()]):
            continue
        yield from _accept(note, begin, match.end(), "company.suffix", 0.9)


def _lead(words: str, note: Note) -> int:
    found = patterns_for(note.lexicon.companies).lead.match(words)
    return found.end() if found else 0


def _english(note: Note) -> Iterator[Slot[str]]:
    patterns = patterns_for(note.lexicon.companies)
    for pattern in (patterns.english_suffixed, patterns.english):
        for match in pattern.finditer(note.text):
            yield from _accept(note, match.start(1), match.end(1), "company.english", 0.8)


def _owner(note: Note) -> Iterator[Slot[str]]:
    """卓远的采购小华, 鼎新的标书, 华康的回款: what belongs to whom."""
    people = {slot.begin for slot in note.people}
    for match in patterns_for(note.lexicon.companies).owner.finditer(note.folded):
        after = re.compile(ROLE).match(note.folded, match.end())
        person = after is not None and after.end() in people
        person = person or bool(THEIR_PEOPLE.match(note.folded, match.end()))
        thing = note.lexicon.thing.match(note.folded, match.end())
        if person or (thing and len(match[1]) - _lead(match[1], note) <= 4):
            begin = match.start(1) + _lead(match[1], note)
            yield from _accept(note, begin, match.end(1), "company.owner", 0.6)


def _receiver(note: Note) -> Iterator[Slot[str]]:
    for match in patterns_for(note.lexicon.companies).receiver.finditer(note.folded):
        yield from _accept(note, match.start(1), match.end(1), "company.receiver", 0.6)


def _side(note: Note) -> Iterator[Slot[str]]:
    for match in patterns_for(note.lexicon.companies).side.finditer(note.folded):
        group = match.lastindex or 0
        begin = match.start(group) + _lead(match[group], note)
        yield from _accept(note, begin, match.end(group), "company.side", 0.5)


SEEKERS: Sequence[Callable[[Note], Iterator[Slot[str]]]] = (
    _known,
    _suffixed,
    _english,
    _owner,
    _receiver,
    _side,
)


def _accept(
    note: Note, begin: int, finish: int, rule: str, confidence: float
) -> Iterator[Slot[str]]:
    words, begin, finish = note.verbatim(begin, finish)
    if len(words) >= 2 and not _is_none(words, begin, finish, note):
        yield Slot(words, words, begin, finish, rule, confidence)


def _is_none(words: str, begin: int, finish: int, note: Note) -> bool:
    """Not a customer: a common word, a place, a person, a rival, a time, a thing to deliver."""
    lexicon: Lexicon = note.lexicon
    known = lexicon.companies
    folded = note.folded[begin:finish]
    if words in known.never or words in known.places or words in known.ours:
        return True
    if any(words == place + tail for place in known.places for tail in ("分公司", "公司", "项目")):
        return True
    if known.competitor.search(folded) or lexicon.thing.search(folded):
        return True
    if any(who.begin < finish and begin < who.finish for who in note.people):
        return True
    if any(time.begin < finish and begin < time.finish for time in note.times):
        return True
    return (
        bool(patterns_for(known).common.search(folded)) or lexicon.action.match(folded) is not None
    )
