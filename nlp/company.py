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
STRONG = "公司|集团|医院|大学|学院|小学|中学|学校|酒店|超市|银行|研究院|研究所|设计院|幼儿园|卫生院|药房|诊所|商场"
LEAD = re.compile(
    r"^(?:一下|老客户|新客户|大客户|客户|今天|明天|昨天|后天|上午|下午|刚刚?|拜访|陌拜|走访|联系|首次|电话|收到|恭喜|答应|帮|访"
    r"|跑|关于|提醒|和(?!平|睦|信|顺|谐|泰|美|丰|利)|与|同(?!济|仁|方)|跟?紧|盯紧?|跟进|催|优先|保证|为|首单|好消息|搞定|签下?|拿下|另外|还有|以及|目前|下周|本周|周[一二三四五六日]|只有|一家|这家"
    r"|那家|隔壁|参观|考察|做|新线索|线索|[一二三四五六七八九十两几\d]+[家个所间])+"
)
AFTER_NAME = (
    "的|说|$|[,。:!?;\\s(]|那边|这边|那个|采购|设备|信息|后勤|财务|技术|po|年框|客户|项目|在|要|问|已|今|明|昨|把"
    "|催|同意|答应|需要|来|想|签|验收|立项|预算|中标|招标|订单|合同|首|确认|给|和|跟|找|见|拜访|装|调|做|开|这|那|上|出|有|没|都|也|还|又|就|刚|对|法务|总|订|买|用|换"
)
ROLE = "(?:采购部?|财务部?|设备科|设备部|信息科|信息部|后勤|技术部?|总务|生产部?|院办|招采|行政|it|工程部?|研发部?|法务)?的?"
CAP = r"[A-Z][A-Za-z&-]+"


@dataclass(frozen=True, slots=True)
class CompanyPatterns:
    suffixed: re.Pattern[str]
    english: re.Pattern[str]
    english_suffixed: re.Pattern[str]
    owner: re.Pattern[str]
    receiver: re.Pattern[str]
    side: re.Pattern[str]


@cache
def patterns_for(words: CompanyWords) -> CompanyPatterns:
    return CompanyPatterns(
        suffixed=re.compile(
            f"{NAME}{{1,10}}?(?:(?:{STRONG})|(?:{words.suffix})(?={AFTER_NAME}))(?:有限公司)?"
        ),
        english=re.compile(
            rf"(?:\b(?:from|at|for|(?<!compared )to|(?<!compared )with|lost|Lost|of|visited|Visited|won|Won|met|Met|over to|"
            rf"call(?:ed)?|Called|whether|Whether)\s+|(?:^|[.,!?]\s+)(?=[A-Z][a-z]+ (?:signed|placed|wants|asked|confirmed|needs|agreed|paid|chose))|(?:^|[。!?.,，]\s*)(?=[A-Z][a-z]+(?:的|那边|这边|’s|'s )))"
            rf"({CAP}(?: {CAP})*)"
        ),
        english_suffixed=re.compile(rf"({CAP}(?: {CAP})* (?:{words.english_suffix}))\b"),
        owner=re.compile(
            f"(?:^|[,。!?;:、\\s给跟是把去催盯]|只有|一下|关于)({NAME}{{2,6}}?)的(?={HAN}|[a-z])"
        ),
        receiver=re.compile(f"给({NAME}{{2,5}}?)(?:的那|寄|发|报(?!价|告)|送|做了|出了|开了|打了)"),
        side=re.compile(
            f"(?:^|[,。!?;:\\s]|跟|和)({NAME}{{2,6}}?)(?:年框|这单|那单|(?:这|那)个(?:单子?|项目|客户|合同)|来电|那边|这边|采购部)"
            f"|([A-Za-z][A-Za-z]{{2,}})(?=的po|的合同|的单|那边|这边|的项目|的报价)"
        ),
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
        begin = match.start() + _lead(match[0])
        if re.fullmatch(STRONG, note.folded[begin : match.end()]):
            continue
        yield from _accept(note, begin, match.end(), "company.suffix", 0.9)


def _lead(words: str) -> int:
    found = LEAD.match(words)
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
        thing = note.lexicon.thing.match(note.folded, match.end())
        if person or (thing and len(match[1]) - _lead(match[1]) <= 4):
            begin = match.start(1) + _lead(match[1])
            yield from _accept(note, begin, match.end(1), "company.owner", 0.6)


def _receiver(note: Note) -> Iterator[Slot[str]]:
    for match in patterns_for(note.lexicon.companies).receiver.finditer(note.folded):
        yield from _accept(note, match.start(1), match.end(1), "company.receiver", 0.6)


def _side(note: Note) -> Iterator[Slot[str]]:
    for match in patterns_for(note.lexicon.companies).side.finditer(note.folded):
        group = match.lastindex or 0
        begin = match.start(group) + _lead(match[group])
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
    return bool(COMMON.search(folded)) or lexicon.action.match(folded) is not None


COMMON = re.compile(
    r"一家|做|^(?:产品|各自|双方|彼此|设备|最新|上次|下次|原来|以前|之前|新来|负责|对接|接手|分管|管事|主管|主要|答应|承诺|约好|说好|剩下|全部|所有"
    r"|其他|别的|自己|大家|各位|同类|类似|相关|具体|详细|正式|完整|第.批|首批|今年|去年|明年|这边|那边|现场|一期|二期|三期"
    r"|姓.|技术|销售|采购|财务|商务|研发|仓库|物流|售后|工厂|产线|产品|总部|领导|老板|客户|业主|院方|校方|甲方|单位|部门"
    r"|几|两|三|四|五|一|\d|不|没|有|无|好|还|也|都|就|再|刚|已|会|能|可|应|需|比|更|最|太|很|挺|真|免费|盖章|带|含|做"
    r"|做|写|看|听|聊|谈|签|付|打|寄|发|送|装|修|换|催|等|先|后|前|按|经|通过|根据|关于|对于|由于|因为|所以|如果|要是|大概"
    r"|隔壁|附近|本地|国产|进口|同行|竞品|友商|项目|方案|合同|系统|软件|平台|老家|门口|楼下|公司|集团|学校|医院|酒店$|超市$)"
    r"|(?:号楼|车间|产线|科室|部门|项目|工地|现场|上面|下面|时候|方面|问题|机)$|周[一二三四五六日]|[今明昨后]天"
    r"|^(?:customers?$|clients?$|suppliers?$|vendors?$|buyers?$|team$|purchasing$|mon|tue|wed|thu|fri|sat|sun|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|q\d|hi|our|the|we|they|he|she|it|"
    r"legal|finance|procurement|hq|it|qa|erp|mes|crm|ceo|cto|cfo|nda|po|poc|rfp|fat|sat|cny|rmb|eod|cob|asap)"
    r"(?:day|uary|ruary|ch|il|e|y|ust|tember|ober|ember|nesday|sday|urday|rsday)?$"
)
