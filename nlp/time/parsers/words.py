"""Words that are vague, and words that repeat."""

import re

from nlp.time.grammar import Meaning, anywhere, reads
from nlp.time.places.clock import PARTS, in_day
from nlp.time.places.counts import no_date
from nlp.time.places.days import in_week
from nlp.time.types import Grain
from nlp.time.window import Scene, Window, day_of


@reads(
    "尽快|尽早|尽速|马上|立刻|立即|稍后|晚点儿?|[一等]会儿?(?!说|厂|[议员])|抓紧|近期|近日|回头|改天|改日|过阵子|过段时间|过一?段时间"
    "|(?:再?过|这|等)几[天日周]|十?几[天日周][之以]?[后内]|到时候?(?!间)"
)
def vague(match: re.Match[str]) -> Meaning:
    return Meaning("day", no_date, kind="vague")


@reads(r"\b(?:asap|soon|as soon as possible|some day|in (?:a )?few (?:minutes|hours|days|weeks))\b")
def vague_en(match: re.Match[str]) -> Meaning:
    return Meaning("day", no_date, kind="vague")


REPEATS: dict[str, Grain] = {"年": "year", "月": "month", "季": "month", "周": "week", "星": "week"}
REPEATS |= {"礼": "week", "天": "day", "日": "day", "晚": "part_of_day", "早": "part_of_day"}


@reads(
    r"每(?:隔)?(?:一|1|两|三|\d)?个?(年|月|季度|天|日|(?:周|星期|礼拜)(?![一二三四五六日天末1-7](?![\d次趟回点号月])))的?|天天"
)
def every(match: re.Match[str]) -> Meaning:
    grain = REPEATS[(match[1] or "天")[0]]
    return Meaning(grain, anywhere, kind="recurring")


@reads(r"每个?(早|晚)(?:上)?")
def every_part(match: re.Match[str]) -> Meaning:
    return Meaning("part_of_day", in_day(PARTS[match[1]]), kind="recurring")


@reads(
    r"[每逢]一?个?(?:周|星期|礼拜)([一二三四五六日天末1-7])(?:[、,和及]?[一二三四五六日天])*(?!\d)"
)
def every_weekday(match: re.Match[str]) -> Meaning:
    return Meaning("day", in_week(None, match[1]), floats=True, kind="recurring")


@reads(r"每(?:周|个)?的?工作日|工作日每天")
def every_workday(match: re.Match[str]) -> Meaning:
    return Meaning("day", _next_workday, kind="recurring")


def _next_workday(within: Window | None, scene: Scene) -> Window | None:
    return day_of(scene.today)


@reads(r"(?:此时)?此刻|现在|目前|当前|眼下")
def now(match: re.Match[str]) -> Meaning | None:
    return Meaning("minute", _now) if match[0] == "现在" else None


@reads(r"\b(?:right now|now|at the moment|at (?:this|the present) time)\b")
def now_en(match: re.Match[str]) -> Meaning:
    return Meaning("minute", _now, loose=True)


def _now(within: Window | None, scene: Scene) -> Window | None:
    return Window(scene.now, scene.now, "minute") if within is None else None
