"""Where the slots of a note come from: their words, what was assumed, how sure, in a line each."""

from collections.abc import Sequence
from dataclasses import dataclass

from cards.model import Card
from cards.promises import PromiseView

UNSURE = "（不太确定）"
MARK = "？"
"""Behind a value that may be wrong."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Kept with the note, as it was read then."""

    key: str
    """Which slot: `stage`, `tag:price_concern`, `promise:12`, `due:12`."""
    what: str
    """What the slot is called, and what it holds; of a promise its number says that."""
    words: str
    rule: str
    confidence: float
    sure: str
    """很确定, 较确定, 不太确定; or who put it right."""
    read: str = ""
    """How the words were read, and what was assumed."""
    doubtful: bool = False

    @property
    def promise(self) -> int | None:
        kind, _, number = self.key.partition(":")
        return int(number) if kind in ("promise", "due") else None


def lines(origins: Sequence[Origin], views: Sequence[PromiseView]) -> list[str]:
    """顾虑 价格疑虑：“价格高”，很确定. A promise that is no longer one is left out."""
    promised = {view.promise.id: view.promise for view in views}
    told = []
    for origin in origins:
        promise = promised.get(origin.promise) if origin.promise else None
        if promise is None and origin.promise:
            continue
        what = f"{origin.what} {promise.code} {promise.what}" if promise else origin.what
        read = f"“{origin.words}”" + (f"→ {origin.read}" if origin.read else "")
        told.append(f"{what}：{read}，{origin.sure}")
    return told


def rules(origins: Sequence[Origin]) -> str:
    return "规则：" + "、".join(dict.fromkeys(origin.rule for origin in origins))


def origins_card(
    customer: str, text: str, origins: Sequence[Origin], views: Sequence[PromiseView], sees: str
) -> Card:
    """来历 of a note."""
    told = lines(origins, views)
    return Card(
        title="这条记录是怎么读的",
        subtitle=customer,
        text="\n".join(told) if told else "没有从原话里读出别的；勾选的、改过的不在这里。",
        quote=text,
        notes=(f"谁能看到：{sees}", *([rules(origins)] if told else [])),
    )


def no_origins_card() -> Card:
    return Card(text="没找到这条记录。回复那张卡，或带上编号：“来历 P12”。")
