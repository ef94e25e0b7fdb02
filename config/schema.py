"""What can be configured, as frozen plain data.

Platform credentials come from the environment (`settings.py`), rules from `config/rules/*.toml`
(`loader.py`).
"""

import re
from collections.abc import Sequence
from datetime import time
from typing import Annotated, Literal, Self
from zoneinfo import available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeInt,
    PositiveInt,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import InitErrorDetails


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _is_whole_key(key: SecretStr) -> SecretStr:
    if len(key.get_secret_value()) not in (0, 43):
        raise ValueError("must be the 43 characters of EncodingAESKey in the console")
    return key


AesKey = Annotated[SecretStr, AfterValidator(_is_whole_key)]
NOTHING = SecretStr("")


class RobotSettings(Frozen):
    """WeCom's smart robot (智能机器人): in groups it was added to, and one to one."""

    transport: Literal["long", "http"] = "long"
    """The long connection needs no address of ours that WeCom can reach."""
    bot_id: str = ""
    secret: SecretStr = NOTHING
    """Of the long connection, as the id."""
    token: SecretStr = NOTHING
    aes_key: AesKey = NOTHING
    """Of HTTP, as the token."""
    name: str = ""
    """What the robot is called in groups; empty: the mention is taken to stand first or last."""
    url: str = "wss://openws.work.weixin.qq.com"

    @model_validator(mode="after")
    def _complete_for_its_transport(self) -> Self:
        _need(self, ("bot_id", "secret") if self.transport == "long" else ("token", "aes_key"))
        return self

    @field_validator("url")
    @classmethod
    def _is_a_socket(cls, url: str) -> str:
        if not url.startswith(("wss://", "ws://")):
            raise ValueError("must begin with wss:// (or ws:// inside one's own network)")
        return url


class WeComSettings(Frozen):
    """A self-built app of one enterprise, a smart robot, or both."""

    corp_id: str = ""
    agent_id: int = 0
    secret: SecretStr = NOTHING
    token: SecretStr = NOTHING
    aes_key: AesKey = NOTHING
    api_url: str = "https://qyapi.weixin.qq.com"
    write_tags: bool = False
    """Put a deal's stage and tags on the customer, as corp tags of a group of our own."""
    robot: RobotSettings | None = None

    @model_validator(mode="after")
    def _whole_app_or_none(self) -> Self:
        of_the_app = ("corp_id", "agent_id", "secret", "token", "aes_key")
        if self.robot is None or any(_is_set(self, name) for name in of_the_app):
            _need(self, of_the_app)
        return self

    @property
    def has_app(self) -> bool:
        return bool(self.corp_id)


def _need(settings: Frozen, names: Sequence[str]) -> None:
    """As if these fields had no default; which ones have to be set depends on others."""
    lines = [
        InitErrorDetails(type="missing", loc=(name,), input={})
        for name in names
        if not _is_set(settings, name)
    ]
    if lines:
        raise ValidationError.from_exception_data(type(settings).__name__, lines)


def _is_set(settings: Frozen, name: str) -> bool:
    value = getattr(settings, name)
    return bool(value.get_secret_value() if isinstance(value, SecretStr) else value)


_SAFE_URL = re.compile(r"https://[^/\s?#]+/?|http://(?:127\.0\.0\.1|localhost)(?::\d+)?/?")
"""Plain HTTP on this machine only, for the playground."""


