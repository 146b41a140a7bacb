"""What a simulation found: before and after in all, by buyer and by seller, and every lead that ends otherwise."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from math import isqrt
from typing import Any, NamedTuple

from exchange.model.money import write_units
from exchange.stages.simulate.run import Step

CHANGED_MOST = 2_000  # leads told of one by one; all are counted
_SPREADS_PER_MILLE = 1_645  # on either side: nine in ten lie between
_WHOLE = 1_000


class Sums:
    """Counted as leads go by, money in units. `took` are the milliseconds that sellers waited."""

    def __init__(self) -> None:
        self.leads = self.sold = self.revenue = self.payout = 0
        self.took: list[int] = []

    @property
    def margin(self) -> int:
        return self.revenue - self.payout

    @property
    def usual_ms(self) -> int:
        """Half of the answers were quicker."""
        return sorted(self.took)[len(self.took) // 2] if self.took else 0

    def add(self, sold: bool, revenue: int, payout: int, took_ms: int) -> None:
        self.leads += 1
        self.sold += sold
        self.revenue += revenue
        self.payout += payout
        if took_ms:
            self.took.append(took_ms)

    def fields(self) -> dict[str, Any]:
        return {
            "sold": self.sold,
            "sold_share": _share_text(self.sold * _WHOLE // self.leads) if self.leads else None,
            "revenue": write_units(self.revenue),
            "payout": write_units(self.payout),
            "margin": write_units(self.margin),
            "answer_p50_ms": self.usual_ms,
        }


class Side(NamedTuple):
    """One buyer or seller: leads sold and money units, before and after."""

    sold: int = 0
    revenue: int = 0
    payout: int = 0
    sold_then: int = 0
    revenue_then: int = 0
    payout_then: int = 0

    def plus(self, then: bool, sold: int, revenue: int, payout: int) -> Side:
        if then:
            return self._replace(
                sold_then=self.sold_then + sold,
                revenue_then=self.revenue_then + revenue,
                payout_then=self.payout_then + payout,
            )
        return self._replace(sold=self.sold + sold, revenue=self.revenue + revenue, payout=self.payout + payout)

    def fields(self) -> dict[str, Any]:
        return {
            "sold": [self.sold, self.sold_then],
            "revenue": [write_units(self.revenue), write_units(self.revenue_then)],
            "payout": [write_units(self.payout), write_units(self.payout_then)],
            "sold_more": self.sold_then - self.sold,
        }


class Changed(NamedTuple):
    """A lead that ends otherwise: how it went by its record, and under the draft."""

    lead_id: str
    at: int
    campaign_id: str
    before: str
    revenue: int
    after: str
    revenue_then: int
    likely: bool
    steps: tuple[Step, ...] = ()
    steps_then: tuple[Step, ...] = ()

    def fields(self) -> dict[str, Any]:
        return {
            "lead_id": self.lead_id,
            "at": self.at,
            "campaign": self.campaign_id,
            "before": {"state": self.before, "revenue": write_units(self.revenue), "steps": self.steps},
            "after": {"state": self.after, "revenue": write_units(self.revenue_then), "steps": self.steps_then},
            "estimated": self.likely,
        }


class Result:
    """Counted as the leads go by.

    `reproduced` are leads of which the auction made, of their record, what it had made of them. `touched` rest on
    estimates, `sampled` of them were drawn again, and `squares` is by how much these vary (revenue and margin), squared
    and summed.
    """

    def __init__(self, currency: str, seed: int) -> None:
        self.currency, self.seed = currency, seed
        self.before, self.after = Sums(), Sums()
        self.reproduced = self.asked = self.guessed = self.touched = self.sampled = self.changed_count = 0
        self.squares = (0, 0)
        self.buyers: dict[str, Side] = defaultdict(Side)
        self.sellers: dict[str, Side] = defaultdict(Side)
        self.changed: list[Changed] = []

    def spread(self, which: int) -> int:
        """On either side of the revenue (0) or the margin (1), nine times in ten."""
        if not self.sampled:
            return 0
        whole = self.squares[which] * self.touched // self.sampled
        return isqrt(whole) * _SPREADS_PER_MILLE // _WHOLE

    @property
    def guessed_share(self) -> int:
        """Of all bids, in thousandths."""
        return self.guessed * _WHOLE // self.asked if self.asked else 0

    def moved(self) -> list[tuple[str, Side]]:
        """Buyers that gain or lose, the most first."""
        found = [(name, side) for name, side in self.buyers.items() if side.sold != side.sold_then
                 or side.revenue != side.revenue_then]  # fmt: skip
        return sorted(found, key=lambda each: (-abs(each[1].revenue_then - each[1].revenue), each[0]))

    def fields(self) -> dict[str, Any]:
        """For programs, and for keeping."""
        return {
            "leads": self.before.leads,
            "currency": self.currency,
            "seed": self.seed,
            "reproduced": self.reproduced,
            "estimated_bids": {"bids": self.asked, "estimated": self.guessed, "share": _share_text(self.guessed_share)},
            "now": self.before.fields(),
            "then": self.after.fields(),
            "change": {
                "sold": self.after.sold - self.before.sold,
                "revenue": self._change(self.after.revenue - self.before.revenue, 0),
                "payout": write_units(self.after.payout - self.before.payout),
                "margin": self._change(self.after.margin - self.before.margin, 1),
                "answer_p50_ms": self.after.usual_ms - self.before.usual_ms,
            },
            "buyers": {name: side.fields() for name, side in sorted(self.buyers.items())},
            "sellers": {name: side.fields() for name, side in sorted(self.sellers.items())},
            "changed": self.changed_count,
            "prices": self._prices(),
        }

    def _change(self, units: int, which: int) -> dict[str, str]:
        spread = self.spread(which)
        return {
            "about": write_units(units),
            "low": write_units(units - spread),
            "high": write_units(units + spread),
        }

    def _prices(self) -> Mapping[str, int]:
        """How many of the leads that were told one by one bring how much more or less."""
        steps = (-200_000, -100_000, -50_000, 0, 50_000, 100_000, 200_000)
        found = dict.fromkeys([f"below {write_units(steps[0])}", *(f"from {write_units(each)}" for each in steps)], 0)
        names = list(found)
        for each in self.changed:
            more = each.revenue_then - each.revenue
            found[names[sum(more >= step for step in steps)]] += 1
        return found


def _share_text(thousandths: int) -> str:
    """A share between 0 and 1 as decimal text, as every answer of the API gives it."""
    return f"{thousandths // _WHOLE}.{thousandths % _WHOLE:03}"
