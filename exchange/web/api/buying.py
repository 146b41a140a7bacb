"""What buyers ask: the list of the leads they bought."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from exchange.stages.field_names import fold
from exchange.stages.respond import rfc3339
from exchange.storage.seller_views import BuyerSale, sales_of_buyer
from exchange.web.api.call import Call, Told
from exchange.web.api.pages import SETTLED_MS, length, page, since


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
        "disposition_value": sale.value.text if sale.value is not None else None,
        "disposition_at": rfc3339(sale.disposition_at) if sale.disposition_at is not None else None,
        "test": True if sale.mode == "test" else None,
        "accepted_at": rfc3339(sale.accepted_at),
    }