class DingTalkSettings(Frozen):
    """An internal app with a robot; messages, events and clicks come over one of two transports."""

    client_id: str
    client_secret: SecretStr
    transport: Literal["stream", "http"] = "stream"
    """Stream needs no address of ours that DingTalk can reach."""
    public_url: str = ""
    """Of HTTP, as the next three, and of todos: where DingTalk reaches us, without a path."""
    callback_key: SecretStr = SecretStr("")
    """A part of the callbacks' paths that nobody can guess: no signature covers a body."""
    event_token: SecretStr = SecretStr("")
    """Of the event subscription, as the next one; without them events are not received."""
    event_aes_key: SecretStr = SecretStr("")
    api_url: str = "https://api.dingtalk.com"
    oapi_url: str = "https://oapi.dingtalk.com"
    card_template: str = ""
    """Id of a card template of one's own; empty: the public template that needs none."""
    card_buttons: Literal["request", "callback"] = "request"
    """How the template has its buttons tell of a press."""
    ding: bool = False
    """Red cards to a person are followed by a DING in the app; each is one more API call."""
    todos: bool = False
    """Accepted promises stand in the todo list of whoever keeps them; two calls each and more.
    Needs `public_url`: a todo of an app is ticked off on a page of ours."""
    login_url: str = "https://login.dingtalk.com"
    calls_a_month: PositiveInt = 5000
    """API calls of the whole organisation (计费模型说明; the free edition's)."""
    stream_a_month: PositiveInt = 3000
    """Messages that reach robots of the whole organisation (the same page)."""
    low_share: float = Field(default=0.2, ge=0, lt=1)
    """Notices are merged and put off when no more than this share of the calls is left."""

    @field_validator("public_url")
    @classmethod
    def _safe_address(cls, url: str) -> str:
        if url and not _SAFE_URL.fullmatch(url):
            raise ValueError("must be https://your.address without a path")
        return url.rstrip("/")

    @field_validator("callback_key")
    @classmethod
    def _unguessable(cls, key: SecretStr) -> SecretStr:
        if not re.fullmatch("(?:[A-Za-z0-9_-]{16,64})?", key.get_secret_value()):
            raise ValueError("must be 16 to 64 letters and digits")
        return key

    @field_validator("event_token")
    @classmethod
    def _console_token(cls, token: SecretStr) -> SecretStr:
        if not re.fullmatch("(?:[A-Za-z0-9]{3,32})?", token.get_secret_value()):
            raise ValueError("must be the 3 to 32 letters and digits of 签名 token in the console")
        return token

    @field_validator("event_aes_key")
    @classmethod
    def _console_key(cls, key: SecretStr) -> SecretStr:
        if not re.fullmatch("(?:[A-Za-z0-9]{43})?", key.get_secret_value()):
            raise ValueError("must be the 43 letters and digits of 加密 aes_key in the console")
        return key

    @model_validator(mode="after")
    def _complete_for_http(self) -> Self:
        given = {
            "PUBLIC_URL": self.public_url,
            "CALLBACK_KEY": self.callback_key.get_secret_value(),
        }
        missing = [f"DINGTALK__{name}" for name, value in given.items() if not value]
        if self.transport == "http" and missing:
            raise ValueError(f"with DINGTALK__TRANSPORT=http, {', '.join(missing)} must be set")
        if self.todos and not self.public_url:
            raise ValueError("with DINGTALK__TODOS=true, DINGTALK__PUBLIC_URL must be set")
        if self.hears_events != bool(self.event_aes_key.get_secret_value()):
            raise ValueError("set DINGTALK__EVENT_TOKEN and DINGTALK__EVENT_AES_KEY, or neither")
        return self

    @property
    def hears_events(self) -> bool:
        return bool(self.event_token.get_secret_value())


class FeishuSettings(Frozen):
    """A self-built app; its events and card callbacks come over one of two transports."""

    app_id: str
    app_secret: SecretStr
    transport: Literal["long", "http"] = "long"
    """The long connection needs no address of ours that Feishu can reach."""
    encrypt_key: SecretStr = SecretStr("")
    """Of HTTP only, as the token: it may be empty there, then the token alone is checked."""
    verification_token: SecretStr = SecretStr("")
    api_url: str = "https://open.feishu.cn"
    urgent: bool = True
    """Red cards to a person are followed by 应用内加急, as far as the app may."""
    tasks: bool = False
    """Accepted promises stand in the task list of whoever keeps them; about three calls each."""
    calls_a_month: NonNegativeInt = 10_000
    """API calls of the whole organisation (the free edition's); 0: unlimited, not counted."""
    low_share: float = Field(default=0.2, ge=0, lt=1)
    """Notices are merged and put off when no more than this share of the calls is left."""

    @model_validator(mode="after")
    def _complete_for_http(self) -> Self:
        needed = {"encrypt_key", "verification_token"} if self.transport == "http" else set()
        missing = sorted(needed - self.model_fields_set)
        if missing:
            names = ", ".join(f"FEISHU__{name.upper()}" for name in missing)
            raise ValueError(f"with FEISHU__TRANSPORT=http, {names} must be set")
        return self


