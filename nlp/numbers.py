"""Whole numbers as people write them: 12, 一百零五, 廿六, 二〇二六, 俩."""

DIGITS = {digit: value for value, digit in enumerate("零一二三四五六七八九")}
DIGITS |= {"〇": 0, "○": 0, "两": 2, "俩": 2, "仨": 3, "壹": 1, "贰": 2, "叁": 3}
TENS = {"廿": 20, "卅": 30}
SCALES = {"十": 10, "百": 100, "千": 1000}
MYRIADS = {"万": 10_000, "亿": 100_000_000}

ZH_DIGIT = "零〇○一二两三四五六七八九俩仨"
ZH_NUMERAL = ZH_DIGIT + "十百千廿卅"


def read_whole(words: str) -> int | None:
    """The number that the words spell, or None."""
    words = words.strip()
    if words.isascii():
        return int(words) if words.isdigit() else None
    if len(words) > 1 and all(word in DIGITS or word.isdecimal() for word in words):
        return int("".join(str(DIGITS.get(word, word)) for word in words))
    return _read_scaled(words)


def _read_scaled(words: str) -> int | None:
    total = section = digit = 0
    for word in words:
        if word in DIGITS:
            digit = DIGITS[word]
        elif word.isdecimal():
            digit = digit * 10 + int(word)
        elif word in TENS:
            section += TENS[word]
        elif word in SCALES:
            section += (digit or 1) * SCALES[word]
            digit = 0
        elif word in MYRIADS:
            total += (section + digit or 1) * MYRIADS[word]
            section = digit = 0
        else:
            return None
    return total + section + digit


def read_near(words: str) -> tuple[int, int] | None:
    """Lower and upper of an approximate number: 六七 → (6, 7), 十二三 → (12, 13), 3 → (3, 3)."""
    last = words[-2:]
    near = len(last) == 2 and all(word in DIGITS and DIGITS[word] for word in last)
    if near and DIGITS[last[0]] < DIGITS[last[1]] <= DIGITS[last[0]] + 2:
        low, high = read_whole(words[:-1]), read_whole(words[:-2] + words[-1])
        return (low, high) if low is not None and high is not None else None
    value = read_whole(words)
    return None if value is None else (value, value)


_SMALL = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen",
    "nineteen", "twenty",
)  # fmt: skip
_NTH = (
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth",
    "tenth", "eleventh", "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth",
    "seventeenth", "eighteenth", "nineteenth", "twentieth",
)  # fmt: skip
ENGLISH = {word: value for value, word in enumerate(_SMALL)}
ENGLISH |= {"thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "ninety": 90, "a": 1, "an": 1}
ORDINALS = {word: value for value, word in enumerate(_NTH, start=1)} | {"thirtieth": 30}
CARDINAL_WORD = "|".join(sorted(ENGLISH, key=len, reverse=True))
ORDINAL_WORD = (
    rf"(?:(?:twenty|thirty)[- ](?:{'|'.join(_NTH[:9])})"
    rf"|{'|'.join(sorted(ORDINALS, key=len, reverse=True))})"
)


def read_english(words: str) -> int | None:
    """twelve, a, 5, twenty-one, 3rd, twenty-first."""
    plain = words.strip().removesuffix("st").removesuffix("nd").removesuffix("rd")
    plain = plain.removesuffix("th") if plain[:1].isdigit() else plain
    if plain.isdecimal():
        return int(plain)
    total = 0
    for word in words.replace("-", " ").split():
        value = ENGLISH.get(word, ORDINALS.get(word))
        if value is None:
            return None
        total += value
    return total or None
