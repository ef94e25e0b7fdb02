"""Where one Chinese word ends and the next begins, by the dictionary that comes with jieba.

jieba itself is not imported: that takes half a second and leaves a file in the temporary folder.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.util import find_spec
from math import log
from pathlib import Path

LONGEST_WORD = 4
ONCE_SEEN = 3
"""Words of more than two letters that were counted no more often are left out: there are 110,000 of
them, and they cost more memory than they are worth."""
YOUNGER_COUNT = 300
HAN_RUN = re.compile("[\u4e00-\u9fff]+")
YOUNGER = """
小红书 小程序 视频号 公众号 短视频
维保 质保 微信 钉钉 飞书 企微 冷链 清关 盖章 报备 扫码 直播 快充 云端 后端 前端 中台 上云 电商 微商
网红 团购 外卖 快递 顺丰 中通 圆通 申通 韵达 京东 淘宝 天猫 抖音 美团 拼多多 支付宝 二维码 充电桩
新能源 锂电 光伏 储能 焊材 钢构 盾构 机加 工控 上位机 激光 相机 交期 账期 样机 彩页 标书 标的 返点
年框 尾款 首付 贵司 我司 该司
"""
"""Words that came up after the dictionary, or are said in trade only."""
PERSON_KINDS = frozenset({"nr", "nrt", "nrfg"})
PLACE_KINDS = frozenset({"ns"})
NAME_KINDS = PERSON_KINDS | PLACE_KINDS | {"nt", "nz", "j"}


@dataclass(frozen=True, slots=True)
class Vocabulary:
    weights: Mapping[str, float]
    """Logarithms of how often a word was counted."""
    reach: Mapping[str, int]
    """By its first two letters, how long the longest word is; two when it is left out."""
    total: float
    people: frozenset[str]
    """Words that people are called by."""
    places: frozenset[str]
    names: frozenset[str]
    """Words that people, places and firms are called by."""

    def __contains__(self, word: str) -> bool:
        return word in self.weights

    def rarity(self, word: str) -> float:
        """From 3 for 的 to 18 for what stands in no dictionary."""
        return self.total - self.weights.get(word, 0.0)

    def is_ordinary(self, word: str) -> bool:
        """A word of the language, and nobody's name."""
        return word in self.weights and word not in self.names


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one text; offsets are the text's own. Letters of other scripts have no word."""

    starts: frozenset[int]
    spans: Sequence[tuple[int, int]]
    finish_of: Mapping[int, int]
    begin_of: Mapping[int, int]

    def is_word(self, begin: int, finish: int) -> bool:
        return self.finish_of.get(begin) == finish

    def splits(self, offset: int) -> bool:
        """No word stands across this place."""
        return offset in self.starts


@cache
def vocabulary() -> Vocabulary:
    """Long personal names are left out: 司马 is a word here, 王建国 is three letters.

    The dictionary is read in one pass: lists of its columns would cost 40 MiB for good."""
    weights: dict[str, float] = {}
    kinds: defaultdict[str, set[str]] = defaultdict(set)
    total, logarithm = 0, cache(log)  # 5,000 numbers serve 170,000 words
    for word, count, kind in _entries():
        total += count
        weights[word] = logarithm(count)
        if kind in NAME_KINDS:
            kinds[kind].add(word)
    younger = dict.fromkeys(YOUNGER.split(), log(YOUNGER_COUNT))
    weights |= younger

    def called(of: frozenset[str]) -> frozenset[str]:
        return frozenset(word for kind in of for word in kinds[kind] if word not in younger)

    people = called(PERSON_KINDS)
    for word in people:
        if len(word) > 2:
            del weights[word]
    return Vocabulary(
        weights=weights,
        reach=_reach(weights),
        total=log(total),
        people=people,
        places=called(PLACE_KINDS),
        names=called(NAME_KINDS),
    )


def _entries() -> Iterator[tuple[str, int, str]]:
    """Words that are worth knowing, how often each was counted, and its kind."""
    with _dictionary().open(encoding="utf-8") as lines:
        for line in lines:
            word, count, kind = line.split()
            if len(word) <= 2 or (len(word) <= LONGEST_WORD and int(count) > ONCE_SEEN):
                yield word, int(count), kind


def _reach(words: Iterable[str]) -> dict[str, int]:
    reach: dict[str, int] = {}
    for word in words:
        if len(word) > 2:
            two = word[:2]
            reach[two] = max(reach.get(two, 0), min(len(word), LONGEST_WORD))
    return reach


def _dictionary() -> Path:
    spec = find_spec("jieba")
    if spec is None or spec.origin is None:
        raise LookupError("jieba is not installed: its dictionary tells words apart")
    return Path(spec.origin).with_name("dict.txt")


@lru_cache(maxsize=64)
def cut(folded: str) -> Words:
    spans = tuple(_spans(folded))
    starts = {0, len(folded)}
    for begin, finish in spans:
        starts |= {begin, finish}
    begin_of = {finish: begin for begin, finish in spans}
    return Words(frozenset(starts), spans, dict(spans), begin_of)


def _spans(folded: str) -> Iterator[tuple[int, int]]:
    for run in HAN_RUN.finditer(folded):
        begin = run.start()
        for length in _likeliest(run[0]):
            yield begin, begin + length
            begin += length


def _likeliest(run: str) -> Iterator[int]:
    """Lengths of the words that together are the likeliest reading of the letters."""
    known = vocabulary()
    weights, total, reach = known.weights, known.total, known.reach
    best = [0.0] * (len(run) + 1)
    lengths = [1] * len(run)
    for begin in range(len(run) - 1, -1, -1):
        best[begin] = weights.get(run[begin], 0.0) - total + best[begin + 1]
        furthest = min(len(run), begin + reach.get(run[begin : begin + 2], 2))
        for finish in range(begin + 2, furthest + 1):
            weight = weights.get(run[begin:finish])
            if weight is not None and (score := weight - total + best[finish]) >= best[begin]:
                best[begin], lengths[begin] = score, finish - begin
    begin = 0
    while begin < len(run):
        yield lengths[begin]
        begin += lengths[begin]
