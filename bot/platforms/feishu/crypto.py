"""Is this request really Feishu's? Signature, freshness, decryption, token and app, in that order.

Facts: open.feishu.cn, "配置 Encrypt Key" and "接收事件" (signature over the raw body, AES-256-CBC).
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from config.schema import FeishuSettings

MAX_SKEW_SECONDS = 36 * 3600
"""Feishu redelivers for seven hours, perhaps with the old timestamp: replays are caught by the
inbox, this window only bounds them."""

_BLOCK = 16
_TIMESTAMP = "x-lark-request-timestamp"
_NONCE = "x-lark-request-nonce"
_SIGNATURE = "x-lark-signature"


class Refused(Exception):
    """The request is not accepted. For the log only: outsiders learn no reason."""

    def __init__(self, stage: str, reason: str) -> None:
        super().__init__(f"{stage}: {reason}")
        self.stage = stage
        self.reason = reason


def unseal(
    body: bytes, headers: Mapping[str, str], settings: FeishuSettings, now: datetime
) -> dict[str, Any]:
    """The authentic payload of a callback. Raises Refused.

    An app without an Encrypt Key is authenticated by its Verification Token alone: the headers
    are there as well, but anybody can compute them.
    """
    outer = _json_object(body, stage="envelope")
    if _is_legacy_card(outer):
        raise Refused("envelope", "legacy card callback not supported: choose 卡片回传交互 instead")
    key = settings.encrypt_key.get_secret_value()
    payload = _unlock(outer, body, headers, key, now) if key else outer
    _check_token(payload, settings.verification_token.get_secret_value())
    _check_app(payload, settings.app_id)
    return payload


def signature(timestamp: str, nonce: str, encrypt_key: str, body: bytes) -> str:
    head = f"{timestamp}{nonce}{encrypt_key}".encode(errors="surrogateescape")
    return hashlib.sha256(head + body).hexdigest()


def decrypt(encrypt_key: str, text: str) -> bytes:
    """Base64 of IV and AES-256-CBC blocks. Raises ValueError."""
    raw = base64.b64decode(text, validate=True)
    if len(raw) < 2 * _BLOCK or len(raw) % _BLOCK:
        raise ValueError("bad length")
    key = hashlib.sha256(encrypt_key.encode()).digest()
    decryptor = Cipher(algorithms.AES(key), modes.CBC(raw[:_BLOCK])).decryptor()
    padded = decryptor.update(raw[_BLOCK:]) + decryptor.finalize()
    count = padded[-1]
    if not 1 <= count <= _BLOCK or padded[-count:] != bytes([count]) * count:
        raise ValueError("bad padding")
    return padded[:-count]


def _unlock(
    outer: dict[str, Any], body: bytes, headers: Mapping[str, str], key: str, now: datetime
) -> dict[str, Any]:
    signed = _check_signature(body, headers, key, now)
    if "encrypt" not in outer:
        raise Refused("envelope", "encryption expected")
    try:
        plain = decrypt(key, str(outer["encrypt"]))
    except ValueError as problem:
        raise Refused("decrypt", str(problem)) from None
    payload = _json_object(plain, stage="parse")
    if not signed and payload.get("type") != "url_verification":
        raise Refused("signature", "missing header")
    return payload


def _check_signature(body: bytes, headers: Mapping[str, str], key: str, now: datetime) -> bool:
    """False when there is none at all, as the check of the request URL may have it."""
    lowered = {name.lower(): value for name, value in headers.items()}
    found = [lowered.get(name, "") for name in (_TIMESTAMP, _NONCE, _SIGNATURE)]
    if not any(found):
        return False
    if not all(found):
        raise Refused("signature", "missing header")
    timestamp, nonce, claimed = found
    expected = signature(timestamp, nonce, key, body)
    if not hmac.compare_digest(expected.encode(), claimed.encode(errors="surrogateescape")):
        raise Refused("signature", "mismatch")
    _check_freshness(timestamp, now)
    return True


def _check_freshness(timestamp: str, now: datetime) -> None:
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= _BLOCK):
        raise Refused("freshness", "timestamp not a number")
    if abs(now.timestamp() - int(timestamp)) > MAX_SKEW_SECONDS:
        raise Refused("freshness", "timestamp outside window")


def _check_token(payload: dict[str, Any], token: str) -> None:
    claimed = str(_header(payload).get("token", "") or payload.get("token", ""))
    if not token or not hmac.compare_digest(
        claimed.encode(errors="surrogatepass"), token.encode(errors="surrogatepass")
    ):
        raise Refused("token", "mismatch")


def _check_app(payload: dict[str, Any], app_id: str) -> None:
    if payload.get("type") == "url_verification":
        return
    event = payload.get("event")
    old_style = event.get("app_id") if isinstance(event, dict) else None
    if (_header(payload).get("app_id") or old_style) != app_id:
        raise Refused("routing", "app_id mismatch")


def _header(payload: dict[str, Any]) -> dict[str, Any]:
    header = payload.get("header")
    return header if isinstance(header, dict) else {}


def _is_legacy_card(outer: dict[str, Any]) -> bool:
    return "action" in outer and "schema" not in outer and "encrypt" not in outer


def _json_object(text: bytes, *, stage: str) -> dict[str, Any]:
    if not text:
        raise Refused(stage, "empty")
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise Refused(stage, "not json") from None
    if not isinstance(value, dict):
        raise Refused(stage, "not an object")
    return value
