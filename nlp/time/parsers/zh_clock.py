"""Chinese words for parts of the day and clock times: 明早九点半, 下班前, 14时20分."""

import re

from nlp.numbers import ZH_NUMERAL, read_whole
from nlp.time.grammar import Meaning, reads
from nlp.time.places.clock import PARTS, clock_time, in_day

ALSO_CALLED = {"正午": "中午", "午间": "中午", "午前": "上午", "午后": "下午", "黄昏": "傍晚"}
ALSO_CALLED |= {"半夜": "深夜", "午夜": "深夜", "下半夜": "凌晨", "后半夜": "凌晨"}


@reads(
    r"(凌晨|拂晓|黎明(?!主演)|清晨|[上中下](?=午)午|正午|午夜|午间|午前|午后|傍晚|白天|深夜|半夜|下半夜|后半夜"
    r"|(?:(?<![周期拜])一)?大?早(?:晨|上|间|(?<=一早)|(?<=大早)(?!就))|晨间|(?<=[今明昨])晨|晚(?:上|间)|夜(?:里|间|晚)"
    r"|黄昏|(?:(?<=[今明昨后当次天日号])|(?<=[周期拜][一二三四五六日]))"
    r"(?:早(?![已就点知餐期产退些])|晚(?![点些于餐会宴饭期到])|夜)"
    r"|早(?=[一二三四五六七八九十\d]+点))"
)
def part_of_day(match: re.Match[str]) -> Meaning:
    word = ALSO_CALLED.get(match[1], match[1])
    name = next((name for name in (word, "早", "晚", "夜") if name in PARTS and name in word), "早")
    return Meaning("part_of_day", in_day(PARTS[name]))


NUMBER = rf"(?:\d{{1,2}}|[{ZH_NUMERAL}]{{1,3}})"
LISTED = (
    "建议|意见|原因|理由|要求|想法|需求|问题|说明|内容|收获|体会|感受|疑问|诉求|反馈|顾虑|优势|好处|不足"
    "|要(?:改|说|确认|讲|问)|[零一二三四五六七八九]+(?:毫米|厘米|米|公斤|克|吨|秒|倍|万)|结论|共识|区别|注意|补充|启示|思考|看法|改进|事|不|也|都|儿|点|希望|担心|值得|必须明确|[:：]"
)
COUNTING_VERB = re.compile(
    r"(?:提[出了]?|[说讲列有分共]|列出|记录|总结[了出]?|归纳|强调了?|补充了?|以下|同意|如下"
    r"|[这那哪几降涨让高第])$"
)
BLANK_BEHIND = re.compile(r"\s*(?:$|[,，。;；:：!！?？、])")


HOUR = (
    rf"(?<![\d.:第%])(?:(?=\d)|(?<![{ZH_NUMERAL}周期拜])|(?<=[周期拜][一二三四五六日]))({NUMBER})"
    rf"(?:点(?!{LISTED})|时(?!间|候|期|代|段|机|长|效|不时|而|常))钟?"
)
NOT_DECIMAL = r"(?!\d(?![\d分刻])|[一二三四五六七八九](?:[度米元万折倍成]|$|[,，。]))"
"""二十四点五度 is a number."""
BARE_MINUTE = r"零[一二三四五六七八九]|[一二三四五]?十[一二三四五六七八九]?|\d\d"
MINUTE = (
    rf"(?:({NUMBER})分钟?|({BARE_MINUTE})(?![\d点时个天月年{ZH_NUMERAL}%]))"
    rf"(?:\s?(?:{NUMBER}秒|\d\d(?!\d)))?"
)


@reads(rf"{HOUR}{NOT_DECIMAL}(?:(半)|([一二两三123])刻|{MINUTE}|过?(?:整|正|许|多))?钟?")
def oclock(match: re.Match[str]) -> Meaning | None:
    hour = read_whole(match[1])
    if hour is None or hour > 24 or _is_a_bit(match) or _is_list_heading(match):
        return None
    minute = minutes_said(match)
    if minute is None or minute > 59:
        return None
    return clock_time(hour, minute, shown=_has_minutes(match), formal="时" in match[0])


BEFORE_ONE = re.compile(r"(?:[午上晨早晚夜天日号]|[周期拜][一二三四五六日])的?\s?$")


def _is_a_bit(match: re.Match[str]) -> bool:
    """一点 alone is "a bit"; with a part of day, minutes or 钟 it is a clock time."""
    if match[0] not in ("一点", "一时"):
        return False
    return not BEFORE_ONE.search(match.string, max(0, match.start() - 4), match.start())


def _is_list_heading(match: re.Match[str]) -> bool:
    """他提了三点, 说两点: points of a list, not of the clock."""
    before = match.string[max(0, match.start() - 4) : match.start()]
    bare = not _has_minutes(match) and match[0].endswith("点")
    return (
        bare
        and bool(COUNTING_VERB.search(before))
        and bool(BLANK_BEHIND.match(match.string, match.end()))
    )


def _has_minutes(match: re.Match[str]) -> bool:
    return any(match.group(2, 3, 4, 5))


def minutes_said(match: re.Match[str]) -> int | None:
    if match[2]:
        return 30
    if match[3]:
        return 15 * (read_whole(match[3]) or 0)
    words = match[4] or match[5]
    return read_whole(words) if words else 0


@reads(rf"差({NUMBER})分钟?(?:到)?({NUMBER})点|({NUMBER})点差({NUMBER})分")
def minutes_to(match: re.Match[str]) -> Meaning | None:
    """差五分九点, 九点差五分."""
    minutes, hour = match.group(1, 2) if match[1] else match.group(4, 3)
    before, there = read_whole(minutes), read_whole(hour)
    if before is None or there is None or not (0 < before < 60 and 0 < there <= 24):
        return None
    return clock_time(there - 1, 60 - before, shown=True)


@reads(rf"(?<![\d.:]|[{ZH_NUMERAL}])({NUMBER})(?=[到至~-]{NUMBER}[点时](?!间|候))")
def opening_hour(match: re.Match[str]) -> Meaning | None:
    """The first hour of 9到11点."""
    hour = read_whole(match[1])
    return clock_time(hour, 0) if hour is not None and hour <= 24 else None


@reads(r"(?<![\d.:,/])([01]?\d|2[0-4]):([0-5]\d)(?::[0-5]\d)?(?![\d:]|\.\d)(?!\s?[ap]\.?m)")
def digital(match: re.Match[str]) -> Meaning | None:
    hour, minute = int(match[1]), int(match[2])
    if hour == 24 and minute:
        return None
    clock = clock_time(hour, minute, exact=match[1].startswith("0"), shown=True)
    return clock._replace(loose=True)


@reads(r"(?<!不)下班(?=前|之前|以前|的时候|时)|收工(?=前)")
def end_of_office(match: re.Match[str]) -> Meaning:
    return clock_time(18, 0, exact=True)
