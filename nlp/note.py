"""A note prepared for reading: folded, its times found, cut into clauses."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from nlp.concepts import Meaning
from nlp.lexicon import Lexicon
from nlp.text import fold
from nlp.things import Done, Owed, find_actions, find_things
from nlp.time import find
from nlp.time.types import TimeSpan
from nlp.time.window import Window
from nlp.time.wording import said
from nlp.types import ReadContext, Slot

END_OF_SENTENCE = "。!?;\n"
BREAK = re.compile(
    r"[。!?;\n…“”\"「」【】\[\]①②③④⑤⑥⑦⑧⑨]+"
    r"|(?<!\d),|,(?!\d)"
    r"|(?<!\d):|:(?!\d)"
    r"|(?<!\bdr)(?<!\bmr)(?<!\bms)(?<!\bmrs)(?<!\bprof)(?<!\bno)(?<!\bvs)(?<!\bco)(?<!\bltd)"
    r"\.(?=\s|$)|(?<=[\u4e00-\u9fff])\.(?!\d)"
    r"|(?<=[\u4e00-\u9fff]) +(?=[\u4e00-\u9fff])"
    r"|--+|[\U0001F300-\U0001FAFF\u2600-\u27BF]+"
)
BREATH = re.compile(
    r"然后|另外|还有(?!\d|没|[一两三四五])|我说|我就说|他说|她说|我跟他说|但是|不过|结果|后来|那就|人家|所以"
    r"|我回去|他那边|她那边|(?<=[^,])并且|顺便|对了"
)
BREATHLESS = 26
"""A clause this long was dictated without punctuation: it is cut where one draws breath."""
FESTIVE = re.compile("礼盒|礼品|福利|贺卡|促销|特惠")
"""中秋礼盒 is a thing to give, and no day."""
CLOCK = re.compile(
    r"(?:part_of_day|oclock|digital|minutes_to|opening_hour)(?:\+(?:part_of_day|oclock|digital))*"
)
"""Rules that read an hour and no day."""
SAME_BREATH = re.compile(r"[^。!?;\n]{1,24}")
COLLECTIVE = frozenset(
    {"资料", "书面说明", "证书", "报告", "清单", "案例", "图纸", "样品", "证明", "文件"}
)
"""Names that stand for many things: the words that were said tell more (营业执照, 样衣)."""
LONGEST = 1_100
"""Letters beyond this are kept but not read: nobody writes a note of that length."""


@dataclass(frozen=True, slots=True)
class Clause:
    """A stretch of the note between two marks. Text is folded; offsets are the note's own."""

    index: int
    sentence: int
    begin: int
    finish: int
    text: str
    mark: str
    """The mark that closes it."""
    times: Sequence[TimeSpan]

    @property
    def asks(self) -> bool:
        return "?" in self.mark

    @property
    def quotes(self) -> bool:
        """Introduces what somebody said: "贺总电话：…"."""
        return ":" in self.mark


@dataclass(frozen=True, slots=True)
class Note:
    """What every reader of a slot is handed."""

    text: str
    folded: str
    now: datetime
    role: str
    lexicon: Lexicon
    people: Sequence[Slot[str]]
    times: Sequence[TimeSpan]
    clauses: Sequence[Clause]
    things: Sequence[Owed]
    meanings: Sequence[Meaning]
    actions: Sequence[Sequence[Done]]
    """By clause."""
    chores: frozenset[int]
    """Sentences about our own office."""
    customers: Sequence[str] = ()

    @property
    def from_customer(self) -> bool:
        return self.role == "customer"

    @property
    def is_english(self) -> bool:
        return not any("\u4e00" <= letter <= "\u9fff" for letter in self.folded)

    def verbatim(self, begin: int, finish: int) -> tuple[str, int, int]:
        """The typed words of a span without the space around them."""
        words = self.text[begin:finish]
        begin += len(words) - len(words.lstrip())
        words = words.strip()
        return words, begin, begin + len(words)

    def name_of(self, owed: Owed) -> str:
        """What a thing is called on a card."""
        known = owed.thing.name
        if self.is_english or known in COLLECTIVE:
            return owed.said
        return self.lexicon.translations.get(known, known)

    def clause_at(self, offset: int) -> Clause | None:
        return next((each for each in self.clauses if each.begin <= offset < each.finish), None)


