"""What people put right is kept as examples (`python main.py learn` proposes words from them)."""

from collections.abc import Sequence
from typing import Literal

from bot.context import Context
from nlp.names import read_in_full
from nlp.types import ReadContext
from storage import examples
from storage.models import FollowUp

Kind = Literal[
    "amount", "customer", "deliverable", "due", "model", "next_contact", "note", "promise",
    "stage", "tag",
]  # fmt: skip


def keep(
    ctx: Context, note: FollowUp, kind: Kind, *, was: str = "", became: str = "", words: str = ""
) -> None:
    """One field of a note: what we had understood, and what it became; `words` are those that
    somebody put it right with. Nothing is kept of what is as it was."""
    if was != became:
        examples.add(
            ctx.db,
            note,
            kind,
            person_id=ctx.id_of(ctx.me),
            at=ctx.now,
            was=was,
            became=became,
            words=words,
        )


def keep_ticked(ctx: Context, note: FollowUp, tags: Sequence[str], stage: str | None) -> None:
    """A form says with a sentence what the sentence means: what we would not have heard in it."""
    if not note.text:
        return
    context = ReadContext(ctx.me.role)
    reading = read_in_full(note.text, ctx.local_now, context, ctx.lexicon)
    heard = {slot.value for slot in reading.tags}
    for tag in tags:
        if tag not in heard:
            keep(ctx, note, "tag", became=tag)
    if stage:
        keep(ctx, note, "stage", was=reading.stage.value if reading.stage else "", became=stage)
