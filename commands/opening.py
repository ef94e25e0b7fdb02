"""What the program and its commands open: the database, rules and words."""

from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy.exc import OperationalError

from config.loader import load_rules
from config.schema import Rules
from config.settings import BadSettings, Settings, data_key, make_folder
from nlp.lexicon import Lexicon
from nlp.vocabulary import load_lexicon, names_of_own
from storage import schema
from storage.columns import Sealed
from storage.db import Database, connect


def open_database(settings: Settings, *, durable: bool = True) -> Database:
    """The database at the present schema, personal data unlocked."""
    make_folder(settings)
    Sealed.open_with(data_key(settings))
    engine = connect(settings.database, durable=durable)
    try:
        schema.upgrade(engine)
    except OperationalError as problem:
        raise BadSettings(
            f"DATABASE_URL: {problem.orig}. Remedy: start that database, or remove DATABASE_URL."
        ) from None
    return Database(engine)


class Files(NamedTuple):
    """What customers may change while the bot runs, as of one moment."""

    rules: Rules
    lexicon: Lexicon


def load_files(settings: Settings) -> Files:
    """Raises BadRules or LexiconError. Tags of the customer's own are called what they say."""
    own = settings.own_words
    lexicon = load_lexicon(own if settings.lexicon or own.is_dir() else None)
    rules = load_rules()
    tags = {**rules.words.tags, **names_of_own(lexicon)}
    words = rules.words.model_copy(update={"tags": tags})
    return Files(rules.model_copy(update={"words": words}), lexicon)


def team_zone() -> ZoneInfo:
    return ZoneInfo(load_rules().timing.zone)
