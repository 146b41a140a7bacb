"""What sellers send: ping, post, both in one call, and a look before posting."""

from __future__ import annotations

from aiohttp import web
from multidict import CIMultiDict

from exchange.clock import month_of
from exchange.flows.preflight import preflight
from exchange.flows.submit import submit
from exchange.intake.body import idempotency_key
from exchange.intake.decode import Flat, Refused, decode
from exchange.intake.encode import answer_format, encode
from exchange.model.lead import Kind, Mode, Submission
from exchange.model.reason import Reason
from exchange.stages.field_names import fold
from exchange.stages.personal import looks_personal
from exchange.stages.standard_fields import standard_fields
from exchange.web.api.access import Caller, find_caller, secret_in_fields, secret_in_headers
from exchange.web.api.call import Call, Stop, raw_query, refused, respond_with
from exchange.web.keys import THROTTLE
from exchange.web.throttle import Allowance

_FORMAT_FIELDS = frozenset(fold(name) for name in ("format", *standard_fields()["format"][0].aliases))
_KEY_IN_URL = "A key in the URL ends up in logs: send it in a header or in the body, or ask to have it allowed."
_NOT_BY_GET = "Send a POST. Fields in the URL of a GET are read only for campaigns that allow it."


async def ping(call: Call) -> web.Response:
    return await _sell(call, Kind.PING)


async def post(call: Call) -> web.Response:
    return await _sell(call, Kind.POST)


async def pingpost(call: Call) -> web.Response:
    return await _sell(call, Kind.DIRECT)


async def validate(call: Call) -> web.Response:
    return await _sell(call, Kind.POST, looks_only=True)


async def _sell(call: Call, kind: Kind, *, looks_only: bool = False) -> web.Response:
    secret = secret_in_headers(call.request)
    caller = call.admit(secret, "campaign") if secret is not None else None
    flat = await _read(call)
    call.format = call.soap or format_of(flat, call.request.headers.get("Accept"))
    if caller is None:
        secret = secret_in_fields(flat.fields)
        _check_not_in_url(call, secret)
        caller = call.admit(secret, "campaign")
    if call.request.method == "GET" and not (caller.campaign and caller.campaign.query_string):
        raise _not_by_get()
    return await answer(call, caller, flat, kind, looks_only=looks_only)


async def answer(call: Call, caller: Caller, flat: Flat, kind: Kind, *, looks_only: bool = False) -> web.Response:
    """Work what was read. `call` must know the format of its answer."""
    if caller.blocked:
        raise Stop(Reason.CAMPAIGN_PAUSED, 403, "The seller's account is paused.")
    allowance = _allow(call, caller)
    submission = submission_of(call, caller, flat, kind)
    with allowance.at_work():
        if looks_only:
            written = await preflight(submission, call.market, encode)
        else:
            written = await submit(submission, call.market, encode)
    headers = written.headers + allowance.headers(call.market.clock.now())
    return respond_with(call.id, written.status_code, written.body, written.content_type, headers)


async def _read(call: Call) -> Flat:
    """The fields of the body and of the query, as one record."""
    request = call.request
    if request.method == "GET":
        if not raw_query(request):
            raise _not_by_get()
        flat = decode(b"", None, raw_query(request))
    else:
        content_type = request.headers.get("Content-Type")
        encoding = request.headers.get("Content-Encoding")
        flat = decode(await call.read(), content_type, raw_query(request), content_encoding=encoding)
    if isinstance(flat, Refused):
        raise refused(flat)
    return flat


def format_of(flat: Flat, accept: str | None) -> str:
    """The format of the answer: what a field asks for, what `Accept` likes, or the request's own."""
    fields = flat.fields
    asked = next((fields[name] for name in fields if fold(name) in _FORMAT_FIELDS), None)
    return answer_format(asked, accept, flat.format)


def _check_not_in_url(call: Call, secret: str | None) -> None:
    """A key in the URL counts only for a campaign that allows it. A wrong key hears no more than its holder would."""
    in_url = secret is not None and secret in call.request.query.values()
    if secret is None or not in_url:
        return
    caller = find_caller(call.market.deals, secret, "campaign", call.received_at)
    allowed = caller is not None and caller.campaign is not None and caller.campaign.query_string
    if not allowed:
        raise _not_by_get() if call.request.method == "GET" else Stop(Reason.KEY_MISSING, 401, _KEY_IN_URL)


def _not_by_get() -> Stop:
    return Stop(Reason.METHOD_NOT_ALLOWED, 405, _NOT_BY_GET, headers=(("Allow", "POST"),))


def _allow(call: Call, caller: Caller) -> Allowance:
    """Count the request against its campaign's rate, or refuse it with the time to wait."""
    assert caller.campaign is not None
    allowance = call.request.app[THROTTLE].allowance(caller.campaign, caller.key.mode)
    now = call.market.clock.now()
    if seconds := allowance.take(now):
        headers = (("Retry-After", str(seconds)), *allowance.headers(now))
        raise Stop(Reason.RATE_LIMITED, 429, f"Too many requests: wait {seconds} s.", headers=headers)
    return allowance


def submission_of(call: Call, caller: Caller, flat: Flat, kind: Kind) -> Submission:
    campaign = caller.campaign
    assert campaign is not None
    request = call.request
    return Submission(
        id=call.id,
        seller_id=campaign.seller_id,
        campaign_id=campaign.id,
        mode=Mode(caller.key.mode),
        kind=kind,
        channel=call.channel,
        fields=flat.fields,
        raw=call.masked(call.raw if call.raw is not None else raw_query(request).encode()),
        content_type=call.content_type[:200],
        answer_format=call.format,
        remote_ip=call.remote_ip,
        key_id=caller.key.id,
        idempotency_key=_idempotency_key(call, flat),
        received_at=call.received_at,
        month=month_of(call.received_at),
    )


def _idempotency_key(call: Call, flat: Flat) -> str | None:
    """The header's, else the field's. One that may hold an email address or a phone is kept as a keyed hash."""
    headers = call.request.headers
    key = idempotency_key(headers)
    if key is None and (field := flat.fields.get("idempotency_key")):
        key = idempotency_key(CIMultiDict({"Idempotency-Key": field}))
    if isinstance(key, Refused):
        raise refused(key)
    if key is not None and looks_personal(key):
        return call.market.vault.index("idempotency", key).hex()
    return key
