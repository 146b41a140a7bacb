"""What sellers are paid, by program: a seller's key sees its own statements, an operator's does what the console does.

What cannot be done now is a 409 that says why; repeated, every call does the same thing once.
"""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Mapping
from typing import Any, TypeVar

from exchange.flows import payout_files, payout_payments, payouts
from exchange.flows import seller_terms as terms_flow
from exchange.flows.payouts import CannotPay
from exchange.flows.seller_statements import (
    Document,
    currencies_of,
    document_fields,
    entry_fields,
    file_fields,
    own_fields,
    payment_fields,
    preview_fields,
    run_fields,
    running,
    statement,
)
from exchange.model.actor import Actor
from exchange.model.payout import BankFile, Method, Payment, Run
from exchange.model.reason import Reason
from exchange.storage.payout_lists import RunFilter, list_runs
from exchange.storage.payout_sums import entries, read_cursor, write_cursor
from exchange.storage.seller_terms import TermsRow, terms_of
from exchange.storage.spans import Span
from exchange.web.api.buying import sent_fields
from exchange.web.api.call import Call, Stop, Told, Work
from exchange.web.api.pages import length, wrong

T = TypeVar("T")
Do = Work
_STATES = ("prepared", "issued", "paid", "discarded")
_KINDS = ("sold", "returned", "adjusted")
_FILE_METHODS = (Method.ACH.value, Method.SEPA.value)


async def own_statements(call: Call) -> Told:
    actor = call.admit_live("campaign").actor
    found = await call.market.db.read(list_runs, actor, RunFilter(span=Span(limit=length(call))))
    seller_id = actor.party_id or ""
    open_ones = [
        document_fields(document)
        for currency in await currencies_of(call.market, seller_id)
        if (document := await running(call.market, actor, seller_id, currency)) is not None
    ]
    return Told({"status": "ok", "running": open_ones, "statements": [own_fields(run_fields(each)) for each in found]})


async def own_statement(call: Call) -> Told:
    return Told({"status": "ok", **document_fields(await _own(call))})


async def own_entries(call: Call) -> Told:
    document, limit = await _own(call), length(call)
    kind = call.request.query.get("kind", "").strip()
    if kind and kind not in _KINDS:
        raise wrong("kind", "not_allowed", "kind is sold, returned or adjusted.", kind[:40], _KINDS)
    after = read_cursor(call.request.query.get("after", ""))
    found = await call.market.db.read(entries, document.period, after, limit, kind)
    fields: dict[str, Any] = {"entries": [entry_fields(document, each) for each in found], "more": len(found) == limit}
    if found:
        fields["next"] = write_cursor(found[-1])
    return Told({"status": "ok", **fields})


async def runs(call: Call) -> Told:
    actor = call.admit_by_header("operator").actor
    query = call.request.query
    state = query.get("state", "").strip()
    if state and state not in _STATES:
        raise wrong("state", "not_allowed", f"state is one of {', '.join(_STATES)}.", state[:40], _STATES)
    wanted = RunFilter(state, query.get("seller_id", "").strip()[:80], Span(limit=length(call)))
    found = await call.market.db.read(list_runs, actor, wanted)
    coming = [preview_fields(call.market, each) for each in await payouts.previews(call.market, wanted.seller_id)]
    return Told({"status": "ok", "open": coming, "runs": [run_fields(each) for each in found]})


async def prepare(call: Call) -> Told:
    actor, sent = _operator(call), sent_fields(await call.read_fields())
    seller_id, currency = sent.get("sellerid", ""), sent.get("currency", "").upper()
    if seller_id not in call.market.deals.sellers:
        raise wrong("seller_id", "not_allowed", "There is no such seller.", seller_id[:40])
    currency = currency or call.market.deals.sellers[seller_id].terms.currency
    if not (len(currency) == 3 and currency.isascii() and currency.isalpha()):
        raise wrong("currency", "missing", "currency is a code of three letters.", currency[:10])
    made = payouts.prepare(call.market, seller_id, currency, actor, call.remote_ip, program=True)
    return _run_told(await _can(made))


async def run(call: Call) -> Told:
    actor = call.admit_by_header("operator").actor
    document = await statement(call.market, actor, call.request.match_info["run_id"])
    if document is None:
        raise Stop(Reason.NOT_FOUND, 404, "There is no such run.")
    return Told({"status": "ok", **document_fields(document)})


async def approve(call: Call) -> Told:
    """A program is nobody: above the amount for one person it is refused."""
    actor, found = _operator(call), await _found(call)
    await call.read()
    return _run_told(await _can(payouts.approve(call.market, found.id, actor, call.remote_ip, program=True)))


async def hold(call: Call) -> Told:
    actor, found = _operator(call), await _found(call)
    reason = _reason(sent_fields(await call.read_fields()))
    return _run_told(await _can(payouts.hold(call.market, found.id, reason, actor, call.remote_ip)))


async def discard(call: Call) -> Told:
    actor, found = _operator(call), await _found(call)
    await call.read()
    return _run_told(await _can(payouts.discard(call.market, found.id, actor, call.remote_ip)))


async def run_paid(call: Call) -> Told:
    actor, found = _operator(call), await _found(call)
    reference = sent_fields(await call.read_fields()).get("reference", "")
    done = payout_payments.mark_run_paid(call.market, found.id, reference, actor, call.remote_ip)
    return _payments_told(await _can(done))


