"""The rows of a file in another order, and only at certain hours: kept over stops, sold once."""

from __future__ import annotations

import pytest

from exchange.flows import import_order
from exchange.flows.import_desk import pause, start
from exchange.flows.import_jobs import work_import
from exchange.flows.import_order import sort_import, taken
from exchange.flows.import_stretches import Stretches
from exchange.flows.imports import begin
from exchange.flows.job_ends import ComeBack
from exchange.model.batch import Record, RowResult
from exchange.model.importing import ImportRow
from exchange.model.lead import Mode
from exchange.model.party import Clause, Group
from exchange.stages.respond import rfc3339
from exchange.storage.import_orders import read_order
from tests.flows.import_bench import bring, csv_of, people, results, seen, sold, worked
from tests.flows.lab import OPERATOR, later
from tests.market import NOW, Exchange, buying, selling, usd

HOUR = 3_600_000
DAY = 24 * HOUR


@pytest.fixture
async def trading(either: Exchange) -> Exchange:
    await either.add(*selling("cedar"), *buying("acme", "100000", price=usd("20")))
    return either


def agreed(count: int) -> list[dict[str, str]]:
    """People of whom the fourth agreed last, then the first, the third, the second; others at no known time."""
    hours = {0: 2, 1: 9, 2: 5, 3: 1}
    return [
        {**each, "tcpa_consent_at": rfc3339(NOW - hours[number] * HOUR) if number in hours else ""}
        for number, each in enumerate(people(count))
    ]


def phones(told: list[dict[str, str]]) -> list[int]:
    return [int(row["Phone Number"][-4:]) for row in told]


async def test_the_newest_consent_is_sold_first(trading: Exchange) -> None:
    done = await sold(trading, await bring(trading, csv_of(agreed(6))), sort="newest")

    assert ("done", 6, {"accepted": 6}) == (done.state, done.done_rows, done.counts)
    assert [4, 1, 3, 2, 5, 6] == phones(results(trading, done))


async def test_what_would_earn_most_is_sold_first(either: Exchange) -> None:
    worth = Group("all", (Clause("monthly_bill", "equals", ("101-150",)),))
    await either.add(*selling("cedar"), *buying("acme", "9000", price=usd("10")))
    await either.add(*buying("birch", "9000", price=usd("40"), filters=worth))
    rows = [{**each, "monthly_bill": "101-150" if n % 2 else "301+"} for n, each in enumerate(people(4))]

    done = await sold(either, await bring(either, csv_of([*rows, {**people(1, 9)[0], "zip": "1"}])), sort="best")

    told = results(either, done)
    assert [2, 4, 1, 3, 9] == phones(told)
    assert "invalid" == told[-1]["exchange_status"]


async def test_a_stop_in_the_middle_goes_on_in_the_same_order_and_sells_no_row_twice(
    trading: Exchange,
) -> None:
    rows = [{**each, "tcpa_consent_at": rfc3339(NOW - (n % 7) * HOUR)} for n, each in enumerate(people(30))]
    row = await bring(trading, csv_of(rows))
    await start(trading.market, row, OPERATOR, sort="newest")
    await sort_import(trading.market, {"import": row.id})
    before = await trading.market.db.read(read_order, row.id)
    await pause(trading.market, row, OPERATOR)
    assert "paused" == (await worked(trading, row)).state

    await start(trading.market, await seen(trading, row), OPERATOR, sort="file")
    done = await worked(trading, row)

    assert before == await trading.market.db.read(read_order, row.id)
    assert ("done", "newest", {"accepted": 30}) == (done.state, done.sort, done.counts)
    order = phones(results(trading, done))
    assert sorted(order, key=lambda phone: ((phone - 1) % 7, phone)) == order
    assert 30 == await trading.count("sales")


def test_a_large_file_is_picked_through_a_window_at_a_time() -> None:
    rows = (Record(number, (str(number),), {}, ()) for number in range(1, 1_001))

    assert [900, 3, 77] == [record.number for record in taken(rows, [900, 3, 77])]
    assert import_order.TAKEN_AT_ONCE < 10_000


async def test_rows_wait_for_their_hours_and_stop_at_their_end(trading: Exchange) -> None:
    row = await bring(trading, csv_of(people(5)))
    await start(trading.market, row, OPERATOR, hours="12:00-13:00 America/New_York")  # it is 09:34 there
    assert "running" == (await worked(trading, row)).state
    assert 0 == await trading.count("sales")
    with pytest.raises(ComeBack) as again:
        await work_import(trading.market, {"import": row.id})
    assert 5_000 >= again.value.run_at - trading.clock.now()
    await pause(trading.market, row, OPERATOR)
    later(trading, 6)
    assert "paused" == (await worked(trading, row)).state

    await start(trading.market, await seen(trading, row), OPERATOR)
    later(trading, 2.5 * 3_600)
    done = await worked(trading, row)

    assert ("done", "12:00-13:00 America/New_York", 5) == (done.state, done.hours, done.done_rows)


class Listed:
    """Results in memory."""

    def __init__(self) -> None:
        self.rows: list[tuple[int, str]] = []

    def add(self, record: Record, result: RowResult) -> None:
        self.rows.append((record.number, result.status))

    def flush(self) -> int:
        return len(self.rows)


async def by_command(exchange: Exchange, hours: str, rate: str = "") -> tuple[ImportRow, Listed, list[int]]:
    """Twelve people sold as a command sells a file, the newest consent first. It is 09:34 in New York."""
    market, rows, waits = exchange.market, agreed(12), list[int]()
    facts = ("cedar-solar", Mode.LIVE, "leads.csv", b"hash", "{}", rate, OPERATOR)
    job = await begin(market, *facts, sort="newest", hours=hours)
    listed = Listed()
    stretches = Stretches(
        market,
        lambda skipped: (Record(n, (), each, ()) for n, each in enumerate(rows, start=1) if n > skipped),
        listed,
        on_row=lambda _, __: None,
        on_sorted=lambda _: None,
        on_wait=waits.append,
    )
    return await stretches.sell(job), listed, waits


async def test_a_commands_rows_wait_for_their_hours_and_are_sold_in_their_order(trading: Exchange) -> None:
    done, listed, waits = await by_command(trading, "10:00-11:00 America/New_York")

    assert ("done", 12, {"accepted": 12}) == (done.state, done.done_rows, done.counts)
    assert [4, 1, 3, 2, *range(5, 13)] == [number for number, _ in listed.rows]
    assert [NOW // DAY * DAY + 15 * HOUR] == waits
    assert [] == await trading.rows("SELECT import_id FROM import_orders")


async def test_a_commands_rows_stop_at_the_end_of_their_hours_and_go_on_the_next_day(exchange: Exchange) -> None:
    await exchange.add(*selling("cedar"), *buying("acme", "100000", price=usd("20")))
    done, _, waits = await by_command(exchange, "09:00-09:35 America/New_York", "6/min")

    assert ("done", {"accepted": 12}) == (done.state, done.counts)
    assert [NOW // DAY * DAY + DAY + 14 * HOUR] == waits, "09:00 there of the next day"
    times = [row["accepted_at"] for row in await exchange.rows("SELECT accepted_at FROM sales ORDER BY accepted_at")]
    assert not any(NOW + 60_000 < at < waits[0] for at in times) and times[0] < waits[0] <= times[-1]
