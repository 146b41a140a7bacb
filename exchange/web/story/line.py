"""One line of a timeline, the sections they stand in, and the names they speak of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from exchange.flows.market import Market
from exchange.web.story.records import Story
from exchange.web.story.wire import Exchange

_BIDDER = re.compile(r"(^Auction: |^Then |, )([^,:]+?)( wins at | )(\d{1,9}\.\d{2,4})(?![\w.])")


@dataclass(frozen=True, slots=True)
class Line:
    """One line. `at` is epoch ms; `offset_ms` counts from the first request, None once it was answered."""

    at: int
    offset_ms: float | None
    icon: str
    tone: str
    title: str
    facts: str = ""
    took: str = ""
    big: bool = False
    skipped: bool = False
    exchanges: tuple[Exchange, ...] = ()
    mono: bool = False

    def fields(self) -> dict[str, Any]:
        return {
            "at": self.at,
            "offset_ms": self.offset_ms,
            "title": self.title,
            "facts": self.facts,
            "took": self.took,
            "skipped": self.skipped,
            "exchanges": [each.fields() for each in self.exchanges],
        }


@dataclass(frozen=True, slots=True)
class Section:
    """`first` is the one whose first line tells the time of day; all others count from it."""

    id: str
    name: str
    about: str
    lines: tuple[Line, ...]
    first: bool = False


def buyer_name(market: Market, contract_id: str) -> str:
    contract = market.deals.contracts.get(contract_id)
    buyer = market.deals.buyers.get(contract.buyer_id) if contract is not None else None
    return buyer.name if buyer is not None else contract_id


def bidders(market: Market, story: Story) -> Mapping[tuple[str, str], str]:
    """Buyers by the name of their contract and what it bid: two buyers may call theirs alike."""
    names: dict[tuple[str, str], str] = {}
    for trail in story.trails:
        for line in trail["asked"]:
            contract = market.deals.contracts.get(line["contract"])
            if contract is not None:
                names |= {(contract.name, bid["price"]): buyer_name(market, contract.id) for bid in line["bids"]}
    for contract in market.deals.contracts.values():
        for price in (contract.price, contract.shared_price):
            if price is not None:
                names.setdefault((contract.name, price.text), buyer_name(market, contract.id))
    return names


def named(text: str, names: Mapping[tuple[str, str], str]) -> str:
    """A sentence about an auction, with buyers where its record names contracts."""
    return _BIDDER.sub(lambda found: found[1] + names.get((found[2], found[4]), found[2]) + found[3] + found[4], text)
