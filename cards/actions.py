"""What a button or a submitted form asks for, as typed values that card and handler share.

An action travels through a platform as one short string, `name?field=value&…`
(`promise.accept?promise=12`), because WeCom allows nothing else in a button key
(at most 1024 bytes). What a form's fields hold arrives beside it, in `CardClicked.form`.
"""

from dataclasses import dataclass, fields
from typing import ClassVar, Self
from urllib.parse import parse_qsl, urlencode

LARGEST = 2**31 - 1
"""Of any number in an action: record ids and days."""


class UnknownAction(ValueError):
    """The string is not one of our actions (a foreign card, an old release, or tampering)."""


@dataclass(frozen=True, slots=True)
class Action:
    """Fields of an action are `int` or `str` only."""

    name: ClassVar[str] = ""

    def encode(self) -> str:
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return f"{self.name}?{urlencode(values)}" if values else self.name

    @classmethod
    def decode_fields(cls, values: dict[str, str]) -> Self:
        kinds = {f.name: f.type for f in fields(cls)}
        if kinds.keys() != values.keys():
            raise UnknownAction(
                f"{cls.name}: expected fields {sorted(kinds)}, got {sorted(values)}"
            )
        try:
            action = cls(**{k: int(v) if kinds[k] is int else v for k, v in values.items()})
        except ValueError as problem:
            raise UnknownAction(f"{cls.name}: {problem}") from None
        numbers = [getattr(action, name) for name, kind in kinds.items() if kind is int]
        if any(abs(number) > LARGEST for number in numbers):
            raise UnknownAction(f"{cls.name}: a number is beyond what a record can have")
        return action


# Leads -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OpenFollowUpForm(Action):
    """`+跟进` on a lead card."""

    name = "lead.followup"
    lead: int


@dataclass(frozen=True, slots=True)
class SaveFollowUp(Action):
    """The follow-up form. Form fields: `tags` (many), `stage`, `note`."""

    name = "lead.save"
    lead: int


@dataclass(frozen=True, slots=True)
class ContactedLead(Action):
    name = "lead.contacted"
    lead: int


@dataclass(frozen=True, slots=True)
class NudgeOwner(Action):
    """A manager's 催办 on a silent lead."""

    name = "silence.nudge"
    lead: int


@dataclass(frozen=True, slots=True)
class ReassignLead(Action):
    """A manager's 改派. Form field: `owner` (a person id)."""

    name = "silence.reassign"
    lead: int


@dataclass(frozen=True, slots=True)
class ExtendSilence(Action):
    """A manager's 延期: no alarm for so many days."""

    name = "silence.extend"
    lead: int
    days: int


# Notes -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ConfirmFollowUp(Action):
    name = "followup.confirm"
    followup: int


@dataclass(frozen=True, slots=True)
class UndoFollowUp(Action):
    name = "followup.undo"
    followup: int


@dataclass(frozen=True, slots=True)
class AssignFollowUp(Action):
    """Which lead a note belongs to; lead 0 opens a new one."""

    name = "followup.lead"
    followup: int
    lead: int


@dataclass(frozen=True, slots=True)
class ShowWords(Action):
    """原话 of a note that was spoken."""

    name = "followup.words"
    followup: int


@dataclass(frozen=True, slots=True)
class HearAgain(Action):
    """Another try at a voice message, by its number in the inbox."""

    name = "voice.again"
    voice: int


@dataclass(frozen=True, slots=True)
class AdoptProposal(Action):
    """Take over what a model would add to a note."""

    name = "followup.adopt"
    followup: int


@dataclass(frozen=True, slots=True)
class AnswerDoubt(Action):
    """The answer to the one question about a note: `yes`, `no`, or a day (YYYY-MM-DD)."""

    name = "followup.answer"
    followup: int
    answer: str


@dataclass(frozen=True, slots=True)
class ExplainFollowUp(Action):
    """来历: which words each slot was read from, and how sure that is."""

    name = "followup.explain"
    followup: int


