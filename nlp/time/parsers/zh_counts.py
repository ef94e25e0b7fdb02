"""Chinese counts of time from now: 三天内, 两周后, 5个工作日, 过两天, 最近三个月."""

import re

from nlp.numbers import ZH_DIGIT, ZH_NUMERAL, read_near
from nlp.time.grammar import Meaning, reads
from nlp.time.places.counts import HELD, Amount, around, away, move, no_date, rolling, until
from nlp.time.types import Grain
from nlp.time.window import DAY, Scene, Window, day_of

UNITS = (
    "秒钟?|分钟?|刻钟?|小时|钟头|工作日|交易日|自然日|天|日|周|星期|礼拜|季度|年(?![代级纪轮会])"
)
QUANTITY = rf"\d{{1,4}}(?:\.\d)?|[{ZH_NUMERAL}]{{1,6}}|半"
# 三月 is March; a length is 三个月, or 半月, 两月, 仨月, which name no month.
ONE = (
    rf"(?:(?:(?:{QUANTITY})[到至~-])?(?:{QUANTITY})\s?[多来]?(?:个?多?半?(?:{UNITS})|个多?半?月)"
    r"|(?:[半两俩仨]|(?<=[前后近])三)月)[半多]?钟?"
)
AMOUNT = rf"(?<![\d.第周月]|[{ZH_NUMERAL}])(?<!星期)({ONE}(?:[又零余和]?(?:{ONE})){{0,2}})"
PART = re.compile(rf"({QUANTITY})\s?[多来]?个?多?(半?)({UNITS}|月)(半?)")
MOST_YEARS = 200
"""Beyond that the number is the name of a year."""
NOT_AHEAD = "往|台|端|面|期|景|提(?![交供出])|言|任|沿|进|段|瞻|列|途|辈|线|排|后|夕"


def read_amount(words: str) -> Amount | None:
    total = Amount()
    for quantity, half, unit, tail in PART.findall(words):
        bounds = read_quantity(quantity)
        if bounds is None or (unit == "年" and names_a_year(quantity, bounds)):
            return None
        low, high = bounds
        note = "约数，取后一个" if low != high else ""
        value = high + (0.5 if half or tail else 0)
        total = total.plus(value, unit)._replace(assumed=note)
    return total


def read_quantity(words: str) -> tuple[float, float] | None:
    """Lower and upper; they differ for 六七天."""
    if words == "半":
        return 0.5, 0.5
    if "." in words:
        return float(words), float(words)
    return read_near(words)


def names_a_year(words: str, bounds: tuple[float, float]) -> bool:
    """2015年, 九七年."""
    spelt = len(words) == 2 and bounds[0] == bounds[1] and set(words) <= set(ZH_DIGIT)
    return spelt or bounds[1] > MOST_YEARS


def counted(words: str, sign: int) -> Meaning | None:
    amount = read_amount(words)
    if amount is None:
        return None
    hold = around(amount, sign)
    grain: Grain = "minute" if amount.clocked else "day"
    reach = hold and HELD.get(amount.unit[0], "week")
    return Meaning(grain, away(amount, sign), hold, reach)


@reads(
    rf"{AMOUNT}(?:以|之|过)?后(?!半|续|面|台|悔)|(?:再?过|再等)了?\s?{AMOUNT}(?:[以之]?后)?(?!节|程|去)"
)
def time_after(match: re.Match[str]) -> Meaning | None:
    return counted(match[1] or match[2], 1)


@reads(rf"{AMOUNT}(?:以|之)?前(?!{NOT_AHEAD})")
def time_ago(match: re.Match[str]) -> Meaning | None:
    if match[1].endswith("日"):
        return None
    return counted(match[1], -1)


def _names_no_length(words: str) -> bool:
    """3年交, 3日交: not "within"."""
    return words[-1] in "年月" or (words[-1] == "日" and not words.endswith(("工作日", "交易日")))


