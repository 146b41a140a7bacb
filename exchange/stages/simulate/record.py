"""A lead as it was decided about: what kept contracts out, what buyers bid, what their posts were, what it brought."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from exchange.model.auction import Bid
from exchange.model.money import Money
from exchange.model.party import Campaign
from exchange.model.worth import Worth

NOBODY: frozenset[str] = frozenset()


class Answer(NamedTuple):
    """What a contract said when it was asked: no bids are a no. `cut`: nobody waited for its answer."""

    bids: tuple[Bid, ...] = ()
    took_ms: int = 0
    cut: bool = False


class Posted(NamedTuple):
    """How a post ended, as it stands now. `price_units` is what the sale brought, or what was bid."""

    state: str  # accepted | rejected | failed | unclear | pending
    price_units: int
    bid_units: int
    took_ms: int = 0
    held_back: bool = False  # no cap or balance was left for it
    exclusive: bool = True


class Round(NamedTuple):
    """One request. `failed` has the names of the failed checks of every contract that was judged."""

    failed: Mapping[str, frozenset[str]]
    asked: Mapping[str, Answer]
    posts: Mapping[str, tuple[Posted, ...]] = MappingProxyType({})  # of companies behind one contract there are several


class Sale(NamedTuple):
    """`likely` says that its bid, or that it was taken, is an estimate."""

    contract_id: str
    price_units: int
    payout_units: int
    likely: bool = False


class Recorded(NamedTuple):
    """One lead. `campaign` is the version it was decided under; a ping that was not posted has no `post`.

    `payout` is what its grade and source earned it, as units and basis points, where that is not its campaign's.
    """

    id: str
    at: int
    campaign: Campaign
    sub_id: str
    us_state: str | None
    grade: str | None
    state: str
    versions: tuple[tuple[str, int], ...]  # of the contracts that were judged
    ping: Round | None
    post: Round | None
    sales: tuple[Sale, ...]
    promise_units: int = 0  # beside the payouts of its sales
    payout: tuple[int, int] | None = None
    min_price: Money | None = None  # the seller's own least
    spent_units: int = 0  # on outside checks
    took_ms: int = 0
    worth: Worth | None = None  # what bids were ranked by, where refusals and returns counted

    @property
    def last(self) -> Round:
        found = self.post or self.ping
        assert found is not None, "it was judged"
        return found

    @property
    def revenue_units(self) -> int:
        return sum(sale.price_units for sale in self.sales)

    @property
    def payout_units(self) -> int:
        return self.promise_units + sum(sale.payout_units for sale in self.sales)

    def answer_of(self, contract_id: str) -> Answer | None:
        """What the contract said to the post's ping, or to the ping before it; None when it was not heard."""
        for each in (self.post, self.ping):
            found = each.asked.get(contract_id) if each is not None else None
            if found is not None and not found.cut:
                return found
        return None

    def post_of(self, bid: Bid) -> Posted | None:
        """How the post on this bid ended, or on another of the same contract; None when it was not posted to."""
        found = self.post.posts.get(bid.contract_id, ()) if self.post is not None else ()
        same = (each for each in found if (each.bid_units, each.exclusive) == (bid.price.units, bid.exclusive))
        return next(same, found[0] if found else None)

    @property
    def chosen(self) -> tuple[str, ...]:
        """The contracts that were posted to, in that order."""
        return tuple(self.post.posts) if self.post is not None else ()
