"""A delivery that a person decides on, by telephone or on a page: how it stands, and what they may be told."""

from __future__ import annotations

from collections.abc import Mapping

from exchange.connector import Scene
from exchange.fields.area_codes import AREAS
from exchange.flows.connection import Connection
from exchange.flows.links import Link, make_link
from exchange.flows.market import Market
from exchange.flows.stored_lead import stored_lead
from exchange.model.auction import AttemptState
from exchange.model.delivery import ARRIVED, OUT, DeliveryState
from exchange.model.lead import Lead
from exchange.model.party import Contract
from exchange.stages.calling import next_call, whereabouts_of, why_not
from exchange.stages.offer import shareable
from exchange.stages.schedule import NEVER, next_opening
from exchange.storage.database import Row
from exchange.storage.deliveries import read_delivery
from exchange.storage.selling import read_attempt, read_lead

HOOKS = "/hooks/"
PAGE = "/take/"
LEAD = "lead"
"""A kind of link: a page that shows the lead to whoever takes it."""
_PAGE_MS = 7 * 86_400_000
_BOOKED = AttemptState.ACCEPTED.value
_UNDECIDED = (AttemptState.PENDING.value, AttemptState.UNCLEAR.value)


async def set_scene(market: Market, connection: str, delivery_id: str) -> Scene | None:
    """None when there is no such delivery of this connection, or its lead's values were erased."""
    delivery = await market.db.read(read_delivery, delivery_id)
    if delivery is None or delivery["connection"] != connection:
        return None
    attempt = await market.db.read(read_attempt, delivery_id)
    row = await market.db.read(read_lead, delivery["lead_id"])
    lead = await values_of(market, row)
    if attempt is None or lead is None:
        return None
    vertical = market.verticals.get(lead.vertical)
    public = shareable(vertical) if vertical is not None else frozenset()
    refused = why_not(whereabouts_of(lead, market.places, market.tables.value(AREAS)), market.clock.now())
    consumer = lead.text("phone") if refused is None else None
    number = delivery["provider_ref"] if delivery["state"] != DeliveryState.SENDING.value else None
    return Scene(delivery_id, stage_of(delivery, attempt), lead, public, consumer, refused or "", number)


def stage_of(delivery: Row, attempt: Row) -> str:
    """`theirs` only once it is booked: nobody hears of a lead that somebody else might get."""
    state = DeliveryState(delivery["state"])
    if state in ARRIVED:
        return "theirs" if attempt["state"] == _BOOKED else "coming" if attempt["state"] in _UNDECIDED else "over"
    return "open" if state in OUT and attempt["state"] in (_BOOKED, *_UNDECIDED) else "over"


async def values_of(market: Market, row: Row | None) -> Lead | None:
    """The lead's values; None when they were erased."""
    campaign = market.deals.campaigns.get(row["campaign_id"]) if row is not None else None
    return await stored_lead(market, row, campaign) if row is not None and campaign is not None else None


def next_hour(market: Market, connection: Connection, contract: Contract, lead: Lead, now: int) -> int:
    """When a delivery may ring somebody at the earliest; `now` for one that rings nobody."""
    if connection.rings is None:
        return now
    opens = next_opening(contract, now)
    then = NEVER if opens is None else opens
    if connection.rings.consumer_hours:
        called = next_call(
            whereabouts_of(lead, market.places, market.tables.value(AREAS)), then if then != NEVER else now
        )
        then = max(then, called) if called is not None else then
    return then


def own_links(market: Market, connection: Connection, name: str, delivery_id: str) -> Mapping[str, str]:
    """Addresses of ours that its connector needs: where it is called back, and the page it points to."""
    hooks = f"{market.public_url}{HOOKS}{name}"
    links: dict[str, str] = {}
    if connection.calls is not None:
        links["call"] = f"{hooks}/call/{delivery_id}"
    if connection.offers_page:
        links["hook"] = f"{hooks}/{delivery_id}"
        until = market.clock.now() + _PAGE_MS
        links["lead"] = make_link(market, Link(delivery_id, LEAD, name, until), PAGE)
    return links
