"""Chinese words for days: 大后天, 下周三, 15号, 周末."""

import re

from nlp.numbers import ZH_NUMERAL, read_whole
from nlp.time.grammar import Meaning, reads
from nlp.time.places.days import LONGEST_MONTH, days_in_month, in_month, in_week, offset_day

NUMBER = rf"(?:\d{{1,2}}|[{ZH_NUMERAL}]{{1,3}})"

OFFSETS = {"昨": -1, "前": -2, "今": 0, "本": 0, "即": 0, "明": 1, "次": 1, "翌": 1, "后": 2}

SURNAMES = frozenset(
    "王李张刘陈杨赵黄吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶"
    "余潘杜戴夏钟汪田任姜范石姚谭廖邹熊陆郝孔崔康邱秦江史顾侯邵孟龙段雷钱汤尹黎易常武乔贺赖龚"
)
GIVEN_NAMES = "鸣凡帆铭诺楠涵萱琪泽毅鸿恒祥豪娜"
BEHIND_NUMBER = (
    "线|楼|机(?!票)|厂|库房|门|院|房|栋|车间|炉|井|桌|台|柜|床|位|球|选手|电池|文|仓|口|店|馆|路|岛"
    "|地|钢|铁|管|螺|轴|座|柴油|汽油|型|码|技师|会议|展|产线|标段|版|字|站|塔|屏|池|罐|工位|主"
)


def is_name(match: re.Match[str]) -> bool:
    """A surname alone at the head of a clause makes a name of 明天: 高明天 is a person."""
    begin, text = match.start(), match.string
    if begin == 0 or text[begin - 1] not in SURNAMES:
        return False
    return begin == 1 or not text[begin - 2].isalnum()


@reads(
    r"(大{0,4})(?:(前|昨|今|明|后)(?:天|日|儿个?)|(次|翌|本|即)日)(?!头条)"
    r"|(?:()(今|明|昨|后|当|次)(?=[早晚晨夜]|凌晨|上午|中午|下午))"
)
def relative_day(match: re.Match[str]) -> Meaning | None:
    if is_name(match):
        return None
    further = len(match[1] or "")
    word = match[2] or match[3] or match[5]
    if word == "当":
        return Meaning("day", offset_day(0))
    if further and word not in "前后":
        return None
    days = OFFSETS[word]
    return Meaning("day", offset_day(days + (further if days > 0 else -further)))


def weeks_said(words: str | None) -> int | None:
    """下下 → 2, 上 → -1, 这 → 0; None when no week is named."""
    if not words:
        return None
    return words.count("下") - words.count("上")


@reads(
    r"(?:(?<=[周期拜][一二三四五六日])|(?<![一二两三四五六七八九十几\d每]))(上{1,3}|(?<=一下)下|(?<!一)下{1,3}|这|本|当)?(?:一?个)?(?:周|星期|礼拜)"
    rf"(末(?!愉快|快乐)|六[日天]|[一二三四五六日天]|[1-7](?![\d.个天家年%月次]))"
    rf"(?![{GIVEN_NAMES}]|[次遍趟]|周年|年)(?!(?<=一)[个些般样共])"
)
def weekday(match: re.Match[str]) -> Meaning | None:
    weeks = weeks_said(match[1])
    return Meaning(
        "day", in_week(weeks, match[2]), floats=weeks is None, beside=True, disputed=True
    )


@reads(
    rf"(?<![第\d.:/*#-]|[{ZH_NUMERAL}])({NUMBER})"
    rf"\s?(?:号(?!{BEHIND_NUMBER})|日(?![元本常报志历程]))"
)
def day_of_month(match: re.Match[str]) -> Meaning | None:
    day = read_whole(match[1])
    before = match.string[max(0, match.start() - 4) : match.start()].rstrip()
    if day is None or not 1 <= day <= 31 or match[1][0] in "两俩仨零〇":
        return None
    in_named_month = before.endswith(("月", "月的", "月份"))
    if match[0] == "一日" and not in_named_month:
        return None
    if in_named_month and not _fits(before, day):
        return None
    return Meaning("day", in_month(day), floats=True)


@reads(rf"(?<=月)\s?({NUMBER})(?![\d{ZH_NUMERAL}.:]|\s?[号日个天年%万元块台套件人家次:点时月/-])")
def bare_day_of_month(match: re.Match[str]) -> Meaning | None:
    day = read_whole(match[1])
    if day is None or not 1 <= day <= 31:
        return None
    return Meaning("day", in_month(day), floats=True)


MONTH_BEFORE = re.compile(rf"({NUMBER})月份?的?$")


def _fits(before: str, day: int) -> bool:
    """2月30日 is no day at all, not the 30th."""
    month = MONTH_BEFORE.search(before)
    number = read_whole(month[1]) if month else None
    return number is None or (number <= 12 and day <= LONGEST_MONTH.get(number, 31))


@reads(
    rf"(?<![第\d.:/]|[{ZH_NUMERAL}])({NUMBER})(?:号|日)?(?:到|至|-|~|、|或)({NUMBER})(?:号|日)(?![内后])"
)
def days_of_month(match: re.Match[str]) -> Meaning | None:
    first, last = read_whole(match[1]), read_whole(match[2])
    if first is None or last is None or not 1 <= first < last <= 31:
        return None
    return Meaning("day", days_in_month(first, last), floats=True)
