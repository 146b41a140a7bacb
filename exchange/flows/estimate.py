"""What a file of leads would bring at current prices: fixed prices as they stand, bids as they were lately.

Each lead is judged by every contract as an import would. A contract that bids live is taken to bid as it did in the
last two weeks in the lead's state: how often, and how much. A sale counts as likely as the bid and the acceptance of
its post were, and takes its share of caps and balances, so that a full contract earns nothing more.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from exchange.flows.market import Market
from exchange.flows.trail import read_trail
from exchange.model.lead import Lead, Mode
from exchange.model.money import Money
from exchange.model.party import Campaign, Contract, SaleMode, Tier
from exchange.stages.caps import cap_parts
from exchange.stages.eligible import Facts, judge
from exchange.stages.price import fixed_bids, reserve
from exchange.storage.imports import recorded_rounds

DAYS = 14
_DAY_MS = 86_400_000
_ROUNDS = 3_000  # of the newest requests: enough to know a contract, read in half a second
_ENOUGH = 8  # answers of a contract in one state; with fewer those of all states are taken
_LOW, _HIGH = 0.25, 0.75


class _Usual(NamedTuple):
    """How a contract usually bids: how often, and the low, middle and high of its prices in money units."""

    rate: float
    low: int
    middle: int
    high: int


class _Chance(NamedTuple):
    """A sale that may come: to whom, at what prices, how likely."""

    contract: Contract
    exclusive: bool
    low: int
    middle: int
    high: int
    likely: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """What buyers would pay in all, as a range, and the seller's share of the middle."""

    low: Money
    middle: Money
    high: Money
    payout: Money

    def as_fields(self) -> dict[str, str]:
        return {
            "low": self.low.text,
            "about": self.middle.text,
            "high": self.high.text,
            "payout": self.payout.text,
            "currency": self.middle.currency,
        }


class Recorded:
    """What contracts did lately: bids by contract and state, and how many of their posts were accepted."""

    def __init__(self, rounds: Iterable[tuple[str | None, bytes]], currency: str) -> None:
        self._bids: dict[tuple[str, str], list[int | None]] = defaultdict(list)
        self._posts: Counter[str] = Counter()
        self._accepted: Counter[str] = Counter()
        for state, document in rounds:
            self._note(state or "", read_trail(document), currency)

    def _note(self, state: str, trail: Mapping[str, Any], currency: str) -> None:
        for asked in trail.get("asked", ()):
            prices = [Money.parse(bid["price"], currency).units for bid in asked["bids"]]
            best = max(prices, default=None)
            self._bids[(asked["contract"], state)].append(best)
            self._bids[(asked["contract"], "")].append(best)
        for post in trail.get("posts", ()):
            if post["state"] in ("accepted", "rejected"):
                self._posts[post["contract"]] += 1
                self._accepted[post["contract"]] += post["state"] == "accepted"

    def usual(self, contract_id: str, state: str) -> _Usual | None:
        """None for a contract that was not asked lately."""
        answers = self._bids.get((contract_id, state), ())
        if len(answers) < _ENOUGH:
            answers = self._bids.get((contract_id, ""), ())
        prices = sorted(price for price in answers if price is not None)
        if not prices:
            return None
        low, middle, high = (prices[int(share * (len(prices) - 1))] for share in (_LOW, 0.5, _HIGH))
        return _Usual(len(prices) / len(answers), low, middle, high)

    def acceptance(self, contract_id: str) -> float:
        """The share of its posts that a buyer took; all of them, as long as nothing else is known."""
        posts = self._posts[contract_id]
        return self._accepted[contract_id] / posts if posts >= _ENOUGH else 1.0


async def open_estimator(market: Market, campaign: Campaign, mode: Mode) -> Estimator | None:
    """An estimator for leads of a campaign; None for test leads, which earn nothing."""
    if mode is not Mode.LIVE:
        return None
    since = market.clock.now() - DAYS * _DAY_MS
    rounds = await market.db.read(recorded_rounds, campaign.vertical, campaign.currency, since, _ROUNDS)
    recorded = await asyncio.to_thread(Recorded, rounds, campaign.currency)  # unpacking them takes a second
    return Estimator(market, campaign, recorded)


