"""How far a small sample is drawn to what is known of the level above it.

p = (S + m·p_parent) / (N + m). m says how alike siblings are: measured by moments where there are enough of them (the
spread of their rates beyond what chance alone makes), else 30. The parent's rate is the mean of its children, each
weighed by what is known of it, and not by its size: or one large source would speak for all.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

USUAL = 30.0
_LEAST, _MOST = 5.0, 300.0
_SIBLINGS = 5
_LEADS = 100.0
_PARENT = 1.0  # the pooled rate counts as one child that is known well


class Tally(NamedTuple):
    """`hits` in `of`, both faded with age, and `of` only for the share of a young lead that would have shown.

    `plain_hits` in `plain_of` are not faded; `told` in `leads` are the plain counts that people are shown.
    """

    hits: float = 0.0
    of: float = 0.0
    plain_hits: float = 0.0
    plain_of: float = 0.0
    told: int = 0
    leads: int = 0

    def plus(self, other: Tally) -> Tally:
        return Tally(
            self.hits + other.hits,
            self.of + other.of,
            self.plain_hits + other.plain_hits,
            self.plain_of + other.plain_of,
            self.told + other.told,
            self.leads + other.leads,
        )

    @property
    def rate(self) -> float:
        """The faded rate, not drawn anywhere; 0 where nothing is known."""
        return min(self.hits / self.of, 1.0) if self.of > 0.0 else float(self.hits > 0.0)


NOTHING = Tally()


def total(tallies: Iterable[Tally]) -> Tally:
    found = NOTHING
    for each in tallies:
        found = found.plus(each)
    return found


def exposed(shown: float, open_leads: float, ended: float) -> float:
    """How many leads' worth of conversions would have shown: `shown` of the open ones, and as much of those that ended.

    To count ended leads whole beside open ones in part would call every young source bad: many end within a day.
    """
    return shown * (open_leads + ended) / open_leads if open_leads > 0.0 else ended


def shrunk(tally: Tally, parent: float, strength: float) -> float:
    """The rate, drawn towards the parent's. More hits than exposed leads count as so many leads."""
    return (tally.hits + strength * parent) / (max(tally.of, tally.hits) + strength)


def middle(children: Iterable[Tally], strength: float, pooled: float) -> float:
    """What an unknown child of these is expected to be: their mean, weighed by what is known of each."""
    known, weight = _PARENT * pooled, _PARENT
    for each in children:
        if each.of > 0.0:
            trust = each.of / (each.of + strength)
            known, weight = known + trust * each.rate, weight + trust
    return known / weight


def strength(siblings: Collection[Tally]) -> float:
    """m of siblings, by moments of what is not faded; the usual one where they are few."""
    known = [(each.plain_hits, each.plain_of) for each in siblings if each.plain_of > 0.0]
    leads = sum(of for _, of in known)
    if len(known) < _SIBLINGS or leads < _LEADS:
        return USUAL
    rate = min(sum(hits for hits, _ in known) / leads, 0.999)
    if rate <= 0.0:
        return USUAL
    spread = sum((hits - rate * of) ** 2 / of for hits, of in known)
    by_chance = rate * (1.0 - rate)
    room = leads - sum(of**2 for _, of in known) / leads - (len(known) - 1)
    if room <= 0.0:
        return USUAL
    apart = (spread - by_chance * (len(known) - 1)) / (by_chance * room)  # the share of variance between siblings
    if apart <= 0.0:
        return _MOST
    return min(max(1.0 / apart - 1.0, _LEAST), _MOST)