SINCE_EVENT = re.compile(
    r"(?:后|起|[完毕][\u4e00-\u9fff]{0,5}|到(?:货|账|位|手|场|港)?[\u4e00-\u9fff]{0,2}|之日|自)\s?$"
)
PROMISED = "交|到货|发货|出货|寄|搞定|完成|给|出|送"


@reads(
    rf"(?:还要|还需要?|还得|还有|还剩|还差|需要|在)?\s?{AMOUNT}(?:以内|之内|内|里面|里(?![程头]))"
    rf"|(?:还要|还需要?|还得|还剩|还差|需要)\s?{AMOUNT}(?![前后])"
    rf"|{AMOUNT}(?=(?:就|才|可以|能|就能|左右)?(?:{PROMISED}))"
)
def time_within(match: re.Match[str]) -> Meaning | None:
    words = match[1] or match[2] or match[3]
    amount = read_amount(words)
    if amount is None or (not match[1] and _names_no_length(words)):
        return None
    before = match.string[max(0, match.start() - 8) : match.start()]
    if SINCE_EVENT.search(before):
        return Meaning("day", no_date, kind="duration")
    return Meaning("minute" if amount.clocked else "day", until(amount), beside=True)


PAST = "最近|近|过去|此前|之前|前|上|这"
FUTURE = "未来|今后|接下来|往后|此后|后|下"


@reads(
    rf"(?<![以之提目今年月季日号向而])(?:({PAST})|({FUTURE}))的?这?\s?{AMOUNT}"
    r"(?:以?来|[之以]?内|里|间)?(?![前后])"
)
def rolling_span(match: re.Match[str]) -> Meaning | None:
    amount = read_amount(match[3])
    if amount is None or _follows_an_event(match):
        return None
    return Meaning("day", rolling(amount, -1 if match[1] else 1), kind="range")


def _follows_an_event(match: re.Match[str]) -> bool:
    """In 验收后三天内 the 后 belongs to what is before it, as 下 does in 余下两天."""
    before = match.string[max(0, match.start() - 1) : match.start()]
    short = (match[1] or match[2]) in ("后", "下", "上")
    return short and "\u4e00" <= before <= "\u9fff" and before not in "在这的我你他她们总"


@reads(rf"{AMOUNT}以来")
def time_since(match: re.Match[str]) -> Meaning | None:
    amount = read_amount(match[1])
    if amount is None:
        return None

    def place(within: Window | None, scene: Scene) -> Window | None:
        start = move(scene.today, amount, -1) if within is None else None
        return Window(start, scene.today + DAY, "day", "range") if start else None

    return Meaning("day", place, kind="range")


@reads(rf"{AMOUNT}(?:以[上下]|左右|时间)?")
def bare_amount(match: re.Match[str]) -> Meaning | None:
    """账期60天: a length, not a date; 一分不少 is money."""
    if re.fullmatch(rf"(?:{QUANTITY})分", match[1]):
        return None
    return Meaning("day", no_date, kind="duration") if read_amount(match[1]) else None


@reads(r"这(?:一两|两|二|两三)[天日](?:内|之内|里)?(?!前|后)")
def these_days(match: re.Match[str]) -> Meaning:
    def place(within: Window | None, scene: Scene) -> Window | None:
        return Window(scene.today, scene.today + 3 * DAY, "day", "range", "按今天起三天内")

    return Meaning("day", place, kind="range")


@reads(
    rf"(?:(?<=[节日号天末庆秋午明旦诞夕宵])|(?<=[周期拜][一二三四五六日])|(?<=五一|十一))[之的]?([前后])({QUANTITY})个?(天|日|周|星期|礼拜)(?!内)"
)
def moved_day(match: re.Match[str]) -> Meaning | None:
    """教师节前一天: counted from the day named before it."""
    amount = read_amount(match[2] + match[3])
    if amount is None:
        return None
    sign = 1 if match[1] == "后" else -1

    def place(within: Window | None, scene: Scene) -> Window | None:
        if within is None or within.grain != "day":
            return None
        there = move(within.first, amount, sign)
        return day_of(there) if there else None

    return Meaning("day", place, beside=True, needy=True)
