"""What a model would add to a note, one line each, with the words it points to."""

from datetime import date

from cards import words
from cards.model import Card

CHECK = "模型建议，请核对："
LONGEST_QUOTE = 24


def promise(promiser: str, what: str, plan: date | None, latest: date | None, quote: str) -> str:
    side = "我方" if promiser == "us" else "对方"
    return _line(f"{side}承诺 {what}，{words.due(plan, latest)}", quote)


def due(what: str, plan: date | None, latest: date | None, quote: str) -> str:
    """A day for a promise that had none."""
    return _line(f"{what}的时间 {words.due(plan, latest)}", quote)


def tag(name: str, quote: str) -> str:
    return _line(f"顾虑 {name}", quote)


def stage(name: str, quote: str) -> str:
    return _line(f"阶段 {name}", quote)


def next_contact(day: date | None, quote: str, *, estimated: bool) -> str:
    return _line(f"下次 {words.day(day, estimated=estimated)}", quote)


def closing(day: date | None, quote: str) -> str:
    return _line(f"签单 {words.day(day)}", quote)


def nothing_proposed_card() -> Card:
    return Card(text="没有待采纳的模型建议；这条记录改过或确认过，建议就不再算数。")


def _line(what: str, quote: str) -> str:
    return f"{CHECK}{what}（“{words.short(quote, LONGEST_QUOTE)}”）"
