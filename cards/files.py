"""What administrators hear of files that cannot be used."""

from cards.model import Card


def refused_card(problem: str) -> Card:
    return Card(
        title="规则或词库有误，没有启用",
        tone="bad",
        text=f"{problem}\n\n机器人照旧用改之前的。改好存盘，几秒内自动生效。",
    )


def mended_card() -> Card:
    return Card(text="规则和词库已改好，现在用的是新的。")
