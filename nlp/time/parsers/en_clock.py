"""English words for clock times and parts of the day: 8pm, at noon, tomorrow morning, EOD."""

import re
from datetime import timedelta

from nlp.numbers import CARDINAL_WORD, read_english
from nlp.time.grammar import Meaning, reads
from nlp.time.parsers.en_days import free
from nlp.time.places.clock import clock_time, in_day
from nlp.time.window import Scene, Window, midnight

HOUR_WORD = "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
MERIDIEM = r"\s?([ap])(?:\.\s?m\b\.?|\s?m\b|(?<=\d[ap])\b)"
MINUTE_WORD = "fifteen|thirty|forty-five|twenty|ten"


def meridiem_hour(hour: int, half: str) -> int | None:
    if not 1 <= hour <= 12:
        return None
    return hour % 12 + (12 if half == "p" else 0)


@reads(
    rf"(?<![\d.:,/$])\b(?:at )?(\d{{1,2}})(?:[:.]([0-5]\d))?(?::[0-5]\d)?{MERIDIEM}"
    rf"|\b(?:at )?({HOUR_WORD})(?:\s({MINUTE_WORD}))?\s([ap])(?:\.\s?m\b\.?|\s?m\b)"
)
def half_day_clock(match: re.Match[str]) -> Meaning | None:
    hour = read_english(match[1] or match[4]) or 0
    minute = int(match[2] or 0) or read_english(match[5] or "") or 0
    there = meridiem_hour(hour, match[3] or match[6])
    if there is None:
        return None
    return free(clock_time(there, minute, exact=True, shown=bool(match[2] or match[5])))


@reads(
    r"(?<![\d.:,/$-])\b(\d{1,2})(?::([0-5]\d))?"
    rf"(?=\s?(?:-|~|to|and|untill?|till)\s?(?:(\d{{1,2}})(?::[0-5]\d)?|({HOUR_WORD})){MERIDIEM})"
)
def opening_hour_en(match: re.Match[str]) -> Meaning | None:
    """The 3 of "3-5pm": in the same half of the day, if that comes before."""
    closing = meridiem_hour(read_english(match[3] or match[4]) or 0, match[5])
    hour = meridiem_hour(int(match[1]), match[5])
    if hour is None or closing is None:
        return None
    minute = int(match[2] or 0)
    if hour > closing:
        hour -= 12
    return free(clock_time(hour % 24, minute, exact=True, shown=bool(match[2])))


COUNTED = (
    r"\s?(?:%|per ?cent|st|nd|rd|th|[a-z]{1,2}\d|days?|weeks?|months?|years?|hours?|min|sec|pcs"
    r"|units|sets|k\b|kg|kilo|rmb|usd|of\b|single)"
)
"""What follows a number that is no hour."""


@reads(
    rf"(?:\b(?:at|around|about|by)|@)\s?(\d{{1,2}}|{HOUR_WORD})(?::([0-5]\d))?"
    rf"(?:\s?o'?clock|\s?ish)?\b"
    rf"(?![\d.:/-]\d|[-\d%]|{COUNTED}|\s?[ap]\.?m|\s(?:past|to|points?|times)\b)"
)
def spoken_hour(match: re.Match[str]) -> Meaning | None:
    return _hour(match[1], match[2])


def _hour(words: str, minute: str | None) -> Meaning | None:
    hour = read_english(words)
    if hour is None or hour > 24:
        return None
    return free(clock_time(hour, int(minute or 0), shown=bool(minute)))


@reads(
    rf"(?<![\d.:,/$-])\b(\d{{1,2}}|{HOUR_WORD})(?:\s?o'?clock|ish\b"
    r"|(?=,?\s(?:tomorrow|tonight|(?:this|in the) (?:morning|afternoon|evening)|at night)))"
)
def marked_hour(match: re.Match[str]) -> Meaning | None:
    return _hour(match[1], None)


CLOSES = r"\s?(?:$|today|tomorrow|tonight|last night|this|at night|on\b|ish\b|[?.,])"


@reads(
    rf"(?<![\d.:,/$-])\b(\d{{1,2}}|{HOUR_WORD})(?::([0-5]\d))?"
    rf"(?=\s?(?:-|to|till|until)\s?(?:\d{{1,2}}|{HOUR_WORD})(?::[0-5]\d)?{CLOSES})"
    rf"|(?<=between )(\d{{1,2}}|{HOUR_WORD})(?::([0-5]\d))?(?= and \d{{1,2}}(?::\d\d)?{CLOSES})"
)
def opening_hour_bare(match: re.Match[str]) -> Meaning | None:
    """The 6 of "next Monday 6-8" and "five to seven today"; alone it says nothing."""
    meaning = _hour(match[1] or match[3], match[2] or match[4])
    return meaning and meaning._replace(needy=True)


