"""What a lead that was reached promises: its chance to convert yet, before anybody knows.

Buyers that report whom they reached tell of a conversion days or months before it comes. Of what they reached, so much
converted, as far as it had its time; a reached lead that is still open counts as that part of a conversion, and a lead
not for the share of conversions that would be reported by its age, but for those that would be reached. Nothing counts
twice: a lead that converts promises nothing any more. Of buyers that only report conversions nothing changes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from exchange.stages.quality.tail import Curve, fitted

LEAST = 10  # conversions that came after a contact, before a buyer's contacts are believed
_HALF, _FEW = 5.0, 10.0  # of few reached leads half are believed to convert
_LITTLE = 1e-6


class Reached(NamedTuple):
    """Of one conversion, in days: how long after its sale it was reached, how long after that it came, its age."""

    wait: float
    after: float
    age: float


class Promise(NamedTuple):
    """`told` is how much of what converts is reached by an age, `after` how much of that has converted then, counted
    from the contact, `wait_days` after the sale; `share` of those reached convert in the end, and what is open counts
    for `kept` of what would be left of them, as some end. Of `buyers` alone.
    """

    buyers: frozenset[str] = frozenset()
    told: Curve = Curve()
    after: Curve = Curve()
    wait_days: float = 0.0
    share: float = 0.0
    kept: float = 1.0

    def chance(self, age_days: float) -> float:
        """That a lead of this age converts yet, which was reached and of which nothing else is told."""
        return min(self.kept * self._open(age_days), 1.0)

    def shown(self, age_days: float) -> float:
        return self.after.share(max(age_days - self.wait_days, 0.0))

    def _open(self, age_days: float) -> float:
        shown = self.shown(age_days)
        return self.share * (1.0 - shown) / max(1.0 - self.share * shown, _LITTLE)


NO_PROMISE = Promise()


def promise(
    buyers: Collection[str],
    conversions: Sequence[Reached],
    days: Sequence[Mapping[str, int]],
    ages: Mapping[int, float],
) -> Promise:
    """From conversions of buyers that tell whom they reached, and from `days` (`reach_days`): of leads that were
    reached before anything else was told, how many there are, converted, and are open. `ages` are the ages of days.
    """
    first = [each for each in conversions if each.after > 0.0]
    if len(first) < LEAST:
        return NO_PROMISE
    wait = sum(each.wait for each in first) / len(first)
    usual = sum(each.after for each in first) / len(first)
    told = fitted([(each.wait, each.age) for each in conversions], max(wait, _LITTLE))
    after = fitted([(each.after, max(each.age - each.wait, each.after)) for each in first], max(usual, _LITTLE))
    found = Promise(frozenset(buyers), told, after, wait)
    came = sum(row["came"] for row in days)
    of = sum(row["reached"] * found.shown(ages[row["day"]]) for row in days)
    found = found._replace(share=min((came + _HALF) / (max(of, came) + _FEW), 1.0))
    still = sum(found.share * row["reached"] * (1.0 - found.shown(ages[row["day"]])) for row in days)
    held = sum(row["still"] * found.chance(ages[row["day"]]) for row in days)
    return found._replace(kept=still / held) if held > 0.0 else found
