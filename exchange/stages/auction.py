"""Where a lead's price is decided, part two: which bids win.

First price: a winner pays what it bid, whatever ranks it. Second price: who wins alone pays what the best other offer
would have brought, and never less than the reserve. Ties fall to the lower priority number, then to the contract
id. A lead is sold once exclusively, or shared up to its slots with at most one sale per leg; what brings more money in
all wins, and an equal sum goes to the exclusive bid. Leftover contracts fill slots that no other shared bid wants.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from exchange.model.auction import Bid, NoBid, Progress
from exchange.model.money import Money
from exchange.model.party import Contract, SaleMode, Strategy, Tier
from exchange.model.reason import Reason
from exchange.model.worth import NO_WORTH, Worth


@dataclass(frozen=True, slots=True)
class Rules:
    """What an auction is held under. `served` says when a contract last won, for turns; `draw` is uniform in [0, 1).

    `exclusive_reserve` is the least for an exclusive sale where that is not the reserve: after a promise. `worth` says
    how bids are weighed by the strategy that counts refusals and returns in.
    """

    strategy: Strategy
    slots: int
    reserve: Money
    exclusive_only: bool = False
    draw: float = 0.0
    served: Mapping[str, int] = field(default_factory=dict)
    exclusive_reserve: Money | None = None
    worth: Worth = NO_WORTH

    def least(self, bid: Bid) -> Money:
        """What a bid must reach."""
        return self.exclusive_reserve if bid.exclusive and self.exclusive_reserve is not None else self.reserve

    def index(self, bid: Bid) -> int:
        """What a bid is worth, in money units."""
        return self.worth.of(bid.contract_id, bid.price.units)


@dataclass(frozen=True, slots=True)
class Plan:
    """The bids to award now, those that follow if they fail, and those that cannot win, each with its reason.

    A winner is awarded at the price it pays; `bids` are the winners' own, as they came, then the runners-up.
    """

    winners: tuple[Bid, ...]
    runners_up: tuple[Bid, ...]
    losers: tuple[NoBid, ...]
    bids: tuple[Bid, ...] = ()

    @property
    def exclusive(self) -> bool:
        return len(self.winners) == 1 and self.winners[0].exclusive

    @property
    def below(self) -> bool:
        """Whether a bid was refused because it was too low."""
        return any(loser.reason is Reason.BELOW_FLOOR for loser in self.losers)

    @property
    def total(self) -> Money | None:
        if not self.winners:
            return None
        first, *others = self.winners
        total = first.price
        for bid in others:
            total = total + bid.price
        return total


def groups(contracts: list[Contract], tier: Tier) -> list[list[Contract]]:
    """Who is asked at once: everybody, or one after another by priority in a waterfall."""
    if tier.strategy is not Strategy.WATERFALL:
        return [contracts]
    ordered = sorted(contracts, key=lambda contract: (contract.priority, contract.id))
    return [[contract] for contract in ordered]


def least_asked(rules: Rules) -> Money:
    """The least any bid may be: who cannot pay it is not asked."""
    exclusive = rules.exclusive_reserve
    return rules.reserve if exclusive is None or (rules.slots > 1 and rules.reserve < exclusive) else exclusive


def run_auction(
    bids: Sequence[Bid], contracts: Mapping[str, Contract], rules: Rules, progress: Progress, now: int
) -> Plan:
    """Choose the next awards for one lead, given how far selling it has come."""
    usable, losers = _usable(bids, rules, progress, now)
    if not usable or progress.stopped or any(bid.exclusive for bid in (*progress.sold, *progress.unclear)):
        return Plan((), (), tuple(losers))
    ranked = rank(usable, contracts, rules)
    taken = (*progress.sold, *progress.unclear)
    free = rules.slots - len(taken)
    shared = _shared(ranked, contracts, {bid.leg for bid in taken}, free)
    winners = tuple(shared)
    if not taken:
        best = next((bid for bid in ranked if bid.exclusive), None)
        if best is not None and _exclusive_wins(best, shared, ranked, rules):
            winners = (best,)
    left = tuple(bid for bid in ranked if bid not in winners)
    own = (*winners, *left)
    if rules.strategy is Strategy.SECOND_PRICE and len(winners) == 1 and winners[0].exclusive:
        winners = (_at_second_price(winners[0], shared, ranked, rules),)
    return Plan(winners, left, tuple(losers), own)


def _at_second_price(best: Bid, shared: Sequence[Bid], ranked: Sequence[Bid], rules: Rules) -> Bid:
    """The winner at what the best offer of anybody else would have brought, at least the reserve.

    Without another offer and without a reserve it pays its own bid: a lead is not given away.
    """
    others = [bid for bid in ranked if bid.exclusive and bid.contract_id != best.contract_id]
    together = sum(bid.price.units for bid in shared if bid.contract_id != best.contract_id)
    second = max((together, rules.reserve.units, *(bid.price.units for bid in others)))
    return replace(best, price=Money(min(second, best.price.units), best.price.currency)) if second else best


def rank(bids: Sequence[Bid], contracts: Mapping[str, Contract], rules: Rules) -> list[Bid]:
    """Best first, in the order of the strategy; price, priority and contract id break every tie."""

    def price_first(bid: Bid) -> tuple[int, int, str]:
        return _price_first(bid, contracts)

    match rules.strategy:
        case Strategy.PRIORITY | Strategy.WATERFALL:
            return sorted(bids, key=lambda bid: (contracts[bid.contract_id].priority, *price_first(bid)))
        case Strategy.ROUND_ROBIN:
            return sorted(bids, key=lambda bid: (rules.served.get(bid.contract_id, 0), *price_first(bid)))
        case Strategy.WEIGHTED:
            first = _drawn(sorted(bids, key=price_first), contracts, rules.draw)
            return sorted(bids, key=lambda bid: (bid.contract_id != first, *price_first(bid)))
        case Strategy.EXPECTED:
            return sorted(bids, key=lambda bid: (-rules.index(bid), *price_first(bid)))
        case Strategy.HIGHEST_PRICE | Strategy.SECOND_PRICE:
            return sorted(bids, key=price_first)


def _usable(bids: Sequence[Bid], rules: Rules, progress: Progress, now: int) -> tuple[list[Bid], list[NoBid]]:
    usable: list[Bid] = []
    losers: list[NoBid] = []
    for bid in bids:
        if bid.contract_id in progress.refused:
            continue
        least = rules.least(bid)
        if bid.price < least:
            losers.append(NoBid(bid.contract_id, Reason.BELOW_FLOOR, f"{bid.price.text} under {least.text}"))
        elif bid.expires_at is not None and bid.expires_at <= now:
            losers.append(NoBid(bid.contract_id, Reason.BID_EXPIRED))
        elif bid.exclusive or not rules.exclusive_only:
            usable.append(bid)
    return usable, losers


def _shared(ranked: Sequence[Bid], contracts: Mapping[str, Contract], legs: set[str], free: int) -> list[Bid]:
    """Up to `free` shared bids, one per leg and one per contract's way of buying, leftovers last."""
    chosen: list[Bid] = []
    legs = set(legs)
    for leftover in (False, True):
        for bid in ranked:
            if len(chosen) >= free:
                return chosen
            is_leftover = contracts[bid.contract_id].sale_mode is SaleMode.LEFTOVER
            if bid.exclusive or is_leftover is not leftover or bid.leg in legs:
                continue
            legs.add(bid.leg)
            chosen.append(bid)
    return chosen


