"""What the records of requests come to, as it is kept: by day or hour, and by sizes of prices and durations."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

BidKey = tuple[str, int, str, str, str, int]

PRICE_UNITS = 2_500  # prices within a quarter are one size


class Ask(NamedTuple):
    """A contract was asked for a bid on a lead that came at `at`: what it said, and the highest price it bid,
    and the campaign's floor. `won` is 1 when that bid became a sale."""

    at: int
    lead_id: str
    contract_id: str
    asked_at: int
    said: str
    took_ms: int
    price_units: int
    floor_units: int
    mode: str
    won: int


class Counts(NamedTuple):
    """How often, by the keys of the tables that keep it.

    `pings` by day, mode, vertical, contract, kind and size; `bids` and `won` by facet, day, mode, vertical, currency
    and size; `answers` by hour, mode, vertical and size. `of_leads` are the sizes of what contracts bid beside their
    highest bids, `asks` each time a contract was asked. `sold` are asks of earlier requests that became a sale: when
    the lead came, its id, and the contract.
    """

    pings: Counter[tuple[int, str, str, str, str, int]]
    bids: Counter[BidKey]
    won: Counter[BidKey]
    answers: Counter[tuple[int, str, str, int]]
    of_leads: set[tuple[str, int]]
    asks: list[Ask]
    sold: set[tuple[int, str, str]]


def no_counts() -> Counts:
    return Counts(Counter(), Counter(), Counter(), Counter(), set(), [], set())