def fold_slips(text: str, lexicon: Lexicon) -> str:
    """One spelling, slips of the ear put right; the length never changes."""
    folded = fold(text)
    for wrong, right in lexicon.slips:
        if wrong in folded:
            folded = folded.replace(wrong, right)
    return folded


def prepare(
    text: str,
    now: datetime,
    context: ReadContext,
    lexicon: Lexicon,
    people: Sequence[Slot[str]],
    folded: str,
) -> Note:
    """A time inside a person's name ("高明天", "周一鸣") is no time."""
    times = [
        span
        for span in find(text, now)
        if not any(who.begin < span.finish and span.begin < who.finish for who in people)
        and not FESTIVE.match(text, span.finish)
    ]
    clauses = tuple(_clauses(folded, _on_their_days(times, folded)))
    chore = lexicon.cue("chore")
    return Note(
        text=text,
        folded=folded,
        now=now,
        role=context.role,
        lexicon=lexicon,
        people=people,
        times=[time for clause in clauses for time in clause.times],
        clauses=clauses,
        chores=frozenset(each.sentence for each in clauses if chore.search(each.text)),
        things=find_things(folded, lexicon),
        meanings=lexicon.concepts.find(folded),
        actions=[find_actions(each.text, each.begin, lexicon, people) for each in clauses],
        customers=context.customers,
    )


def _on_their_days(times: Sequence[TimeSpan], folded: str) -> list[TimeSpan]:
    """“明天他来，下午两点到”: an hour without a day falls on the day told just before it."""
    dated: list[TimeSpan] = []
    for span in times:
        last = dated[-1] if dated else None
        dated.append(_moved_to(last, span, folded) if last else span)
    return dated


def _moved_to(day: TimeSpan, hour: TimeSpan, folded: str) -> TimeSpan:
    clocked = hour.start and hour.end and CLOCK.fullmatch(hour.rule)
    if not (clocked and day.start and day.kind == "point" and hour.kind == "point"):
        return hour
    between = folded[day.finish : hour.begin]
    if hour.start is None or hour.end is None or not SAME_BREATH.fullmatch(between):
        return hour
    shift = day.start.date() - hour.start.date()
    if shift.days <= 0:
        return hour
    plan = hour.plan + shift if hour.plan else None
    assumed = f"{day.text}的{hour.text}"
    start, end = hour.start + shift, hour.end + shift
    told = said(Window(start, end, hour.grain), hour.kind)
    return replace(hour, start=start, end=end, plan=plan, said=told, assumed=assumed)


def _clauses(folded: str, times: Sequence[TimeSpan]) -> Iterator[Clause]:
    sentence = index = 0
    for begin, finish, mark in _pieces(folded, times):
        if folded[begin:finish].strip():
            inside = tuple(each for each in times if begin <= each.begin < finish)
            yield Clause(index, sentence, begin, finish, folded[begin:finish], mark, inside)
            index += 1
        if any(sign in END_OF_SENTENCE or sign == "." for sign in mark):
            sentence += 1


def _pieces(folded: str, times: Sequence[TimeSpan]) -> Iterator[tuple[int, int, str]]:
    begin = 0
    for mark in BREAK.finditer(folded):
        if any(each.begin < mark.start() and mark.end() < each.finish for each in times):
            continue
        yield from _breaths(folded, begin, mark.start(), mark[0])
        begin = mark.end()
    yield from _breaths(folded, begin, len(folded), "")


def _breaths(folded: str, begin: int, finish: int, mark: str) -> Iterator[tuple[int, int, str]]:
    if finish - begin >= BREATHLESS:
        for breath in BREATH.finditer(folded, begin + 1, finish):
            yield begin, breath.start(), ""
            begin = breath.start()
    yield begin, finish, mark
