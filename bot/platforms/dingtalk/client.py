"""Calls to DingTalk's API: one token, finite time limits, errors as our own."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote_plus

import aiohttp

from bot.platforms.dingtalk.errors import AddressBanned, MonthUsedUp, StaleToken, problem
from bot.platforms.dingtalk.frames import SUBSCRIPTIONS
from bot.platforms.protocol import Now, RateLimited, Rejected, Spend, Unreachable, uncounted
from bot.platforms.waiting import told_seconds
from config.schema import DingTalkSettings

TOKEN_SPARE = timedelta(minutes=5)
FLOW_CONTROL_SECONDS = 10.0
USER_AGENT = "yinuo"
SOCKET_BYTES = 4 * 1024 * 1024
CHUNK_BYTES = 64 * 1024
LOGIN, ME = "/v1.0/oauth2/userAccessToken", "/v1.0/contact/users/me"
USER_OF = "/topapi/user/getbyunionid"


@dataclass(frozen=True, slots=True)
class _Token:
    value: str = field(repr=False)
    until: datetime


class DingTalkClient:
    """Everything raises the PlatformError family; no text of an error holds a secret."""

    def __init__(
        self,
        settings: DingTalkSettings,
        now: Now,
        *,
        http_seconds: float,
        spend: Spend = uncounted,
    ) -> None:
        self._settings = settings
        self._now = now
        self._http_seconds = http_seconds
        self._spend = spend
        self._session: aiohttp.ClientSession | None = None
        self._token: _Token | None = None
        self._refreshing = asyncio.Lock()
        self._banned_until: datetime | None = None

    def open(self) -> None:
        timeout = aiohttp.ClientTimeout(total=self._http_seconds)
        self._session = aiohttp.ClientSession(timeout=timeout)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    @property
    def _http(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise RuntimeError("call open() before the first request")
        return self._session

    # Robot messages ----------------------------------------------------------------------

    async def send_to_person(self, user: str, key: str, param: Mapping[str, str]) -> str:
        """The `processQueryKey`. No idempotency key exists: a repeat after a timeout may double."""
        body = self._robot_message(key, param) | {"userIds": [user]}
        answer = await self.call("POST", "/v1.0/robot/oToMessages/batchSend", body)
        if user in (answer.get("flowControlledStaffIdList") or []):
            raise RateLimited("dingtalk throttles messages to this person", FLOW_CONTROL_SECONDS)
        if user in (answer.get("invalidStaffIdList") or []):
            raise Rejected("dingtalk knows no such person", "staffId.notExisted")
        return str(answer.get("processQueryKey", ""))

    async def send_to_group(self, group: str, key: str, param: Mapping[str, str]) -> str:
        body = self._robot_message(key, param) | {"openConversationId": group}
        answer = await self.call("POST", "/v1.0/robot/groupMessages/send", body)
        return str(answer.get("processQueryKey", ""))

    async def say_in_session(self, url: str, body: Mapping[str, Any]) -> None:
        """Answers through the webhook that came with a message; the old API's manners, no token.
        Whether this counts for the month is not told: it is counted."""
        await self._ask("POST", url, body, shown="sendBySession")
        await self._spend("stream")

    async def ding(self, person: str, content: str) -> None:
        """In the app; text messages and calls are bought apart."""
        body = {
            "robotCode": self._settings.client_id,
            "remindType": 1,
            "receiverUserIdList": [person],
            "content": content,
        }
        answer = await self.call("POST", "/v1.0/robot/ding/send", body)
        if answer.get("failedList"):
            raise Rejected("dingtalk could not DING this person", "ding.failed")

    def _robot_message(self, key: str, param: Mapping[str, str]) -> dict[str, Any]:
        text = json.dumps(param, ensure_ascii=False)
        return {"robotCode": self._settings.client_id, "msgKey": key, "msgParam": text}

    # Cards -------------------------------------------------------------------------------

    async def create_card(self, body: Mapping[str, Any]) -> str:
        """The delivered card's `carrierId`. HTTP 200 may hide a failed delivery: Rejected."""
        answer = await self.call("POST", "/v1.0/card/instances/createAndDeliver", body)
        result = answer.get("result")
        deliveries = result.get("deliverResults") if isinstance(result, Mapping) else None
        if not isinstance(deliveries, list) or not deliveries:
            raise Rejected("dingtalk reports no delivery of the card", "card.notDelivered")
        failed = [d for d in deliveries if not d.get("success")]
        if failed:
            reason = failed[0].get("errorMsg", "")
            raise Rejected(f"dingtalk did not deliver the card: {reason}", "card.notDelivered")
        return str(deliveries[0].get("carrierId", ""))

    async def update_card(self, instance: Mapping[str, Any]) -> None:
        """For everybody who sees it."""
        options = {"updateCardDataByKey": True, "updatePrivateDataByKey": True}
        body = {**instance, "cardUpdateOptions": options}
        await self.call("PUT", "/v1.0/card/instances", body)

    async def register_callback(self, route_key: str, url: str, secret: str) -> None:
        """Where clicks go over HTTP, and what signs them (注册卡片回调地址)."""
        body = {"callbackRouteKey": route_key, "callbackUrl": url, "apiSecret": secret}
        await self.call("POST", "/v1.0/card/callbacks/register", body | {"forceUpdate": True})

    # Files -------------------------------------------------------------------------------

    async def download(self, code: str, *, limit: int) -> tuple[bytes, str]:
        """At most `limit` bytes and their content type; the link gets no token of ours."""
        body = {"robotCode": self._settings.client_id, "downloadCode": code}
        answer = await self.call("POST", "/v1.0/robot/messageFiles/download", body)
        url = str(answer.get("downloadUrl", ""))
        if not url.startswith(("http://", "https://")):
            raise Rejected("dingtalk gave no link to the file")
        try:
            async with self._http.get(url) as response:
                if response.status != 200:
                    raise Unreachable(f"the file's link answered HTTP {response.status}")
                return await _read(response, limit), response.content_type
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Unreachable(f"the file's link: {type(error).__name__}") from None

    # Login -------------------------------------------------------------------------------

    async def logged_in(self, code: str) -> str:
        """The user id of the employee who logged in; empty for anybody else. Costs nothing of the
        month (计费模型说明)."""
        body = {
            "clientId": self._settings.client_id,
            "clientSecret": self._settings.client_secret.get_secret_value(),
            "code": code,
            "grantType": "authorization_code",
        }
        token = str((await self._request("POST", LOGIN, body)).get("accessToken", ""))
        union = str((await self._request("GET", ME, {}, token=token)).get("unionId", ""))
        found = (await self.call_old(USER_OF, {"unionid": union})).get("result") or {}
        is_employee = found.get("contact_type", 0) == 0
        return str(found.get("userid", "")) if is_employee else ""

    # Stream ------------------------------------------------------------------------------

    async def open_stream(self) -> aiohttp.ClientWebSocketResponse:
        """A connection; its ticket is good once, for 90 s, and stays out of every log."""
        request = {
            "clientId": self._settings.client_id,
            "clientSecret": self._settings.client_secret.get_secret_value(),
            "subscriptions": list(SUBSCRIPTIONS),
            "ua": USER_AGENT,
        }
        answer = await self._request("POST", "/v1.0/gateway/connections/open", request)
        endpoint, ticket = answer.get("endpoint"), answer.get("ticket")
        if not (isinstance(endpoint, str) and isinstance(ticket, str)):
            raise Unreachable("dingtalk's gateway named no endpoint")
        try:
            return await self._http.ws_connect(
                f"{endpoint}?ticket={quote_plus(ticket)}", autoping=False, max_msg_size=SOCKET_BYTES
            )
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Unreachable(f"dingtalk's stream: {type(error).__name__}") from None

    # Calling -----------------------------------------------------------------------------

    async def call(
        self, method: str, path: str, body: Mapping[str, Any], *, key: str = ""
    ) -> dict[str, Any]:
        """With the token; a stale one is replaced once. With a `key`, where there are such, a
        repeated call does nothing more."""
        token = await self._access_token()
        try:
            return await self._metered(method, path, body, token.value, key)
        except StaleToken:
            self._forget(token)
        token = await self._access_token()
        return await self._metered(method, path, body, token.value, key)

    async def call_old(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """The old API, of which only what costs nothing of the month is called; as `call`."""
        token = await self._access_token()
        try:
            return await self._ask_old(path, body, token.value)
        except StaleToken:
            self._forget(token)
        token = await self._access_token()
        return await self._ask_old(path, body, token.value)

    async def _ask_old(self, path: str, body: Mapping[str, Any], token: str) -> dict[str, Any]:
        url = f"{self._settings.oapi_url.rstrip('/')}{path}?access_token={quote_plus(token)}"
        return await self._ask("POST", url, body, shown=path)

    async def _metered(
        self, method: str, path: str, body: Mapping[str, Any], token: str, key: str
    ) -> dict[str, Any]:
        """Calls that came through count for the month, throttled ones do not (计费模型说明)."""
        try:
            answer = await self._request(method, path, body, token=token, key=key)
        except Rejected:
            await self._spend("calls")
            raise
        except MonthUsedUp:
            await self._spend("calls", all_of_it=True)
            raise
        await self._spend("calls")
        return answer

    async def _access_token(self) -> _Token:
        async with self._refreshing:
            if self._token is None or self._now() >= self._token.until:
                self._token = await self._fetch_token()
            return self._token

    async def _fetch_token(self) -> _Token:
        request = {
            "appKey": self._settings.client_id,
            "appSecret": self._settings.client_secret.get_secret_value(),
        }
        answer = await self._request("POST", "/v1.0/oauth2/accessToken", request)
        try:
            life = timedelta(seconds=int(answer["expireIn"]))
            return _Token(str(answer["accessToken"]), self._now() + life - TOKEN_SPARE)
        except (KeyError, ValueError, TypeError):
            raise Unreachable("dingtalk answered without an access token") from None

    def _forget(self, token: _Token) -> None:
        if self._token is token:
            self._token = None

    async def _request(
        self, method: str, path: str, body: Mapping[str, Any], *, token: str = "", key: str = ""
    ) -> dict[str, Any]:
        url = self._settings.api_url + path
        return await self._ask(method, url, body, token=token, key=key, shown=path)

    async def _ask(
        self,
        method: str,
        url: str,
        body: Mapping[str, Any],
        *,
        token: str = "",
        key: str = "",
        shown: str,
    ) -> dict[str, Any]:
        """`shown` stands for the address in errors: some hold a secret."""
        self._check_ban()
        headers = {"Accept": "application/json"}
        if token:
            headers["x-acs-dingtalk-access-token"] = token
        if key:
            headers["x-client-token"] = key
        try:
            async with self._http.request(method, url, json=body, headers=headers) as response:
                status, answer = response.status, _json(await response.read())
                wait = told_seconds(response.headers)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Unreachable(f"dingtalk {shown}: {type(error).__name__}") from None
        self._raise_for(status, answer, wait)
        return answer if isinstance(answer, dict) else {}

    def _raise_for(self, status: int, answer: Any, wait: float | None) -> None:
        error = problem(status, answer, now=self._now(), wait=wait)
        if error is None:
            return
        if isinstance(error, AddressBanned):
            self._banned_until = self._now() + timedelta(seconds=error.retry_after)
        raise error

    def _check_ban(self) -> None:
        """While banned every call would only prolong it."""
        if self._banned_until is None:
            return
        left = (self._banned_until - self._now()).total_seconds()
        if left > 0:
            raise RateLimited("dingtalk has banned this address", left)
        self._banned_until = None


async def _read(response: aiohttp.ClientResponse, limit: int) -> bytes:
    found = bytearray()
    async for chunk in response.content.iter_chunked(CHUNK_BYTES):
        found += chunk
        if len(found) > limit:
            raise Rejected(f"the file is larger than {limit} bytes", "too_large")
    return bytes(found)


def _json(raw: bytes) -> Any:
    """None when it is no JSON."""
    try:
        return json.loads(raw)
    except ValueError:
        return None
