"""Settings: what the environment says, and what is said of it when it is wrong."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from config.settings import BadSettings, Settings, data_key, load_settings

WECOM = {
    "WECOM__CORP_ID": "ww0123456789abcdef",
    "WECOM__AGENT_ID": "1000002",
    "WECOM__SECRET": "hush-wecom-secret",
    "WECOM__TOKEN": "hush-wecom-token",
    "WECOM__AES_KEY": "hush" + "k" * 39,
}
DINGTALK = {"DINGTALK__CLIENT_ID": "ding01", "DINGTALK__CLIENT_SECRET": "hush-dingtalk"}
FEISHU = {
    "FEISHU__TRANSPORT": "http",
    "FEISHU__APP_ID": "cli_01",
    "FEISHU__APP_SECRET": "hush-feishu-secret",
    "FEISHU__ENCRYPT_KEY": "hush-feishu-key",
    "FEISHU__VERIFICATION_TOKEN": "hush-feishu-token",
}
MODEL = {
    "MODEL__URL": "https://model.example.com/v1",
    "MODEL__NAME": "small",
    "MODEL__KEY": "hush-model-key",
}
Set = Callable[..., None]


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Set:
    """An empty one; calling it sets variables."""
    monkeypatch.chdir(tmp_path)
    known = tuple(name.upper() for name in Settings.model_fields)
    for name in [name for name in os.environ if name.upper().partition("__")[0] in known]:
        monkeypatch.delenv(name)

    def set_all(**variables: str) -> None:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

    return set_all


def complaint() -> str:
    with pytest.raises(BadSettings) as problem:
        load_settings()
    return str(problem.value)


def test_nothing_has_to_be_set() -> None:
    settings = load_settings()
    assert settings.database == "sqlite:///data/yinuo.db"
    assert settings.playground
    assert not settings.has_platforms


def test_ones_own_words_lie_in_the_data_folder_or_where_one_says(
    environment: Set, tmp_path: Path
) -> None:
    environment(LEXICON="")
    assert load_settings().own_words == Path("data/lexicon")
    environment(LEXICON=str(tmp_path))
    assert load_settings().own_words == tmp_path


def test_a_file_beside_the_program_is_read_and_the_environment_wins(environment: Set) -> None:
    Path(".env").write_text("HOST=0.0.0.0\nPORT=8081\n", encoding="utf-8")
    environment(PORT="9000")
    settings = load_settings()
    assert (settings.host, settings.port) == ("0.0.0.0", 9000)


def test_a_platform_is_configured_by_all_of_its_keys(environment: Set) -> None:
    environment(**WECOM, **DINGTALK, **FEISHU)
    settings = load_settings()
    assert settings.has_platforms
    assert settings.wecom is not None
    assert settings.wecom.agent_id == 1000002
    assert settings.wecom.aes_key.get_secret_value() == WECOM["WECOM__AES_KEY"]
    assert settings.dingtalk is not None
    assert settings.dingtalk.client_id == "ding01"
    assert settings.feishu is not None
    assert settings.feishu.app_id == "cli_01"


def test_feishu_needs_two_keys_on_the_long_connection_and_its_transport_is_a_known_one(
    environment: Set,
) -> None:
    environment(FEISHU__APP_ID="cli_01", FEISHU__APP_SECRET="hush-feishu-secret")
    settings = load_settings()
    assert settings.feishu is not None
    assert settings.feishu.transport == "long"
    environment(FEISHU__TRANSPORT="pigeon")
    told = complaint()
    assert told.startswith("FEISHU__TRANSPORT: Input should be 'long' or 'http'")
    environment(FEISHU__TRANSPORT="http")
    told = complaint()
    assert "FEISHU__ENCRYPT_KEY, FEISHU__VERIFICATION_TOKEN must be set" in told
    assert "Remedy: set FEISHU__APP_ID" in told


@pytest.mark.parametrize("missing", [*WECOM, *DINGTALK, "FEISHU__APP_ID", "FEISHU__APP_SECRET"])
def test_an_incomplete_platform_names_the_key_and_the_remedy(
    environment: Set, missing: str
) -> None:
    platform = next(keys for keys in (WECOM, DINGTALK, FEISHU) if missing in keys)
    environment(**{name: value for name, value in platform.items() if name != missing})
    told = complaint()
    assert told.startswith(f"{missing}: Field required. Remedy: set ")
    assert all(name in told for name in platform)


@pytest.mark.parametrize(
    ("name", "value", "remedy"),
    [
        ("PORT", "eighty", "set PORT to a free port between 1 and 65535"),
        ("PORT", "0", "set PORT to a free port between 1 and 65535"),
        ("PORT", "65536", "set PORT to a free port between 1 and 65535"),
        ("PLAYGROUND", "maybe", "see docs/configuration.md"),
        ("DATA_KEY", "hush", "remove DATA_KEY to have one made, or set 32 bytes in urlsafe base64"),
        ("DATA_KEY", "hüsh", "remove DATA_KEY to have one made, or set 32 bytes in urlsafe base64"),
        ("WECOM", "hush", "set all of WECOM__CORP_ID"),
        ("DATABASE_URL", "mysql://x/y", "remove DATABASE_URL for SQLite"),
        ("LEXICON", "nowhere", "set LEXICON to a folder that exists, or remove it"),
        ("LOG_LEVEL", "loud", "set LOG_LEVEL to debug, info, warning or error"),
        ("FEISHU_APP_ID", "cli_x", "write FEISHU__APP_ID, with two underscores"),
        ("MODEL_KEY", "hush", "write MODEL__KEY, with two underscores"),
    ],
)
def test_a_wrong_value_names_the_key_and_the_remedy(
    environment: Set, name: str, value: str, remedy: str
) -> None:
    environment(**{name: value})
    told = complaint()
    assert told.startswith(f"{name}: ")
    assert f"Remedy: {remedy}" in told


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MODEL__URL", "api.example.com"),
        ("MODEL__NAME", " "),
        ("MODEL__KEY", "hush hush"),
        ("MODEL__KEY", "hüsh"),
        ("MODEL__SECONDS", "0"),
        ("MODEL__SECONDS", "41"),
        ("MODEL__CALLS_A_DAY", "-1"),
    ],
)
def test_a_wrong_value_about_the_model_is_named(environment: Set, name: str, value: str) -> None:
    environment(**MODEL | {name: value})
    told = complaint()
    assert told.startswith(f"{name}: ")
    assert "Remedy: set MODEL__URL" in told


def test_a_model_needs_an_address_and_a_name_and_no_key(environment: Set) -> None:
    environment(MODEL__URL="http://127.0.0.1:11434/v1/", MODEL__NAME="small", MODEL_PATH="/x")
    model = load_settings().model
    assert model is not None
    assert (model.url, model.name) == ("http://127.0.0.1:11434/v1", "small")
    environment(MODEL__URL="")
    assert complaint().startswith("MODEL__URL: ")


def test_speech_needs_an_address_only(environment: Set) -> None:
    environment(SPEECH__URL="http://127.0.0.1:8000/v1/")
    speech = load_settings().speech
    assert speech is not None
    assert (speech.url, speech.model, speech.seconds) == (
        "http://127.0.0.1:8000/v1",
        "whisper-1",
        300,
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SPEECH__URL", "api.example.com"),
        ("SPEECH__KEY", "hush hush"),
        ("SPEECH__SECONDS", "0"),
        ("SPEECH__SECONDS", "601"),
    ],
)
def test_a_wrong_value_about_speech_is_named(environment: Set, name: str, value: str) -> None:
    environment(**{"SPEECH__URL": "https://speech.example.com/v1", name: value})
    told = complaint()
    assert told.startswith(f"{name}: ")
    assert "Remedy: set SPEECH__URL" in told
    assert "hush" not in told


ROBOT = {"WECOM__ROBOT__BOT_ID": "aib01", "WECOM__ROBOT__SECRET": "hush-robot"}
ROBOT_HTTP = {
    "WECOM__ROBOT__TRANSPORT": "http",
    "WECOM__ROBOT__TOKEN": "hush-robot-token",
    "WECOM__ROBOT__AES_KEY": "hush" + "k" * 39,
}


@pytest.mark.parametrize("robot", [ROBOT, ROBOT_HTTP], ids=["long", "http"])
def test_K13_a_robot_is_enough_and_goes_with_an_app(
    environment: Set, robot: dict[str, str]
) -> None:
    environment(**robot)
    alone = load_settings().wecom
    assert alone is not None
    assert alone.robot is not None
    assert not alone.has_app
    environment(**WECOM)
    both = load_settings().wecom
    assert both is not None
    assert both.has_app
    assert "hush" not in repr(both)


@pytest.mark.parametrize("missing", [*ROBOT, *ROBOT_HTTP])
def test_half_a_robot_names_the_key_and_the_remedy(environment: Set, missing: str) -> None:
    robot = ROBOT if missing in ROBOT else ROBOT_HTTP
    environment(**{name: value for name, value in robot.items() if name != missing})
    told = complaint()
    needed = "WECOM__ROBOT__BOT_ID" if missing.endswith("TRANSPORT") else missing
    assert told.startswith(f"{needed}: Field required. Remedy: ")
    assert "WECOM__ROBOT__SECRET alone" in told
    assert "hush" not in told


@pytest.mark.parametrize("missing", WECOM)
def test_half_an_app_beside_a_robot_is_no_app(environment: Set, missing: str) -> None:
    environment(**ROBOT, **{name: value for name, value in WECOM.items() if name != missing})
    assert complaint().startswith(f"{missing}: Field required. Remedy: ")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WECOM__ROBOT__TRANSPORT", "pigeon"),
        ("WECOM__ROBOT__AES_KEY", "hush"),
        ("WECOM__ROBOT__URL", "https://openws.work.weixin.qq.com"),
        ("WECOM__ROBOT__SECRT", "hush"),
    ],
)
def test_a_wrong_value_about_the_robot_is_named(environment: Set, name: str, value: str) -> None:
    environment(**ROBOT | {name: value})
    told = complaint()
    assert told.startswith(f"{name}: ")
    assert "hush" not in told


def test_a_callback_key_that_was_cut_is_named(environment: Set) -> None:
    environment(**WECOM | {"WECOM__AES_KEY": "hush"})
    told = complaint()
    assert told.startswith("WECOM__AES_KEY: ")
    assert "43 characters" in told


def test_a_misspelt_key_of_a_platform_is_named(environment: Set) -> None:
    environment(**DINGTALK, DINGTALK__CLIENT_SECRT="hush")
    assert complaint().startswith("DINGTALK__CLIENT_SECRT: Extra inputs are not permitted.")


def test_every_complaint_is_told_at_once(environment: Set) -> None:
    environment(PORT="0", DINGTALK__CLIENT_ID="ding01")
    assert {line.partition(":")[0] for line in complaint().splitlines()} == {
        "PORT",
        "DINGTALK__CLIENT_SECRET",
    }


def test_no_secret_is_shown_by_settings(environment: Set) -> None:
    environment(**WECOM, **DINGTALK, **FEISHU, **MODEL, DATA_KEY=Fernet.generate_key().decode())
    settings = load_settings()
    key = settings.data_key.get_secret_value()
    for shown in (repr(settings), str(settings), settings.model_dump_json()):
        assert "hush" not in shown
        assert key not in shown


def test_no_secret_is_shown_by_a_complaint(environment: Set) -> None:
    broken = {name: value for name, value in WECOM.items() if name != "WECOM__CORP_ID"}
    environment(**broken | {"WECOM__AES_KEY": "hush", "WECOM__MORE": "hush"}, DATA_KEY="hush")
    assert "hush" not in complaint()


def test_the_key_for_personal_data_is_made_once_and_ours_alone(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "made" / "here")
    first = data_key(settings)
    file = settings.data / "secret.key"
    assert data_key(settings) == first == file.read_bytes()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    Fernet(first)


def test_a_key_that_was_set_is_not_written_to_the_disk(environment: Set, tmp_path: Path) -> None:
    environment(DATA=str(tmp_path / "data"), DATA_KEY=Fernet.generate_key().decode())
    settings = load_settings()
    assert data_key(settings) == settings.data_key.get_secret_value().encode()
    assert not settings.data.exists()
