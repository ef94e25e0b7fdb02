"""Settings from the environment (or `.env`); secrets never leave this object unmasked.

Nested keys are joined by two underscores: `WECOM__CORP_ID`, `FEISHU__APP_SECRET`.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from cryptography.fernet import Fernet
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

from config.schema import (
    DingTalkSettings,
    FeishuSettings,
    ModelSettings,
    SpeechSettings,
    WeComSettings,
)

NESTED = ("WECOM", "DINGTALK", "FEISHU", "MODEL")
REMEDIES = {
    "wecom": "set all of WECOM__CORP_ID, WECOM__AGENT_ID, WECOM__SECRET, WECOM__TOKEN, "
    "WECOM__AES_KEY, or none of them; or, without an app, WECOM__ROBOT__BOT_ID and "
    "WECOM__ROBOT__SECRET alone (with WECOM__ROBOT__TRANSPORT=http, WECOM__ROBOT__TOKEN and "
    "WECOM__ROBOT__AES_KEY)",
    "dingtalk": "set DINGTALK__CLIENT_ID and DINGTALK__CLIENT_SECRET (and, with "
    "DINGTALK__TRANSPORT=http, DINGTALK__PUBLIC_URL as https://your.address and "
    "DINGTALK__CALLBACK_KEY as `openssl rand -hex 16` makes one), or none of them",
    "feishu": "set FEISHU__APP_ID and FEISHU__APP_SECRET (and, with FEISHU__TRANSPORT=http, "
    "FEISHU__ENCRYPT_KEY and FEISHU__VERIFICATION_TOKEN), or none of them",
    "model": "set MODEL__URL to an address like https://host/v1 and MODEL__NAME (and MODEL__KEY if "
    "one is asked for), or none of MODEL__*",
    "speech": "set SPEECH__URL to an address like https://host/v1 (and SPEECH__KEY if it asks for "
    "one), SPEECH__SECONDS between 1 and 600, or none of SPEECH__*",
    "port": "set PORT to a free port between 1 and 65535",
    "database_url": "remove DATABASE_URL for SQLite, or set postgresql+psycopg://user@host/name",
    "log_level": "set LOG_LEVEL to debug, info, warning or error",
    "data": "set DATA to a folder that the bot may create and write",
    "lexicon": "set LEXICON to a folder that exists, or remove it for `lexicon` in the data folder",
    "data_key": "remove DATA_KEY to have one made, or set 32 bytes in urlsafe base64",
}


class BadSettings(ValueError):
    """A setting is missing or wrong; the text names the key and the remedy."""


class Settings(BaseSettings):
    """Where the bot listens, what it stores where, and which platforms it speaks to."""

    model_config = SettingsConfigDict(
        env_file=".env", env_nested_delimiter="__", frozen=True, extra="ignore"
    )

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=1, le=65535)
    data: Path = Path("data")
    """Folder of the database and the key."""
    database_url: str = Field(default="", repr=False)
    """Empty: SQLite in the data folder."""
    data_key: SecretStr = SecretStr("")
    """Encrypts personal data at rest; empty: made once and kept in `data/secret.key`."""
    lexicon: Path | None = None
    """Folder of the customer's own words; None: `lexicon` in the data folder, if it is there."""
    playground: bool = True
    """Serve the playground; it is left out when any real platform is configured."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    calendar: bool = True
    """Offer to put meetings into people's calendars, where their IM has one."""
    wecom: WeComSettings | None = None
    dingtalk: DingTalkSettings | None = None
    feishu: FeishuSettings | None = None
    model: ModelSettings | None = None
    """Asked for a second opinion where a reading is unsure; None: nobody is asked."""
    speech: SpeechSettings | None = None
    """Writes down voice messages that come without a transcript; None: they are not heard."""

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, url: str) -> str:
        if url and not url.startswith(("sqlite://", "postgresql+psycopg://")):
            raise ValueError("only sqlite:// and postgresql+psycopg:// are known")
        return url

    @field_validator("lexicon", mode="before")
    @classmethod
    def _nothing_is_none(cls, folder: object) -> object:
        return folder or None

    @field_validator("lexicon")
    @classmethod
    def _existing_folder(cls, folder: Path | None) -> Path | None:
        if folder is not None and not folder.is_dir():
            raise ValueError(f"{folder} is no folder")
        return folder

    @property
    def own_words(self) -> Path:
        """Folder of the customer's own words, whether it is there or not."""
        return self.lexicon or self.data / "lexicon"

    @property
    def has_platforms(self) -> bool:
        return any((self.wecom, self.dingtalk, self.feishu))

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{self.data / 'yinuo.db'}"


def load_settings(**overrides: object) -> Settings:
    """Raises BadSettings, before anything starts."""
    _check_names(os.environ)
    try:
        settings = Settings(**overrides)  # type: ignore[arg-type]  # checked by pydantic
    except ValidationError as problem:
        raise BadSettings("\n".join(_explain(error) for error in problem.errors())) from None
    _check_key(settings.data_key)
    return settings


def _check_names(environment: Mapping[str, str]) -> None:
    """A key with one underscore would be passed over in silence."""
    for name in sorted(environment):
        platform, _, rest = name.partition("_")
        foreign = platform == "MODEL" and rest.lower() not in ModelSettings.model_fields
        if platform in NESTED and rest and not rest.startswith("_") and not foreign:
            raise BadSettings(
                f"{name}: is not read. Remedy: write {platform}__{rest}, with two underscores."
            )


def _explain(error: ErrorDetails) -> str:
    path = [str(part) for part in error["loc"]]
    key = "__".join(path).upper()
    remedy = REMEDIES.get(path[0], "see docs/configuration.md")
    return f"{key}: {error['msg']}. Remedy: {remedy}."


def _check_key(key: SecretStr) -> None:
    if key.get_secret_value():
        try:
            Fernet(key.get_secret_value())
        except ValueError as problem:
            raise BadSettings(f"DATA_KEY: {problem}. Remedy: {REMEDIES['data_key']}.") from None


def make_folder(settings: Settings) -> None:
    """Raises BadSettings when the data folder cannot be made."""
    try:
        settings.data.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise BadSettings(
            f"DATA: {settings.data}: {problem.strerror}. Remedy: {REMEDIES['data']}."
        ) from None


def data_key(settings: Settings) -> bytes:
    """The key for personal data; made on first use, readable by the owner alone."""
    if settings.data_key.get_secret_value():
        return settings.data_key.get_secret_value().encode()
    make_folder(settings)
    file = settings.data / "secret.key"
    if not file.exists():
        fresh = file.with_suffix(".new")
        fresh.touch(mode=0o600)
        fresh.write_bytes(Fernet.generate_key())
        fresh.rename(file)
    return file.read_bytes().strip()
