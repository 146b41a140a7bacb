"""One moment's market, compiled before a lead comes, and of the next moment only what changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import NamedTuple

from exchange import limits
from exchange.fields.area_codes import AREAS
from exchange.fields.places import ZIPS, Places
from exchange.fields.table import Tables
from exchange.flows.hearers import Hearers, compile_hearers
from exchange.flows.shapes import Shapes
from exchange.flows.simulated import simulated_parties
from exchange.model.money import Money
from exchange.model.party import Buyer, Campaign, Contract, Payout, Seller
from exchange.model.vertical import Vertical
from exchange.stages.duplicates.windows import windows_of
from exchange.stages.eligible import Book, compile_book
from exchange.stages.gate import Gatekeeper, keep_gate
from exchange.stages.normalize import Names, compile_names
from exchange.stages.price import reserve
from exchange.stages.scrub.lead import Terms, compile_terms
from exchange.storage.parties import KeyRow, Parties


class Variant(NamedTuple):
    """A campaign's terms with another payout or floor, and the least price of a lead under them."""

    campaign: Campaign
    reserve: Money | None


class Intake(NamedTuple):
    """What a campaign's leads meet first: how its fields are called, what is mended, who is let in, its least price."""

    campaign: Campaign
    vertical: Vertical
    names: Names
    scrub_terms: Terms
    gate: Gatekeeper | None  # None when the campaign asks nothing of its own
    reserve: Money | None  # of leads without a `min_price`

    def stands_for(self, campaign: Campaign, vertical: Vertical) -> bool:
        """Whether it needs no making again."""
        return self.vertical is vertical and self.campaign == campaign


@dataclass(frozen=True, slots=True)
class Deals:
    """One moment's shapes, sellers, campaigns, buyers and contracts, compiled. A new version replaces it whole."""

    version: int
    shapes: Shapes
    tables: Tables
    sellers: Mapping[str, Seller]
    campaigns: Mapping[str, Campaign]
    buyers: Mapping[str, Buyer]
    contracts: Mapping[str, Contract]
    keys: Mapping[bytes, KeyRow]
    books: Mapping[str, Book]  # by vertical, of the contracts that are asked
    stores: Mapping[str, Book]  # by vertical, of those that buy in the store
    intakes: Mapping[str, Intake]  # by campaign
    hearers: Hearers
    memory_days: int  # how long sightings of people are of use to anybody
    variants: dict[tuple[str, Payout, Money], Variant] = field(default_factory=dict)  # by campaign, as leads asked for

    def key(self, secret: str, now: int) -> KeyRow | None:
        """The key a secret belongs to, while it is good. By its hash, so that timing tells nothing about others."""
        found = self.keys.get(sha256(secret.encode()).digest())
        return None if found is None or (found.expires_at is not None and found.expires_at <= now) else found

    def names(self, campaign_id: str) -> Names | None:
        """How a campaign's fields are called; None when it is gone."""
        met = self.intakes.get(campaign_id)
        return met.names if met is not None else None

    def cap_windows(self, now: int) -> Iterator[Iterable[tuple[str, int]]]:
        """Of campaigns with caps of their own, the windows of now by cap key."""
        return (met.gate.cap_windows(now) for met in self.intakes.values() if met.gate is not None)

    def buyer_name(self, contract_id: str) -> str:
        """Who buys by this contract, as people call it; the contract's id when it is gone."""
        contract = self.contracts.get(contract_id)
        buyer = self.buyers.get(contract.buyer_id) if contract is not None else None
        return buyer.name if buyer is not None else contract_id


def compile_deals(parties: Parties, shapes: Shapes, tables: Tables, before: Deals | None = None) -> Deals:
    """Everything that can be worked out before a lead comes is worked out here; what stands as `before` is kept."""
    verticals = shapes.verticals
    made_buyers, made_contracts = simulated_parties(
        verticals.values(), (campaign.currency for campaign in parties.campaigns)
    )
    all_buyers = (*parties.buyers, *made_buyers)
    all_contracts = (*parties.contracts, *made_contracts)
    campaigns = {campaign.id: campaign for campaign in parties.campaigns}
    shelf = {name for name, connection in shapes.connections.items() if connection.in_store}
    asked = [contract for contract in all_contracts if contract.connection not in shelf]
    takers = [contract for contract in all_contracts if contract.connection in shelf]
    intakes = _intakes(campaigns.values(), verticals, tables, before)
    return Deals(
        parties.version,
        shapes,
        tables,
        {seller.id: seller for seller in parties.sellers},
        campaigns,
        {buyer.id: buyer for buyer in all_buyers},
        {contract.id: contract for contract in all_contracts},
        {key.hash: key for key in parties.keys},
        _books(asked, all_buyers, verticals, tables, before.books if before else {}),
        _books(takers, all_buyers, verticals, tables, before.stores if before else {}),
        intakes,
        compile_hearers(parties.endpoints, parties.campaigns),
        _memory_days(parties, verticals.values()),
    )


def _books(
    contracts: Sequence[Contract],
    buyers: Sequence[Buyer],
    verticals: Mapping[str, Vertical],
    tables: Tables,
    before: Mapping[str, Book],
) -> dict[str, Book]:
    places, areas = tables.value(ZIPS), tables.value(AREAS)
    return {
        name: compile_book(contracts, buyers, vertical, places, before.get(name), areas)
        for name, vertical in verticals.items()
    }


def _intakes(
    campaigns: Iterable[Campaign], verticals: Mapping[str, Vertical], tables: Tables, before: Deals | None
) -> dict[str, Intake]:
    kept = before.intakes if before is not None and before.tables is tables else {}
    places = tables.value(ZIPS)
    return {
        campaign.id: known
        if (known := kept.get(campaign.id)) is not None and known.stands_for(campaign, verticals[campaign.vertical])
        else _open(campaign, verticals[campaign.vertical], places)
        for campaign in campaigns
    }


def _open(campaign: Campaign, vertical: Vertical, places: Places) -> Intake:
    return Intake(
        campaign,
        vertical,
        compile_names(vertical, campaign, places),
        compile_terms(vertical, campaign),
        keep_gate(campaign, vertical),
        reserve(campaign, None),
    )


def _memory_days(parties: Parties, verticals: Iterable[Vertical]) -> int:
    """The longest window of any campaign, vertical or contract, and never less than the map of sellers shows."""
    windows = [windows_of(campaign, None) for campaign in parties.campaigns]
    windows += [windows_of(None, vertical) for vertical in verticals]
    return max(limits.MAP_DAYS, *(each.longest for each in windows), *(one.duplicate_days for one in parties.contracts))
