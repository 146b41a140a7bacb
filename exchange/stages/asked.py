"""What the records of requests tell of buyers and bids: counted in sizes coarse enough to be kept for every day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from exchange.model.counted import Counts, no_counts
from exchange.model.money import Money

PRICE_UNITS = 2_500  # prices within a quarter are one size
_FINE_MS, _MIDDLE_MS = 100, 1_000


class Asked(NamedTuple):
    """One request as it is counted. `record` is what was kept of it, `before` of the ping that it is a post of.

    Pings that nobody waited for tell nothing: they are not in it.
    """

    day: int
    hour: int
    mode: str
    vertical: str
    currency: str
    grade: str
    us_state: str
    took_ms: int
    lead_id: str
    record: Mapping[str, Any] | None
    before: Sequence[Mapping[str, Any]] = ()


def count_asked(requests: Iterable[Asked]) -> Counts:
    """Bids are those of contracts that were asked; of a post, those that were asked for its ping."""
    counts = no_counts()
    for each in requests:
        counts.answers[(each.hour, each.mode, each.vertical, ms_size(each.took_ms))] += 1
        if each.record is not None:
            _count_pings(counts, each, each.record)
            _count_won(counts, each, each.record)
    return counts


def _count_pings(counts: Counts, each: Asked, record: Mapping[str, Any]) -> None:
    for line in record.get("asked", ()):
        contract, reason = line["contract"], line.get("reason", "")
        key = (each.day, each.mode, each.vertical, contract)
        counts.pings[(*key, "ms", ms_size(round(line["took"])))] += 1
        if reason in ("timeout", "no_bid"):
            counts.pings[(*key, reason, 0)] += 1
        for bid in line["bids"]:
            counts.of_leads.add((each.lead_id, _price(bid, each)))
            for facet in _facets(each):
                counts.bids[(facet, each.day, each.mode, each.vertical, each.currency, _price(bid, each))] += 1


def _count_won(counts: Counts, each: Asked, record: Mapping[str, Any]) -> None:
    asked = {line["contract"] for told in (record, *each.before) for line in told.get("asked", ())}
    for post in record.get("posts", ()):
        if post["state"] == "accepted" and post["contract"] in asked:
            for facet in _facets(each):
                counts.won[(facet, each.day, each.mode, each.vertical, each.currency, _price(post, each))] += 1


def _facets(each: Asked) -> Iterable[str]:
    yield ""
    if each.grade:
        yield f"grade:{each.grade}"
    if each.us_state:
        yield f"state:{each.us_state}"


def _price(told: Mapping[str, Any], each: Asked) -> int:
    return Money.parse(str(told["price"]), each.currency).units // PRICE_UNITS


def ms_size(ms: int) -> int:
    """A duration as it is counted: to the ms, to 5 ms above 100, to 50 above a second."""
    if ms < _FINE_MS:
        return max(ms, 0)
    step = 5 if ms < _MIDDLE_MS else 50
    return (ms + step // 2) // step * step


def percentile(counted: Iterable[tuple[int, int]], percent: int) -> int | None:
    """Of (value, how often) pairs in any order; None of none."""
    ordered = sorted(counted)
    total = sum(times for _, times in ordered)
    passed = 0
    for value, times in ordered:
        passed += times
        if times and passed * 100 >= total * percent:
            return value
    return None
