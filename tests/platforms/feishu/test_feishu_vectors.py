"""Every recorded request, whole: what the checks let through, what it means, what is answered."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from pydantic import SecretStr
from pytest_aiohttp.plugin import AiohttpClient

from bot.events import CardClicked, Event, MessageReceived
from bot.platforms.feishu.adapter import PATH, Feishu
from bot.platforms.feishu.crypto import Refused, decrypt, signature, unseal
from bot.platforms.feishu.parse import event_type, parse
from cards.actions import AcceptPromise
from config.schema import FeishuSettings

FILE = json.loads(Path("tests/payloads/vectors/feishu.json").read_text())
VECTORS: dict[str, dict[str, Any]] = {vector["id"]: vector for vector in FILE["vectors"]}
NOW = datetime.fromtimestamp(FILE["reference_now"], UTC)

ACCEPTED = [name for name, vector in VECTORS.items() if vector["expect"]["accept"]]
REFUSED = [name for name, vector in VECTORS.items() if not vector["expect"]["accept"]]
MESSAGES = [
    n for n in ACCEPTED if VECTORS[n]["expect"].get("event_type", "").endswith("receive_v1")
]
CLICKS = [n for n in ACCEPTED if VECTORS[n]["expect"]["kind"] == "callback"]
OURS = {"a": "promise.accept?promise=12", "c": "k3f9a0b1c2d3"}


def settings(name: str) -> FeishuSettings:
    config = VECTORS[name]["config"]
    return FeishuSettings(
        app_id=config["app_id"],
        app_secret=SecretStr("unused"),
        transport="http",
        encrypt_key=SecretStr(config["encrypt_key"]),
        verification_token=SecretStr(config["verification_token"]),
    )


def opened(name: str) -> dict[str, Any]:
    request = VECTORS[name]["request"]
    return unseal(request["body"].encode(), request["headers"], settings(name), NOW)


def message(name: str) -> MessageReceived:
    event = parse(opened(name))
    assert isinstance(event, MessageReceived)
    return event


def click(name: str) -> CardClicked[Any]:
    """The recorded click, with one of our own actions in place of the recorded one."""
    payload = opened(name)
    action = payload["event"]["action"]
    action["value"] = OURS["a"] if isinstance(action["value"], str) else OURS
    event = parse(payload)
    assert isinstance(event, CardClicked)
    return event


@pytest.mark.parametrize("name", ACCEPTED)
def test_what_is_authentic_is_opened(name: str) -> None:
    vector = VECTORS[name]
    payload = opened(name)

    if "plaintext" in vector:
        assert payload == json.loads(vector["plaintext"])
    assert event_type(payload) == vector["expect"].get("event_type", "")


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_is_refused_at_the_right_check(name: str) -> None:
    expected = VECTORS[name]["expect"]

    with pytest.raises(Refused) as refusal:
        opened(name)
    assert refusal.value.stage == expected["stage"]


@pytest.mark.parametrize("name", list(VECTORS))
async def test_the_answer_to_each(name: str, aiohttp_client: AiohttpClient) -> None:
    accepted: list[Event] = []

    async def accept(event: Event) -> bool:
        accepted.append(event)
        return True

    app = web.Application()
    app.add_routes(Feishu(settings(name), lambda: NOW).routes(accept))
    client = await aiohttp_client(app)
    request, expected = VECTORS[name]["request"], VECTORS[name]["expect"]
    answer = await client.post(PATH, data=request["body"].encode(), headers=request["headers"])

    if not expected["accept"]:
        assert (answer.status, await answer.read(), accepted) == (403, b"", [])
    else:
        assert answer.status == 200
        if "response_json" in expected:
            assert await answer.json() == expected["response_json"]


def test_the_official_sample_is_decrypted() -> None:
    sample = FILE["official_decrypt_sample"]

    assert decrypt(sample["encrypt_key"], sample["ciphertext"]).decode() == sample["plaintext"]


@pytest.mark.parametrize("part", ["body", "signature"])
def test_any_flipped_bit_is_refused(part: str) -> None:
    request = VECTORS["message_p2p_text"]["request"]
    body, headers = request["body"].encode(), dict(request["headers"])
    text = body if part == "body" else headers["X-Lark-Signature"].encode()
    for index in range(len(text)):
        flipped = text[:index] + bytes([text[index] ^ 1]) + text[index + 1 :]
        changed = headers if part == "body" else headers | {"X-Lark-Signature": flipped.decode()}
        with pytest.raises(Refused):
            unseal(flipped if part == "body" else body, changed, settings("message_p2p_text"), NOW)


def test_an_unsigned_event_is_refused_although_it_decrypts() -> None:
    body = VECTORS["message_p2p_text"]["request"]["body"].encode()

    with pytest.raises(Refused, match="signature: missing header"):
        unseal(body, {}, settings("message_p2p_text"), NOW)


def test_headers_of_any_characters_are_only_refused() -> None:
    request = VECTORS["message_p2p_text"]["request"]
    for header in ("X-Lark-Request-Timestamp", "X-Lark-Request-Nonce", "X-Lark-Signature"):
        with pytest.raises(Refused, match="signature: mismatch"):
            unseal(
                request["body"].encode(),
                request["headers"] | {header: "１７６\udc80"},
                settings("message_p2p_text"),
                NOW,
            )


def test_json_of_endless_depth_is_only_refused() -> None:
    with pytest.raises(Refused, match="not json"):
        unseal(b"[" * 200_000, {}, settings("message_p2p_text"), NOW)


def test_the_signature_covers_the_bytes_of_the_body() -> None:
    assert signature("1", "2", "k", b"\xff") != signature("1", "2", "k", b"\xfe")


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_is_read_or_left_for_a_reason(name: str) -> None:
    expected = VECTORS[name]["expect"].get("normalized", {})
    payload = opened(name)
    event = parse(payload)

    if expected.get("from_bot"):
        assert event is None
        return
    assert isinstance(event, MessageReceived)
    raw = payload["event"]["message"]
    assert event.key.endswith(f":msg:{raw['message_id']}")
    assert event.message_id == raw["message_id"]
    assert event.at == datetime.fromtimestamp(1760000000, UTC)
    assert event.in_group == (raw["chat_type"] == "group")
    assert event.reply_to == raw.get("parent_id", "")
    if "text_without_bot_mention" in expected:
        assert event.text == expected["text_without_bot_mention"]


def test_a_one_to_one_conversation_is_the_person() -> None:
    event = message("message_p2p_text")
    bob = f"feishu:{FILE['identities']['bob_open_id']}"

    assert (event.sender, event.chat) == (bob, bob)
    assert event.key == (
        "feishu:cli_8c191574c84d18b3:1d139bcbdab270f7:msg:om_x100f35047f076962bec6c173923a6e8"
    )


def test_a_redelivery_under_another_event_id_has_the_same_key() -> None:
    again = VECTORS["message_p2p_text_redelivered_new_event_id"]["expect"]["duplicate_of"]

    assert message("message_p2p_text_redelivered_new_event_id").key == message(again).key


@pytest.mark.parametrize(
    ("name", "kind", "text", "media"),
    [
        ("message_p2p_audio", "voice", "", "/file/file_v3_2807b3a51d03870e46bd"),
        ("message_p2p_image", "image", "", "/image/img_v3_7bfd45c5e96cf7e3f1d7"),
        ("message_p2p_file", "file", "名片.vcf", "/file/file_v3_1dcb6aa7fced79a71c36"),
        ("message_p2p_sticker", "sticker", "", ""),
        ("message_p2p_location", "other", "位置：上海市浦东新区世纪大道", ""),
    ],
)
def test_media_come_with_a_handle_to_fetch_them(
    name: str, kind: str, text: str, media: str
) -> None:
    event = message(name)

    assert (event.kind, event.text) == (kind, text)
    assert event.media == (f"{event.message_id}{media}" if media else "")


def test_a_name_card_tells_whom_it_shows() -> None:
    event = message("message_p2p_share_user")

    assert (event.kind, event.text) == ("person", "")
    assert event.media.startswith("feishu:ou_")


def test_rich_text_comes_as_lines_with_its_picture() -> None:
    event = message("message_group_post")

    assert event.text == "拜访纪要\n客户： 王总\n报价单"
    assert event.media == f"{event.message_id}/image/img_v3_eb52dc0c9242394b5c87"


@pytest.mark.parametrize("name", CLICKS)
def test_a_click_keeps_who_where_and_what(name: str) -> None:
    expected = VECTORS[name]["expect"]["normalized"]
    event = click(name)

    assert event.action == AcceptPromise(12)
    assert event.at == datetime.fromtimestamp(1760000000, UTC).replace(microsecond=456789)
    assert event.chat == "feishu:oc_99a587245ee6839f55b8528a8c724c95"
    assert event.message_id == "om_x100af882166bb8428ad8a5d87279dac"
    assert event.key.startswith("feishu:cli_8c191574c84d18b3:cb:")
    person = expected.get("operator_union_id") or FILE["identities"]["alice_open_id"]
    assert event.sender == f"feishu:{person}"


def test_the_values_of_a_form_are_strings_and_days_are_days() -> None:
    assert click("card_form_submit").form == {
        "next_step": ("寄送报价单",),
        "stage": ("quoted",),
        "due": ("2026-03-18",),
        "remind_at": ("2026-03-18 15:00",),
        "call_time": ("15:00",),
        "products": ("p1", "p3"),
        "owner": (FILE["identities"]["bob_open_id"],),
        "urgent": ("true",),
    }


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("card_button", {}),
        ("card_select_static", {"select_static": ("won",)}),
        ("card_checker", {"checker": ("true",)}),
        ("card_input", {"note": ("客户要求延期到周五",)}),
        ("card_button_string_value", {}),
    ],
)
def test_a_component_outside_a_form_reports_its_one_value(
    name: str, form: dict[str, tuple[str, ...]]
) -> None:
    assert click(name).form == form


@pytest.mark.parametrize("name", CLICKS)
def test_a_foreign_action_is_no_click(name: str) -> None:
    assert parse(opened(name)) is None
