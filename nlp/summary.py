"""Say a note in thirty characters."""

import re
from collections.abc import Sequence

from nlp.note import Note
from nlp.types import PromiseFound, Slot

LONGEST_SUMMARY = 30
FILLER = re.compile(
    r"^(?:喂|嗯+|那个|就是|然后|今天|呃|额|这个|跟你说一下|对了|忘了说|好消息|语音转文字|提醒)+[,，：:!！\s]*"
)


def summarise(note: Note, promises: Sequence[PromiseFound], tags: Sequence[Slot[str]]) -> str:
    """The note itself when it is short; otherwise the clauses that weigh most, in their order."""
    plain = " ".join(note.text.split())
    if len(plain) <= LONGEST_SUMMARY:
        return plain
    kept: list[int] = []
    room = LONGEST_SUMMARY
    for index in sorted(
        range(len(note.clauses)), key=lambda at: (-_weight(note, at, promises, tags), at)
    ):
        length = len(_words(note, index)) + (1 if kept else 0)
        if length <= room and _words(note, index):
            kept.append(index)
            room -= length
    if not kept:
        return plain[: LONGEST_SUMMARY - 1] + "…"
    return "，".join(_words(note, index) for index in sorted(kept))


def _words(note: Note, index: int) -> str:
    clause = note.clauses[index]
    return FILLER.sub("", note.text[clause.begin : clause.finish].strip())


def _weight(
    note: Note, index: int, promises: Sequence[PromiseFound], tags: Sequence[Slot[str]]
) -> int:
    """Promises weigh most, then worries and people, then times."""
    clause = note.clauses[index]
    promised = any(clause.begin <= each.begin < clause.finish for each in promises)
    worried = any(clause.begin <= tag.begin < clause.finish for tag in tags)
    named = any(clause.begin <= who.begin < clause.finish for who in note.people)
    return 8 * promised + 4 * worried + 2 * named + bool(clause.times)
