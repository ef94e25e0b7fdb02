"""`learn`: words proposed from what people put right, for somebody to accept."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from sqlmodel import Session

from bot.clock import Clock
from commands.opening import open_database, team_zone
from config import own_words
from config.settings import BadSettings, Settings
from nlp.learning import telling
from nlp.learning.propose import propose
from nlp.learning.types import Entry, Example, Proposal, Told
from nlp.vocabulary import extended, own_tables, shipped_tables
from storage import examples


def learn(settings: Settings, options: argparse.Namespace) -> None:
    """Propose words from what people put right; what is accepted goes into the own files."""
    found = {each.entry.id: each for each in proposals(settings)}
    chosen = [*options.accept, *options.decline]
    if unknown := [number for number in chosen if number not in found]:
        raise BadSettings(
            f"learn: {', '.join(unknown)}: is not proposed. Remedy: take an ID that learn shows."
        )
    if options.json:
        print(telling.as_json(list(found.values())))
    for number in options.accept:
        accept(settings.own_words, found[number].entry)
    for number in options.decline:
        own_words.decline(settings.own_words, number, found[number].entry.line)
    if not (options.json or chosen):
        ask_about(settings.own_words, list(found.values()))


def ask_about(folder: Path, found: Sequence[Proposal]) -> None:
    """One by one, of whoever sits there; where nobody does they are listed."""
    if not found:
        print(telling.NOTHING)
    for each in found:
        print(telling.as_text(each))
        answer = input(telling.QUESTION).strip().lower() if sys.stdin.isatty() else ""
        if answer == "y":
            accept(folder, each.entry)
        elif answer == "n":
            own_words.decline(folder, each.entry.id, each.entry.line)
        elif answer == "q":
            return


def accept(folder: Path, entry: Entry) -> None:
    own_words.add(folder, entry.file, entry.path, entry.word, entry.value)
    print(f"已写入 {folder / entry.file}.toml：{entry.line}", file=sys.stderr)


def proposals(settings: Settings) -> Sequence[Proposal]:
    own = settings.own_words
    tables = extended(shipped_tables(), own_tables(own) if own.is_dir() else {})
    db, now = open_database(settings), Clock()().astimezone(team_zone())
    with Session(db.engine) as session:
        stored = examples.notes(session)
        rows = examples.everything(session)
        right = [Example(row.kind, row.text, row.was, row.became, row.words) for row in rows]
        right += [
            Example("retold", old.text, became=new.text)
            for old, new in examples.retold([note for note, _ in stored])
        ]
        told = [Told(n.text, n.at.astimezone(now.tzinfo), role, n.tags) for n, role in stored]
    declined = own_words.declined(own)
    return propose(right, told, tables, now, declined)
