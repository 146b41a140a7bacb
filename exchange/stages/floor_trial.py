"""Whether another floor brings more than the one before: told by the leads that were held out of it.

Which leads those are is decided by the lead's own id, so that its ping, its post and whoever counts later agree.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from math import isqrt
from typing import NamedTuple

_WHOLE_BP = 10_000
_LEAST_LEADS, _LEAST_SOLD = 30, 10
_SPREADS_PER_MILLE = 1_645  # on either side: nine in ten lie between


def held_out(lead_id: str, share_bp: int) -> bool:
    """Whether this lead keeps the plain floor: a lot that is the same whenever it is drawn."""
    return int.from_bytes(sha256(f"floor:{lead_id}".encode()).digest()[:8]) % _WHOLE_BP < share_bp


class Arm(NamedTuple):
    """Leads under one floor: how many were sold, what buyers paid and what was left to the house, in money units.

    `squares` is the sum of what each brought, squared.
    """

    leads: int = 0
    sold: int = 0
    brought: int = 0
    margin: int = 0
    squares: int = 0

    def plus(self, brought: int, payout: int) -> Arm:
        return Arm(
            self.leads + 1,
            self.sold + (brought > 0),
            self.brought + brought,
            self.margin + brought - payout,
            self.squares + brought * brought,
        )

    @property
    def each(self) -> int:
        """What a lead brings on average, sold or not."""
        return self.brought // self.leads if self.leads else 0

    @property
    def variance(self) -> int:
        """Of that average, in squared units."""
        if self.leads < 2:
            return 0
        return (self.leads * self.squares - self.brought * self.brought) // (self.leads**2 * (self.leads - 1))


class FloorTrial(NamedTuple):
    """One state of a campaign since `since` (epoch ms): leads under its own floor, and those held out of it."""

    state: str
    floor: int
    plain: int
    since: int
    under: Arm
    out: Arm

    @property
    def gain(self) -> int:
        """What the floor brings more for each lead, in money units; less is negative."""
        return self.under.each - self.out.each

    @property
    def bounds(self) -> tuple[int, int]:
        """Between which the gain lies nine times in ten."""
        spread = isqrt(self.under.variance + self.out.variance) * _SPREADS_PER_MILLE // 1_000
        return self.gain - spread, self.gain + spread

    @property
    def enough(self) -> bool:
        arms = (self.under, self.out)
        return all(arm.leads >= _LEAST_LEADS for arm in arms) and self.under.sold + self.out.sold >= _LEAST_SOLD

    @property
    def verdict(self) -> str:
        """brings_more, brings_less, or open while the leads do not tell."""
        low, high = self.bounds
        if not self.enough or low <= 0 <= high:
            return "open"
        return "brings_more" if low > 0 else "brings_less"


def arms(leads: Iterable[tuple[str, int, int]], share_bp: int) -> tuple[Arm, Arm]:
    """Those under the floor, and those held out, from each lead's id, what it brought and its payout."""
    under, out = Arm(), Arm()
    for lead_id, brought, payout in leads:
        if held_out(lead_id, share_bp):
            out = out.plus(brought, payout)
        else:
            under = under.plus(brought, payout)
    return under, out
