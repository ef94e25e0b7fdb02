"""English counts of time from now: in 3 days, within two weeks, an hour ago, next 2 months."""

import re

from nlp.numbers import CARDINAL_WORD, read_english
from nlp.time.grammar import Meaning, Place, anywhere, reads
from nlp.time.parsers.en_days import DAY_NAMES, free
from nlp.time.parsers.en_months import MONTH
from nlp.time.places.counts import HELD, Amount, around, away, move, no_date, rolling, until
from nlp.time.places.days import in_week
from nlp.time.types import Grain
from nlp.time.window import DAY, Scene, Window

UNITS = {
    "sec": "秒", "min": "分", "hr": "小时", "hour": "小时", "h": "小时", "m": "分", "d": "天",
    "day": "天", "week": "周", "wk": "周", "fortnight": "周", "month": "月", "mo": "月",
    "quarter": "季度", "year": "年", "yr": "年", "work": "工作日",
}  # fmt: skip
LONG_UNIT = (
    r"(?:(?:business|working|work)\s?days?|seconds?|secs?|minutes?|mins?|hours?|hrs?|days?"
    r"|weeks?|wks?|fortnights?|months?|quarters?|years?|yrs?)"
)
COUNT_WORD = (
    r"(?:half an?|a quarter of an|three-quarters of an|(?:a )?couple(?: of)?|an?"
    rf"|(?:{CARDINAL_WORD})(?:[- ](?:one|two|three|four|five|six|seven|eight|nine))?)"
)
NUMERAL = r"(?:\d{1,4}(?:\.\d)?|1/4)"
COUNT = rf"(?:{NUMERAL}|{COUNT_WORD})"
UPTO = rf"(?:(?:{NUMERAL}|(?:{CARDINAL_WORD}))\s?(?:-|to|or)\s?)?"
ONE = rf"(?:{NUMERAL}\s?(?:more\s)?(?:{LONG_UNIT}|[hdm])|{COUNT_WORD}\s(?:more\s)?{LONG_UNIT})\b"
AMOUNT = rf"(?<![\d.,$])\b({UPTO}{ONE}(?:,?\s(?:and )?(?:{ONE})){{0,2}})"
PART = re.compile(rf"({COUNT})\s?(?:more )?({LONG_UNIT}|[hdm])\b")
FRACTIONS = {"half": 0.5, "1/4": 0.25, "three-quarters": 0.75, "couple": 2}


def count_of(words: str) -> float | None:
    head = words.removeprefix("a ").split()[0] if words != "a" else "a"
    if words.startswith("a quarter"):
        return 0.25
    if head in FRACTIONS:
        return FRACTIONS[head]
    if re.fullmatch(r"\d+\.\d", words):
        return float(words)
    return read_english(words)


def unit_of(words: str) -> str:
    plain = words.rstrip("s") if len(words) > 1 else words
    if "day" in plain and len(plain) > 4:
        return "工作日"
    return UNITS[{"second": "sec", "minute": "min"}.get(plain, plain)]


def read_amount(words: str) -> Amount | None:
    total = Amount()
    for count_words, unit_words in PART.findall(words):
        count = count_of(count_words)
        if count is None:
            return None
        if unit_words.startswith("fortnight"):
            count *= 2
        total = total.plus(count, unit_of(unit_words))
    return total


def counted(words: str, sign: int) -> Meaning | None:
    amount = read_amount(words)
    if amount is None:
        return None
    hold = around(amount, sign)
    reach = hold and HELD.get(amount.unit[0], "week")
    return free(Meaning(amount.grain, away(amount, sign), hold, reach))


@reads(rf"\b(?:in|after)\s{AMOUNT}(?!\sago)|{AMOUNT}\s(?:from now|later|hence|out|from today)\b")
def time_after_en(match: re.Match[str]) -> Meaning | None:
    return counted(match[1] or match[2], 1)


