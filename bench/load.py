"""Many callbacks at once over few connections; each one sealed beforehand."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from urllib.parse import urlencode, urlsplit

from bot.playground.wecom.callback import Callbacks, to_xml

TEXT = "张总说价格高，对比了XX，样机下周三前寄出"
FIRST_ID = 7 * 10**18


def sealed(
    callbacks: Callbacks, corp_id: str, senders: Sequence[str], count: int, *, after: int = 0
) -> list[bytes]:
    """Whole HTTP requests, each a message of its own, from all senders in turn."""
    return [
        _request(callbacks, corp_id, senders[number % len(senders)], number)
        for number in range(after, after + count)
    ]


def _request(callbacks: Callbacks, corp_id: str, sender: str, number: int) -> bytes:
    inner = to_xml(
        {
            "ToUserName": corp_id,
            "FromUserName": sender,
            "CreateTime": int(time.time()),
            "MsgType": "text",
            "Content": TEXT,
            "MsgId": FIRST_ID + number,
            "AgentID": 1000000,
        }
    )
    query, body = callbacks.sealed(inner)
    url = urlsplit(callbacks.url)
    head = (
        f"POST {url.path}?{urlencode(query)} HTTP/1.1\r\nHost: {url.netloc}\r\n"
        f"Content-Type: text/xml\r\nContent-Length: {len(body.encode())}\r\n\r\n"
    )
    return head.encode() + body.encode()


async def flat_out(url: str, requests: Sequence[bytes], connections: int) -> list[float]:
    """Each connection sends its next request when it has its answer; milliseconds of each."""
    waiting, taken = iter(requests), list[float]()
    await asyncio.gather(*(_keep_sending(url, waiting, taken) for _ in range(connections)))
    return taken


async def _keep_sending(url: str, waiting: Iterator[bytes], taken: list[float]) -> None:
    reader, writer = await _connect(url)
    for request in waiting:
        began = time.perf_counter()
        await _ask(reader, writer, request)
        taken.append((time.perf_counter() - began) * 1000)
    writer.close()


async def paced(
    url: str, requests: Sequence[bytes], connections: int, per_second: float
) -> list[float]:
    """One request every so often, whatever becomes of the others; milliseconds of each from the
    moment it was due, so that a server that stalls is not spared."""
    free: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
    for _ in range(connections):
        free.put_nowait(await _connect(url))
    began = time.perf_counter()

    async def send(number: int, request: bytes) -> float:
        due = began + number / per_second
        await asyncio.sleep(max(due - time.perf_counter(), 0))
        line = await free.get()
        await _ask(*line, request)
        free.put_nowait(line)
        return (time.perf_counter() - due) * 1000

    taken = await asyncio.gather(*(send(n, request) for n, request in enumerate(requests)))
    while not free.empty():
        free.get_nowait()[1].close()
    return taken


async def _connect(url: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    parts = urlsplit(url)
    return await asyncio.open_connection(parts.hostname, parts.port)


async def _ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> None:
    """Raises RuntimeError unless the answer is 200 without a body."""
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200") or b"content-length: 0" not in head.lower():
        raise RuntimeError(f"a callback was not taken: {head[:80]!r}")
