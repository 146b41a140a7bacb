"""How sources and buyers stand, as this process last saw it: what the line looks up, in tables made outside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from exchange.model.worth import NO_WORTH, Worth
from exchange.stages.quality.days import Curves
from exchange.stages.quality.odds import Bidding
from exchange.stages.quality.standing import Band, Standing


@dataclass(slots=True)
class Standings:
    """`at` is when, 0 before the first look; `counted_at` when the running day was counted last.

    `caps` are posts a day by seller and sub id; what a day has used of them is counted where it is exact, in storage.
    """

    verticals: Mapping[str, Standing] = field(default_factory=dict)
    curves: Mapping[str, Curves] = field(default_factory=dict)
    bidding: Mapping[str, Bidding] = field(default_factory=dict)
    at: int = 0
    counted_at: int = 0
    changed: bool = True
    took_ms: int = 0  # by the last look
    count_ms: int = 0  # by the last count of the running day
    caps: Mapping[tuple[str, str], int] = field(default_factory=dict)

    def band(self, vertical: str, seller_id: str, sub_id: str) -> Band:
        """Of a lead's source; usual where nothing is known."""
        found = self.verticals.get(vertical)
        return found.band(seller_id, sub_id) if found is not None else Band.USUAL

    def worth(self, vertical: str, seller_id: str) -> Worth:
        """How bids for a seller's leads are weighed; plain prices where nothing is known."""
        found = self.bidding.get(vertical)
        return found.worth(seller_id) if found is not None else NO_WORTH
