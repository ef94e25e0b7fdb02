"""A transcript in the spelling of a typed note: fillers and stutters gone, numerals as figures.

Only what is surely a filler goes: "那个样机" is a certain sample, "就是下周三" is that very day,
"考虑考虑" is what the customer will do. What is in doubt stays as it was heard.
"""

import re
from collections.abc import Callable

from nlp.numbers import DIGITS, read_whole

Change = Callable[[str], str]

# What recognisers add ---------------------------------------------------------------------

MARKS = re.compile(r"<\|[^|<>]{0,40}\|>|[\U0001F300-\U0001FAFF\u266A-\u266F]+")
STOCK = re.compile(
    r"(?:^|(?<=[。!！?？\n\s]))\s*(?:(?:中文)?字幕(?:由|提供|志愿者|制作)|请不吝点赞|明镜与点点|(?:谢谢|感谢)"
    r"(?:大家|您)?的?(?:观看|收看|收听)|amara\.?org|thank(?:s| you) for (?:watching|listening))"
    r"[^。!！?？\n]{0,40}[。!！?？.]*",
    re.IGNORECASE,
)
"""Whisper was trained on subtitles, and hears their closing lines where nobody speaks."""
HAN = "\u4e00-\u9fff"
GAP_OF_HAN = re.compile(rf"(?<=[{HAN}]) +(?=[{HAN}])")
SINGLE = re.compile(rf"(?<![^\s])[{HAN}](?![^\s])")


def unmarked(text: str) -> str:
    """Without the recogniser's own signs, and without subtitles that nobody spoke."""
    return STOCK.sub("", MARKS.sub("", text)).strip()


def unspaced(text: str) -> str:
    """Some recognisers put a space after every character; a space between words is a pause."""
    pieces = text.split()
    is_spaced = len(pieces) > 3 and len(SINGLE.findall(text)) * 5 >= len(pieces) * 4
    return GAP_OF_HAN.sub("", text) if is_spaced else text


# Fillers ----------------------------------------------------------------------------------

PAUSE = "，,、…\\s"
EDGE = rf"(?:^|(?<=[{PAUSE}。.！!？?；;：:]))"
HUM = (
    rf"(?:嗯+|呃+(?!逆)|唔+|[啊哦噢唉欸诶哎](?=[{PAUSE}])"
    rf"|额+(?=[{PAUSE}。嗯呃我你他她]|$|那个|就是|然后))"
)
SAYING = "那个什么|那什么|怎么说呢?|你知道吧|就是说|就是|那个|这个"
FILLER = re.compile(
    rf"{EDGE}(?:(?:{HUM}[{PAUSE}]*)"
    rf"|(?:(?:{SAYING})(?:[嘛呢啊]?[{PAUSE}]+))"
    rf"|(?:就是说(?![{PAUSE}]))"
    rf"|(?:(?:那个|这个)(?=就是|然后|因为|所以|如果|那个|这个|[嗯呃])))+"
)
INNER_HUM = re.compile(rf"(?<=[{HAN}A-Za-z0-9])(?:嗯+|呃+(?!逆))(?=[{HAN}A-Za-z0-9])")
ENGLISH_HUM = re.compile(rf"\b(?:u[hm]+|hmm+|mm+)\b[{PAUSE}.]*", re.IGNORECASE)
LOOSE_MARKS = ((re.compile("[，,、]+(?=[。！!？?；;])"), ""), (re.compile(r"^[，,、。；;\s]+"), ""))


def without_fillers(text: str) -> str:
    for pattern in (FILLER, INNER_HUM, ENGLISH_HUM):
        text = pattern.sub("", text)
    for pattern, better in LOOSE_MARKS:
        text = pattern.sub(better, text)
    return text.strip()


# Stutters ---------------------------------------------------------------------------------

NUMERAL = "零〇一二两三四五六七八九十百千万亿幺点"
TITLE = "总|经理|主任|院长|部长|科长|主管|老师|工(?!程)|博士|董"
OFTEN_TWICE = (
    "我们|咱们|你们|他们|她们|那个|这个|就是说|就是|然后|因为|所以|但是|如果|而且|还有|可能|我说|他说|她说"
    "|下周|上周|这周|本周|明天|后天|今天|昨天|月底|年底|样机|合同|报价|客户"
    rf"|(?:周|星期)[一二三四五六日天]|[{HAN}](?:{TITLE})"
)
STUTTERS = (
    re.compile(r"([我你他她它这那跟])\1+"),
    re.compile(rf"((?!谢)[{HAN}])\1(?={TITLE})"),
    re.compile(rf"([{HAN}]{{1,4}})(?:…+|\.{{2,}}|—+|-+)\1"),
    re.compile(rf"({OFTEN_TWICE})(?:\s*\1)+"),
    re.compile(rf"(?![{NUMERAL}]+(?:$|[^{HAN}]))([{HAN}]{{3,8}})(?<![{NUMERAL}]{{3}})\s*\1"),
    re.compile(rf"{EDGE}([{HAN}]{{2,8}})[{PAUSE}]+\1(?=[{HAN}])"),
)
"""A syllable of one's own, a surname, a broken word, a common word, three syllables or more, and
a word taken up again after a breath. Verbs said twice (考虑考虑) mean something, and stay."""


def without_stutters(text: str) -> str:
    for pattern in STUTTERS:
        text = pattern.sub(r"\1", text)
    return text


# Figures ----------------------------------------------------------------------------------

