"""What a provider fetches from us to deliver it: drawn again from the lead, for whoever has the link, for a while."""

from __future__ import annotations

from exchange.connector import Terms
from exchange.flows.deliver import award_of
from exchange.flows.links import PAGE, SAMPLE_PAGE, BadLink, Link, read_link
from exchange.flows.market import Market
from exchange.flows.settle import terms_of
from exchange.flows.stored_lead import stored_lead
from exchange.flows.trial import NoSuchSample, Trial, pick_lead, stand_in_contract, trial_award, trial_terms
from exchange.model.actor import SYSTEM
from exchange.model.delivery import DeliveryState
from exchange.storage.deliveries import read_delivery
from exchange.storage.selling import read_attempt, read_lead

_OVER = frozenset(
    each.value for each in (DeliveryState.REFUSED, DeliveryState.FAILED, DeliveryState.BOUNCED, DeliveryState.CANCELLED)
)


async def page_of(market: Market, token: str) -> bytes | BadLink:
    """The PDF of the delivery that the link names, or of a test; else why there is none."""
    link = read_link(market, token)
    if isinstance(link, BadLink):
        return link
    if link.kind == SAMPLE_PAGE:
        return await _of_a_test(market, link)
    return await _of_a_delivery(market, link) if link.kind == PAGE else BadLink.UNKNOWN


async def _of_a_delivery(market: Market, link: Link) -> bytes | BadLink:
    attempt = await market.db.read(read_attempt, link.attempt_id)
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


async def _of_a_test(market: Market, link: Link) -> bytes | BadLink:
    """A sample has no lead: it is made again."""
    name, (contract_id, _, wanted) = link.attempt_id, link.detail.partition(" ")
    connection = market.connections.get(name)
    if connection is None or connection.hands_out is None:
        return BadLink.UNKNOWN
    contract = market.deals.contracts.get(contract_id) or stand_in_contract(market, name)
    try:
        trial = Trial(contract, connection, "post", await pick_lead(market, contract, wanted, SYSTEM), sample=wanted)
    except NoSuchSample:
        return BadLink.OVER
    return connection.hands_out.pdf(trial.lead, trial_award(trial), contract, trial_terms(market, trial))
