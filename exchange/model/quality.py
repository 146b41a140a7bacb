"""What became of sold leads, as far as buyers said: counted by day, sub id and buyer."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from exchange.model.lead import Mode

DAY_MS = 86_400_000
MONTH_DAYS, PAST_DAYS = 28, 56
"""What a sub id is judged by lately, and what of it is remembered beside that, both with today."""
RETURNED = "returned"
"""A disposition of this name says the same as a return that was asked for."""


class Words(NamedTuple):
    """What dispositions of one vertical say: the consumer was reached, converted, never will, or was nobody real."""

    contacted: frozenset[str] = frozenset()
    converted: frozenset[str] = frozenset()
    lost: frozenset[str] = frozenset()
    bad: frozenset[str] = frozenset()


NO_WORDS = Words()


class SaleOutcome(NamedTuple):
    """One sale and what became of it; a moment is None until somebody told. `ended_at` also of what came back."""

    sale_id: str
    lead_id: str
    sold_at: int
    vertical: str
    seller_id: str
    sub_id: str
    buyer_id: str
    currency: str
    price_units: int
    payout_units: int
    lost_units: int
    contacted_at: int | None
    converted_at: int | None
    ended_at: int | None
    returned_at: int | None
    bad_at: int | None

    @property
    def day(self) -> int:
        return self.sold_at // DAY_MS

    @property
    def counted(self) -> tuple[int, ...]:
        """As it counts in its day: `DAY_COUNTS`."""
        ended = self.ended_at is not None and self.converted_at is None
        still = self.ended_at is None and self.converted_at is None
        return (
            1,
            int(self.contacted_at is not None),
            int(self.converted_at is not None),
            int(ended),
            int(self.returned_at is not None),
            int(self.bad_at is not None),
            self.price_units,
            self.payout_units,
            self.lost_units,
            int(self.contacted_at is not None and still),
        )


DAY_COUNTS = (
    "sold", "contacted", "converted", "ended", "returned", "bad", "price_units", "payout_units", "lost_units",
    "reached",
)  # fmt: skip


def outcome_of(
    sale: Mapping[str, object],
    reports: Iterable[tuple[str, int, bool]],
    returned_at: int | None,
    lost_units: int | None,
    words: Mapping[str, Words],
) -> SaleOutcome:
    """What one sale's reports (kind, when it was told, whether a later one stood then) and its return come to.

    A report that was overtaken still says that somebody was reached, and nothing of how it ended.
    `lost_units` is what was given back; None, before that is decided, stands for all of it.
    """
    told = words.get(str(sale["vertical"]), NO_WORDS)
    everything = tuple(reports)
    all_told = [(kind, at) for kind, at, _ in everything]
    found = [(kind, at) for kind, at, overtaken in everything if not overtaken]
    back = _first(found, (RETURNED,)) if returned_at is None else returned_at
    price = int(str(sale["price_units"]))
    given = (price if back is not None else 0) if lost_units is None else lost_units
    lost = _first(found, told.lost)
    bad = _first(found, told.bad)
    return SaleOutcome(
        str(sale["id"]),
        str(sale["lead_id"]),
        int(str(sale["accepted_at"])),
        str(sale["vertical"]),
        str(sale["seller_id"]),
        str(sale["sub_id"]),
        str(sale["buyer_id"]),
        str(sale["currency"]),
        price,
        int(str(sale["payout_units"])),
        given,
        _first(all_told, told.contacted | told.converted),
        _first(found, told.converted),
        _earliest(lost, bad, back),
        back,
        _earliest(bad, back),
    )


def _first(reports: Iterable[tuple[str, int]], kinds: Collection[str]) -> int | None:
    return min((at for kind, at in reports if kind in kinds), default=None)


def _earliest(*moments: int | None) -> int | None:
    return min((each for each in moments if each is not None), default=None)


class SourceDay(NamedTuple):
    """Live posts of one day and sub id. `refused` by any check, `fraud` by the screen; `passed` went on to buyers."""

    vertical: str
    seller_id: str
    sub_id: str
    leads: int
    refused: int
    duplicate: int
    fraud: int
    passed: int
    sold: int


class PostDay(NamedTuple):
    """Posts of one day that a contract answered yes or no. Units, and how many were `lowered`, are of those taken."""

    vertical: str
    seller_id: str
    buyer_id: str
    contract_id: str
    currency: str
    posts: int
    taken: int
    lowered: int
    bid_units: int
    price_units: int
    refused_alive: int


class OfferDay(NamedTuple):
    """Posts of one day's leads of a sub id that a buyer answered yes or no."""

    vertical: str
    seller_id: str
    sub_id: str
    buyer_id: str
    posts: int
    taken: int


class CountedDay(NamedTuple):
    """Everything that is counted of one day's leads."""

    day: int
    sources: Sequence[SourceDay]
    posts: Sequence[PostDay]
    offers: Sequence[OfferDay]


LIVE = Mode.LIVE.value


class DayWeight(NamedTuple):
    """How much one day counts, in millionths (`worth.WHOLE`). `long` and `short` fade with age, slowly and fast; the
    others are those times the share of what would have been reported by that age: of contacts and conversions
    (`long`), of returns (`short`), of bad leads (`bad` with `short`, `bad_long` with `long`). `share` is that of
    conversions, not faded. `told` and `told_share` are the same of buyers that say whom they reached, and a reached
    lead that is open counts for `promise` and, not faded, for `promise_share`.
    """

    day: int
    long: int
    short: int
    contact: int
    conversion: int
    back: int
    bad: int
    bad_long: int
    share: int
    told: int
    told_share: int
    promise: int
    promise_share: int
