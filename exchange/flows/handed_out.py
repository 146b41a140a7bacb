"""What a provider fetches from us to deliver it: drawn again from the lead, for whoever has the link, for a while."""

from __future__ import annotations

from exchange.connector import Terms
from exchange.flows.deliver import award_of
from exchange.flows.links import PAGE, BadLink, read_link
from exchange.flows.market import Market
from exchange.flows.settle import terms_of
from exchange.flows.stored_lead import stored_lead
from exchange.model.delivery import DeliveryState
from exchange.storage.deliveries import read_delivery
from exchange.storage.selling import read_attempt, read_lead

_OVER = frozenset(
    each.value for each in (DeliveryState.REFUSED, DeliveryState.FAILED, DeliveryState.BOUNCED, DeliveryState.CANCELLED)
)


async def page_of(market: Market, token: str) -> bytes | BadLink:
    """The PDF of the delivery that the link names, or why there is none for it."""
    link = read_link(market, token)
    if isinstance(link, BadLink):
        return link
    attempt = await market.db.read(read_attempt, link.attempt_id) if link.kind == PAGE else None
    delivery = await market.db.read(read_delivery, link.attempt_id)
    contract = await terms_of(market, attempt) if attempt is not None else None
    if attempt is None or delivery is None or contract is None:
        return BadLink.UNKNOWN
    connection = market.connections.get(contract.connection)
    row = await market.db.read(read_lead, attempt["lead_id"])
    campaign = market.deals.campaigns.get(row["campaign_id"]) if row is not None else None
    if connection is None or connection.hands_out is None or row is None or campaign is None:
        return BadLink.UNKNOWN
    lead = await stored_lead(market, row, campaign)
    if lead is None or delivery["state"] in _OVER:
        return BadLink.OVER
    terms = Terms(market.clock.now(), attempt["reference"], connection.secrets)
    return connection.hands_out.pdf(lead, award_of(attempt), contract, terms)
