"""Verify, decrypt and seal WeCom callbacks (D90968, D91144); pure, the clock is passed in."""

import base64
import binascii
import hashlib
import hmac
import os
from datetime import datetime

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

OLDEST_SECONDS = 3600
"""How old a callback may be. WeCom asks up to 4 times with 5 s of patience each; whether a retry
keeps its timestamp is not documented, so the window leaves room for a slow queue on their side."""
NEWEST_SECONDS = 300
"""How far a callback may lie in the future: two clocks that disagree."""

_BLOCK = 32
_RANDOM = 16
_HEAD = _RANDOM + 4


class CallbackRefused(Exception):
    """A callback that is not to be believed; `reason` is for the log, never for the sender."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def check_fresh(timestamp: str, now: datetime) -> None:
    """Raises CallbackRefused("stale") unless `timestamp` (Unix seconds) lies near `now`.

    A signature holds for ever, and the same one fits with timestamp and nonce exchanged: whatever
    is no plausible time of today is refused.
    """
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 10):
        raise CallbackRefused("stale")
    age_seconds = now.timestamp() - int(timestamp)
    if not -NEWEST_SECONDS <= age_seconds <= OLDEST_SECONDS:
        raise CallbackRefused("stale")


class CallbackCrypto:
    """The three values of one receiving URL: token, EncodingAESKey and the corp id.

    Raises ValueError when the key is not 43 base64 characters.
    """

    def __init__(self, token: str, encoding_aes_key: str, receive_id: str) -> None:
        self._token = token
        self._receive_id = receive_id.encode()
        key = _decode_key(encoding_aes_key)
        self._cipher = Cipher(algorithms.AES(key), modes.CBC(key[:16]))

    def sign(self, timestamp: str, nonce: str, encrypt: str) -> str:
        parts = sorted([self._token, timestamp, nonce, encrypt])
        return hashlib.sha1("".join(parts).encode("utf-8", "replace")).hexdigest()

    def verify(self, signature: str, timestamp: str, nonce: str, encrypt: str) -> None:
        expected = self.sign(timestamp, nonce, encrypt)
        given = signature.encode("utf-8", "replace")
        if not hmac.compare_digest(expected.encode(), given):
            raise CallbackRefused("bad_signature")

    def open(self, signature: str, timestamp: str, nonce: str, encrypt: str) -> bytes:
        """The plaintext of a callback. Raises CallbackRefused."""
        self.verify(signature, timestamp, nonce, encrypt)
        return self.decrypt(encrypt)

    def decrypt(self, encrypt: str) -> bytes:
        plain = _unpad(self._decipher(_decode(encrypt)))
        size = int.from_bytes(plain[_RANDOM:_HEAD], "big")
        if len(plain) < _HEAD or size > len(plain) - _HEAD:
            raise CallbackRefused("bad_length_field")
        if not hmac.compare_digest(plain[_HEAD + size :], self._receive_id):
            raise CallbackRefused("wrong_receive_id")
        return plain[_HEAD : _HEAD + size]

    def seal(
        self, message: bytes, timestamp: str, nonce: str, *, prefix: bytes | None = None
    ) -> tuple[str, str]:
        """Ciphertext and signature of `message`; `prefix` replaces the 16 random bytes."""
        random = os.urandom(_RANDOM) if prefix is None else prefix
        plain = random + len(message).to_bytes(4, "big") + message + self._receive_id
        pad = _BLOCK - len(plain) % _BLOCK
        encryptor = self._cipher.encryptor()
        data = encryptor.update(plain + bytes([pad]) * pad) + encryptor.finalize()
        encrypt = base64.b64encode(data).decode()
        return encrypt, self.sign(timestamp, nonce, encrypt)

    def _decipher(self, data: bytes) -> bytes:
        decryptor = self._cipher.decryptor()
        return decryptor.update(data) + decryptor.finalize()


def open_file(data: bytes, aes_key: str) -> bytes:
    """A file that was sent to a smart robot (D101463): no random bytes, no length, no receiver.

    Raises CallbackRefused.
    """
    try:
        key = base64.b64decode(aes_key + "=" * (-len(aes_key) % 4), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != 32:
        raise CallbackRefused("bad_file_key")
    if len(data) < _BLOCK or len(data) % 16:
        raise CallbackRefused("bad_ciphertext_length")
    decryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).decryptor()
    return _unpad(decryptor.update(data) + decryptor.finalize())


def _decode_key(encoding_aes_key: str) -> bytes:
    try:
        key = base64.b64decode(encoding_aes_key + "=", validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(encoding_aes_key) != 43 or len(key) != 32:
        raise ValueError(
            "the EncodingAESKey of WeCom must be 43 base64 characters: "
            "copy it again from the console, page 接收消息"
        )
    return key


def _decode(encrypt: str) -> bytes:
    try:
        data = base64.b64decode(encrypt, validate=True)
    except (binascii.Error, ValueError):
        raise CallbackRefused("bad_base64") from None
    if len(data) < _BLOCK or len(data) % 16:
        raise CallbackRefused("bad_ciphertext_length")
    return data


def _unpad(plain: bytes) -> bytes:
    """PKCS#7 to 32 bytes; bytes above 16 are normal here."""
    pad = plain[-1]
    if not 1 <= pad <= _BLOCK or plain[-pad:] != bytes([pad]) * pad:
        raise CallbackRefused("bad_padding")
    return plain[:-pad]