class Estimator:
    """Adds up what one valid lead after another would bring."""

    def __init__(self, market: Market, campaign: Campaign, recorded: Recorded) -> None:
        self._market, self._campaign, self._recorded = market, campaign, recorded
        self._now = market.clock.now()
        self._book = market.deals.books[campaign.vertical]
        self._seller = market.deals.sellers[campaign.seller_id].name
        self._sums = [0.0, 0.0, 0.0, 0.0]  # low, middle, high, payout
        self._used: dict[str, float] = defaultdict(float, market.live.cap_use(self._now))
        self._spent: dict[str, float] = defaultdict(float)

    def add(self, lead: Lead) -> None:
        """A lead that would be admitted. The first tier that may sell it is taken to sell it."""
        least = reserve(self._campaign, lead.min_price)
        if least is None:
            return
        for tier in self._campaign.tiers:
            if chances := self._chances(lead, least, tier):
                self._sell(chances)
                return

    def worth(self, lead: Lead) -> float:
        """What it would bring if it came now, in money units; nothing is taken for it."""
        least = reserve(self._campaign, lead.min_price)
        for tier in self._campaign.tiers if least is not None else ():
            assert least is not None
            if chances := self._chances(lead, least, tier):
                return sum(chance.middle * likely for chance, likely in self._best(chances))
        return 0.0

    def estimate(self) -> Estimate:
        low, middle, high, payout = (Money(round(units), self._campaign.currency) for units in self._sums)
        return Estimate(low, middle, high, payout)

    def _chances(self, lead: Lead, least: Money, tier: Tier) -> list[_Chance]:
        live = self._market.live
        facts = Facts(
            reserve=least,
            tier_open=tier.number,
            cap_use=live.cap_use(self._now),
            available=live.available,
            seller_name=self._seller,
        )
        judged = judge(self._book, lead, facts, self._now)
        found = [
            chance
            for contract in judged.eligible
            for chance in self._of(contract, lead)
            if chance.middle >= least.units and self._has_room(chance)
        ]
        return sorted(found, key=lambda chance: -chance.middle)

    def _of(self, contract: Contract, lead: Lead) -> list[_Chance]:
        accepts = self._recorded.acceptance(contract.id)
        if contract.price is not None:
            bids = fixed_bids([contract], self._campaign.slots)
            return [_Chance(contract, bid.exclusive, *(bid.price.units,) * 3, accepts) for bid in bids]
        usual = self._recorded.usual(contract.id, lead.text("state") or "")
        if usual is None:
            return []
        exclusive = contract.sale_mode in (SaleMode.EXCLUSIVE, SaleMode.EITHER)
        return [_Chance(contract, exclusive, usual.low, usual.middle, usual.high, usual.rate * accepts)]

    def _has_room(self, chance: _Chance) -> bool:
        contract = chance.contract
        price = Money(chance.middle, self._campaign.currency)
        windows = self._market.live.windows(contract.zone)
        parts = cap_parts(contract, price, self._now, windows)
        if any(self._used[part.key] + part.amount > part.limit for part in parts):
            return False
        buyer = self._market.deals.buyers[contract.buyer_id]
        available = self._market.live.available.get(buyer.id, buyer.limit)
        return self._spent[buyer.id] + chance.middle <= available.units

    def _sell(self, chances: Sequence[_Chance]) -> None:
        """The way of selling that is expected to bring more: to one, or shared up to the campaign's slots."""
        for chance, likely in self._best(chances):
            payout = self._campaign.payout.of(Money(chance.middle, self._campaign.currency)).units
            for place, units in enumerate((chance.low, chance.middle, chance.high, payout)):
                self._sums[place] += units * likely
            self._take(chance, likely)

    def _best(self, chances: Sequence[_Chance]) -> list[tuple[_Chance, float]]:
        alone = _expected([chance for chance in chances if chance.exclusive], 1)
        shared = _expected(_one_a_leg(chance for chance in chances if not chance.exclusive), self._campaign.slots)
        return max(alone, shared, key=lambda sales: sum(chance.middle * likely for chance, likely in sales))

    def _take(self, chance: _Chance, likely: float) -> None:
        contract = chance.contract
        price = Money(chance.middle, self._campaign.currency)
        for part in cap_parts(contract, price, self._now, self._market.live.windows(contract.zone)):
            self._used[part.key] += part.amount * likely
        self._spent[contract.buyer_id] += chance.middle * likely


def _one_a_leg(chances: Iterable[_Chance]) -> list[_Chance]:
    """One company buys a lead once."""
    by_leg: dict[str, _Chance] = {}
    for chance in chances:
        by_leg.setdefault(chance.contract.leg, chance)
    return list(by_leg.values())


def _expected(chances: Sequence[_Chance], slots: int) -> list[tuple[_Chance, float]]:
    """Best price first: each sells as likely as it says, as long as those before it left a slot."""
    free = float(slots)
    sales: list[tuple[_Chance, float]] = []
    for chance in chances:
        if free <= 0.01:
            break
        likely = chance.likely * min(free, 1.0)
        free -= likely
        sales.append((chance, likely))
    return sales
