"""Column types: aware times and personal data that is encrypted at rest."""

from datetime import UTC, datetime
from typing import Any

from cryptography.fernet import Fernet
from sqlalchemy import DateTime, Dialect, Text
from sqlalchemy.types import TypeDecorator


class UtcTime(TypeDecorator[datetime]):
    """An aware moment; stored as naive UTC, because SQLite knows no zones."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone; every moment we store is aware")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


class Sealed(TypeDecorator[str]):
    """Text that is unreadable in the file: phone numbers, mail addresses.

    `Sealed.open_with(key)` must be called once at start (a Fernet key: 32 bytes, urlsafe base64).
    """

    impl = Text
    cache_ok = True
    _box: Fernet | None = None

    @classmethod
    def open_with(cls, key: bytes) -> None:
        """Raises ValueError for a malformed key."""
        cls._box = Fernet(key)

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return self._sealer().encrypt(value.encode()).decode() if value else value

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:
        return self._sealer().decrypt(value.encode()).decode() if value else value

    def _sealer(self) -> Fernet:
        if self._box is None:
            raise RuntimeError("personal data is locked: Sealed.open_with(key) was not called")
        return self._box
