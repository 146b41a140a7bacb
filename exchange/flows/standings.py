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
    """`at` is when, 0 before the first look; `counted_at` when the running day was counted last."""

    verticals: Mapping[str, Standing] = field(default_factory=dict)
    curves: Mapping[str, Curves] = field(default_factory=dict)
    bidding: Mapping[str, Bidding] = field(default_factory=dict)
    at: int = 0
    counted_at: int = 0
    changed: bool = True
    took_ms: int = 0  # by the last look
    _caps: Mapping[tuple[str, str], int] = field(default_factory=dict)
    _used: dict[tuple[str, str], int] = field(default_factory=dict)
    _day: int = 0

    def band(self, vertical: str, seller_id: str, sub_id: str) -> Band:
        """Of a lead's source; usual where nothing is known."""
        found = self.verticals.get(vertical)
        return found.band(seller_id, sub_id) if found is not None else Band.USUAL

    def worth(self, vertical: str, seller_id: str) -> Worth:
        """How bids for a seller's leads are weighed; plain prices where nothing is known."""
        found = self.bidding.get(vertical)
        return found.worth(seller_id) if found is not None else NO_WORTH

    def hold_caps(self, caps: Mapping[tuple[str, str], int], day: int, used: Mapping[tuple[str, str], int]) -> None:
        """Caps of sub ids in posts a day, and what the day (since the epoch) has used of each on all nodes."""
        same = day == self._day
        self._used = {key: max(count, self._used.get(key, 0) if same else 0) for key, count in used.items()}
        self._caps, self._day = caps, day

    def over_cap(self, seller_id: str, sub_id: str, day: int) -> int | None:
        """The cap of a sub id that has used it up; else None, and one more post is counted."""
        cap = self._caps.get((seller_id, sub_id)) if self._caps else None
        if cap is None:
            return None
        if day != self._day:
            self._day, self._used = day, {}
        used = self._used.get((seller_id, sub_id), 0)
        if used >= cap:
            return cap
        self._used[seller_id, sub_id] = used + 1
        return None
