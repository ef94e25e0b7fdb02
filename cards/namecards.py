"""What is said to a name card."""

from cards.model import Card
from storage.models import Person


def colleague_card(person: Person) -> Card:
    return Card(
        text=f"这是同事{person.label}。\n"
        f"交给他办：负责人 P12 {person.name}；线索给他：改派 L3 {person.name}。"
    )


def person_card(name: str, title: str) -> Card:
    who = f"{name}（{title}）" if title else name
    return Card(
        text=f"收到{who}的名片，他还没绑定我。\n"
        f"是同事：请他给我发“绑定”。是客户：补一句话，比如“{name}想要报价，周五前给”。"
    )


def unseen_card() -> Card:
    return Card(text="这张名片上是谁，我看不到。补一句话：姓名、公司、什么事，我就记下。")
