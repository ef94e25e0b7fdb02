"""Voice messages: written down by the platform or by an endpoint, then read like typed ones."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import structlog

from bot import events
from bot.context import Context
from bot.events import CardClicked, JobFinished, MessageReceived, TimerFired
from bot.router import Router, route
from cards import actions
from cards import speech as cards
from cards.actions import Action
from handlers.echo import answered_lead, answered_note, echo_slot, of, own_note
from handlers.understood import understand
from nlp.speech import is_doubtful, tidy
from storage import facts, followups, inbox, jobs, leads, people
from storage.models import FollowUp, Role

log = structlog.get_logger()
router = Router()
JOB, SLOW = "speech.transcript", "voice.slow"
PATIENCE = timedelta(seconds=8)
AGAIN = re.compile(r"^\s*再听\s*[Ee](\d{1,9})\s*$")
WORDS = re.compile(r"^\s*原话[\s。!！?？]*$")


# From sound to words ---------------------------------------------------------------------


def voice_router(readers: Sequence[Router]) -> Router:
    """A router that hands what was said to `readers`, as a message."""
    listening = Router()

    @listening.message(lambda event, ctx: event.kind == "voice" and not event.text.strip())
    def have_written_down(event: MessageReceived, ctx: Context) -> None:
        listen(ctx, event, ctx.inbox_id)

    @listening.message(lambda event, ctx: event.kind == "voice")
    def read_platforms_words(event: MessageReceived, ctx: Context) -> None:
        take(ctx, event, event.text)

    @listening.job(JOB)
    def read_transcript(event: JobFinished, ctx: Context) -> None:
        ctx.let_sleep(SLOW, event.subject)
        voice = spoken(ctx, event.subject)
        if voice is None or facts.heard_in(ctx.db, event.subject) is not None:
            log.info("voice.heard_already", voice=event.subject)
        elif failed := "down" if event.error else event.result.get("failed"):
            say_unheard(ctx, event, failed)
        else:
            told = event.result
            said_then = replace(
                ctx, event=voice, inbox_id=event.subject, now=min(voice.at, ctx.now)
            )
            take(said_then, voice, told["text"], told["seconds"], told["certainty"])

    def take(
        ctx: Context,
        voice: MessageReceived,
        transcript: str,
        seconds: float = 0.0,
        certainty: float | None = None,
    ) -> None:
        """`ctx` is that of the voice message, at the moment at which it was spoken: "明天" is the
        day after that, however late it is heard."""
        text = tidy(transcript)
        if not text:
            ctx.send(voice.chat, cards.unheard_card("empty", ctx.inbox_id))
            return
        ctx.fact("voice.heard", words=transcript, seconds=round(seconds, 1), certainty=certainty)
        said = replace(voice, text=text)
        heard = replace(ctx, event=said)
        if is_doubtful(transcript, seconds=seconds, certainty=certainty):
            ask_whether_right(said, heard)
        else:
            route(readers, said, heard)

    return listening


def listen(ctx: Context, voice: MessageReceived, number: int) -> None:
    """Queue the slow call; whoever waits longer than a breath hears that it is under way."""
    ctx.job(JOB, number, sender=voice.sender, chat=voice.chat, media=voice.media)
    ctx.wake(SLOW, number, ctx.now + PATIENCE, {"chat": voice.chat})


@router.timer(SLOW)
def ask_for_patience(event: TimerFired, ctx: Context) -> None:
    if jobs.waits(ctx.db, JOB, event.subject):
        ctx.send(event.data["chat"], cards.slow_card())


def say_unheard(ctx: Context, event: JobFinished, reason: str) -> None:
    card = cards.unheard_card(reason, event.subject, event.result.get("longest", 0))
    slot = f"voice:{event.subject}:unheard" if card.buttons else ""
    ctx.send(event.data["chat"], card, slot=slot)


def spoken(ctx: Context, number: int) -> MessageReceived | None:
    """The voice message of that number in the inbox."""
    row = inbox.get(ctx.db, number)
    match events.load(row.kind, row.body) if row is not None else None:
        case MessageReceived(kind="voice") as voice:
            return voice
        case _:
            return None


# In doubt --------------------------------------------------------------------------------


def ask_whether_right(said: MessageReceived, ctx: Context) -> None:
    """Kept apart until the speaker agrees; 确认 makes a note of it (`handlers/followups.py`)."""
    own = leads.known_to(ctx.db, ctx.id_of(ctx.me))
    if (
        ctx.me.role == Role.DELIVERY
        or understand(said.text, ctx.local_now, own, ctx.me.role, ctx.lexicon).is_chat
    ):
        ctx.send(said.chat, cards.unclear_card(said.text))
        return
    note = FollowUp(
        lead_id=answered_lead(said, ctx),
        author_id=ctx.id_of(ctx.me),
        inbox_id=ctx.inbox_id,
        chat=said.chat,
        text=said.text,
        state="heard",
        at=ctx.now,
    )
    followups.add(ctx.db, note)
    ctx.send(said.chat, cards.heard_card(note), slot=echo_slot(note), subject=of(note))


# Again, and word for word ----------------------------------------------------------------


@router.action(actions.HearAgain)
def hear_again(click: CardClicked[actions.HearAgain], ctx: Context) -> None:
    """What could not be heard for a reason that has gone."""
    number = click.action.voice
    voice = spoken(ctx, number)
    speaker = people.by_address(ctx.db, voice.sender) if voice is not None else None
    if voice is None or speaker is None or speaker.id != ctx.me.id:
        ctx.reply(cards.no_such_voice_card())
    elif facts.heard_in(ctx.db, number) is not None:
        ctx.settle_clicked(cards.heard_already_card(), click)
    elif not jobs.waits(ctx.db, JOB, number):
        ctx.settle_clicked(cards.listening_card(), click)
        listen(ctx, voice, number)


@router.message(lambda event, ctx: AGAIN.match(event.text) is not None)
def hear_again_in_words(event: MessageReceived, ctx: Context) -> None:
    said = AGAIN.match(event.text)
    if said is not None:
        action: Action = actions.HearAgain(int(said[1]))
        click = CardClicked(event.key, event.at, event.sender, event.chat, action)
        route((router,), click, replace(ctx, event=click))


@router.action(actions.ShowWords)
def show_words(click: CardClicked[actions.ShowWords], ctx: Context) -> None:
    """F4: the original, one tap away."""
    note = own_note(ctx, click.action.followup)
    if note is not None:
        tell_words(ctx, note)


@router.message(lambda event, ctx: WORDS.match(event.text) is not None)
def show_words_in_words(event: MessageReceived, ctx: Context) -> None:
    note = answered_note(event, ctx) or followups.latest_of(ctx.db, ctx.id_of(ctx.me))
    if note is not None:
        tell_words(ctx, note)


def tell_words(ctx: Context, note: FollowUp) -> None:
    heard = facts.heard_in(ctx.db, note.inbox_id)
    ctx.reply(cards.words_card(heard.words if heard else note.text, note.at.astimezone(ctx.zone)))
