"""Where in a Chinese sentence an organisation can stand, and what its name is made of."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from nlp.lexicon import CompanyWords
from nlp.note import Note
from nlp.words import Words, cut, vocabulary

FUNCTION = frozenset(
    "的了是在跟与去到从给找约见让请叫问向对把被由将为但而也都就还又再不没有要会能想说讲等着过这那哪每各某我你他她它咱您"
    "个家趟次下上里内外前后之及或且并先已刚只太很最更挺真好看做买卖用写听签收发送寄付打装修换催跑访吃喝谈聊带拿递帮替盯管该"
    "得地们吗呢吧啊呀嘛哦嗯喂什怎谁几两半多少一二三四五六七八九十单台套批件份期款版点些第来开今昨人非早晚时候年月日号改所回走订住出"
)
"""Letters that stand for themselves and belong to no name."""
NUMBERS = frozenset("一二三四五六七八九十")
MEASURES = frozenset("成台双层楼期季道条城域区京晨晚天日月世纪木果花百千亿万大星岁")
GENERIC = frozenset("部处科室组队班区楼店场地厂站市县镇村边面院所局口岗层期线")
"""What the words for a kind of place end with."""
FILLER = (
    "(?:老主顾|老用户|[老新大]客户|客户|好消息|听说|据说|得知|提醒|[嗯喂哎诶唉噢]|那个|这个|就是|对了|另外|还有|目前"
    "|现在|刚才?|今天|今儿|昨天|昨儿|明天|后天|上午|下午|早上|晚上|中午|上周|本周|这周|下周"
    "|周[一二三四五六日]|你好|记一下|顺手|终于|总算|原来)"
)
CLAUSE_START = re.compile(rf"(?:^|[,。!?;:\n()\"“”、]|(?<=[\u4e00-\u9fff]) )\s*{FILLER}*")
GOING = re.compile(
    "(?:去了?(?:一?趟)?|跑一?趟|跑了趟|往|(?:拜访|走访|陌拜|回访|访|参观|考察|跑)了?|陪[^,。]{1,4}去(?:一?趟)?|从|在|到"
    "|进|答应|承诺|拿下|签下|签了?|中了|丢了|搞定|加上|加了|看了?|跟紧|紧跟|跟进|盯紧?|催|送到?|寄到?|发到?"
    "|运到|拉到|来自|联系上?|接到|收到|通知|对接|关于|离开|见了|只有|谁知道|给到|给了)"
)
"""One goes to an organisation, signs it, watches it: whatever name follows is one."""
TOWARDS = re.compile(
    "(?:[跟和与给向对由被让把帮为问找约同替]|说好给|答应给|比如|拜访|联系|通知|提醒|负责|对接|欠|催|见|约|陪"
    "|谁知道|我们?是|这[里边]是|听说|一下|多年的|已久的|[,。]就|[,。]只)"
)
"""A person may follow as well."""
DEPARTMENT = (
    "来电|年框|采购|财务|设备[科部处]|信息[科部处]|后勤|总务|技术[部科]|法务|老板|领导|院办|招办|招标"
    "|it(?![a-z])|qa(?![a-z])|筹建|指挥部|课题组|门店|分店|品控|人事|行政|前台|分厂"
    "|(?:工程|生产|质量|质检|市场|销售|研发|运营|it|安装|装修|基建|保障|检验|药剂|放射|影像)[部处科队室组]"
)
SIDE = re.compile(
    f"[那这](?:[边头儿家台批套单笔份个次位项条款些车箱拨]|[一两三几]\\w)|{DEPARTMENT}|全款|回款|尾款|首付"
    "|中标|立项|开标|订单|合同|po(?![a-z])|所有|项目|预算|单子|标段|工地|现场|[一二三]期|仓库|车间"
)
"""Follows a customer: 通达那台, 永辉门店, 农科院全款."""
OFFICE = re.compile(
    f"{DEPARTMENT}|[那这]边|的(?:{DEPARTMENT}|人|单子?|订单|合同|标|招标|微信|发票|项目|返利|协议)"
)
OVER_THERE = re.compile("[那这]边")
THEIRS = re.compile(
    "的(?:人|标|单子?|订单|合同|货|款|钱|票|招标|采购|设备|项目|老板|老产线|产线|需求|预算|方案|样|返利"
    "|微信|发票|车|报价|验收|安装|培训|尾款|回款|系统|合作|协议|[一两三四五六七八九十\\d]+[台套批件份个]"
    "|那|这)"
)
ACTS = re.compile(
    "要(?!求)|说|问|想|在[问催用做招等]|催|嫌|把|已|回复|来[电问找]|同意|答应|验收|下单|签|打款|付|停|换"
    "|拿下|定|还[欠没要]|欠"
)
ARRIVED = re.compile(
    r"$|[,。!?;:、()\s]|[的那见谈聊开蹲演装送培给出回看找跟做碰跑了拜取签对验调修住吃喝盖讲交待办参]|当面|现场"
    r"|一?趟|下?单"
)
GIVEN_TO = re.compile("(?:给|为|替|帮)$")
GIVES = re.compile("[,。;!?]|寄|发(?!现)|送|报|做|打|开|装|供|出|配|留|备")
COUNTED = re.compile(r"[两三四五六七八九十\d]+[台套批件份]")
HAN = re.compile("[\u4e00-\u9fff]")
NAME = re.compile("(?![新老原前全总双准各分正临主谢])[\u4e00-\u9fff]{2,5}")
SELDOM, RARE, HARDLY_EVER = 11, 12, 15
"""How rare a word is that the dictionary knows as a name, that could be one, that must be one."""


@dataclass(frozen=True, slots=True)
class Text:
    """The folded note with its words."""

    note: Note
    folded: str
    words: Words
    known: CompanyWords
    people: frozenset[int]
    """Where somebody's name begins."""
    times: frozenset[int]
    """Where a time begins."""
    going: frozenset[int]
    towards: frozenset[int]
    opening: frozenset[int]
    """Where a clause begins, or a time or a name has just ended."""

    def before(self, offset: int) -> str:
        return self.folded[max(0, offset - 10) : offset]

    def is_entered(self, begin: int) -> bool:
        """An organisation may follow."""
        return begin in self.opening or begin in self.going or begin in self.towards

    def is_brand(self, begin: int, finish: int) -> bool:
        """Could be nothing but a name (佰盛, 旭晟), or is a word that shops choose (通达, 飞腾)."""
        name, known = self.folded[begin:finish], self.known
        plain = name in known.attributes or name in known.never or name[0] == "和"
        if plain or self.note.lexicon.people.bare.fullmatch(name):
            return False
        if name[0] in NUMBERS:
            return self._is_numbered(begin, finish)
        if name in vocabulary().people and len(name) > 2:
            return True
        goods = set(name if len(name) == 2 else name[-1]) & known.goods_letters
        half = 2 * sum(letter in known.brand_letters for letter in name) >= len(name)
        if goods - known.brand_letters or not half:
            return False
        if name[:2] in known.places and len(name) > 3:
            begin += 2
        return all(self.is_brand_part(*piece) for piece in self.pieces(begin, finish))

    def _is_numbered(self, begin: int, finish: int) -> bool:
        """三鼎, 一品鲜; not 三台, 两年."""
        rest = self.folded[begin + 1 : finish]
        counted = rest[0] in MEASURES or self.words.is_word(begin, finish)
        return not counted and set(rest) <= self.known.brand_letters

    def pieces(self, begin: int, finish: int) -> Iterator[tuple[int, int]]:
        while begin < finish:
            last = min(finish, self.words.finish_of.get(begin, begin + 1))
            yield begin, last
            begin = last

    def is_brand_part(self, begin: int, finish: int) -> bool:
        word = self.folded[begin:finish]
        if len(word) == 1:
            return HAN.match(word) is not None and word not in FUNCTION
        known = self.known
        if word in known.attributes or word in known.never or word in known.places:
            return False
        if set(word) <= known.brand_letters:
            return True
        needed = SELDOM if word in vocabulary().names else HARDLY_EVER
        return vocabulary().rarity(word) > needed and not set(word) & FUNCTION

    def is_place(self, begin: int, finish: int) -> bool:
        """A town; small ones whose letters firms choose as well (蓝海) are taken for firms."""
        name = self.folded[begin:finish]
        if name in self.known.places:
            return True
        return name in vocabulary().places and not set(name) <= self.known.brand_letters

    def is_whole_brand(self, begin: int, finish: int) -> bool:
        """In no dictionary, of letters for names, and closed: 给佳禾|准备."""
        name = self.folded[begin:finish]
        letter = self.folded[finish : finish + 1]
        goes_on = self.words.is_word(finish, finish + 1) and letter not in FUNCTION
        return (
            not (goes_on or self.words.is_word(begin, finish))
            and set(name) <= self.known.brand_letters
        )

    def is_unusual(self, begin: int, finish: int) -> bool:
        """Hardly the word for a kind of people or place."""
        name, known, rarity = self.folded[begin:finish], self.known, vocabulary().rarity
        if not NAME.fullmatch(name) or name[-1] in GENERIC or not known.brand_letters & set(name):
            return False
        words = [self.folded[first:last] for first, last in self.pieces(begin, finish)]
        plain = (FUNCTION, known.attributes, known.never, known.places)
        if any(word in listed for word in words for listed in plain):
            return False
        if FUNCTION & set(words[-1]) or any(known.before.fullmatch(word) for word in words):
            return False
        return any(rarity(word) > RARE or len(word) == 1 < len(words) for word in words)

    def has_people(self, finish: int) -> bool:
        """万里物业的常姐, 鹿鸣书店那边: whoever stands behind it belongs to an organisation."""
        behind = finish + self.folded.startswith("的", finish)
        return behind in self.people or OFFICE.match(self.folded, finish) is not None

    def goes_on(self, finish: int) -> bool:
        """恒瑞|达: the next letter is still of the name."""
        letter = self.folded[finish : finish + 1]
        return self.words.is_word(finish, finish + 1) and letter in self.known.brand_letters

    def is_ordinary(self, begin: int, finish: int) -> bool:
        """A word of the dictionary that is used for more than names."""
        name, known = self.folded[begin:finish], vocabulary()
        is_word = self.words.is_word(begin, finish)
        return is_word and known.rarity(name) <= (SELDOM if name in known.names else RARE)


