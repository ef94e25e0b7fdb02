"""The one question about a note, with its answers as buttons."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from cards import actions, words
from cards.model import Button, Card

YES, NO = "yes", "no"
LONGEST_LABEL = 10


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as it is kept with its note, and what the answer settles."""

    about: str
    """`day`, `when`, `promise`, `stage` or `tag`, as in `nlp.types.Doubt`."""
    question: str
    value: str = ""
    """Of a stage or a tag its id."""
    promises: tuple[int, ...] = ()
    slots: tuple[str, ...] = ()
    """Days of the lead: `next_contact`, `expected_close`."""
    days: tuple[tuple[str, str], ...] = ()
    """To choose from: the last day and the day to plan for, in ISO format."""

    @property
    def keys(self) -> frozenset[str]:
        """The slots in question, as `cards.origins.Origin` names them."""
        match self.about:
            case "stage":
                return frozenset({"stage"})
            case "tag":
                return frozenset({f"tag:{self.value}"})
            case _:
                about = [f"{kind}:{n}" for n in self.promises for kind in ("promise", "due")]
                return frozenset({*about, *self.slots})


def buttons(asked: Asked, number: int, names: Mapping[str, str]) -> list[Button]:
    """`number` is the note's. A day that nobody named is typed."""
    match asked.about:
        case "day":
            return [_day(number, date.fromisoformat(last)) for last, _ in asked.days]
        case "promise":
            return [
                Button("是承诺", actions.AnswerDoubt(number, YES), typed="是承诺"),
                *(
                    Button("不是承诺", actions.NotAPromise(n), typed=f"不是承诺 P{n}")
                    for n in asked.promises
                ),
            ]
        case "stage" | "tag":
            name = names.get(asked.value, asked.value)
            return [
                Button(_label(f"算{name}"), actions.AnswerDoubt(number, YES), typed="算"),
                Button(_label(f"不算{name}"), actions.AnswerDoubt(number, NO), typed="不算"),
            ]
        case _:
            return []


def _day(number: int, day: date) -> Button:
    typed = f"是{day.month}月{day.day}日"
    return Button(words.day(day), actions.AnswerDoubt(number, day.isoformat()), typed=typed)


def _label(text: str) -> str:
    return words.short(text, LONGEST_LABEL)


def nothing_asked_card() -> Card:
    return Card(text="这个问题已经有答案了，没有改动任何东西。要改，直接说“不对，是下周四”。")