async def payment_paid(call: Call) -> Told:
    actor, payment_id = _operator(call), call.request.match_info["payment_id"]
    reference = sent_fields(await call.read_fields()).get("reference", "")
    done = payout_payments.mark_paid(call.market, payment_id, reference, actor, call.remote_ip)
    return _payments_told([await _can(done)])


async def bounced(call: Call) -> Told:
    actor, payment_id = _operator(call), call.request.match_info["payment_id"]
    reason = sent_fields(await call.read_fields()).get("reason", "")
    return _payments_told(
        [await _can(payout_payments.take_back(call.market, payment_id, reason, actor, call.remote_ip))]
    )


async def hold_payment(call: Call) -> Told:
    actor, payment_id = _operator(call), call.request.match_info["payment_id"]
    reason = _reason(sent_fields(await call.read_fields()))
    return _payments_told([await _can(payout_payments.hold(call.market, payment_id, reason, actor, call.remote_ip))])


async def split(call: Call) -> Told:
    actor, payment_id = _operator(call), call.request.match_info["payment_id"]
    amount = sent_fields(await call.read_fields()).get("amount", "")
    return _payments_told(await _can(payout_payments.split(call.market, payment_id, amount, actor, call.remote_ip)))


async def export(call: Call) -> Told:
    actor = _operator(call)
    method = sent_fields(await call.read_fields()).get("method", "").strip().lower()
    if method not in _FILE_METHODS:
        raise wrong("method", "not_allowed", "method is ach or sepa.", method[:40], _FILE_METHODS)
    made = await _can(payout_files.export(call.market, Method(method), actor, call.remote_ip))
    left_out = [{"payment_id": each.payment.id, "why": each.why} for each in made.left_out]
    return Told({"status": "ok", **_file(made.file, made.content), "left_out": left_out})


async def file(call: Call) -> Told:
    actor = call.admit_by_header("operator").actor
    found = await payout_files.open_file(call.market, call.request.match_info["file_id"], actor, call.remote_ip)
    if found is None:
        raise Stop(Reason.NOT_FOUND, 404, "There is no such file.")
    return Told({"status": "ok", **_file(*found)})


async def withdraw(call: Call) -> Told:
    actor, file_id = _operator(call), call.request.match_info["file_id"]
    reason = sent_fields(await call.read_fields()).get("reason", "")
    count = await _can(payout_files.withdraw(call.market, file_id, reason, actor, call.remote_ip))
    return Told({"status": "ok", "file_id": file_id, "payments": count})


async def terms(call: Call) -> Told:
    call.admit_by_header("operator")
    seller_id = call.request.match_info["seller_id"]
    if seller_id not in call.market.deals.sellers:
        raise Stop(Reason.NOT_FOUND, 404, "There is no such seller.")
    return _terms_told(await call.market.db.read(terms_of, seller_id))


async def change_terms(call: Call) -> Told:
    actor, seller_id = _operator(call), call.request.match_info["seller_id"]
    sent = sent_fields(await call.read_fields())
    fields = {name: sent[name.replace("_", "")] for name in terms_flow.FIELDS if name.replace("_", "") in sent}
    try:
        row = await terms_flow.change_terms(call.market, seller_id, fields, actor, call.remote_ip)
    except terms_flow.WrongTerms as error:
        raise Stop(Reason.INVALID, 422, problems=error.problems) from None
    if row is None:
        raise Stop(Reason.NOT_FOUND, 404, "There is no such seller.")
    return _terms_told(row)


def _operator(call: Call) -> Actor:
    """With a live key: money moves."""
    return call.admit_live("operator").actor


async def _own(call: Call) -> Document:
    actor, name = call.admit_live("campaign").actor, call.request.match_info["statement"]
    if name.startswith("open-"):
        currency, seller_id = name.removeprefix("open-"), actor.party_id or ""
        known = currency in await currencies_of(call.market, seller_id)
        document = await running(call.market, actor, seller_id, currency) if known else None
    else:
        document = await statement(call.market, actor, name)
    if document is None:
        raise Stop(Reason.NOT_FOUND, 404, "There is no such statement.")
    return document


async def _found(call: Call) -> Run:
    document = await statement(call.market, _operator(call), call.request.match_info["run_id"])
    if document is None or document.run is None:
        raise Stop(Reason.NOT_FOUND, 404, "There is no such run.")
    return document.run


async def _can(doing: Awaitable[T]) -> T:
    try:
        return await doing
    except CannotPay as error:
        raise Stop(Reason.CANNOT_PAY, 409, str(error)) from None


def _reason(sent: Mapping[str, str]) -> str:
    reason = sent.get("reason", "").strip()
    if len(reason) > 200 or not reason.isprintable():
        raise wrong("reason", "length", "reason has at most 200 characters; an empty one lets go.")
    return reason


def _run_told(found: Run) -> Told:
    return Told({"status": "ok", **run_fields(found)})


def _payments_told(found: list[Payment]) -> Told:
    return Told({"status": "ok", "payments": [payment_fields(each) for each in found]})


def _file(found: BankFile, content: bytes) -> dict[str, Any]:
    return {**file_fields(found), "content": base64.b64encode(content).decode("ascii")}


def _terms_told(row: TermsRow) -> Told:
    return Told({"status": "ok", **terms_flow.terms_fields(row)})