@reads(rf"{AMOUNT}\s{{1,2}}(?:ago|earlier|before(?!\s\w))\b")
def time_ago_en(match: re.Match[str]) -> Meaning | None:
    return counted(match[1], -1)


@reads(rf"\bwithin (?:the next |next )?{AMOUNT}(\s(?:of|after|from)\b)?|\bin the next {AMOUNT}")
def time_within_en(match: re.Match[str]) -> Meaning | None:
    amount = read_amount(match[1] or match[3])
    if amount is None:
        return None
    if match[2]:
        return Meaning("day", no_date, kind="duration")
    return Meaning(amount.grain, until(amount))


@reads(
    r"\b(?:the |in the |for the )?(?:(last|past|previous|recent)|(next|coming|upcoming|following))"
    rf"\s(?:{AMOUNT}|(day|hour|minute)\b|(?<=recent )(week|month|year)\b)(?!\s(?:of|in)\b)"
)
def rolling_en(match: re.Match[str]) -> Meaning | None:
    amount = read_amount(match[3] or f"1 {match[4] or match[5]}")
    if amount is None:
        return None
    return free(Meaning("day", rolling(amount, -1 if match[1] else 1), kind="range"))


@reads(rf"\b(?:the )?({COUNT}) (?:(past|last)|(upcoming|coming|next)) ({LONG_UNIT})\b")
def rolling_behind_en(match: re.Match[str]) -> Meaning | None:
    amount = read_amount(f"{match[1]} {match[4]}")
    if amount is None:
        return None
    return free(Meaning("day", rolling(amount, -1 if match[2] else 1), kind="range"))


@reads(rf"{AMOUNT}\s(?:from|after)\s(?={MONTH}\b|\d)")
def counted_from(match: re.Match[str]) -> Meaning | None:
    """2 weeks from January 15."""
    amount = read_amount(match[1])
    return free(Meaning("day", moved(amount), beside=True, needy=True)) if amount else None


def moved(amount: Amount) -> Place:
    def place(within: Window | None, scene: Scene) -> Window | None:
        if within is None or within.start is None:
            return None
        there = move(within.start, amount, 1)
        return within._replace(start=there, end=there + DAY) if there else None

    return place


@reads(rf"\bfor {AMOUNT}|(?<=\d(?:am|pm) ){AMOUNT}")
def lasting(match: re.Match[str]) -> Meaning | None:
    """4pm for 30 mins: the end of what began."""
    amount = read_amount(match[1] or match[2])
    if amount is None:
        return None

    def place(within: Window | None, scene: Scene) -> Window | None:
        if within is None or within.start is None:
            return None
        end = move(within.start, amount, 1)
        if end is None:
            return None
        if not amount.clocked:
            end += DAY
        return Window(within.start, end, within.grain, "range")

    return Meaning("minute", place, beside=True, loose=True, needy=True)


@reads(rf"{AMOUNT}")
def bare_amount_en(match: re.Match[str]) -> Meaning | None:
    if re.fullmatch(r"\d+\s?[hdm]", match[1]) or read_amount(match[1]) is None:
        return None
    return Meaning("day", no_date, kind="duration")


NAMED_DAY = "(?:mon|tues|wednes|thurs|fri|satur|sun)day"


@reads(
    rf"\bevery\s?(?:single )?(day|night|morning|week|month|year|weekend|weekday|{NAMED_DAY})\b"
    rf"|\b(?:all )?(weekdays|weekends|{NAMED_DAY}s)\b"
    r"|\b(daily|weekly|monthly|quarterly|yearly|annual(?:ly)?|semiannual)\b"
)
def every_en(match: re.Match[str]) -> Meaning:
    named = re.match(NAMED_DAY, match[1] or match[2] or "")
    if named:
        weekday = str(DAY_NAMES.index(named[0][:3]) + 1)
        return free(Meaning("day", in_week(None, weekday), floats=True, kind="recurring"))
    grain: Grain = "week" if match[3] or match[1] in ("week", "month", "year") else "day"
    return free(Meaning(grain, anywhere, kind="recurring"))
