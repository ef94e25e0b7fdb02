"""Hide who and how much in a text before it leaves the house; put it back into what returns."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from nlp.time.types import TimeSpan

NUMBER = "号码"
LONG_NUMBER = 11
"""From so many digits on a number is hidden even where it could be read as a time."""
HIDE = (
    ("邮箱", re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}")),
    ("网址", re.compile(r"(?:https?://|www\.)[!-~]+", re.IGNORECASE)),
    (
        "账号",
        re.compile(
            r"(?:微信号?|wechat|vx|wx|qq)\s*(?:(?:id|号)?\s*[:：]\s*|(?=[\w-]*\d))[\w-]{5,}",
            re.IGNORECASE | re.ASCII,
        ),
    ),
    (NUMBER, re.compile(r"[A-Za-z]{0,4}\d(?:[ -]?\d){4,}[Xx]?", re.ASCII)),
    (
        "金额",
        re.compile(
            r"(?:[¥￥$€]|RMB|USD|人民币)\s*\d[\d,.]*\s*(?:[万亿千wWkK](?![A-Za-z]))?(?:元|块钱?)?"
            r"|(?:\d[\d,.]*|[一二三四五六七八九十百千两零点]+)\s*[多来几]?\s*"
            r"(?:(?:[千百]?[万亿]|千)(?:元|块钱?)?|元|块钱|美元|美金|欧元|(?:[wWkK]|RMB|USD)(?![A-Za-z])"
            r"|(?:million|thousand|grand)\b(?:\s*(?:RMB|USD|yuan|dollars))?|yuan\b|dollars\b)"
        ),
    ),
)
PLACEHOLDER = re.compile("〔[^〔〕]*〕")


@dataclass(frozen=True, slots=True)
class Masked:
    """A text whose names and numbers are placeholders: 〔人1〕要〔公司1〕的样机."""

    text: str
    hidden: Mapping[str, str] = field(default_factory=dict)
    """Placeholder → what it stands for."""

    def reveal(self, text: str) -> str:
        """Words about the masked text, as words about the text itself."""
        return PLACEHOLDER.sub(lambda found: self.hidden.get(found[0], found[0]), text)


@dataclass(slots=True)
class _Secret:
    begin: int
    finish: int
    kind: str


def mask(
    text: str,
    *,
    people: Iterable[str] = (),
    companies: Iterable[str] = (),
    times: Sequence[TimeSpan] = (),
) -> Masked:
    """Every known name and whatever looks like an address, a number or a sum; times stay."""
    secrets = [
        *(_Secret(*found.span(), "文字") for found in re.finditer("〔[^〔〕]*〕|[〔〕]", text)),
        *_named(text, companies, "公司"),
        *_named(text, people, "人"),
        *_shaped(text, times),
    ]
    pieces: list[str] = []
    given: dict[tuple[str, str], str] = {}
    end = 0
    for secret in _united(secrets):
        words = text[secret.begin : secret.finish]
        number = sum(kind == secret.kind for kind, _ in given) + 1
        placeholder = given.setdefault((secret.kind, words), f"〔{secret.kind}{number}〕")
        pieces += (text[end : secret.begin], placeholder)
        end = secret.finish
    hidden = {placeholder: words for (_, words), placeholder in given.items()}
    return Masked("".join((*pieces, text[end:])), hidden)


def _named(text: str, names: Iterable[str], kind: str) -> Iterator[_Secret]:
    """Wherever a name begins, even inside another one; of two that begin alike the longer."""
    known = sorted({name for name in names if len(name) > 1}, key=len, reverse=True)
    if known:
        pattern = re.compile(f"(?=({'|'.join(map(re.escape, known))}))", re.IGNORECASE)
        yield from (_Secret(*found.span(1), kind) for found in pattern.finditer(text))


def _shaped(text: str, times: Sequence[TimeSpan]) -> Iterator[_Secret]:
    for kind, pattern in HIDE:
        for found in pattern.finditer(text):
            digits = sum(letter.isdigit() for letter in found[0])
            is_time = any(t.begin <= found.start() and found.end() <= t.finish for t in times)
            if not is_time or (kind == NUMBER and digits >= LONG_NUMBER):
                yield _Secret(*found.span(), kind)


def _united(secrets: Iterable[_Secret]) -> list[_Secret]:
    """In order; of what overlaps nothing shows."""
    united: list[_Secret] = []
    for secret in sorted(secrets, key=lambda each: (each.begin, -each.finish)):
        if united and secret.begin < united[-1].finish:
            united[-1].finish = max(united[-1].finish, secret.finish)
        else:
            united.append(secret)
    return united