@reads(
    r"(?:(?<=\d-)|(?<=[\dm] - )|(?<=\bto )|(?<=\band )|(?<=\btill ))"
    rf"(\d{{1,2}}|{HOUR_WORD})(?:\s?ish)?\b(?={CLOSES})(?![:.]\d)"
)
def closing_hour_bare(match: re.Match[str]) -> Meaning | None:
    """The 8 of "next Monday 6-8"; alone it says nothing."""
    meaning = _hour(match[1], None)
    return meaning and meaning._replace(needy=True)


HALVES = {"quarter": 15, "half": 30}


@reads(
    rf"\b(?:at |for )?(?:a )?(quarter|half|\d{{1,2}}|{CARDINAL_WORD})(?: minutes?)?"
    rf" (past|to|after) (noon|midnight|\d{{1,2}}|{HOUR_WORD})(?:{MERIDIEM})?(?=\b|\s|$)"
)
def minutes_past(match: re.Match[str]) -> Meaning | None:
    minutes = HALVES.get(match[1]) or read_english(match[1]) or 0
    hour = {"noon": 12, "midnight": 0}.get(match[3]) or read_english(match[3]) or 0
    sure = match[2] == "past" or match[1] == "quarter" or "minute" in match[0]
    if minutes >= 60 or hour > 24 or not sure:
        return None
    exact = match[3] in ("noon", "midnight") or bool(match[4])
    if match[4]:
        hour = meridiem_hour(hour, match[4]) or 0
    if match[2] == "to":
        hour, minutes = hour - 1, 60 - minutes
    return free(clock_time(hour % 24, minutes, exact=exact, shown=True))


@reads(
    r"(?<![\d.:])\b([01]?\d|2[0-3])h([0-5]\d)\b|\baround (1[0-2]|0?[1-9])([0-5]\d)\b"
    r"|\bat ([1-9])([0-5]\d) (?=in the)"
)
def written_hour(match: re.Match[str]) -> Meaning:
    """19h30, around 1030, at 730 in the evening."""
    hour, minute = (words for words in match.groups() if words)
    return free(clock_time(int(hour), int(minute), exact=bool(match[1]), shown=True))


@reads(r"\b(?:at )?(noon|midday|mid-?\s?night)\b")
def noon(match: re.Match[str]) -> Meaning:
    if match[1] in ("noon", "midday"):
        return free(clock_time(12, 0, exact=True))
    return free(Meaning("hour", _coming_midnight, floats=True))


def _coming_midnight(within: Window | None, scene: Scene) -> Window | None:
    """The midnight that closes the day."""
    day = midnight(within.first) if within else scene.today
    start = day + timedelta(days=1 + (0 if within else scene.skip))
    return Window(start, start + timedelta(hours=1), "hour")


@reads(
    r"\b(?:the )?"
    r"(?:eod|cob|close of (?:business|play)|end of (?:the )?(?:business )?day|end of business)\b"
)
def end_of_day(match: re.Match[str]) -> Meaning:
    return free(clock_time(18, 0, exact=True))


PARTS = {
    "early morning": (4, 9),
    "early hours": (0, 6),
    "morning": (8, 12),
    "lunchtime": (11, 13),
    "afternoon": (12, 18),
    "evening": (18, 24),
    "night": (18, 24),
    "dusk": (17, 19),
}


NIGHT_OF = re.compile(r"(?:day|tomorrow|\bat) night$")


@reads(
    r"\b(?:(?:early )?in the |this |late |at |in )?"
    r"(early (?:in the )?morning|(?:the )?early hours(?: of the morning)?"
    r"|morning|lunchtime|afternoon|evening|night-?time|night|dusk)\b"
    r"(?!s|!|,? (?:all|everyone|team|guys|folks)\b)(?<!good morning)"
)
def part_of_day_en(match: re.Match[str]) -> Meaning | None:
    word = match[1].removeprefix("the ")
    if match[0].startswith("early") or word.startswith("early in"):
        word = "early morning"
    if word == "night" and not NIGHT_OF.search(match.string, 0, match.end()):
        return None
    name = next(name for name in PARTS if word.startswith(name))
    return free(Meaning("part_of_day", in_day(PARTS[name])))
