"""The next lead of a contract is given free of charge where a return promised one."""

from __future__ import annotations

from contextlib import suppress

from exchange.clock import month_of
from exchange.flows.market import Market
from exchange.flows.return_decide import RETURN_DECIDED
from exchange.flows.tell import News, tell
from exchange.model.actor import SYSTEM, Role
from exchange.model.money import Money
from exchange.stages.reasons import show_money
from exchange.stages.returns.money import free_lead
from exchange.storage.database import Conflict, Row
from exchange.storage.ledger import find_transaction
from exchange.storage.replacements import GivenAlready, give_lead, owed_leads

_AT_ONCE = 100


async def give_replacements(market: Market) -> int:
    """Give what can be given now. Returns how many leads that were."""
    given = 0
    for row in await market.db.read(owed_leads, _AT_ONCE):
        with suppress(GivenAlready, Conflict):  # another node was faster, or two returns wanted one lead
            given += await _give(market, row)
    return given


async def _give(market: Market, row: Row) -> bool:
    """Its price is credited at once, up to what the returned lead cost: nobody gains by bidding high."""
    now, currency = market.clock.now(), row["currency"]
    booked = await market.db.write(find_transaction, SYSTEM, f"sale:{row['given_attempt']}")
    price, most = Money(row["given_price"], currency), Money(row["price_units"], currency)
    credit = price if price <= most else most
    made = None
    if booked is not None and credit.units:
        account = booked.postings[0].source
        made = free_lead(row["id"], account, price, most, now, month_of(now), row["given_lead"])
    buyer = market.deals.buyers.get(row["buyer_id"])
    name = buyer.name if buyer is not None else row["buyer_id"]
    sentence = f"Free of charge for {name}, {show_money(credit)}, instead of the lead {row['lead_id']}"
    facts: dict[str, object] = {
        "lead_id": row["lead_id"],
        "return_id": row["id"],
        "your_return_id": row["their_reference"],
        "status": "replacement_given",
        "replacement_lead_id": row["given_lead"],
        "credit": credit.text,
        "currency": currency,
        "test": row["mode"] == "test",
    }
    news = News(RETURN_DECIDED, Role.BUYER, row["buyer_id"], row["sale_id"], now, facts)
    event = (month_of(now), now, sentence)
    return await market.db.write(give_lead, row["id"], row["given_sale"], credit.units, made, event, tell(market, news))
