"""Chinese words for weeks, months, quarters and years, their edges and their parts."""

import re

from nlp.numbers import ZH_DIGIT, ZH_NUMERAL, read_near, read_whole
from nlp.time.grammar import Meaning, Place, reads
from nlp.time.parsers.zh_days import NUMBER, weeks_said
from nlp.time.places.days import LONGEST_MONTH
from nlp.time.places.periods import (
    full_year,
    half_year,
    in_year,
    month_in_year,
    quarter_in_year,
    relative,
    relative_week_place,
)
from nlp.time.window import DAY, Scene, Window, year_of

YEAR_OFFSETS = {"大前": -3, "前": -2, "去": -1, "上": -1, "今": 0, "本": 0, "当": 0, "这": 0}
YEAR_OFFSETS |= {"明": 1, "次": 1, "来": 1, "下": 1, "后": 2}


@reads(
    r"(?<!每)(上{1,3}|(?<=一下)下|(?<!一)下{1,3}|这|本|当)一?个?(?:周|星期|礼拜)(?=周|星期|礼拜|(?!末|年|围|边|刊|报))"
)
def relative_week(match: re.Match[str]) -> Meaning:
    weeks = weeks_said(match[1]) or 0
    return Meaning("week", relative_week_place(weeks), disputed=weeks > 0)


@reads(r"(上{1,3}|下{1,3}|这|本|当|同)一?个?(月|季度?|半年)(?!球|[刊报])(?=份?)")
def relative_period(match: re.Match[str]) -> Meaning | None:
    offset = match[1].count("下") - match[1].count("上")
    if match[2] == "半年":
        return Meaning("quarter", half_year(offset))
    return Meaning("month" if match[2] == "月" else "quarter", _whole(match[2], offset))


def _whole(unit: str, offset: int) -> Place:
    return relative("month" if unit == "月" else "quarter", offset)


@reads(r"(大前|前|去|上一?|今|本|明|后|次|来|下一?|当|这一)年度?(?![轻纪龄级货])")
def relative_year(match: re.Match[str]) -> Meaning:
    return Meaning("year", relative("year", YEAR_OFFSETS[match[1].rstrip("一")]))


@reads(
    rf"(?<![\d.第]|[{ZH_NUMERAL}])(?:(\d{{4}})\s?年度?|([{ZH_DIGIT}]{{4}}|[二两]千[{ZH_NUMERAL}]{{0,4}})年度?"
    rf"|([九八零〇一二][{ZH_DIGIT}])年度?(?=\D)|(?:(?<=^)|(?<=[\s,，、。:：（(在于从到至自他她我的]))(\d\d)\s?年度?)"
    r"(?!\s?(?:前|后|内|来|多|半|级|龄|代|以[前后内上下来]|之[前后内]))"
)
def named_year(match: re.Match[str]) -> Meaning | None:
    words = match[1] or match[2] or match[3] or match[4]
    number = read_whole(words)
    if number is None or 100 <= number < 1000:
        return None
    return Meaning("year", in_year(full_year(number)))


@reads(
    r"(?<![\d.:-])((?:19|20)\d\d)(?=\s?(?:到|至|-|~|to|through|till|until)\s?(?:19|20)\d\d(?!\d|年|[.:/-]\d))"
    r"|(?:(?<=\d{4}[到至~-])|(?<=to )|(?<=through )|(?<=till ))((?:19|20)\d\d)(?![\d年.:/-])"
    r"|^((?:19|20)\d\d)$"
)
def bare_year(match: re.Match[str]) -> Meaning:
    """The years of 2016到2018."""
    return Meaning("year", in_year(int(match[1] or match[2] or match[3])))


