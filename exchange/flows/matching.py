"""What terms would have taken lately, counted over recorded leads with the very checks the auction uses.

Each lead is judged at the moment it came: its filters, place, source, grade, consent and hours. What only that moment
knew is left out: caps, balances, who was slow, and whether the contract was paused.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from exchange.flows.deals import Deals
from exchange.flows.market import Market
from exchange.flows.recorded import Reader, fields_looked_at, needs_opening
from exchange.flows.trail import read_trail
from exchange.model.auction import Bid, Progress
from exchange.model.lead import Mode
from exchange.model.money import Money
from exchange.model.party import Buyer, Campaign, Contract, SaleMode, State
from exchange.stages.auction import Rules, run_auction
from exchange.stages.eligible import Book, Facts, compile_book, judge
from exchange.stages.floor_trial import held_out
from exchange.stages.price import fixed_bids
from exchange.storage.database import Row
from exchange.storage.recorded import offered_leads, trails_of_leads

DAYS = 7
LEADS_MOST = 5_000
"""So many of the newest leads are judged, in well under a second. Of more, the count says how far back they reach."""
WINS_MOST = 1_000
"""Over so many of the newest leads that match it is worked out who would have won."""

_DAY_MS = 86_400_000
_PLENTY_UNITS = 10**15  # a balance that never keeps a contract from buying


@dataclass(frozen=True, slots=True)
class Matches:
    """`leads` were judged, `matched` of them fit; they reach `span_ms` back, which is less than `days` when there were
    too many to judge them all (`whole` is False). Of `played` of them, `won` would have gone to it at `price`.
    """

    leads: int
    matched: int
    days: int
    span_ms: int
    whole: bool
    price: Money | None = None
    won: int = 0
    played: int = 0

    @property
    def per_day(self) -> float:
        return self.matched * _DAY_MS / self.span_ms if self.span_ms else 0.0


async def matching(market: Market, contract: Contract, buyer: Buyer, price: Money | None, days: int = DAYS) -> Matches:
    """Count for a contract as it is, or as it would be. Raises `BadBook` when it cannot be compiled."""
    now = market.clock.now()
    vertical = market.verticals[contract.vertical]
    awake = replace(contract, state=State.ACTIVE, mode=Mode.LIVE)
    owner = replace(buyer, state=State.ACTIVE, away_until=None)
    book = compile_book([awake], [owner], vertical, market.places)
    opened = needs_opening([awake], vertical)
    since, currency = now - days * _DAY_MS, contract.max_bid.currency
    rows = await market.db.read(offered_leads, vertical.name, currency, since, LEADS_MOST + 1, opened=opened)
    judged, whole = rows[:LEADS_MOST], len(rows) <= LEADS_MOST
    fitting = await asyncio.to_thread(_fitting, market, book, judged, opened)
    span_ms = days * _DAY_MS if whole else now - judged[-1]["received_at"]
    found = Matches(len(judged), len(fitting), days, span_ms, whole, price)
    if price is None or not fitting:
        return found
    played = fitting[:WINS_MOST]
    trails = await market.db.read(trails_of_leads, [row["id"] for row in played])
    won = await asyncio.to_thread(_won, market.deals, awake, price, played, trails)
    return replace(found, won=won, played=len(played))


def _fitting(market: Market, book: Book, rows: Sequence[Row], opened: bool) -> list[Row]:
    """Those that the book's one contract could have had."""
    found = []
    reader = Reader(market, fields_looked_at(book.contracts, book.vertical), opened=opened)
    plenty = {each.buyer_id: Money(_PLENTY_UNITS, each.max_bid.currency) for each in book.contracts}
    for row in rows:
        lead = reader.lead(row)
        if lead is None:
            continue
        seller = market.deals.sellers.get(row["seller_id"])
        name = seller.name if seller is not None else row["seller_id"]
        facts = Facts(seller_name=name, available=plenty)
        if judge(book, lead, facts, row["received_at"]).eligible:
            found.append(row)
    return found


def _won(
    deals: Deals, contract: Contract, price: Money, rows: Sequence[Row], trails: Iterable[tuple[str, bytes]]
) -> int:
    """How many of the leads the contract would have bought at `price`, against the bids recorded for each."""
    records: dict[str, list[bytes]] = defaultdict(list)
    for lead_id, document in trails:
        records[lead_id].append(document)
    return sum(
        _wins(deals, contract, price, row, [read_trail(document) for document in records[row["id"]]]) for row in rows
    )


def _wins(deals: Deals, contract: Contract, price: Money, row: Row, trails: Sequence[Mapping[str, Any]]) -> bool:
    """Its bid beside those of the others, tier after tier, under the campaign's terms as they are now."""
    campaign = deals.campaigns.get(row["campaign_id"])
    if campaign is None or campaign.currency != price.currency:
        return False
    least = deals.intakes[campaign.id].reserve
    if least is None:
        return False
    floor = dict(campaign.floors).get(row["us_state"] or "")
    if floor is not None and least < floor and not held_out(row["id"], campaign.floor_holdout_bp):
        least = floor
    contracts = {**deals.contracts, contract.id: contract}
    own = _own(contract, price, campaign)
    bids = [*own, *(bid for bid in _others(deals, campaign, trails) if bid.contract_id != contract.id)]
    for tier in campaign.tiers:
        here = [bid for bid in bids if contracts[bid.contract_id].tier == tier.number]
        rules = Rules(tier.strategy, campaign.slots, least, campaign.exclusive_only, 0.5)
        plan = run_auction(here, contracts, rules, Progress(), row["received_at"])
        if plan.winners:
            return any(bid.contract_id == contract.id for bid in plan.winners)
    return False


def _own(contract: Contract, price: Money, campaign: Campaign) -> list[Bid]:
    """What it would bid. One that buys both ways shares at its shared price, where it has one."""
    shared = contract.shared_price if contract.sale_mode is SaleMode.EITHER else None
    return fixed_bids([replace(contract, price=price, shared_price=shared, price_rules=())], campaign.slots)


def _others(deals: Deals, campaign: Campaign, trails: Sequence[Mapping[str, Any]]) -> list[Bid]:
    """The bids of the lead's rounds: live ones as they were made, fixed prices as they stand, of whoever could buy."""
    found: dict[tuple[str, str, bool], Bid] = {}
    fixed: dict[str, Contract] = {}
    for trail in trails:
        for asked in trail.get("asked", ()):
            if asked["contract"] in deals.contracts:
                for bid in asked["bids"]:
                    made = _bid(asked["contract"], bid, campaign.currency)
                    found[(made.contract_id, made.leg, made.exclusive)] = made
        for contract_id, verdict in trail.get("verdicts", {}).items():
            contract = deals.contracts.get(contract_id)
            if contract is not None and contract.price is not None:
                fixed.pop(contract_id, None)
                if not verdict["failed"] and contract.max_bid.currency == campaign.currency:
                    fixed[contract_id] = contract
    return [*found.values(), *fixed_bids(fixed.values(), campaign.slots)]


def _bid(contract_id: str, told: Mapping[str, Any], currency: str) -> Bid:
    price = Money.parse(told["price"], currency)
    return Bid(contract_id, told["leg"], price, told["exclusive"], told.get("reference"), None)
