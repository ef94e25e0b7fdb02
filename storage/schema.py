"""Brings a database to the present schema, by Alembic's revisions."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine

FOLDER = Path(__file__).parent / "migrations"


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Apply every revision that is missing, up to one. Safe to call at each start."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def draft(engine: Engine, message: str, number: str) -> None:
    """Write a revision for what the models have and the database lacks; to be read and mended
    by a person before it is committed, and never edited after a release."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.revision(config, message=message, autogenerate=True, rev_id=number)