@reads(
    rf"(?<![\d.]|[{ZH_NUMERAL}])(\d{{4}}|\d\d(?=年(?:\d|[{ZH_NUMERAL}]{{1,2}}月|第|[一二三四]季|以[前后]|底|末|初))"
    rf"|[{ZH_DIGIT}]{{4}}|\d\d(?=\s年))\s?年度?"
)
def dated_year(match: re.Match[str]) -> Meaning | None:
    """Years that stay years before 前 and 以后: four digits, or two with a month behind."""
    number = read_whole(match[1])
    if number is None or (number >= 100 and not 1000 < number < 3000):
        return None
    return Meaning("year", in_year(full_year(number)))


@reads(rf"(?<![\d.第]|[{ZH_NUMERAL}])({NUMBER})(?=[到至~-]{NUMBER}月)")
def opening_month(match: re.Match[str]) -> Meaning | None:
    """The first month of 3到5月."""
    month = read_whole(match[1])
    if month is None or not 1 <= month <= 12:
        return None
    return Meaning("month", month_in_year(month), floats=True)


@reads(rf"(?<!第|[{ZH_NUMERAL}])([一二三四五六七八九]{{2}}|九十|十[一二]{{2}})月份?")
def near_months(match: re.Match[str]) -> Meaning | None:
    """七八月份: the two together."""
    near = (9, 10) if match[1] == "九十" else read_near(match[1])
    if near is None or near[0] == near[1]:
        return None

    def place(within: Window | None, scene: Scene) -> Window | None:
        first = month_in_year(near[0])(within, scene)
        last = month_in_year(near[1])(within, scene)
        return Window(first.start, last.end, "month", "range") if first and last else None

    return Meaning("month", place, floats=True)


NEIGHBOURS = {"昨今": -1, "今明": 0, "明后": 1}


@reads(r"(昨今|今明|明后)(?:(?:两|二)?(天|日)|(?:两|二)(年))")
def two_neighbours(match: re.Match[str]) -> Meaning:
    """今明两天, 明后天, 今明两年."""
    ahead = NEIGHBOURS[match[1]]

    def place(within: Window | None, scene: Scene) -> Window | None:
        if match[2]:
            start = scene.today + ahead * DAY
            return Window(start, start + 2 * DAY, "day", "range")
        first, last = year_of(scene.today.year + ahead), year_of(scene.today.year + ahead + 1)
        return Window(first.start, last.end, "day", "range") if first and last else None

    return Meaning("day", place, kind="range")


@reads(
    rf"(?:(?<=[周期拜][一二三四五六日])|(?<![\d.第个]|[{ZH_NUMERAL}]))({NUMBER})\s?月份?"
    rf"(?:(?=\s?的?\s?({NUMBER})(?:[号日]|\b|(?![\d{ZH_NUMERAL}个天月年]))))?(?![子饼球])"
)
def named_month(match: re.Match[str]) -> Meaning | None:
    month = read_whole(match[1])
    near = read_near(match[1])
    if month is None or not 1 <= month <= 12 or near != (month, month) or match[1][0] in "两俩仨":
        return None
    day = read_whole(match[2]) if match[2] else 1
    longest = LONGEST_MONTH.get(month, 31)
    if day is None or not 1 <= day <= longest:
        return None
    return Meaning("month", month_in_year(month), floats=True)


QUARTERS = {"一": 1, "二": 2, "三": 3, "四": 4, "首": 1, "1": 1, "2": 2, "3": 3, "4": 4, "末": 4}


@reads(r"(?:第?([一二三四1-4])个?|首|(最后一)个?)季度?(?![前后内])")
def named_quarter(match: re.Match[str]) -> Meaning:
    word = match[1] or ("末" if match[2] else "首")
    return Meaning("quarter", quarter_in_year(QUARTERS[word]), floats="个" not in match[0])


@reads(r"(?<![a-z\d])q([1-4])(?![\da-z])")
def short_quarter(match: re.Match[str]) -> Meaning:
    return Meaning("quarter", quarter_in_year(int(match[1])), floats=True, loose=True)


@reads(r"([上下前后])个?半年(?![前后内])")
def half_of_year(match: re.Match[str]) -> Meaning:
    return Meaning("quarter", half_year(int(match[1] in "下后")), floats=True)