def _is_http(url: str) -> str:
    if not url.startswith(("https://", "http://")):
        raise ValueError("must begin with https:// (or http:// inside one's own network)")
    return url.rstrip("/")


def _fits_a_header(key: SecretStr) -> SecretStr:
    if not re.fullmatch("[!-~]*", key.get_secret_value()):
        raise ValueError("must be printable ASCII without spaces")
    return key


Address = Annotated[str, AfterValidator(_is_http)]
Key = Annotated[SecretStr, AfterValidator(_fits_a_header)]


class ModelSettings(Frozen):
    """Any endpoint that speaks OpenAI's chat completions."""

    url: Address
    """Up to and without `/chat/completions`."""
    name: str
    key: Key = SecretStr("")
    """Empty for endpoints that ask for none."""
    seconds: float = Field(default=20, gt=0, le=40)
    """A slow call is given up after 45 s; the model has to be earlier."""
    calls_a_day: PositiveInt = 200
    tokens_a_day: PositiveInt = 400_000
    stream: bool = False

    @field_validator("name")
    @classmethod
    def _says_something(cls, name: str) -> str:
        if not name.strip():
            raise ValueError("must be the name of a model")
        return name


class SpeechSettings(Frozen):
    """An endpoint that speaks OpenAI's transcription protocol."""

    url: Address
    """Up to and without `/audio/transcriptions`."""
    key: Key = SecretStr("")
    """Empty for endpoints that ask for none."""
    model: str = "whisper-1"
    language: str = ""
    """ISO 639-1 ("zh"); empty: the endpoint finds out."""
    seconds: int = Field(default=300, ge=1, le=600)
    """The longest voice message that is listened to."""


class WorkingHours(Frozen):
    start: time
    end: time

    @model_validator(mode="after")
    def _runs_forward(self) -> Self:
        if self.start >= self.end:
            raise ValueError("start must be before end, within one day")
        return self


class QuietHours(Frozen):
    """May run over midnight."""

    start: time
    end: time

    def holds(self, at: time) -> bool:
        if self.start <= self.end:
            return self.start <= at < self.end
        return at >= self.start or at < self.end


class Timing(Frozen):
    """`config/rules/timing.toml`: every clock the bot keeps."""

    zone: str = "Asia/Shanghai"
    working: WorkingHours = WorkingHours(start=time(9), end=time(18))
    quiet: QuietHours = QuietHours(start=time(21), end=time(8, 30))
    silence_hours: PositiveInt = 72
    """F6: no follow-up for so long reminds the owner."""
    silence_pause_days: PositiveInt = 30
    """A stated next contact pauses that clock at most so long."""
    escalate_hours: PositiveInt = 24
    """F7: so long after the owner's reminder the manager hears."""
    accept_hours: PositiveInt = 4
    """Delivery's own clock: so long to answer a task card, in natural hours."""
    late_hours: PositiveInt = 12
    """F45: so far behind its latest time, both sides hear."""
    bind_minutes: PositiveInt = 10
    recent_minutes: PositiveInt = 30
    """A note without a name belongs to the lead touched within this time."""

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        if name not in available_timezones():
            raise ValueError(f"no time zone is called {name!r}; try Asia/Shanghai")
        return name


class SalesWords(Frozen):
    """`config/rules/words.toml`: what stages and tags are called in the chat."""

    stages: dict[str, str]
    tags: dict[str, str]
    channels: dict[str, str] = {}
    """Start of a channel's state → what it is called ("expo" → 展会)."""
    welcome: str = ""
    """Greeting to a new customer; empty sends none. `{name}` is our colleague."""

    @field_validator("welcome")
    @classmethod
    def _only_known_places(cls, text: str) -> str:
        try:
            text.format(name="")
        except (KeyError, IndexError, ValueError):
            raise ValueError("may hold {name} and no other braces") from None
        return text


class Rules(Frozen):
    """One snapshot of everything the customer may change while the bot runs."""

    timing: Timing
    words: SalesWords
