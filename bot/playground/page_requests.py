"""What the page may ask for, and the checks every request of it passes."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Literal, TypeVar
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.playground.world import Content

BODY_LIMIT = 64 * 1024

HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Asked(BaseModel):
    """A request body; unknown fields are mistakes."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class Say(Asked):
    seat: str
    text: str = Field(min_length=1, max_length=4000)
    content: Content = "text"


class Click(Asked):
    seat: str
    message: str
    interaction: dict[str, Any]


class Move(Asked):
    hours: Literal[1, 24, 72] | None = None
    to: datetime | None = None


class NewContact(Asked):
    name: str = Field(min_length=1, max_length=30)
    company: str = Field(default="", max_length=60)
    channel: str = Field(default="", max_length=30)


A = TypeVar("A", bound=Asked)


class TooLarge(Exception):
    """The body is longer than anything the page would send."""


def answered(data: dict[str, Any], status: int = 200) -> web.Response:
    return web.json_response(data, status=status, headers=HEADERS)


def answering(shape: type[A], work: Callable[[A], Awaitable[dict[str, Any]]]) -> Handler:
    """A POST handler: checks where the request came from and its form, then does the work."""

    async def answer(request: web.Request) -> web.Response:
        if not _is_from_our_page(request):
            return _refusal(403, "只接受本页面发出的请求。")
        try:
            asked = shape.model_validate_json(await _bounded_body(request))
            return answered(await work(asked))
        except TooLarge:
            return _refusal(413, f"内容太长，最多 {BODY_LIMIT // 1024} KB。")
        except ValidationError as problem:
            return _refusal(400, _named_fields(problem))
        except ValueError as problem:
            return _refusal(400, str(problem))

    return answer


def _is_from_our_page(request: web.Request) -> bool:
    """JSON alone already keeps plain forms of other sites out; browsers say the rest themselves."""
    origin = request.headers.get("Origin")
    return (
        request.content_type == "application/json"
        and request.headers.get("Sec-Fetch-Site", "same-origin") == "same-origin"
        and (origin is None or urlsplit(origin).netloc == request.host)
    )


async def _bounded_body(request: web.Request) -> bytes:
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > BODY_LIMIT:
            raise TooLarge
    return bytes(body)


def _named_fields(problem: ValidationError) -> str:
    names = sorted({str(error["loc"][0]) for error in problem.errors() if error["loc"]})
    if not names:
        return "请求不是有效的 JSON 对象。"
    return f"请求里这些字段缺少或不对：{'、'.join(names)}。"


def _refusal(status: int, sentence: str) -> web.Response:
    return answered({"error": sentence}, status)
