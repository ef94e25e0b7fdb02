"""Every button has an equivalent in words: "接单 P12", "最早 P12 2月5号", "催办 L3"."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.context import Context
from bot.events import CardClicked, MessageReceived
from bot.router import Router, route
from cards import actions
from cards import promises as promise_cards
from cards.actions import Action
from handlers import views
from handlers.echo import answered_note, answered_subject
from nlp.time import find
from storage import followups, promises
from storage.models import FollowUp, Promise, PromiseState

Form = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Phrase:
    """A word, the action it stands for, and the states in which a promise could be meant when
    no number is said."""

    words: str
    build: Callable[[int], Action]
    states: tuple[PromiseState, ...] = ()
    rest: str = ""
    """Form field that takes what is said after the number; days are read, names kept."""
    on: str = "P"


PENDING = (PromiseState.PENDING,)
DRAFT = (PromiseState.DRAFT,)
ASKED_BACK = (PromiseState.COUNTERED, PromiseState.REFUSED)
RUNNING = (PromiseState.PENDING, PromiseState.ACCEPTED, *ASKED_BACK)

PHRASES = (
    Phrase("接单|接了", actions.AcceptPromise, PENDING),
    Phrase("最早", actions.CounterPromise, PENDING, rest="day"),
    Phrase("做不到|接不了", actions.RefusePromise, PENDING),
    Phrase("接受", actions.AgreeCounter, (PromiseState.COUNTERED,)),
    Phrase("发给客户", actions.SendToCustomer, (PromiseState.ACCEPTED,)),
    Phrase("坚持", actions.InsistDue, ASKED_BACK),
    Phrase("完成|已交付", actions.FinishPromise, RUNNING),
    Phrase("取消", actions.CancelPromise, RUNNING),
    Phrase("不是承诺", actions.NotAPromise, DRAFT),
    Phrase("另一日期", actions.SwitchDue, DRAFT),
    Phrase("负责人", actions.ChooseOwner, DRAFT, rest="owner"),
    Phrase("来历|谁能看到", actions.ExplainPromise, RUNNING),
    Phrase("已联系", actions.ContactedLead, on="L"),
    Phrase("催办", actions.NudgeOwner, on="L"),
    Phrase("改派", actions.ReassignLead, rest="owner", on="L"),
    Phrase("延期", lambda number: actions.ExtendSilence(number, 3), on="L"),
)
SAID = re.compile(
    "^\\s*(?P<word>" + "|".join(phrase.words for phrase in PHRASES) + ")"
    r"\s*(?:(?P<on>[PpLl])\s*(?P<number>\d{1,9}))?\s*(?P<rest>\S.{0,40})?$"
)
ASSIGN = re.compile(r"^\s*记到\s*(?:[Ll](?P<number>\d{1,9})|新客户)\s*$")
ADOPT = re.compile(r"^\s*采纳(建议)?[\s。!！]*$")
CONFIRM = re.compile(r"^\s*(确认|对|没错|ok)[\s。!！]*$", re.IGNORECASE)


def typed_router(features: Sequence[Router]) -> Router:
    """A router that turns such words into the click they stand for."""
    router = Router()

    def press(event: MessageReceived, ctx: Context, action: Action, form: Form) -> None:
        click = CardClicked(
            key=event.key,
            at=event.at,
            sender=event.sender,
            chat=event.chat,
            action=action,
            form=form,
        )
        route(features, click, replace(ctx, event=click))

    @router.message(lambda event, ctx: phrase_of(event.text) is not None)
    def press_in_words(event: MessageReceived, ctx: Context) -> None:
        phrase, said = phrase_of(event.text), SAID.match(event.text)
        if phrase is None or said is None:
            return
        note = explained_note(event, ctx, phrase) if not said["number"] else None
        if note is not None:
            press(event, ctx, actions.ExplainFollowUp(ctx.id_of(note)), {})
            return
        number = int(said["number"]) if said["number"] else meant_number(event, ctx, phrase)
        if number is not None:
            press(event, ctx, phrase.build(number), form_of(phrase, said["rest"] or "", ctx))

    @router.message(lambda event, ctx: ASSIGN.match(event.text) is not None)
    def assign_in_words(event: MessageReceived, ctx: Context) -> None:
        said = ASSIGN.match(event.text)
        note = followups.asking(ctx.db, ctx.id_of(ctx.me))
        if said is not None and note is not None:
            lead = int(said["number"] or 0)
            press(event, ctx, actions.AssignFollowUp(ctx.id_of(note), lead), {})

    @router.message(lambda event, ctx: CONFIRM.match(event.text) is not None)
    def confirm_in_words(event: MessageReceived, ctx: Context) -> None:
        note = followups.latest_of(ctx.db, ctx.id_of(ctx.me))
        if note is not None:
            press(event, ctx, actions.ConfirmFollowUp(ctx.id_of(note)), {})

    @router.message(lambda event, ctx: ADOPT.match(event.text) is not None)
    def adopt_in_words(event: MessageReceived, ctx: Context) -> None:
        note = answered_note(event, ctx) or followups.latest_of(ctx.db, ctx.id_of(ctx.me))
        if note is not None:
            press(event, ctx, actions.AdoptProposal(ctx.id_of(note)), {})

    return router


def phrase_of(text: str) -> Phrase | None:
    """The phrase a text is; a word that only begins a longer sentence is none."""
    said = SAID.match(text)
    if said is None:
        return None
    phrase = next(p for p in PHRASES if said["word"] in p.words.split("|"))
    if said["on"] and said["on"].upper() != phrase.on:
        return None
    if said["rest"] and not phrase.rest:
        return None
    if not said["number"] and (phrase.on == "L" or (said["rest"] and phrase.rest == "owner")):
        return None
    return phrase


def explained_note(event: MessageReceived, ctx: Context, phrase: Phrase) -> FollowUp | None:
    """来历 without a number: of the note whose card was answered, else of one still open."""
    if phrase.build is not actions.ExplainPromise:
        return None
    match answered_subject(event, ctx):
        case ("followup", _):
            return answered_note(event, ctx)
        case None:
            note = followups.latest_of(ctx.db, ctx.id_of(ctx.me))
            return note if note is not None and note.state == "open" else None
        case _:
            return None


def form_of(phrase: Phrase, rest: str, ctx: Context) -> Form:
    if phrase.rest == "day":
        spans = [s for s in find(rest, ctx.local_now) if s.start is not None]
        return {"day": (spans[0].start.date().isoformat(),)} if spans and spans[0].start else {}
    return {phrase.rest: (rest.strip(),)} if phrase.rest else {}


def meant_number(event: MessageReceived, ctx: Context, phrase: Phrase) -> int | None:
    """Without a number: the promise of the card that was answered, or the only one that fits."""
    match answered_subject(event, ctx):
        case ("promise", number):
            return number
    fitting = fitting_promises(ctx, phrase)
    if len(fitting) == 1:
        return fitting[0].id
    if fitting:
        found = [views.of_promise(ctx, promise) for promise in fitting]
        ctx.reply(promise_cards.which_promise_card(found, phrase.words.partition("|")[0]))
    else:
        ctx.reply(promise_cards.unknown_promise_card())
    return None


def fitting_promises(ctx: Context, phrase: Phrase) -> list[Promise]:
    mine = promises.open_of(ctx.db, ctx.id_of(ctx.me))
    return [promise for promise in mine if promise.state in phrase.states]
