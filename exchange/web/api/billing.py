"""What buyers ask of their money, and what operators do with invoices by program."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from exchange.flows.account import forecast_of, spendable, spent_lately
from exchange.flows.billing import CannotIssue, bill
from exchange.flows.payments import NothingToPay, account_standings, pay_invoice
from exchange.model.actor import Actor
from exchange.model.lead import Problem
from exchange.model.money import BadMoney, Money
from exchange.model.reason import Reason
from exchange.model.statement import Statement
from exchange.storage.ledger import BookingConflict, balances_of
from exchange.storage.spans import Span
from exchange.storage.statements import read_statement
from exchange.web.api.buying import sent_fields
from exchange.web.api.call import Call, Stop, Told
from exchange.web.api.pages import length, wrong
from exchange.web.bills.files import fields_of
from exchange.web.bills.lists import KINDS, STATUSES, read_bills

_BEFORE = re.compile(r"\d{1,15}_[A-Z]{2,3}-\d{4}-\d{1,12}")
_VALUE_CHARACTERS = 80
_REFERENCE = re.compile(r"[!-~]{1,80}")


async def balance(call: Call) -> Told:
    """What a buyer may spend, and how long it lasts."""
    caller = call.admit_live("buyer")
    market = call.market
    buyer = market.deals.buyers.get(caller.actor.party_id or "")
    if buyer is None:
        raise Stop(Reason.NOT_FOUND, 404, "There is no such buyer.")
    found = await market.db.read(balances_of, caller.actor, f"buyer:{buyer.id}")
    available = spendable(found, buyer)
    told = forecast_of(market, buyer, await spent_lately(market, caller.actor, buyer), available)
    fields: dict[str, Any] = {
        "status": "ok",
        "billing": buyer.billing.value,
        "available": available.text,
        "currency": available.currency,
        "accounts": [
            {
                "account": each.account.split(":")[2],
                "currency": each.posted.currency,
                "balance": each.posted.text,
                "held": each.held.text,
                "limit": each.limit.text,
            }
            for each in found
        ],
        "leads_left": told.leads if told is not None else None,
        "hours_left": int(told.hours) if told is not None and told.hours is not None else None,
    }
    return Told(fields)


async def own_invoices(call: Call) -> Told:
    return await _invoices(call, call.admit_live("buyer").actor)


async def all_invoices(call: Call) -> Told:
    return await _invoices(call, call.admit_by_header("operator").actor)


async def _invoices(call: Call, actor: Actor) -> Told:
    """Documents, the newest first; `before` goes on where a page ended."""
    query, limit = call.request.query, length(call)
    for name, allowed in (("kind", tuple(KINDS)), ("status", tuple(STATUSES))):
        if (given := query.get(name, "").strip()) and given not in allowed:
            raise wrong(name, "not_allowed", f"{name} must be one of {len(allowed)} values", given, allowed)
    if (before := query.get("before", "").strip()) and not _BEFORE.fullmatch(before):
        raise wrong("before", "type", "before must be the next of the page before", before)
    asked = {name: query.get(name, "").strip()[:_VALUE_CHARACTERS] for name in ("kind", "status", "buyer")}
    at, _, number = before.partition("_")
    span = Span(after=(int(at), number) if before else None, limit=limit + 1)
    found = await read_bills(call.market, actor, {name: value for name, value in asked.items() if value}, span)
    lines, more = found[:limit], len(found) > limit
    fields: dict[str, Any] = {"status": "ok", "invoices": [each.fields() for each in lines], "more": more}
    if more:
        fields["next"] = f"{lines[-1].statement.issued_at}_{lines[-1].statement.number}"
    return Told(fields)


async def own_invoice(call: Call) -> Told:
    return await _invoice(call, call.admit_live("buyer").actor, "/buyer/billing")


async def any_invoice(call: Call) -> Told:
    return await _invoice(call, call.admit_by_header("operator").actor, "/console/invoices")


async def _invoice(call: Call, actor: Actor, pages: str) -> Told:
    statement = await _statement(call, actor)
    period = statement.period
    found = await account_standings(call.market, actor, period.account, period.currency)
    fields = fields_of(statement, found[statement.number], f"{call.market.public_url}{pages}/{statement.number}")
    return Told({**fields, "state": fields["status"], "status": "ok"})


async def paid(call: Call) -> Told:
    """Book what came from the bank for an invoice."""
    actor = call.admit_by_header("operator").actor
    statement = await _statement(call, actor)
    amount, reference = _payment(sent_fields(await call.read_fields()), statement.period.currency)
    try:
        done = await pay_invoice(call.market, statement.number, amount, reference, actor, call.remote_ip)
    except NothingToPay as error:
        raise Stop(Reason.INVALID, 422, problems=(Problem("amount", "range", str(error)),)) from None
    except BookingConflict:
        message = "This reference is booked already, for another payment."
        raise Stop(Reason.IDEMPOTENCY_CONFLICT, 409, message) from None
    period = statement.period
    found = (await account_standings(call.market, actor, period.account, period.currency))[statement.number]
    fields = {
        "status": "booked" if done.new else "unchanged",
        "number": statement.number,
        "state": found.state.value,
        "paid": found.paid.text,
        "open": found.open.text,
        "currency": period.currency,
    }
    return Told(fields)


async def issue(call: Call) -> Told:
    """Close the open periods of a buyer's accounts now."""
    actor = call.admit_by_header("operator").actor
    buyer_id, market = call.request.match_info["buyer_id"], call.market
    await call.read_fields()
    if buyer_id not in market.deals.buyers:
        raise Stop(Reason.NOT_FOUND, 404, "There is no such buyer.")
    made: list[Statement] = []
    try:
        for each in await market.db.read(balances_of, actor, f"buyer:{buyer_id}"):
            if each.account.endswith((":prepaid", ":receivable")):
                now = market.clock.now()
                made += await bill(market, each.account, each.posted.currency, now, actor, call.remote_ip)
    except CannotIssue as error:
        raise Stop(Reason.CANNOT_SETTLE, 409, str(error)) from None
    return Told({"status": "ok", "issued": [each.number for each in made]})


async def _statement(call: Call, actor: Actor) -> Statement:
    found = await call.market.db.read(read_statement, actor, call.request.match_info["number"])
    if found is None:
        raise Stop(Reason.NOT_FOUND, 404, "There is no such document.")
    return found


def _payment(sent: Mapping[str, str], currency: str) -> tuple[Money, str]:
    problems: list[Problem] = []
    text, reference = sent.get("amount", ""), sent.get("reference", "")
    try:
        amount = Money.parse(text, currency)
    except BadMoney:
        amount = Money.zero(currency)
        told = f"amount is decimal text in {currency}, such as 500.00."
        problems.append(Problem("amount", "type" if text else "missing", told, text[:40]))
    if not _REFERENCE.fullmatch(reference):
        told = "reference is that of the transfer, 1 to 80 printable characters: it is booked once."
        problems.append(Problem("reference", "type" if reference else "missing", told, reference[:40]))
    if problems:
        raise Stop(Reason.INVALID, 422, problems=tuple(problems))
    return amount, reference