def text_of(note: Note) -> Text:
    def ends(pattern: re.Pattern[str]) -> frozenset[int]:
        return frozenset(match.end() for match in pattern.finditer(note.folded))

    return Text(
        note=note,
        folded=note.folded,
        words=cut(note.folded),
        known=note.lexicon.companies,
        people=frozenset(who.begin for who in note.people),
        times=frozenset(span.begin for span in note.times),
        going=ends(GOING),
        towards=ends(TOWARDS),
        opening=ends(CLAUSE_START)
        | {span.finish for span in note.times}
        | {who.finish for who in note.people},
    )


def stands(text: Text, begin: int, finish: int) -> bool:
    """What follows tells that an organisation was named."""
    folded = text.folded
    if finish + folded.startswith("的", finish) in text.people:
        return True
    if text.is_place(begin, finish):
        owned = text.note.lexicon.thing.search(folded[finish + 1 : finish + 9])
        return folded.startswith("的拜访" if owned is None else "的", finish)
    if SIDE.match(folded, finish) or THEIRS.match(folded, finish):
        return True
    arrived = begin in text.going and ARRIVED.match(folded, finish) is not None
    return arrived or (not text.is_ordinary(begin, finish) and _does_something(text, begin, finish))


def _does_something(text: Text, begin: int, finish: int) -> bool:
    folded, before = text.folded, text.before(begin)
    return bool(
        text.is_whole_brand(begin, finish)
        or (GIVEN_TO.search(before) and GIVES.match(folded, finish))
        or (finish in text.times and not text.words.is_word(begin, finish))
        or ACTS.match(folded, finish)
        or text.note.lexicon.thing.match(folded, finish)
        or re.match(r"的\w", folded[finish : finish + 2])
        or COUNTED.match(folded, finish)
    )
