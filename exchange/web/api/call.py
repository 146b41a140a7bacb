"""One request of the API: who sent it, what it is answered, and the row it leaves."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from aiohttp import web

from exchange.clock import month_of
from exchange.flows.answers import write_answer
from exchange.flows.arrivals import Arrivals
from exchange.flows.market import Market
from exchange.flows.specs import docs_of
from exchange.intake.body import client_ip, read_body
from exchange.intake.decode import Refused, decode
from exchange.intake.encode import answer_format, encode
from exchange.intake.soap import soap_version
from exchange.model.actor import Role
from exchange.model.answer import Answer
from exchange.model.lead import Mode, Problem
from exchange.model.reason import Reason
from exchange.model.rights import may, needed, staff_of
from exchange.model.work import AnswerRow, RequestRow
from exchange.settings import Settings
from exchange.stages.respond import respond
from exchange.web.api.access import HOW_TO_SEND, UNKNOWN, Caller, find_caller, secret_in_headers
from exchange.web.api.rights import right_of
from exchange.web.keys import ARRIVALS, MARKET, REQUEST_ID, SETTINGS

_MEDIA = re.compile(r"[a-z]+/[a-z0-9.+-]{1,60}")
_MASK = b"********"


@dataclass(frozen=True, slots=True)
class Told:
    """An answer before it is written: the fields that come before `request_id` and `took_ms`."""

    fields: Mapping[str, Any]
    http_status: int = 200
    lead_id: str | None = None


class Stop(Exception):
    """Ends a call with a refusal. It never leaves the API."""

    def __init__(
        self,
        reason: Reason,
        http_status: int,
        message: str | None = None,
        *,
        problems: tuple[Problem, ...] = (),
        headers: tuple[tuple[str, str], ...] = (),
        closes: bool = False,
    ) -> None:
        super().__init__(reason.slug)
        self.reason, self.http_status, self.message = reason, http_status, message
        self.problems, self.headers, self.closes = problems, headers, closes


class Call:
    """A request under way. It learns who called and what was sent as the request is read."""

    __slots__ = (
        "arrivals",
        "caller",
        "content_type",
        "endpoint",
        "format",
        "id",
        "market",
        "raw",
        "received_at",
        "remote_ip",
        "request",
        "secret",
        "soap",
        "started",
    )

    def __init__(self, request: web.Request, endpoint: str) -> None:
        market: Market = request.app[MARKET]
        settings: Settings = request.app[SETTINGS]
        self.request = request
        self.endpoint = endpoint
        self.content_type = request.headers.get("Content-Type", "")
        self.market = market
        self.arrivals: Arrivals = request.app[ARRIVALS]
        self.received_at = market.clock.now()
        self.started = market.clock.monotonic()
        self.id = request[REQUEST_ID]
        self.remote_ip = client_ip(request, settings.trusted_proxies)
        self.format = answer_format(None, request.headers.get("Accept"), media_type(request))
        self.caller: Caller | None = None
        self.secret: str | None = None
        self.raw: bytes | None = None
        self.soap: str | None = None  # its version, when the request came in an envelope

    @property
    def channel(self) -> str:
        return "soap" if self.soap is not None else "api"

    @property
    def took_ms(self) -> int:
        return round((self.market.clock.monotonic() - self.started) * 1000)

    def admit(self, secret: str | None, kind: str) -> Caller:
        """Who calls. Nothing is told about keys that are not known, not even that they might be of another kind."""
        if secret is None:
            raise Stop(Reason.KEY_MISSING, 401, HOW_TO_SEND, headers=(("WWW-Authenticate", "Bearer"),))
        caller = find_caller(self.market.deals, secret, kind, self.received_at)
        if caller is None:
            raise Stop(Reason.KEY_UNKNOWN, 401, UNKNOWN, headers=(("WWW-Authenticate", "Bearer"),))
        caller = replace(caller, actor=replace(caller.actor, ip=self.remote_ip))
        self.caller, self.secret = caller, secret
        self.market.live.keys_used[caller.key.id] = self.received_at
        right = right_of(self.endpoint, self.request.method)
        if caller.actor.role is Role.OPERATOR and not may(caller.actor, right):
            own = staff_of(caller.actor.duty).value
            raise Stop(Reason.ROLE_NEEDED, 403, f"This key has the role {own}. To {right.value} needs {needed(right)}.")
        return caller

    def admit_by_header(self, kind: str) -> Caller:
        return self.admit(secret_in_headers(self.request), kind)

    def admit_live(self, kind: str) -> Caller:
        """Who calls, for what counts for live leads: test keys are shown on public pages."""
        caller = self.admit_by_header(kind)
        if caller.key.mode == Mode.TEST.value:
            raise Stop(Reason.LIVE_KEY_NEEDED, 403)
        return caller

    async def read(self) -> bytes:
        """The body, within the limits."""
        body = await read_body(self.request)
        if isinstance(body, Refused):
            raise refused(body)
        self.raw = body
        self.soap = soap_version(body)
        self.format = self.soap or self.format
        return body

    async def read_fields(self) -> Mapping[str, str]:
        """The body as one flat record."""
        flat = decode(
            await self.read(),
            self.request.headers.get("Content-Type"),
            raw_query(self.request),
            content_encoding=self.request.headers.get("Content-Encoding"),
        )
        if isinstance(flat, Refused):
            raise refused(flat)
        return flat.fields

    def masked(self, body: bytes) -> bytes:
        """What was sent, without the key in it."""
        return body if self.secret is None else body.replace(self.secret.encode(), _MASK)


Work = Callable[[Call], Awaitable[Told | web.Response]]


def refused(door: Refused) -> Stop:
    return Stop(door.reason, door.status, door.message, problems=door.problems, closes=door.closes)


def raw_query(request: web.Request) -> str:
    """The query as it was sent: decoding it is the front door's."""
    return request.raw_path.partition("?")[2].partition("#")[0]


