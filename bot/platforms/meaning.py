"""What a platform's error code means for us, and what a person can do about it."""

from dataclasses import dataclass

from bot.platforms.protocol import PlatformError, RateLimited, Rejected


@dataclass(frozen=True, slots=True)
class Meaning:
    """One line of a platform's table of codes."""

    kind: type[PlatformError]
    remedy: str
    """In the administrator's words; stands in the error's text."""
    seconds: float = 0.0
    """How long to wait, for RateLimited."""

    def error(self, text: str, code: str, *, seconds: float | None = None) -> PlatformError:
        """`seconds`: the platform's own waiting time."""
        told = f"{text}。处理：{self.remedy}"
        if issubclass(self.kind, RateLimited):
            return self.kind(told, self.seconds if seconds is None else seconds)
        if issubclass(self.kind, Rejected):
            return self.kind(told, code)
        return self.kind(told)
