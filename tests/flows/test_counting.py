"""Hours and requests are counted once, and what was counted always says what the leads themselves say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import pytest

from exchange.flows.counting import count_hours, count_requests, uncounted
from exchange.model.actor import SYSTEM, Actor, Role
from exchange.stages.asked import ms_size, percentile
from exchange.storage.asked import answer_sums, bid_sums, ping_sums
from exchange.storage.hours import HOUR_MS, Reach, lead_sums, sold_sums
from tests.flows.lab import later, person, ping, post, post_on
from tests.market import Exchange, buying, contract, selling

Found = tuple[Counter[Any], Counter[Any], Counter[Any]]


@pytest.fixture
def busy(either: Exchange) -> Exchange:
    """Two buyers that bid live."""
    return either


async def sold_over_hours(exchange: Exchange) -> None:
    """Leads of three hours: five sold, a bad one, and a ping that nobody posts on."""
    await exchange.add(*buying("acme"), *buying("birch"), *selling("cedar"))
    exchange.buyers.bids("acme", "30.00")
    exchange.buyers.bids("birch", "20.10")
    for number in range(3):
        await post(exchange, person(number))
    await post(exchange, {**person(8), "zip": "1"})
    later(exchange, 3_600)
    pinged = await ping(exchange, {name: person(4)[name] for name in ("zip", "state", "monthly_bill", "homeowner")})
    await post_on(exchange, pinged, person(4))
    exchange.buyers.bids("acme", None)
    await post(exchange, person(5))
    later(exchange, 3_600)
    await ping(exchange)


async def found(exchange: Exchange) -> Found:
    """All there is, as pages read it: by state and reason, by hour, and by who bought."""
    span = Reach("live", 0, exchange.market.clock.now() // HOUR_MS * HOUR_MS + HOUR_MS)
    totals, hours = await exchange.market.db.read(lead_sums, SYSTEM, span)
    sold = await exchange.market.db.read(sold_sums, SYSTEM, span)
    return (
        _sums(totals, ("seller_id", "state", "reason"), ("leads", "revenue_units", "payout_units")),
        _sums(hours, ("hour", "state"), ("leads", "revenue_units")),
        _sums(sold, ("way", "buyer_id"), ("leads", "parts", "sales", "revenue_units")),
    )


def _sums(rows: Iterable[Any], keys: tuple[str, ...], names: tuple[str, ...]) -> Counter[Any]:
    sums: Counter[Any] = Counter()
    for row in rows:
        for name in names:
            sums[(*(row[key] for key in keys), name)] += row[name]
    return sums


async def count_all(exchange: Exchange) -> None:
    while await count_hours(exchange.market):
        pass


async def test_counted_hours_say_what_their_leads_say(busy: Exchange) -> None:
    await sold_over_hours(busy)
    before = await found(busy)
    later(busy, 7_200)
    await count_all(busy)

    after = await found(busy)
    kept = await busy.rows("SELECT COUNT(*) AS hours FROM counted_hours WHERE changes = counted")
    assert before == after
    assert [{"hours": 4}] == kept
    assert 5 == after[0][("cedar", "sold", "", "leads")]
    assert 5 * 840 == sum(parts for key, parts in after[2].items() if key[2] == "parts")


async def test_a_lead_that_changes_later_changes_its_hour(busy: Exchange) -> None:
    await sold_over_hours(busy)
    later(busy, 7_200)
    await count_all(busy)
    lead = (await busy.rows("SELECT id FROM leads WHERE state = 'sold' ORDER BY id LIMIT 1"))[0]["id"]
    told = await found(busy)

    await busy.market.db.write(take_back, lead, 10_0000)

    changed = await found(busy)
    assert (
        10_0000 == told[0][("cedar", "sold", "", "revenue_units")] - changed[0][("cedar", "sold", "", "revenue_units")]
    )
    await count_all(busy)
    assert changed == await found(busy)
    await busy.market.db.write(take_back, lead, -10_0000)  # else the books and the lead would disagree
    assert told == await found(busy)


async def take_back(tx: Any, lead: str, units: int) -> None:
    await tx.execute("UPDATE leads SET revenue_units = revenue_units - :units WHERE id = :id", units=units, id=lead)


async def test_bids_pings_and_answers_are_counted_once(busy: Exchange) -> None:
    await sold_over_hours(busy)
    market = busy.market
    waiting = await uncounted(market)
    later(busy, 60)
    counted = await count_requests(market)

    span = Reach("live", 0, market.clock.now() + 86_400_000)
    bids = await market.db.read(bid_sums, SYSTEM, span, "", "USD")
    assert 0 == await count_requests(market)
    assert 8 == counted
    assert [(80, 6, 1), (120, 4, 4)] == [(row["size"], row["bids"], row["won"]) for row in bids]
    assert (10, 5) == (sum(times for key, times in waiting.bids.items() if not key[0]),
                       sum(times for key, times in waiting.won.items() if not key[0]))  # fmt: skip
    facet = await market.db.read(bid_sums, SYSTEM, span, "state:AZ", "USD")
    assert bids == facet
    pings = await market.db.read(ping_sums, SYSTEM, span)
    asked = {(row["contract_id"], row["kind"]): row["times"] for row in pings if row["kind"] != "ms"}
    assert {("acme-solar", "no_bid"): 2} == asked
    assert 8 == sum(row["times"] for row in await market.db.read(answer_sums, SYSTEM, span))
    by_hour = await busy.rows("SELECT hour, SUM(times) AS times FROM answer_hours GROUP BY hour ORDER BY hour")
    waits = Counter[int]()
    for row in await market.db.read(answer_sums, SYSTEM, span, [0, *(row["hour"] for row in by_hour)]):
        waits[row["hour"]] += row["times"]
    assert {row["hour"]: row["times"] for row in by_hour} == waits and len(waits) > 1


async def test_nothing_is_counted_for_those_who_may_not_see_it(exchange: Exchange) -> None:
    await exchange.add(*buying("acme"), *selling("cedar"), contract("acme"))
    seller = Actor(Role.SELLER, "sam@cedar.example", "cedar")
    await post(exchange, person(1))
    span = Reach("live", 0, exchange.market.clock.now() + 1)
    assert ([], []) == await exchange.market.db.read(lead_sums, seller, span)
    assert [] == await exchange.market.db.read(sold_sums, seller, span)
    assert [] == await exchange.market.db.read(bid_sums, seller, span, "", "USD")


@pytest.mark.parametrize(("ms", "size"), [(0, 0), (99, 99), (102, 100), (103, 105), (998, 1_000), (1_020, 1_000)])
def test_durations_are_counted_in_sizes(ms: int, size: int) -> None:
    assert size == ms_size(ms)


def test_a_percentile_is_the_first_value_that_so_many_reach() -> None:
    assert (None, 5, 9) == (percentile([], 50), percentile([(9, 1), (5, 1)], 50), percentile([(5, 1), (9, 1)], 95))
