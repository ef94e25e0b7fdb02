"""Where in a Chinese sentence a person can stand."""

import re
from dataclasses import dataclass

from nlp.lexicon import PeopleWords
from nlp.words import Words, vocabulary

SENTENCE_START = re.compile(r"(?:^|[。!?;\n])\s*$")
CLAUSE_START = re.compile(r"(?:^|[,。!?;:\n()\"“”、啊呀])\s*$|(?<=[\u4e00-\u9fff]) $")
TOWARDS = re.compile(
    "(?:[跟和与同给找约见让请叫陪替问催带位名的被由向对看靠@里]"
    "|(?:联系|拜访|通知|转告|告诉|提醒|答应|感谢|恭喜|遇到|碰到|见到|见着|见|认识|安排|找到?|看望"
    "|看见|碰见|约|问|请)了?|[那这]边|[部科处室]|回复|麻烦|陪同|问下|一下|看看|跟车的是|来的是"
    "|[那这]个|[我咱你他]们)$"
)
"""What stands before a person, as a rule."""
SWALLOWED = "发跟和给找约问见请让叫陪是同下了过到老小"
"""Letters that the dictionary may take for a part of one word with the surname: 见方|总."""
CALLED = re.compile(
    r"(?:@|叫|叫做|名字[叫是]|换成了?|换了|接手的是|接替的是|新来的是"
    r"|(?:联系|对接|负责|收件)人[:是]?|(?:管|负责|对接)[^,。的]{1,6}的"
    r"|(?:我|这边)是[^,。!?;]{0,12}的)\s?$"
)
CALLED_FIRM = re.compile("(?:做|卖|公司|客户|厂|店|品牌)[^,姓长人]*,?叫$")
INTRODUCED = re.compile(r"(?:\([^)]*\))?是(?:新|他们|客户|采购|负责|那边|这边|这家|我们|对方|对接)")
ACTS = re.compile(
    r"$|[,。!?;:、()\s\d]|你(?!们)|[说讲问答让叫把给跟和约请去来已刚还也没不在今明昨要想会能可是嫌觉提催"
    r"盯发签盖打带接帮先再又正松点调退到的拍认同回话了预敲对都进欠通坐加汇确告表记抓尽主亲临突终出休]"
    r"|负责|那[边儿]|这边|后[天年]|[上下早晚中][午周个班月]|[早晚]上|周[一二三四五六日]|本周|反馈|一直"
    r"|最|将|应该|需要|元旦|春节|五一|国庆|年[前后底]"
)
"""What may follow somebody who has been named in a place for persons."""
ACTS_SURELY = re.compile(
    "说|讲|问|继续|通知|打来电话|答应|同意|让(?!利)|负责|把|去(?!年)|跟|主动|[今明][天晚早儿]|昨[天晚]"
    "|后天|上午|下午|早上|晚上|周[一二三四五六日]|[上下本]周|刚|已经?|一直|来[电问找]|回[复电了话]|反馈"
    "|打[来电]|要(?!求)|想|那[边儿]|也|还|觉得|嫌|确认|表示|告诉|出差|休假|请假|离职|你(?!们)|请|记得"
    "|发[了过来我]|催|盯|拍板|松口|点头|接(?:了|手|电话)|带着?|约|在[吗群]"
)
"""What only somebody does, at the beginning of a clause."""
FIRMS_DO = re.compile("那[边儿]|要|想|也|还")
"""Of these, what a firm does as well."""
LITTLE = frozenset("和从向那都有来后能多才经公代当对要但")
"""Before a bare title these are never a name: 和老师, 从经理那儿."""


@dataclass(frozen=True, slots=True)
class Text:
    """A folded text with its words."""

    folded: str
    words: Words
    known: PeopleWords
    brand_letters: frozenset[str] = frozenset()
    """What firms are called by."""

    def before(self, offset: int) -> str:
        """What leads up to a place; a line break stands for the beginning of all."""
        return self.folded[offset - 14 : offset] if offset > 14 else "\n" + self.folded[:offset]

    def is_ordinary(self, begin: int, finish: int) -> bool:
        """One word of the dictionary, and nobody's name there."""
        name = self.folded[begin:finish]
        is_word = self.words.is_word(begin, finish)
        return name in self.known.never or (is_word and vocabulary().is_ordinary(name))

    def is_place(self, begin: int, finish: int) -> bool:
        is_word = self.words.is_word(begin, finish)
        return is_word and self.folded[begin:finish] in vocabulary().places

    def opens(self, begin: int) -> bool:
        """A word begins here, or it was swallowed by the letter before."""
        if self.words.splits(begin):
            return True
        return self.folded[begin - 1] in SWALLOWED and self.words.is_word(begin - 1, begin + 1)

    def starts(self, begin: int) -> bool:
        return CLAUSE_START.search(self.before(begin)) is not None

    def follows(self, begin: int) -> bool:
        """Somebody is turned to: 跟…, 拜访…, 那位…"""
        return TOWARDS.search(self.before(begin)) is not None

    def stands(self, begin: int) -> bool:
        return self.starts(begin) or self.follows(begin)

    def acts(self, finish: int) -> bool:
        return ACTS.match(self.folded, finish) is not None

    def meets(self, begin: int, finish: int) -> bool:
        """Somebody stands here: spoken to, or doing something."""
        return self.acts(finish) and self.stands(begin)

    def is_called(self, begin: int, finish: int) -> bool:
        """小包，…: spoken to at the beginning of a sentence."""
        starts = SENTENCE_START.search(self.before(begin)) is not None
        return starts and self.folded[finish : finish + 1] in (",", ":")

    def is_in_office(self, begin: int) -> bool:
        """Who somebody is stands before: 采购|…, 徒弟|…"""
        return self.known.in_office.search(self.before(begin)) is not None

    def is_spoken_of(self, begin: int, finish: int) -> bool:
        if self.follows(begin) or self.is_in_office(begin):
            return self.acts(finish)
        acts = self.starts(begin) and ACTS_SURELY.match(self.folded, finish)
        return bool(acts) or self.is_called(begin, finish)