@dataclass(frozen=True, slots=True)
class PutInCalendar(Action):
    """加到日历: the meeting a note speaks of becomes an event in its author's calendar."""

    name = "followup.calendar"
    followup: int


# Promises --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SwitchDue(Action):
    """Take the other reading of the date."""

    name = "promise.due"
    promise: int


@dataclass(frozen=True, slots=True)
class NotAPromise(Action):
    name = "promise.not"
    promise: int


@dataclass(frozen=True, slots=True)
class ChooseOwner(Action):
    """Who delivers. Form field: `owner` (a person id)."""

    name = "promise.owner"
    promise: int


@dataclass(frozen=True, slots=True)
class AcceptPromise(Action):
    name = "promise.accept"
    promise: int


@dataclass(frozen=True, slots=True)
class CounterPromise(Action):
    """The earliest day delivery can. Form field: `day` (YYYY-MM-DD)."""

    name = "promise.counter"
    promise: int


@dataclass(frozen=True, slots=True)
class RefusePromise(Action):
    name = "promise.refuse"
    promise: int


@dataclass(frozen=True, slots=True)
class AgreeCounter(Action):
    """The rep takes delivery's day and gets the text for the customer."""

    name = "promise.agree"
    promise: int


@dataclass(frozen=True, slots=True)
class SendToCustomer(Action):
    """发给客户: the rep still confirms it in the IM."""

    name = "promise.send"
    promise: int


@dataclass(frozen=True, slots=True)
class InsistDue(Action):
    """The rep holds on to the day promised to the customer."""

    name = "promise.insist"
    promise: int


@dataclass(frozen=True, slots=True)
class FinishPromise(Action):
    name = "promise.done"
    promise: int


@dataclass(frozen=True, slots=True)
class CancelPromise(Action):
    name = "promise.cancel"
    promise: int


@dataclass(frozen=True, slots=True)
class ExplainPromise(Action):
    """谁能看到这条 / 为什么: who, when, from which sentence."""

    name = "promise.explain"
    promise: int


@dataclass(frozen=True, slots=True)
class TickPromise(Action):
    """Done, ticked on the list of somebody's day, which then shows what is left."""

    name = "today.done"
    promise: int
    person: int


# Accounts --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PreferAccount(Action):
    """Write to somebody in that IM what he did not ask for; empty: wherever he was last."""

    name = "account.prefer"
    person: int
    service: str


@dataclass(frozen=True, slots=True)
class RemoveAccount(Action):
    """解绑: the account of that IM is nobody's from now on."""

    name = "account.remove"
    person: int
    service: str


@dataclass(frozen=True, slots=True)
class PressTestCard(Action):
    name = "doctor.pressed"
    code: str


ACTIONS: tuple[type[Action], ...] = (
    OpenFollowUpForm,
    SaveFollowUp,
    ContactedLead,
    NudgeOwner,
    ReassignLead,
    ExtendSilence,
    ConfirmFollowUp,
    UndoFollowUp,
    AssignFollowUp,
    ShowWords,
    HearAgain,
    AdoptProposal,
    AnswerDoubt,
    ExplainFollowUp,
    SwitchDue,
    NotAPromise,
    ChooseOwner,
    AcceptPromise,
    CounterPromise,
    RefusePromise,
    AgreeCounter,
    SendToCustomer,
    InsistDue,
    PutInCalendar,
    FinishPromise,
    CancelPromise,
    ExplainPromise,
    TickPromise,
    PreferAccount,
    RemoveAccount,
    PressTestCard,
)
_BY_NAME = {action.name: action for action in ACTIONS}


def decode(text: str) -> Action:
    """The action a button's string stands for. Raises UnknownAction."""
    name, _, query = text.partition("?")
    kind = _BY_NAME.get(name)
    if kind is None:
        raise UnknownAction(f"no action is called {name[:60]!r}")
    return kind.decode_fields(dict(parse_qsl(query, keep_blank_values=True)))
