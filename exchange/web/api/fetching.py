"""A buyer fetches its leads: page after page, each asked for with the end of the one before, which confirms it."""

from __future__ import annotations

from typing import Any

from exchange.flows.fetching import Pulled, acknowledge, pull
from exchange.model.money import Money
from exchange.model.reason import Reason
from exchange.stages.respond import rfc3339
from exchange.web.api.call import Call, Stop, Told
from exchange.web.api.pages import is_next, length, page, since


async def leads(call: Call) -> Told:
    """What the buyer bought by fetching, with all values. The `next` of a page confirms all that was told before it."""
    if call.request.method != "GET":  # looking at the head of a page would confirm the one before
        raise Stop(Reason.METHOD_NOT_ALLOWED, 405, "This call is made with GET.", headers=(("Allow", "GET"),))
    caller = call.admit_by_header("buyer")
    assert caller.actor.party_id is not None
    buyer_id, mode = caller.actor.party_id, caller.key.mode
    limit, after, told_before = length(call), since(call), is_next(call)
    if told_before:
        await acknowledge(call.market, buyer_id, mode, after)
    found = await pull(call.market, buyer_id, mode, after, limit)
    last = found[-1].cursor if found else after if told_before else None
    return Told(page("leads", [_told(each) for each in found], last, limit))


def _told(pulled: Pulled) -> dict[str, Any]:
    attempt, row, lead = pulled.attempt, pulled.lead_row, pulled.lead
    price = Money(attempt["price_units"], attempt["currency"])
    return {
        "lead_id": row["id"],
        "reference": attempt["reference"],
        "contract_id": attempt["contract_id"],
        "vertical": row["vertical"],
        "price": price.text,
        "currency": price.currency,
        "test": True if attempt["mode"] == "test" else None,
        "received_at": rfc3339(row["received_at"]),
        "erased": True if lead is None else None,
        "lead": {name: value.clean for name, value in lead.values.items()} if lead is not None else None,
        "trustedform_cert_url": lead.consent.trustedform_url if lead is not None else None,
        "jornaya_leadid": lead.consent.jornaya_leadid if lead is not None else None,
    }
