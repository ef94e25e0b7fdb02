"""What can be configured, as frozen plain data. Values come from the environment (`settings.py`)
and from `config/rules/*.toml` (`loader.py`)."""

from pydantic import BaseModel, ConfigDict, SecretStr


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class WeComSettings(Frozen):
    """A self-built app of one enterprise."""

    corp_id: str
    agent_id: int
    secret: SecretStr
    token: SecretStr
    aes_key: SecretStr
    api_url: str = "https://qyapi.weixin.qq.com"


class DingTalkSettings(Frozen):
    """An internal app with a robot, in Stream mode."""

    client_id: str
    client_secret: SecretStr
    api_url: str = "https://api.dingtalk.com"
    oapi_url: str = "https://oapi.dingtalk.com"
    card_template: str = ""
    """Id of a card template of one's own; empty: the public template that needs none."""


class FeishuSettings(Frozen):
    """A self-built app whose events and card callbacks come over HTTP."""

    app_id: str
    app_secret: SecretStr
    encrypt_key: SecretStr
    verification_token: SecretStr
    api_url: str = "https://open.feishu.cn"
