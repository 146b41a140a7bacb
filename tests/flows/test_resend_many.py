"""Many deliveries sent again: counted, each once, at a pace, stopped by a word, and never twice after a crash."""

from __future__ import annotations

from contextlib import suppress

import pytest

from exchange.flows.job_ends import ComeBack
from exchange.flows.resend import CannotResend, resend
from exchange.flows.resend_many import CannotBegin, Which, begin_many, find_many, stop_many, work_many
from exchange.storage.resend_runs import counts_of, read_run
from tests.flows.doom import Crash, doomed
from tests.flows.lab import HUNG_UP, OPERATOR, attempts, person, post
from tests.flows.test_deliver import opened, run_for
from tests.later_buyers import NO_SUCH, FaxBuyer
from tests.market import SOLD, Exchange, buying, selling

FAILED = Which("failed")


async def failed(exchange: Exchange, number: int = 3) -> list[str]:
    """Faxes that no machine took."""
    await opened(exchange, FaxBuyer("birch"), on_failure="unsold")
    exchange.buyers.answers_posts("birch", NO_SUCH)
    for each in range(1, number + 1):
        await post(exchange, person(each))
    await run_for(exchange, number, 1)  # one queue, with a gap between two
    ids = await find_many(exchange.market, FAILED, OPERATOR)
    assert number == len(ids)
    return ids


async def worked(exchange: Exchange, run_id: str) -> dict[str, int]:
    with suppress(ComeBack):
        await work_many(exchange.market, {"run_id": run_id})
    return await exchange.market.db.read(counts_of, run_id)


async def test_each_goes_out_once_and_another_order_leaves_it_alone(either: Exchange) -> None:
    await failed(either)
    run_id = await begin_many(either.market, FAILED, "failed", 600, OPERATOR)
    with pytest.raises(CannotBegin, match="another order has them"):
        await begin_many(either.market, FAILED, "failed", 600, OPERATOR)

    assert {"sent": 3} == await worked(either, run_id)
    assert {"sent": 3} == await worked(either, run_id)

    run = await either.market.db.read(read_run, OPERATOR, run_id)
    assert run is not None and ("done", 3) == (run["state"], run["total"])
    (line,) = await either.rows("SELECT after_json FROM audit_lines WHERE action = 'deliveries.resent'")
    assert '"deliveries":3' in line["after_json"]


async def test_somebody_stops_it_before_the_next(exchange: Exchange) -> None:
    await failed(exchange)
    run_id = await begin_many(exchange.market, FAILED, "failed", 1, OPERATOR)
    assert {"sent": 1, "waiting": 2} == await worked(exchange, run_id), "a stretch is over before the minute is"

    assert await stop_many(exchange.market, run_id, OPERATOR)
    assert not await stop_many(exchange.market, run_id, OPERATOR)

    assert {"left": 2, "sent": 1} == await worked(exchange, run_id)


@pytest.mark.parametrize("after", (3, 5, 6))
async def test_what_was_cut_on_its_way_is_not_sent_twice(exchange: Exchange, after: int) -> None:
    ids = await failed(exchange, 2)
    run_id = await begin_many(exchange.market, FAILED, "failed", 600, OPERATOR)
    with suppress(Crash):
        await worked(doomed(exchange, after), run_id)

    counts = await worked(exchange, run_id)

    assert 2 == counts.get("sent", 0) + counts.get("unsure", 0) and not counts.get("waiting")
    told = await exchange.rows("SELECT lead_id FROM lead_events WHERE kind = 'resent'")
    assert len(told) == len({row["lead_id"] for row in told}) <= len(ids)


async def test_what_cannot_be_begun_names_its_field(exchange: Exchange) -> None:
    await failed(exchange, 1)
    for which, rate, told in (
        (Which("all"), 60, "status"),
        (Which("failed", "nobody"), 60, "buyer"),
        (FAILED, 0, "rate"),
    ):
        with pytest.raises(CannotBegin, match=told):
            await begin_many(exchange.market, which, "failed", rate, OPERATOR)


async def test_an_unclear_post_is_repeated_only_where_its_connection_says_that_is_safe(exchange: Exchange) -> None:
    await exchange.add(*buying("garnet"), *selling("cedar"))
    exchange.buyers.answers_posts("garnet", HUNG_UP, SOLD)
    await post(exchange)
    (attempt,) = await attempts(exchange)

    await resend(exchange.market, attempt["id"], OPERATOR)
    await run_for(exchange, 5, 1)

    (attempt,) = await attempts(exchange)
    assert "accepted" == attempt["state"] and 1 == await exchange.count("sales")
    assert 1 == len({sent["id"] for sent in exchange.buyers.posts("garnet")})
    with pytest.raises(CannotResend, match="accepted"):
        await resend(exchange.market, attempt["id"], OPERATOR)