DIGIT = "零〇一二三四五六七八九幺"
SOME = "一二两三四五六七八九"
SCALE = {"百": 100, "千": 1_000, "万": 10_000, "亿": 100_000_000}
PIECES = "台个套件支只箱米吨年月天次人家块斤瓶盒条张份位批组站间层"
PERCENT = re.compile(
    rf"百分之(?P<whole>[{SOME}零十百]+)(?:点(?P<part>[{DIGIT}]+))?(?![到至]|[{SOME}零十百点])"
)
PERCENT_OF_FIGURES = re.compile(r"百分之(\d+(?:\.\d+)?)")
POINT = re.compile(
    rf"(?<![{NUMERAL}第])(?P<whole>[{SOME}零十百]+)点(?P<part>[{DIGIT}]+)"
    r"(?=个?(?:万|亿|百分点|点(?![{0}钟半]))|折|倍|吨|米|公里|公斤|千瓦)".replace("{0}", DIGIT)
)
SUM = re.compile(
    rf"(?<![{NUMERAL}几多数第周期拜.\d])(?P<sum>[{SOME}十][{NUMERAL[:-2]}]*[百千万亿][{NUMERAL[:-2]}]*)"
    rf"(?![{NUMERAL}几货]|[^，,。\s]?分之|口价|次性|起|并|共|块儿)"
)
NEAR = re.compile(rf"[{SOME}]{{2}}")
MOBILE = re.compile(
    rf"(?<![{DIGIT}\d])[一幺1](?:[{PAUSE}-]?[{DIGIT}\d]){{10}}(?![{DIGIT}\d{NUMERAL[9:-2]}])"
)
LONG_NUMBER = re.compile(rf"(?<![{DIGIT}])[{DIGIT}]{{7,}}(?![{NUMERAL}])")
MODEL = re.compile(rf"(?<![A-Za-z])([A-Za-z]{{1,3}})([{DIGIT}]+)(?=型|款|号|系列|版|代)")
DIGIT_OF = {ord(word): str(value) for word, value in DIGITS.items()} | {ord("幺"): "1"}


def with_figures(text: str) -> str:
    """Numbers of the kinds that people read as figures; days and hours stay words, because they
    are read as such: 下周三, 三点半, 八号."""
    text = MOBILE.sub(lambda found: _mobile(found[0]), text)
    text = LONG_NUMBER.sub(lambda found: found[0].translate(DIGIT_OF), text)
    text = MODEL.sub(lambda found: found[1] + found[2].translate(DIGIT_OF), text)
    text = PERCENT.sub(lambda found: _decimal(found, "%"), text)
    text = PERCENT_OF_FIGURES.sub(r"\1%", text)
    text = POINT.sub(_decimal, text)
    return SUM.sub(lambda found: _sum(found["sum"], text[found.end() : found.end() + 1]), text)


def _mobile(said: str) -> str:
    number = re.sub(rf"[{PAUSE}-]", "", said).translate(DIGIT_OF)
    return number if re.fullmatch(r"1[3-9]\d{9}", number) else said


def _decimal(found: re.Match[str], unit: str = "") -> str:
    whole = read_whole(found["whole"])
    if whole is None or NEAR.search(found["whole"]):
        return found[0]
    part = found["part"]
    return f"{whole}.{part.translate(DIGIT_OF)}{unit}" if part else f"{whole}{unit}"


def _sum(said: str, after: str) -> str:
    """三万八 → 3.8万; 三万一台 is thirty thousand for one; 两三万 stays as vague as it is."""
    kept = ""
    if said[-1] == "一" and said[-2] not in "十零〇" and after and after in PIECES:
        said, kept = said[:-1], "一"
    value = None if NEAR.search(said) else _value(said)
    return said + kept if value is None else _written(value) + kept


def _value(said: str) -> int | None:
    scale = SCALE.get(said[-2]) if len(said) > 2 else None
    if scale and said[-1] in SOME:
        head = read_whole(said[:-1])
        return None if head is None else head + DIGITS[said[-1]] * scale // 10
    return read_whole(said)


def _written(value: int) -> str:
    """Round sums in 万 and 亿, as they are spoken; all others in full."""
    for unit, word in ((SCALE["亿"], "亿"), (SCALE["万"], "万")):
        if value >= unit and value * 100 % unit == 0:
            return f"{value / unit:.2f}".rstrip("0").rstrip(".") + word
    return str(value)


# All of it --------------------------------------------------------------------------------

CHANGES: tuple[Change, ...] = (unspaced, without_fillers, without_stutters, with_figures)


def tidy(transcript: str) -> str:
    """What was said, as one would have typed it; empty when nothing was said. An answer that is
    nothing but a hum ("嗯。") is an answer."""
    heard = unmarked(transcript)
    if not any(letter.isalnum() for letter in heard):
        return ""
    text = heard
    for change in CHANGES:
        text = change(text)
    return text or heard


# How sure it is ---------------------------------------------------------------------------

SURE = 0.5
FASTEST = 10.0
"""Syllables a second; radio announcers reach six."""
SYLLABLE = re.compile(rf"[{HAN}]|[A-Za-z]+|\d")
ROUND_AND_ROUND = re.compile(r"(.{2,12}?)\1{4,}", re.DOTALL)
"""Recognisers that lose the thread repeat themselves."""


def is_doubtful(transcript: str, *, seconds: float = 0.0, certainty: float | None = None) -> bool:
    """Whether the speaker should be asked before anything is made of it. `certainty` from 0 to 1,
    None where the recogniser gives none; `seconds` 0 where the length is not known."""
    if certainty is not None and certainty < SURE:
        return True
    too_fast = seconds > 0 and len(SYLLABLE.findall(transcript)) > FASTEST * max(seconds, 1.0)
    return too_fast or ROUND_AND_ROUND.search(transcript) is not None
