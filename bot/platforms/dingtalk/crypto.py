"""DingTalk's signatures and event encryption: pure functions, the clock is an argument."""

import base64
import binascii
import hashlib
import hmac
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

WINDOW = timedelta(hours=1)
"""Documented for robot callbacks (接收消息); our own choice for cards and events."""
BLOCK = 32
AES_BLOCK = 16

Reason = Literal[
    "headers",
    "timestamp",
    "sign",
    "signature",
    "ciphertext",
    "padding",
    "length",
    "owner_key",
    "size",
]


class Refused(ValueError):
    """A callback that DingTalk did not make, or not for us."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(f"callback refused: {reason}")
        self.reason = reason


def check_robot_sign(headers: Mapping[str, str], *, app_secret: str, now: datetime) -> None:
    """Robot message over HTTP (接收消息). The body is not covered. Raises Refused."""
    timestamp, sign = _signed_headers(headers, "timestamp", "sign")
    _check_window(timestamp, now)
    _check_hmac(sign, key=app_secret, message=f"{timestamp}\n{app_secret}")


def check_card_sign(headers: Mapping[str, str], *, api_secret: str, now: datetime) -> None:
    """Card click over HTTP (互动卡片 事件回调): the bare timestamp is signed. Raises Refused."""
    timestamp, sign = _signed_headers(headers, "x-ddpaas-signature-timestamp", "x-ddpaas-signature")
    _check_window(timestamp, now)
    _check_hmac(sign, key=api_secret, message=timestamp)


def robot_headers(*, app_secret: str, now: datetime) -> dict[str, str]:
    """What DingTalk signs a message with."""
    timestamp = _milliseconds(now)
    sign = _hmac(key=app_secret, message=f"{timestamp}\n{app_secret}")
    return {"timestamp": timestamp, "sign": sign.decode()}


def card_headers(*, api_secret: str, now: datetime) -> dict[str, str]:
    """What DingTalk signs a click with."""
    timestamp = _milliseconds(now)
    sign = _hmac(key=api_secret, message=timestamp).decode()
    return {"x-ddpaas-signature-timestamp": timestamp, "x-ddpaas-signature": sign}


def _milliseconds(now: datetime) -> str:
    return str(int(now.timestamp() * 1000))


def _signed_headers(headers: Mapping[str, str], when: str, sign: str) -> tuple[str, str]:
    lower = {name.lower(): value for name, value in headers.items()}
    timestamp = lower.get(when, "")
    if not (timestamp.isascii() and timestamp.isdigit() and lower.get(sign)):
        raise Refused("headers")
    return timestamp, lower[sign]


def _check_window(timestamp_ms: str, now: datetime) -> None:
    if abs(int(timestamp_ms) - now.timestamp() * 1000) >= WINDOW.total_seconds() * 1000:
        raise Refused("timestamp")


def _check_hmac(sign: str, *, key: str, message: str) -> None:
    if not hmac.compare_digest(_hmac(key=key, message=message), sign.encode()):
        raise Refused("sign")


def _hmac(*, key: str, message: str) -> bytes:
    digest = hmac.new(key.encode(), message.encode(), hashlib.sha256).digest()
    return base64.b64encode(digest)


@dataclass(frozen=True, slots=True)
class EventCrypto:
    """Events over HTTP (配置事件推送方式). `owner_key` is the Client ID of an internal app."""

    token: str = field(repr=False)
    aes_key: str = field(repr=False)
    owner_key: str

    def decrypt(self, query: Mapping[str, str], encrypt: str, *, now: datetime) -> str:
        """The message inside a callback. Raises Refused."""
        timestamp = query.get("timestamp") or query.get("timeStamp", "")
        given = query.get("msg_signature") or query.get("signature", "")
        expected = self._signature(timestamp, query.get("nonce", ""), encrypt)
        if not hmac.compare_digest(expected.encode(), given.encode()):
            raise Refused("signature")
        if not (timestamp.isascii() and timestamp.isdigit()):
            raise Refused("timestamp")
        _check_window(timestamp, now)
        return self._open(_unpad(self._decipher(encrypt)))

    def reply(self, text: str, *, timestamp_ms: int, nonce: str, random16: bytes) -> dict[str, str]:
        """The encrypted answer; DingTalk expects the word `success`, within 2500 ms."""
        message = text.encode()
        clear = random16 + struct.pack(">I", len(message)) + message + self.owner_key.encode()
        padding = BLOCK - len(clear) % BLOCK
        encryptor = self._cipher().encryptor()
        sealed = encryptor.update(clear + bytes([padding]) * padding) + encryptor.finalize()
        encrypt = base64.b64encode(sealed).decode()
        timestamp = str(timestamp_ms)
        return {
            "msg_signature": self._signature(timestamp, nonce, encrypt),
            "encrypt": encrypt,
            "timeStamp": timestamp,
            "nonce": nonce,
        }

    def _signature(self, timestamp: str, nonce: str, encrypt: str) -> str:
        parts = sorted([self.token, timestamp, nonce, encrypt])
        return hashlib.sha1("".join(parts).encode()).hexdigest()

    def _cipher(self) -> Cipher[modes.CBC]:
        # Published keys have spare bits set in their last character: decode leniently.
        key = base64.b64decode(self.aes_key + "=")
        return Cipher(algorithms.AES(key), modes.CBC(key[:AES_BLOCK]))

    def _decipher(self, encrypt: str) -> bytes:
        try:
            sealed = base64.b64decode(encrypt)
        except binascii.Error:
            raise Refused("ciphertext") from None
        if not sealed or len(sealed) % AES_BLOCK:
            raise Refused("ciphertext")
        decryptor = self._cipher().decryptor()
        return decryptor.update(sealed) + decryptor.finalize()

    def _open(self, clear: bytes) -> str:
        if len(clear) < AES_BLOCK + 4:
            raise Refused("length")
        (size,) = struct.unpack(">I", clear[AES_BLOCK : AES_BLOCK + 4])
        body = clear[AES_BLOCK + 4 :]
        if size > len(body):
            raise Refused("length")
        if not hmac.compare_digest(body[size:], self.owner_key.encode()):
            raise Refused("owner_key")
        try:
            return body[:size].decode()
        except UnicodeDecodeError:
            raise Refused("length") from None


def _unpad(clear: bytes) -> bytes:
    padding = clear[-1]
    if not 1 <= padding <= BLOCK or clear[-padding:] != bytes([padding]) * padding:
        raise Refused("padding")
    return clear[:-padding]
