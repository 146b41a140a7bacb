"""What buyers tell and ask: dispositions of the leads they bought, and the list of those."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from exchange import limits
from exchange.fields.instant import read_instant
from exchange.flows.dispositions import Report, record_disposition
from exchange.model.lead import Problem
from exchange.model.reason import Reason
from exchange.stages.field_names import fold
from exchange.stages.respond import rfc3339
from exchange.storage.seller_views import BuyerSale, sales_of_buyer
from exchange.web.api.call import Call, Stop, Told
from exchange.web.api.pages import SETTLED_MS, length, page, since


async def disposition(call: Call) -> Told:
    """Record what became of a bought lead. The same word at the same time again changes nothing."""
    caller = call.admit_by_header("buyer")
    report = _report(sent_fields(await call.read_fields()))
    recorded = await record_disposition(report, call.market, caller.actor)
    if recorded is None:
        raise Stop(Reason.NOT_FOUND, 404, "You bought no lead with this id.")
    if isinstance(recorded, Problem):
        raise Stop(Reason.INVALID, 422, problems=(recorded,))
    new = recorded.disposition_id is not None
    fields: dict[str, Any] = {
        "status": "recorded" if new else "unchanged",
        "disposition_id": recorded.disposition_id,
        "lead_id": recorded.lead_id,
    }
    return Told(fields, lead_id=recorded.lead_id)


async def sales(call: Call) -> Told:
    """What the buyer bought, oldest first."""
    caller = call.admit_by_header("buyer")
    limit = length(call)
    until = call.market.clock.now() - SETTLED_MS
    found = await call.market.db.read(sales_of_buyer, caller.actor, caller.key.mode, since(call), until, limit)
    last = (found[-1].accepted_at, found[-1].id) if found else None
    return Told(page("sales", [_sale(each) for each in found], last, limit))


def sent_fields(fields: Mapping[str, str]) -> Mapping[str, str]:
    """What was sent by folded name, without what is blank."""
    return {fold(name): value.strip() for name, value in fields.items() if value.strip()}


def _report(sent: Mapping[str, str]) -> Report:
    """The report as sent; raises with every problem at once."""
    problems: list[Problem] = []
    reference = sent.get("leadid") or sent.get("reference") or ""
    if not reference:
        problems.append(Problem("lead_id", "missing", "lead_id (or reference) is required."))
    kind = sent.get("disposition", "")
    if not kind:
        problems.append(Problem("disposition", "missing", "disposition is required."))
    note = sent.get("note", "")
    if len(note) > limits.NOTE_CHARACTERS:
        problems.append(Problem("note", "length", f"note must have at most {limits.NOTE_CHARACTERS} characters."))
    at = None
    if "at" in sent:
        at = read_instant(sent["at"])
        if at is None:
            told = "at must be a time such as 2026-11-20T14:14:22Z, or seconds since 1970."
            problems.append(Problem("at", "type", told, sent["at"]))
    if problems:
        raise Stop(Reason.INVALID, 422, problems=tuple(problems))
    return Report(reference, kind, note, sent.get("value"), at)


def _sale(sale: BuyerSale) -> dict[str, Any]:
    return {
        "sale_id": sale.id,
        "lead_id": sale.lead_id,
        "reference": sale.reference,
        "your_reference": sale.buyer_reference,
        "contract_id": sale.contract_id,
        "vertical": sale.vertical,
        "price": sale.price.text,
        "currency": sale.price.currency,
        "disposition": sale.disposition,
        "test": True if sale.mode == "test" else None,
        "accepted_at": rfc3339(sale.accepted_at),
    }