def _exclusive_wins(best: Bid, shared: Sequence[Bid], ranked: Sequence[Bid], rules: Rules) -> bool:
    """By price or worth the larger sum wins; under any other strategy the first in rank decides the way of selling."""
    if not shared:
        return True
    if rules.strategy in (Strategy.HIGHEST_PRICE, Strategy.SECOND_PRICE):
        return best.price.units >= sum(bid.price.units for bid in shared)
    if rules.strategy is Strategy.EXPECTED:
        return rules.index(best) >= sum(rules.index(bid) for bid in shared)
    return ranked.index(best) < ranked.index(shared[0])


def lot_of(contract_id: str, bids: Sequence[Bid], contracts: Mapping[str, Contract]) -> tuple[int, int] | None:
    """A lot that falls to this contract among these bids, so many of so many; None where none does."""
    weights = _weights(sorted(bids, key=lambda bid: _price_first(bid, contracts)), contracts)
    if weights.get(contract_id, 0) <= 0:
        return None
    before = 0
    for each, weight in weights.items():
        if each == contract_id:
            return 2 * before + weight, 2 * sum(weights.values())
        before += weight
    return None


def _price_first(bid: Bid, contracts: Mapping[str, Contract]) -> tuple[int, int, str]:
    return (-bid.price.units, contracts[bid.contract_id].priority, bid.contract_id)


def _weights(bids: Sequence[Bid], contracts: Mapping[str, Contract]) -> dict[str, int]:
    return {bid.contract_id: max(contracts[bid.contract_id].weight, 0) for bid in bids}


def _drawn(bids: Sequence[Bid], contracts: Mapping[str, Contract], draw: float) -> str | None:
    """The contract picked by weight: `draw` falls into a stretch as long as the contract's weight."""
    weights = _weights(bids, contracts)
    mark = draw * sum(weights.values())
    for contract_id, weight in weights.items():
        mark -= weight
        if mark < 0:
            return contract_id
    return None
