"""Ask our own callback address what WeCom's console asks when it is saved (D90238)."""

import secrets

from bot.platforms.checkup import Probe, Reply
from bot.platforms.protocol import Now
from bot.platforms.wecom.crypto import CallbackCrypto


async def ask_to_prove(
    probe: Probe, crypto: CallbackCrypto, url: str, now: Now
) -> tuple[Reply, bool]:
    """The answer, and whether it is the bare words that were sealed."""
    words = secrets.token_urlsafe(12).encode()
    timestamp, nonce = str(int(now().timestamp())), secrets.token_hex(5)
    sealed, signature = crypto.seal(words, timestamp, nonce)
    params = {
        "msg_signature": signature,
        "timestamp": timestamp,
        "nonce": nonce,
        "echostr": sealed,
    }
    reply = await probe.ask("GET", url, params=params)
    return reply, reply.content == words
