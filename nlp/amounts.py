"""Read what the deal is worth, in yuan: 12.5万, 6万8, 30w, RMB 880k, 三十万."""

import re
from collections.abc import Iterator

from nlp.note import Clause, Note
from nlp.numbers import read_whole
from nlp.types import Slot

UNITS = {"亿": 100_000_000, "千万": 10_000_000, "百万": 1_000_000, "万": 10_000, "w": 10_000}
UNITS |= {"千": 1_000, "k": 1_000, "m": 1_000_000, "million": 1_000_000, "": 1}
DIGITS = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
HAN_DIGITS = "[一二两三四五六七八九十百千零〇]+"
UNIT = "亿|千万|百万|万|w(?![a-z])|k(?![a-z])|千(?=元|块)|million|m(?![a-z])"
MONEY = re.compile(
    rf"(?P<sign>rmb|cny|¥|￥|人民币|\$|usd|eur|€|£)?\s?"
    rf"(?P<low>{DIGITS}|{HAN_DIGITS})\s?(?:(?:-|~|到|至|–)\s?(?:{DIGITS}|{HAN_DIGITS})\s?)?"
    rf"(?:[多来几余](?=[万千百亿]))?(?P<unit>{UNIT})?(?P<tail>[\d一二三四五六七八九](?![\d.%个台套件年月天号口起次批笔份分家单期成]))?"
    rf"\s?(?P<yuan>元|块钱?|rmb|cny|人民币)?(?P<foreign>美[金元刀]|欧元|日元|港[币元]|usd|eur|刀)?"
)
COUNTED = re.compile(
    r"\s?(?:多|左右)?(?:件|台|套|个|人|支|吨|米|公里|公斤|平|次|只|箱|户|亩|字|片|颗|双|对|副|把|张|本|册|卷|瓶|桶|包|袋|"
    r"盒|罐|根|粒|枚|头|棵|株|部|辆|艘|架|座|间|层|栋|组|场|斤|克|升|毫升|点位?|千瓦|度|转|步|里|粉丝?|用户|门店|"
    r"条|pcs|小时|年|天|像素|units?|pieces)"
)
PER_PIECE = re.compile(
    r"\s?(?:元|块|rmb)?\s?(?:/|每|一)(?:台|套|件|个|支|吨|米|人|箱|只|年|月|条|"
    r"平)|\s?(?:per|each|/)\b"
    r"|(?:的)?(?:定金|订金|预付|首付|尾款|押金|保证金|违约金|罚款|余款|首款|运费|"
    r"折扣|差价|缺口|欠款|货款没)"
)
NOT_THE_DEAL = re.compile(
    r"(?:尾款|预付款?|首付款?|首款|定金|订金|押金|保证金|余款|进度款|欠款?|欠着|"
    r"便宜|优惠了?|让(?!到)|降(?!到)|少(?!于)"
    r"|差(?!不多)|比[^,;!?。]{1,6}[低高贵]了?|砍(?!到)|返|贵了?|每[台套件个月年]|单价|[一单][台套件个支]|月租|"
    r"运费|安装费|差旅|罚|补贴|注册资本|年营收"
    r"|年产值|流水|目标|任务|业绩|指标|人均|"
    r"(?<!差不)多(?!少)|剩下?的?|余下的?|[高低多]了|抵|吃掉|亏|损失|赔|罚没?|抹|moq[^,;!?。]{0,6}|数量|销量|产量|模具费|"
    r"deposit|balance|down ?payment|prepayment|unit price|per unit|"
    r"discount|save|sign(?:s|ed)? off (?:above|over))[^,;!?。]{0,6}$"
)
INSTALMENT = re.compile(
    r"运费|尾款|退款|退货款|赔款|质保金|进度款|[一二三四]期款|[一二三四]期的钱|中期款|预付|首付|定金|订金|余款|保证金|欠款|balance|deposit"
)
RIVAL_PRICE = re.compile(
    r"(?:别家|竞品|对手|他家|人家|隔壁|同行|友商|另一家|其他家)(?:(?!我们|咱)[^,;!?。]){0,10}$"
    r"|(?:competitor|they quoted|their offer|other vendor)[^,;!?.]{0,16}$"
)
TOTAL = re.compile("[总一]共|合计|总价|总额|加起来|统共")
COUNTER_OFFER = re.compile("(?:砍|压|还|降)(?:到|价|成)[^,;!?。]{0,3}$")
REFUSED = re.compile("没(?:松口|答应|同意|接|敢)|不(?:同意|答应|行)|做不了")
UNREAL = re.compile("梦见|梦到|愚人节|酒话|喝[多醉]了|吹牛|开玩笑")
SMALLEST = 100
"""一块 is together, and nobody notes a deal of 80 yuan."""
BUDGET = re.compile(r"预算|批的|经费|拨款|封顶|上限|budget|funding")


def find_amount(note: Note) -> Slot[int] | None:
    """The latest figure for the deal itself, else what the customer has to spend."""
    found = [] if UNREAL.search(note.folded) else list(_figures(note))
    deals = [slot for slot in found if slot.rule == "amount.deal"]
    return (deals or found)[-1] if found else None


def yuan(words: str) -> int | None:
    """The sum that the words are, and nothing else: 12万, 6万8, rmb 880k."""
    match = MONEY.fullmatch(words)
    if match is None or match["foreign"] or not (match["unit"] or match["sign"] or match["yuan"]):
        return None
    return _value(match)


def _figures(note: Note) -> Iterator[Slot[int]]:
    for match in MONEY.finditer(note.folded):
        clause = note.clause_at(match.start("low"))
        value = _value(match)
        if clause is None or value is None or value < SMALLEST or not _is_money(match, note):
            continue
        if _is_of_the_deal(match, clause, note):
            budget = BUDGET.search(note.folded[max(0, clause.begin - 12) : clause.finish])
            words, begin, finish = note.verbatim(match.start(), match.end())
            rule = "amount.budget" if budget else "amount.deal"
            yield Slot(value, words, begin, finish, rule, 0.9 if match["unit"] else 0.8)


def _is_money(match: re.Match[str], note: Note) -> bool:
    if match["foreign"] or (match["sign"] or "") in ("$", "usd", "eur", "€", "£"):
        return False
    if not (match["unit"] or match["sign"] or match["yuan"]):
        return False
    if match["unit"] == "m" and not (match["sign"] or match["yuan"]):
        return False
    return not (COUNTED.match(note.folded, match.end()) and not match["yuan"])


def _is_of_the_deal(match: re.Match[str], clause: Clause, note: Note) -> bool:
    before = note.folded[clause.begin : match.start()]
    if PER_PIECE.match(note.folded, match.end()) or NOT_THE_DEAL.search(before):
        return False
    if COUNTER_OFFER.search(before) and REFUSED.search(
        note.folded[match.end() : clause.finish + 8]
    ):
        return False
    if RIVAL_PRICE.search(before) or note.lexicon.companies.competitor.search(before):
        return False
    previous = note.clauses[clause.index - 1] if clause.index else None
    alone = not (note.lexicon.thing.search(before) or TOTAL.search(before))
    return not (alone and previous and INSTALMENT.search(previous.text))


def _value(match: re.Match[str]) -> int | None:
    low = match["low"].replace(",", "")
    number = float(low) if low[0].isdigit() else read_whole(low)
    if number is None:
        return None
    scale = UNITS[match["unit"] or ""]
    value = number * scale
    if match["tail"] and scale > 1:
        value += (read_whole(match["tail"]) or 0) * scale / 10
    return round(value) if 0 < value < 10**13 else None
