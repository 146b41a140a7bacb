"""What the records of requests tell of buyers and bids: counted in sizes coarse enough to be kept for every day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from exchange.model.counted import PRICE_UNITS, Ask, BidKey, Counts, no_counts
from exchange.model.money import Money

_FINE_MS, _MIDDLE_MS = 100, 1_000


class Asked(NamedTuple):
    """One request as it is counted. It came at `at`, its lead at `lead_at`. `record` is what was kept of it,
    `before` of the ping that it is a post of.

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
    lead_at: int
    at: int
    floor_units: int
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
    bids: list[int] = []
    told: list[tuple[int, str, str, str, str, int]] = []
    for line, won in _asked(record):
        key, reason = (each.day, each.mode, each.vertical, line["contract"]), line.get("reason", "")
        prices = sorted([_units(str(bid["price"]), each.currency) for bid in line["bids"]])
        told.append((*key, "ms", ms_size(round(line["took"]))))
        counts.asks.append(_ask(each, line, prices, won))
        if reason in ("timeout", "no_bid"):
            told.append((*key, reason, 0))
        bids += [price // PRICE_UNITS for price in prices]
        if len(prices) > 1:
            counts.of_leads.update([(each.lead_id, price // PRICE_UNITS) for price in prices[:-1]])
    counts.pings.update(told)
    _count_sizes(counts.bids, each, bids)


def _asked(record: Mapping[str, Any]) -> list[tuple[Mapping[str, Any], int]]:
    """Who was asked, and 1 beside whoever won by it: of a contract that was asked again, the last time."""
    lines = record.get("asked", ())
    last = {line["contract"]: place for place, line in enumerate(lines)}
    won = {last[post["contract"]] for post in _sold(record) if post["contract"] in last}
    return [(line, int(place in won)) for place, line in enumerate(lines)]


def _sold(record: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [post for post in record.get("posts", ()) if post["state"] == "accepted"]


def _count_won(counts: Counts, each: Asked, record: Mapping[str, Any]) -> None:
    now = {line["contract"] for line in record.get("asked", ())}
    before = {line["contract"] for told in each.before for line in told.get("asked", ())} - now
    sold = [post for post in _sold(record) if post["contract"] in now or post["contract"] in before]
    counts.sold.update([(each.lead_at, each.lead_id, post["contract"]) for post in sold if post["contract"] in before])
    _count_sizes(counts.won, each, [_size(str(post["price"]), each.currency) for post in sold])


def _count_sizes(counted: Counter[BidKey], each: Asked, sizes: Sequence[int]) -> None:
    """Prices of a lead: among all, among those of its grade, and among those of its state."""
    of = (("grade", each.grade), ("state", each.us_state))
    facets = ("", *[f"{name}:{value}" for name, value in of if value])
    day, mode, vertical, currency = each.day, each.mode, each.vertical, each.currency
    counted.update([(facet, day, mode, vertical, currency, size) for facet in facets for size in sizes])


def _ask(each: Asked, line: Mapping[str, Any], prices: Sequence[int], won: int) -> Ask:
    """Exactly: reports add these up. `prices` are in order."""
    said = "bid" if prices else line.get("reason", "") or "no_bid"
    took, asked_at = round(line["took"]), each.at + round(line.get("at", 0))
    most = prices[-1] if prices else 0
    return Ask(
        each.lead_at, each.lead_id, line["contract"], asked_at, said, took, most, each.floor_units, each.mode, won
    )


def _size(price: str, currency: str) -> int:
    return _units(price, currency) // PRICE_UNITS


@lru_cache(maxsize=8_192)
def _units(price: str, currency: str) -> int:
    """Buyers bid the same prices again and again."""
    return Money.parse(price, currency).units


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