def media_type(request: web.Request) -> str:
    return request.headers.get("Content-Type", "").partition(";")[0].strip().lower()


async def work(call: Call, do: Work) -> web.Response:
    """Do it, and answer: every answer that is not a sale's own leaves its row here."""
    try:
        told = await do(call)
    except Stop as stop:
        return await refuse(call, stop)
    if isinstance(told, web.Response):
        return told
    fields = {**told.fields, "request_id": call.id, "took_ms": call.took_ms}
    body, content_type = encode(fields, call.format)
    status = str(told.fields.get("status", "ok"))
    row = AnswerRow(call.id, told.http_status, status, None, b"", content_type, call.took_ms)
    await call.arrivals.keep(_request_row(call, None, None, told.lead_id), row)
    return respond_with(call.id, told.http_status, body, content_type)


async def refuse(call: Call, stop: Stop, *, durable: bool = True) -> web.Response:
    """Write a refusal and its row. What a known caller sent is kept with it, sealed; a stranger's body never is."""
    status = "invalid" if stop.reason is Reason.INVALID else "error"
    if stop.reason is Reason.CAMPAIGN_PAUSED:
        status = "rejected"
    answer = Answer(status, call.id, stop.http_status, reason=stop.reason, message=stop.message, errors=stop.problems)
    took_ms = call.took_ms
    campaign = call.caller.campaign if call.caller is not None else None
    fields = respond(answer, took_ms, docs_of(call.market, campaign))
    body, content_type = write_answer(encode, fields, call.format, campaign)
    http_status = 200 if campaign is not None and campaign.always_200 else stop.http_status
    wrapped = raw = None
    sealed = b""
    if call.caller is not None and call.raw:
        vault = call.market.vault
        wrapped, data_key = vault.new_data_key()
        raw = vault.seal(data_key, f"raw:{call.id}", call.masked(call.raw))
        sealed = vault.seal(data_key, f"answer:{call.id}", body)
    row = AnswerRow(call.id, http_status, status, stop.reason.slug, sealed, content_type, took_ms)
    request_row = _request_row(call, wrapped, raw, None)
    if durable:
        await call.arrivals.keep(request_row, row)
    else:
        call.arrivals.note(request_row, row)
    response = respond_with(call.id, http_status, body, content_type, stop.headers)
    if stop.closes:
        response.force_close()
    return response


def respond_with(
    request_id: str, http_status: int, body: bytes, content_type: str, headers: tuple[tuple[str, str], ...] = ()
) -> web.Response:
    response = web.Response(status=http_status, body=body)
    told = response.headers
    told["Content-Type"] = content_type
    told["Cache-Control"] = "no-store"
    told["X-Request-Id"] = request_id
    for name, value in headers:
        told[name] = value
    return response


def _request_row(call: Call, wrapped: bytes | None, raw: bytes | None, lead_id: str | None) -> RequestRow:
    caller = call.caller
    media = call.content_type.partition(";")[0].strip().lower()
    return RequestRow(
        call.id,
        month_of(call.received_at),
        call.received_at,
        call.endpoint,
        call.channel,
        call.remote_ip,
        caller.seller_id if caller is not None else None,
        caller.campaign.id if caller is not None and caller.campaign is not None else None,
        caller.key.id if caller is not None else None,
        caller.key.mode if caller is not None else None,
        wrapped,
        lead_id,
        media if not media or _MEDIA.fullmatch(media) else "other",
        call.format,
        raw,
        "ping",
    )
