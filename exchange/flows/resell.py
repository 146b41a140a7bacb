"""Sell a lead again: one that a buyer was silent about until its contract's rule said: not taken, or gave back.

The sale is opened again from the stored lead. Nobody who was asked to buy it is asked again, what was sold stays sold,
and the seller, who was told `queued`, hears in the end. What was given back is offered to contracts for leftover leads
alone: its first buyer had the consumer, so nobody gets it as exclusive any more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson

from exchange.clock import month_of
from exchange.flows.case import Case, own_case, request_row
from exchange.flows.check_suppression import listed
from exchange.flows.checks import deciding
from exchange.flows.jobs import RESALE
from exchange.flows.lead_terms import from_least, with_terms
from exchange.flows.market import Market
from exchange.flows.place import Placed
from exchange.flows.sell import Sold, sell
from exchange.flows.settle import claim_until
from exchange.flows.stored_lead import stored_lead
from exchange.flows.submit import Closer
from exchange.flows.tell import tell_seller
from exchange.model.auction import Bid, Progress
from exchange.model.money import Money
from exchange.model.party import SaleMode, State
from exchange.model.work import Closing, JobRow, LeadState, Move, state_after
from exchange.storage.database import Row
from exchange.storage.requests import open_resale
from exchange.storage.resales import returned_attempts, take_returned
from exchange.storage.selling import advance, lead_attempts, read_lead

_UNDER_WAY = ("reserved", "sending")
_MAY_BE_SOLD = ("accepted", "pending", "unclear")


class StillUnderWay(Exception):
    """A delivery of this lead has no outcome yet; the job comes again."""


async def resell(market: Market, payload: Mapping[str, object]) -> None:
    """Run one resale to its end. A second run of the same job finds nothing to do.

    `nurture` is for one that a plan brings: its `least_units` instead of the floor, and the `contracts` it may ask.
    """
    lead_id, return_id, now = str(payload["lead_id"]), payload.get("return_id"), market.clock.now()
    if return_id is not None:
        late = now >= int(str(payload["until"]))
        if not await market.db.write(take_returned, str(return_id), now, late=late):
            return
    lead = await market.db.write(read_lead, lead_id)
    if lead is None or lead["state"] not in (LeadState.SELLING.value, LeadState.SOLD.value):
        return
    attempts = await market.db.write(lead_attempts, lead["id"])
    if any(row["state"] in _UNDER_WAY for row in attempts):
        raise StillUnderWay(lead["id"])
    case = await _case(market, lead)
    if case is None:
        await _give_up(market, lead, attempts)
        return
    nurtured: Mapping[str, Any] | None = _mapping(payload.get("nurture"))
    if return_id is not None:
        case, attempts = await _as_leftover(market, case, attempts)
    elif nurtured and nurtured["least_units"] is not None:
        case = from_least(case, Money(nurtured["least_units"], case.currency))
    bought = await market.db.write(
        open_resale, request_row(case, market, b"", RESALE), case.phone_index, case.email_index
    )
    before = _placed(attempts, case.currency)
    if return_id is not None:
        before = before._replace(progress=_leftover_only(case, before.progress))
    elif nurtured:
        before = before._replace(progress=_these_only(case, before.progress, nurtured["contracts"]))
    sold = await sell(case.knowing(bought), market, None, before)
    again = nurtured is not None and not sold.placed.sales  # the seller heard long ago that it is unsold
    jobs = () if again else _jobs(market, lead, before, sold)
    await Closer(market, _as_json, None).close(case, sold.answer, sold.state, sold=sold, jobs=jobs)


async def _case(market: Market, lead: Row) -> Case | None:
    """The lead as it was understood, under the deals of now. None when it may not be sold any more."""
    campaign, vertical = market.deals.campaigns.get(lead["campaign_id"]), market.verticals.get(lead["vertical"])
    if campaign is None or vertical is None or campaign.state is not State.ACTIVE:
        return None
    found = await stored_lead(market, lead, campaign)
    if found is None:
        return None
    case = listed(own_case(lead, found, campaign, vertical, market, "exchange"), market)
    return with_terms(case, market) if deciding(case.findings) is None else None


async def _as_leftover(market: Market, case: Case, attempts: Sequence[Row]) -> tuple[Case, list[Row]]:
    """The lead with one more slot for each sale that was given back, all of its sales shared from now on."""
    returned = await market.db.write(returned_attempts, case.lead.id)
    campaign = replace(case.campaign, slots=case.campaign.slots + len(returned))
    shared: list[Row] = [{**row, "exclusive": 0} if row["id"] in returned else row for row in attempts]
    return case._replace(campaign=campaign), shared


def _placed(attempts: Sequence[Row], currency: str) -> Placed:
    """How far selling has come: what is sold or may be, and everybody who was asked before."""
    taken = [row for row in attempts if row["state"] in _MAY_BE_SOLD]
    bids = {row["id"]: _bid(row, currency) for row in taken}
    progress = Progress(
        tuple(bids[row["id"]] for row in taken if row["state"] == "accepted"),
        tuple(bids[row["id"]] for row in taken if row["state"] != "accepted"),
        frozenset(row["contract_id"] for row in attempts),
    )
    return Placed(progress, slots=frozenset(row["slot"] for row in taken))


def _leftover_only(case: Case, progress: Progress) -> Progress:
    """Nobody is asked but those who said that they take what others left."""
    contracts = case.deals.books[case.vertical.name].contracts
    others = (each.id for each in contracts if each.sale_mode is not SaleMode.LEFTOVER)
    return progress._replace(refused=progress.refused | frozenset(others))


def _these_only(case: Case, progress: Progress, contracts: Sequence[str]) -> Progress:
    """Nobody is asked but these; every contract may be when none is named."""
    others = (each.id for each in case.deals.books[case.vertical.name].contracts if each.id not in contracts)
    return progress._replace(refused=progress.refused | frozenset(others)) if contracts else progress


def _mapping(value: object) -> Mapping[str, Any] | None:
    return value if isinstance(value, Mapping) else None


def _bid(attempt: Row, currency: str) -> Bid:
    price = Money(attempt["price_units"], currency)
    return Bid(attempt["contract_id"], attempt["leg"], price, bool(attempt["exclusive"]), None, None)


def _jobs(market: Market, lead: Row, before: Placed, sold: Sold) -> tuple[JobRow, ...]:
    """What the seller is told, unless it stays as it was or nobody knows yet."""
    waits = sold.state in (LeadState.UNCLEAR, LeadState.PENDING)
    if waits or (before.progress.sold and not sold.placed.sales):
        return ()
    units = lead["payout_units"]
    for settlement in sold.placed.sales:
        assert settlement.sale is not None
        units += settlement.sale.payout_units
    campaign = market.deals.campaigns[lead["campaign_id"]]
    return tell_seller(market, campaign, lead, sold.state, Money(units, lead["currency"]), market.clock.now())


async def _give_up(market: Market, lead: Row, attempts: Sequence[Row]) -> None:
    """The campaign is closed, or the consumer's values were erased: the lead ends as its deliveries left it."""
    now = market.clock.now()
    state = state_after([row["state"] for row in attempts])
    campaign = market.deals.campaigns.get(lead["campaign_id"])
    earned = Money(lead["payout_units"], lead["currency"])
    unsold = state is LeadState.UNSOLD
    closing = Closing(
        lead["id"],
        month_of(now),
        now,
        state,
        "buyer_rejected" if unsold else None,
        None,
        claim_until(market, lead, state, now),
        jobs=tell_seller(market, campaign, lead, state, earned, now) if campaign is not None and unsold else (),
        event="It could not be sold again: its campaign is closed, or its consumer is erased or not to be sold.",
    )
    await market.db.write(advance, Move(closing=closing))


def _as_json(fields: Mapping[str, Any], _: str, __: str = "") -> tuple[bytes, str]:
    return orjson.dumps(fields), "application/json"
