"""How often buyers take what they bid for, give it back, and how often a refused lead is sold to another.

Learned from counted posts: each contract is drawn to its buyer and each buyer to all, each seller to all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from exchange.model.worth import NO_WORTH, WHOLE, Odds, Worth
from exchange.stages.quality.rates import BY_NAME, Measure, Rate, rate_of, tree
from exchange.stages.quality.shrink import USUAL, Tally, exposed, total

Row = Mapping[str, Any]
TAKEN = Measure("taken", "Taken", True, "posts", "The buyer took the lead that it had bid for.")
ALIVE = Measure("alive", "Lives on", True, "refused posts", "A lead that one buyer refused was sold to another.")
_EXPECTED_TAKEN, _EXPECTED_ALIVE = 0.9, 0.5  # before anything is known
_LEAST = 0.02  # a buyer that took nothing is not left without a chance for ever


@dataclass(frozen=True)
class Buyer:
    """One buyer's record. `bid_units` and `price_units` are of the posts it took: what it had bid, and what it paid.

    `lowered` of them it paid less for than it had bid. One that buys in several currencies has none, and no amounts.
    """

    buyer_id: str
    currency: str
    posts: int
    taken_posts: int
    lowered: int
    bid_units: int
    price_units: int
    taken: Rate
    back: Rate
    conversion: Rate
    contact: Rate
    sold: int
    lost_units: int
    spent_units: int


@dataclass(frozen=True)
class Bidding:
    """One vertical's buyers, and the worth of bids for each seller's leads, as the line looks them up."""

    buyers: Mapping[str, Buyer] = field(default_factory=dict)
    contracts: Mapping[str, Rate] = field(default_factory=dict)
    alive: Mapping[str, Rate] = field(default_factory=dict)
    worths: Mapping[str, Worth] = field(default_factory=dict)
    usual: Worth = NO_WORTH

    def worth(self, seller_id: str) -> Worth:
        return self.worths.get(seller_id, self.usual)


def bidding(posts: Iterable[Row], sales: Iterable[Row]) -> Bidding:
    """From sums of posts by contract and seller (`post_sums`) and of sales by buyer (`sale_sums`)."""
    posts, by_buyer = list(posts), {row["buyer_id"]: row for row in sales}
    taken = tree(TAKEN, _taken(posts), _EXPECTED_TAKEN)
    everyone = {name: _of_buyers(name, by_buyer) for name in ("return", "conversion", "contact")}
    alive_tallies = _alive(posts)
    everything = total(alive_tallies.values())
    base = (everything.hits + USUAL * _EXPECTED_ALIVE) / (max(everything.of, everything.hits) + USUAL)
    alive = {seller: rate_of(tally, base, USUAL, base, True) for seller, tally in alive_tallies.items()}
    back = everyone["return"]
    odds = {
        contract_id: Odds(_millionths(max(rate.value, _LEAST)), _millionths(_value(back.get(buyer_id))))
        for (buyer_id, contract_id), rate in taken.subs.items()
    }
    usual = Odds(_millionths(taken.base), _millionths(next((rate.base for rate in back.values()), 0.0)))
    worths = {seller: Worth(_millionths(rate.value), usual, odds) for seller, rate in alive.items()}
    names = sorted({*by_buyer, *taken.sellers})
    buyers = {buyer: _buyer(buyer, posts, taken.sellers, everyone, by_buyer) for buyer in names}
    contracts = {contract_id: rate for (_, contract_id), rate in taken.subs.items()}
    return Bidding(buyers, contracts, alive, worths, Worth(_millionths(base), usual, odds))


def _value(rate: Rate | None) -> float:
    return rate.value if rate is not None else 0.0


def _millionths(chance: float) -> int:
    return round(min(max(chance, 0.0), 1.0) * WHOLE)


def _taken(posts: Iterable[Row]) -> dict[tuple[str, str], Tally]:
    found: dict[tuple[str, str], Tally] = {}
    for row in posts:
        key = (row["buyer_id"], row["contract_id"])
        taken, posted = row["taken"], row["posts"]
        one = Tally(row["taken_short"] / WHOLE, row["posts_short"] / WHOLE, taken, posted, taken, posted)
        found[key] = found.get(key, Tally()).plus(one)
    return found


def _alive(posts: Iterable[Row]) -> dict[str, Tally]:
    found: dict[str, Tally] = {}
    for row in posts:
        refused, plain = row["posts_short"] - row["taken_short"], row["posts"] - row["taken"]
        alive = row["refused_alive"]
        one = Tally(row["alive_short"] / WHOLE, refused / WHOLE, alive, plain, alive, plain)
        found[row["seller_id"]] = found.get(row["seller_id"], Tally()).plus(one)
    return found


def _of_buyers(measure: str, rows: Mapping[str, Row]) -> Mapping[str, Rate]:
    """A rate of sold leads, buyer by buyer."""
    found = {(buyer, ""): _tally(measure, row) for buyer, row in rows.items()}
    return tree(BY_NAME[measure], found).sellers


def _tally(measure: str, row: Row) -> Tally:
    sold = row["sold"]
    match measure:
        case "contact":
            hits, of, told = row["contact_hits"], row["contact_of"], row["contacted"]
        case "conversion":
            hits, told = row["conversion_hits"], row["converted"]
            of = exposed(row["conversion_fading"], row["conversion_open"], row["conversion_ended"])
        case _:
            hits, of, told = row["return_hits"], row["return_hits"] + row["return_fading"], row["returned"]
    return Tally(hits / WHOLE, of / WHOLE, told, sold, told, sold)


def _buyer(
    buyer_id: str,
    posts: Iterable[Row],
    taken: Mapping[str, Rate],
    everyone: Mapping[str, Mapping[str, Rate]],
    sales: Mapping[str, Row],
) -> Buyer:
    own = [row for row in posts if row["buyer_id"] == buyer_id]
    sold = sales.get(buyer_id)
    nothing = Rate(_EXPECTED_TAKEN * USUAL, (1 - _EXPECTED_TAKEN) * USUAL, _EXPECTED_TAKEN, 0, 0, True)
    empty = Rate(1e-3, USUAL, 0.0, 0, 0)
    currencies = {row["currency"] for row in (*own, *([sold] if sold is not None else []))}
    currency = currencies.pop() if len(currencies) == 1 else ""
    bid, paid = (sum(row[name] for row in own) if currency else 0 for name in ("bid_units", "price_units"))
    return Buyer(
        buyer_id,
        currency,
        sum(row["posts"] for row in own),
        sum(row["taken"] for row in own),
        sum(row["lowered"] for row in own),
        bid,
        paid,
        taken.get(buyer_id, nothing),
        everyone["return"].get(buyer_id, empty),
        everyone["conversion"].get(buyer_id, empty),
        everyone["contact"].get(buyer_id, empty),
        sold["sold"] if sold is not None else 0,
        sold["lost_units"] if sold is not None and currency else 0,
        sold["price_units"] if sold is not None and currency else 0,
    )


def source_rates(measure: str, rows: Iterable[Row]) -> Mapping[tuple[str, str], Rate]:
    """A rate of sold leads by seller and sub id, as of one buyer's own sums."""
    return tree(BY_NAME[measure], {(row["seller_id"], row["sub_id"]): _tally(measure, row) for row in rows}).subs


def band_tallies(rows: Iterable[Row], band: Callable[[str, str], str]) -> dict[str, Tally]:
    """Conversions of one buyer by the band of its sources."""
    found: dict[str, Tally] = {}
    for row in rows:
        name = band(row["seller_id"], row["sub_id"])
        found[name] = found.get(name, Tally()).plus(_tally("conversion", row))
    return found
