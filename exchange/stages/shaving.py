"""Whether a buyer shaves: takes less of a source than it did, says "duplicate" of people nobody offered it, or gives
back leads that come again from somebody else.

None of it is proof. Each figure is a count with its interval and, where there is one, the same figure of the others.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import Any, NamedTuple

from exchange.stages.quality.beta import bounds, chance_above

LEAST = 20
"""Answered posts, now and before, under which nothing is said about a fall."""
FALL = 0.10
"""A fall that counts: ten points."""
SURE = 0.95
NOW_DAYS, BEFORE_DAYS = 7, 28
DUPLICATE_DAYS = 28
RETURN_DAYS = 90
AGAIN_DAYS = 60
"""So long after a return a consumer that comes again counts."""
_HALF = 0.5  # a hit and a miss of half a post each, as Jeffreys has it
_STEPS = 48
_FAR = 5.0  # standard deviations behind which nothing is left to count
Row = Mapping[str, Any]
_Source = tuple[str, str | None]
"""Seller (empty: all of them) and sub id (None: all of its)."""


class Share(NamedTuple):
    """`hits` of `of`, both plain counts."""

    hits: int = 0
    of: int = 0

    def plus(self, other: Share) -> Share:
        return Share(self.hits + other.hits, self.of + other.of)

    def minus(self, other: Share) -> Share:
        return Share(self.hits - other.hits, self.of - other.of)

    @property
    def value(self) -> float:
        return self.hits / self.of if self.of else 0.0

    @property
    def bounds(self) -> tuple[float, float]:
        """The interval that holds nine in ten; from 0 to 1 where nothing is known. It holds the plain share too."""
        if not self.of:
            return 0.0, 1.0
        low, high = bounds(self.hits + _HALF, self.of - self.hits + _HALF)
        return min(low, self.value), max(high, self.value)


def fall_chance(now: Share, before: Share, fall: float = FALL) -> float:
    """P(before − now > fall), each share a beta distribution with half a hit and half a miss more than was counted."""
    a, b = before.hits + _HALF, before.of - before.hits + _HALF
    c, d = now.hits + _HALF, now.of - now.hits + _HALF
    (first, spread), (second, other) = _moments(a, b), _moments(c, d)
    apart, both = first - second - fall, math.hypot(spread, other)
    if abs(apart) > _FAR * both:
        return 1.0 if apart > 0 else 0.0
    begin, end = max(first - _FAR * spread, 0.0), min(first + _FAR * spread, 1.0)
    edges = [begin + (end - begin) * step / _STEPS for step in range(_STEPS + 1)]
    above = [chance_above(a, b, edge) for edge in edges]
    whole = above[0] - above[-1]
    parts = zip(edges, edges[1:], above, above[1:], strict=False)
    found = sum(
        (more - less) * (1.0 - chance_above(c, d, (low + high) / 2.0 - fall)) for low, high, more, less in parts
    )
    return min(max(found / whole, 0.0), 1.0)


def _moments(a: float, b: float) -> tuple[float, float]:
    """Mean and standard deviation of a beta distribution."""
    of = a + b
    return a / of, math.sqrt(a * b / (of * of * (of + 1.0)))


@dataclass(frozen=True)
class Fall:
    """What a buyer takes of one seller's leads, in the last week and in the four weeks before. An empty seller is all;
    without `sub_id` it is all of the seller's.

    `others_*` are the same of all other buyers: where they fall too, the leads are worse and nobody shaves.
    """

    buyer_id: str
    seller_id: str
    now: Share
    before: Share
    others_now: Share
    others_before: Share
    sub_id: str | None = None

    @property
    def judged(self) -> bool:
        return min(self.now.of, self.before.of) >= LEAST

    @cached_property
    def chance(self) -> float | None:
        """That it takes more than ten points less than before; None: too few posts to say."""
        return fall_chance(self.now, self.before) if self.judged else None

    @cached_property
    def others_chance(self) -> float | None:
        if min(self.others_now.of, self.others_before.of) < LEAST:
            return None
        return fall_chance(self.others_now, self.others_before)

    @property
    def fell(self) -> bool:
        return self.chance is not None and self.chance >= SURE

    @property
    def alone(self) -> bool:
        """It fell, and as far as can be told the others did not."""
        return self.fell and (self.others_chance is None or self.others_chance < 0.5)


def falls(rows: Iterable[Row], only: str = "", by_sub_id: Iterable[Row] = ()) -> list[Fall]:
    """From counts by buyer and seller (`now_taken` of `now_posts`, `before_taken` of `before_posts`), each buyer's sum
    of all its sellers, and those by sub id that can be judged. `only`: of one buyer. The surest fall first, then those
    with most posts."""
    sums = _Sums()
    for row in rows:
        for source in (("", None), (row["seller_id"], None)):
            sums.add(row["buyer_id"], source, row)
    subs = _Sums()
    for row in by_sub_id:
        if row["sub_id"]:
            subs.add(row["buyer_id"], (row["seller_id"], row["sub_id"]), row)
    found = [*sums.falls(only), *(each for each in subs.falls(only) if each.judged and not sums.tells(each))]
    return sorted(
        found, key=lambda each: (-(each.chance or 0.0), -each.now.of, each.buyer_id, each.seller_id, each.sub_id or "")
    )


class _Sums:
    """Now and before, of each buyer and source, and of all buyers of a source."""

    def __init__(self) -> None:
        self.own: dict[tuple[str, _Source], tuple[Share, Share]] = {}
        self.everyone: dict[_Source, tuple[Share, Share]] = {}

    def add(self, buyer_id: str, source: _Source, row: Row) -> None:
        one = (Share(row["now_taken"], row["now_posts"]), Share(row["before_taken"], row["before_posts"]))
        _add(self.own, (buyer_id, source), one)
        _add(self.everyone, source, one)

    def falls(self, only: str) -> Iterable[Fall]:
        for (buyer_id, source), (now, before) in self.own.items():
            if only in ("", buyer_id):
                all_now, all_before = self.everyone[source]
                yield Fall(buyer_id, source[0], now, before, all_now.minus(now), all_before.minus(before), source[1])

    def tells(self, fall: Fall) -> bool:
        """Whether the seller sends nothing but this sub id: its own line says it already."""
        now, before = self.own.get((fall.buyer_id, (fall.seller_id, None)), (Share(), Share()))
        return (now.of, before.of) == (fall.now.of, fall.before.of)


def _add(sums: dict[Any, tuple[Share, Share]], key: Any, one: tuple[Share, Share]) -> None:
    now, before = sums.get(key, (Share(), Share()))
    sums[key] = (now.plus(one[0]), before.plus(one[1]))


class Known(Enum):
    """What our own record says of the consumer of whom a buyer said "duplicate"."""

    OFFERED = "offered"  # we had posted or sold it to that buyer
    ELSEWHERE = "elsewhere"  # it had come to us before, and never went to that buyer
    NOWHERE = "nowhere"  # it had never come to us
    NAMELESS = "nameless"  # neither phone nor email is on record any more


def known(row: Row) -> Known:
    """Of a row with `offered`, `came_before` and `named`, each 0 or 1."""
    if row["offered"]:
        return Known.OFFERED
    if not row["named"]:
        return Known.NAMELESS
    return Known.ELSEWHERE if row["came_before"] else Known.NOWHERE


@dataclass(frozen=True)
class Case:
    """One lead behind a figure. Of a return, `again_*` say what came after: the lead, whose it was, and when."""

    buyer_id: str
    lead_id: str
    seller_id: str
    at: int
    known: Known | None = None
    again_id: str | None = None
    again_seller: str | None = None
    again_at: int | None = None
    sold_to: str | None = None


@dataclass(frozen=True)
class BuyerSigns:
    """One buyer: how often it says "duplicate", of whom, and what comes again of what it gave back.

    `said` is of answered posts. `unoffered` is of those duplicates whose consumer can be looked up; `nowhere` of them
    had never come to us at all. `came`, `sold` and `again` (either) are of leads it gave back.
    """

    buyer_id: str
    said: Share = field(default_factory=Share)
    unoffered: Share = field(default_factory=Share)
    nowhere: int = 0
    came: int = 0
    sold: int = 0
    again: Share = field(default_factory=Share)


@dataclass(frozen=True)
class Shaving:
    """All signs of one vertical, and of all its buyers together (`everyone`)."""

    falls: tuple[Fall, ...] = ()
    buyers: tuple[BuyerSigns, ...] = ()
    everyone: BuyerSigns = field(default_factory=lambda: BuyerSigns(""))
    duplicates: tuple[Case, ...] = ()
    returns: tuple[Case, ...] = ()


def shaving(
    taken: Iterable[Row],
    answered: Mapping[str, Share],
    said: Iterable[Case],
    back: Iterable[Case],
    only: str = "",
    by_sub_id: Iterable[Row] = (),
) -> Shaving:
    """From counts of posts (`taken` and `by_sub_id`, as of `falls`), duplicates of answered posts by buyer, those
    looked up, and returns.

    Of the cases those are kept that are a sign: people never offered, and people that came again.
    """
    said, back = list(said), list(back)
    total = Share(sum(each.hits for each in answered.values()), sum(each.of for each in answered.values()))
    names = sorted({*answered, *(each.buyer_id for each in said), *(each.buyer_id for each in back)})
    buyers = [
        _signs(
            name,
            answered.get(name, Share()),
            [each for each in said if each.buyer_id == name],
            [each for each in back if each.buyer_id == name],
        )
        for name in names
    ]
    return Shaving(
        tuple(falls(taken, only, by_sub_id)),
        tuple(sorted(buyers, key=lambda each: (-each.unoffered.hits - each.again.hits, -each.said.of, each.buyer_id))),
        _signs("", total, said, back),
        tuple(each for each in said if each.known in (Known.ELSEWHERE, Known.NOWHERE)),
        tuple(each for each in back if each.again_id is not None),
    )


def _signs(buyer_id: str, answered: Share, said: list[Case], back: list[Case]) -> BuyerSigns:
    told = [each for each in said if each.known is not Known.NAMELESS]
    unoffered = [each for each in told if each.known is not Known.OFFERED]
    again = [each for each in back if each.again_id is not None]
    return BuyerSigns(
        buyer_id,
        Share(answered.hits, max(answered)),  # the day that runs is counted every ten minutes
        Share(len(unoffered), len(told)),
        sum(each.known is Known.NOWHERE for each in unoffered),
        sum(each.sold_to is None for each in again),
        sum(each.sold_to is not None for each in again),
        Share(len(again), len(back)),
    )
