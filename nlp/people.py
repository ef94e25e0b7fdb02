"""Find the people a note names: 张总, 李工, 小王, 刘建国院长, Kevin, Dr. Lin."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from nlp.lexicon import Lexicon, PeopleWords
from nlp.types import Slot

HAN = "[\u4e00-\u9fff]"
NOT_GIVEN = (
    "的了是在和跟与说要让把给去来到有没不就也都还这那他她你我会能先请问答应对从被将吗呢吧啊很已"
)
GIVEN = f"(?:(?![{NOT_GIVEN}]){HAN})"
WEEKDAY_AFTER = (
    "上下早晚前后内之要能会到发给去来寄出开见再先我你他让把就有还请签约一交付打是的吧吗送催回"
)
CALLED = (
    "@|(?:以后|请|可以)(?:联系|找)|叫(?:做)?|名叫"
    "|联系人[:是]?|对接人[:是]?|负责人[:是]?|收件人[:是]?"
)
ASKED_OF = "问一下|问下|问问|找一下|联系一下|转告|提醒一下|提醒|通知|@"
WEEKDAY = re.compile("周[一二三四五六日末]")
INDUSTRY = re.compile("[化重军轻手电船建]工")
"""盛达化工 is a works, and not a Mr 工."""
ENGLISH_TITLE = r"(?:Mr|Mrs|Ms|Miss|Dr|Prof|Sir|Madam)\.?"
ENGLISH_NAME = r"[A-Z][a-z]+(?:-[A-Z][a-z]+)?"
NEXT_TO_A_NAME = (
    r"(?:with|to|for|from|by|and|met|Met|call|called|told|asked|spoke to|Spoke to|Hi|Dear|Hello|"
    r"thanks|Thanks|ping|cc|loop in|per)"
)
DOES_AFTER_A_NAME = (
    r"(?:said|says|will|wants|wanted|asked|asks|confirmed|agreed|is|was|left|promised|needs|can|"
    r"and|told|called|replied|has|likes|'s|mentioned|signed|thinks|just|still|hasn|doesn|told|"
    r"please|pls|get|send|make|follow|chase|take|check|prepare|book|arrange)"
)


@dataclass(frozen=True, slots=True)
class PeoplePatterns:
    titled: re.Pattern[str]
    nicknamed: re.Pattern[str]
    called: re.Pattern[str]
    addressed: re.Pattern[str]
    introduced: re.Pattern[str]
    asked: re.Pattern[str]
    familiar: re.Pattern[str]
    short: re.Pattern[str]
    english_titled: re.Pattern[str]
    english: re.Pattern[str]


@cache
def patterns_for(words: PeopleWords) -> PeoplePatterns:
    surname, title = words.surname, words.title_pattern
    full = f"{surname}{GIVEN}{{1,2}}"
    return PeoplePatterns(
        titled=re.compile(f"(?={surname})(?P<full>{full}(?={title}))?(?(full)|{surname}){title}"),
        nicknamed=re.compile(f"[老小](?={surname})[\u4e00-\u9fff](?!{title})"),
        called=re.compile(f"(?:{CALLED})\\s?({full})(?=$|[,。!?;:\\s、()])"),
        addressed=re.compile(
            f"(?:^|[。!?;\\n])\\s*({full})(?=[,:]\\s*\\S|\\s+\\S)"
            f"|(?:^|[。!?;,\\n])\\s*({full})(?=你(?!们)|请|负责)"
        ),
        introduced=re.compile(
            f"(?:{words.roles})({full})(?=$|[,。!?;:、()\\s\\d]|说|答|同|要|问|已|"
            f"明|今|上|下|让|去|走|和|把|在)"
            f"|(?:我是|这边是|叫我)[^,。!?;]{{0,12}}?的({full})(?=$|[,。!?;\\s])"
            f"|(?:^|[,。!?;:\\n])\\s*({full})(?=是(?:新来|新任|他们|客户|采购|负责|那边|这边))"
        ),
        asked=re.compile(f"(?:{ASKED_OF})({full})(?=$|[,。!?;:\\s])"),
        familiar=re.compile(
            f"(?:^|[,。!?;:\\n]|[跟和问给找约让叫陪请]|答应)\\s*"
            f"((?<![\u4e00-\u9fff])小(?![时组结区事心样票计雪暑寒满结]){GIVEN}(?=[,:])|"
            f"(?![大小二三表师学空帅老美美富]){GIVEN}[姐哥]|"
            f"阿(?![里姨拉斯尔富])[\u4e00-\u9fff](?=说|哥|姐|[,。:]))"
        ),
        short=re.compile(
            f"(?:^|[,。!?;:\\n]|[跟和问给找约让请]|答应|拜访)({surname}[局处院校科董博])"
            "(?=$|[,。:]|说|问|让|要|约|那边|同意|答应|把|在|今|明|昨|上午|下午|嫌|觉得|想)"
        ),
        english_titled=re.compile(
            rf"\b{ENGLISH_TITLE} {ENGLISH_NAME}(?: (?!Will|Has|Is|Said|From|At){ENGLISH_NAME})?"
        ),
        english=re.compile(rf"(?<![A-Za-z@.])({ENGLISH_NAME})(?![A-Za-z])"),
    )


def find_people(
    text: str, folded: str, lexicon: Lexicon, contacts: Sequence[str] = ()
) -> list[Slot[str]]:
    """In the order of the text, each person once."""
    found = sorted(_candidates(text, folded, lexicon, contacts), key=lambda s: (s.begin, -s.finish))
    people: list[Slot[str]] = []
    for slot in found:
        inside = people and slot.begin < people[-1].finish
        if not inside and slot.value not in {known.value for known in people}:
            people.append(slot)
    return people


def _candidates(
    text: str, folded: str, lexicon: Lexicon, contacts: Sequence[str]
) -> Iterator[Slot[str]]:
    yield from _known(text, contacts)
    patterns = patterns_for(lexicon.people)
    if not text.isascii():
        yield from _chinese(text, folded, lexicon, patterns)
    if any("A" <= letter <= "Z" for letter in text):
        yield from _english(text, lexicon, patterns)


def _known(text: str, contacts: Sequence[str]) -> Iterator[Slot[str]]:
    for name in contacts:
        begin = text.find(name) if len(name) > 1 else -1
        if begin >= 0:
            yield _slot(text, begin, begin + len(name), "people.known", 1.0)


def _chinese(
    text: str, folded: str, lexicon: Lexicon, patterns: PeoplePatterns
) -> Iterator[Slot[str]]:
    words = lexicon.people
    for match in patterns.titled.finditer(folded):
        begin = _name_begin(folded, match, words)
        if begin is not None:
            yield _slot(text, begin, match.end(), "people.titled", 0.95)
    for match in patterns.nicknamed.finditer(folded):
        if _is_nickname(folded, match, words):
            yield _slot(text, match.start(), match.end(), "people.nickname", 0.9)
    for rule in ("called", "addressed", "introduced", "asked", "familiar", "short"):
        for match in getattr(patterns, rule).finditer(folded):
            group = match.lastindex or 0
            if rule in ("familiar", "short") or _is_full_name(match[group], words):
                yield _slot(text, match.start(group), match.end(group), f"people.{rule}", 0.85)


def _name_begin(folded: str, match: re.Match[str], words: PeopleWords) -> int | None:
    """Where the name begins, or None: 采购王姐 begins at 王, 高总部 is nobody."""
    begin = match.start() + (_surplus(folded, match, words) if match["full"] else 0)
    whole = folded[begin : match.end()]
    if any(whole.startswith(word) for word in words.never):
        return None
    before = folded[max(0, begin - 1) : begin]
    if WEEKDAY.match(folded, begin) and before in tuple("上下本这"):
        return None
    if INDUSTRY.match(folded, match.end() - 2) and len(whole) > 2:
        return None
    if before + whole[0] in words.glued or (before and before in "老小" and len(whole) == 2):
        return None
    return begin


def _surplus(folded: str, match: re.Match[str], words: PeopleWords) -> int:
    """How many letters of a supposed full name belong to other words: 答应|唐总, 明天|王总."""
    name, title = match["full"], match[0][len(match["full"]) :]
    begin = match.start()
    glued = folded[max(0, begin - 1) : begin] + name[0] in words.glued
    if name[-1] not in words.surnames or name in words.surnames:
        return 0
    is_full = len(name) == 2 and len(title) > 1 and name[0] in words.surnames
    return 0 if is_full and not glued else len(name) - 1


def _is_nickname(folded: str, match: re.Match[str], words: PeopleWords) -> bool:
    begin = match.start()
    near = folded[begin : begin + 4]
    if any(near.startswith(word) for word in words.never):
        return False
    before = folded[begin - 1 : begin] if begin else ""
    return not (before and before in "最很太较从多大中缩减古变偏略稍微渺狭细养衰长元")


def _is_full_name(name: str, words: PeopleWords) -> bool:
    if name in words.never or any(name.startswith(word) for word in words.never):
        return False
    if re.match("周[一二三四五六日天末]", name) and (len(name) < 3 or name[2] in WEEKDAY_AFTER):
        return False
    return not re.fullmatch(words.common, name)


def _english(text: str, lexicon: Lexicon, patterns: PeoplePatterns) -> Iterator[Slot[str]]:
    for match in patterns.english_titled.finditer(text):
        yield _slot(text, match.start(), match.end(), "people.english_title", 0.95)
    for match in patterns.english.finditer(text):
        name, begin, finish = match[1], match.start(1), match.end(1)
        known = name in lexicon.people.given
        if known and (
            name not in lexicon.people.also_words or _neighbours_speak(text, begin, finish)
        ):
            yield _slot(text, begin, finish, "people.given_name", 0.9)
        elif not known and (
            _is_met(text, begin, finish) or _speaks_for_itself(text, begin, finish)
        ):
            yield _slot(text, begin, finish, "people.english", 0.7)


def _neighbours_speak(text: str, begin: int, finish: int) -> bool:
    before = re.search(
        rf"{NEXT_TO_A_NAME} $|[跟和给找让问约@见]\s?$", text[max(0, begin - 12) : begin]
    )
    after = re.match(
        rf" ?(?:{DOES_AFTER_A_NAME}\b|[说问要让你想答回那已确同会在])|, ?[a-z]",
        text[finish : finish + 14],
    )
    return bool(before or after)


def _is_met(text: str, begin: int, finish: int) -> bool:
    """Meeting with Kumar: one meets a person, unless more of a company's name follows."""
    met = re.search(
        r"(?:[Mm]eeting|[Cc]all|[Ss]poke|[Cc]hat|[Ll]unch|[Ss]ync) (?:with|to) $", text[:begin]
    )
    return bool(met) and not re.match(r" [A-Z]", text[finish:])


def _speaks_for_itself(text: str, begin: int, finish: int) -> bool:
    """An unlisted capitalised word is a person only between clear signs: 跟Xolani聊, Xolani说."""
    before = re.search(r"[跟和让问约@]\s?$", text[max(0, begin - 2) : begin])
    after = re.match(
        r"\s?(?:说|问我|答应|想要|那边说|回复|confirm|你(?!们))", text[finish : finish + 9]
    )
    return bool(after) or bool(before and re.match(r"\s?(?:聊|沟通|sync|吃|约|开)", text[finish:]))


def _slot(text: str, begin: int, finish: int, rule: str, confidence: float) -> Slot[str]:
    words = text[begin:finish]
    return Slot(words, words, begin, finish, rule, confidence)
