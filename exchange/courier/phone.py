"""Calls and texts through Twilio: its own client says what is sent, and it travels over our HTTP lane.

So addresses, TLS, deadlines and what a loss means are those of every other message. Nothing is tried twice here.
"""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import Awaitable, Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from exchange.courier.connection import Exchange
from exchange.courier.http import Lane, cut
from exchange.courier.lane import Errand
from exchange.courier.request import UnsendableMessage
from exchange.courier.url import BadUrl
from exchange.model.wire import HttpMessage, Loss, Lost, PhoneMessage, Reply

if TYPE_CHECKING:
    from twilio.http.response import Response

PROVIDER = "https://api.twilio.com"
"""Where Twilio's own client sends to: an account's `base` stands in for it."""
_PARTS = ("twilio.rest", "twilio.rest.api.v2010.account.call", "twilio.rest.api.v2010.account.message")
_LOG = logging.getLogger("exchange.courier.phone")

Carry = Callable[[HttpMessage], Awaitable[Reply | Lost]]


class _Lost(Exception):
    """The request did not come through. It leaves Twilio's client as it is, and never this module."""

    def __init__(self, lost: Lost) -> None:
        super().__init__(lost.why.slug)
        self.lost = lost


class PhoneLane:
    """Sends calls and texts. What the provider answers, a refusal too, is the reply."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane

    async def send(self, message: PhoneMessage, errand: Errand) -> Reply | Lost:
        await asyncio.to_thread(_load)  # the client is large: others are not kept waiting while it is read

        async def carry(request: HttpMessage) -> Reply | Lost:
            return await self._carry(message.account.user, request, errand)

        return await _through(carry, message)

    async def close(self) -> None:
        """The connections are the HTTP lane's."""

    async def _carry(self, key: str, message: HttpMessage, errand: Errand) -> Reply | Lost:
        try:
            target, data = self._lane.heads.encode(message)
        except (BadUrl, UnsendableMessage) as bad:
            return Lost(Loss.REFUSED_ADDRESS, str(bad))
        ended: asyncio.Future[Reply | Lost] = asyncio.get_running_loop().create_future()
        errand.over = exchange = Exchange(data, message.method, errand.delivers, ended.set_result)
        try:
            self._lane.send(exchange, f"phone:{key}", target, "")
            outcome = await ended
        finally:
            if not exchange.ended:
                cut(exchange)
        errand.peer = exchange.peer
        return outcome


def _load() -> None:
    for part in _PARTS:
        import_module(part)


class _OverOurLane:
    """What Twilio's client takes for an HTTP client of its asynchronous kind."""

    is_async = True

    def __init__(self, carry: Carry, message: PhoneMessage) -> None:
        self._carry = carry
        self._message = message
        self.heard: Reply | None = None

    async def request(
        self,
        method: str,
        url: str,
        params: Mapping[str, object] | None = None,
        data: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Response:
        """Deadlines are the courier's, and nothing is redirected."""
        from twilio.http.response import Response

        outcome = await self._carry(_request(self._message, method, url, params, data, headers, auth))
        if isinstance(outcome, Lost):
            raise _Lost(outcome)
        self.heard = outcome
        return Response(outcome.status, outcome.body.decode("utf-8", "replace"), dict(outcome.headers))


async def _through(carry: Carry, message: PhoneMessage) -> Reply | Lost:
    """Let Twilio's client make the request, and hear what was answered to it before the client reads it."""
    from twilio.rest import Client

    account = message.account
    way = _OverOurLane(carry, message)
    try:
        await _ask(Client(account.user, account.password, http_client=way), message)
    except _Lost as error:
        return error.lost
    except Exception as error:  # a refusal, or a reply that it cannot read: the connector judges it
        if way.heard is None:
            _LOG.error("Twilio's client could not ask: %s", type(error).__name__)
    if way.heard is None:
        return Lost(Loss.REFUSED_ADDRESS, "Twilio's client could not make the request.")
    return way.heard


async def _ask(client: Any, message: PhoneMessage) -> None:
    hooks = message.hooks
    if message.kind == "sms":
        await client.messages.create_async(
            to=message.to, from_=message.sender, body=message.text, status_callback=hooks.get("status")
        )
        return
    answered = hooks.get("answered")
    says = {"url": answered, "method": "POST"} if answered is not None else {"twiml": _spoken(message.text)}
    await client.calls.create_async(
        to=message.to,
        from_=message.sender,
        **says,
        status_callback=hooks.get("status"),
        status_callback_method="POST" if "status" in hooks else None,
        machine_detection="Enable" if message.detect_machine else None,
        timeout=message.seconds,
    )


def _spoken(text: str) -> str:
    """A call that says this and hangs up."""
    from twilio.twiml.voice_response import VoiceResponse

    said = VoiceResponse()
    said.say(text)
    return str(said)


def _request(
    message: PhoneMessage,
    method: str,
    url: str,
    params: Mapping[str, object] | None,
    data: Mapping[str, object] | None,
    headers: Mapping[str, str] | None,
    auth: tuple[str, str] | None,
) -> HttpMessage:
    """What the client wants sent, to the account's own address."""
    parts = urlsplit(url)
    query = urlencode(params, doseq=True) if params else parts.query
    base = message.account.base.rstrip("/")
    told = dict(headers or {})
    if auth is not None:
        told["Authorization"] = f"Basic {base64.b64encode(':'.join(auth).encode()).decode()}"
    body = urlencode(data, doseq=True).encode() if data else b""
    return HttpMessage(method, f"{base}{parts.path}{f'?{query}' if query else ''}", told, body, message.delivers)
