"""English words for days: tomorrow, next Wednesday, March 5th, the 22nd."""

import re
from datetime import timedelta

from nlp.numbers import CARDINAL_WORD, ORDINAL_WORD, read_english
from nlp.time.grammar import Meaning, Place, reads
from nlp.time.places.clock import PARTS, part_of
from nlp.time.places.days import in_month, in_week, offset_day
from nlp.time.window import WEEK, Scene, Window, day_of

DAY_NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WEEKDAY = (
    r"(?:mon(?:day)?|tue(?:s|sday)?|wed(?:nesday)|thu(?:rs?|rsday)?|fri(?:day)?"
    r"|sat(?:urday)|sun(?:day)|(?:wed|sat|sun)(?=\.|$|,|\s(?:morning|at\b|\d)))"
)
NTH = rf"(?:\d{{1,2}}(?:st|nd|rd|th)|{ORDINAL_WORD})"


def free(meaning: Meaning) -> Meaning:
    """English puts the hour before the day as gladly as behind it."""
    return meaning._replace(loose=True)


RELATIVE = {"today": 0, "tomorrow": 1, "tmr": 1, "tmrw": 1, "yesterday": -1}


@reads(
    r"\b(?:(the day|\d{1,2} days?|an? (?:day|week)|\d weeks?) (after|before|from) )?"
    r"(today|tomorrow|tmrw?|yesterday)\b"
)
def relative_day_en(match: re.Match[str]) -> Meaning | None:
    days = RELATIVE[match[3]]
    if match[1]:
        count = 1 if match[1].startswith("the") else read_english(match[1].split()[0]) or 1
        weeks = "week" in match[1]
        days += count * (7 if weeks else 1) * (-1 if match[2] == "before" else 1)
    return free(Meaning("day", offset_day(days)))


def night(days: int) -> Place:
    def place(within: Window | None, scene: Scene) -> Window | None:
        if within is not None:
            return within if within.grain == "day" else None
        return part_of(day_of(scene.today + timedelta(days=days)), PARTS["晚"])

    return place


@reads(r"\b(tonight|tonite|last night|this evening)\b")
def tonight(match: re.Match[str]) -> Meaning:
    return free(Meaning("part_of_day", night(-1 if match[1] == "last night" else 0)))


WEEK_OFFSETS = {"this": 0, "next": 1, "following": 1, "last": -1, "previous": -1, "past": -1}


@reads(
    rf"\b(?:(this past|the following|this|next|last|previous|past|following|coming|on)\s)?"
    rf"({WEEKDAY})\b(?:\.(?=,|\s[a-z\d]|$)(?<!day\.))?(\safter next)?(?!s)"
)
def weekday_en(match: re.Match[str]) -> Meaning:
    word = (match[1] or "").removeprefix("the ")
    index = str(DAY_NAMES.index(match[2][:3]) + 1)
    weeks = WEEK_OFFSETS.get("last" if word == "this past" else word)
    if word == "this past":
        return free(Meaning("day", _most_recent(int(index) - 1), beside=True))
    if match[3]:
        weeks = 1
    place = in_week(weeks, index)
    return free(Meaning("day", place, floats=weeks is None, beside=True, disputed=True))


def _most_recent(weekday: int) -> Place:
    def place(within: Window | None, scene: Scene) -> Window | None:
        back = (scene.today.weekday() - weekday - 1) % 7 + 1
        return day_of(scene.today - timedelta(days=back)) if within is None else None

    return place


@reads(rf"\b(\d|{CARDINAL_WORD}) ({WEEKDAY})s? (ago|from now)\b")
def weekdays_away(match: re.Match[str]) -> Meaning | None:
    count = read_english(match[1])
    weekday = DAY_NAMES.index(match[2][:3])
    if not count:
        return None

    def place(within: Window | None, scene: Scene) -> Window | None:
        ahead = (weekday - scene.today.weekday() - 1) % 7 + 1
        first = scene.today + timedelta(days=ahead if match[3] == "from now" else ahead - 7)
        if match[3] == "ago":
            first -= WEEK if first == scene.today else timedelta()
            return day_of(first - WEEK * (count - 1))
        return day_of(first + WEEK * (count - 1))

    return free(Meaning("day", place))


@reads(r"\b(?:(this|that|next|last|coming|the)\s)?week-?end\b(?!s)")
def weekend(match: re.Match[str]) -> Meaning:
    weeks = {"next": 1, "last": -1}.get(match[1] or "", 0)
    return free(Meaning("day", in_week(weeks, "末")))


@reads(
    rf"(?<![\d.:/-])\b(?:the )?((?:3[01]|[12]\d|[1-9])(?:st|nd|rd|th)|(?<=the ){ORDINAL_WORD})\b"
    rf"(?!\s(?:quarter|qtr|floor|week|day|of\b|last|{WEEKDAY}|version|order|time|party|gen|q))"
)
def ordinal_day(match: re.Match[str]) -> Meaning | None:
    day = read_english(match[1])
    if day is None or not 1 <= day <= 31:
        return None
    return free(Meaning("day", in_month(day), floats=True))


@reads(r"(?<![\d.:/-])\b(?:the )?(\d{1,2})(?:st|nd|rd|th)? of (?=(?:this|next|last|the) month)")
def day_of_month_en(match: re.Match[str]) -> Meaning | None:
    day = int(match[1])
    return free(Meaning("day", in_month(day), floats=True)) if 1 <= day <= 31 else None
