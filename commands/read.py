"""`read`: what one note is understood to mean, and why."""

import argparse

from bot.clock import Clock
from commands.opening import load_files, team_zone
from config.settings import Settings
from nlp.names import read_in_full
from nlp.telling import as_json, as_table
from nlp.types import ReadContext


def read_aloud(settings: Settings, options: argparse.Namespace) -> None:
    """What one note is understood to mean, and why."""
    now = (options.now or Clock()()).astimezone(team_zone())
    files = load_files(settings)
    words = files.rules.words
    reading = read_in_full(options.text, now, ReadContext(role=options.role), files.lexicon)
    print(as_json(reading) if options.json else as_table(reading, {**words.stages, **words.tags}))
