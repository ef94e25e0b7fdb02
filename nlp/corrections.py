"""Hear a correction of what was understood last: 不对，是下周四 · 是X2型号 · 改成12万."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from nlp.amounts import yuan
from nlp.lexicon import Lexicon, default_lexicon
from nlp.note import fold_slips
from nlp.people import find_people
from nlp.time import find
from nlp.types import Correction

LONGEST = 40
"""A correction is short; anything longer is a note of its own."""
OPENING = re.compile(
    r"(?:(?:不对|不是(?=[,。!\s])|错了|[我你]?(?:搞|说|写|记|打|弄|看|听|"
    r"理解)错了?|有误|口误|更正(?:一下|下)?|纠正(?:一下|下)?"
    r"|抱歉|不好意思|等等|等一下|哦|噢|啊|呃|嗯|no|nope|sorry|wait|actually|"
    r"correction|i mean)(?:了|啊|哈|吧)?[,。!:;\s]*)+"
)
DENIED = re.compile(
    r"(?:不是|并非|not )(?P<words>[^,。!]{1,14}?)(?:[,。!\s]*(?:而)?(?=是|应该|but)|[,。!]?$)"
)
CLAIM = re.compile(
    r"(?:应该?|其实|要)?(?:是|改(?:成|为|到|下|一下)?|换成|变成|调(?:到|整到)|挪到|推到|要的是"
    r"|should be|make (?:it|that)|it'?s|change (?:it )?to|move (?:it )?to)[\s:,]*"
)
LABEL = re.compile(
    r"(?P<label>时间|日期|交期|型号|机型|金额|总价|价格|报价|数额|联系人|客户|"
    r"对方|东西|交付物|人)(?:搞|写|说|记|弄)?(?:错了|不对)?[,\s]*"
)
TAIL = re.compile(
    r"(?:才对|吧|哈|啊|呀|哦|的|了|号机|之前说错了|我?(?:搞|说|写|记|打)错了)*[,。!~\s]*$"
)
MODEL = re.compile(
    r"(?=[a-z0-9.+/-]*[a-z])(?=[a-z0-9.+/-]*\d)[a-z0-9][a-z0-9.+/-]{1,15}\s?(?:型号?|系列|款)?"
)
THINGS = ("东西", "交付物")
NEW_THING = re.compile(r"[\u4e00-\u9fffa-z0-9][\u4e00-\u9fffa-z0-9 -]{1,11}")
NAMED_MODEL = re.compile(r"[a-z0-9][a-z0-9.+/-]{0,15}\s?(?:型号?|系列|款)")


@dataclass(frozen=True, slots=True)
class Said:
    """The corrected value: where it stands in the text."""

    text: str
    folded: str
    begin: int
    finish: int
    label: str
    denied: str
    now: datetime
    lexicon: Lexicon

    @property
    def words(self) -> str:
        return self.folded[self.begin : self.finish]

    @property
    def verbatim(self) -> str:
        return self.text[self.begin : self.finish]


def read_correction(text: str, now: datetime, lexicon: Lexicon | None = None) -> Correction | None:
    """None for everything that is not plainly a correction, ordinary notes first of all."""
    words = lexicon or default_lexicon()
    if len(text) > LONGEST or "?" in (folded := fold_slips(text, words)) or "吗" in folded:
        return None
    said = _claimed(text, folded, now, words)
    if said is None:
        return None
    for reader in READERS:
        if correction := reader(said):
            return correction
    return None


def _claimed(text: str, folded: str, now: datetime, lexicon: Lexicon) -> Said | None:
    """What stands after "不对", "不是…", "是", "改成"; None without any of them."""
    begin = len(folded) - len(folded.lstrip())
    opened = OPENING.match(folded, begin)
    begin = opened.end() if opened else begin
    label = LABEL.match(folded, begin)
    begin = label.end() if label else begin
    denied = DENIED.match(folded, begin)
    begin = denied.end() if denied else begin
    claim = CLAIM.match(folded, begin)
    begin = claim.end() if claim else begin
    if not (opened or denied or claim):
        return None
    finish = _value_end(folded, begin)
    names = label["label"] if label else ""
    not_so = denied["words"] if denied else ""
    return Said(text, folded, begin, finish, names, not_so, now, lexicon)


def _value_end(folded: str, begin: int) -> int:
    """The value ends before "不是张总", and before words that add nothing."""
    rest = folded[begin:]
    if trailing := re.search(r"[,。!\s]*(?:不是|而不是|not )[^,。!]{1,14}$", rest):
        rest = rest[: trailing.start()]
    tail = TAIL.search(rest)
    return begin + (tail.start() if tail else len(rest))


def _time(said: Said) -> Correction | None:
    for span in find(said.text, said.now):
        if span.begin == said.begin and span.finish >= said.finish and span.start is not None:
            return Correction(said.text, due=span, rule="correction.time")
    return None


def _model(said: Said) -> Correction | None:
    product = said.lexicon.product.match(said.words)
    if product and product.end() == len(said.words):
        name = said.lexicon.products[said.words]
        return Correction(said.text, model=name, rule="correction.product")
    pattern = (
        MODEL
        if not said.label.endswith(("型号", "机型"))
        else re.compile(r"[a-z0-9.+/-]{1,16}.{0,2}")
    )
    if pattern.fullmatch(said.words) or NAMED_MODEL.fullmatch(said.words):
        return Correction(said.text, model=said.verbatim, rule="correction.model")
    return None


def _amount(said: Said) -> Correction | None:
    value = yuan(said.words)
    if value is None:
        return None
    return Correction(said.text, amount=value, rule="correction.amount")


def _thing(said: Said) -> Correction | None:
    match = said.lexicon.thing.match(said.words)
    if match is None or match.end() != len(said.words):
        return None
    return Correction(said.text, deliverable=said.verbatim, rule="correction.deliverable")


def _person(said: Said) -> Correction | None:
    for who in find_people(said.text, said.folded, said.lexicon):
        if who.begin == said.begin and who.finish == said.finish:
            return Correction(said.text, person=who.value, rule="correction.person")
    return None


def _new_thing(said: Said) -> Correction | None:
    """A word we do not know, in the place of a thing: 东西是展示柜, 不是样机，是展示柜."""
    known = said.lexicon.thing.match(said.denied)
    denies_thing = known is not None and known.end() == len(said.denied)
    if (said.label in THINGS or denies_thing) and NEW_THING.fullmatch(said.words):
        return Correction(said.text, deliverable=said.verbatim, rule="correction.new_thing")
    return None


READERS: Sequence[Callable[[Said], Correction | None]] = (
    _amount,
    _time,
    _model,
    _thing,
    _person,
    _new_thing,
)
